"""Many talks of many simulated participants with one design, what they come to, and if that is enough."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any, Final

import msgspec

from dialog.blueprint import Blueprint
from dialog.latency import percentile
from server.pipeline.publish_gate import Summary, Thresholds, shortcomings
from server.rehearsal.manners import MANNERS, in_manner, load_manner, manner_names
from server.rehearsal.persona import Persona, load_persona
from server.rehearsal.simulated_talk import Judging, SimulatedTalk, Talk
from server.rehearsal.stock import stock_story
from server.rehearsal.talk_figures import TalkFigures, figures_of

STORY: Final = "story.json"


def story_for(blueprint: Blueprint) -> Persona:
    """What there is to tell in a study: the written story of that name, else answers from stock."""
    for path in sorted(MANNERS.parent.glob(f"*/{STORY}")):
        story = load_persona(path)
        if story.blueprint == blueprint.name and set(story.answers) <= set(blueprint.graph.nodes):
            return story
    return stock_story(blueprint)


def personas_for(blueprint: Blueprint, names: Sequence[str]) -> list[Persona]:
    """The personas of these names for a design: a manner's, `all` manners', or those of a file.

    Raises PersonaError.
    """
    story = story_for(blueprint)
    found: list[Persona] = []
    for name in names:
        if name == "all":
            found += [in_manner(story, load_manner(one)) for one in manner_names()]
        elif name in manner_names():
            found.append(in_manner(story, load_manner(name)))
        else:
            persona = load_persona(Path(name))
            found.append(persona if persona.name else msgspec.structs.replace(persona, name=Path(name).stem))
    return found


async def simulate_talks(
    blueprint: Blueprint,
    personas: Iterable[Persona],
    seeds: int,
    judge: Judging,
    *,
    models_delay: bool = False,
    done: Callable[[TalkFigures, Talk], None] = lambda figures, talk: None,
) -> list[TalkFigures]:
    """Hold `seeds` talks with each persona, one after the other; `done` is told of each."""
    measured = []
    for persona in personas:
        for seed in range(1, seeds + 1):
            talk = await SimulatedTalk(blueprint, persona, seed, judge, models_delay=models_delay).hold()
            figures = figures_of(talk, blueprint, persona, seed)
            done(figures, talk)
            measured.append(figures)
    return measured


def summarize(name: str, talks: Sequence[TalkFigures]) -> Summary:
    """What these talks come to together."""
    stayed = [talk for talk in talks if talk.stayed]
    required = sum(talk.required for talk in stayed)
    planted, first = sum(t.facts_planted for t in talks), sum(t.facts_first for t in talks)
    found = sum(talk.facts_found for talk in talks)
    gaps = [gap for talk in talks for gap in talk.gaps_s]
    p50, p95 = percentile(gaps, 0.5), percentile(gaps, 0.95)
    codes = [talk.disposition for talk in talks]
    return Summary(
        persona=name,
        talks=len(talks),
        stayed=len(stayed),
        coverage=round(1 - sum(len(t.missed) for t in stayed) / required, 4) if required else 1.0,
        facts_planted=planted,
        facts_first=first,
        facts_found=found,
        facts_ratio=round(found / max(first, 1), 2) if planted else None,
        probes=sum(talk.probes for talk in talks),
        cut_ins=sum(talk.cut_ins for talk in talks),
        repeats=sum(len(talk.repeated) for talk in talks),
        guard_violations=sum(talk.guard_violations for talk in talks),
        ceilings_broken=sum(talk.over_ceiling + talk.probed_after_two_failed for talk in talks),
        forbidden=sum(len(talk.said_forbidden) + len(talk.not_erased) for talk in talks),
        off_path=sum(talk.off_path for talk in talks),
        duration_s=round(mean(t.duration_s for t in talks), 1),
        gap_p50_s=None if p50 is None else round(p50, 2),
        gap_p95_s=None if p95 is None else round(p95, 2),
        quality=round(mean(talk.quality for talk in talks), 1),
        dispositions={code: codes.count(code) for code in sorted(set(codes))},
        missed=dict(Counter(key for talk in stayed for key in talk.missed)),
    )


def as_json(talks: Sequence[TalkFigures], wanted: Thresholds | None) -> dict[str, Any]:
    """Everything that was measured, as JSON values."""
    names = list(dict.fromkeys(talk.persona for talk in talks))
    total = summarize("all", talks)
    return {
        "object": "simulation",
        "personas": [
            msgspec.to_builtins(summarize(name, [talk for talk in talks if talk.persona == name]))
            for name in names
        ],
        "total": msgspec.to_builtins(total),
        "gate": None
        if wanted is None
        else {
            "thresholds": msgspec.to_builtins(wanted),
            "shortcomings": shortcomings(total, wanted),
            "passed": not shortcomings(total, wanted),
        },
        "talks": msgspec.to_builtins(talks),
    }

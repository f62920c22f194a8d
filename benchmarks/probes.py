"""What is asked in thousands of simulated follow-ups, counted by how each was made and not by the guard: by
the rules, and by a model of whose lines many break a rule on purpose."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final

import click
from msgspec.structs import replace

import server
from benchmarks.report import Row, publish, this_machine
from dialog.blueprint import Blueprint
from dialog.blueprint_validation import read_blueprint
from dialog.embedded_interviewer import judge
from dialog.events import AnswerStruck, Event, ProbeChosen, QuestionAsked
from dialog.judgement import Judgement, JudgementRequest, Probe
from dialog.script import NEUTRAL_PROBE
from dialog.struck_sound import TOMBSTONE
from dialog.techniques import NEUTRAL_PROBES, TEMPLATES
from server.rehearsal.persona import Persona
from server.rehearsal.simulated_talk import SimulatedTalk
from server.rehearsal.simulation import personas_for
from tests.emulators.model_mind import Mind

STUDIES: Final = ("product-discovery", "post-incident-debrief", "life-history")
SHARE: Final = 0.4
"""Of the model's lines, those that break a rule."""


class Rules:
    """The embedded rules, and what each of their probes was made of."""

    def __init__(self) -> None:
        self.lines = 0
        self.ill = 0

    async def judge(self, request: JudgementRequest) -> Judgement:
        made = judge(request)
        self.lines += made.probe is not None
        return made

    def labels(self, probe: Probe, node_asked: list[str]) -> str:
        """What is wrong with a probe by how it is made: a known wording, with words that were said, once."""
        if probe.text == TOMBSTONE:
            return ""
        written = any(each.made(probe.text) for each in TEMPLATES) or probe.technique == "fallback"
        if not (written or probe.text in NEUTRAL_PROBES or probe.text == NEUTRAL_PROBE):
            return "no wording of ours"
        return "repeat" if probe.text in node_asked else ""


class Model:
    """A model that judges as the rules do and words as it likes."""

    def __init__(self, seed: int) -> None:
        self._mind = Mind("unruly", seed=seed, share=SHARE)

    @property
    def lines(self) -> int:
        return len(self._mind.lines)

    @property
    def ill(self) -> int:
        return sum(bool(line.broken) for line in self._mind.lines)

    async def judge(self, request: JudgementRequest) -> Judgement:
        made = judge(request)
        if made.probe is None:
            return made
        text = self._mind.worded(request, made.probe.text)
        return replace(made, probe=replace(made.probe, text=text), judged_by="emulated/unruly")

    def labels(self, probe: Probe, node_asked: list[str]) -> str:
        """The label of the model's line, if it is one of its lines."""
        said = {line.text: line.broken for line in self._mind.lines[-200:]}
        return said.get(probe.text, "") or ("repeat" if probe.text in node_asked else "")


def talks(seed: int) -> Iterator[tuple[Blueprint, Persona, int]]:
    """Every persona with every example study, again and again with other seeds."""
    studies = []
    for name in STUDIES:
        path = Path(server.__file__).parent / "examples" / name / "blueprint.json"
        blueprint, _ = read_blueprint(json.loads(path.read_text(encoding="utf-8")))
        assert blueprint is not None
        studies.append((blueprint, personas_for(blueprint, ["all"])))
    for place in count():
        for blueprint, personas in studies:
            for persona in personas:
                yield blueprint, persona, seed + place


def asked_in(events: list[Event]) -> Iterator[tuple[Probe, list[str]]]:
    """The probes of a talk that were put, each with what had been asked at its node before."""
    chosen: dict[str, Probe] = {}
    asked: dict[str, list[str]] = {}
    for event in events:
        match event.body:
            case ProbeChosen(node_key=node, probe=probe):
                chosen[node] = probe
            case QuestionAsked(kind="probe", node_key=node, text=text) if node in chosen:
                yield chosen.pop(node), list(asked.get(node, []))
                asked.setdefault(node, []).append(text)
            case AnswerStruck():
                asked.clear()  # what is asked again after that was never answered
            case _:
                pass


def spoken(judging: Rules | Model, probes: int, seed: int) -> tuple[int, Counter[str]]:
    """Hold talks until so many probes were put; how many that were, and what their labels say."""
    put, wrong = 0, Counter[str]()
    for blueprint, persona, number in talks(seed):
        talk = asyncio.run(SimulatedTalk(blueprint, persona, number, judging.judge).hold())
        for probe, before in asked_in(talk.events):
            put += 1
            if label := judging.labels(probe, before):
                wrong[label] += 1
        if put >= probes:
            return put, wrong
    raise AssertionError("talks end never")


@click.command()
@click.option("--probes", type=click.IntRange(1), default=10_000, show_default=True, help="Of each kind.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def command(probes: int, seed: int, as_json: bool) -> None:
    """Violations among simulated probes, by label: of the rules, and of an emulated model."""
    machine = this_machine()
    rules, model = Rules(), Model(seed)
    by_rules, wrong_of_rules = spoken(rules, probes, seed)
    by_model, wrong_of_model = spoken(model, probes, seed)
    share = model.ill / max(model.lines, 1)
    publish(
        "probes",
        [
            Row(f"violations in {by_rules} probes of the rules", sum(wrong_of_rules.values()), "", 0),
            Row("the model's lines that break a rule", round(100 * share, 1), "%", 30, "more"),
            Row(f"violations in {by_model} probes with the model", sum(wrong_of_model.values()), "", 0),
        ],
        machine,
        as_json=as_json,
        options={"probes": probes, "seed": seed},
        detail={
            "rules": {"lines": rules.lines, "by_label": dict(wrong_of_rules)},
            "model": {"lines": model.lines, "ill": model.ill, "by_label": dict(wrong_of_model)},
        },
    )

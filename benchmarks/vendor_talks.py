"""Whole interviews through the vendors' own libraries, with every vendor emulated and as slow as vendors
usually are: every question gap, beside what it must be.

A simulated participant calls over WebRTC and speaks, as `vivavoce demo --participant simulated` has it; what
it says is understood by decoders behind Deepgram's emulator, what it hears is spoken behind ElevenLabs's. The
ear is on this machine: its path is told, and lacks what a network would add.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
import msgspec

from benchmarks.report import Row, publish, this_machine
from benchmarks.vendor_interviews import PARTICIPANTS, six_questions
from dialog.commands import Attend, Judge, Say
from dialog.events import AnswerCommitted, AnswerTaken, Event, decode_event
from dialog.latency import Reply, percentile, replies
from dialog.provider_facts import ProviderNoted
from server.cli.demo import SAMPLE
from tests.emulators.deepgram_ears import ScriptedEars, decoding_ears
from tests.support.running_server import running_server
from tests.support.short_talk import spoken_talk
from tests.support.unwaited_time import in_unwaited_time
from tests.support.vendors import all_emulated, usual_delays, variables

MUST: Final[dict[str, tuple[float, float, float | None, float | None]]] = {
    "closed": (0.65, 1.4, None, None),
    "narrative": (1.05, 2.55, 1.95, 3.6),
    "recall": (1.05, 2.55, 1.95, 3.6),
    "reflect": (1.35, 3.3, 3.35, 5.0),
}
"""Seconds from the end of speech at the ear, by the question's patience: anything audible p50 and p95, the
next question p50 and p95."""
_SHOWN_STAGES: Final = ("taken", "committed", "judged", "sent", "played")
"""Of each patience, the median: where the time goes."""
_AT_ONCE: Final = 0.015
"""Seconds within which one thing follows from another."""


class Gap(msgspec.Struct, frozen=True):
    """One reply of a talk."""

    talk: int
    node_key: str
    patience: str
    kind: str
    judged: bool
    """A model was asked about the answer."""
    drafted: bool
    fallback: bool
    reopened: bool
    first_audio: float | None
    question: float | None
    path: float | None
    """From the first packet to the ear."""
    way_known: bool
    """Nothing that might be asked next hung on the answer."""
    waited: bool
    """A judgement was the last thing that came before the answer was put on record."""
    stages: dict[str, float] = {}
    """Seconds that each of dialog.latency.STAGES took, as far as it came about."""


def hold_unwaited(talks: int) -> tuple[list[Gap], list[ProviderNoted]]:
    """Hold talks of six questions, with one participant after another, over the audio socket, on a clock that
    waits for nobody: what the vendors, the interview and the road take is in the gaps, and what a busy
    processor adds is not."""
    gaps: list[Gap] = []
    noted: list[ProviderNoted] = []
    for number in range(talks):
        with TemporaryDirectory(prefix="vivavoce-vendor-talk-") as folder:
            place = Path(folder)
            events = in_unwaited_time(partial(_held_unwaited, place, number + 1))
        _add(gaps, noted, events, number + 1)
    return gaps, noted


async def _held_unwaited(folder: Path, seed: int) -> list[Event]:
    answers = PARTICIPANTS[(seed - 1) % len(PARTICIPANTS)]
    async with all_emulated(lambda: ScriptedEars(answers), usual_delays(seed)) as (_, settings):
        async with running_server(folder / "house", recogniser_processes=1, **settings) as server:
            talk = await spoken_talk(server, folder, six_questions(), answers)
    if talk.outcome != "completed":
        raise click.ClickException(f"an interview has ended as {talk.outcome}.")
    return talk.events


def _add(gaps: list[Gap], noted: list[ProviderNoted], events: Sequence[Event], talk: int) -> None:
    asked, known = patiences(events), known_ways(events)
    gaps += [
        gap_of(reply, talk, asked.get(reply.turn_id, "?"), way_known=reply.turn_id in known)
        for reply in replies(events)
        if reply.question_at is not None
    ]
    noted += [event.body for event in events if isinstance(event.body, ProviderNoted)]


async def hold_talks(talks: int, blueprint: Path) -> tuple[list[Gap], list[ProviderNoted]]:
    """Hold some interviews, one after the other; every gap, and what was decided about vendors."""
    gaps: list[Gap] = []
    noted: list[ProviderNoted] = []
    for number in range(talks):
        events = await _held(blueprint, seed=number + 1)
        _add(gaps, noted, events, number + 1)
    return gaps, noted


async def _held(blueprint: Path, seed: int) -> list[Event]:
    with TemporaryDirectory(prefix="vivavoce-vendor-talk-") as folder:
        out = Path(folder) / "out"
        async with decoding_ears() as ears, all_emulated(ears, usual_delays(seed)) as (_, settings):
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "server", "demo", "--participant", "simulated"),
                *("--blueprint", blueprint, "--out", out),
                env=dict(os.environ) | variables(settings),
                stdout=asyncio.subprocess.DEVNULL,
            )
            code = await child.wait()
        if code != 0:
            raise click.ClickException("an interview didn't go well: the lines above say why.")
        return [decode_event(line) for line in (out / "events.jsonl").read_bytes().splitlines()]


def patiences(events: Sequence[Event]) -> dict[int, str]:
    """How patiently each answer was listened to, by its turn."""
    found: dict[int, str] = {}
    patience = "narrative"  # where every sitting begins
    for event in events:
        match event.body:
            case Attend():
                patience = event.body.patience
            case AnswerTaken():
                found[event.body.turn_id] = patience
            case _:
                pass
    return found


def known_ways(events: Sequence[Event]) -> set[int]:
    """The turns whose answers could lead to one next question only: no follow-up, no value, no condition. The
    good-bye is none."""
    known: set[int] = set()
    request, latest = None, 0
    for event in events:
        match event.body:
            case Judge():
                request = event.body.request
            case Say(kind="outro"):
                known.discard(latest)
            case AnswerCommitted() if request is not None:
                latest = event.body.turn_id
                if request.follow_ups_left == 0 and not request.fields and not request.edges:
                    known.add(latest)
            case _:
                pass
    return known


def gap_of(reply: Reply, talk: int, patience: str, *, way_known: bool = False) -> Gap:
    """What is told of a reply."""
    judged_at = reply.judged_at
    return Gap(
        talk=talk,
        node_key=reply.node_key,
        patience=patience,
        kind=reply.kind,
        judged=reply.judge_asked_at is not None,
        drafted=reply.drafted,
        fallback=reply.fallback,
        reopened=reply.reopened,
        first_audio=reply.first_audio_gap,
        question=reply.question_gap,
        path=reply.stages().get("played"),
        stages=reply.stages(),
        way_known=way_known,
        waited=judged_at is not None and reply.committed_at - judged_at < _AT_ONCE,
    )


def rows_of(gaps: Sequence[Gap]) -> list[Row]:
    """Percentiles of each kind of question beside what they must be."""
    rows: list[Row] = []
    for patience, musts in MUST.items():
        own = [gap for gap in gaps if gap.patience == patience]
        for what, (p50, p95) in (("first_audio", musts[:2]), ("question", musts[2:])):
            values = [value for gap in own if (value := getattr(gap, what)) is not None]
            for share, must in ((0.5, p50), (0.95, p95)):
                found = percentile(values, share)
                name = f"{patience}, {what.replace('_', ' ')}, p{100 * share:g} of {len(values)}"
                if found is not None:
                    rows.append(Row(name, round(found, 2), "s", must))
        rows += [
            Row(f"{patience}, {stage}, p50", lasted, "s")
            for stage in _SHOWN_STAGES
            if (lasted := _median([gap.stages.get(stage) for gap in own])) is not None
        ]
    ready = [gap for gap in gaps if gap.kind == "cached"]
    rows.append(Row("gaps", len(gaps), ""))
    rows.append(Row("of these, known questions", len(ready), ""))
    known = [gap for gap in gaps if gap.way_known]
    rows.append(Row("after answers on which no question hung", len(known), ""))
    rows.append(Row("of these, spoken live", sum(gap.kind != "cached" for gap in known), "", 0))
    rows.append(Row("of these, waited for a model", sum(gap.waited or gap.fallback for gap in known), "", 0))
    rows.append(Row("median path to the ear", _median([gap.path for gap in gaps]), "s"))
    return rows


def _median(values: Sequence[float | None]) -> float | None:
    found = percentile([value for value in values if value is not None], 0.5)
    return None if found is None else round(found, 3)


def line_of(gap: Gap) -> str:
    """A gap, for people."""
    marks = ("judged", "drafted", "fallback", "reopened", "way_known", "waited")
    how = [gap.kind, *(name.replace("_", " ") for name in marks if getattr(gap, name))]
    figures = " ".join(
        "    -" if value is None else f"{value:5.2f}" for value in (gap.first_audio, gap.question)
    )
    return f"{gap.talk:>2} {gap.node_key:<16} {gap.patience:<10} {figures}  {', '.join(how)}"


@click.command()
@click.option("--talks", type=click.IntRange(1, 50), default=1, show_default=True)
@click.option(
    "--blueprint",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=SAMPLE / "blueprint.json",
    help="With a persona.json beside it. Default: the sample study's.",
)
@click.option(
    "--unwaited",
    is_flag=True,
    help="Six questions on a clock that waits for nobody, whatever the machine does.",
)
@click.option("--json", "as_json", is_flag=True)
def command(talks: int, blueprint: Path, unwaited: bool, as_json: bool) -> None:
    """Every question gap of whole interviews with all vendors emulated."""
    machine = this_machine()
    gaps, noted = hold_unwaited(talks) if unwaited else asyncio.run(hold_talks(talks, blueprint))
    if not as_json:
        click.echo(
            "talk, question, patience, anything audible and the next question after so many seconds, how"
        )
        for gap in gaps:
            click.echo(line_of(gap))
        for note in noted:
            click.echo(f"{note.provider}: {note.decision} ({note.why})")
    options: dict[str, object] = {"talks": talks, "blueprint": blueprint.name, "unwaited": unwaited}
    detail: dict[str, Any] = {"gaps": gaps, "decisions": noted}
    publish(
        "vendor-talks", rows_of(gaps), machine, as_json=as_json, options=options, detail=json_ready(detail)
    )


def json_ready(detail: dict[str, Any]) -> dict[str, object]:
    """The same in values of JSON alone."""
    told: dict[str, object] = json.loads(msgspec.json.encode(detail))
    return told

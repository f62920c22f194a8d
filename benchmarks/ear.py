"""Whether our log's reply times are true: an interview in Chromium, recorded at the participant's mouth and
ear on one clock, against what the server wrote down."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec
import numpy as np

from benchmarks.late_network import jittered
from benchmarks.report import Row, publish, this_machine
from benchmarks.two_channels import RATE_HZ, Sound, channels, interview, talking
from dialog.events import Event
from dialog.latency import percentile, replies
from server.clock import loop_time
from tests.support.life_study import BOAT, BOOKS, PLACE, TEACHER
from tests.support.running_server import running_server

MUST_MS: Final = 20.0
QUESTION: Final = "Here is question number {}. What comes to mind?"
ANSWERS: Final = (*((phrase,) for phrase in PLACE), TEACHER, BOOKS, *((phrase,) for phrase in BOAT))
BELOW_LOUDEST_DB: Final = 35.0
EAR_PEAK: Final = 10 ** (-45 / 20)
MATCHED_WITHIN: Final = 1.0
"""Seconds; an answer of the log farther than this from one of the recording is not the same."""


class Heard(msgspec.Struct, frozen=True):
    """One answer and the reply to it in the recording, in seconds from its start."""

    ended_at: float
    replied_at: float

    @property
    def gap(self) -> float:
        return self.replied_at - self.ended_at


class Turn(msgspec.Struct, frozen=True):
    """The gap between an answer and the reply to it, in the log and in the recording; milliseconds."""

    logged: float
    recorded: float

    @property
    def error(self) -> float:
        return self.logged - self.recorded


class Recorded(msgspec.Struct, frozen=True):
    """What the page recorded, mouth and ear interleaved, 16 bits, and where its clock stands."""

    turns: list[tuple[bytes, bytes]]
    """What went before an answer, and the answer with the reply to it."""
    rendered_ms: float
    """Wall clock (Unix) at which the first sample went out of the mouth, into the microphone's track."""
    sounded_ms: float
    """The same at which it came out of the loudspeaker, by getOutputTimestamp."""
    session_ms: float
    """The same of the session's beginning: only to find which answer is which."""

    @property
    def output_delay(self) -> float:
        """Seconds from the page's output to the loudspeaker."""
        return (self.sounded_ms - self.rendered_ms) / 1000


async def hold_interview(turns: int, jitter: float) -> tuple[Recorded, list[Event]]:
    """Answer every question aloud in Chromium; what was recorded there, and the server's log."""
    with tempfile.TemporaryDirectory() as directory, jittered(jitter):
        questions = interview("Mouth and ear", [QUESTION.format(number) for number in range(turns + 1)])
        async with (
            running_server(Path(directory), recogniser_processes=1) as server,
            talking(server, questions) as (visit, study),
        ):
            recorded = []
            for number in range(turns):
                await visit.light("yours")
                before = await visit.take()
                asked = await visit.heading()
                await visit.say(ANSWERS[number % len(ANSWERS)])
                while await visit.heading() == asked:  # noqa: ASYNC110 - the page tells nobody
                    await asyncio.sleep(0.1)
                await asyncio.sleep(0.5)  # what is heard comes later than what is shown
                recorded.append((before, await visit.take()))
            rendered, sounded = await visit.clock()
            session = server.session(study)
            began = time.time() - loop_time() + session.started_at
            return Recorded(recorded, rendered, sounded, 1000 * began), await server.events(study)


def heard_in(recorded: Recorded) -> list[Heard]:
    """Find the end of each answer, and the first sound of ours after it at the loudspeaker."""
    found, place = [], 0
    for before, data in recorded.turns:
        place += len(before) // 4
        mouth, ear = channels(data)
        ended = _last_sound(mouth)
        replied = None if ended is None else _first_sound(ear, ended)
        if ended is not None and replied is not None:
            at = place / RATE_HZ
            found.append(Heard(at + ended / RATE_HZ, at + replied / RATE_HZ + recorded.output_delay))
        place += len(mouth)
    return found


def _last_sound(mouth: Sound) -> int | None:
    """Where the last 5 ms end that are less than 35 dB below the loudest."""
    size = RATE_HZ // 200
    pieces = mouth[: len(mouth) // size * size].reshape(-1, size)
    powers = (pieces**2).mean(axis=1)
    loud = np.flatnonzero(powers >= powers.max(initial=1e-9) * 10 ** (-BELOW_LOUDEST_DB / 10))
    return (int(loud[-1]) + 1) * size if len(loud) else None


def _first_sound(ear: Sound, after: int) -> int | None:
    """The first sample above −45 dBFS."""
    loud = np.flatnonzero(np.abs(ear[after:]) > EAR_PEAK)
    return after + int(loud[0]) if len(loud) else None


def compared(recorded: Recorded, events: Sequence[Event]) -> list[Turn]:
    """Each answer that both the log and the recording know."""
    heard = heard_in(recorded)
    shift = (recorded.rendered_ms - recorded.session_ms) / 1000
    turns = []
    for row in replies(events):
        nearest = min(heard, key=lambda one: abs(one.ended_at + shift - row.speech_ended_at), default=None)
        if nearest is None or row.first_audio_gap is None:
            continue
        if abs(nearest.ended_at + shift - row.speech_ended_at) <= MATCHED_WITHIN:
            turns.append(Turn(round(1000 * row.first_audio_gap, 1), round(1000 * nearest.gap, 1)))
    return turns


def rows_of(turns: Sequence[Turn], path: str, must: float | None) -> list[Row]:
    """How far the log is from the truth."""
    errors = [turn.error for turn in turns]
    sizes = [abs(error) for error in errors]
    return [
        Row(f"{path}: replies compared", len(turns), "", 10 if must else None, better="more"),
        Row(f"{path}: error of speech end → ear, median", _rounded(percentile(sizes, 0.5)), "ms", must),
        Row(f"{path}: the same, p95", _rounded(percentile(sizes, 0.95)), "ms", must),
        Row(f"{path}: the same with its sign, median", _rounded(statistics.median(errors or [0.0])), "ms"),
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


@click.command()
@click.option("--turns", type=click.IntRange(2, 60), default=12, show_default=True)
@click.option(
    "--jitter", type=click.FloatRange(0, 500), default=60.0, show_default=True, help="ms, each way."
)
@click.option("--path", type=click.Choice(["quiet", "jittered", "both"]), default="both", show_default=True)
@click.option("--json", "as_json", is_flag=True)
def command(turns: int, jitter: float, path: str, as_json: bool) -> None:
    """Logged “end of speech → heard at the ear” against a two-channel recording in Chromium."""
    machine = this_machine()
    rows: list[Row] = []
    detail: dict[str, object] = {}
    for name, delay, must in (("quiet", 0.0, MUST_MS), ("jittered", jitter / 1000, None)):
        if path in (name, "both"):
            recorded, events = asyncio.run(hold_interview(turns, delay))
            found = compared(recorded, events)
            rows += rows_of(found, name if not delay else f"0–{jitter:g} ms of jitter", must)
            output_ms = round(1000 * recorded.output_delay, 1)
            detail[name] = {"output_delay_ms": output_ms, "turns": msgspec.to_builtins(found)}
    options: dict[str, object] = {"turns": turns, "jitter_ms": jitter, "path": path}
    publish("ear", rows, machine, as_json=as_json, options=options, detail=detail)

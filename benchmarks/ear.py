"""Whether our log's reply times are true: an interview in Chromium, recorded at the participant's mouth and
ear on one clock, against what the server wrote down."""

import asyncio
import base64
import contextlib
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final

import click
import msgspec
import numpy as np
import numpy.typing as npt
from aioice.ice import StunProtocol

from benchmarks.report import Row, publish, this_machine
from dialog.blueprint import Blueprint
from dialog.events import Event
from dialog.latency import percentile, replies
from server.clock import loop_time
from server.live.session import Session
from tests.support.chromium import chromium
from tests.support.join_page import watch
from tests.support.life_study import BOAT, BOOKS, PLACE, TEACHER
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.talking_page import PATIENCE_MS, TalkingVisit, link_of

MUST_MS: Final = 20.0
RATE_HZ: Final = 48_000
RECORDER: Final = Path(__file__).with_name("ear.js")
ANSWERS: Final = (*((phrase,) for phrase in PLACE), TEACHER, BOOKS, *((phrase,) for phrase in BOAT))
BELOW_LOUDEST_DB: Final = 35.0
EAR_PEAK: Final = 32_768 * 10 ** (-45 / 20)
MATCHED_WITHIN: Final = 1.0
"""Seconds; an answer of the log farther than this from one of the recording is not the same."""

Sound = npt.NDArray[np.float32]


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


def study_of(questions: int) -> Blueprint:
    """So many short open questions, none probed."""
    nodes = {
        f"q{number}": {
            "type": "question",
            "key": f"q{number}",
            "text": f"Here is question number {number}. What comes to mind?",
            "probing": {"enabled": False, "max_follow_ups": 0},
        }
        for number in range(questions)
    }
    return Blueprint.model_validate(
        {
            "name": "Mouth and ear",
            "agent": {
                "name": "Ada",
                "persona": {"system_prompt": "You interview people.", "tone": "neutral"},
                "techniques": ["tell_me_more"],
                "probing_depth": "light",
            },
            "graph": {
                "entry_node": "q0",
                "nodes": nodes,
                "edges": [{"from": a, "to": b} for a, b in pairwise(nodes)],
            },
            "settings": {"estimated_duration_m": 5, "max_duration_m": 30, "language": "en-US"},
        }
    )


@contextlib.contextmanager
def jittered(longest: float) -> Iterator[None]:
    """Delay each datagram of our WebRTC sockets by 0–`longest` seconds both ways, in order, as queues do."""
    if not longest:
        yield
        return
    random = Random(1)
    free_at: dict[tuple[StunProtocol, str], float] = {}
    receive, send = StunProtocol.datagram_received, StunProtocol.send_data

    def delay(road: tuple[StunProtocol, str]) -> float:
        now = loop_time()
        free_at[road] = max(free_at.get(road, 0.0), now + random.uniform(0, longest))
        return free_at[road]

    def datagram_received(self: StunProtocol, data: bytes | str, addr: tuple[Any, ...]) -> None:
        asyncio.get_running_loop().call_at(delay((self, "in")), receive, self, data, addr)

    async def send_data(self: StunProtocol, data: bytes, addr: tuple[str, int]) -> None:
        asyncio.get_running_loop().call_at(delay((self, "out")), _send, self, data, addr)

    def _send(self: StunProtocol, data: bytes, addr: tuple[str, int]) -> None:
        if not self.transport.is_closing():
            self.transport.sendto(data, addr)

    StunProtocol.datagram_received = datagram_received  # type: ignore[method-assign]
    StunProtocol.send_data = send_data  # type: ignore[method-assign]
    try:
        yield
    finally:
        StunProtocol.datagram_received = receive  # type: ignore[method-assign]
        StunProtocol.send_data = send  # type: ignore[method-assign]


async def hold_interview(turns: int, jitter: float) -> tuple[Recorded, list[Event]]:
    """Answer every question aloud in Chromium; what was recorded there, and the server's log."""
    with tempfile.TemporaryDirectory() as directory, jittered(jitter):
        async with running_server(Path(directory)) as server, talking(server, turns) as (visit, study):
            recorded = []
            await visit.agree()
            await visit.check_devices()
            for number in range(turns):
                await visit.light("yours")
                before = await _take(visit)
                asked = await visit.heading()
                await visit.say(ANSWERS[number % len(ANSWERS)])
                while await visit.heading() == asked:  # noqa: ASYNC110 - the page tells nobody
                    await asyncio.sleep(0.1)
                await asyncio.sleep(0.5)  # what is heard comes later than what is shown
                recorded.append((before, await _take(visit)))
            rendered, sounded = await visit.page.evaluate("stage.clock()")
            session = session_of(server, study)
            began = time.time() - loop_time() + session.started_at
            return Recorded(recorded, rendered, sounded, 1000 * began), await server.events(study)


def session_of(server: RunningServer, study: Study) -> Session:
    """The sitting of a run that is being talked in."""
    visit = server.house.registry.find(study.run_id)
    assert visit is not None
    assert visit.session is not None
    return visit.session


@contextlib.asynccontextmanager
async def talking(server: RunningServer, turns: int) -> AsyncIterator[tuple[TalkingVisit, Study]]:
    """A page of a study with so many questions, its microphone and loudspeaker in our hands."""
    study = await server.study(study_of(turns + 1))
    async with chromium() as browser:
        profile = await browser.new_context(bypass_csp=True, reduced_motion="reduce")
        page = await profile.new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.add_init_script(RECORDER.read_text())
        visit = TalkingVisit(page)
        watch(visit)
        await page.goto(link_of(server, study))
        yield visit, study


async def _take(visit: TalkingVisit) -> bytes:
    return base64.b64decode(await visit.page.evaluate("stage.take()"))


def heard_in(recorded: Recorded) -> list[Heard]:
    """Find the end of each answer, and the first sound of ours after it at the loudspeaker."""
    found, place = [], 0
    for before, data in recorded.turns:
        place += len(before) // 4
        sound = np.frombuffer(data, np.int16).reshape(-1, 2).astype(np.float32)
        ended = _last_sound(sound[:, 0])
        replied = None if ended is None else _first_sound(sound[:, 1], ended)
        if ended is not None and replied is not None:
            at = place / RATE_HZ
            found.append(Heard(at + ended / RATE_HZ, at + replied / RATE_HZ + recorded.output_delay))
        place += len(sound)
    return found


def _last_sound(mouth: Sound) -> int | None:
    """Where the last 5 ms end that are less than 35 dB below the loudest."""
    size = RATE_HZ // 200
    pieces = mouth[: len(mouth) // size * size].reshape(-1, size)
    powers = (pieces**2).mean(axis=1)
    loud = np.flatnonzero(powers >= powers.max(initial=1.0) * 10 ** (-BELOW_LOUDEST_DB / 10))
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

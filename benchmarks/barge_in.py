"""How soon the agent is lower, and silent, at the ear of somebody who interrupts it in Chromium, and how
well the server knows what was heard by then: from a recording of mouth and ear on one clock."""

import asyncio
import base64
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, Final

import click
import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.ear import RATE_HZ, RECORDER, session_of
from benchmarks.report import Row, publish, this_machine
from dialog.blueprint import Blueprint
from dialog.commands import HoldSpeech, Say
from dialog.events import Event
from dialog.latency import percentile
from dialog.signals import SpeechBegan, SpeechEnded
from media.clip import Clip
from media.frames import VOICE_RATE_HZ
from media.resampler import resample
from server.live.session import Session
from server.providers.protocols import PreparedClip
from tests.support.chromium import chromium
from tests.support.join_page import watch
from tests.support.life_study import BOAT, BOOKS, PLACE, TEACHER
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.talking_page import PATIENCE_MS, TalkingVisit, link_of

DUCK_MUST_MS: Final = 280.0
STOP_MUST_MS: Final = 650.0
HEARD_MUST_MS: Final = 120.0
ANSWERS: Final = (PLACE[:1], TEACHER, BOOKS, BOAT[:1], PLACE[1:], BOAT[1:])
QUESTION: Final = (
    "Please think of a time when you went somewhere together with other people, near or far, for a day or "
    "for a month. It does not matter whether it was for work, for a friend, or only for the sake of going. "
    "When you have found one, tell me where it was that you went, who came along, and what you remember "
    "best of the way back."
)
ASKED: Final = ("question", "re_ask")
DUCKED_DB: Final = -10.0
"""How far below its own level the voice counts as lowered, on its way to −15 dB."""
SILENT: Final = 10 ** (-50 / 20)
FRAME: Final = RATE_HZ // 200
"""5 ms."""
QUIET_AFTER: Final = 0.5
MOST_PATIENCE: Final = 40.0

Sound = npt.NDArray[np.float32]


class Barged(msgspec.Struct, frozen=True):
    """One interruption, in seconds from the first sound at the mouth; None where it could not be seen."""

    duck: float | None
    stop: float | None
    heard_error: float | None
    """The server's word for how much of its sound was heard, less what was: seconds."""
    words_error: int | None


def study_of(questions: int) -> Blueprint:
    """So many questions that take a quarter of a minute to ask."""
    nodes = {
        f"q{number}": {
            "type": "question",
            "key": f"q{number}",
            "text": f"This is question number {number + 1}. {QUESTION}",
            "probing": {"enabled": False, "max_follow_ups": 0},
        }
        for number in range(questions)
    }
    return Blueprint.model_validate(
        {
            "name": "Interruptions",
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
            "settings": {"estimated_duration_m": 10, "max_duration_m": 60, "language": "en-US"},
        }
    )


class Log:
    """The events of a sitting, as they come."""

    def __init__(self, session: Session) -> None:
        self.events: list[Event] = []
        self._session = session

    async def read(self) -> None:
        async for event in self._session.log.follow():
            self.events.append(event)

    async def question_sounds(self, before: int) -> Say:
        """Wait for the first sound of a question said after the first `before` events."""
        async with asyncio.timeout(MOST_PATIENCE):
            while True:
                begun = {e.body.speech_id for e in self.events[before:] if isinstance(e.body, SpeechBegan)}
                for event in self.events:
                    body = event.body
                    if (
                        isinstance(body, Say)
                        and body.kind in ("question", "re_ask")
                        and body.speech_id in begun
                    ):
                        return body
                await asyncio.sleep(0.02)

    async def over(self, speech_id: int) -> SpeechEnded:
        """Wait for the end of a speech."""
        async with asyncio.timeout(MOST_PATIENCE):
            while True:
                for event in self.events:
                    if isinstance(event.body, SpeechEnded) and event.body.speech_id == speech_id:
                        return event.body
                await asyncio.sleep(0.02)


async def interrupt(count: int, seed: int) -> tuple[list[Barged], float, list[str]]:
    """Interrupt `count` questions; what was measured, the delay of the loudspeaker, and what went wrong."""
    chance = Random(seed)
    with tempfile.TemporaryDirectory() as directory:
        async with running_server(Path(directory)) as server, chromium() as browser:
            study = await server.study(study_of(count + 1))
            profile = await browser.new_context(bypass_csp=True, reduced_motion="reduce")
            page = await profile.new_page()
            page.set_default_timeout(PATIENCE_MS)
            await page.add_init_script(RECORDER.read_text())
            visit = TalkingVisit(page)
            watch(visit)
            await page.goto(link_of(server, study))
            await visit.agree()
            await visit.check_devices()
            return await _interrupt_all(visit, server, study, count, chance)


async def _interrupt_all(
    visit: TalkingVisit, server: RunningServer, study: Study, count: int, chance: Random
) -> tuple[list[Barged], float, list[str]]:
    await visit.light("mine")
    session = session_of(server, study)
    log, barged, faults, before = Log(session), [], [], 0
    reading = asyncio.get_running_loop().create_task(log.read())
    try:
        for number in range(count):
            say = await log.question_sounds(before)
            await _take(visit)
            await asyncio.sleep(chance.uniform(2.5, 7.0))
            await visit.begin(ANSWERS[number % len(ANSWERS)])
            ended = await log.over(say.speech_id)
            await visit.until("stage.saying === 0")
            heard, before = await _take(visit), len(log.events)
            clip = _clip(server, study, say.text)
            if clip is None:
                faults.append(f"{number}: the words were not made ahead")
            else:
                barged.append(measured(heard, clip, say.text, ended, log.events))
    except TimeoutError:
        faults.append("the talk came to a standstill")
    finally:
        reading.cancel()
    rendered, sounded = await visit.page.evaluate("stage.clock()")
    return barged, (sounded - rendered) / 1000, faults


async def _take(visit: TalkingVisit) -> bytes:
    return base64.b64decode(await visit.page.evaluate("stage.take()"))


def _clip(server: RunningServer, study: Study, text: str) -> PreparedClip | None:
    visit = server.house.registry.find(study.run_id)
    if visit is None or visit._kit.known_words is None:
        return None
    return visit._kit.known_words.lookup(text, visit.case.voice)


def measured(
    recorded: bytes, clip: PreparedClip, text: str, ended: SpeechEnded, events: Sequence[Event]
) -> Barged:
    """Read one interruption off its recording, mouth and ear interleaved."""
    both = np.frombuffer(recorded, np.int16).reshape(-1, 2) * np.float32(1 / 32_768)
    mouth, ear = both[:, 0], both[:, 1]
    onset = int(np.argmax(np.abs(mouth) > 0.01))
    said = np.frombuffer(resample(clip.pcm, VOICE_RATE_HZ, RATE_HZ), np.int16) * np.float32(1 / 32_768)
    place = _place_in(said, ear[max(0, onset - 2 * RATE_HZ) : onset]) - max(0, onset - 2 * RATE_HZ)
    duck = stop = None
    length = min(len(ear), len(said) - place) // FRAME * FRAME
    heard = ear[:length].reshape(-1, FRAME)
    expected = said[place : place + length] if place >= 0 else said[:length]
    expected = expected[: len(heard) * FRAME].reshape(-1, FRAME)
    powers = np.sum(expected * expected, axis=1)
    gains = np.sum(heard[: len(expected)] * expected, axis=1) / (powers + 1e-9)
    clear = powers > FRAME * 10 ** (-38 / 10)
    first = onset // FRAME
    usual = float(np.median(gains[max(0, first - 300) : first][clear[max(0, first - 300) : first]]))
    lower = [
        frame
        for frame in range(first, len(gains))
        if clear[frame] and gains[frame] <= usual * 10 ** (DUCKED_DB / 20)
    ]
    if lower:
        duck = (lower[0] * FRAME - onset) / RATE_HZ
    quiet = np.abs(heard).max(axis=1) < SILENT
    wanted = round(QUIET_AFTER * RATE_HZ / FRAME)
    for frame in range(first, len(quiet) - wanted):
        if quiet[frame : frame + wanted].all() and (np.abs(expected[frame : frame + wanted]) > 0.05).any():
            stop = (frame * FRAME - onset) / RATE_HZ
            break
    if stop is None or ended.heard_duration is None or not _stopped_at_once(ended.speech_id, events):
        return Barged(duck, stop, None, None)
    truly = (place + onset) / RATE_HZ + stop
    words = Clip.ready(text, clip.pcm, clip.words).heard(round(truly * VOICE_RATE_HZ)).text
    return Barged(
        duck, stop, ended.heard_duration - truly, abs(len(ended.heard.split()) - len(words.split()))
    )


def _stopped_at_once(speech_id: int, events: Sequence[Event]) -> bool:
    """Whether it was held at most once and then stopped, so that nothing of it was said twice."""
    holds = [event.body for event in events if isinstance(event.body, HoldSpeech)]
    return sum(hold.speech_id == speech_id for hold in holds) <= 1


def _place_in(said: Sound, heard: Sound) -> int:
    """The sample of `said` at which `heard` begins, by the best correlation."""
    size = 1 << (len(said) + len(heard)).bit_length()
    matches = np.fft.irfft(np.fft.rfft(said, size) * np.fft.rfft(heard, size).conj(), size)
    return int(np.argmax(matches[: len(said)]))


@click.command()
@click.option("--count", type=click.IntRange(1, 60), default=12, show_default=True, help="Interruptions.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def command(count: int, seed: int, as_json: bool) -> None:
    """Interruptions in Chromium: duck, stop and heard text, at the ear.

    Times count from the first sound at the mouth to the loudspeaker, whose own delay is added.
    """
    machine = this_machine()
    barged, output_delay, faults = asyncio.run(interrupt(count, seed))
    ducks = [1000 * (one.duck + output_delay) for one in barged if one.duck is not None]
    stops = [1000 * (one.stop + output_delay) for one in barged if one.stop is not None]
    errors = [1000 * abs(one.heard_error) for one in barged if one.heard_error is not None]
    words = [one.words_error for one in barged if one.words_error is not None]
    rows = [
        Row("duck at the ear, p50", _round(ducks, 0.5), "ms", DUCK_MUST_MS),
        Row("duck at the ear, p95", _round(ducks, 0.95), "ms"),
        Row("stop at the ear, p50", _round(stops, 0.5), "ms", STOP_MUST_MS),
        Row("stop at the ear, p95", _round(stops, 0.95), "ms"),
        Row("error of what was heard at a cut, p95", _round(errors, 0.95), "ms", HEARD_MUST_MS),
        Row("the same in words, most", float(max(words)) if words else None, "", 1),
        Row("interruptions that stopped the agent", float(len(stops)), ""),
    ]
    detail: dict[str, Any] = {
        "each": [msgspec.to_builtins(one) for one in barged],
        "loudspeaker_ms": round(1000 * output_delay, 1),
        "faults": faults,
    }
    options: dict[str, object] = {"count": count, "seed": seed}
    publish("barge-in", rows, machine, as_json=as_json, options=options, detail=detail)


def _round(values: Sequence[float], share: float) -> float | None:
    found = percentile(values, share)
    return None if found is None else round(found, 1)

"""How soon the agent is lower, and silent, at the ear of somebody who interrupts it in Chromium, and how
well the server knows what was heard by then: from a recording of mouth and ear on one clock."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

import click
import msgspec
import numpy as np

from benchmarks.report import Row, publish, this_machine
from benchmarks.two_channels import (
    RATE_HZ,
    RecordedVisit,
    Sound,
    channels,
    interview,
    talking,
)
from dialog.commands import HoldSpeech, Say
from dialog.events import Event
from dialog.latency import percentile
from dialog.signals import SpeechBegan, SpeechEnded
from media.clip import Clip
from media.frames import VOICE_RATE_HZ
from media.resampler import resample
from server.live.session import Session
from server.providers.protocols import PreparedClip
from tests.support.life_study import BOAT, PLACE
from tests.support.running_server import RunningServer, Study, running_server

DUCK_MUST_MS: Final = 280.0
STOP_MUST_MS: Final = 650.0
HEARD_MUST_MS: Final = 120.0
ANSWERS: Final = tuple((phrase,) for phrase in (*PLACE, *BOAT))
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
AUDIBLE: Final = 0.01
"""What is louder at the mouth is its voice."""
FRAME: Final = RATE_HZ // 200
"""5 ms."""
LOOK: Final = RATE_HZ * 4 // 100
"""40 ms, in which the voice at the ear is compared with the clip's."""
HOP: Final = LOOK // 4
DRIFT: Final = RATE_HZ // 50
"""How far, within one hop, a browser may have gone on in the clip."""
FIND_IN: Final = 2 * RATE_HZ
ALIKE: Final = 0.6
"""Correlation from which a moment of the ear is the clip's."""
CLEAR: Final = 10 ** (-38 / 10)
"""Power of a moment in which the voice can be measured."""
STEADY_LOOKS: Final = 4
QUIET_AFTER: Final = 0.5
MOST_PATIENCE: Final = 40.0


class Barged(msgspec.Struct, frozen=True):
    """One interruption, in seconds from the first sound at the mouth; None where it could not be seen."""

    duck: float | None
    stop: float | None
    heard_error: float | None
    """The server's word for how much of its sound was heard, less what was: seconds."""
    words_error: int | None


class Log:
    """The events of a sitting, as they come."""

    def __init__(self, session: Session) -> None:
        self.events: list[Event] = []
        self._session = session

    async def read(self) -> None:
        async for event in self._session.log.follow():
            self.events.append(event)

    def latest(self) -> str:
        """The kinds of the last few events, newest last."""
        return ", ".join(type(event.body).__name__ for event in self.events[-6:])

    async def question_sounds(self, before: int) -> Say:
        """Wait for the first sound of a question said after the first `before` events."""
        async with asyncio.timeout(MOST_PATIENCE):
            while True:
                begun = {e.body.speech_id for e in self.events[before:] if isinstance(e.body, SpeechBegan)}
                for event in self.events:
                    body = event.body
                    if isinstance(body, Say) and body.kind in ASKED and body.speech_id in begun:
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
    questions = [f"This is question number {number + 1}. {QUESTION}" for number in range(count + 1)]
    with tempfile.TemporaryDirectory() as directory:
        async with (
            running_server(Path(directory), recogniser_processes=1) as server,
            talking(server, interview("Interruptions", questions)) as (visit, study),
        ):
            return await _interrupt_all(visit, server, study, count, Random(seed))


async def _interrupt_all(
    visit: RecordedVisit, server: RunningServer, study: Study, count: int, chance: Random
) -> tuple[list[Barged], float, list[str]]:
    await visit.light("mine")
    log, barged, faults, before = Log(server.session(study)), [], [], 0
    reading = asyncio.get_running_loop().create_task(log.read())
    try:
        for number in range(count):
            try:
                say = await log.question_sounds(before)
                await visit.take()
                await asyncio.sleep(chance.uniform(2.5, 7.0))
                await visit.begin(ANSWERS[number % len(ANSWERS)])
                ended = await log.over(say.speech_id)
                await visit.until("stage.saying === 0")
            except TimeoutError:
                faults.append(f"{number}: a standstill after {log.latest()}")
                before = len(log.events)
                continue
            before = len(log.events)
            await asyncio.sleep(QUIET_AFTER)
            clip = _clip(server, study, say.text)
            if clip is None:
                faults.append(f"{number}: the words were not made ahead")
            else:
                barged.append(measured(await visit.take(), clip, say.text, ended, log.events))
    finally:
        reading.cancel()
    rendered, sounded = await visit.clock()
    return barged, (sounded - rendered) / 1000, faults


def _clip(server: RunningServer, study: Study, text: str) -> PreparedClip | None:
    visit = server.house.registry.find(study.run_id)
    if visit is None or visit._kit.known_words is None:
        return None
    return visit._kit.known_words.lookup(text, visit.case.voice)


def measured(
    recorded: bytes, clip: PreparedClip, text: str, ended: SpeechEnded, events: Sequence[Event]
) -> Barged:
    """Read one interruption off its recording, mouth and ear interleaved."""
    mouth, ear = channels(recorded)
    onset = int(np.argmax(np.abs(mouth) > AUDIBLE))
    said = np.frombuffer(resample(clip.pcm, VOICE_RATE_HZ, RATE_HZ), np.int16) * np.float32(1 / 32_768)
    looks = followed(said, ear, onset)
    duck = _lowered_at(looks, onset)
    stop = _silent_at(ear, said, looks, onset)
    if stop is None or ended.heard_duration is None or not _stopped_at_once(ended.speech_id, events):
        return Barged(_since(duck, onset), _since(stop, onset), None, None)
    truly = (stop + looks[-1].place - looks[-1].at) / RATE_HZ
    words = Clip.ready(text, clip.pcm, clip.words).heard(round(truly * VOICE_RATE_HZ)).text
    return Barged(
        _since(duck, onset),
        _since(stop, onset),
        ended.heard_duration - truly,
        abs(len(ended.heard.split()) - len(words.split())),
    )


class Look(msgspec.Struct, frozen=True):
    """A moment of the ear in which the agent's voice is found."""

    at: int
    """Sample of the recording."""
    place: int
    """Sample of the clip that sounds there."""
    gain: float


def followed(said: Sound, ear: Sound, onset: int) -> list[Look]:
    """Follow the voice through the clip, look by look, as far as it is heard: a browser stretches and presses
    it a little."""
    before = max(0, onset - FIND_IN)
    shift = _place_in(said, ear[before:onset]) - before
    looks: list[Look] = []
    for at in range(before, len(ear) - LOOK, HOP):
        begin = max(0, at + shift - DRIFT)
        piece, around = ear[at : at + LOOK], said[begin : at + shift + LOOK + DRIFT]
        if len(around) < LOOK:
            break
        matches = np.correlate(around, piece, "valid")
        powers = np.convolve(around**2, np.ones(LOOK, np.float32), "valid")
        alike = matches / np.sqrt(powers * float(piece @ piece) + 1e-9)
        best = int(np.argmax(alike))
        if alike[best] >= ALIKE and powers[best] >= LOOK * CLEAR:
            shift = begin + best - at
            looks.append(Look(at, begin + best, float(np.sqrt(piece @ piece / powers[best]))))
    return looks


def _lowered_at(looks: Sequence[Look], onset: int) -> int | None:
    """From where on all that is heard of the voice is lower than it was by DUCKED_DB."""
    before = [look.gain for look in looks if look.at + LOOK <= onset]
    after = [look for look in looks if look.at >= onset]
    if not before:
        return None
    low = float(np.median(before)) * 10 ** (DUCKED_DB / 20)
    for place, look in enumerate(after):
        if look.gain <= low and all(later.gain <= low for later in after[place : place + STEADY_LOOKS]):
            return look.at + LOOK // 2
    return None


def _silent_at(ear: Sound, said: Sound, looks: Sequence[Look], onset: int) -> int | None:
    """Where half a second of silence begins in which the voice would have been heard."""
    if not looks:
        return None
    shift = looks[-1].place - looks[-1].at
    frames = ear[: len(ear) // FRAME * FRAME].reshape(-1, FRAME)
    quiet = np.abs(frames).max(axis=1) < SILENT
    wanted = QUIET_AFTER * RATE_HZ // FRAME
    for frame in range(onset // FRAME, len(quiet) - int(wanted)):
        would = said[max(0, frame * FRAME + shift) :][: int(wanted) * FRAME]
        if quiet[frame : frame + int(wanted)].all() and (np.abs(would) > 0.05).any():
            return frame * FRAME
    return None


def _since(place: int | None, onset: int) -> float | None:
    return None if place is None else (place - onset) / RATE_HZ


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

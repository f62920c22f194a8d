"""A talk with a patient participant and vendors of usual speed, on virtual time: the real session, mouth and
core. A seed makes the answers, the vendors' delays and what goes wrong. Knows no figure."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from random import Random
from typing import Final

import msgspec
from msgspec.structs import replace

from benchmarks.world import Spread
from dialog.blueprint import Blueprint
from dialog.commands import AnyCommand, LookForEnd
from dialog.embedded_interviewer import judge
from dialog.events import AnyFact, Event
from dialog.judgement import Judgement, JudgementRequest, Probe
from dialog.manager import Manager
from dialog.policy import Policy
from dialog.script import known_words
from dialog.signals import (
    AnySignal,
    FinalTranscript,
    PartialTranscript,
    ParticipantJoined,
    SpeechStarted,
    SpeechStopped,
    TurnEndScored,
)
from dialog.study import Study
from media.frames import FRAME_DURATION, VOICE_RATE_HZ
from server.clock import loop_time
from server.gateway.leg import Ear, Mouth, Tap
from server.live.holding import hold_session
from server.live.keeping import Case, Kit
from server.live.session import Session, SessionPolicy
from server.providers.fallback import FallbackVoice
from server.providers.protocols import PreparedClip, ProviderError, SpeechChunk, Voice
from server.store.event_log import EventLog, OpenedSession
from tests.emulators.fitful_providers import DeafEar
from tests.support.play import DETECTOR
from tests.support.virtual_time import in_virtual_time

WAY: Final = 0.125
"""Seconds of media path, each way."""
_SECONDS_PER_WORD: Final = 0.33
_LOOK: Final = 0.111
"""Seconds that an audio model takes to look."""
_SOUND: Final = b"\x00\x10"
"""A sample that is no silence."""
_FIRST_TOKEN: Final = Spread(0.64, 1.6)
_FIRST_SOUND: Final = Spread(0.29, 0.6)
_LAST_WORDS: Final = Spread(0.25, 0.35)
_TELLING: Final = 5
"""Letters of a word that a probe is hung on."""


class UsualModel:
    """Rules behind a language model's delay: first token 0.64 s in the median, 1.6 s at p95, 0.25 s for the
    words. What rules would ask, it asks with a word of the participant's: that has to be spoken live."""

    name = "usual"

    def __init__(self, rng: Random, faults: float) -> None:
        self.asked: set[str] = set()
        """Answers that it has, or would have, a generated probe for."""
        self._rng = rng
        self._faults = faults

    async def judge(self, request: JudgementRequest) -> Judgement:
        dice = self._rng.random()
        judgement = replace(judge(request), judged_by=self.name)
        long = [word for word in request.latest.split() if len(word) >= _TELLING and word.isalpha()]
        if judgement.probe is not None and judgement.verdict in ("sufficient", "vague", "general") and long:
            word = long[-1]
            text = f"You mentioned {word}. What was that like?"
            judgement = replace(judgement, probe=Probe("detail", "mirroring", text, word))
            self.asked.add(request.answer)
        if dice < 0.03 * self._faults:
            await asyncio.Event().wait()
        delay = _FIRST_TOKEN.draw(self._rng)
        if dice < 0.05 * self._faults:
            await asyncio.sleep(delay)
            raise ProviderError(self.name, "overloaded", retryable=True)
        await asyncio.sleep(delay + (0.25 if judgement.probe is not None else 0.1))
        return judgement

    async def prepare(self, study: Study) -> None:
        pass


class UsualVoice:
    """First byte after 0.29 s in the median, then faster than it is heard."""

    name = "usual"

    def __init__(self, rng: Random, faults: float) -> None:
        self._rng = rng
        self._faults = faults

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        dice = self._rng.random()
        await asyncio.sleep(_FIRST_SOUND.draw(self._rng))
        if dice < 0.02 * self._faults:
            raise ProviderError(self.name, "overloaded", retryable=True)
        if dice < 0.04 * self._faults:
            await asyncio.Event().wait()
        words = len(text.split())
        for spoken in range(words):
            if dice < 0.06 * self._faults and spoken == words // 2:
                await asyncio.Event().wait()
            yield SpeechChunk(_SOUND * round(VOICE_RATE_HZ * _SECONDS_PER_WORD))
            await asyncio.sleep(0.08)


class AllKnown:
    """The prompt cache of a published blueprint, full."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._texts = frozenset(known_words(blueprint))

    def lookup(self, text: str, voice: Voice) -> PreparedClip | None:
        if text not in self._texts:
            return None
        seconds = 0.5 if len(text.split()) < 3 else _SECONDS_PER_WORD * len(text.split())
        frames = round(seconds / FRAME_DURATION)
        return PreparedClip(_SOUND * round(VOICE_RATE_HZ * FRAME_DURATION) * frames, (), ())

    async def prepare(self, texts: Sequence[str], voice: Voice) -> Sequence[str]:
        return []


class ListeningLeg:
    """Carries sound nowhere, and notes when some was heard."""

    name = "webrtc"

    def __init__(self) -> None:
        self.heard: list[tuple[float, float]] = []
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def stand(self) -> str | None:
        return None

    async def run(self, ear: Ear, mouth: Mouth, tap: Tap | None) -> str:
        while not self._over.done():
            if mouth.next_frame() is not None:
                at = loop_time() + WAY
                if self.heard and at - self.heard[-1][1] < 2 * FRAME_DURATION:
                    self.heard[-1] = (self.heard[-1][0], at + FRAME_DURATION)
                else:
                    self.heard.append((at, at + FRAME_DURATION))
            await asyncio.sleep(FRAME_DURATION)
        return self._over.result()

    def end(self, reason: str) -> None:
        if not self._over.done():
            self._over.set_result(reason)

    async def close(self, reason: str) -> None:
        self.end(reason)

    def silence_now(self) -> None:
        pass

    def unsilence(self) -> None:
        pass

    def playout_delay(self) -> float:
        return WAY

    def uplink_delay(self) -> float:
        return WAY

    def unheard_since(self) -> float | None:
        return None

    def report_playout(self, seconds: float) -> None:
        pass


class Talk(msgspec.Struct):
    """What a talk leaves behind."""

    events: list[Event]
    heard: list[tuple[float, float]]
    """When something of ours was at the ear, in session seconds."""
    ends: list[float]
    """When each answer ended at the mouth."""
    model: UsualModel


class _Listening:
    """The core, with an audio model that tells ends from pauses as the published ones do (Smart Turn v3.2:
    85 of 100 ends found, 25 of 100 pauses taken for one)."""

    def __init__(self, manager: Manager, rng: Random) -> None:
        self.manager = manager
        self.talking = False
        """The answer isn't over."""
        self.session: Session | None = None
        self._rng = rng

    @property
    def deadline(self) -> float | None:
        return self.manager.deadline

    @property
    def finished(self) -> bool:
        return self.manager.finished

    def handle(self, signal: AnySignal, now: float) -> list[AnyCommand | AnyFact]:
        if isinstance(signal, ParticipantJoined):
            signal = replace(signal, detector=DETECTOR)
        outputs = self.manager.handle(signal, now)
        for output in outputs:
            if isinstance(output, LookForEnd) and self.session is not None:
                over = self._rng.random() < (0.25 if self.talking else 0.85)
                score = TurnEndScored(output.look_id, 0.95 if over else 0.05, DETECTOR)
                asyncio.get_running_loop().call_later(_LOOK, self.session.put, score)
        return outputs


class _Participant:
    """Waits for the floor, thinks, and answers with pauses; says no more until asked again."""

    def __init__(
        self, rng: Random, session: Session, core: _Listening, answers: Sequence[str], faults: float
    ) -> None:
        self.ends: list[float] = []
        self._rng = rng
        self._session = session
        self._core = core
        self._answers = answers
        self._faults = faults
        self._utterance = 0

    async def live(self) -> None:
        while not self._core.finished:
            await asyncio.sleep(0.05)
            if self._core.manager._turns.state == "open":
                await asyncio.sleep(self._rng.uniform(0.3, 1.2))
                if self._core.manager._turns.state == "open":
                    await self._answer(self._rng.choice(self._answers).split())

    async def _answer(self, words: list[str]) -> None:
        rng, place = self._rng, 0
        self._core.talking = True
        while place < len(words):
            part = words[place : place + rng.randrange(3, 9)]
            place += len(part)
            await self._say(part)
            if place < len(words):
                await asyncio.sleep(0.3 * rng.random() ** (-1 / 1.44) if rng.random() < 0.9 else 1.2)
        self.ends.append(self._session.now)
        self._core.talking = False
        await asyncio.sleep(2.5)

    async def _say(self, words: list[str]) -> None:
        self._utterance += 1
        number, rng, put = self._utterance, self._rng, self._session.put
        later = asyncio.get_running_loop().call_later
        later(WAY + 0.08, put, SpeechStarted(number))
        for count in range(1, len(words) + 1):
            await asyncio.sleep(_SECONDS_PER_WORD)
            later(WAY + 0.15, put, PartialTranscript(number, " ".join(words[:count]), 0.95))
        later(WAY + 0.2, put, SpeechStopped(number, 0.2, len(words) * _SECONDS_PER_WORD))
        dice, late = rng.random(), _LAST_WORDS.draw(rng)
        if dice < 0.02 * self._faults:
            return
        late += rng.uniform(1.0, 4.0) if dice < 0.05 * self._faults else 0.0
        text = "" if dice > 1 - 0.01 * self._faults else " ".join(words)
        later(WAY + 0.2 + late, put, FinalTranscript(number, text, 0.95))


def _slow_log(seed: int, rng: Random, faults: float) -> EventLog:
    """A log whose disk takes 5 ms, and now and then seconds."""
    loop = asyncio.get_running_loop()

    async def history(_: str, __: int, ___: int) -> list[Event]:
        return []

    def wake(log: EventLog) -> None:
        if lines := log.take():
            stalls = rng.random() < 0.002 * faults
            loop.call_later(rng.uniform(1.0, 4.0) if stalls else 0.005, log.confirm, lines)

    return EventLog(
        OpenedSession("run_1", f"ses_{seed:032x}", 1, 1, 0, 0), wake=wake, history=history, keep=1 << 40
    )


async def _hold(
    seed: int, blueprint: Blueprint, policy: Policy, answers: Sequence[str], minutes: float, faults: float
) -> Talk:
    rng = Random(seed)
    model, voice = UsualModel(rng, faults), UsualVoice(rng, faults)
    leg = ListeningLeg()
    cores: list[_Listening] = []
    people: list[_Participant] = []
    living: list[asyncio.Task[None]] = []

    def make_core(design: Blueprint, facts: Sequence[AnyFact], metadata: Mapping[str, object]) -> _Listening:
        cores.append(_Listening(Manager(design, facts=facts, metadata=metadata, policy=policy), rng))
        return cores[0]

    def opened(session: Session) -> None:
        loop = asyncio.get_running_loop()
        cores[0].session = session
        session.attach(leg)
        session.start("voice")
        people.append(_Participant(rng, session, cores[0], answers, faults))
        living.append(loop.create_task(people[0].live()))
        loop.call_later(60 * minutes, session.close, "time is up")

    log = _slow_log(seed, rng, faults)
    began = loop_time()
    await hold_session(
        log,
        Case("run_1", blueprint, "The house", {}),
        [],
        Kit(DeafEar(), FallbackVoice([voice, voice]), AllKnown(blueprint), model, make_core, lambda _: True),
        SessionPolicy(),
        channel="webrtc",
        recorder=None,
        show_level=lambda _: None,
        opened=opened,
    )
    living[0].cancel()
    events = [event async for event in log.follow()]
    heard = [(start - began, end - began) for start, end in leg.heard]
    return Talk(events, heard, people[0].ends, model)


def hold_calm_talk(
    seed: int,
    blueprint: Blueprint,
    policy: Policy,
    answers: Sequence[str],
    *,
    minutes: float = 15.0,
    faults: float = 1.0,
) -> Talk:
    """Hold a talk of at most `minutes`. `faults` is a factor on how often things go wrong; 0 = never."""
    return in_virtual_time(lambda: _hold(seed, blueprint, policy, answers, minutes, faults))

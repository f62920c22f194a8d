"""A whole sitting on virtual time: the real session, mouth, loop and log; a seed makes the world around them.

The participant's sound is left out: what the ear and the recogniser would say goes straight to the mailbox.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random

import msgspec

from dialog.blueprint import Blueprint
from dialog.commands import AnyCommand
from dialog.events import AnyFact, Event
from dialog.manager import Manager
from dialog.signals import AnySignal, SynthesisFailed
from media.frames import FRAME_DURATION
from server.clock import loop_time
from server.gateway.leg import Ear, Mouth, Tap
from server.live.holding import hold_session
from server.live.keeping import Case, Kit
from server.live.session import Session, SessionPolicy
from server.providers.protocols import LanguageModel, TextToSpeech
from server.store.event_log import OpenedSession, memory_log
from tests.emulators.fitful_providers import DeafEar, FitfulJudge, FitfulVoice
from tests.simulation.participant import Participant
from tests.simulation.watch import Watch
from tests.support.virtual_time import in_virtual_time

_SLOTS_AT_ONCE = 5
"""The simulated leg takes 100 ms of sound at a time."""


class Sitting(msgspec.Struct):
    """What a sitting leaves behind."""

    reason: str
    logged: list[Event]
    events: list[Event]
    """Signals and outputs as the core had them."""
    manager: Manager


class _Leg:
    """Carries sound nowhere; knows when some last left."""

    name = "webrtc"

    def __init__(self) -> None:
        self.sounded_at = -1.0
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def stand(self) -> str | None:
        return None

    async def run(self, ear: Ear, mouth: Mouth, tap: Tap | None) -> str:
        while not self._over.done():
            for _ in range(_SLOTS_AT_ONCE):
                if mouth.next_frame() is not None:
                    self.sounded_at = loop_time()
            await asyncio.sleep(_SLOTS_AT_ONCE * FRAME_DURATION)
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
        return 0.1

    def uplink_delay(self) -> float:
        return 0.0

    def unheard_since(self) -> float | None:
        return None

    def report_playout(self, seconds: float) -> None:
        pass


class _Core:
    """The core under watch (server.live.turn_loop.Core)."""

    lost_ends = False

    def __init__(self, manager: Manager, blueprint: Blueprint) -> None:
        self.manager = manager
        self.events: list[Event] = []
        self.leg: _Leg | None = None
        self._shown: set[int] = set()
        self._watch = Watch(manager, self, blueprint)

    @property
    def sounding(self) -> list[int]:
        """What may be at the ear: the current speech, while its sound leaves or the page shows it."""
        current = self.manager._turns.speaking.current or self.manager._turns.speaking.token
        if current is None:
            return []
        sounds = self.leg is None or loop_time() - self.leg.sounded_at < 0.3
        return [current.speech_id] if sounds or current.speech_id in self._shown else []

    @property
    def deadline(self) -> float | None:
        return self.manager.deadline

    @property
    def finished(self) -> bool:
        return self.manager.finished

    def handle(self, signal: AnySignal, now: float) -> list[AnyCommand | AnyFact]:
        if isinstance(signal, SynthesisFailed):
            self._shown.add(signal.speech_id)
        before = self._watch.before(signal, now)
        outputs = self.manager.handle(signal, now)
        for body in (signal, *outputs):
            self.events.append(Event(len(self.events) + 1, now, body))
        self._watch.after(before, signal, outputs, now)
        return outputs


class _Life:
    """The participant's own loop: acts, loses the connection, comes back, until nobody listens any more."""

    def __init__(
        self, rng: Random, wildness: float, blueprint: Blueprint, session: Session, core: _Core
    ) -> None:
        self._rng = rng
        self._wildness = wildness
        self._session = session
        self._core = core
        self._loop = asyncio.get_running_loop()
        self._participant = Participant(rng, wildness, blueprint, session.put, self._later)
        self._connect()
        self._later(1.0, self._live)

    def _later(self, delay: float, act: Callable[[], None]) -> None:
        self._loop.call_later(delay, act)

    def _connect(self) -> None:
        if self._core.finished:
            return
        self._core.leg = _Leg()
        self._session.attach(self._core.leg)
        self._session.start("voice")

    def _disconnect(self) -> None:
        leg, self._core.leg = self._core.leg, None
        if leg is not None:
            leg.end("lost")
        self._session.leave("network")
        self._later(self._rng.uniform(0.5, 20.0), self._connect)

    def _live(self) -> None:
        if self._core.finished:
            return
        rng, someone = self._rng, self._participant
        acts: list[tuple[Callable[[], float], float]] = [
            (someone.speak, 70),
            (someone.wait, 12),
            (someone.press, 6 * self._wildness),
            (someone.use_hands, 6 * self._wildness),
        ]
        if self._core.leg is not None and rng.random() < 0.03 * self._wildness:
            self._disconnect()
        (act,) = rng.choices([act for act, _ in acts], [weight for _, weight in acts])
        self._later(act() + rng.choice((0.3, 0.9, 1.5, 2.5, 4.0)), self._live)


class Providers(msgspec.Struct):
    """Whom to take instead of the fitful ones."""

    voice: TextToSpeech | None = None
    judge: LanguageModel | None = None


async def _hold(
    seed: int, blueprint: Blueprint, duration: float, wildness: float, providers: Providers
) -> Sitting:
    rng = Random(seed)
    log = memory_log(OpenedSession("run_1", f"ses_{seed:032x}", 1, 1, 0, 0))
    cores: list[_Core] = []

    def make_core(design: Blueprint, facts: Sequence[AnyFact], metadata: Mapping[str, object]) -> _Core:
        cores.append(_Core(Manager(design, facts=facts, metadata=metadata), design))
        return cores[0]

    kit = Kit(
        DeafEar(),
        providers.voice or FitfulVoice(rng, 0.4 * wildness),
        None,
        providers.judge or FitfulJudge(rng, 0.6 * wildness),
        make_core,
        lambda _: True,
    )

    def opened(session: Session) -> None:
        _Life(rng, wildness, blueprint, session, cores[0])
        asyncio.get_running_loop().call_later(duration, session.close, "time is up")

    reason = await hold_session(
        log,
        Case("run_1", blueprint, "The house", {}),
        [],
        kit,
        SessionPolicy(),
        channel="webrtc",
        recorder=None,
        show_level=lambda _: None,
        opened=opened,
    )
    logged = [event async for event in log.follow()]
    return Sitting(reason, logged, cores[0].events, cores[0].manager)


def hold_sitting(
    seed: int,
    blueprint: Blueprint,
    *,
    duration: float = 300.0,
    wildness: float = 1.0,
    providers: Providers | None = None,
) -> Sitting:
    """Hold a sitting of at most `duration` seconds; `wildness` 0–1 is how bad everybody's day may be."""
    return in_virtual_time(lambda: _hold(seed, blueprint, duration, wildness, providers or Providers()))

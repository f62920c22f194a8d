"""A world that a seed makes: participant, voice, recogniser, judge and network, all having a bad day.

Everything that it does to the core is well-formed; nothing of it is polite.
"""

import heapq
from collections.abc import Callable
from random import Random
from typing import Literal, get_args

from dialog.blueprint import Blueprint
from dialog.commands import Command, Judge, LookForEnd
from dialog.events import AnyFact, Event
from dialog.judgement import Judgement, Right
from dialog.manager import Manager
from dialog.signals import (
    AnySignal,
    HoldToTalk,
    InterviewCancelled,
    JudgementArrived,
    JudgementFailed,
    MicrophoneMuted,
    OperatorHandedBack,
    OperatorTookOver,
    PacketsReturned,
    PacketsStopped,
    ParticipantJoined,
    ParticipantLeft,
    SoundStalled,
    SoundWentOn,
    SpeechBegan,
    SpeechEnded,
    SpeechStopped,
    StorageFaltered,
    StorageRecovered,
    SynthesisFailed,
    TimePassed,
)
from tests.simulation.aftermath import (
    check_any_cut,
    check_fold,
    check_replay,
    check_resuming,
    check_transcript,
    check_turns,
)
from tests.simulation.fickle_ear import FickleEar
from tests.simulation.fickle_judge import FickleJudge
from tests.simulation.mouth import Mouth, MouthFaults
from tests.simulation.participant import Participant
from tests.simulation.watch import Watch

_RIGHTS: tuple[Right, ...] = get_args(Right)
_CHANNELS: tuple[Literal["webrtc", "websocket", "text", "phone"], ...] = (
    "webrtc",
    "websocket",
    "text",
    "phone",
)


class WildWorld:
    """One talk. `run` lets so many signals happen; `settle` then lets the world come to rest."""

    def __init__(
        self, seed: int, blueprint: Blueprint, *, facts: tuple[AnyFact, ...] = (), wild: float = 1.0
    ) -> None:
        self.seed = seed
        self.rng = Random(seed)
        self.blueprint = blueprint
        self.manager = Manager(blueprint, facts=facts)
        self.now = 0.0
        self.events: list[Event] = []
        self.signals = 0
        self.present = False
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = 0
        self._muted = self._stalled = self._operator = False
        self._resting = False
        share = self.rng.random() * wild
        self._wildness = share
        faults = MouthFaults(*(self.rng.random() * limit * share for limit in (0.2, 0.15, 0.3, 0.05, 0.1)))
        self._ear = FickleEar(self.rng, share, self.feed, self.later)
        self._participant = Participant(self.rng, share, blueprint, self.feed, self.later, self._ear.hint)
        self._judge = FickleJudge(self.rng, self.rng.random() * share, share, self.feed, self.later)
        self._mouth = Mouth(self.rng, faults, self._tell_soon, self.later)
        self._watch = Watch(self.manager, self._mouth, blueprint)
        self.later(0.0, lambda: self._join("webrtc" if self.rng.random() < 0.85 else "text"))
        self.later(0.5, self._live)

    # Time

    def later(self, delay: float, act: Callable[[], None]) -> None:
        """Something happens `delay` seconds from now."""
        self._order += 1
        heapq.heappush(self._queue, (self.now + delay, self._order, act))

    def check_aftermath(self) -> "WildWorld":
        """Look at the whole log."""
        state = self.manager._out.state
        check_replay(self.events, self.blueprint)
        check_fold(self.events, state)
        check_turns(self.events, state)
        check_transcript(self.events)
        check_resuming(self.events, self.blueprint, self.rng)
        check_any_cut(self.events, self.blueprint, self.rng)
        return self

    def run(self, signals: int) -> "WildWorld":
        """Let this many more signals happen."""
        goal = self.signals + signals
        while self.signals < goal and not (self.manager.finished and not self._queue):
            if not self._step(float("inf")):
                break
        return self

    def run_for(self, seconds: float) -> "WildWorld":
        """Let time pass."""
        until = self.now + seconds
        while self._step(until):
            pass
        self.now = self._mouth.now = until
        return self

    def _step(self, until: float) -> bool:
        deadline = self.manager.deadline
        planned = self._queue[0][0] if self._queue else None
        moments = [at for at in (deadline, planned) if at is not None]
        if not moments or min(moments) > until:
            return False
        self.now = self._mouth.now = max(self.now, min(moments))
        if self.rng.random() < 0.004 * self._wildness:
            stall = self.rng.uniform(0.05, 3.0)  # the machine was busy: everything comes late, and at once
            self._watch.excuse(stall)
            self.now = self._mouth.now = self.now + stall
        if planned is not None and (deadline is None or planned <= deadline):
            heapq.heappop(self._queue)[2]()
        else:
            self.feed(TimePassed())
        return True

    # Signals

    def feed(self, signal: AnySignal) -> None:
        """One signal now; whatever the core does about it is watched."""
        self.signals += 1
        self._log(signal)
        before = self._watch.before(signal, self.now)
        outputs = self.manager.handle(signal, self.now)
        for output in outputs:
            self._log(output)
            if isinstance(output, Command):
                self._mouth.perform(output)
                if isinstance(output, Judge):
                    self._judge.judge(output)
                elif isinstance(output, LookForEnd):
                    self._ear.look(output)
        self._watch.after(before, signal, outputs, self.now)

    def _log(self, body: object) -> None:
        self.events.append(Event(len(self.events) + 1, self.now, body))  # type: ignore[arg-type]

    def _tell_soon(self, signal: AnySignal) -> None:
        """Signals go through a mailbox: what is under way then overtakes nothing, but comes after it."""
        self.later(self.rng.random() * 0.004, lambda: self.feed(signal))

    # The participant

    def _live(self) -> None:
        """Do something, and later something else."""
        if self._resting:
            return
        rng = self.rng
        if not self.present:
            self.later(rng.expovariate(1 / 3), lambda: self._join(rng.choice(_CHANNELS)))
            self.later(rng.uniform(3, 8), self._live)
            return
        someone = self._participant
        acts = (
            (someone.speak, 60),
            (someone.press, 10 * self._wildness + 1),
            (someone.use_hands, 10 * self._wildness + 1),
            (someone.wait, 14),
            (self._trouble, 8 * self._wildness),
            (self._stale, 8 * self._wildness),
        )
        (act,) = rng.choices([act for act, _ in acts], [weight for _, weight in acts])
        self.later(act() + rng.choice((0.0, 0.05, 0.3, 0.9, 1.5, 2.5, 4.0)), self._live)

    # The world's own acts

    def _join(self, channel: Literal["webrtc", "websocket", "text", "phone"]) -> None:
        if not self.present and not self._resting:
            self.present = True
            self.feed(ParticipantJoined(channel, self._ear.detector, self._ear.recogniser))

    def _trouble(self) -> float:
        rng = self.rng
        match rng.randrange(6):
            case 0:
                self.present = False
                self._mouth.cut_off()
                self.feed(ParticipantLeft("network"))
            case 1:
                if rng.random() < 0.5:
                    gap = rng.uniform(0.06, 2.0)
                    self.later(gap, lambda: self.feed(SoundWentOn(gap)))
                    self.feed(SoundStalled(0.06))
                    return gap
                self._stalled = not self._stalled
                self.feed(PacketsStopped() if self._stalled else PacketsReturned())
            case 2:
                self._muted = not self._muted
                self.feed(MicrophoneMuted(self._muted))
            case 3:
                self.feed(StorageFaltered("slow disk") if rng.random() < 0.5 else StorageRecovered())
            case 4:
                self._operator = not self._operator
                self.feed(OperatorTookOver("Kim") if self._operator else OperatorHandedBack())
            case _:
                if rng.random() < 0.05:
                    self.feed(InterviewCancelled("withdrawn"))
                else:
                    self.feed(ParticipantJoined("webrtc"))
        return rng.uniform(0, 5)

    def _stale(self) -> float:
        rng = self.rng
        old = rng.randrange(0, max(2, len(self._mouth.said) - 3))
        late = self._judge.latest - 1
        signal = rng.choice(
            (
                SpeechBegan(10_000),
                SpeechEnded(10_000, "x", 1.0),
                SpeechEnded(old if old not in self._mouth.queued else 10_000, "x", 0.5, True),
                SynthesisFailed(10_000, "late"),
                JudgementArrived(late, Judgement("sufficient")),
                JudgementFailed(late, "late"),
                JudgementArrived(10_000, Judgement("distress")),
                self._ear.stale(),
                TimePassed(),
            )
        )
        self.feed(signal)
        return 0.0

    # Coming to rest

    @property
    def at_rest(self) -> bool:
        """The talk is over, or paused, or nobody is there, or somebody reads, who may take their time."""
        turns = self.manager._turns
        return turns.state in ("paused", "closed", "away", "waiting") or turns.lull.voiceless

    def rest(self) -> "WildWorld":
        """Everybody falls silent, all troubles end: what is open has to come to its end by itself."""
        self._resting = True
        self._mouth.heal()
        self._judge.heal()
        self._ear.heal()
        self.run_for(10.0)
        if self._operator:
            self.feed(OperatorHandedBack())
        if self._muted:
            self.feed(MicrophoneMuted(False))
        if self._stalled:
            self.feed(PacketsReturned())
        if self._participant.held:
            self.feed(HoldToTalk(False))
        self.feed(SpeechStopped(self._participant.utterance, 0.2, 0.1))
        self.run_for(600.0)
        return self

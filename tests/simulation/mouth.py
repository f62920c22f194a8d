"""A mouth on paper: queues, plays, holds and cuts speeches as the real one does, on bad days too. Makes no
sound."""

from collections.abc import Callable
from random import Random

import msgspec

from dialog.commands import AnyCommand, HangUp, HoldSpeech, Prepare, ResumeSpeech, Say, StopSpeech
from dialog.signals import (
    AnySignal,
    PreparationFailed,
    SpeechBegan,
    SpeechEnded,
    SpeechPrepared,
    SynthesisFailed,
)

Later = Callable[[float, Callable[[], None]], None]
"""Do something so many seconds from now."""


class MouthFaults(msgspec.Struct, frozen=True):
    """How bad this voice's day is: shares of speeches, 0–1."""

    late: float = 0.0
    """Begin after one to six seconds."""
    silent: float = 0.0
    """Never begin."""
    failing: float = 0.0
    """Can't be synthesised, and are shown instead."""
    endless: float = 0.0
    """Begin, and never end."""
    dropped_end: float = 0.0
    """Are over, but nobody says so."""


class _Spoken:
    def __init__(self, say: Say) -> None:
        self.say = say
        self.began_at: float | None = None
        self.played = 0.0
        self.held = False
        self.turn = 0
        """Grows with every change, so that what was planned before it does nothing."""

    @property
    def duration(self) -> float:
        return max(0.2, 0.3 * len(self.say.text.split()) / self.say.speed)


class Mouth:
    """One queue; `tell` takes its signals, `later` its plans."""

    def __init__(
        self, rng: Random, faults: MouthFaults, tell: Callable[[AnySignal], None], later: Later
    ) -> None:
        self.now = 0.0
        self.hung_up = False
        self.lost_ends = False
        """It kept an end to itself."""
        self.said: list[Say] = []
        self._rng = rng
        self._faults = faults
        self._tell = tell
        self._later = later
        self._queue: list[_Spoken] = []

    @property
    def sounding(self) -> list[int]:
        """Ids of what is at the ear now."""
        return [one.say.speech_id for one in self._queue if one.began_at is not None and not one.held]

    @property
    def queued(self) -> list[int]:
        """Ids of what is sounding or waits."""
        return [one.say.speech_id for one in self._queue]

    def heal(self) -> None:
        """From now on nothing goes wrong."""
        self._faults = MouthFaults()

    def perform(self, command: AnyCommand) -> None:
        """Do what the core asks."""
        match command:
            case Say():
                self.said.append(command)
                self._queue.append(_Spoken(command))
                if len(self._queue) == 1:
                    self._play(self._queue[0])
            case StopSpeech():
                self._stop(command.speech_id)
            case HoldSpeech():
                for one in self._queue[:1]:
                    if one.say.speech_id == command.speech_id and one.began_at is not None:
                        one.played += self.now - one.began_at
                        one.held, one.turn = True, one.turn + 1
            case ResumeSpeech():
                for one in self._queue[:1]:
                    if one.say.speech_id == command.speech_id and one.held:
                        one.held, one.began_at = False, self.now
                        self._end_later(one)
            case Prepare():
                self._prepare(command)
            case HangUp():
                self.hung_up = True
            case _:
                pass

    def _prepare(self, command: Prepare) -> None:
        faults, dice = self._faults, self._rng.random()
        if dice < faults.silent:
            return
        delay = self._rng.uniform(0.02, 0.3)
        if dice < faults.silent + faults.late:
            delay = self._rng.uniform(1.0, 6.0)
        number = command.preparation_id
        failing = self._rng.random() < faults.failing
        told = PreparationFailed(number, "no voice today") if failing else SpeechPrepared(number)
        self._later(delay, lambda: self._tell(told))

    def cut_off(self) -> None:
        """The road to the ear is gone."""
        for one in self._queue[:1]:
            self._over(one, self._fraction(one), cut=True)

    def _fraction(self, one: _Spoken) -> float:
        running = self.now - one.began_at if one.began_at is not None and not one.held else 0.0
        return min(1.0, (one.played + running) / one.duration)

    def _play(self, one: _Spoken) -> None:
        one.turn += 1
        plan, faults, dice = one.turn, self._faults, self._rng.random()
        if dice < faults.silent:
            return
        delay = self._rng.uniform(0.02, 0.3)
        if dice < faults.silent + faults.late:
            delay = self._rng.uniform(1.0, 6.0)
        failing = self._rng.random() < faults.failing

        def begin() -> None:
            if one.turn != plan or one not in self._queue:
                return
            if failing:
                self._tell(SynthesisFailed(one.say.speech_id, "no voice today"))
            one.began_at = self.now
            self._tell(SpeechBegan(one.say.speech_id))
            self._end_later(one)

        self._later(delay, begin)

    def _end_later(self, one: _Spoken) -> None:
        one.turn += 1
        plan = one.turn
        if self._rng.random() < self._faults.endless:
            self.lost_ends = True
            return

        def end() -> None:
            if one.turn == plan and one in self._queue:
                self._over(one, 1.0, cut=False)

        self._later(max(0.0, one.duration - one.played), end)

    def _stop(self, speech_id: int) -> None:
        ids = [one.say.speech_id for one in self._queue]
        if speech_id not in ids:
            return
        dropped = self._queue[ids.index(speech_id) :]
        del self._queue[ids.index(speech_id) :]
        for one in dropped:
            self._forget(one, self._fraction(one), cut=True)

    def _over(self, one: _Spoken, fraction: float, *, cut: bool) -> None:
        self._queue.remove(one)
        self._forget(one, fraction, cut=cut)
        if self._queue:
            self._play(self._queue[0])

    def _forget(self, one: _Spoken, fraction: float, *, cut: bool) -> None:
        one.turn += 1
        words = one.say.text.split()
        heard = " ".join(words[: round(fraction * len(words))])
        if self._rng.random() < self._faults.dropped_end:
            self.lost_ends = True
        else:
            self._tell(SpeechEnded(one.say.speech_id, heard, fraction, cut))

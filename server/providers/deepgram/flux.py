"""One talk heard by Flux (listen.v2), which follows the sound as a whole and judges its pauses.

Its clock is the sound that it gets. After an utterance it gets silence at the pace of time, so that its turn
comes to its end; then only so much that its connection stands, as silence is billed like speech. The words of
its turns are put to our utterances by their times. Knows no socket.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Literal

import msgspec

from dialog.blueprint import Patience
from media.frames import AudioFrame
from server.clock import loop_time
from server.providers.deepgram.complaints import Complaints
from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.line import Line, Meter
from server.providers.deepgram.messages import ConfigureFailure, Fault, TurnInfo, Warned, read_flux
from server.providers.deepgram.sound import SoundFormat
from server.providers.deepgram.talk import Talk, Word
from server.providers.protocols import Transcript, TurnEndHint

_MAX_WORDS: Final = 2_500
"""Of one turn: a quarter of an hour of speech."""
_OVERSLEPT: Final = 0.5
"""Seconds of silence that are made up for when the loop was late; more would be time that nobody lived."""
_SETTLING: Final = 0.1
"""Seconds in which the words at the end of what was heard may still change. Larger: later final words."""
_SILENT: Final = 0.3
"""What Flux takes for an end is silence from its last word on; an utterance that ends within so many seconds
after it has no further word. Larger: earlier final words, some without the last of what was cut short."""
_LEAST_WAIT: Final = 1.5
"""Seconds after an utterance in which Flux may still find words that it has not told of. Larger: more silence
is billed."""
_LONGEST_WAIT: Final = 2.0
"""Seconds beyond the timeout of its turns in which Flux may still say that one is over."""
_EARLY: Final = 0.001
"""A timer may wake by so much too early."""


class Thresholds(msgspec.Struct, frozen=True):
    """When Flux believes that a turn is over. Within the ranges that its oldest release knows."""

    eager_eot_threshold: float
    """0.3–0.9. Larger: fewer pauses that are taken for ends, and later."""
    eot_threshold: float
    """0.5–0.9, not below the eager one."""
    eot_timeout_ms: int
    """500–10000: silence that ends a turn whatever was said."""


THRESHOLDS: Final[dict[Patience, Thresholds]] = {
    "closed": Thresholds(0.4, 0.7, 3_000),
    "narrative": Thresholds(0.5, 0.7, 5_000),
    "recall": Thresholds(0.5, 0.7, 6_000),
    "reflect": Thresholds(0.6, 0.8, 8_000),
    "dictate": Thresholds(0.8, 0.9, 10_000),
}
"""A hint is worth what it is at the defaults (dialog.calibration); where more patience is asked for it comes
more rarely and is worth more than it counts, which errs on the side of waiting."""

_HINTS: Final[dict[str, Literal["eager", "over", "resumed"]]] = {
    "EagerEndOfTurn": "eager",
    "EndOfTurn": "over",
    "TurnResumed": "resumed",
}

FluxDial = Callable[[Thresholds], AbstractAsyncContextManager[Any]]


class FluxRecognition:
    """The Recognition protocol. `line` is to be run by the adapter for as long as the talk goes on."""

    def __init__(self, dial: FluxDial, form: SoundFormat, limits: DeepgramLimits, meter: Meter) -> None:
        self._patience: Patience = "narrative"
        self._told = THRESHOLDS[self._patience]
        self._form = form
        self._limits = limits
        self.talk = Talk(form, limits, lambda: self.line.trouble, meter.tell)
        self.line = Line(lambda: self._dialled(dial), self, self.talk, form, limits, meter)
        self._started_at = 0.0
        """Seconds of the talk's sound at which the present connection's clock began."""
        self._turn_index = 0
        self._turn: tuple[Word, ...] = ()
        self._turns_before: list[Word] = []
        self._complaints = Complaints()
        self._quiet = form.silence(limits.send_duration)
        self._quiet_due_at = 0.0
        self._turn_over = True
        """Flux waits for nothing that was said."""
        self._may_rest_at = self._rests_at = 0.0
        """When that may be believed; when it is taken so though Flux has said nothing."""
        self._quiet_timer: asyncio.TimerHandle | None = None
        self._begin_quiet()

    # What the listener calls

    def attend(self, patience: Patience) -> None:
        """Be as patient as such an answer wants."""
        self._patience = patience
        self._configure()

    def start_utterance(self, utterance_id: int) -> None:
        """Begin an utterance; one that is still open is ended. Ids rise; another is ignored."""
        open_id = self.talk.open_id
        if open_id is not None and utterance_id > open_id:
            self.end_utterance(open_id)
        if self.talk.open_id is None and self.talk.start(utterance_id):
            self._turn_over = False
            self._end_quiet()

    def hear(self, frame: AudioFrame) -> None:
        """Hear one frame of the open utterance; without one it is dropped."""
        if self.talk.hear(frame):
            self.line.feed()

    def end_utterance(self, utterance_id: int) -> None:
        """Ask for the final transcript: it comes when Flux has heard the utterance to its end."""
        if self.talk.end(utterance_id):
            self._begin_quiet()

    def __aiter__(self) -> AsyncIterator[Transcript | TurnEndHint]:
        return self.talk.transcripts()

    async def close(self) -> None:
        """End the iteration after what is already known. Waits for nobody."""
        self._end_quiet()
        self.talk.close()
        self.line.meter.tell()
        self.line.hang_up()

    # What the line calls

    def connected(self, place: int) -> None:
        """Flux begins anew: with no turn, and with a clock at zero."""
        self._started_at = self._form.seconds(place)
        self._turn_index, self._turn = 0, ()
        self._turns_before.clear()
        self._quiet_due_at = loop_time()
        self._configure()

    def receive(self, frame: str | bytes) -> None:
        """Take one frame; what can't be read is nothing."""
        match read_flux(frame):
            case TurnInfo() as info:
                self._hear_turn(info)
            case (ConfigureFailure() | Warned() | Fault()) as complaint:
                self._complaints.take(complaint)
            case _:
                pass

    def _dialled(self, dial: FluxDial) -> AbstractAsyncContextManager[Any]:
        self._told = THRESHOLDS[self._patience]
        return dial(self._told)

    def _configure(self) -> None:
        """Tell the thresholds that hold now, where others were told and a connection stands; the next one
        begins with them."""
        thresholds = THRESHOLDS[self._patience]
        if self.line.up and thresholds != self._told:
            self._told = thresholds
            message = {"type": "Configure", "thresholds": msgspec.to_builtins(thresholds)}
            self.line.order(lambda socket: socket.send_configure(message))

    def _hear_turn(self, info: TurnInfo) -> None:
        if info.turn_index != self._turn_index:
            self._turns_before += self._turn
            self._turn_index = info.turn_index
        self._turn = self._words(info)
        heard_to = self._started_at + info.audio_window_end
        hint = _HINTS.get(info.event)
        self._turn_over = hint == "over" or not self._turn
        settled_to = heard_to + (_SILENT if hint in ("eager", "over") else -_SETTLING)
        self.talk.heard((*self._turns_before, *self._turn), heard_to, settled_to)
        self._turns_before = [word for word in self._turns_before if word.at >= self.talk.given_to][
            -_MAX_WORDS:
        ]
        # A turn that ended by its timeout is so much silence, which counts already.
        if hint is not None and info.trigger != "timeout":
            confidence = min(max(info.end_of_turn_confidence, 0.0), 1.0)
            self.talk.hint(TurnEndHint(self.talk.begun_by(heard_to), hint, confidence))

    def _words(self, info: TurnInfo) -> tuple[Word, ...]:
        """The turn's words with times of the talk. Those without any are spread over the turn."""
        words = info.words[-_MAX_WORDS:]
        step = max(0.0, info.audio_window_end - info.audio_window_start) / max(1, len(words))
        return tuple(
            Word(
                word.word,
                min(max(word.confidence, 0.0), 1.0),
                self._started_at
                + (
                    info.audio_window_start + (index + 0.5) * step
                    if word.start is None or word.end is None
                    else (word.start + word.end) / 2
                ),
            )
            for index, word in enumerate(words)
            if word.word.strip()
        )

    # Silence

    def _begin_quiet(self) -> None:
        """Let time pass for Flux while nobody speaks."""
        now = loop_time()
        self._may_rest_at = now + _LEAST_WAIT
        self._rests_at = now + self._told.eot_timeout_ms / 1_000 + _LONGEST_WAIT
        self._quiet_due_at = now + self._limits.send_duration
        self._quiet_timer = asyncio.get_running_loop().call_at(self._quiet_due_at, self._be_quiet)

    def _be_quiet(self) -> None:
        now = loop_time()
        if self.line.up:
            self._quiet_due_at = max(self._quiet_due_at, now - _OVERSLEPT)
            while self._quiet_due_at <= now + _EARLY:
                self.talk.sound.append(self._quiet)
                self._quiet_due_at += self._pace(now)
            self.line.feed()
        else:
            self._quiet_due_at = now + self._limits.send_duration
        self._quiet_timer = asyncio.get_running_loop().call_at(self._quiet_due_at, self._be_quiet)

    def _pace(self, now: float) -> float:
        """Seconds from one piece of silence to the next."""
        over = now >= self._rests_at or (self._turn_over and now >= self._may_rest_at)
        rests = over and not self.talk.awaits_words
        return self._limits.keep_alive_interval if rests else self._limits.send_duration

    def _end_quiet(self) -> None:
        if self._quiet_timer is not None:
            self._quiet_timer.cancel()
            self._quiet_timer = None

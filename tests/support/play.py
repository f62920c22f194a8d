"""Plays scripted signals to the core on a clock of its own: deadlines fire between them, speech is heard.

The world here is the simplest that is true: the voice begins 50 ms after a Say, lasts 0.3 s a word, and a
judge answers in no time by the embedded rules; whenever the voice stops, the audio model hears an end, or
what `ends_sound` says: None is a session without one. Words being prepared sound after `voice_delay`, None is
never. All unless told otherwise.
"""

import heapq
from collections.abc import Callable

from dialog.blueprint import Blueprint
from dialog.commands import (
    AnyCommand,
    CancelJudgement,
    Command,
    HoldSpeech,
    Judge,
    LookForEnd,
    Prepare,
    ResumeSpeech,
    Say,
    StopSpeech,
)
from dialog.embedded_interviewer import judge
from dialog.events import AnyFact, Event
from dialog.judgement import Judgement, JudgementRequest
from dialog.manager import Manager
from dialog.policy import DEFAULT_POLICY, Policy
from dialog.signals import (
    AnySignal,
    FinalTranscript,
    JudgementArrived,
    PartialTranscript,
    ParticipantJoined,
    SpeechBegan,
    SpeechEnded,
    SpeechPrepared,
    SpeechStarted,
    SpeechStopped,
    TimePassed,
    TurnEndScored,
)

SECONDS_PER_WORD = 0.3
VOICE_DELAY = 0.05
DETECTOR = "smart-turn-v3"
LOOK_DELAY = 0.11
LAST_WORD_DELAY = 0.45
"""From the end of speech to the recogniser's last word."""


class Heard:
    """One Say at the ear: when it began, ended, and what of it was heard."""

    def __init__(self, say: Say, said_at: float) -> None:
        self.say = say
        self.said_at = said_at
        self.began_at: float | None = None
        self.ended_at: float | None = None
        self.fraction = 0.0
        self.played = 0.0
        self.held = False

    @property
    def duration(self) -> float:
        return max(0.2, SECONDS_PER_WORD * len(self.say.text.split()))


class Stage:
    """A core on a stage: `at` scripts the participant, `run` lets time pass, `events` is the log."""

    def __init__(
        self,
        blueprint: Blueprint,
        *,
        facts: tuple[AnyFact, ...] = (),
        policy: Policy = DEFAULT_POLICY,
        judge_with: Callable[[JudgementRequest], Judgement | None] = judge,
        judge_delay: float = 0.0,
        voice_delay: float | None = VOICE_DELAY,
        channel: str = "webrtc",
        ends_sound: float | None = 0.999,
        time_limit: float | None = None,
        help_line: str = "",
    ) -> None:
        self.manager = Manager(blueprint, facts=facts, policy=policy)
        self.now = 0.0
        self.events: list[Event] = []
        self.speeches: list[Heard] = []
        self._judge_with = judge_with
        self._judge_delay = judge_delay
        self._voice_delay = voice_delay
        self._queue: list[tuple[float, int, AnySignal | Callable[[], None]]] = []
        self._order = 0
        self._utterance = 0
        self._playing: list[Heard] = []
        self._ends_sound = ends_sound
        self._voice_stamp: dict[int, int] = {}
        detector = "" if ends_sound is None else DETECTOR
        self.at(0.0, ParticipantJoined(channel, detector, "", time_limit, help_line))  # type: ignore[arg-type]

    # Scripting

    def at(self, when: float, signal: AnySignal | Callable[[], None]) -> None:
        """Something happens at `when` seconds."""
        self._order += 1
        heapq.heappush(self._queue, (when, self._order, signal))

    def say(
        self,
        when: float,
        text: str,
        duration: float | None = None,
        *,
        last_word: bool = True,
        voice: bool = True,
        confidence: float = 0.95,
    ) -> float:
        """The participant says `text` from `when` on; returns when the voice ends."""
        self._utterance += 1
        number = self._utterance
        words = text.split()
        length = duration if duration is not None else max(0.35, SECONDS_PER_WORD * len(words))
        if voice:
            self.at(when + 0.08, SpeechStarted(number))
        for count in range(1, len(words) + 1):
            moment = when + length * count / len(words) + 0.1
            self.at(moment, PartialTranscript(number, " ".join(words[:count]), confidence))
        if voice:
            self.at(when + length + 0.2, SpeechStopped(number, 0.2, max(0.02, length - 0.08)))
        if last_word:
            self.at(when + length + LAST_WORD_DELAY, FinalTranscript(number, text, confidence))
        return when + length

    # Time

    def run(self, until: float) -> "Stage":
        """Let time pass up to `until`."""
        while True:
            deadline = self.manager.deadline
            next_at = self._queue[0][0] if self._queue else None
            candidates = [at for at in (deadline, next_at) if at is not None]
            if not candidates or min(candidates) > until:
                self.now = until
                return self
            if next_at is not None and (deadline is None or next_at <= deadline):
                when, _, signal = heapq.heappop(self._queue)
                self.now = max(self.now, when)
                if callable(signal):
                    signal()
                else:
                    self.feed(signal)
            else:
                assert deadline is not None
                self.now = max(self.now, deadline)
                self.feed(TimePassed())

    def run_until_floor_is(self, state: str, limit: float = 120.0) -> "Stage":
        """Let time pass until the participant sees the floor in this state."""
        end = self.now + limit
        while self.floor != state:
            assert self.now < end, f"floor is {self.floor}, not {state}, at {self.now}"
            self.run(self.now + 0.02)
        return self

    def feed(self, signal: AnySignal) -> None:
        """One signal now."""
        self._log(signal)
        for output in self.manager.handle(signal, self.now):
            self._log(output)
            if isinstance(output, Command):
                self._perform(output)

    def _log(self, body: AnySignal | AnyCommand | AnyFact) -> None:
        self.events.append(Event(len(self.events) + 1, self.now, body))

    # The world

    def _perform(self, command: AnyCommand) -> None:
        match command:
            case Say():
                heard = Heard(command, self.now)
                self.speeches.append(heard)
                self._playing.append(heard)
                if command.kind in ("acknowledgement", "cue") or self._playing[0] is heard:
                    self._play(heard)
            case StopSpeech():
                self._stop(command.speech_id)
            case HoldSpeech():
                heard = self._heard(command.speech_id)
                if heard.began_at is not None:
                    heard.played = min(heard.duration, heard.played + self.now - heard.began_at)
                heard.held = True
                self._stamp(heard)
            case ResumeSpeech():
                heard = self._heard(command.speech_id)
                heard.began_at, heard.held = self.now, False
                self._end_later(heard)
            case Judge():
                judgement = self._judge_with(command.request)
                if judgement is not None:
                    self.at(self.now + self._judge_delay, JudgementArrived(command.judgement_id, judgement))
            case LookForEnd():
                if self._ends_sound is not None:
                    score = TurnEndScored(command.look_id, self._ends_sound, DETECTOR)
                    self.at(self.now + LOOK_DELAY, score)
            case Prepare() if self._voice_delay is not None:
                self.at(self.now + self._voice_delay, SpeechPrepared(command.preparation_id))
            case CancelJudgement():
                pass
            case _:
                pass

    def _heard(self, speech_id: int) -> Heard:
        return next(heard for heard in self.speeches if heard.say.speech_id == speech_id)

    def _stamp(self, heard: Heard) -> int:
        key = heard.say.speech_id
        self._voice_stamp[key] = self._voice_stamp.get(key, 0) + 1
        return self._voice_stamp[key]

    def _play(self, heard: Heard) -> None:
        stamp = self._stamp(heard)

        def begin() -> None:
            if self._voice_stamp[heard.say.speech_id] == stamp:
                heard.began_at = self.now
                self.feed(SpeechBegan(heard.say.speech_id))
                if self._voice_stamp[heard.say.speech_id] == stamp:
                    self._end_later(heard)

        self.at(self.now + VOICE_DELAY, begin)

    def _end_later(self, heard: Heard) -> None:
        stamp = self._stamp(heard)

        def end() -> None:
            if self._voice_stamp[heard.say.speech_id] == stamp:
                self._finish(heard, 1.0, cut=False)

        self.at(self.now + heard.duration - heard.played, end)

    def _stop(self, speech_id: int) -> None:
        heard = self._heard(speech_id)
        if heard not in self._playing:
            return
        token = heard.say.kind in ("acknowledgement", "cue")
        dropped = (
            [heard]
            if token
            else [other for other in self._playing if other.say.kind not in ("acknowledgement", "cue")]
        )
        for other in dropped:
            self._stamp(other)
            self._playing.remove(other)
        sounds = heard.began_at is not None and not heard.held
        played = heard.played + (self.now - (heard.began_at or 0.0) if sounds else 0.0)
        self._playing.insert(0, heard)
        self.at(self.now, lambda: self._finish(heard, min(1.0, played / heard.duration), cut=True))

    def _finish(self, heard: Heard, fraction: float, *, cut: bool) -> None:
        if heard not in self._playing:
            return
        self._stamp(heard)
        self._playing.remove(heard)
        heard.ended_at, heard.fraction = self.now, fraction
        words = heard.say.text.split()
        text = " ".join(words[: round(fraction * len(words))])
        waiting = [one for one in self._playing if one.began_at is None]
        self.feed(SpeechEnded(heard.say.speech_id, text, fraction, cut))
        for other in waiting[:1]:
            if other in self._playing and other.began_at is None:
                self._play(other)

    # Reading

    @property
    def floor(self) -> str:
        """The floor as the page sees it."""
        states = [event.body.state for event in self.events if hasattr(event.body, "state")]
        return states[-1] if states else "waiting"

    def said(self, *kinds: str) -> list[str]:
        """What the agent was made to say, of these kinds or all."""
        return [heard.say.text for heard in self.speeches if not kinds or heard.say.kind in kinds]

    def facts(self, *types: type) -> list[AnyFact]:
        """The facts of these types, in order."""
        return [event.body for event in self.events if isinstance(event.body, types)]  # type: ignore[misc]

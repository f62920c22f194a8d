"""One talk of `cut-ins` on virtual time: the production core between a participant's mouth and ear.

Turns scripts into the signals that an ear and a recogniser would give, and keeps what was heard of the agent,
and when. Decides nothing about turns.
"""

import heapq
import math
from collections.abc import Callable
from functools import partial
from itertools import count
from random import Random
from typing import Final, Literal

from benchmarks.ear_signals import Senses, signals_of
from benchmarks.said import Given, Heard
from benchmarks.talk_judge import TalkJudge
from benchmarks.world import Answer, Gap, Script, Speaker, World
from dialog.blueprint import Blueprint
from dialog.calibration import DETECTORS
from dialog.commands import (
    AnyCommand,
    Attend,
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
from dialog.events import AnyFact
from dialog.manager import Manager
from dialog.policy import Policy
from dialog.script import known_words
from dialog.signals import (
    AnySignal,
    JudgementArrived,
    ParticipantJoined,
    SpeechBegan,
    SpeechEnded,
    SpeechPrepared,
    SpeechStarted,
    TimePassed,
    TurnEndHinted,
    TurnEndScored,
)
from dialog.speaking import ASKING, TOKENS

DETECTOR: Final = "smart-turn-v3"
RECOGNISER: Final = "deepgram-flux"
_HINTS: Final[dict[str | None, int]] = {None: 0, "eager": 1, "over": 2}
LONGEST_ANSWER: Final = 120.0
"""Seconds after which a talk that goes nowhere is given up."""


class Talk:
    """A whole interview; `answers` maps each question's words to what this participant says to it."""

    def __init__(
        self,
        world: World,
        seed: str,
        speaker: Speaker,
        senses: Senses,
        blueprint: Blueprint,
        answers: dict[str, Answer],
        policy: Policy,
        *,
        known: frozenset[str] | None = None,
    ) -> None:
        self.blueprint = blueprint
        self.policy = policy
        self.manager = Manager(blueprint, policy=policy)
        self.now = 0.0
        self.given: list[Given] = []
        self.heard: list[Heard] = []
        self.signals: list[tuple[float, AnySignal]] = []
        self.outputs: list[tuple[float, AnyCommand | AnyFact]] = []
        self.generated: set[int] = set()
        """Numbers of answers that a probe in new words is to follow, by the last judgement of each."""
        self._world = world
        self._seed = seed
        self._rng = Random(f"{seed}/delays")
        self._speaker = speaker
        self._senses = senses
        self._answers = answers
        self._known = known if known is not None else frozenset(known_words(blueprint))
        self._judged_by = TalkJudge(world, seed, self._rng, blueprint, self._known)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._playing: list[Heard] = []
        self._utterances = 0
        self._voice = 0  # the utterance told of last
        self._cancelled: set[int] = set()
        self._sounds_at: dict[str, float] = {}  # first sounds of words that were not synthesised ahead
        self._replies = 0
        self._brief = False  # the ear's patience

    # Time

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Something happens at `when` seconds."""
        heapq.heappush(self._queue, (when, next(self._order), act))

    def run(self) -> "Talk":
        """Hold the talk to its end."""
        detector = DETECTOR if self._senses.looks else ""
        recogniser = RECOGNISER if self._senses.hints else ""
        self._feed(ParticipantJoined("webrtc", detector, recogniser))
        while not self.manager.finished:
            deadline = self.manager.deadline
            planned = self._queue[0][0] if self._queue else None
            if deadline is None and planned is None:
                break
            if planned is not None and (deadline is None or planned <= deadline):
                self.now = max(self.now, planned)
                heapq.heappop(self._queue)[2]()
            else:
                assert deadline is not None
                self.now = max(self.now, deadline)
                self._feed(TimePassed())
            if self.now > LONGEST_ANSWER + (self.given[-1].ended_at if self.given else 0.0):
                break
        return self

    def _feed(self, signal: AnySignal) -> None:
        if isinstance(signal, SpeechStarted):
            self._voice = signal.utterance_id
        self.signals.append((self.now, signal))
        for output in self.manager.handle(signal, self.now):
            self.outputs.append((self.now, output))
            if isinstance(output, Command):
                self._perform(output)

    def _perform(self, command: AnyCommand) -> None:
        match command:
            case Say():
                self._say(command)
            case StopSpeech():
                self._stop(command.speech_id)
            case HoldSpeech():
                self._hold(command.speech_id)
            case ResumeSpeech():
                self._resume(command.speech_id)
            case LookForEnd():
                self._look(command.look_id)
            case Judge():
                self._judge(command)
            case Prepare():
                self._prepare(command)
            case CancelJudgement():
                self._cancelled.add(command.judgement_id)
            case Attend():
                self._brief = command.patience == "closed"

    def _judge(self, command: Judge) -> None:
        number = len(self.given) - 1
        judgement, delay, new = self._judged_by.judge(command.request, number)
        (self.generated.add if new else self.generated.discard)(number)
        arrived = JudgementArrived(command.judgement_id, judgement)

        def arrive() -> None:
            if command.judgement_id not in self._cancelled:
                self._feed(arrived)

        self.at(self.now + delay, arrive)

    def _prepare(self, command: Prepare) -> None:
        """The voice begins on words that may be said next."""
        first_sound = self._world.first_sound
        sounds_at = self.now + (0.0 if command.text in self._known else first_sound.draw(self._rng))
        self._sounds_at[command.text] = sounds_at
        self.at(sounds_at, partial(self._feed, SpeechPrepared(command.preparation_id)))

    def _look(self, look_id: int) -> None:
        gap, began_at = self._gap_at(self.now - self._world.uplink)
        if gap is None:
            return
        deviate = self._speaker.score(gap, self.now - began_at)
        score = TurnEndScored(look_id, DETECTORS[DETECTOR].probability(deviate), DETECTOR)
        self.at(self.now + self._world.look_delay.draw(gap.rng), partial(self._feed, score))

    def _gap_at(self, moment: float) -> tuple[Gap | None, float]:
        """The silence at this moment at the mouth, else the one before it."""
        if not self.given:
            return None, 0.0
        given, found = self.given[-1], None
        for gap in given.script.gaps:
            if given.began_at + gap.began_at <= moment:
                found = gap
        return found, given.began_at

    def _say(self, say: Say) -> None:
        heard = Heard(say, self.now)
        self.heard.append(heard)
        self._playing.append(heard)
        if len(self._playing) == 1:
            self._play(heard)

    def _duration(self, say: Say) -> float:
        if say.kind in TOKENS:
            return self._world.token_duration
        return max(0.4, len(say.text.split()) / self._world.agent_rate / say.speed)

    def _play(self, heard: Heard) -> None:
        heard.plan += 1
        plan, world, ready = heard.plan, self._world, self.now
        if heard.say.text not in self._known:
            if heard.say.text not in self._sounds_at:
                self._sounds_at[heard.say.text] = heard.said_at + world.first_sound.draw(self._rng)
            ready = max(ready, self._sounds_at.pop(heard.say.text))

        def begin() -> None:
            if heard.plan == plan:
                heard.began_at, heard.until = self.now, math.inf
                self._feed(SpeechBegan(heard.say.speech_id))
                self._end_later(heard)

        heard.due_at = ready + world.sending + world.downlink
        self.at(heard.due_at, begin)

    def _silence(self, heard: Heard) -> bool:
        """Fade it out; returns whether any of it is heard: what was sent can't be called back."""
        silent_at = self.now + self._world.fade + self._world.downlink
        if heard.began_at is None and heard.due_at < silent_at:
            heard.began_at = heard.due_at
        if heard.began_at is not None:
            heard.until = min(silent_at, heard.began_at + self._duration(heard.say) - heard.played)
        return heard.began_at is not None

    def _end_later(self, heard: Heard) -> None:
        heard.plan += 1
        plan = heard.plan

        def end() -> None:
            if heard.plan == plan and heard in self._playing:
                heard.until = self.now
                self._over(heard, 1.0, cut=False)
                self._asked(heard.say)

        self.at(self.now + self._duration(heard.say) - heard.played, end)

    def _over(self, heard: Heard, fraction: float, *, cut: bool) -> None:
        self._playing.remove(heard)
        heard.plan += 1
        text = " ".join((words := heard.say.text.split())[: round(fraction * len(words))])
        following = self._playing[0] if self._playing else None
        self._feed(SpeechEnded(heard.say.speech_id, text, fraction, cut))
        if following is not None and following in self._playing and following.began_at is None:
            self._play(following)

    def _fraction(self, heard: Heard, at: float) -> float:
        running = at - heard.began_at if heard.began_at is not None and not heard.held else 0.0
        return min(1.0, (heard.played + running) / self._duration(heard.say))

    def _stop(self, speech_id: int) -> None:
        numbers = [heard.say.speech_id for heard in self._playing]
        if speech_id not in numbers:
            return
        place = numbers.index(speech_id)
        dropped = self._playing[place:]
        silent_at = self.now + self._world.fade + self._world.downlink
        for heard in reversed(dropped):
            if not heard.held:
                self._silence(heard)
            heard.plan += 1
            if heard is not dropped[0]:
                self._playing.remove(heard)
        first = dropped[0]
        fraction = self._fraction(first, silent_at) if first.began_at is not None else 0.0

        def tell() -> None:
            if first in self._playing:
                self._over(first, fraction, cut=True)

        self.at(self.now + self._world.fade, tell)

    def _hold(self, speech_id: int) -> None:
        for heard in self._playing[:1]:
            if heard.say.speech_id == speech_id and not heard.held:
                heard.plan += 1
                begun = heard.began_at
                if self._silence(heard):
                    if begun is None:
                        self.at(heard.due_at, partial(self._feed, SpeechBegan(speech_id)))
                    heard.played += max(0.0, self.now - (heard.began_at or 0.0))
                heard.held = True

    def _resume(self, speech_id: int) -> None:
        for heard in self._playing[:1]:
            if heard.say.speech_id == speech_id and heard.held:
                again = Heard(heard.say, self.now, played=heard.played)
                self._playing[0] = again
                self.heard.append(again)
                self._play(again)

    # The participant

    def _asked(self, say: Say) -> None:
        """A question was heard to its end: it is answered when the participant is through with the last."""
        if say.kind not in ASKING:
            return
        self._replies += 1
        reply, number = self._replies, len(self.given)
        rng = Random(f"{self._seed}/reply/{reply}")
        answer = self._answers.get(say.text)
        if answer is None:
            answer = rng.choice(sorted(self._answers.values(), key=lambda one: one.words))
        still_at_it = self.given[-1].ended_at if self.given else 0.0
        begins = max(self.now, still_at_it) + self._world.reply_delay.draw(rng)

        def begin() -> None:
            if reply == self._replies and not self._playing and not self.manager.finished:
                self._give(self._speaker.script(answer, number))

        self.at(begins, begin)

    def _give(self, script: Script) -> None:
        """Say it, whatever the agent does meanwhile."""
        given = Given(script, self.now)
        self.given.append(given)
        heard = signals_of(script, self._world, self._senses, self._utterances, self._seed, brief=self._brief)
        for when, signal in heard:
            if isinstance(signal, SpeechStarted):
                self._utterances = max(self._utterances, signal.utterance_id)
            self.at(given.began_at + when, partial(self._feed, signal))
        if self._senses.hints:
            self._hint_later(given)

    def _hint_later(self, given: Given) -> None:
        world = self._world
        for gap in given.script.gaps:
            told: Literal["eager", "over"] | None = None
            after = world.hint_first
            while after < min(gap.duration, 6.0):
                hint = self._speaker.hint(self._speaker.score(gap, gap.began_at + after))
                if _HINTS[hint] > _HINTS[told]:
                    told = hint
                    assert hint is not None
                    self._hint(given, gap.began_at + after, hint)
                after += world.hint_every
            if told is not None and not gap.is_end:
                self._hint(given, gap.began_at + gap.duration + 0.1, "resumed")

    def _hint(self, given: Given, after: float, hint: Literal["eager", "over", "resumed"]) -> None:
        when = given.began_at + after + self._world.uplink
        self.at(when, lambda: self._feed(TurnEndHinted(self._voice, hint, 0.7)))

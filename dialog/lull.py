"""The silence after somebody has spoken: when to look, how the evidence stands, and when to ask whether they
are still there."""

from collections.abc import Iterator, Sequence
from typing import Literal

from dialog.claims import claim_amid
from dialog.completeness import content_words, ends_in_filler
from dialog.endpointing import Features, Sources, due_at, threshold, weigh
from dialog.events import EndDoubted
from dialog.floor import Floor
from dialog.lexicon import lower_words
from dialog.patience import Patience
from dialog.policy import Profile
from dialog.rights import asks_for_time, is_backchannel, spoken_right
from dialog.signals import RecogniserReplaced, TurnEndHinted, TurnEndScored
from dialog.steps import AnswerSeemsOver, CheckInDue, DraftDue, Interjected, Misheard, Step, Unanswered
from dialog.timers import Timers
from dialog.turn import Turn
from dialog.turn_detection import Hint, TurnDetection

TIMERS = ("stage", "look", "cue", "check_in")
_GOING_ON = 4
"""Words of content after a request for time that are no request any more."""
Deafness = Literal["link", "microphone"]
"""Why nothing is heard: no packets come, or the microphone is off."""


def _spoken(floor: Floor) -> Iterator[tuple[int, Sequence[float]]]:
    """What earlier sessions have heard: the words of each answer, and its pauses."""
    for answer in floor.out.state.answers:
        if not answer.typed:
            yield len(answer.text.split()), answer.pauses


def _only_listens(words: str) -> bool:
    """Whether it is a mere sign of listening. A "no" is none: who says it has nothing to tell, and would be
    asked the same again and again."""
    return is_backchannel(words) and "no" not in lower_words(words)


def _is_request(turn: Turn) -> bool:
    """Whether the newest words claim a right, or say that the answer is over: nothing else is waited for."""
    right = spoken_right(turn.latest)
    if right in ("done", "resume") or (right is not None and turn.latest == turn.text):
        return True
    return claim_amid(turn.parts) is not None


class Lull:
    """The clocks of one participant's silences. Sets timers; decides nothing but what the evidence says."""

    def __init__(self, floor: Floor, timers: Timers) -> None:
        self._floor = floor
        self._timers = timers
        self.detection = TurnDetection(floor.out)
        self.patience = Patience(floor.policy, _spoken(floor))
        self.voiceless = False
        """Nobody listens by ear: no check-ins and no cues (a text talk)."""
        self._deaf: set[Deafness] = set()
        self._silent_check_ins = 0
        self._thinking_until = 0.0
        self._thinking_since: float | None = None
        self._doubted: float | None = None
        """How the evidence stood, but for the silence, when it last was not enough in this lull."""

    @property
    def profile(self) -> Profile:
        """How patiently this question is listened to, with the senses that there are."""
        asked, policy = self._floor.profile, self._floor.policy
        return asked if self.detection.is_aided else policy.unaided_profiles.get(asked.name, asked)

    @property
    def frozen(self) -> bool:
        """Silence says nothing: the link is dead, or the microphone off, or both."""
        return bool(self._deaf)

    def freeze(self, why: Deafness, *, answered: bool = False) -> None:
        """Silence says nothing any more, but of an answer that was there before it: that may still end."""
        self._deaf.add(why)
        self._timers.cancel("cue", "check_in", "stalled", "noise", "noise_pause")
        if not answered:
            self._timers.cancel("stage", "look")

    def thaw(self, why: Deafness, turn: Turn | None, now: float) -> None:
        """Silence means something again from now on, unless there is another reason why it doesn't."""
        self._deaf.discard(why)
        if not self.frozen:
            self._wake(turn, now)

    def _wake(self, turn: Turn | None, now: float) -> None:
        if self._floor.state == "lull" and turn is not None:
            turn.ended_at = now
            self.enter(turn)
        elif self._floor.state == "hearing":
            self._timers.set("stalled", now + self._floor.policy.stalled_words_delay)
        elif self._floor.state in ("open", "stimulus"):
            self.await_first_word(now)

    def listen(self, by_ear: bool, turn: Turn | None, now: float) -> None:
        """Somebody listens by ear from now on, or reads: only a listener's silence is met with words."""
        if by_ear and self.voiceless and not self.frozen:
            self.voiceless = False
            self._wake(turn, now)
        elif not by_ear:  # nor does a microphone matter that nobody uses
            self._deaf.discard("microphone")
            self._timers.cancel("cue", "check_in", "muted_notice", "muted_pause")
        self.voiceless = not by_ear

    def asked(self) -> None:
        """A new question: nobody has been asked yet whether they are there."""
        self._silent_check_ins = 0

    def enter(self, turn: Turn) -> None:
        """The voice has stopped; `turn.ended_at` says when."""
        profile, policy, ended_at = self.profile, self._floor.policy, turn.ended_at
        first_look = max(ended_at + self._first_look(turn), self._thinking_until)
        self._timers.set("stage", first_look)
        self.detection.begin_lull()
        self._doubted = None
        if self.detection.detector and profile.semantics and turn.utterances:
            self._timers.set("look", first_look - policy.look_lead)
        if not self.voiceless and profile.cue_delay is not None and turn.check_ins == 0:
            self._timers.set("cue", max(ended_at + profile.cue_delay, self._thinking_until))
        self.await_answer(turn.check_ins, ended_at)

    def _first_look(self, turn: Turn) -> float:
        """The delay of stage one, doubled after a filler; of stage two for profiles that have no other, and
        for words that may not be all that was said."""
        profile = self.profile
        if profile.stage_one_delay is None or turn.ends_unheard:
            return profile.stage_two_delay
        if ends_in_filler(turn.text):
            return min(2 * profile.stage_one_delay, profile.stage_two_delay)
        return profile.stage_one_delay

    def await_answer(self, check_ins: int, since: float) -> None:
        """Set the clock of the next check-in, `check_ins` having been said already."""
        if self.voiceless or self.frozen:
            return
        delays = self._floor.profile.check_in_delays
        first = delays[0]
        delay = (
            first if check_ins == 0 or check_ins >= len(delays) else delays[check_ins] - delays[check_ins - 1]
        )
        self._timers.set("check_in", max(since + delay, self._thinking_until))

    def await_first_word(self, since: float) -> None:
        """OPEN has a clock of its own."""
        self.await_answer(self._silent_check_ins, since)

    def show(self, reading_time: float, now: float) -> None:
        """A stimulus is being looked at: its own clock runs before the question's does."""
        if self._floor.state == "open" and reading_time > 0:
            self._floor.move("show")
            self._timers.set("check_in", now + 2 * reading_time)

    def check_in_due(self, turn: Turn | None) -> list[Step]:
        """The clock of the check-ins has run out once more: check in, or stop waiting."""
        limit = len(self._floor.profile.check_in_delays)
        if turn is not None and turn.text:
            if turn.check_ins >= limit:
                return [AnswerSeemsOver("check_in")]
            turn.check_ins += 1
            return [CheckInDue(turn.check_ins - 1, answering=True)]
        if self._silent_check_ins >= limit:
            return [Unanswered()]
        self._silent_check_ins += 1
        return [CheckInDue(self._silent_check_ins - 1, answering=False)]

    def give_time(self, turn: Turn, now: float) -> None:
        """ "Let me think" buys time at once: a reflective profile, and no cue or check-in for a while."""
        if not asks_for_time(turn.latest):
            if now < self._thinking_until and content_words(turn.latest) >= _GOING_ON:
                self._thinking_until = now  # who goes on has thought
            return
        policy = self._floor.policy
        if self._thinking_since is None:
            self._thinking_since = now
        limit = self._thinking_since + policy.thinking_limit
        self._thinking_until = min(now + policy.thinking_time, limit)
        self._floor.profile = policy.profiles["reflect"]

    def answer_over(self) -> None:
        """Time that was asked for was for that answer alone."""
        self._thinking_since = None
        self._thinking_until = 0.0

    def look(self, turn: Turn, now: float) -> list[Step]:
        """Weigh the evidence at this moment."""
        profile, policy = self.profile, self._floor.policy
        heard_until = self._timers.heard_until(now)
        silence = heard_until - turn.ended_at
        first_look = self._first_look(turn)
        if now + 1e-6 < self._thinking_until:
            return []
        if silence + 1e-6 < first_look:  # the words have changed, and may be due sooner or later than before
            self._timers.set("stage", turn.ended_at + first_look)
            return []
        if not turn.text:
            return self._wordless(turn, silence, now)
        if not profile.one_word_answers and _only_listens(turn.text):
            if turn.pending:
                self._timers.set("stage", now + 0.25)
                return []
            return [Interjected(turn)]
        features = self._weigh(turn, silence)
        if not turn.pending and _is_request(turn):
            return [AnswerSeemsOver("one", features)]
        stage_two = silence + 1e-6 >= profile.stage_two_delay
        # while a last word is owed, the words so far are no strong evidence, but for a closed question's
        waits = not stage_two and turn.pending and profile.name != "closed"
        # and while the model looks, silence and words alone are none
        looks = not stage_two and self.detection.is_awaited(now, policy.look_timeout)
        if not waits and not looks and features.score + 1e-9 >= threshold(silence, profile):
            return [AnswerSeemsOver("two" if stage_two else "one", features)]
        self._doubt(turn, features)
        # silence is evidence too: look again when it will be enough
        due = max(due_at(features, profile, policy.fusion), first_look)
        if due <= silence + 1e-3:
            due = (
                min(silence + policy.look_timeout, profile.stage_two_delay)
                if looks
                else profile.stage_two_delay
            )
        self._timers.set("stage", heard_until + max(due - silence, 0.02))
        return []

    def _weigh(self, turn: Turn, silence: float) -> Features:
        detection = self.detection
        sources = Sources(
            detection.scored_by,
            detection.probability,
            detection.recogniser,
            detection.hint,
            self._floor.question,
        )
        final = not turn.pending
        return weigh(turn.text, silence, final, self.profile, self._floor.policy.fusion, sources)

    def _doubt(self, turn: Turn, features: Features) -> None:
        """Put on record that the evidence was not enough, once for each way that it stood."""
        if features.standing != self._doubted:
            self._doubted = features.standing
            self._floor.out.append(EndDoubted(turn.turn_id, features.as_log(self.profile)))

    def ask_detector(self, turn: Turn | None, now: float) -> None:
        """Have the audio model look, so that its answer is there at stage one."""
        if turn is not None and turn.utterances and self._floor.state == "lull":
            self.detection.look(turn.utterances[-1], now)

    def told(
        self, signal: TurnEndScored | TurnEndHinted | RecogniserReplaced, turn: Turn | None, now: float
    ) -> list[Step]:
        """Somebody else's word on the end of the turn, or who gives it."""
        match signal:
            case TurnEndScored():
                return self._scored(signal.look_id, signal.probability, signal.detector, turn, now)
            case TurnEndHinted():
                return self._hinted(signal.utterance_id, signal.hint, signal.confidence, turn, now)
            case RecogniserReplaced():
                self.detection.hear_by(signal.recogniser)
                return []

    def _scored(
        self, look_id: int, probability: float | None, detector: str, turn: Turn | None, now: float
    ) -> list[Step]:
        """TurnEndScored."""
        fresh = self.detection.scored(look_id, probability, detector)
        if not fresh or turn is None or self._floor.state != "lull":
            return []
        return self.look(turn, now)

    def _hinted(
        self, utterance_id: int, hint: Hint, confidence: float, turn: Turn | None, now: float
    ) -> list[Step]:
        """TurnEndHinted, about an utterance of the open answer."""
        if turn is None or not turn.owns(utterance_id):
            return []
        self.detection.hinted(hint, confidence)
        steps = self.look(turn, now) if self._floor.state == "lull" else []
        if not steps and hint != "resumed" and turn.text and self._floor.state in ("lull", "hearing"):
            return [DraftDue()]  # whose words rarely change any more
        return steps

    def _wordless(self, turn: Turn, silence: float, now: float) -> list[Step]:
        """A voice was heard, but no word: wait for the recogniser, then say so, or let a cough pass."""
        patience = self.profile.stage_two_delay + self._floor.policy.final_words_timeout
        if turn.pending and silence < patience:
            self._timers.set("stage", now + 0.25)
            return []
        return [Misheard() if turn.voiced >= self._floor.policy.misheard_voice else Interjected(turn)]

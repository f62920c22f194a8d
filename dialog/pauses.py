"""Pausing, and taking a talk up again where it was broken off: silence never ends an interview. Knows not why
somebody pauses."""

from typing import Final

from dialog import script
from dialog.events import InterviewPaused, InterviewResumed, PauseReason, WordsHeard
from dialog.interview import Interview
from dialog.lexicon import lower_words
from dialog.outbox import Outbox
from dialog.prompter import Prompter
from dialog.rights import is_backchannel, spoken_right
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking
from dialog.yes_or_no import YesOrNo

_REACTION: Final = 1.2
"""Seconds for which somebody who speaks up can't know yet that the talk is paused."""
_FOR_SILENCE: Final = frozenset[PauseReason](("silence", "muted", "noise"))
"""Reasons that a voice disproves."""
_CIVIL: Final = frozenset(
    lower_words(
        "thank thanks you very much okay ok alright right all fine good sure sorry hello hi bye later see "
        "so no"
    )
)
"""Words that who is left alone says to that, and no answer."""
_STAYING: Final = _CIVIL.union(
    lower_words(
        "i i'm i've was were am are is just still here there thinking wait hold on stop don't do not pause "
        "please yet one a moment second minute me give let think yes yeah hey but it"
    )
)
"""Words of those who only don't want to be left alone."""


class Pauses:
    """One session's. Every method takes `now` in session seconds."""

    def __init__(
        self, interview: Interview, out: Outbox, turns: TurnTaking, prompter: Prompter, yes_or_no: YesOrNo
    ) -> None:
        self._interview = interview
        self._out = out
        self._turns = turns
        self._prompter = prompter
        self._yes_or_no = yes_or_no
        self.pausing: PauseReason | None = None
        """Why, while that is being said: the pause sets in when it has been heard."""
        self._said_over: tuple[int, ...] = ()
        """Utterances that were begun over the word of a pause for silence, and whose words may be owed."""
        self._newest = 0
        """The latest utterance that was begun before the pause set in."""
        self._open_until = 0.0
        self._undone_at: str | None = None
        """The question at which a voice without words has undone a pause; a dog barks more than once."""

    def pause(self, reason: PauseReason, words: str, now: float, *, first: str | None = None) -> None:
        """Pause, after saying so, and `first` ahead of that."""
        if self._turns.state == "paused" or self.pausing is not None:
            return
        if self._interview.closing is not None:
            return  # there is nothing left to come back to
        self.keep_words()
        self._turns.overlap.last_answer.settle()
        self._turns.break_off()
        self._turns.answering.turn = None
        self._yes_or_no.abandon()
        self._out.append(InterviewPaused(reason, now))
        self.pausing = reason
        if first is not None:
            self._prompter.say("notice", first, now)
        self._prompter.say("notice", words, now)

    def pause_said(self, now: float) -> None:
        """The words about the pause have been heard."""
        beside = self._turns.overlap.beside
        told = self.pausing in _FOR_SILENCE and beside is not None
        self._said_over = tuple(beside.utterances) if told and beside is not None else ()
        self._newest = self._turns.newest_utterance
        self._open_until = now + _REACTION if self.pausing in _FOR_SILENCE else now
        self.pausing = None
        self._turns.suspend("pause")

    def answered(self, beside: Turn | None, now: float) -> bool:
        """Whether somebody answers over the word that silence brings a pause about: they are there, and go
        on."""
        if self.pausing not in _FOR_SILENCE or beside is None:
            return False
        key = self._interview.node.key
        speaking = self.pausing == "silence" and self._turns.answering.voice is not None
        if not _answers(beside.text):
            if not speaking or self._undone_at == key:
                return False
            self._undone_at = key
        self._turns.expect(key, self._interview.profile)
        self.wake(now)
        if beside.text and not speaking and _stays(beside.text):
            self._out.append(beside.remark("resume"))
            self._turns.stop_speaking()
            self._turns.hand_over(now)
        else:
            self._turns.interrupted(now)
        return True

    def resumed_by(self, utterance_id: int, text: str) -> bool:
        """Whether last words that come while the talk is paused ask that it go on. What was heard before the
        pause set in asks nothing."""
        over = utterance_id in self._said_over
        if spoken_right(text) == "resume":
            return over or utterance_id > self._newest
        return over and _answers(text) and _stays(text)

    def answered_late(self, utterance_id: int, text: str, now: float) -> None:
        """Words have come while the talk is paused: an answer that was begun before that could be heard ends
        it. The words are still to be taken in."""
        if utterance_id in self._said_over and _answers(text):
            self.wake(now)

    def spoke(self, utterance_id: int, now: float) -> None:
        """A voice sets in; right behind the word of a pause it was raised before that was understood."""
        if self._turns.state == "paused" and now <= self._open_until:
            self._said_over = (*self._said_over, utterance_id)

    def resume(self, now: float) -> None:
        """Go on from a pause, with one sentence about where we were."""
        if self.pausing is not None:
            self.pause_said(now)
        if self._turns.state != "paused":
            return
        self._out.append(InterviewResumed(now))
        self.recap(now)

    def wake(self, now: float) -> None:
        """Whoever answers or wants something is back from the pause, or does without it."""
        paused = self._turns.state == "paused"
        if not paused and self.pausing is None:
            return
        self.pausing = None
        self._out.append(InterviewResumed(now))
        if paused:
            self._turns.floor.move("return")
            self._turns.expect(self._interview.node.key, self._interview.profile)
            self._turns.lull.await_first_word(now)
        self._yes_or_no.take_up()
        self.take_up_answer(now)

    def end_for_somebody_else(self, now: float) -> None:
        """An operator talks with the participant, whether the talk was paused or about to be."""
        self.pausing = None
        if self._out.state.paused:
            self._out.append(InterviewResumed(now))

    def keep_words(self) -> None:
        """Put on record what no last word has come for yet: the answer is gone on with later."""
        turn = self._turns.turn
        if turn is not None and (unfinished := turn.unfinished()):
            self._out.append(WordsHeard(turn.turn_id, turn.node_key, unfinished, turn.confidence))

    def recap(self, now: float) -> None:
        """Take a broken talk up again in one sentence, mid-probe and mid-answer."""
        state = self._out.state
        node = self._interview.node
        if state.stopped:  # it was killed, or lost, in its last words
            return self._interview.close("stopped", script.STOPPED, now)
        self._turns.expect(node.key, self._interview.profile)
        if self._interview.unconfirmed:  # begun anew: what was said to it last wants its question with it
            self.take_up_answer(now)
            self._turns.answering.set_aside("withdrawn")
            self._prompter.say("notice", script.recap(None, ""), now)
            return self._interview.read_back(now)
        if state.asked is None and not state.kept_words:
            # a mere greeting: what is said over it answers nothing, and silences nothing that waits behind it
            self._prompter.say("notice", script.recap(None, ""), now)
            self._interview.go_on(now)
            return
        self.take_up_answer(now)
        asked = state.asked.text if state.asked is not None else None
        self._prompter.say("recap", script.recap(asked, state.kept_words), now, node_key=node.key)

    def take_up_answer(self, now: float) -> None:
        """Open the answer again that was broken off."""
        state = self._out.state
        if state.kept_words:
            self._turns.answering.resume(state.kept_turn, state.kept_words, state.kept_revision, now)


def _answers(text: str) -> bool:
    """Whether words are more than a civil reply to being left alone."""
    return not is_backchannel(text) and not _CIVIL.issuperset(lower_words(text))


def _stays(text: str) -> bool:
    """Whether somebody says that they are there, and nothing else."""
    return _STAYING.issuperset(lower_words(text))

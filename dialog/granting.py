"""What a participant claims among what is said: heard, put on record as no answer, and granted. Knows no
question; what a right does is a moment's matter."""

import re
from collections.abc import Callable
from typing import Final

from msgspec.structs import replace

from dialog.claims import Claim, claim_amid, says_anything
from dialog.events import AnswerStruck, WordsHeard
from dialog.forms import clear_answer
from dialog.hearing import AGENTS
from dialog.interview import Interview
from dialog.judgement import Right, Wish
from dialog.keeping import wants_nothing_erased
from dialog.lexicon import lower_words, plain
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.rights import is_backchannel, spoken_right
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking

ERASING: Final = frozenset(("strike", "erase_all", "withdraw"))
"""Claims after which nothing is to be kept of why they were made."""
_WONDERS: Final = re.compile(
    r"(?:(?:so|and|but|ok|okay|oh|well|um|uh) )*"
    r"(?:will|do|did|does|is|are|was|(?:can|could|may|should) i|when|how|what)\b"
)
"""How a question about one's data begins, and no wish."""
_ANSWERS: Final = frozenset(("yes", "no", "nope"))


class Granting:
    """One session's. `forget` drops whatever is being judged of the present answer."""

    def __init__(
        self,
        interview: Interview,
        moments: Moments,
        turns: TurnTaking,
        out: Outbox,
        forget: Callable[[], None],
    ) -> None:
        self._interview = interview
        self._moments = moments
        self._turns = turns
        self._out = out
        self._forget = forget
        self._kept_at: str | None = None
        """The question at which somebody wanted nothing erased; said there once more, it is the answer."""

    def claimed(self, turn: Turn, now: float) -> bool:
        """Whether an answer is a request, or ends in one; it is granted then."""
        if self._chooses(turn):
            return False
        if (behind := self._behind_yes_or_no(turn)) is not None:
            self._grant_amid(turn, behind, now)
            return True
        right = spoken_right(turn.text)
        if right is not None and right != "done":
            self.grant(turn, right, now)
            return True
        if turn.node_key != self._kept_at and wants_nothing_erased(turn.text):
            self._kept_at = turn.node_key
            self._forget()
            self.remark(turn, "keep")
            self._turns.dismiss(now)
            self._moments.erase_nothing(now)
            return True
        claim = claim_amid(turn.parts)
        if claim is None:
            return False
        if says_anything(turn.text.removesuffix(claim.words)):
            self._grant_amid(turn, claim, now)
        else:
            self.grant(turn, claim.right, now, explained=True)
        return True

    def _behind_yes_or_no(self, turn: Turn) -> Claim | None:
        """What is claimed in a breath of its own behind the yes or no that was asked for."""
        if len(turn.parts) < 2 or self._turns.floor.profile.name != "closed":
            return None
        right = spoken_right(turn.parts[-1])
        if right is None or right in ("done", "resume") or clear_answer(" ".join(turn.parts[:-1])) is None:
            return None
        return Claim(right, turn.parts[-1])

    def _chooses(self, turn: Turn) -> bool:
        """Whether the words are one of the options that were asked for, whatever else they might claim."""
        field = self._interview.field
        return field is not None and plain(turn.text) in {plain(option) for option in field.options or ()}

    def grant(self, turn: Turn, right: Right | Wish, now: float, *, explained: bool = False) -> None:
        """Grant what a whole turn claims; `explained` if it says more than that."""
        self._forget()
        self.remark(turn, right)
        if right in ERASING and explained:  # the reason for it is nobody's business either
            self._turns.hearing.attribution.strike(turn.utterances)
            self._out.append(AnswerStruck(turn.turn_id))
        self._turns.dismiss(now)
        self._moments.claim(right, now, turn.text)

    def _grant_amid(self, turn: Turn, claim: Claim, now: float) -> None:
        """Grant what was claimed in the middle of an answer: as with a button, the words before it stay."""
        self._forget()
        utterance_id, left = turn.withdraw(claim.words)
        if utterance_id is not None:
            self._turns.hearing.attribution.settle(utterance_id)
        if left:
            self._out.append(WordsHeard(turn.turn_id, turn.node_key, left, turn.confidence))
        self._out.append(turn.remark_amid(claim.right, claim.words))
        turn.spoken_within = True
        self._moments.claim(claim.right, now, claim.words)

    def set_noises_aside(self, turn: Turn) -> None:
        """An "mm-hm" over what followed an answer doesn't belong to it, though that was reopened for it."""
        while turn.reopened and len(turn.parts) > 1 and _is_noise(turn.parts[-1]):
            noise = turn.parts[-1]
            utterance_id, _ = turn.withdraw(noise)
            if utterance_id is not None:
                self._turns.hearing.attribution.settle(utterance_id)
            self._out.append(turn.remark_amid("backchannel", noise))

    def struck_over_good_bye(self, now: float) -> bool:
        """Whether somebody wants something erased who speaks over our last words; it is granted then."""
        beside = self._turns.overlap.beside
        if beside is None or not beside.text:
            return False
        claim = claim_amid(beside.parts)
        right = spoken_right(beside.text) or (claim.right if claim is not None else None)
        if right not in ERASING or (right != "strike" and _WONDERS.match(plain(beside.text))):
            return False  # "will you delete my data": nothing is erased for good on a question
        self._remark_beside(beside, right)
        self._turns.overlap.reset()
        self._moments.claim(right, now)
        return True

    def remark(self, turn: Turn, meaning: str) -> None:
        """Put words that are no answer on record."""
        if turn.text:
            self._out.append(turn.remark(meaning))

    def _remark_beside(self, turn: Turn, meaning: str) -> None:
        """Put words on record that were said over the agent; why somebody has an answer erased goes with
        it."""
        if meaning not in ERASING or spoken_right(turn.text) is not None:
            return self.remark(turn, meaning)
        turn_id = self._turns.answering.draw_turn_id()
        self._turns.hearing.attribution.strike(turn.utterances)
        self._out.append(replace(turn.remark(meaning), turn_id=turn_id, utterances=tuple(turn.utterances)))
        self._out.append(AnswerStruck(turn_id))

    def interjected(self, turn: Turn, now: float) -> None:
        """Words that advance nothing, unless they claim a right; before the good-bye, that to stop or to have
        something erased alone."""
        claim = claim_amid(turn.parts)
        right = spoken_right(turn.text) or (claim.right if claim is not None else None)
        over_speech = self._turns.state in AGENTS
        pauses = self._moments.pauses
        if right is None and pauses.answered(turn, now):
            return
        self._remark_beside(turn, right or ("backchannel" if is_backchannel(turn.text) else "interjection"))
        if not over_speech:
            self._turns.dismiss(now)
        none_left = self._interview.closing is not None and right not in ("stop", *ERASING)
        none_left |= right == "pause" and pauses.pausing is not None  # of which we are just telling
        if right == "resume" and pauses.pausing is not None:
            self._turns.stop_speaking()
            pauses.resume(now)
        elif right is not None and right not in ("done", "resume") and not none_left:
            self._moments.claim(right, now, turn.text)
        elif over_speech:
            self._turns.overlap.take_up(now)


def _is_noise(words: str) -> bool:
    """Whether somebody only listens aloud; a yes or no may be another answer."""
    return is_backchannel(words) and _ANSWERS.isdisjoint(lower_words(words))

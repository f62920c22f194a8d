"""Rights that somebody may have claimed: by words that are said of one's life as well, or by sounds that were
heard as other words. They are asked about; what was said waits meanwhile, and is an answer unless it was a
claim."""

from collections.abc import Callable
from typing import Final, cast

from dialog import script
from dialog.claims import Claim, likely_claim, says_anything
from dialog.events import WordsHeard
from dialog.forms import parse_field
from dialog.interview import Interview
from dialog.judgement import Judgement, Right
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.prompter import Prompter
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking

WHAT: Final = "right"
"""What is to be confirmed, as the moments know it."""
MEANING: Final = "unsure"
"""What such words mean on the record until that is known."""


class LikelyClaims:
    """One session's. `forget` drops whatever is being judged of the present answer."""

    def __init__(
        self,
        interview: Interview,
        moments: Moments,
        turns: TurnTaking,
        prompter: Prompter,
        out: Outbox,
        forget: Callable[[], None],
    ) -> None:
        self._interview = interview
        self._moments = moments
        self._turns = turns
        self._prompter = prompter
        self._out = out
        self._forget = forget
        self._doubt: tuple[Turn, Claim] | None = None

    def asked(self, turn: Turn, now: float) -> bool:
        """Ask whether a right was claimed at the end of an answer, if it may have been."""
        claim = None if turn.claims_nothing or turn.pending else self._claim_in(turn)
        if claim is None or claim.right not in script.IS_IT_SO:
            return False
        self._forget()
        self._out.append(turn.remark(MEANING))
        self._turns.answering.turn = None
        self._doubt = turn, claim
        self._moments.yes_or_no.ask(WHAT, script.IS_IT_SO[claim.right], now)
        return True

    def _claim_in(self, turn: Turn) -> Claim | None:
        field = self._interview.field
        if field is not None and parse_field(field, turn.text) is not None:
            return None
        found = likely_claim(turn.parts)
        if found is None and turn.likely_claim:
            found = Claim(cast(Right, turn.likely_claim), turn.latest)
        return found

    def answered(self, answer: str | None, now: float) -> bool:
        """Take what was said to the question: the claim is granted, or False where the turn that is open now
        is an answer: the one that was asked about, after a no, or what was said instead of a yes or no."""
        if self._doubt is None:
            return True
        (turn, claim), self._doubt = self._doubt, None
        self._moments.yes_or_no.await_nothing()
        if answer is None:
            return self._is_more(turn)
        self._turns.answering.set_aside("confirmation")
        if answer == "no":
            self._put_back(turn)
            turn.claims_nothing = True
            return False
        if says_anything(turn.text.removesuffix(claim.words)):
            turn.withdraw(claim.words)
            self._out.append(turn.remark_amid(claim.right, claim.words))
            self._put_back(turn)
        if claim.right == "stop":
            self._moments.stop_for_good(now)
        else:
            self._moments.claim(claim.right, now)
        return True

    def unanswered(self, now: float) -> bool:
        """Nobody has answered that: what was said was an answer, as likely as not."""
        if self._moments.yes_or_no.awaited != WHAT:
            return False
        self.answered("no", now)
        self._prompter.say("notice", script.GO_ON_THEN, now)
        return True

    def _is_more(self, turn: Turn) -> bool:
        """What was said before is an answer, and so is what was said instead of a yes or no."""
        more, interview = self._turns.turn, self._interview
        if interview.field is None and turn.substantial and interview.node.type == "question":
            self._put_back(turn)
            interview.commit_only(self._turns.commit(), Judgement("sufficient", reasons=(MEANING,)))
        self._turns.answering.turn = more
        return False

    def _put_back(self, turn: Turn) -> None:
        """Open the answer again, whose silence was weighed before."""
        turn.spoken_within = True
        self._turns.answering.turn = turn
        self._out.append(WordsHeard(turn.turn_id, turn.node_key, turn.text, turn.confidence))

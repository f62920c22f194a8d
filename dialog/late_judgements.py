"""What a judge finds in an answer that was gone on from already: distress is met, a wish granted and a
question back answered as soon as nobody is speaking but us. All else of it is let go: the answer stays as it
was taken."""

from collections.abc import Callable
from typing import Final

from dialog.assessment import Late
from dialog.floor_states import FloorState
from dialog.hard_topics import HardTopics
from dialog.interview import Interview
from dialog.judgement import UNKNOWN_GRAVITY, Distress, Judgement
from dialog.moments import Moments
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking

_OURS: Final[frozenset[FloorState]] = frozenset(("speaking", "open", "stimulus"))
"""States of the floor in which nobody is cut off."""
_GONE: Final[frozenset[FloorState]] = frozenset(("paused", "away"))
"""Those in which there is nobody to say it to yet."""
_OF_DISTRESS: Final = frozenset(("hard_topic", "other_topic"))
_GIVE_WAY: Final = frozenset((None, "go_on", "section")) | _OF_DISTRESS
"""Questions of our own that may be broken off for it."""
_NO_WISH: Final = frozenset((None, "done", "resume"))
"""Rights for which going on is what was wanted."""


class LateJudgements:
    """One session's. `now` is in session seconds."""

    def __init__(
        self,
        hard_topics: HardTopics,
        interview: Interview,
        moments: Moments,
        turns: TurnTaking,
        take_back: Callable[[Turn, Judgement, float], None],
    ) -> None:
        self._hard_topics = hard_topics
        self._interview = interview
        self._moments = moments
        self._turns = turns
        self._take_back = take_back
        self._distress: Distress | None = None
        self._no_answer: Judgement | None = None
        """That of the latest answer, which was none."""
        self._answered: Turn | None = None
        """The latest answer on record."""

    def on_record(self, turn: Turn | None) -> None:
        """This is the latest answer now. Who has gone on answering has no wish of before any more."""
        self._answered, self._no_answer = turn, None

    def found(self, late: Late, judgement: Judgement) -> None:
        """A judgement has come too late: keep what must be met all the same."""
        match judgement.verdict:
            case "distress":
                level = judgement.distress or UNKNOWN_GRAVITY
                if self._hard_topics.noticed_late(late.turn_id, late.node_key, level):
                    self._distress = level
            case "asks_back" | "wants_right" if self._is_of_the_latest(late):
                if judgement.verdict == "asks_back" or judgement.right not in _NO_WISH:
                    self._no_answer = judgement
            case _:
                pass

    def meet(self, now: float) -> None:
        """Meet what was found, if nobody would be cut off."""
        if self._distress is None and self._no_answer is None:
            return
        state, closing = self._turns.state, self._interview.closing is not None
        if state in _GONE and self._distress == "severe":
            self._distress = "moderate"  # they have stopped by themselves, and are asked when they are back
        elif state in ("operator", "closed"):  # the operator was told, and sees to it
            self._distress = self._no_answer = None
        elif state not in _GONE and (self._moments.pauses.pausing is not None or closing):
            level, self._distress, self._no_answer = self._distress, None, None
            if level is not None:
                self._hard_topics.tell_help(level, now)
        elif state in _OURS and self._moments.yes_or_no.awaited in _GIVE_WAY:
            self._break_in(now)

    def _break_in(self, now: float) -> None:
        level, no_answer = self._distress, self._no_answer
        self._distress = self._no_answer = None
        if level is not None and level != "severe" and self._moments.yes_or_no.awaited in _OF_DISTRESS:
            return  # the same is being asked of another answer
        self._turns.overlap.last_answer.settle()
        if level is not None:
            self._hard_topics.met_late(level, now)
        elif no_answer is not None and self._answered is not None and self._turns.turn is None:
            self._take_back(self._answered, no_answer, now)  # else the next answer has been begun on

    def _is_of_the_latest(self, late: Late) -> bool:
        return self._answered is not None and self._answered.turn_id == late.turn_id

"""What a judge finds in an answer that was gone on from already: distress, or the wish to stop or pause, is
met as soon as nobody is speaking but us. All else of it is let go: the answer stays as it was taken."""

from typing import Final

from dialog.assessment import Late
from dialog.floor_states import FloorState
from dialog.hard_topics import HardTopics
from dialog.interview import Interview
from dialog.judgement import UNKNOWN_GRAVITY, Distress, Judgement, Right
from dialog.moments import Moments
from dialog.turn_taking import TurnTaking

_OURS: Final[frozenset[FloorState]] = frozenset(("speaking", "open", "stimulus"))
"""States of the floor in which nobody is cut off."""
_DEAF: Final[frozenset[FloorState]] = frozenset(("paused", "operator", "closed"))
"""Those in which there is nobody to say it to, or somebody else who sees to it."""
_OF_DISTRESS: Final = frozenset(("hard_topic", "other_topic"))
_GIVE_WAY: Final = frozenset((None, "go_on", "section")) | _OF_DISTRESS
"""Questions of our own that may be broken off for it."""
_HONOURED: Final[frozenset[Right]] = frozenset(("stop", "pause"))
"""Rights that mean the same wherever the talk has come to. Neither takes anything from the record."""


class LateJudgements:
    """One session's. `now` is in session seconds."""

    def __init__(
        self, hard_topics: HardTopics, interview: Interview, moments: Moments, turns: TurnTaking
    ) -> None:
        self._hard_topics = hard_topics
        self._interview = interview
        self._moments = moments
        self._turns = turns
        self._distress: Distress | None = None
        self._right: Right | None = None

    def found(self, late: Late, judgement: Judgement) -> None:
        """A judgement has come too late: keep what must be met all the same."""
        match judgement.verdict:
            case "distress":
                level = judgement.distress or UNKNOWN_GRAVITY
                if self._hard_topics.noticed_late(late.turn_id, late.node_key, level):
                    self._distress = level
            case "wants_right" if judgement.right in _HONOURED:
                self._right = judgement.right
            case _:
                pass

    def meet(self, now: float) -> None:
        """Meet what was found, if nobody would be cut off."""
        if self._distress is None and self._right is None:
            return
        state, closing = self._turns.state, self._interview.closing is not None
        if state in _DEAF or self._moments.pauses.pausing is not None or closing:
            level, self._distress, self._right = self._distress, None, None
            if level is not None and state not in _DEAF:
                self._hard_topics.tell_help(level, now)
        elif state in _OURS and self._moments.yes_or_no.awaited in _GIVE_WAY:
            self._break_in(now)

    def _break_in(self, now: float) -> None:
        level, right = self._distress, self._right
        self._distress = self._right = None
        if level is not None and level != "severe" and self._moments.yes_or_no.awaited in _OF_DISTRESS:
            return  # the same is being asked of another answer
        self._turns.overlap.last_answer.settle()
        if level is not None:
            self._hard_topics.met_late(level, now)
        elif right is not None:
            self._moments.claim(right, now)

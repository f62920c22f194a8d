"""What is done when an answer shows distress: asked about, left, or stopped for. Diagnoses nothing, and
leaves the way on to the participant.

Who else must know of it is seen to elsewhere, by the fact that this puts on the log.
"""

from dialog import script
from dialog.events import DistressHeard, NoticeGiven
from dialog.interview import Interview
from dialog.judgement import Distress
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.turn import Turn


class HardTopics:
    """One session's."""

    def __init__(self, interview: Interview, moments: Moments, out: Outbox) -> None:
        self._interview = interview
        self._moments = moments
        self._out = out

    def met(self, turn: Turn, level: Distress, now: float) -> None:
        """Meet distress in an answer that is on the record: the graver, the less is left of the topic."""
        self._out.append(DistressHeard(turn.turn_id, turn.node_key, level))
        match level:
            case "mild":
                self._moments.yes_or_no.ask("hard_topic", script.HARD_TOPIC, now)
            case "moderate":
                self._moments.yes_or_no.ask("other_topic", script.OTHER_TOPIC, now, first=self._name_help())
            case "severe":
                if self._out.state.asked is not None:  # else it came up between two questions
                    self._interview.close_node("answered")
                self._moments.pauses.pause("distress", script.PAUSED_DISTRESS, now, first=self._name_help())

    def _name_help(self) -> str | None:
        """Where help is to be had goes to the page at once; what is to be said of it is returned, since
        whatever asks or pauses next silences what is being said."""
        line = script.help_line(self._interview.terms.help_line)
        if line is not None:
            self._out.append(NoticeGiven("help", line, ("pause", "skip")))
        return line

"""What is done when an answer shows distress: asked about, left, or stopped for. Diagnoses nothing, and
leaves the way on to the participant.

Who else must know of it is seen to elsewhere, by the fact that this puts on the log.
"""

from dialog import script
from dialog.events import DistressHeard, NoticeGiven
from dialog.interview import Interview
from dialog.judgement import GRAVITIES, Distress
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.prompter import Prompter
from dialog.turn import Turn


class HardTopics:
    """One session's."""

    def __init__(self, interview: Interview, moments: Moments, prompter: Prompter, out: Outbox) -> None:
        self._interview = interview
        self._moments = moments
        self._prompter = prompter
        self._out = out
        self._met: tuple[int, Distress] | None = None
        """The turn whose distress was met last, and as how grave."""

    def met(self, turn: Turn, level: Distress, now: float) -> None:
        """Meet distress in an answer that is on the record: the graver, the less is left of the topic."""
        self._put_on_record(turn.turn_id, turn.node_key, level)
        match level:
            case "mild":
                self._moments.yes_or_no.ask("hard_topic", script.HARD_TOPIC, now)
            case "moderate":
                self._moments.yes_or_no.ask("other_topic", script.OTHER_TOPIC, now, first=self._name_help())
            case "severe":
                if self._out.state.asked is not None:  # else it came up between two questions
                    self._interview.close_node("answered")
                self._moments.pauses.pause("distress", script.PAUSED_DISTRESS, now, first=self._name_help())

    def noticed_late(self, turn_id: int, node_key: str, level: Distress) -> bool:
        """Put on record, and on the page, what was found in an answer that was gone on from; False where as
        much was met already."""
        if (
            self._met is not None
            and self._met[0] == turn_id
            and GRAVITIES.index(self._met[1]) >= GRAVITIES.index(level)
        ):
            return False
        self._put_on_record(turn_id, node_key, level)
        if level == "mild" or self._name_help() is None:
            self._out.append(NoticeGiven("help", script.MAY_STOP, ("pause", "skip")))
        return True

    def met_late(self, level: Distress, now: float) -> None:
        """Meet it, though something else is being asked: that is neither closed nor left unasked."""
        first = script.help_line(self._interview.terms.help_line) if level != "mild" else None
        if level == "severe":
            self._moments.pauses.pause("distress", script.PAUSED_DISTRESS, now, first=first)
        else:
            self._moments.yes_or_no.ask("hard_topic", script.HARD_TOPIC, now, first=first)

    def tell_help(self, level: Distress, now: float) -> None:
        """Say where help is to be had behind what is being said, to somebody who is about to go."""
        line = script.help_line(self._interview.terms.help_line)
        if line is not None and level != "mild":
            self._prompter.say("notice", line, now)

    def _put_on_record(self, turn_id: int, node_key: str, level: Distress) -> None:
        self._met = (turn_id, level)
        self._out.append(DistressHeard(turn_id, node_key, level))

    def _name_help(self) -> str | None:
        """Where help is to be had goes to the page at once; what is to be said of it is returned, since
        whatever asks or pauses next silences what is being said."""
        line = script.help_line(self._interview.terms.help_line)
        if line is not None:
            self._out.append(NoticeGiven("help", line, ("pause", "skip")))
        return line

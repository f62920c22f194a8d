"""To which turn the recogniser's words belong: the open answer, what is said over the agent, or the answer
just committed. Weighs nothing."""

from dialog.answering import LISTENING, TAKEN, Answering
from dialog.attribution import Attribution
from dialog.echo_words import LONGEST_TAIL
from dialog.events import RemarkMade, WordsHeard
from dialog.floor import Floor
from dialog.floor_states import FloorState
from dialog.overlap import Overlap
from dialog.signals import FinalTranscript, PartialTranscript
from dialog.steps import AnswerAmended, Step
from dialog.timers import Timers
from dialog.turn import Turn

AGENTS: frozenset[FloorState] = frozenset(("speaking", "ducked", "yielded"))


class Hearing:
    """Every transcript of a session goes through here."""

    def __init__(self, floor: Floor, timers: Timers, answering: Answering, overlap: Overlap) -> None:
        self.attribution = Attribution()
        self._floor = floor
        self._timers = timers
        self._answering = answering
        self._overlap = overlap

    def words(self, heard: PartialTranscript | FinalTranscript, now: float) -> list[Step]:
        """A transcript of any utterance. When no last word could be had, what is known counts as it is."""
        utterance_id, final = heard.utterance_id, isinstance(heard, FinalTranscript)
        turn = self._owner(utterance_id)
        rest = self.attribution.take(utterance_id, heard.text, final, turn is not None)
        if rest is None:
            return []
        echo = self._overlap.said_over.is_echo(utterance_id, heard.text, rest, now)
        if echo and not self._outlasts(turn, utterance_id, now):
            return self._own_words(turn, heard, now)
        turn = turn or self._words_without_voice(utterance_id, now)
        if turn is None:
            return []
        if isinstance(heard, FinalTranscript) and heard.failed is not None and not rest:
            rest = turn.words_of(utterance_id)
        grown = turn.hear(heard, rest, now)
        if final and rest and turn is self._answering.turn:
            self._floor.out.append(WordsHeard(turn.turn_id, turn.node_key, rest, heard.confidence))
        if turn is self._overlap.last_answer.turn:
            return [AnswerAmended(turn)] if final else []
        if turn in (self._overlap.beside, self._overlap.late):
            return self._overlap.words(now) if grown or final else []
        return self._answering.words(turn, grown, final, now)

    def _outlasts(self, turn: Turn | None, utterance_id: int, now: float) -> bool:
        """Whether a voice went on behind the agent's for longer than an echo does.

        A closed question ends with its answers, and one of them is often begun over its last syllable: there
        any voice that goes on counts.
        """
        over = self._overlap.said_over.find(utterance_id)
        over_at = over[0].ended_at if over is not None else None
        if turn is None or over_at is None or self._floor.state in AGENTS:
            return False
        on = self._answering.voice == utterance_id
        ended_at = now - self._floor.policy.voice_hangover if on else turn.ended_at
        return ended_at - over_at > (0.0 if self._floor.profile.name == "closed" else LONGEST_TAIL)

    def _own_words(
        self, turn: Turn | None, heard: PartialTranscript | FinalTranscript, now: float
    ) -> list[Step]:
        """The agent's words have come back to it: nobody has said them. They stay on record all the same."""
        over = self._overlap.said_over.find(heard.utterance_id)
        if over is not None and isinstance(heard, FinalTranscript):
            node_key, since = self._floor.node_key, over[1]
            self._floor.out.append(RemarkMade(0, node_key, heard.text, "echo", heard.confidence, since, now))
        if turn is not None:
            turn.hear(heard, "", now)
            turn.voiced = 0.0
        if turn is not None and turn is self._overlap.beside:
            self._overlap.echoed(now)
        return []

    def _owner(self, utterance_id: int) -> Turn | None:
        overlap = self._overlap
        for turn in (self._answering.turn, overlap.beside, overlap.late, overlap.last_answer.turn):
            if turn is not None and turn.owns(utterance_id):
                return turn
        return None

    def _words_without_voice(self, utterance_id: int, now: float) -> Turn | None:
        """Words without a voice onset are an onset, but over the agent, where they count as words alone."""
        state = self._floor.state
        if state in LISTENING or state in TAKEN:
            self._answering.go_on(utterance_id, now)
            self._timers.set("stalled", now + self._floor.policy.stalled_words_delay)
        elif state in AGENTS:
            self._overlap.begin_late(utterance_id, now)
        return self._owner(utterance_id)

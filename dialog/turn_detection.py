"""What others say about the end of the turn: the audio model, when it is asked to look, and the recogniser by
itself. Holds one lull's evidence; weighs nothing."""

from typing import Literal

from dialog.calibration import RECOGNISERS, detector_of
from dialog.commands import LookForEnd
from dialog.outbox import Outbox

Hint = Literal["eager", "over", "resumed"]


class TurnDetection:
    """One session's looks, at most one a lull, and the newest hint. A stale id does nothing."""

    def __init__(self, out: Outbox) -> None:
        self.detector = ""
        """The audio model's calibration; "" = there is no such model, and none is asked."""
        self.recogniser = ""
        """The calibration of the recogniser's own events; "" = it sends none."""
        self.probability: float | None = None
        """The audio model's raw score in this lull, once it has come."""
        self.scored_by = ""
        self.hint: Hint | None = None
        self.hint_confidence = 0.0
        self._out = out
        self._look_id = 0
        self._asked_at: float | None = None
        self._owed = False

    def listen(self, detector: str, recogniser: str) -> None:
        """Who is there to tell of ends, from now on."""
        self.detector, self.recogniser = detector, recogniser

    def hear_by(self, recogniser: str) -> None:
        """RecogniserReplaced: what the one before made of this silence counts no more, nor that it is
        silent."""
        self.recogniser, self.hint = recogniser, None

    @property
    def is_aided(self) -> bool:
        """Whether anybody listens for ends whose word is believed."""
        return self.recogniser in RECOGNISERS or detector_of(self.detector) is not None

    def begin_lull(self) -> None:
        """The voice has stopped: what was said of an earlier silence says nothing of this one."""
        self.probability, self.scored_by = None, ""
        self._asked_at, self._owed = None, False

    def voice_returned(self) -> None:
        """Whoever saw an end was wrong."""
        self.begin_lull()
        self.hint = None

    def look(self, utterance_id: int, now: float) -> None:
        """Ask the audio model, once a lull."""
        if self.detector and self._asked_at is None:
            self._look_id += 1
            self._asked_at = now
            self._owed = detector_of(self.detector) is not None
            self._out.append(LookForEnd(self._look_id, utterance_id))

    def is_awaited(self, now: float, patience: float) -> bool:
        """Whether the audio model was asked within `patience` seconds, and owes an answer that counts."""
        return self._owed and self._asked_at is not None and now < self._asked_at + patience

    def scored(self, look_id: int, probability: float | None, detector: str) -> bool:
        """TurnEndScored; returns whether it is about this lull."""
        if look_id != self._look_id or self._asked_at is None or self.probability is not None:
            return False
        self._owed = False
        if probability is None:
            return True
        self.probability, self.scored_by = min(max(probability, 0.0), 1.0), detector
        return True

    def hinted(self, hint: Hint, confidence: float) -> None:
        """TurnEndHinted: the newest counts."""
        self.hint = None if hint == "resumed" else hint
        self.hint_confidence = min(max(confidence, 0.0), 1.0)

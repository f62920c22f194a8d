"""The sound of what is likely to be said next, begun before it is due. Knows no judgement and decides
nothing: it can tell whether words could be heard at once."""

from typing import Literal

from dialog.commands import DropPrepared, Prepare
from dialog.outbox import Outbox


class Preparation:
    """At most one text is being prepared. `known` are the words that were made ahead once for all."""

    def __init__(self, out: Outbox, known: frozenset[str]) -> None:
        self._out = out
        self._known = known
        self._next_id = 1
        self._id: int | None = None
        self._text = ""
        self._speed = 1.0
        self._sounds = False
        self.failure: str | None = None
        """Why the present text can't be said."""

    def begin(self, text: str, speed: float) -> None:
        """Have `text` prepared, in place of any other; nothing to do where it is known or under way."""
        if self._holds(text, speed):
            return
        self.drop()
        if speed == 1.0 and text in self._known:
            return
        self._id, self._next_id = self._next_id, self._next_id + 1
        self._text, self._speed = text, speed
        self._out.append(Prepare(self._id, text, speed))

    def state(self, text: str, speed: float) -> Literal["ready", "awaited", "failed"]:
        """Whether `text` could be heard at once. What nobody has begun on is not waited for."""
        if not self._holds(text, speed) or self._sounds:
            return "ready"
        return "awaited" if self.failure is None else "failed"

    def sounds(self, preparation_id: int) -> None:
        """SpeechPrepared; a stale id does nothing."""
        if preparation_id == self._id:
            self._sounds = True

    def failed(self, preparation_id: int, reason: str) -> None:
        """PreparationFailed; a stale id does nothing."""
        if preparation_id == self._id:
            self.failure = reason

    def drop(self) -> None:
        """What was being prepared won't be said."""
        if self._id is not None:
            self._out.append(DropPrepared(self._id))
        self.hand_over()

    def hand_over(self) -> None:
        """What was being prepared is being said."""
        self._id, self._text, self._sounds, self.failure = None, "", False, None

    def _holds(self, text: str, speed: float) -> bool:
        return self._id is not None and self._text == text and self._speed == speed

"""Over which of the agent's words each utterance set in, and whether it has any words but those. Moves no
floor."""

from math import inf
from typing import Final

from dialog.completeness import content_words
from dialog.echo_words import is_echo
from dialog.speaking import Speaking, Speech
from dialog.turn import Turn

MOST: Final = 4
"""Utterances that are remembered: a recogniser is behind by no more."""


class SaidOver:
    """What was being said when the last few utterances set in."""

    def __init__(self, speaking: Speaking) -> None:
        self._speaking = speaking
        self._over: dict[int, tuple[Speech, float]] = {}
        self._sounded: dict[int, float] = {}

    def remember(self, utterance_id: int, voice_at: float) -> None:
        """An utterance has set in; what it is first said to be over stays."""
        current = self._speaking.current
        if current is not None:
            self._over.setdefault(utterance_id, (current, voice_at))
            while len(self._over) > MOST:
                oldest = next(iter(self._over))
                del self._over[oldest]
                self._sounded.pop(oldest, None)

    def sounded(self, utterance_id: int, voiced: float) -> None:
        """An utterance that is remembered has sounded for `voiced` seconds for sure."""
        if utterance_id in self._over:
            self._sounded[utterance_id] = max(voiced, self._sounded.get(utterance_id, 0.0))

    def voiced(self, turn: Turn) -> float:
        """For how many seconds a turn's utterances have sounded; endless where none of them was heard to."""
        known = [voiced for one, voiced in self._sounded.items() if turn.owns(one)]
        return sum(known) if known else inf

    def find(self, utterance_id: int) -> tuple[Speech, float] | None:
        """What was being said when an utterance set in, and when that was."""
        return self._over.get(utterance_id)

    def is_echo(self, utterance_id: int, text: str, rest: str, now: float) -> bool:
        """Whether an utterance that set in over the agent's voice has none but the agent's own words.

        `rest` is the part of its `text` that is not dealt with: that decides, if there is enough of it.
        """
        speech, voice_at = self._over.get(utterance_id, (None, 0.0))
        if speech is None:
            return False
        if content_words(rest) < 2 and is_echo(text, speech, voice_at, now):
            return True
        return is_echo(rest, speech, voice_at, now)

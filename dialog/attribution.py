"""Which words of an utterance are still to be dealt with. Knows no turn, only what some turn has had already.

An utterance may outlast the turn that its first words were part of: they were granted as a request, struck,
or committed. What comes of it later counts from there on, so that nothing is answered twice.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from dialog.lexicon import plain

_ALIGNED: Final = 3
"""Words by which the end of what is dealt with is found again in other words for the same sound."""
_SHIFTED: Final = 4
"""Words by which that end may have moved."""


class Attribution:
    """What has been made of each utterance of a session so far, in words."""

    def __init__(self) -> None:
        self._had: dict[int, int] = {}
        self._heard: dict[int, str] = {}
        """The latest words of each, as the recogniser had them."""
        self._last_dealt_with: dict[int, list[str]] = {}
        """The words that were settled last."""
        self._dealt_with: dict[int, int] = {}
        self._over: set[int] = set()
        self._struck: set[int] = set()

    def dealt_with(self, utterance_id: int) -> int:
        """How many of its first words belong to a turn that is gone."""
        return self._dealt_with.get(utterance_id, 0)

    def settle(self, utterance_id: int) -> None:
        """What was said so far is dealt with: only what still comes of it counts."""
        self._dealt_with[utterance_id] = self._had.get(utterance_id, 0)
        self._last_dealt_with[utterance_id] = plain(self._heard.get(utterance_id, "")).split()[-_ALIGNED:]

    def strike(self, utterance_ids: Iterable[int]) -> None:
        """No word of these is anybody's any more: what the recogniser still brings was said before, too."""
        self._struck.update(utterance_ids)

    def take(self, utterance_id: int, text: str, final: bool, owned: bool) -> str | None:
        """The part of a transcript that is still to be dealt with; None when there is nothing in it for
        anybody.

        `owned`: a present turn has the utterance. After its last word nothing more is taken of an utterance.
        """
        if utterance_id in self._over:
            return None
        if final:
            self._over.add(utterance_id)
        if utterance_id in self._struck:
            self._dealt_with[utterance_id] = len(text.split())
            return "" if owned else None
        if not owned and utterance_id in self._had:
            self._dealt_with[utterance_id] = self._had[utterance_id]
        words = text.split()
        count, had = len(words), self._had.get(utterance_id, 0)
        if count > had:
            self._had[utterance_id] = count
        self._heard[utterance_id] = text
        gone = self._dealt_with.get(utterance_id, 0)
        if gone and (settled := self._last_dealt_with.get(utterance_id)):
            gone = _aligned(words, settled, gone)
        rest = " ".join(words[gone:]) if gone else text
        return rest if rest or owned else None


def _aligned(words: Sequence[str], settled: Sequence[str], gone: int) -> int:
    """How many of the words are dealt with, where a recogniser has found one more or less among them."""
    said = [plain(word) for word in words]
    for count in range(len(settled), 1, -1):
        tail = settled[-count:]
        ends = [end for end in range(count, len(said) + 1) if said[end - count : end] == tail]
        near = [end for end in ends if abs(end - gone) <= _SHIFTED]
        if near:
            return min(near, key=lambda end: abs(end - gone))
    return gone

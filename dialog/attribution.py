"""Which words of an utterance are still to be dealt with. Knows no turn, only what some turn has had already.

An utterance may outlast the turn that its first words were part of: they were granted as a request, struck,
or committed. What comes of it later counts from there on, so that nothing is answered twice.
"""

from collections.abc import Iterable


class Attribution:
    """What has been made of each utterance of a session so far, in words."""

    def __init__(self) -> None:
        self._had: dict[int, int] = {}
        self._dealt_with: dict[int, int] = {}
        self._over: set[int] = set()
        self._struck: set[int] = set()

    def dealt_with(self, utterance_id: int) -> int:
        """How many of its first words belong to a turn that is gone."""
        return self._dealt_with.get(utterance_id, 0)

    def settle(self, utterance_id: int) -> None:
        """What was said so far is dealt with: only what still comes of it counts."""
        self._dealt_with[utterance_id] = self._had.get(utterance_id, 0)

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
        gone = self._dealt_with.get(utterance_id, 0)
        rest = " ".join(words[gone:]) if gone else text
        return rest if rest or owned else None

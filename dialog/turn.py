"""One answer as it is being given: its words so far, spoken and typed, and the times that its end is judged
by."""

from typing import Final

from dialog.completeness import content_words
from dialog.events import AnswerCommitted, RemarkMade
from dialog.signals import FinalTranscript, PartialTranscript

_SHORTEST_PAUSE: Final = 0.2
VOICE_AFTER_GAP: Final = 0.5
"""Seconds of voice after a gap from which its last words are known again."""


class Turn:
    """A mutable record of one answer; `revision` grows with every change of its words."""

    def __init__(
        self, turn_id: int, node_key: str, began_at: float, kept: str = "", revision: int = 0
    ) -> None:
        self.turn_id = turn_id
        self.node_key = node_key
        self.began_at = began_at
        self.ended_at = began_at
        self.last_word_at: float | None = None
        self.reported_at: float | None = None
        """When the recogniser last said anything about it, the same words included."""
        self.behind = 0.0
        """Seconds of sound that the recogniser had still to hear then."""
        self.gap_ended_at: float | None = None
        """When sound came again after so much of it was missing that a word may have been in it."""
        self.voiced = 0.0
        self.pauses: list[float] = []
        """Seconds of each silence that lay within it."""
        self.revision = revision
        self.typed = False
        self.check_ins = 0
        self.reopened = False
        """A commit of it was undone once; there is no second time."""
        self.spoken_within = False
        """The agent has said something in the midst of it, at the participant's own wish: the silence after
        that is no end of it."""
        self.kept = kept
        """Words from before a lost connection, already on the record."""
        self._finals: dict[int, tuple[str, float]] = {}
        self._partials: dict[int, str] = {}
        self._claims: dict[int, str] = {}
        self._pending: set[int] = set()
        self._typed_parts: dict[int, str] = {}
        self._settled_parts: dict[int, tuple[str, float]] = {}
        """Words that stay as they are, whatever else comes of their utterance, and their confidence."""
        self._order: list[tuple[str, int]] = []
        self._spoken: set[int] = set()
        self.claims_nothing = False
        """Whoever said it was asked, and meant no right."""
        self._text: str | None = kept
        """All words, joined; None since some of them changed."""

    @property
    def pending(self) -> bool:
        """Whether the recogniser still owes the last word on an utterance."""
        return bool(self._pending)

    @property
    def ends_unheard(self) -> bool:
        """Whether the last that was said may be missing from the words: a gap lay shortly before its end."""
        return self.gap_ended_at is not None and self.ended_at - self.gap_ended_at < VOICE_AFTER_GAP

    @property
    def text(self) -> str:
        """All words so far, in the order in which they were begun."""
        if self._text is None:
            self._text = " ".join(self.parts)
        return self._text

    @property
    def parts(self) -> tuple[str, ...]:
        """The same, one by one: what was said in one breath, or sent as one message."""
        return tuple(filter(None, (self.kept, *(self._part(kind, key) for kind, key in self._order))))

    def _part(self, kind: str, key: int) -> str:
        match kind:
            case "typed":
                return self._typed_parts[key]
            case "settled":
                return self._settled_parts[key][0]
            case _:
                return self.words_of(key)

    @property
    def word_count(self) -> int:
        """How many words there are so far."""
        return self.text.count(" ") + 1 if self.text else 0

    @property
    def latest(self) -> str:
        """The words of the newest utterance or typed message."""
        for kind, key in reversed(self._order):
            text = self._part(kind, key)
            if text or kind == "typed":
                return text
        return ""

    @property
    def likely_claim(self) -> str:
        """The right that may have been claimed in what was said last, by likeness of sound; "" = none."""
        kind, key = self._order[-1] if self._order else ("", 0)
        return self._claims.get(key, "") if kind == "spoken" and self.words_of(key) else ""

    @property
    def confidence(self) -> float:
        """Mean of the finals' confidence, weighed by their words; 1.0 for typed or kept words alone."""
        known = (*self._finals.values(), *self._settled_parts.values())
        weighed = [(confidence, len(text.split())) for text, confidence in known if text]
        total = sum(count for _, count in weighed)
        return sum(confidence * count for confidence, count in weighed) / total if total else 1.0

    @property
    def utterances(self) -> list[int]:
        """The utterances that it is made of, so far."""
        return [key for kind, key in self._order if kind == "spoken"]

    def go_on(self, now: float) -> None:
        """The silence since its end lay within it."""
        silence = now - self.ended_at
        if silence >= _SHORTEST_PAUSE:
            self.pauses.append(round(silence, 2))

    def begin_utterance(self, utterance_id: int) -> None:
        """Voice has set in: an utterance belongs to this turn, and its last word is owed."""
        self._own(utterance_id)
        if utterance_id not in self._finals:
            self._pending.add(utterance_id)

    def _own(self, utterance_id: int) -> None:
        if utterance_id not in self._spoken:
            self._spoken.add(utterance_id)
            self._order.append(("spoken", utterance_id))

    def hear(self, heard: PartialTranscript | FinalTranscript, text: str, now: float) -> bool:
        """Take a transcript in, of which `text` is this turn's; returns whether there are more words now."""
        utterance_id = heard.utterance_id
        self.behind = 0.0 if isinstance(heard, FinalTranscript) else heard.behind
        self._own(utterance_id)
        self.reported_at = now
        before = self.words_of(utterance_id)
        if isinstance(heard, FinalTranscript):
            self._pending.discard(utterance_id)
            self._partials.pop(utterance_id, None)
            self._finals[utterance_id] = (text, heard.confidence)
            self._claims[utterance_id] = heard.claim
        elif utterance_id not in self._finals:
            self._partials[utterance_id] = text
        if text == before:
            return False
        self.revision += 1
        self._text = None
        grown = len(text.split()) > len(before.split())
        if grown:
            self.last_word_at = now
        return grown

    def words_of(self, utterance_id: int) -> str:
        """What is known of one utterance."""
        known = self._finals.get(utterance_id)
        return known[0] if known is not None else self._partials.get(utterance_id, "")

    def type(self, text: str, now: float) -> None:
        """Append a typed message: typing and speech of one turn are one answer."""
        key = len(self._typed_parts)
        self._typed_parts[key] = text
        self._order.append(("typed", key))
        self.typed = True
        self.revision += 1
        self._text = None
        self.last_word_at = now
        self.ended_at = now

    def withdraw(self, words: str) -> tuple[int | None, str]:
        """Take the last words back, which are no part of the answer; what was said before them in the same
        breath stays as it is.

        Returns the utterance of that breath, None for typed words, and what stays of it if its last word is
        still owed."""
        for place in range(len(self._order) - 1, -1, -1):
            kind, key = self._order[place]
            head, found, _ = self._part(kind, key).rpartition(words)
            if not found:
                continue
            left = head.rstrip(" ,;:-–—")
            self.revision += 1
            self._text = None
            if kind == "typed":
                self._typed_parts[key] = left
                return None, ""
            final = self._finals.pop(key, None)
            self._partials.pop(key, None)
            settled = len(self._settled_parts)
            self._settled_parts[settled] = (left, final[1] if final is not None else 1.0)
            self._order.insert(place, ("settled", settled))
            return key, left if final is None else ""
        head, found, _ = self.kept.rpartition(words)
        if found:  # they are on the record, from which the remark takes them
            self.kept = head.rstrip(" ,;:-–—")
            self.revision += 1
            self._text = None
        return None, ""

    def give_up_on_finals(self) -> None:
        """Stop waiting for last words: partials count as they are."""
        self._pending.clear()

    def unfinished(self) -> str:
        """The words that no last word has come for yet."""
        return " ".join(text for text in self._partials.values() if text)

    def absorb(self, later: "Turn") -> None:
        """Take over the words of `later`, which turned out to be the same answer going on."""
        shift, settled = len(self._typed_parts), len(self._settled_parts)
        for kind, key in later._order:
            if kind == "typed":
                self._typed_parts[key + shift] = later._typed_parts[key]
                self._order.append((kind, key + shift))
            elif kind == "settled":
                self._settled_parts[key + settled] = later._settled_parts[key]
                self._order.append((kind, key + settled))
            else:
                self._own(key)
        self._finals.update(later._finals)
        self._claims.update(later._claims)
        self._partials.update(later._partials)
        self._pending |= later._pending
        self.voiced += later.voiced
        self.ended_at = max(self.ended_at, later.ended_at)
        self.last_word_at = later.last_word_at or self.last_word_at
        self.typed = self.typed or later.typed
        self.revision += 1
        self._text = None

    def committed(self, reply_to: int | None) -> AnswerCommitted:
        """Its words as an answer on the record, to the speech of this id."""
        return AnswerCommitted(
            self.turn_id,
            self.revision,
            self.node_key,
            self.text,
            self.confidence,
            self.began_at,
            self.ended_at,
            self.typed,
            reply_to,
            tuple(self.pauses),
        )

    def remark(self, meaning: str) -> RemarkMade:
        """Its words as something that is no answer."""
        return RemarkMade(
            self.turn_id,
            self.node_key,
            self.text,
            meaning,
            self.confidence,
            self.began_at,
            self.ended_at,
        )

    def remark_amid(self, meaning: str, words: str) -> RemarkMade:
        """Words said in the middle of it that are no part of the answer."""
        ended_at = self.ended_at
        return RemarkMade(0, self.node_key, words, meaning, self.confidence, ended_at, ended_at, self.turn_id)

    def owns(self, utterance_id: int) -> bool:
        """Whether this utterance's words belong here."""
        return utterance_id in self._spoken

    @property
    def substantial(self) -> bool:
        """Whether any word of content was said or typed."""
        return content_words(self.text) > 0

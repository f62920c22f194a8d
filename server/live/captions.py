"""Captions of both sides, as the events tell them. One bubble per answer and per speech; an utterance stays
in the bubble in which it was begun, however late its words come, and words that nobody took vanish."""

from typing import Final

import msgspec

from dialog.commands import Say
from dialog.events import (
    AnswerCommitted,
    AnswerReopened,
    AnswerStruck,
    Event,
    RemarkMade,
    SessionOpened,
    SpeechHeard,
    TurnOpened,
    WordsHeard,
)
from dialog.signals import (
    FinalTranscript,
    PartialTranscript,
    SpeechBegan,
    SpeechEnded,
    SpeechStarted,
    SynthesisFailed,
)
from dialog.struck_words import EVERYTHING
from server.live.wire import Caption

_TOKENS: Final = frozenset({"acknowledgement", "cue"})
"""Half an "I see" is nothing to read."""


class _Bubble(msgspec.Struct):
    """The participant's words of one answer, as far as they are known."""

    id: str
    turn_id: int | None = None
    """None until the interview has taken the words for part of an answer."""
    taken: list[str] = []
    loose: dict[int, str] = {}
    """Words by utterance that may still change, or be dropped."""
    settled: bool = False
    """On the record: what a slow recogniser still has to say of it is not shown any more."""

    def text(self) -> str:
        return " ".join(part for part in [*self.taken, *self.loose.values()] if part)


class Captions:
    """Follow the log of a run and say which captions change with each event."""

    def __init__(self) -> None:
        self._session = 0
        self._said: dict[int, str] = {}
        self._bubbles: dict[int, _Bubble] = {}
        """By turn."""
        self._owners: dict[int, _Bubble] = {}
        """By utterance."""
        self._over: set[int] = set()
        """Utterances whose last word is in."""
        self._current: _Bubble | None = None
        self._count = 0

    def see(self, event: Event) -> list[Caption]:
        """Take the next event of the log."""
        seq, body = event.seq, event.body
        match body:
            case SessionOpened():
                return self._open_session(seq, body.number)
            case Say():
                self._said[body.speech_id] = body.text
                return []
            case SpeechBegan() | SynthesisFailed():
                text = self._said.get(body.speech_id, "")
                return [self._agent(seq, body.speech_id, text, final=False)] if text else []
            case SpeechHeard():
                gone = not body.text or (body.cut and body.kind in _TOKENS)
                return [self._agent(seq, body.speech_id, body.text, final=True, cut=body.cut, gone=gone)]
            case SpeechEnded() if not body.heard:  # of which no SpeechHeard will tell
                gone = body.speech_id in self._said
                return [self._agent(seq, body.speech_id, "", final=True, gone=True)] if gone else []
            case SpeechStarted():
                return self._begin(seq, body.utterance_id)
            case PartialTranscript():
                return self._note(seq, body.utterance_id, body.text)
            case FinalTranscript():
                self._over.add(body.utterance_id)
                return self._note(seq, body.utterance_id, body.text)
            case TurnOpened():
                return self._bind(seq, body.turn_id)
            case WordsHeard():
                return self._take(seq, body)
            case RemarkMade() if body.meaning != "echo" and not body.amid:
                return self._keep_remark(seq, body)
            case AnswerCommitted():
                return self._commit(seq, body)
            case AnswerReopened():
                return self._rejoin(seq, body.turn_id)
            case AnswerStruck() if body.turn_id == EVERYTHING:
                return self._sweep(seq)
            case AnswerStruck():
                return self._strike(seq, body.turn_id)
            case _:
                return []

    def _agent(
        self, seq: int, speech_id: int, text: str, *, final: bool, cut: bool = False, gone: bool = False
    ) -> Caption:
        return Caption(seq, f"a{self._session}-{speech_id}", "agent", text, final, cut=cut, gone=gone)

    def _participant(self, seq: int, bubble: _Bubble) -> Caption:
        text = bubble.text()
        return Caption(seq, bubble.id, "participant", text, final=not bubble.loose, gone=not text)

    def _open_session(self, seq: int, number: int) -> list[Caption]:
        """Speech and utterance ids count from 1 again; nothing more comes of what was in flux."""
        vanished = self._drop(seq, self._current, set(self._owners))
        self._session = number
        self._said.clear()
        self._owners.clear()
        self._over.clear()
        self._current = None
        return vanished

    def _open_bubble(self) -> _Bubble:
        if self._current is None:
            self._count += 1
            self._current = _Bubble(f"p{self._count}")
        return self._current

    def _begin(self, seq: int, utterance_id: int) -> list[Caption]:
        """Speech sets in: what was heard to its end before and not taken by now never will be."""
        vanished = self._drop(seq, self._current, self._over)
        self._owners[utterance_id] = self._open_bubble()
        return vanished

    def _drop(self, seq: int, bubble: _Bubble | None, utterances: set[int]) -> list[Caption]:
        dropped = [] if bubble is None else [each for each in bubble.loose if each in utterances]
        if bubble is None or not dropped:
            return []
        for utterance_id in dropped:
            del bubble.loose[utterance_id]
        return [self._participant(seq, bubble)]

    def _note(self, seq: int, utterance_id: int, text: str) -> list[Caption]:
        bubble = self._owners.get(utterance_id)
        if bubble is None:
            bubble = self._owners[utterance_id] = self._open_bubble()
        if bubble.settled:
            return []
        before = bubble.text()
        if text:
            bubble.loose[utterance_id] = text
        else:
            bubble.loose.pop(utterance_id, None)
        return [self._participant(seq, bubble)] if bubble.text() != before else []

    def _bind(self, seq: int, turn_id: int) -> list[Caption]:
        """An answer begins: in the bubble with its first words, unless that is another answer's."""
        bubble, vanished = self._open_bubble(), []
        if bubble.turn_id is not None and bubble.turn_id != turn_id:
            self._current = None
            former, bubble = bubble, self._open_bubble()
            latest = max(self._owners, default=None)
            if latest is not None and self._owners[latest] is former:
                self._owners[latest] = bubble
                if latest in former.loose:
                    bubble.loose[latest] = former.loose[latest]
            vanished = self._drop(seq, former, set(former.loose))
        bubble.turn_id = turn_id
        self._bubbles[turn_id] = bubble
        return [*vanished, self._participant(seq, bubble)] if vanished and bubble.loose else vanished

    def _take(self, seq: int, words: WordsHeard) -> list[Caption]:
        changed = []
        if words.turn_id not in self._bubbles:
            changed += self._bind(seq, words.turn_id)
        bubble = self._bubbles[words.turn_id]
        if self._current is not bubble:
            changed += self._drop(seq, self._current, set(self._owners))
        if bubble.settled:  # it was no answer, and is one after all
            bubble.taken.clear()
        bubble.settled = False
        said = {each for each in bubble.loose if each in self._over}
        for utterance_id in () if words.typed else said or set(bubble.loose):
            bubble.loose.pop(utterance_id)
        bubble.taken.append(words.text)
        return [*changed, self._participant(seq, bubble)]

    def _commit(self, seq: int, answer: AnswerCommitted) -> list[Caption]:
        """The answer is shown as it stands on the record."""
        bubble = self._bubbles.get(answer.turn_id)
        if bubble is None or bubble is self._current:
            self._current = None
        if bubble is None:
            return []
        before = self._participant(seq, bubble)
        bubble.taken, bubble.settled = [answer.text], True
        bubble.loose.clear()
        after = self._participant(seq, bubble)
        return [after] if after != before else []

    def _keep_remark(self, seq: int, remark: RemarkMade) -> list[Caption]:
        """What was no answer stays on show all the same: it was said, and it was heard."""
        bubble = self._bubbles.get(remark.turn_id, self._current)
        if bubble is None or not bubble.text():
            return []
        if remark.turn_id:  # which may be struck yet
            self._bubbles[remark.turn_id] = bubble
        bubble.taken, bubble.settled = [remark.text], True
        bubble.loose.clear()
        if self._current is bubble:
            self._current = None
        return [self._participant(seq, bubble)]

    def _rejoin(self, seq: int, turn_id: int) -> list[Caption]:
        """The answer goes on: what was said since belongs into its bubble."""
        bubble = self._bubbles.get(turn_id)
        if bubble is None:
            return []
        bubble.settled = False
        newer, self._current = self._current, bubble
        if newer is None or newer is bubble:
            return [self._participant(seq, bubble)]
        bubble.loose.update(newer.loose)
        bubble.taken += newer.taken
        self._owners |= {each: bubble for each, owner in self._owners.items() if owner is newer}
        newer.loose.clear()
        newer.taken.clear()
        return [self._participant(seq, newer), self._participant(seq, bubble)]

    def _strike(self, seq: int, turn_id: int) -> list[Caption]:
        bubble = self._bubbles.pop(turn_id, None)
        if bubble is None:
            return []
        return [self._gone(seq, bubble)]

    def _sweep(self, seq: int) -> list[Caption]:
        """All that was said is gone, answer or not."""
        shown = {each.id: each for each in (*self._bubbles.values(), *self._owners.values())}
        self._bubbles.clear()
        return [self._gone(seq, bubble) for bubble in shown.values() if bubble.text()]

    def _gone(self, seq: int, bubble: _Bubble) -> Caption:
        bubble.settled = True
        bubble.taken.clear()
        bubble.loose.clear()
        if self._current is bubble:
            self._current = None
        return Caption(seq, bubble.id, "participant", "", final=True, gone=True)

"""Captions of both sides, as the events tell them. One bubble per answer and per speech; words that nobody
took vanish."""

import msgspec

from dialog.commands import Say
from dialog.events import (
    AnswerCommitted,
    AnswerReopened,
    AnswerStruck,
    Event,
    RemarkMade,
    SpeechHeard,
    TurnOpened,
    WordsHeard,
)
from dialog.signals import FinalTranscript, PartialTranscript, SpeechBegan, SpeechStarted, SynthesisFailed
from server.live.wire import Caption


class _Bubble(msgspec.Struct):
    """The participant's words of one answer, as far as they are known."""

    id: str
    turn_id: int | None = None
    """None until the interview has taken the words for part of an answer."""
    taken: list[str] = []
    loose: dict[int, str] = {}
    """Words by utterance that may still change, or be dropped."""

    def text(self) -> str:
        return " ".join(part for part in [*self.taken, *self.loose.values()] if part)


class Captions:
    """Follow the log of a run and say which captions change with each event."""

    def __init__(self) -> None:
        self._session = 0
        self._said: dict[int, str] = {}
        self._bubbles: dict[int, _Bubble] = {}
        """By turn."""
        self._current: _Bubble | None = None
        self._count = 0

    def open_session(self, number: int) -> None:
        """Speech and utterance ids count from 1 again."""
        self._session = number
        self._said.clear()
        self._current = None

    def see(self, event: Event) -> list[Caption]:
        """Take the next event of the log."""
        body = event.body
        match body:
            case Say():
                self._said[body.speech_id] = body.text
                return []
            case SpeechBegan() | SynthesisFailed():
                text = self._said.get(body.speech_id, "")
                return [self._agent(event.seq, body.speech_id, text, final=False)] if text else []
            case SpeechHeard():
                gone = not body.text
                return [
                    self._agent(event.seq, body.speech_id, body.text, final=True, cut=body.cut, gone=gone)
                ]
            case SpeechStarted():
                return self._drop_loose(event.seq)
            case PartialTranscript() | FinalTranscript():
                return self._note(event.seq, body.utterance_id, body.text)
            case TurnOpened():
                self._bind(body.turn_id)
                return []
            case WordsHeard():
                return self._take(event.seq, body)
            case RemarkMade():
                return self._keep_remark(event.seq)
            case AnswerCommitted():
                self._current = None
                return []
            case AnswerReopened():
                return self._rejoin(event.seq, body.turn_id)
            case AnswerStruck():
                return self._strike(event.seq, body.turn_id)
            case _:
                return []

    def _agent(
        self, seq: int, speech_id: int, text: str, *, final: bool, cut: bool = False, gone: bool = False
    ) -> Caption:
        return Caption(seq, f"a{self._session}-{speech_id}", "agent", text, final, cut=cut, gone=gone)

    def _participant(self, seq: int, bubble: _Bubble) -> Caption:
        text = bubble.text()
        return Caption(seq, bubble.id, "participant", text, final=not bubble.loose, gone=not text)

    def _open_bubble(self) -> _Bubble:
        if self._current is None:
            self._count += 1
            self._current = _Bubble(f"p{self._count}")
        return self._current

    def _note(self, seq: int, utterance_id: int, text: str) -> list[Caption]:
        bubble = self._open_bubble()
        before = bubble.text()
        if text:
            bubble.loose[utterance_id] = text
        else:
            bubble.loose.pop(utterance_id, None)
        return [self._participant(seq, bubble)] if bubble.text() != before else []

    def _drop_loose(self, seq: int) -> list[Caption]:
        """Speech sets in again: what was heard before and not taken by now never will be."""
        bubble = self._current
        if bubble is None or not bubble.loose:
            return []
        bubble.loose.clear()
        return [self._participant(seq, bubble)]

    def _bind(self, turn_id: int) -> None:
        bubble = self._open_bubble()
        if bubble.turn_id is not None and bubble.turn_id != turn_id:
            self._current = None
            bubble = self._open_bubble()
        bubble.turn_id = turn_id
        self._bubbles[turn_id] = bubble

    def _take(self, seq: int, words: WordsHeard) -> list[Caption]:
        bubble = self._bubbles.get(words.turn_id)
        if bubble is None:
            self._bind(words.turn_id)
            bubble = self._bubbles[words.turn_id]
        changed = []
        if self._current is not None and self._current is not bubble and self._current.loose:
            self._current.loose.clear()
            changed.append(self._participant(seq, self._current))
        bubble.loose.clear()
        bubble.taken.append(words.text)
        return [*changed, self._participant(seq, bubble)]

    def _keep_remark(self, seq: int) -> list[Caption]:
        """What was no answer stays on show all the same: it was said, and it was heard."""
        bubble = self._current
        if bubble is None or not bubble.loose:
            return []
        bubble.taken += bubble.loose.values()
        bubble.loose.clear()
        return [self._participant(seq, bubble)]

    def _rejoin(self, seq: int, turn_id: int) -> list[Caption]:
        """The answer goes on: what was said since belongs into its bubble."""
        bubble = self._bubbles.get(turn_id)
        if bubble is None:
            return []
        newer, self._current = self._current, bubble
        if newer is None or newer is bubble:
            return [self._participant(seq, bubble)]
        bubble.loose.update(newer.loose)
        bubble.taken += newer.taken
        newer.loose.clear()
        newer.taken.clear()
        return [self._participant(seq, newer), self._participant(seq, bubble)]

    def _strike(self, seq: int, turn_id: int) -> list[Caption]:
        bubble = self._bubbles.pop(turn_id, None)
        if bubble is None:
            return []
        if self._current is bubble:
            self._current = None
        return [Caption(seq, bubble.id, "participant", "", final=True, gone=True)]

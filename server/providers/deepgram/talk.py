"""One talk's utterances: where each lies in the sound, which words are its own, and what is still owed.

A recogniser of whole streams knows turns or segments, and their words with times; an utterance gets those
that lie between its beginning and the next one's. Knows neither Flux nor nova-3.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from itertools import zip_longest
from math import inf
from typing import Final

import msgspec

from media.frames import EAR_FRAME_SAMPLES, AudioFrame
from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.sound import KeptSound, SoundFormat
from server.providers.protocols import Transcript, TurnEndHint

REPORTS_UNCHANGED: Final = 3
"""After this many reports without a new word the last partial is given again, for silence would look like
delay."""
_ENOUGH: Final = 0.02
"""Seconds of an utterance's sound that a report may fall short of and still cover it."""
_SLACK: Final = 1.0
"""Seconds by which what is settled may lie beyond the sound: silence that was inferred, not heard."""
_BEGINNINGS: Final = 16
"""Latest utterances whose beginnings are remembered, for hints."""


class Word(msgspec.Struct, frozen=True):
    """One word as it is written, with its punctuation."""

    text: str
    confidence: float
    at: float
    """Its middle, in seconds of the talk's sound."""


class _Utterance:
    def __init__(self, utterance_id: int, start: int) -> None:
        self.utterance_id = utterance_id
        self.start = start
        """Its place in the sound."""
        self.end: int | None = None
        self.text = ""
        self.confidence = 1.0
        self.last_word_at = 0.0
        self.unchanged = 0
        self.deadline: asyncio.TimerHandle | None = None


class Talk:
    """What Flux and nova-3 have in common: sound goes in, transcripts come out, each utterance's final once.

    `trouble` is asked for why there are no words, when a deadline is over; `finished` is called before each
    final transcript.
    """

    def __init__(
        self,
        form: SoundFormat,
        limits: DeepgramLimits,
        trouble: Callable[[], str],
        finished: Callable[[], None] = lambda: None,
    ) -> None:
        self.sound = KeptSound(form.size(limits.kept_duration))
        self.closed = False
        self._form = form
        self._limits = limits
        self._trouble = trouble
        self._finished = finished
        self._owed: deque[_Utterance] = deque()
        self._newest_id = 0
        self._beginnings: deque[tuple[float, int]] = deque(maxlen=_BEGINNINGS)
        self._heard_samples: int | None = None
        """Where the newest frame ends in the leg's stream."""
        self._heard_to = 0.0
        self._settled_to = 0.0
        self._shown_to = 0.0
        self.given_to = 0.0
        """Up to where words are in final transcripts, in seconds of the sound. One that turns up behind it is
        the next utterance's, whenever that began."""
        self._given_up: str | None = None
        self._out: deque[Transcript | TurnEndHint] = deque()
        self._arrived = asyncio.Event()

    # What the listener does

    @property
    def open_id(self) -> int | None:
        """The utterance that is going on."""
        newest = self._owed[-1] if self._owed else None
        return None if newest is None or newest.end is not None else newest.utterance_id

    def start(self, utterance_id: int) -> bool:
        """Begin an utterance; False for an id that doesn't rise, or when all is over."""
        if self.closed or utterance_id <= self._newest_id:
            return False
        assert self.open_id is None
        self._newest_id = utterance_id
        self._owed.append(_Utterance(utterance_id, self.sound.end))
        self._beginnings.append((self._form.seconds(self.sound.end), utterance_id))
        return True

    def hear(self, frame: AudioFrame) -> bool:
        """Add a frame to the open utterance; False when there is none, or the frame was heard already.

        What goes before an utterance may be the end of the one before: a clock that is made of sound must not
        get it twice.
        """
        if self.open_id is None:
            return False
        if self._heard_samples is not None and frame.timestamp < self._heard_samples:
            return False
        self._heard_samples = frame.timestamp + EAR_FRAME_SAMPLES
        self.sound.append(self._form.written(frame))
        return True

    def end(self, utterance_id: int) -> bool:
        """Ask for the final transcript; False where that changes nothing. One never begun is answered as
        unheard."""
        if self.closed:
            return False
        if self.open_id == utterance_id:
            ended = self._owed[-1]
            ended.end = self.sound.end
            if self._given_up is not None:
                self._finish(ended, failed=self._given_up)
            elif ended.end == ended.start:
                self._finish(ended)
            elif self._is_settled(ended):
                self._settle(ended)
            else:
                loop = asyncio.get_running_loop()
                ended.deadline = loop.call_later(self._limits.final_timeout, self._overdue, ended)
            return True
        if utterance_id > self._newest_id:
            self._newest_id = utterance_id
            self._say(Transcript(utterance_id, "", 1.0, final=True, failed="unheard"))
        return False

    # What the recogniser does

    @property
    def awaits_words(self) -> bool:
        """Whether there is speech that Deepgram has still to say something about."""
        return bool(self._owed)

    @property
    def wanted_from(self) -> int:
        """The place from which on sound must be sent again when a connection breaks."""
        return self._owed[0].start if self._owed else self.sound.end

    @property
    def ends_owed(self) -> list[int]:
        """The places where utterances ended that have no final transcript yet."""
        return [utterance.end for utterance in self._owed if utterance.end is not None]

    def begun_by(self, seconds: float) -> int:
        """The newest utterance that had begun at that time of the sound; 0 = none."""
        index = bisect_right(self._beginnings, seconds, key=lambda beginning: beginning[0])
        return self._beginnings[index - 1][1] if index else 0

    def heard(self, words: Iterable[Word], heard_to: float, settled_to: float) -> None:
        """Give out what is new: all `words` there are, with everything heard up to `heard_to` and nothing to
        change any more up to `settled_to`, both in seconds of the talk's sound."""
        end = self._form.seconds(self.sound.end)
        known = [word for word in words if word.at <= end]  # nobody can have heard what wasn't sent yet
        heard_to, settled_to = min(heard_to, end), min(settled_to, end + _SLACK)
        self._heard_to, self._settled_to = heard_to, settled_to
        following = [utterance.start for utterance in self._owed][1:]
        for utterance, next_start in zip_longest(tuple(self._owed), following):
            begins = self._form.seconds(utterance.start)
            if utterance is self._owed[0]:
                begins = min(begins, self.given_to)
            ends = inf if next_start is None else self._form.seconds(next_start)
            own = [word for word in known if begins <= word.at < ends]
            if self._is_settled(utterance):
                self._note(utterance, own)
                self._settle(utterance)
            elif begins < heard_to and heard_to >= self._shown_to:
                self._show(utterance, own, heard_to)
        self._shown_to = max(self._shown_to, heard_to)

    def hint(self, hint: TurnEndHint) -> None:
        if not self.closed:
            self._say(hint)

    def give_up(self, reason: str) -> None:
        """No word will come any more: whatever is asked for from now on has failed."""
        self._given_up = self._given_up or reason
        for utterance in tuple(self._owed):
            if utterance.end is not None:
                self._finish(utterance, failed=self._given_up)

    # What the session does

    async def transcripts(self) -> AsyncIterator[Transcript | TurnEndHint]:
        """Whatever there is, in order, until `close`."""
        while True:
            while self._out:
                yield self._out.popleft()
            if self.closed:
                return
            self._arrived.clear()
            await self._arrived.wait()

    def close(self) -> None:
        """End `transcripts` after what is already known."""
        self.closed = True
        for utterance in self._owed:
            if utterance.deadline is not None:
                utterance.deadline.cancel()
        self._owed.clear()
        self._arrived.set()

    # Inside

    def _is_settled(self, utterance: _Utterance) -> bool:
        """Whether it is over, and its words won't change any more."""
        if utterance.end is None or self._heard_to <= self._form.seconds(utterance.start):
            return False
        return self._settled_to >= self._form.seconds(utterance.end) - _ENOUGH

    def _settle(self, utterance: _Utterance) -> None:
        assert utterance.end is not None
        heard_to = min(self._form.seconds(utterance.end), self._heard_to)
        self.given_to = max(self.given_to, heard_to, utterance.last_word_at + _ENOUGH)
        self._finish(utterance)

    def _show(self, utterance: _Utterance, words: list[Word], heard_to: float) -> None:
        """Give a partial. Not while sound is sent again, when for a moment less is known than was shown."""
        self._note(utterance, words)
        if utterance.unchanged % REPORTS_UNCHANGED == 0:
            end = self.sound.end if utterance.end is None else utterance.end
            behind = max(0.0, self._form.seconds(end) - heard_to)
            shown = Transcript(
                utterance.utterance_id, utterance.text, utterance.confidence, final=False, behind=behind
            )
            self._say(shown)

    @staticmethod
    def _note(utterance: _Utterance, words: list[Word]) -> None:
        text = " ".join(word.text for word in words)
        utterance.unchanged = utterance.unchanged + 1 if text == utterance.text else 0
        utterance.text = text
        utterance.last_word_at = words[-1].at if words else 0.0
        utterance.confidence = sum(word.confidence for word in words) / len(words) if words else 1.0

    def _overdue(self, utterance: _Utterance) -> None:
        assert utterance.end is not None
        self.given_to = max(self.given_to, self._form.seconds(utterance.end))
        for each in tuple(self._owed):  # who ended at the same moment is given up in order
            self._finish(each, failed=self._trouble())
            if each is utterance:
                break

    def _finish(self, utterance: _Utterance, *, failed: str | None = None) -> None:
        self._owed.remove(utterance)
        if utterance.deadline is not None:
            utterance.deadline.cancel()
        self._finished()
        self._say(
            Transcript(
                utterance.utterance_id, utterance.text, utterance.confidence, final=True, failed=failed
            )
        )

    def _say(self, said: Transcript | TurnEndHint) -> None:
        last = self._out[-1] if self._out else None
        if (
            isinstance(last, Transcript)
            and not last.final
            and isinstance(said, Transcript)
            and last.utterance_id == said.utterance_id
        ):
            self._out.pop()  # each partial replaces the one before, also when nobody has read it
        self._out.append(said)
        self._arrived.set()

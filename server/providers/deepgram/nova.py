"""One talk heard by nova-3 (listen.v1), which writes down what it hears and is told where an utterance ends.

Its clock is the sound that it gets, and between utterances it gets none, only signs of life. Knows no socket.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from dialog.blueprint import Patience
from media.frames import AudioFrame
from server.providers.deepgram.complaints import Complaints
from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.line import Line, Meter
from server.providers.deepgram.messages import ConfigureFailure, Fault, Results, Warned, read_nova
from server.providers.deepgram.sound import SoundFormat
from server.providers.deepgram.talk import Talk, Word
from server.providers.protocols import Transcript, TurnEndHint

_MAX_WORDS: Final = 2_500
"""That are told of in one go: a quarter of an hour of speech."""
_SLACK: Final = 0.25
"""Seconds by which what was finalized at our word may fall short of the utterance's end: nova-3 counts in
steps of its own."""

NovaDial = Callable[[], AbstractAsyncContextManager[Any]]


class NovaRecognition:
    """The Recognition protocol. `line` is to be run by the adapter for as long as the talk goes on."""

    def __init__(self, dial: NovaDial, form: SoundFormat, limits: DeepgramLimits, meter: Meter) -> None:
        self._form = form
        self.talk = Talk(form, limits, lambda: self.line.trouble, meter.tell)
        self.line = Line(
            dial, self, self.talk, form, limits, meter, keep_alive=lambda socket: socket.send_keep_alive()
        )
        self._complaints = Complaints()
        self._started_at = 0.0
        """Seconds of the talk's sound at which the present connection's clock began."""
        self._settled: list[Word] = []
        self._settled_to = 0.0

    # What the listener calls

    def attend(self, patience: Patience) -> None:
        """It has no opinion on pauses."""

    def start_utterance(self, utterance_id: int) -> None:
        """Begin an utterance; one that is still open is ended. Ids rise; another is ignored."""
        open_id = self.talk.open_id
        if open_id is not None and utterance_id > open_id:
            self.end_utterance(open_id)
        if self.talk.open_id is None:
            self.talk.start(utterance_id)

    def hear(self, frame: AudioFrame) -> None:
        """Hear one frame of the open utterance; without one it is dropped."""
        if self.talk.hear(frame):
            self.line.feed()

    def end_utterance(self, utterance_id: int) -> None:
        """Ask for the final transcript, once all of the utterance's sound is sent."""
        if self.talk.end(utterance_id):
            self._finalize_at(self.talk.sound.end)

    def __aiter__(self) -> AsyncIterator[Transcript | TurnEndHint]:
        return self.talk.transcripts()

    async def close(self) -> None:
        """End the iteration after what is already known. Waits for nobody."""
        self.talk.close()
        self.line.meter.tell()
        self.line.hang_up()

    # What the line calls

    def connected(self, place: int) -> None:
        """nova-3 begins anew, with a clock at zero; what is still owed must be asked for again."""
        self._started_at = self._settled_to = self._form.seconds(place)
        self._settled.clear()
        for end in self.talk.ends_owed:
            self._finalize_at(end)

    def receive(self, frame: str | bytes) -> None:
        """Take one frame; what can't be read is nothing."""
        match read_nova(frame):
            case Results() as results:
                self._hear_results(results)
            case (ConfigureFailure() | Warned() | Fault()) as complaint:
                self._complaints.take(complaint)
            case _:
                pass

    def _hear_results(self, results: Results) -> None:
        alternatives = results.channel.alternatives
        words = [
            Word(
                word.punctuated_word or word.word,
                min(max(word.confidence, 0.0), 1.0),
                self._started_at + (word.start + word.end) / 2,
            )
            for word in (alternatives[0].words[-_MAX_WORDS:] if alternatives else ())
            if word.word.strip()
        ]
        heard_to = self._started_at + results.start + results.duration
        if results.is_final:
            self._settled = [*self._settled, *words][-_MAX_WORDS:]
            self._settled_to = max(self._settled_to, heard_to)
            words = []
            if results.from_finalize:
                self._settled_to = self._rounded_up(self._settled_to)
        self.talk.heard((*self._settled, *words), max(heard_to, self._settled_to), self._settled_to)
        self._settled = [word for word in self._settled if word.at >= self.talk.given_to]

    def _rounded_up(self, settled_to: float) -> float:
        """Where an utterance ends just behind what was finalized, that end is what was meant."""
        ends = (self._form.seconds(end) for end in self.talk.ends_owed)
        return max((end for end in ends if settled_to < end <= settled_to + _SLACK), default=settled_to)

    def _finalize_at(self, place: int) -> None:
        self.line.order(lambda socket: socket.send_finalize(), place)

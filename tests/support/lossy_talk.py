"""A whole spoken talk on a clock of its own: real packets, codec, jitter buffer, voice detection and core.

The recogniser knows the words beforehand and says those whose sound came through.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from functools import cache
from random import Random
from typing import Final

import msgspec

from dialog.blueprint import Blueprint, Patience
from dialog.events import AnswerCommitted, AnswerTaken
from dialog.signals import FinalTranscript, PartialTranscript, SoundStalled, SoundWentOn, SpeechStopped
from media.codecs import OpusEncoder
from media.frames import EAR_RATE_HZ, FRAME_DURATION, AudioFrame
from media.vad import SileroModel, VoiceActivity
from server.gateway.rtp import RtpFormat
from server.live.listener import Listener
from server.live.mailbox import Mailbox
from server.providers.protocols import Transcript
from tests.support.lossy_road import Losing, LossyRoad, Repair, repair_of
from tests.support.play import Stage
from tests.support.speech import pieces, speech_pcm

SECONDS_PER_WORD: Final = 0.3
ANSWER: Final = (0.0, 0.9, 0.5, 0.45, 0.8)
"""Seconds of silence before each piece of speech of an answer. All but the first lie within it: short ones
behind a whole clause, longer ones behind one that is broken off, so that none ends it."""
_BREATH: Final = 0.6
_SPEECH: Final = (0.3, 3.9)
"""What of the utterance is speech throughout, in seconds."""
_RECOGNISER_DELAY: Final = 0.15
_LAST_WORD_DELAY: Final = 0.3
_BEFORE_ANSWERING: Final = 0.8


class Piece(msgspec.Struct, frozen=True):
    """A stretch of speech, its place in the stream in seconds, and its words."""

    begins: float
    ends: float
    words: tuple[str, ...]


class KnowingRecogniser:
    """Says, `behind` the sound, the words of every stretch of speech, unless their sound was made up."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._pieces: list[Piece] = []
        self._utterance = 0
        self._words: list[str] = []
        self._real: dict[tuple[int, int], int] = {}

    def learn(self, piece: Piece) -> None:
        """This is going to be said."""
        self._pieces.append(piece)

    def attend(self, patience: Patience) -> None:
        pass

    def start_utterance(self, utterance_id: int) -> None:
        self._utterance, self._words = utterance_id, []

    def hear(self, frame: AudioFrame) -> None:
        at = frame.timestamp / EAR_RATE_HZ
        for number, piece in enumerate(self._pieces):
            if not piece.begins <= at < piece.ends:
                continue
            length = (piece.ends - piece.begins) / len(piece.words)
            word = int((at - piece.begins) / length)
            heard = self._real.get((number, word), 0) + (not frame.concealed)
            self._real[number, word] = heard
            if heard == round(length / FRAME_DURATION / 2):  # half of a word is enough to know it by
                self._words.append(piece.words[word])
                said = PartialTranscript(self._utterance, " ".join(self._words), 0.95)
                self._stage.at(self._stage.now + _RECOGNISER_DELAY, said)

    def end_utterance(self, utterance_id: int) -> None:
        said = FinalTranscript(utterance_id, " ".join(self._words), 0.95)
        self._stage.at(self._stage.now + _LAST_WORD_DELAY, said)

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        nothing: tuple[Transcript, ...] = ()
        for transcript in nothing:
            yield transcript

    async def close(self) -> None:
        pass


class Outcome(msgspec.Struct, frozen=True):
    """What a talk came to."""

    answers: list[str]
    takes: int
    """Turns taken, those that were given back included."""
    early_takes: int
    """Those in the middle of an answer: cut-ins."""
    utterance_ends: int
    stalls: int
    repair: Repair
    first_answer_at: float
    stage: Stage


class LossyTalk:
    """Asks the questions of a blueprint; the participant answers each with the same pieces of speech."""

    def __init__(
        self,
        blueprint: Blueprint,
        agreed: RtpFormat,
        losing: Losing,
        *,
        pauses: Sequence[float] = ANSWER,
        seed: int = 0,
    ) -> None:
        self.stage = Stage(blueprint)
        self.road = LossyRoad(agreed, losing, seed=seed)
        self._pauses = pauses
        self._mailbox = Mailbox()
        self._recogniser = KnowingRecogniser(self.stage)
        self._listener = Listener(
            self._mailbox,
            self._recogniser,
            VoiceActivity(second_opinion=SileroModel.shared()),
            agent_sounds=lambda: self.stage.floor in ("speaking", "ducked"),
            show_level=lambda _: None,
        )
        self._listener.attentive = True
        self.road.ear = self._listener
        self._encoder = OpusEncoder(48_000)
        self._noise = room_noise()
        self._microphone: list[bytes] = []
        self._words = iter(WORDS)
        self.pieces: list[list[Piece]] = []
        """Of each answer."""

    async def hold(self, answers: int, limit: float = 240.0) -> Outcome:
        """Talk until so many answers were given and the floor is the agent's again."""
        open_since: float | None = None
        while self.stage.now < limit:
            self._carry_frame()
            await self._pass_on()
            if self._microphone or self.stage.floor != "open":
                open_since = None
                if len(self.pieces) == answers and not self._microphone and self.stage.floor == "speaking":
                    break
                continue
            open_since = self.stage.now if open_since is None else open_since
            if self.stage.now - open_since >= _BEFORE_ANSWERING and len(self.pieces) < answers:
                self._answer()
        return self._outcome()

    def _answer(self) -> None:
        """Put an answer into the microphone, and tell the recogniser what it says."""
        at, said = self.road.sent * FRAME_DURATION, []
        speech = speech_pcm(48_000)
        for number, pause in enumerate(self._pauses):
            silent = round(pause / FRAME_DURATION)
            self._microphone += [self._noise[i % len(self._noise)] for i in range(silent)]
            begin, end = (round(second * 96_000) for second in _SPEECH)
            if number < len(self._pauses) - 1:  # all but the last piece break off in mid-sentence
                end = begin + (end - begin) // 2 // 1_920 * 1_920
            cut = pieces(speech[begin:end], 1_920)
            at += silent * FRAME_DURATION
            ends = at + len(cut) * FRAME_DURATION
            count = max(2, round((ends - at) / SECONDS_PER_WORD))
            words = [next(self._words) for _ in range(count)]
            longer = number + 1 < len(self._pauses) and self._pauses[number + 1] > _BREATH
            words[-1] = "and" if longer else "garden"
            piece = Piece(at, ends, tuple(words))
            self._microphone += cut
            self._recogniser.learn(piece)
            said.append(piece)
            at = ends
        self.pieces.append(said)

    def _carry_frame(self) -> None:
        quiet = self._noise[self.road.sent % len(self._noise)]
        pcm = self._microphone.pop(0) if self._microphone else quiet
        self.road.carry(self._encoder.encode(pcm))

    async def _pass_on(self) -> None:
        """The ear's signals reach the core, and time passes for it."""
        while len(self._mailbox):
            self.stage.now = max(self.stage.now, self.road.now)
            self.stage.feed(await self._mailbox.receive(None))
        self.stage.run(self.road.now)

    def _outcome(self) -> Outcome:
        signals = [event.body for event in self.stage.events]
        taken = [event.at for event in self.stage.events if isinstance(event.body, AnswerTaken)]
        return Outcome(
            answers=[body.text for body in signals if isinstance(body, AnswerCommitted)],
            takes=len(taken),
            early_takes=sum(said[0].begins <= at < said[-1].ends for said in self.pieces for at in taken),
            utterance_ends=sum(isinstance(body, SpeechStopped) for body in signals),
            stalls=sum(isinstance(body, SoundStalled | SoundWentOn) for body in signals),
            repair=repair_of(self.road),
            first_answer_at=self.pieces[0][0].begins,
            stage=self.stage,
        )


def hold_talk(
    blueprint: Blueprint,
    agreed: RtpFormat,
    losing: Losing,
    *,
    answers: int = 2,
    pauses: Sequence[float] = ANSWER,
) -> Outcome:
    """Hold one talk."""
    return asyncio.run(LossyTalk(blueprint, agreed, losing, pauses=pauses).hold(answers))


@cache
def room_noise() -> tuple[bytes, ...]:
    """Two seconds of a quiet room, in 20 ms pieces at 48 kHz."""
    dice = Random(3)
    samples = (round(dice.gauss(0, 6)) for _ in range(96_000))
    return tuple(pieces(b"".join(one.to_bytes(2, "little", signed=True) for one in samples), 1_920))


WORDS: Final = tuple(
    (
        "i woke up early because the window was open then my sister called about the harvest we spoke for "
        "a while about father who is getting old so i promised to visit them next week after work it rained "
        "all morning which was good for the garden later i cooked soup with beans from the market "
    ).split()
    * 40
)

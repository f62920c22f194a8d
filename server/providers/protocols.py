"""What a provider must do. Adding a vendor is one file, one line in the catalog and one emulator.

A vendor's adapter has the Protocol of its role and that of `Service`. What a call used is told beside it
(server/providers/witness.py).
"""

import re
from collections.abc import AsyncIterator, Sequence
from typing import Final, Literal, Protocol

import msgspec

from dialog.blueprint import Patience
from dialog.judgement import Judgement, JudgementRequest
from dialog.study import Study
from media.clip import WordMark
from media.frames import AudioFrame

_CREDENTIALS: Final = re.compile(r"://[^/?#\s@]*@")
"""What an operator may have put before the host of a vendor's address; libraries quote it."""


class ProviderError(Exception):
    """A provider failed. `retryable` says whether the same call may work in a moment."""

    def __init__(
        self,
        provider: str,
        message: str,
        *,
        retryable: bool,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        message = _CREDENTIALS.sub("://", message)
        super().__init__(f"{provider}: {message}")
        self.provider = provider
        self.message = message
        """For people; never with a key or a participant's words in it."""
        self.retryable = retryable
        self.status = status
        """The HTTP status that the vendor answered with, or meant: 401 is a wrong key, 402 an account without
        credit, 403 a key that isn't allowed to do the work."""
        self.retry_after = retry_after
        """Seconds that the vendor asks to be left alone for, where it does."""

    @property
    def about_the_key(self) -> bool:
        """Whether nobody need try again soon: only whoever owns the key can mend it."""
        return self.status in (401, 402, 403)


class Service(Protocol):
    """What a vendor's adapter has beside its role."""

    async def run(self) -> None:
        """Keep its clients, and all tasks that it begins, until cancelled; then close them in less than a
        second, whatever the vendor does."""

    async def check(self) -> None:
        """Ask the vendor, at little or no cost, whether this key may do this work, beside `run`.

        Over the clients that talks will use, which are warm afterwards. Raises ProviderError: its message is
        one sentence, its `status` the vendor's. The caller bounds the time.
        """


class Transcript(msgspec.Struct, frozen=True):
    """What a recogniser made of one utterance so far (`final` False) or for good (`final` True)."""

    utterance_id: int
    text: str
    """As the recogniser writes it; "" when it heard no word."""
    confidence: float
    """0–1, mean over the words; 1.0 when there are none."""
    final: bool
    failed: str | None = None
    """Why nothing better is to be expected for this utterance (`busy`, `crashed`, `timeout`), else None."""
    behind: float = 0.0
    """Seconds of the utterance's sound that these words don't cover yet: how far the recogniser lags."""
    claim: str = ""
    """The right (dialog.judgement) that may have been claimed in it, though these words don't say so."""


class TurnEndHint(msgspec.Struct, frozen=True):
    """What a recogniser with an ear for turns makes of a pause. Evidence, no decision."""

    utterance_id: int
    """The newest one begun, open or over: such a recogniser judges silences, so it mostly is over."""
    hint: Literal["eager", "over", "resumed"]
    """`eager`: may be over; `over`: is over; `resumed`: the one before was wrong, somebody goes on."""
    confidence: float
    """0–1, that the turn is over."""


class HintsChanged(msgspec.Struct, frozen=True):
    """Somebody else listens from now on, whose hints are another's, or who gives none."""

    turn_end_hints: str
    """As SpeechToText has it."""


class Recognition(Protocol):
    """One participant's recogniser for the length of a leg. None of its calls but `close` waits."""

    def attend(self, patience: Patience) -> None:
        """Such an answer is awaited from now on: for recognisers that judge pauses by themselves."""

    def start_utterance(self, utterance_id: int) -> None:
        """Speech has begun: frames heard from now on (the listener replays some that went before) belong to
        this id."""

    def hear(self, frame: AudioFrame) -> None:
        """One frame, in order. Dropped when no utterance is open, by recognisers that work per utterance."""

    def end_utterance(self, utterance_id: int) -> None:
        """Speech is over: the final transcript of this id is wanted now. Exactly one `final` follows, however
        bad the day."""

    def __aiter__(self) -> AsyncIterator[Transcript | TurnEndHint | HintsChanged]:
        """Partials (each replaces the one before) and finals. Ends after `close`.

        A recogniser that tells ends of turns puts its hints between them, each after the words that it rests
        on. Its clock is the sound it gets, and between utterances it gets none: it has to make that silence
        for itself.
        """

    async def close(self) -> None: ...


class SpeechToText(Protocol):
    name: str
    turn_end_hints: str
    """By which its TurnEndHints are known and calibrated; "" = it gives none."""

    def recognize(self, language: str, key_terms: Sequence[str]) -> Recognition: ...


WordTime = WordMark
"""When one word of the spoken text sounds, in seconds from the start of the audio; `start_char` indexes the
text."""


class SpeechChunk(msgspec.Struct, frozen=True):
    """A piece of synthesised speech: mono, 16-bit little endian at VOICE_RATE_HZ, any length, and the words
    that begin in it."""

    pcm: bytes
    words: tuple[WordTime, ...] = ()
    stand_in: bool = False
    """Another voice than the one that was asked for speaks: to be heard, not to be kept."""


class Voice(msgspec.Struct, frozen=True):
    """Whose voice and how fast; part of the prompt cache's key."""

    provider: str = "embedded"
    """"" = whichever the server speaks with."""
    voice_id: str = "en-us"
    """As its provider calls it; "" = the provider's own choice."""
    speed: float = 1.0
    """0.5–2.0; 1.0 is about 150 words a minute."""


class PreparedClip(msgspec.Struct, frozen=True):
    """Speech made ahead: levelled, trimmed, whole frames, each also as an Opus packet ready to leave."""

    pcm: bytes
    """Whole frames of VOICE_FRAME_SAMPLES at VOICE_RATE_HZ."""
    packets: tuple[bytes, ...]
    """One for each 20 ms of `pcm`, encoded in one stream."""
    words: tuple[WordTime, ...]


class TextToSpeech(Protocol):
    name: str

    def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        """Speak `text`. Raises ProviderError. Closing the iterator cancels."""


class KnownWords(Protocol):
    """Speech that was made ahead: an advance to a scripted question costs neither synthesis nor encoding."""

    def lookup(self, text: str, voice: Voice) -> PreparedClip | None:
        """Find a clip in memory; never waits."""

    async def prepare(self, texts: Sequence[str], voice: Voice) -> Sequence[str]:
        """Have clips of all `texts` ready, from disk or by synthesis. Returns the texts that failed; doesn't
        raise."""


class TurnEndDetector(Protocol):
    """Tells by the sound of a voice whether its turn is over."""

    @property
    def name(self) -> str:
        """By which its scores are known in logs and calibrated."""

    @property
    def sound_duration(self) -> float:
        """Seconds of the newest sound that it can use."""

    async def score(self, pcm: bytes) -> float | None:
        """Judge the newest sound of a turn: mono s16le at EAR_RATE_HZ -> 0–1, that it is over; None = no
        opinion in time. Doesn't raise. Cancelling gives the look up."""


class LanguageModel(Protocol):
    name: str

    async def judge(self, request: JudgementRequest) -> Judgement:
        """Judge an answer and word what follows. Raises ProviderError. Cancelling gives the call up."""

    async def prepare(self, study: Study) -> None:
        """A talk of this study begins: have connections and the vendor's cache warm. Doesn't raise."""

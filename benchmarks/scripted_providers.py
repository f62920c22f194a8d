"""Providers that answer after configured delays and cost next to nothing: a recogniser, a judge and a voice.

So that what a reply takes beyond the delays, and what a session costs, is the server's own. Know nothing of
sessions or sound quality: every utterance has the same words, every question the same sound.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from dialog.blueprint import Patience
from dialog.judgement import Judgement, JudgementRequest
from dialog.study import Study
from media.frames import FRAME_DURATION, VOICE_RATE_HZ, AudioFrame
from server.providers.protocols import (
    KnownWords,
    PreparedClip,
    SpeechChunk,
    Transcript,
    TurnEndHint,
    Voice,
)

LIVE_VOICE: Final = "live"
"""A voice of this id is never prepared: all that it says is synthesised when it is due."""
READY_VOICE: Final = "ready"
QUESTION: Final = "Question"
"""How the words of a question begin; all other words are over in a moment."""

_WORDS: Final = "I checked the dashboards and found a bad cache.".split()
_WORD_FRAMES: Final = 20
"""A word each 0.4 s: all of them are heard well before the recorded utterance is over."""
_ASIDE: Final = 0.4
"""Seconds of anything that is no question."""
_CHUNK: Final = 0.1


class Delays(msgspec.Struct, frozen=True):
    """What is configured, in seconds; the server adds the rest. The same as the bot's of Pipecat in sum."""

    transcript: float = 0.1
    """From the last frame of sound that it rests on to a transcript."""
    judgement: float = 0.27
    """A model's first token, 0.2, and the rest of its first sentence, 0.07."""
    first_sound: float = 0.1
    """From words to their first sound. Ready words need none, so that their judge takes as much longer."""
    chunk: float = 0.02
    """Between two chunks of 0.1 s: five times as fast as speech."""


NONE: Final = Delays(0.0, 0.0, 0.0, 0.0)
"""For what is made before anything is measured."""


class ScriptedRecogniser:
    """A SpeechToText that hears the same sentence in everything, and tells that it is over as Flux does: a
    turn is taken as early as where nothing but the configured silence is waited for."""

    name = "scripted"
    turn_end_hints = "deepgram-flux"

    def __init__(self, delays: Delays) -> None:
        self._delay = delays.transcript

    def recognize(self, language: str, key_terms: Sequence[str]) -> "ScriptedRecognition":
        return ScriptedRecognition(self._delay)


class ScriptedRecognition:
    """One participant's: a partial for each further word, and the whole sentence at the end."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._loop = asyncio.get_running_loop()
        self._heard: asyncio.Queue[Transcript | TurnEndHint | None] = asyncio.Queue()
        self._utterance_id = 0
        self._frames = 0

    def attend(self, patience: Patience) -> None:
        pass

    def start_utterance(self, utterance_id: int) -> None:
        self._utterance_id, self._frames = utterance_id, 0

    def hear(self, frame: AudioFrame) -> None:
        self._frames += 1
        words, odd = divmod(self._frames, _WORD_FRAMES)
        if not odd and words <= len(_WORDS):
            self._tell(words, final=False)

    def end_utterance(self, utterance_id: int) -> None:
        self._tell(len(_WORDS), final=True)
        over = TurnEndHint(utterance_id, "over", 0.9)
        self._loop.call_later(self._delay, self._heard.put_nowait, over)

    def _tell(self, words: int, *, final: bool) -> None:
        heard = Transcript(self._utterance_id, " ".join(_WORDS[:words]), 0.95, final)
        self._loop.call_later(self._delay, self._heard.put_nowait, heard)

    async def __aiter__(self) -> AsyncIterator[Transcript | TurnEndHint]:
        while (heard := await self._heard.get()) is not None:
            yield heard

    async def close(self) -> None:
        self._heard.put_nowait(None)


class ScriptedJudge:
    """A LanguageModel to which every answer is enough, later by `first_sound` at nodes named `ready-…`."""

    name = "scripted"

    def __init__(self, delays: Delays) -> None:
        self._delays = delays

    async def judge(self, request: JudgementRequest) -> Judgement:
        delays = self._delays
        is_ready = request.node_key.startswith("ready")
        await asyncio.sleep(delays.judgement + (delays.first_sound if is_ready else 0.0))
        return Judgement("sufficient", judged_by="scripted")

    async def prepare(self, study: Study) -> None:
        pass


class ScriptedVoice:
    """A TextToSpeech that streams recorded speech: `sound`, mono s16le at VOICE_RATE_HZ."""

    name = "scripted"

    def __init__(self, delays: Delays, sound: bytes, question_duration: float) -> None:
        self._delays = delays
        self._question = _cut(sound, question_duration)
        self._aside = _cut(sound, _ASIDE)

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        await asyncio.sleep(self._delays.first_sound)
        sound = self._question if text.startswith(QUESTION) else self._aside
        size = round(_CHUNK * VOICE_RATE_HZ) * 2
        for start in range(0, len(sound), size):
            yield SpeechChunk(sound[start : start + size])
            await asyncio.sleep(self._delays.chunk)


def _cut(sound: bytes, duration: float) -> bytes:
    size = round(duration / FRAME_DURATION) * round(FRAME_DURATION * VOICE_RATE_HZ) * 2
    return (sound * (1 + size // len(sound)))[:size]


class ReadyButForTheLiveVoice:
    """KnownWords around another, of which the live voice has none."""

    def __init__(self, known_words: KnownWords) -> None:
        self._known_words = known_words

    def lookup(self, text: str, voice: Voice) -> PreparedClip | None:
        return None if voice.voice_id == LIVE_VOICE else self._known_words.lookup(text, voice)

    async def prepare(self, texts: Sequence[str], voice: Voice) -> Sequence[str]:
        return () if voice.voice_id == LIVE_VOICE else await self._known_words.prepare(texts, voice)

"""Known words, made ahead of need: the whole text at once over HTTP, with the times of its characters. Knows
nothing of the lines for live speech.
"""

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final, cast

import httpx
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import (
    CharacterAlignmentResponseModel,
    StreamingAudioChunkWithTimestampsResponse,
    VoiceSettings,
)

from server.providers.bodies import UnboundedReply
from server.providers.elevenlabs.account import NAME, Account, vendor_speed
from server.providers.elevenlabs.alignment import Characters
from server.providers.elevenlabs.faults import code_in, fault, refusal
from server.providers.elevenlabs.incoming import Incoming, sentences
from server.providers.protocols import ProviderError, SpeechChunk, Voice
from server.providers.witness import Usage, tell

LEAST_SPOKEN: Final = 0.9
"""Share of a text's letters that must have a time, if any has: the vendor's library skips what it can't read,
and a clip with a hole in it would be kept for good."""

_Piece = StreamingAudioChunkWithTimestampsResponse


class ElevenLabsRendering:
    """A TextToSpeech for words that nobody waits for."""

    name = NAME

    def __init__(self, account: Account, client: AsyncElevenLabs) -> None:
        self._account = account
        self._client = client

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        """Speak `text` (at most 4,000 characters). Raises ProviderError, as the live voice does."""
        spoken = " ".join(sentences(text))
        if not spoken:
            return
        incoming = Incoming(text, self._account.sound_format)
        tell(Usage(NAME, characters=len(spoken)))
        async with aclosing(self._pieces(spoken, voice)) as pieces:
            async for piece in pieces:
                chunk = incoming.chunk(_sound(piece), _characters(piece))
                if chunk is not None:
                    yield chunk
                if incoming.overflown:
                    raise fault("more sound came than the words can have")
        if incoming.timed and incoming.spoken_share < LEAST_SPOKEN:
            raise fault("a part of the sound is missing")
        rest = incoming.rest()
        if rest is not None:
            yield rest

    async def _pieces(self, spoken: str, voice: Voice) -> AsyncGenerator[_Piece, None]:
        voice_id = self._account.voice_id_of(voice)
        stream = self._client.text_to_speech.stream_with_timestamps(
            voice_id,
            text=spoken,
            model_id=self._account.model_id,
            output_format=self._account.sound_format.name,
            voice_settings=VoiceSettings(speed=vendor_speed(voice.speed)),
        )
        try:
            async with aclosing(cast("AsyncGenerator[_Piece, None]", stream)) as pieces:
                async for piece in pieces:
                    await asyncio.sleep(0)  # the library has read it in one go: others first
                    yield piece
        except ApiError as error:
            raise refused(error, voice_id) from error
        except (httpx.HTTPError, UnboundedReply) as error:
            raise broken(error) from error


def refused(error: ApiError, voice_id: str) -> ProviderError:
    """What an answer that is none means."""
    return refusal(code_in(error.body), error.status_code, voice_id, error.headers)


def broken(error: httpx.HTTPError | UnboundedReply) -> ProviderError:
    """What it means that no answer came, or not to its end."""
    if isinstance(error, UnboundedReply):
        return fault("more came than the words can have")
    return fault("no answer in time" if isinstance(error, httpx.TimeoutException) else "it can't be reached")


def _sound(piece: _Piece) -> bytes:
    try:
        return base64.b64decode(piece.audio_base_64 or "", validate=True)
    except (AttributeError, TypeError, ValueError, binascii.Error) as error:
        raise fault("what it says can't be read") from error


def _characters(piece: _Piece) -> Characters | None:
    """The library checks nothing: what isn't as it should be counts as no alignment."""
    for alignment in (piece.alignment, piece.normalized_alignment):
        if not isinstance(alignment, CharacterAlignmentResponseModel):
            continue
        try:
            starts = [float(at) for at in alignment.character_start_times_seconds]
            ends = [float(at) for at in alignment.character_end_times_seconds]
            chars = [str(char) for char in alignment.characters]
        except (AttributeError, TypeError, ValueError):
            continue
        if chars:
            durations = [end - start for start, end in zip(starts, ends, strict=False)]
            return Characters(chars, starts, durations)
    return None

"""Known words, made ahead of need: the whole text at once over HTTP, with the times of its characters. Knows
nothing of the lines for live speech.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

import httpx
import msgspec
from elevenlabs.client import AsyncElevenLabs
from elevenlabs.core.api_error import ApiError
from elevenlabs.types import VoiceSettings

from server.providers.bodies import UnboundedReply, lines
from server.providers.elevenlabs.account import NAME, Account, vendor_speed
from server.providers.elevenlabs.alignment import Characters
from server.providers.elevenlabs.faults import code_in, fault, refusal
from server.providers.elevenlabs.incoming import Incoming, sentences
from server.providers.protocols import ProviderError, SpeechChunk, Voice
from server.providers.witness import Usage, tell

LEAST_SPOKEN: Final = 0.9
"""Share of a text's letters that must have a time, if any has: a clip with a hole in it would be kept for
good."""
_NULL: Final = msgspec.Raw(b"null")


class _Line(msgspec.Struct):
    audio_base64: bytes | None = None
    alignment: msgspec.Raw = _NULL
    normalized_alignment: msgspec.Raw = _NULL


class _Alignment(msgspec.Struct):
    characters: list[str] = []
    character_start_times_seconds: list[float] = []
    character_end_times_seconds: list[float] = []


_lines: Final = msgspec.json.Decoder(_Line)
_alignments: Final = msgspec.json.Decoder(_Alignment | None)


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
        async with aclosing(self._lines(spoken, voice)) as rendered:
            async for line in rendered:
                sound, characters = read_rendered(line)
                await asyncio.sleep(0)  # each half of a large line takes milliseconds
                chunk = incoming.chunk(sound, characters)
                if chunk is not None:
                    yield chunk
                if incoming.overflown:
                    raise fault("more sound came than the words can have")
        if incoming.timed and incoming.spoken_share < LEAST_SPOKEN:
            raise fault("a part of the sound is missing")
        rest = incoming.rest()
        if rest is not None:
            yield rest

    async def _lines(self, spoken: str, voice: Voice) -> AsyncGenerator[bytes, None]:
        """The answer's lines, each with a part of the sound."""
        voice_id = self._account.voice_id_of(voice)
        asked = self._client.text_to_speech.with_raw_response.stream_with_timestamps(
            voice_id,
            text=spoken,
            model_id=self._account.model_id,
            output_format=self._account.sound_format.name,
            voice_settings=VoiceSettings(speed=vendor_speed(voice.speed)),
        )
        try:
            # The library asks, and raises what is no answer. It would read each line in 6 µs a character, and
            # pass in silence over those that it can't read: so the body itself is taken from it.
            async with asked as answer, aclosing(lines(answer._response.aiter_bytes())) as body:
                async for line in body:
                    await asyncio.sleep(0)  # several may have come in one go: others first
                    if line.strip():
                        yield line
        except ApiError as error:
            raise refused(error, voice_id) from error
        except (httpx.HTTPError, UnboundedReply) as error:
            raise broken(error) from error


def read_rendered(line: bytes) -> tuple[bytes, Characters | None]:
    """Read a line's sound, and when its characters sound. An alignment that can't be read counts as none.
    Raises ProviderError."""
    try:
        read = _lines.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise fault("what it says can't be read") from error
    for raw in (read.alignment, read.normalized_alignment):
        try:
            found = _alignments.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            continue
        if found is not None and found.characters:
            starts, ends = found.character_start_times_seconds, found.character_end_times_seconds
            durations = [end - start for start, end in zip(starts, ends, strict=False)]
            return read.audio_base64 or b"", Characters(found.characters, starts, durations)
    return read.audio_base64 or b"", None


def refused(error: ApiError, voice_id: str) -> ProviderError:
    """What an answer that is none means."""
    return refusal(code_in(error.body), error.status_code, voice_id, error.headers)


def broken(error: httpx.HTTPError | UnboundedReply) -> ProviderError:
    """What it means that no answer came, or not to its end."""
    if isinstance(error, UnboundedReply):
        return fault("more came than the words can have")
    return fault("no answer in time" if isinstance(error, httpx.TimeoutException) else "it can't be reached")

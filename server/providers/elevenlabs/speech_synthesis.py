"""The live voice of ElevenLabs: an utterance is a context on a line that is open already, its words leave by
the sentence, its sound comes back with the time of each character. Knows neither sockets nor sessions.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any, Final

import httpx
from elevenlabs.core.api_error import ApiError

from server.providers.bodies import UnboundedReply
from server.providers.elevenlabs.account import NAME, Account, vendor_speed
from server.providers.elevenlabs.faults import code_in
from server.providers.elevenlabs.incoming import Incoming, sentences
from server.providers.elevenlabs.line_policy import LinePolicy
from server.providers.elevenlabs.lines import Lines
from server.providers.elevenlabs.rendering import ElevenLabsRendering, broken, refused
from server.providers.protocols import SpeechChunk, Voice
from server.providers.witness import Usage, tell

_GOOD_BYE: Final = 0.5
"""Seconds that closing the HTTP connections may take."""


class ElevenLabsVoice:
    """A TextToSpeech and a Service. `run` keeps its lines for as long as it is awaited; without it none
    opens."""

    name = NAME

    def __init__(self, account: Account, policy: LinePolicy | None = None) -> None:
        self._account = account
        self._lines = Lines(account, policy or LinePolicy())
        self._http = account.http()
        self._client = account.client(self._http)
        self.ahead = ElevenLabsRendering(account, self._client)
        """The same voice for words that nobody waits for yet."""

    @property
    def made_by(self) -> str:
        """What its sound depends on beside the voice that is asked for: other words may sound alike, but
        these would not."""
        return f"{self._account.model_id}/{self._account.voice_id}"

    async def run(self) -> None:
        """Keep lines open for the voices that are wanted, until cancelled."""
        try:
            await self._lines.run()
        finally:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_GOOD_BYE):
                    await self._http.aclose()

    async def check(self) -> None:
        """Ask whether the key is good, and whether there is the voice that speaks where an agent names none;
        then have a line open for it. Costs no characters. Raises ProviderError."""
        options: Any = {"max_retries": 0}
        await self._asked(self._client.user.subscription.get(request_options=options))
        await self._asked(self._client.voices.get(self._account.voice_id, request_options=options))
        await self._lines.of(self._account.voice_id).line()

    def expect(self, voice: Voice) -> None:
        """Somebody will be spoken to with `voice`: have a line open by then. Never waits."""
        self._lines.of(self._account.voice_id_of(voice)).want()

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        """Speak `text` (at most 4,000 characters), as it comes.

        Speeds are brought into what the vendor takes. Raises ProviderError, retryable unless the text, the
        voice or the account is at fault.
        """
        spoken = sentences(text)
        if not spoken:
            return
        incoming = Incoming(text, self._account.sound_format)
        line = await self._lines.of(self._account.voice_id_of(voice)).line()
        context = line.open_context(incoming.most_bytes)
        try:
            context.say(spoken, vendor_speed(voice.speed))
            tell(Usage(NAME, characters=sum(len(each) for each in spoken)))
            while (message := await context.next_message()) is not None:
                chunk = incoming.chunk(message.sound, message.characters)
                if chunk is not None:
                    yield chunk
        finally:
            context.drop()
        rest = incoming.rest()
        if rest is not None:
            yield rest

    async def _asked(self, answer: Awaitable[object]) -> None:
        """Await an answer. A key that may only speak is refused all other questions, which says nothing of
        it."""
        try:
            await answer
        except ApiError as error:
            if code_in(error.body) != "missing_permissions":
                raise refused(error, self._account.voice_id) from error
        except (httpx.HTTPError, UnboundedReply) as error:
            raise broken(error) from error

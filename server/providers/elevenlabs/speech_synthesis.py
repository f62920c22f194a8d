"""The live voice of ElevenLabs: an utterance is a context on a line that is open already, its words leave by
the sentence, its sound comes back with the time of each character. Knows neither sockets nor sessions.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import quote

import httpx
import msgspec

from server.providers.bodies import UnboundedReply
from server.providers.elevenlabs.account import NAME, Account, vendor_speed
from server.providers.elevenlabs.faults import code_in, refusal
from server.providers.elevenlabs.incoming import Incoming, sentences
from server.providers.elevenlabs.line_policy import LinePolicy
from server.providers.elevenlabs.lines import Lines
from server.providers.elevenlabs.rendering import ElevenLabsRendering, broken
from server.providers.protocols import SpeechChunk, Voice
from server.providers.witness import Usage, tell

_GOOD_BYE: Final = 0.5
"""Seconds that closing the HTTP connections may take."""


class _Subscription(msgspec.Struct):
    character_count: int = 0
    character_limit: int = 1
    can_extend_character_limit: bool = False


class ElevenLabsVoice:
    """A TextToSpeech and a Service. `run` keeps its lines for as long as it is awaited; without it none
    opens."""

    name = NAME

    def __init__(self, account: Account, policy: LinePolicy | None = None) -> None:
        self._account = account
        self._lines = Lines(account, policy or LinePolicy())
        self._http = account.http()
        self.ahead = ElevenLabsRendering(account, account.client(self._http))
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
        """Ask whether the key is good and anything is left to speak with, and whether there is the voice that
        speaks where an agent names none; then have a line open for it. Costs no characters. Raises
        ProviderError."""
        if _used_up(await self._ask("v1/user/subscription")):
            raise refusal("quota_exceeded", 402, self._account.voice_id)
        await self._ask(f"v1/voices/{quote(self._account.voice_id, safe='')}")
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

    async def _ask(self, path: str) -> bytes:
        """See that it isn't refused; what it says is hardly of matter, and the library would take 0.2 s to
        make objects of a hostile answer. A key that may only speak is refused all other questions, which says
        nothing of it: then the answer is empty."""
        try:
            answer = await self._http.get(
                f"{self._account.base_url.rstrip('/')}/{path}", headers={"xi-api-key": self._account.api_key}
            )
        except (httpx.HTTPError, UnboundedReply) as error:
            raise broken(error) from error
        if answer.is_success:
            return answer.content
        code = code_in(_json(answer))
        if code != "missing_permissions":
            raise refusal(code, answer.status_code, self._account.voice_id, answer.headers)
        return b""


def _used_up(subscription: bytes) -> bool:
    """Whether nothing is left of what was paid for, and more can't be had on account."""
    try:
        read = msgspec.json.decode(subscription, type=_Subscription)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return not read.can_extend_character_limit and read.character_count >= read.character_limit


def _json(answer: httpx.Response) -> object:
    try:
        return msgspec.json.decode(answer.content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None

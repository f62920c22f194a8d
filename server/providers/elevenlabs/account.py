"""Whose account speaks, with which model, voice and shape of sound, and where it is reached. Says nothing
itself."""

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httpx
import msgspec
from elevenlabs.client import AsyncElevenLabs

from media.frames import VOICE_RATE_HZ
from server.providers.bodies import Bounds, UnboundedReply, bounded
from server.providers.direct import is_nearby
from server.providers.protocols import Voice

NAME: Final = "elevenlabs"
BASE_URL: Final = "https://api.elevenlabs.io"
MODEL: Final = "eleven_flash_v2_5"
"""The quickest of those that can be spoken to over a websocket; the expressive `eleven_v3` can't."""
VOICE_ID: Final = "JBFqnCBsd6RMkjVDRZzb"
"""George, one of the voices that every account has: for agents that name no voice of this vendor's."""
SLOWEST, FASTEST = 0.7, 1.2
"""All that the vendor's `speed` takes; what an agent wants beyond is spoken at the nearest."""
KEEP_ALIVE: Final = 300.0
"""Seconds that an unused HTTP connection stays open; the library's own 5 s cost a handshake per prompt."""
SOUND_BOUNDS: Final = Bounds("line", most_bytes=64 << 20, longest=1_500_000, most_members=8_000)
"""Of speech over HTTP: the longest text is 20 MB in all. A sentence of 300 characters in one line has 1.3 MB.
Its times are told twice, as it is written and as it is read out: of nothing but years it has 6,100."""
_REFUSAL_BOUNDS: Final = Bounds("body", most_bytes=64 << 10, longest=64 << 10, most_members=64)
"""Of a refusal, of which the library makes objects at up to 0.2 ms each; it has ten members."""
_UNREAD_BOUNDS: Final = Bounds("body", most_bytes=1 << 20, longest=1 << 20, most_members=1 << 20)
"""Of what is taken off the line and not looked into."""
HTTP_TIMEOUT: Final = 10.0
"""Seconds for a connection, and for each further piece of an answer."""


class SoundFormat(msgspec.Struct, frozen=True):
    """A shape of sound that the vendor makes natively."""

    name: str
    """As the vendor calls it."""
    rate_hz: int
    sample_bytes: int

    @property
    def bytes_per_second(self) -> int:
        return self.rate_hz * self.sample_bytes


PCM_24000: Final = SoundFormat("pcm_24000", VOICE_RATE_HZ, 2)
"""The house's own: mono, 16-bit little endian."""
PCM_16000: Final = SoundFormat("pcm_16000", 16_000, 2)
ULAW_8000: Final = SoundFormat("ulaw_8000", 8_000, 1)
"""What a telephone carrier takes (G.711 µ-law), to be passed on as it comes."""


@dataclass(frozen=True, slots=True)
class Account:
    """How the vendor is asked. With a `sound_format` other than PCM_24000 the chunks hold that instead."""

    api_key: str = field(repr=False)
    base_url: str = BASE_URL
    model_id: str = MODEL
    voice_id: str = VOICE_ID
    """Who speaks where the agent names no voice of this vendor's."""
    sound_format: SoundFormat = PCM_24000
    tls: ssl.SSLContext = field(init=False, repr=False, compare=False)
    """One for all connections: making one holds up the loop for 50 ms. On a road without TLS it knows
    nobody."""

    def __post_init__(self) -> None:
        context = ssl.create_default_context() if self.secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        object.__setattr__(self, "tls", context)

    @property
    def secure(self) -> bool:
        return urlsplit(self.base_url).scheme == "https"

    @property
    def nearby(self) -> bool:
        """Whether it is on this very machine, where no proxy is to be asked."""
        return is_nearby(self.base_url)

    def voice_id_of(self, voice: Voice) -> str:
        """Whose voice is meant."""
        return voice.voice_id if voice.provider == NAME and voice.voice_id else self.voice_id

    def http(self, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
        """Make the connections for what isn't live. `transport` is for answers that never were."""
        limits = httpx.Limits(max_connections=50, max_keepalive_connections=50, keepalive_expiry=KEEP_ALIVE)
        return httpx.AsyncClient(
            limits=limits,
            timeout=HTTP_TIMEOUT,
            verify=self.tls,
            trust_env=not self.nearby,
            headers={"accept-encoding": "identity"},
            event_hooks={"response": [_bound]},
            transport=transport,
        )

    def client(self, http: httpx.AsyncClient) -> AsyncElevenLabs:
        """The vendor's client over `http`; the time-out is told twice, for its own default would win."""
        return AsyncElevenLabs(
            api_key=self.api_key, base_url=self.base_url, timeout=HTTP_TIMEOUT, httpx_client=http
        )


class _Bounded(httpx.AsyncByteStream):
    """A body that ends by UnboundedReply where it is too long."""

    def __init__(self, body: httpx.AsyncByteStream, bounds: Bounds) -> None:
        self._body = body
        self._bounds = bounds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in bounded(self._body, self._bounds):
            yield piece

    async def aclose(self) -> None:
        await self._body.aclose()


async def _bound(response: httpx.Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise UnboundedReply
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _Bounded(response.stream, _bounds_of(response))


def _bounds_of(response: httpx.Response) -> Bounds:
    if not response.is_success:
        return _REFUSAL_BOUNDS
    return SOUND_BOUNDS if response.request.url.path.endswith("/with-timestamps") else _UNREAD_BOUNDS


def vendor_speed(speed: float) -> float:
    """The nearest speed that the vendor takes."""
    return round(min(max(speed, SLOWEST), FASTEST), 2)

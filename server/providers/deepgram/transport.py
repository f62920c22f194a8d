"""The socket under the SDK's connections: no step takes longer than it is given, and it can be dropped at
once.

The SDK's own socket waits ten seconds for a handshake that is cancelled, thirty to close against a dead peer,
and tells of neither; so the SDK is given this one, by the way that it has for that. It makes the address and
the headers.
"""

import ssl
import warnings
from collections.abc import AsyncIterator, Mapping
from functools import cache
from typing import Final

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.frames import CloseCode
from websockets.protocol import State

from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.messages import MAX_FRAME_BYTES
from server.providers.direct import Direct, is_nearby
from server.providers.protocols import ProviderError

with warnings.catch_warnings():
    # The SDK imports a part of websockets that is on its way out, which it isn't to use here.
    warnings.simplefilter("ignore", DeprecationWarning)
    from deepgram import AsyncDeepgramClient
    from deepgram.environment import DeepgramClientEnvironment

NAME: Final = "deepgram"
_MAX_WHY_CHARS: Final = 120
_OF_THE_KEY: Final = {
    401: "the key was refused",
    402: "the account has no credit",
    403: "the key isn't allowed to do this",
}


class Unavailable(ProviderError):
    """Deepgram can't be used now. `reason` is one word for a transcript that has failed.

    ProviderError └── Unavailable
    """

    def __init__(
        self,
        message: str,
        *,
        reason: str,
        retryable: bool,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(NAME, message, retryable=retryable, status=status, retry_after=retry_after)
        self.reason = reason


class _Socket(ClientConnection):
    """A websocket that takes sound without ado."""

    def takes(self, sound: bytes) -> bool:
        """Send a message at once, unless the peer doesn't read or the connection is over: then False.

        Half of what `send` costs, twelve times a second for each talk, is the waiting for what needn't be
        waited for.
        """
        if self.paused or self.protocol.state is not State.OPEN:
            return False
        self.protocol.send_binary(sound)
        self.send_data()
        return True


class Transport:
    """One socket, made by the SDK with an address and headers, and opened by `open`."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = headers
        self._socket: _Socket | None = None

    async def open(self, limits: DeepgramLimits) -> None:
        """Connect and shake hands. Raises Unavailable."""
        secure = self._url.startswith("wss:")
        try:
            socket = await Direct(
                self._url,
                create_connection=_Socket,
                additional_headers=self._headers,
                user_agent_header=None,
                compression=None,
                open_timeout=limits.open_timeout,
                close_timeout=limits.parting_timeout,
                ping_interval=limits.ping_interval,
                ping_timeout=limits.ping_timeout,
                max_size=MAX_FRAME_BYTES,
                ssl=tls_context() if secure else None,
                proxy=None if is_nearby(self._url) else True,
            )
            assert isinstance(socket, _Socket)
            self._socket = socket
        except InvalidStatus as refused:
            raise _refusal(refused) from None
        except (OSError, TimeoutError, WebSocketException, EOFError, ImportError) as error:
            # By its kind alone: a header or an address in the text of an error would tell the key.
            raise Unavailable(
                f"it can't be reached ({type(error).__name__})", reason="unreachable", retryable=True
            ) from None

    async def send(self, message: str | bytes) -> None:
        """Send one message; waits while the peer doesn't read. Raises Unavailable."""
        assert self._socket is not None
        if isinstance(message, bytes) and self._socket.takes(message):
            return
        try:
            await self._socket.send(message)
        except ConnectionClosed as closed:
            raise _lost(closed) from None

    async def recv(self) -> str | bytes:
        """Wait for a message, as it came. Raises Unavailable when the connection is over."""
        assert self._socket is not None
        try:
            return await self._socket.recv()
        except ConnectionClosed as closed:
            raise _lost(closed) from None

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while True:
            yield await self.recv()

    async def part(self) -> None:
        """Close the connection as one should: half a second at most, for those whom nobody waits for."""
        if self._socket is not None:
            await self._socket.close(CloseCode.NORMAL_CLOSURE)

    def drop(self) -> None:
        """Have done with the connection at once."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def close(self) -> None:
        """What the SDK calls at the end: doesn't wait."""
        self.drop()


def make_client(api_key: str, address: str | None) -> AsyncDeepgramClient:
    """The SDK's client, with our transport. `address` is that of another server than Deepgram's own, as in
    http://127.0.0.1:9000.

    Takes a tenth of a second, and a quarter more the first time: meant for the start of the server.
    """
    environment = DeepgramClientEnvironment.PRODUCTION
    if address is not None:
        base = address.rstrip("/")
        sockets = "ws" + base.removeprefix("http")
        environment = DeepgramClientEnvironment(base=base, production=sockets, agent=sockets, agent_rest=base)
    else:
        tls_context()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return AsyncDeepgramClient(api_key=api_key, environment=environment, transport_factory=Transport)


@cache
def tls_context() -> ssl.SSLContext:
    """Certificates take 50 ms and more to read: once, before anybody talks."""
    return ssl.create_default_context()


def _refusal(refused: InvalidStatus) -> Unavailable:
    status, headers = refused.response.status_code, refused.response.headers
    shown = f"{status} {_cut(headers.get('dg-error', ''))}".rstrip()
    if status == 429:
        return Unavailable(
            f"too many connections are open ({shown})",
            reason="busy",
            retryable=True,
            status=status,
            retry_after=_seconds(headers.get("retry-after", "")),
        )
    hopeless = 400 <= status < 500 and status != 408
    what = _OF_THE_KEY.get(status, "the request was refused")
    reason = "refused" if status in _OF_THE_KEY else "rejected"
    return Unavailable(
        f"{what if hopeless else 'it is out of order'} ({shown})",
        reason=reason if hopeless else "unreachable",
        retryable=not hopeless,
        status=status,
    )


def _seconds(text: str) -> float | None:
    """A delay in whole seconds, as HTTP gives it."""
    return float(text) if text.isascii() and text.isdigit() and len(text) < 6 else None


def _lost(closed: ConnectionClosed) -> Unavailable:
    if closed.rcvd is None:
        message = "the connection broke"
    else:
        message = f"the connection was closed ({closed.rcvd.code} {_cut(closed.rcvd.reason)})".replace(
            " )", ")"
        )
    return Unavailable(message, reason="unreachable", retryable=True)


def _cut(text: str) -> str:
    """What a stranger says, fit for a log."""
    return "".join(c for c in text if c.isprintable())[:_MAX_WHY_CHARS]

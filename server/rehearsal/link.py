"""A page's road to the server, walked by a program: session, live channel, WebRTC.

Knows nothing of what is talked about.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec
from aiortc import RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from server.live.wire import AnyFromPage, AnyToPage, Hello
from server.rehearsal.sound import Hearing, SpokenTrack

_READ_TIMEOUT: Final = 15.0
"""Seconds for one answer of the server."""

_CONSENT_LOOKS: Final = 50

_to_page: Final = msgspec.json.Decoder(AnyToPage)


class LinkError(Exception):
    """The way in is barred. The message is a sentence for a person."""


class JoinLink(msgspec.Struct, frozen=True):
    """A participant's link, taken apart."""

    origin: str
    run_id: str
    token: str

    @classmethod
    def parse(cls, url: str) -> "JoinLink":
        """Read `{origin}/join/{run_id}#{token}`. Raises LinkError."""
        try:
            parts = urlsplit(url)
        except ValueError:
            parts = urlsplit("")
        prefix, separator, run_id = parts.path.rpartition("/join/")
        complete = parts.netloc and separator and run_id and parts.fragment
        if parts.scheme not in ("http", "https") or not complete:
            raise LinkError(f"{url!r} is no join link: it looks like https://host/join/run_…#secret.")
        return cls(f"{parts.scheme}://{parts.netloc}{prefix}", run_id, parts.fragment)

    @property
    def page(self) -> str:
        return f"{self.origin}/join/{self.run_id}"

    @property
    def live(self) -> str:
        return "ws" + self.page.removeprefix("http") + "/live"


async def open_session(http: httpx.AsyncClient, link: JoinLink) -> dict[str, Any]:
    """Show the link's secret at the door; returns what the page shows first and the access token.

    Raises LinkError.
    """
    try:
        answer = await http.post(f"{link.page}/session", json={"token": link.token})
    except httpx.HTTPError as error:
        raise LinkError(f"{link.origin} can't be reached ({error}).") from None
    if answer.status_code != 200:
        raise LinkError(_refusal(answer))
    session: dict[str, Any] = answer.json()
    return session


def _refusal(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.request.url} answered {answer.status_code}."


class LiveChannel:
    """The JSON side of the page: messages both ways."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, message: AnyFromPage) -> None:
        """Send one message; a socket that is closed already takes it to nowhere."""
        try:
            await self._socket.send(msgspec.json.encode(message).decode())
        except ConnectionClosed:
            return

    async def receive(self) -> AsyncIterator[AnyToPage]:
        """What the server says, until it closes."""
        with contextlib.suppress(ConnectionClosed):
            async for text in self._socket:
                yield _to_page.decode(text)


@contextlib.asynccontextmanager
async def open_live(link: JoinLink, access_token: str) -> AsyncIterator[LiveChannel]:
    """Open the live channel and say hello on it. Raises LinkError."""
    try:
        socket = await connect(link.live, open_timeout=_READ_TIMEOUT, max_size=2**20, proxy=None)
    except (OSError, TimeoutError) as error:
        raise LinkError(f"{link.live} can't be opened ({error}).") from None
    async with socket:
        channel = LiveChannel(socket)
        await channel.send(Hello(access_token))
        yield channel


def _send_back(pings: RTCDataChannel) -> None:
    """What comes on a channel that the server has opened goes back to it: how long the way is."""
    pings.on("message", pings.send)


class Call:
    """A WebRTC connection as the page makes it: one audio track both ways, a data channel named `control`."""

    def __init__(self, changed: Callable[[], None], background: Iterator[bytes] | None = None) -> None:
        # an empty list of servers, for None would ask a public STUN server
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.microphone = SpokenTrack(background)
        self.hearing = Hearing(changed)
        self._track: asyncio.Future[MediaStreamTrack] = asyncio.get_running_loop().create_future()
        self._control: RTCDataChannel = self._connection.createDataChannel("control")
        self._control.on("message", self._take_control)
        self._connection.on("track", self._take_track)
        self._connection.on("datachannel", _send_back)

    async def connect(self, http: httpx.AsyncClient, link: JoinLink, access_token: str) -> None:
        """Offer, and take the answer. Raises LinkError."""
        transceiver = self._connection.addTransceiver(self.microphone, direction="sendrecv")
        # Opus alone: aiortc's own sender can't make RED, which a server in this very process has registered
        capabilities = RTCRtpSender.getCapabilities("audio").codecs
        transceiver.setCodecPreferences([c for c in capabilities if c.mimeType.lower() == "audio/opus"])
        await self._connection.setLocalDescription(await self._connection.createOffer())
        headers = {"Authorization": f"Bearer {access_token}", "Content-Type": "application/sdp"}
        offer = self._connection.localDescription.sdp
        for _ in range(_CONSENT_LOOKS):
            answer = await http.post(f"{link.page}/whip", content=offer, headers=headers)
            if answer.status_code != 409:
                break
            # the consent, sent on the live channel just before, is not on the record yet
            await asyncio.sleep(0.1)
        if answer.status_code != 201:
            raise LinkError(_refusal(answer))
        await self._connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))

    async def listen(self) -> None:
        """Hear the agent until the connection ends."""
        await self.hearing.listen(await self._track)

    async def close(self) -> None:
        self.microphone.stop()
        await self._connection.close()

    def _take_track(self, track: MediaStreamTrack) -> None:
        if not self._track.done():
            self._track.set_result(track)

    def _take_control(self, message: object) -> None:
        try:
            said = json.loads(message) if isinstance(message, str) else {}
        except ValueError:
            return
        match said:
            case {"type": "silence"}:
                self.hearing.muted = True
            case {"type": "unsilence"}:
                self.hearing.muted = False

"""The audio socket over real TCP: uvicorn and Starlette on our side, `websockets` as the participant."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from media.codecs import OpusDecoder, OpusEncoder
from media.frames import AudioFrame
from server.gateway.metronome import Metronome
from server.gateway.websocket import WebSocketLeg
from server.gateway.websocket_frames import HEADER, OPUS, PCM, AudioFormat
from tests.support.gateway import KeptEar, KeptTap, SpeechMouth, beating, until
from tests.support.speech import pieces, speech_pcm


class Room:
    """The server's side of one call over a socket."""

    def __init__(self, audio: AudioFormat) -> None:
        self.audio = audio
        self.ear, self.mouth, self.tap = KeptEar(), SpeechMouth(), KeptTap()
        self.leg: WebSocketLeg | None = None
        self.reason: str | None = None
        self.url = ""


@asynccontextmanager
async def serving(
    metronome: Metronome, audio: AudioFormat = "pcm", *, buffer: int = 0
) -> AsyncIterator[Room]:
    """Serve one room on a free port; `buffer` bounds what the kernel holds for a client that doesn't read."""
    room = Room(audio)

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        room.leg = WebSocketLeg(websocket, metronome, audio)
        room.reason = await room.leg.run(room.ear, room.mouth, room.tap)

    listening = socket.create_server(("127.0.0.1", 0))
    if buffer:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    room.url = f"ws://127.0.0.1:{listening.getsockname()[1]}/"
    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    config = uvicorn.Config(
        app, log_level="error", lifespan="off", ws="websockets-sansio", ws_ping_interval=None
    )
    server = uvicorn.Server(config)
    async with asyncio.TaskGroup() as group:
        group.create_task(server._serve(sockets=[listening]))
        await until(lambda: server.started)
        try:
            yield room
        finally:
            server.should_exit = True


async def speak(client: ClientConnection, frames: int, audio: AudioFormat = "pcm", start: int = 0) -> None:
    encoder = OpusEncoder(16_000)
    for i, pcm in enumerate(pieces(speech_pcm(16_000), 640)[:frames]):
        if audio == "opus":
            await client.send(HEADER.pack(OPUS, start + i) + encoder.encode(pcm))
        else:
            await client.send(HEADER.pack(PCM, start + i) + pcm)


async def heard(client: ClientConnection, frames: int) -> tuple[list[bytes], list[dict[str, Any]]]:
    """The first `frames` binary messages, and the text messages among them."""
    sound: list[bytes] = []
    texts: list[dict[str, Any]] = []
    async with asyncio.timeout(20):
        while len(sound) < frames:
            message = await client.recv()
            if isinstance(message, bytes):
                sound.append(message)
            else:
                texts.append(json.loads(message))
    return sound, texts


async def closing(client: ClientConnection) -> tuple[int | None, str]:
    """Read until the server closes; its code and reason."""
    async with asyncio.timeout(20):
        try:
            while True:
                await client.recv()
        except ConnectionClosed:
            return client.close_code, client.close_reason or ""


@pytest.mark.parametrize("audio", ["pcm", "opus"])
async def test_sound_passes_both_ways(audio: AudioFormat) -> None:
    async with beating() as metronome, serving(metronome, audio) as room:
        async with connect(room.url) as client:
            await speak(client, 100, audio, start=5)
            sound, _ = await heard(client, 100)
        await until(lambda: room.reason is not None)

    assert room.reason == "closed"
    assert [i * 320 for i in range(100)] == [frame.timestamp for frame in room.ear.frames]
    assert [i * 960 for i in range(100)] == [stamp for stamp, _ in room.tap.received_packets]
    slots = [HEADER.unpack_from(message)[1] for message in sound]
    assert slots == sorted(set(slots))
    decoder = OpusDecoder(16_000)
    frames = [message[5:] if audio == "pcm" else decoder.decode(message[5:]) for message in sound]
    assert all(len(frame) == 640 for frame in frames)
    assert any(any(frame) for frame in frames)
    assert len(room.tap.sent_packets) >= 100
    assert all(len(decoder.decode(packet)) == 640 for _, packet in room.tap.sent_packets)


async def test_control_messages_pass_ahead_of_sound() -> None:
    async with beating() as metronome, serving(metronome) as room, connect(room.url) as client:
        await client.send('{"muted": true}')
        await client.send('{"type":"ping","n":4}')
        await client.send('{"type":"playout","delay":0.3}')
        await speak(client, 2)
        await until(lambda: len(room.ear.frames) == 2)
        assert room.leg is not None
        assert room.leg.playout_delay() >= 0.3
        room.leg.silence_now()
        room.leg.silence_now()
        room.leg.unsilence()
        texts: list[dict[str, Any]] = []
        while len(texts) < 3:
            texts += (await heard(client, 1))[1]

    assert texts == [{"type": "pong", "n": 4}, {"type": "silence"}, {"type": "unsilence"}]
    assert all(frame.muted for frame in room.ear.frames)


async def test_two_seconds_without_a_frame_are_a_lost_link_and_the_next_frame_finds_it() -> None:
    async with beating() as metronome, serving(metronome) as room, connect(room.url) as client:
        await speak(client, 1)
        while not room.ear.happened:
            await heard(client, 1)
        await speak(client, 1, start=1)
        await until(lambda: len(room.ear.happened) == 2)

        assert room.ear.happened == ["lost", "found"]


async def test_our_hanging_up_is_a_clean_close_with_its_reason() -> None:
    async with beating() as metronome, serving(metronome) as room, connect(room.url) as client:
        await heard(client, 5)
        assert room.leg is not None
        await room.leg.close("displaced")

        assert await closing(client) == (1000, "displaced")
        await until(lambda: room.reason == "displaced")


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([b""], 1007),
        ([b"\x01"], 1007),
        ([HEADER.pack(PCM, 0) + bytes(639)], 1007),
        ([HEADER.pack(OPUS, 0) + b"\xf8\xff\xfe"], 1003),
        ([HEADER.pack(PCM, 0) + bytes(5_000)], 1009),
        ([HEADER.pack(PCM, 1) + bytes(640), HEADER.pack(PCM, 0) + bytes(640)], 1007),
        (["nonsense"], 1007),
        (["x" * 5_000], 1007),
        (['{"type":"ping","n":1}'] * 60, 1008),
        ([HEADER.pack(PCM, n) + bytes(640) for n in range(400)], 1008),
    ],
    ids=[
        "empty",
        "short",
        "odd",
        "kind",
        "big",
        "backwards",
        "text",
        "long text",
        "text flood",
        "frame flood",
    ],
)
async def test_garbage_is_a_clean_drop_with_code_and_reason(messages: list[bytes | str], code: int) -> None:
    async with beating() as metronome, serving(metronome) as room, connect(room.url) as client:
        for message in messages:
            await client.send(message)
        closed_with, reason = await closing(client)
        await until(lambda: room.reason is not None)

        assert code == closed_with
        assert reason.endswith(".")
        assert room.reason == "garbage"


async def test_a_client_that_does_not_read_is_dropped_and_sound_in_its_queue_is_the_newest() -> None:
    async with beating() as metronome, serving(metronome, buffer=4_096) as room:
        reader, writer = await _mute_client(room.url)
        await until(lambda: room.reason is not None)
        writer.close()
        reader.feed_eof()

    assert room.reason == "backlog"
    assert room.leg is not None
    assert room.leg.dropped > 0


async def _mute_client(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Shake hands, and never read again, with next to no room in the kernel either."""
    port = int(url.rsplit(":", 1)[1].strip("/"))
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=raw, limit=1_024)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    return reader, writer


async def test_a_client_that_is_cut_off_ends_the_leg() -> None:
    async with beating() as metronome, serving(metronome) as room:
        client = await connect(room.url)
        await heard(client, 5)
        client.transport.abort()
        await until(lambda: room.reason is not None)

    assert room.reason == "closed"


async def test_an_ear_that_raises_ends_its_own_leg(caplog: pytest.LogCaptureFixture) -> None:
    async with beating() as metronome, serving(metronome) as room, connect(room.url) as client:

        def broken(frame: AudioFrame) -> None:
            raise ZeroDivisionError

        room.ear.hear = broken  # type: ignore[method-assign]
        await speak(client, 1)

        assert (await closing(client))[0] == 1011
        await until(lambda: room.reason == "failed")
    assert "ear" in caplog.text

"""Participants who speak: over WebRTC by aiortc, or over the audio socket. Their words are made by flite."""

import asyncio
import json
import struct
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

import httpx
import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from media.frames import EAR_RATE_HZ, FRAME_DURATION, VOICE_RATE_HZ
from media.resampler import resample
from server.clock import loop_time
from server.rehearsal.link import Call, JoinLink
from server.rehearsal.sound import AUDIBLE_DBFS, load_clip
from tests.support.page import TestPage
from tests.support.running_server import Door, Study


class Talker(Protocol):
    """Somebody with a microphone and a loudspeaker."""

    async def say(self, text: str) -> None:
        """Speak, to the end."""

    @property
    def audible_frames(self) -> int:
        """20 ms frames of the agent's voice that were heard so far."""


def spoken(text: str, folder: Path) -> bytes:
    """The text in a voice that the embedded recogniser understands: mono s16le at VOICE_RATE_HZ."""
    path = folder / "spoken.wav"
    subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(path)], check=True)
    return load_clip(path)


class WebRtcTalker:
    """Speaks over a peer connection."""

    def __init__(self, call: Call, folder: Path) -> None:
        self.call = call
        self._folder = folder

    async def say(self, text: str) -> None:
        await self.call.microphone.say(await asyncio.to_thread(spoken, text, self._folder))

    @property
    def audible_frames(self) -> int:
        return sum(level > AUDIBLE_DBFS for level in self.call.hearing.levels)


@asynccontextmanager
async def webrtc_talker(
    server: Door, study: Study, page: TestPage, folder: Path
) -> AsyncIterator[WebRtcTalker]:
    """Call as the page does."""
    call = Call(lambda: None)
    link = JoinLink(server.origin, study.run_id, study.token)
    async with httpx.AsyncClient(timeout=20) as http, asyncio.TaskGroup() as tasks:
        await call.connect(http, link, str(page.session["access_token"]))
        tasks.create_task(call.listen())
        try:
            yield WebRtcTalker(call, folder)
        finally:
            await call.close()


class SocketTalker:
    """Speaks over the audio socket, 50 frames a second."""

    def __init__(self, socket: ClientConnection, folder: Path) -> None:
        self.audible_at: list[float] = []
        """When each frame of the agent's voice came, on the loop's clock."""
        self.controls: list[str] = []
        self._socket = socket
        self._folder = folder
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()

    @property
    def audible_frames(self) -> int:
        return len(self.audible_at)

    async def say(self, text: str) -> None:
        pcm = resample(await asyncio.to_thread(spoken, text, self._folder), VOICE_RATE_HZ, EAR_RATE_HZ)
        for start in range(0, len(pcm) - 639, 640):
            self._frames.put_nowait(pcm[start : start + 640])
        await self._frames.join()

    async def send(self) -> None:
        began, counter = loop_time(), 0
        while True:
            frame = bytes(640)
            if not self._frames.empty():
                frame = self._frames.get_nowait()
                self._frames.task_done()
            await self._socket.send(struct.pack("!BL", 1, counter) + frame)
            counter += 1
            await asyncio.sleep(max(0.0, began + counter * FRAME_DURATION - loop_time()))

    async def hear(self) -> None:
        async for message in self._socket:
            if isinstance(message, str):
                self.controls.append(json.loads(message)["type"])
                continue
            samples = np.frombuffer(message[5:], np.int16).astype(np.float32) / 32_768
            level = 10 * float(np.log10(max(float(np.mean(samples * samples)), 1e-9)))
            if level > AUDIBLE_DBFS:
                self.audible_at.append(loop_time())


@asynccontextmanager
async def socket_talker(
    server: Door, study: Study, page: TestPage, folder: Path
) -> AsyncIterator[SocketTalker]:
    """Connect as the page does where UDP can't pass."""
    address = f"ws{server.origin.removeprefix('http')}/join/{study.run_id}/audio"
    async with connect(address) as socket:
        await socket.send(json.dumps({"access_token": page.session["access_token"], "format": "pcm"}))
        talker = SocketTalker(socket, folder)
        work = [asyncio.get_running_loop().create_task(each) for each in (talker.send(), talker.hear())]
        try:
            yield talker
        finally:
            for task in work:
                task.cancel()
            for result in await asyncio.gather(*work, return_exceptions=True):
                if isinstance(result, Exception) and not isinstance(result, ConnectionClosed):
                    raise result

"""Callers of a load test: each sends one recorded utterance over and over, and times the replies.

They are cheap, so that they can share a machine with the server: the cycle is encoded once for all of them,
and what they receive is counted but never decoded. Know nothing of who answers.
"""

import asyncio
import json
import random
import time
import wave
from dataclasses import dataclass, field
from email.message import Message
from fractions import Fraction
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import aiortc
import av
import numpy as np
from aiortc import rtcrtpreceiver
from aiortc.rtp import RtpPacket, is_rtcp

SAMPLE_RATE = 48_000
FRAME = 960  # samples in a packet
FRAME_RATE = SAMPLE_RATE // FRAME
TIME_BASE = Fraction(1, SAMPLE_RATE)
BIT_RATE = 32_000
SPEECH_FLOOR = 150  # of 32768; the utterance is cut to what is above it
NOISE_DEVIATION = 4  # of 32768, -78 dBFS: a microphone is never digitally silent

ONSET_BYTES = 60
OVERLAP_SECONDS = 0.2
REPLY_LIMIT = 5.0
CONNECT_LIMIT = 30.0
LEAD_IN_FRAMES = 25
STAGGER = 10  # callers that start before two speak in step


class LoadError(Exception):
    """The load could not be applied, so there is nothing to report."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """An utterance and the silence after it as 20 ms Opus packets, of which the first hold the speech."""

    packets: tuple[bytes, ...]
    speech_packets: int


def read_utterance(path: Path) -> np.ndarray:
    """Read a 48 kHz mono 16-bit WAV file, cut to its speech."""
    with wave.open(str(path)) as file:
        if (file.getframerate(), file.getnchannels(), file.getsampwidth()) != (SAMPLE_RATE, 1, 2):
            raise LoadError(f"{path}: not 48 kHz mono 16-bit")
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    loud = np.flatnonzero(np.abs(samples) > SPEECH_FLOOR)
    if not len(loud):
        raise LoadError(f"{path}: no speech in it")
    return samples[loud[0] : loud[-1] + 1]


def encode_cycle(speech: np.ndarray, seconds: float) -> Cycle:
    """Encode the speech, then a noise floor until the cycle is full."""
    speech_packets = -(-len(speech) // FRAME)
    frames = round(seconds * FRAME_RATE)
    if frames < speech_packets + FRAME_RATE:
        raise LoadError(f"a cycle of {seconds} s leaves no second of silence after the utterance")
    signal = np.random.default_rng(0).normal(0, NOISE_DEVIATION, frames * FRAME)
    signal[: len(speech)] += speech
    samples = np.clip(signal, -32768, 32767).astype(np.int16).reshape(frames, FRAME)

    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = SAMPLE_RATE, "mono", "s16"
    encoder.bit_rate, encoder.options = BIT_RATE, {"application": "voip", "fec": "1", "packet_loss": "10"}
    packets: list[bytes] = []
    for number, block in enumerate(samples):
        frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(block.tobytes())
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, TIME_BASE, number * FRAME
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return Cycle(tuple(packets), speech_packets)


class LineSignalling:
    """One line of JSON each way over TCP; the server notices by itself that a caller has gone."""

    pings = True

    def __init__(self, address: str) -> None:
        self._host, _, self._port = address.rpartition(":")

    async def exchange(self, number: int, offer: str) -> str:
        """Send the offer of caller `number`; return the answer."""
        reader, writer = await asyncio.open_connection(self._host, int(self._port), limit=1 << 20)
        writer.write(json.dumps({"sdp": offer}).encode() + b"\n")
        line = await reader.readline()
        writer.close()
        if not line:
            raise LoadError(f"caller {number}: no answer")
        return str(json.loads(line)["sdp"])

    async def hang_up(self, number: int) -> None:
        """Say nothing."""


class WhipSignalling:
    """WHIP (RFC 9725): caller N posts its offer to the Nth URL of the file, with that line's token."""

    pings = False

    def __init__(self, file: Path, sessions: int) -> None:
        lines = (line.split() for line in file.read_text().splitlines())
        self._endpoints = [
            (line[0], line[1] if line[1:] else None) for line in lines if line and line[0][0] != "#"
        ]
        self._locations: dict[int, str] = {}
        if len(self._endpoints) < sessions:
            raise LoadError(f"{file}: {len(self._endpoints)} URLs for {sessions} sessions")

    async def exchange(self, number: int, offer: str) -> str:
        """Post the offer of caller `number`; return the answer."""
        url, token = self._endpoints[number]
        status, headers, body = await asyncio.to_thread(request, "POST", url, token, offer)
        if status != 201 or "Location" not in headers:
            raise LoadError(f"caller {number}: WHIP answered {status}: {body[:200]}")
        self._locations[number] = urljoin(url, headers["Location"])
        return body

    async def hang_up(self, number: int) -> None:
        """Delete the session."""
        if number in self._locations:
            await asyncio.to_thread(
                request, "DELETE", self._locations.pop(number), self._endpoints[number][1]
            )


def request(method: str, url: str, token: str | None, offer: str | None = None) -> tuple[int, Message, str]:
    """Make one HTTP request, past any proxy; return status, headers, body."""
    headers = {"Content-Type": "application/sdp"} if offer else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=CONNECT_LIMIT)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, offer, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


class NoDecoder:
    """Stands in for aiortc's decoders."""

    def decode(self, encoded_frame: object) -> list[Any]:
        """Look at nothing."""
        return []


@dataclass(slots=True)
class Turn:
    """An utterance and its reply; times are of CLOCK_MONOTONIC, in seconds."""

    session: int
    end_of_speech: float
    overlapped: bool
    reply: float | None = None

    @property
    def latency(self) -> float | None:
        """Seconds from the end of speech to the reply; None if it is missing or came too late."""
        latency = REPLY_LIMIT if self.reply is None else self.reply - self.end_of_speech
        return latency if latency < REPLY_LIMIT else None


class SpeechTrack(aiortc.MediaStreamTrack):
    """The cycle for ever, one packet each 20 ms, after a silence that staggers the callers."""

    kind = "audio"

    def __init__(self, caller: "Caller", cycle: Cycle) -> None:
        super().__init__()
        self._caller = caller
        self._cycle = cycle
        self._silence = LEAD_IN_FRAMES + caller.number % STAGGER * len(cycle.packets) // STAGGER
        self._frames = 0
        self._started = 0.0

    async def recv(self) -> "av.Packet[Any]":
        """Return the next packet when it is due."""
        self._started = self._started or time.monotonic()
        await asyncio.sleep(self._started + self._frames / FRAME_RATE - time.monotonic())
        position = self._frames - self._silence
        index = position % len(self._cycle.packets) if position >= 0 else -1
        if index == self._cycle.speech_packets - 1:
            self._caller.speech_sent(time.monotonic())
        packet = av.Packet(self._cycle.packets[index])
        packet.pts, packet.time_base = self._frames * FRAME, TIME_BASE
        self._frames += 1
        return packet


@dataclass(slots=True)
class Caller:
    """One session: a peer connection, what was said on it and what came back."""

    number: int
    loss: float  # percent of the RTP packets sent
    seed: int
    turns: list[Turn] = field(default_factory=list)
    received: int = 0
    sent: int = 0
    dropped: int = 0
    _last_loud: float = 0.0
    # An empty list of servers, since aiortc's default asks a public STUN server.
    _connection: aiortc.RTCPeerConnection = field(
        default_factory=lambda: aiortc.RTCPeerConnection(aiortc.RTCConfiguration(iceServers=[]))
    )
    _pinger: asyncio.Task[None] | None = None

    async def call(self, signalling: LineSignalling | WhipSignalling, cycle: Cycle) -> None:
        """Offer a session; the caller speaks as soon as it is connected."""
        sender = self._connection.addTrack(SpeechTrack(self, cycle))
        if signalling.pings:
            self._pinger = asyncio.create_task(ping(self._connection.createDataChannel("chat")))
        self._watch(self._connection.getReceivers()[0])
        await self._connection.setLocalDescription(await self._connection.createOffer())
        self._lose(sender.transport)
        answer = await signalling.exchange(self.number, self._connection.localDescription.sdp)
        await self._connection.setRemoteDescription(aiortc.RTCSessionDescription(answer, "answer"))

    async def hang_up(self, signalling: LineSignalling | WhipSignalling) -> None:
        """Leave the session."""
        if self._pinger:
            self._pinger.cancel()
        await signalling.hang_up(self.number)
        await self._connection.close()

    def speech_sent(self, now: float) -> None:
        """Note that the last packet of an utterance goes out."""
        self.turns.append(Turn(self.number, now, overlapped=now - self._last_loud <= OVERLAP_SECONDS))

    def packet_received(self, size: int, now: float) -> None:
        """Note a packet of the bot with `size` bytes of payload."""
        self.received += 1
        if size <= ONSET_BYTES:
            return
        self._last_loud = now
        if self.turns and not self.turns[-1].overlapped and self.turns[-1].reply is None:
            self.turns[-1].reply = now

    def _watch(self, receiver: rtcrtpreceiver.RTCRtpReceiver) -> None:
        """See packets on arrival, and no more: aiortc's jitter buffer would add 80 ms, and wake a thread for
        each."""

        async def watched(packet: RtpPacket, arrival_time_ms: int) -> None:
            self.packet_received(len(packet.payload), time.monotonic())

        receiver._handle_rtp_packet = watched  # type: ignore[method-assign]

    def _lose(self, transport: Any) -> None:
        """Drop RTP packets, not RTCP, after they were numbered: the server sees gaps."""
        send = transport._send_rtp
        chance = random.Random(f"{self.seed}/{self.number}")

        async def lossy(data: bytes) -> None:
            if not is_rtcp(data):
                self.sent += 1
                if chance.random() * 100 < self.loss:
                    self.dropped += 1
                    return
            await send(data)

        transport._send_rtp = lossy


async def ping(channel: aiortc.RTCDataChannel) -> None:
    """Show each second that the caller is there; Pipecat takes three silent seconds for a departure."""
    while channel.readyState in ("connecting", "open"):
        if channel.readyState == "open":
            channel.send(f"ping{time.time()}")
        await asyncio.sleep(1)

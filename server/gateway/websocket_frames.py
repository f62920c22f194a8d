"""The binary messages of the audio websocket, read and written. Knows nothing of sockets, sessions or time.

A message is a kind (0x01 PCM, 0x02 Opus), a frame counter of 4 bytes, big endian, and 20 ms of sound. PCM is
mono s16le at 16 kHz, 640 bytes.
"""

import struct
from typing import Final, Literal

from media.codecs import CodecError, OpusDecoder, OpusEncoder, packet_samples
from media.frames import (
    EAR_FRAME_SAMPLES,
    EAR_RATE_HZ,
    OPUS_FRAME_TICKS,
    OPUS_SILENCE,
    VOICE_FRAME_SAMPLES,
    VOICE_RATE_HZ,
    AudioFrame,
    VoiceFrame,
)
from media.resampler import Resampler
from server.gateway.leg import Tap

AudioFormat = Literal["pcm", "opus"]

MAX_MESSAGE_BYTES: Final = 4_096
MAX_GAP_FRAMES: Final = 50
"""A longer gap in the counter is a break: media time goes on behind it, and nothing is concealed."""
_MAX_LEAP_FRAMES: Final = 180_000
"""An hour."""

RESAMPLING_DELAY: Final = 0.0375
"""Seconds by which PCM for the client is held back: the resampler gives its output in uneven pieces, at most
585 samples behind its input, and every message must be whole."""

PCM: Final = 0x01
OPUS: Final = 0x02
HEADER: Final = struct.Struct("!BL")
_PCM_BYTES: Final = EAR_FRAME_SAMPLES * 2
_VOICE_BYTES: Final = VOICE_FRAME_SAMPLES * 2


class Garbage(Exception):
    """What the client sent can't be taken; close with `code` (RFC 6455 §7.4.1) and `reason`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


class FrameReader:
    """Turn the client's messages into frames for the ear."""

    def __init__(self, audio: AudioFormat) -> None:
        self._decoder = OpusDecoder(EAR_RATE_HZ) if audio == "opus" else None
        self._encoder: OpusEncoder | None = None
        self._kind = OPUS if audio == "opus" else PCM
        self._first: int | None = None
        self._next = 0
        self.muted = False
        """What the client last said of its microphone; marks the frames that follow."""

    def read(self, message: bytes, tap: Tap | None) -> list[AudioFrame]:
        """Read one message: its frame, behind the concealed ones of a gap before it. Raises Garbage."""
        if len(message) > MAX_MESSAGE_BYTES:
            raise Garbage(1009, f"A frame of more than {MAX_MESSAGE_BYTES} bytes.")
        if len(message) <= HEADER.size:
            raise Garbage(1007, "A frame without sound.")
        kind, counter = HEADER.unpack_from(message)
        if kind != self._kind:
            raise Garbage(1003, "A frame that is not of the declared format.")
        payload = message[HEADER.size :]
        self._check_size(payload)
        if self._first is None:
            self._first = self._next = counter
        gap = counter - self._next
        if not 0 <= gap <= _MAX_LEAP_FRAMES:
            raise Garbage(1007, "The frame counter runs backwards or leaps.")
        frames = self._concealed(gap, payload) if gap <= MAX_GAP_FRAMES else []
        position = counter - self._first
        try:
            pcm = payload if self._decoder is None else self._decoder.decode(payload)
        except CodecError as error:
            raise Garbage(1007, "A packet that is no Opus.") from error
        if tap is not None:
            packet = self._encoded(pcm) if self._decoder is None else payload
            tap.received(packet, position * OPUS_FRAME_TICKS)
        self._next = counter + 1
        frames.append(AudioFrame(pcm, position * EAR_FRAME_SAMPLES, muted=self.muted))
        return frames

    def _check_size(self, payload: bytes) -> None:
        if self._kind == PCM:
            if len(payload) != _PCM_BYTES:
                raise Garbage(1007, f"A PCM frame must have {_PCM_BYTES} bytes.")
            return
        try:
            samples = packet_samples(payload, EAR_RATE_HZ)
        except CodecError as error:
            raise Garbage(1007, "A packet that is no Opus.") from error
        if samples != EAR_FRAME_SAMPLES:
            raise Garbage(1007, "An Opus packet must last 20 ms.")

    def _concealed(self, gap: int, following: bytes) -> list[AudioFrame]:
        """A gap is the client's own queue that ran over: lost sound, and never a pause."""
        frames = []
        for counter in range(self._next, self._next + gap):
            pcm = bytes(_PCM_BYTES)
            if self._decoder is not None:
                try:
                    last = counter == self._next + gap - 1
                    pcm = (
                        self._decoder.decode_fec(following, EAR_FRAME_SAMPLES)
                        if last
                        else self._decoder.conceal(EAR_FRAME_SAMPLES)
                    )
                except CodecError as error:
                    raise Garbage(1007, "A packet that is no Opus.") from error
            position = (counter - (self._first or 0)) * EAR_FRAME_SAMPLES
            frames.append(AudioFrame(pcm, position, concealed=True))
        return frames

    def _encoded(self, pcm: bytes) -> bytes:
        if pcm.count(0) == len(pcm):
            return OPUS_SILENCE
        if self._encoder is None:
            self._encoder = OpusEncoder(EAR_RATE_HZ)
        return self._encoder.encode(pcm)


class FrameWriter:
    """Turn the agent's frames into messages for the client."""

    def __init__(self, audio: AudioFormat) -> None:
        self._resampler = Resampler(VOICE_RATE_HZ, EAR_RATE_HZ) if audio == "pcm" else None
        self._encoder: OpusEncoder | None = None
        self._pcm = bytes(round(RESAMPLING_DELAY * EAR_RATE_HZ) * 2) if audio == "pcm" else b""

    def write(self, slot: int, frame: VoiceFrame | None, *, encode: bool) -> tuple[bytes, bytes | None]:
        """Write one frame, None for silence: the message, and its Opus packet where one was made or `encode`
        asks."""
        packet = self._packet(frame) if encode or self._resampler is None else None
        if self._resampler is None:
            assert packet is not None
            return HEADER.pack(OPUS, slot & 0xFFFF_FFFF) + packet, packet
        self._pcm += self._resampler.push(bytes(_VOICE_BYTES) if frame is None else frame.pcm)
        sound = self._pcm[:_PCM_BYTES]
        self._pcm = self._pcm[_PCM_BYTES:]
        return HEADER.pack(PCM, slot & 0xFFFF_FFFF) + sound, packet

    def _packet(self, frame: VoiceFrame | None) -> bytes:
        if frame is None:
            return OPUS_SILENCE
        if frame.packet is not None:
            return frame.packet
        if self._encoder is None:
            self._encoder = OpusEncoder(VOICE_RATE_HZ)
        return self._encoder.encode(frame.pcm)

"""The shapes that audio has on its way. The rates and frame lengths of the house are named here alone."""

from typing import Final

import msgspec

FRAME_DURATION: Final = 0.02
"""Seconds of sound in one frame, both ways."""

EAR_RATE_HZ: Final = 16_000
"""Sample rate of what the participant says, once decoded."""
EAR_FRAME_SAMPLES: Final = 320

VOICE_RATE_HZ: Final = 24_000
"""Sample rate of what the agent says, before it is encoded."""
VOICE_FRAME_SAMPLES: Final = 480

OPUS_CLOCK_HZ: Final = 48_000
"""RTP clock of Opus (RFC 7587 §4.1), whatever the coded bandwidth."""
OPUS_FRAME_TICKS: Final = 960

OPUS_SILENCE: Final = b"\xf8\xff\xfe"
"""One 20 ms Opus packet that decodes to digital silence."""


class AudioFrame(msgspec.Struct, frozen=True):
    """20 ms of the participant's sound: mono, 16-bit little endian, EAR_RATE_HZ."""

    pcm: bytes
    """EAR_FRAME_SAMPLES samples, 640 bytes."""
    timestamp: int
    """Position in the stream in samples at EAR_RATE_HZ, monotonic, unwrapped: media time, not wall time."""
    concealed: bool = False
    """Made up by the decoder for a packet that didn't come: a missing packet is never a pause."""
    muted: bool = False
    """The participant's microphone is switched off (RTP audio level 127): not counted as silence."""
    mulaw: bytes | None = None
    """The same 20 ms as they came from a telephone, when they did: 160 bytes of G.711 at 8 kHz, for whoever
    takes them unconverted."""


class VoiceFrame(msgspec.Struct, frozen=True):
    """20 ms of the agent's voice, ready to leave: mono, 16-bit little endian, VOICE_RATE_HZ."""

    pcm: bytes
    """VOICE_FRAME_SAMPLES samples, 960 bytes."""
    packet: bytes | None = None
    """The same 20 ms as a ready Opus packet, when it was encoded ahead and no gain is applied."""

"""Opus and G.711: compressed bytes to samples and back. Knows nothing of RTP, loss policy or who is talking.

libopus is the one that PyAV's wheel carries; this is the only file of the house that calls C.
"""

import ctypes
import importlib.util
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt


class CodecError(Exception):
    """A packet or a piece of PCM that the codec can't take, or a library that can't be had.

    CodecError └── LibraryMissing
    """


class LibraryMissing(CodecError):
    """No libopus beside PyAV nor on the system."""


# opus_defines.h
_APPLICATION_VOIP: Final = 2048
_SIGNAL_VOICE: Final = 3001
_SET_BITRATE: Final = 4002
_SET_VBR: Final = 4006
_SET_COMPLEXITY: Final = 4010
_SET_INBAND_FEC: Final = 4012
_SET_PACKET_LOSS_PERCENT: Final = 4014
_SET_DTX: Final = 4016
_SET_SIGNAL: Final = 4024

_RATES_HZ: Final = frozenset({8_000, 12_000, 16_000, 24_000, 48_000})
_FRAMES_PER_SECOND: Final = 50
_MAX_FRAMES: Final = 48
_MAX_ENCODED_BYTES: Final = 1_276
"""One frame of at most 1275 bytes (RFC 6716 §3.2.1) behind its TOC byte."""

_FRAME_UNITS: Final = (4, 8, 16, 24) * 3 + (4, 8) * 2 + (1, 2, 4, 8) * 4
"""Frame lengths in units of 2.5 ms by the five bits of the configuration (RFC 6716 §3.1, table 2)."""

_CELT_ONLY: Final = 16
"""Configurations from here on have no SILK layer, so no FEC (RFC 6716 §3.1, table 2)."""

MAX_PACKET_DURATION: Final = 0.12
"""Seconds: no Opus packet is longer (RFC 6716 §3.2.5, R5)."""


def _library_path() -> str:
    spec = importlib.util.find_spec("av")
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        for folder in (package.parent / "av.libs", package / ".dylibs"):
            for found in sorted(
                [*folder.glob("libopus-*"), *folder.glob("libopus.*"), *folder.glob("opus-*")]
            ):
                return str(found)
    return "libopus.so.0"


def _load() -> ctypes.PyDLL:
    path = _library_path()
    try:
        # Keeps the interpreter's lock: a call is over in less time than it takes to get the lock back from
        # another thread, which would hold up the sound of all talks for each packet.
        library = ctypes.PyDLL(path)
    except OSError as error:
        raise LibraryMissing(f"libopus can't be loaded from {path}: {error}") from error
    pointer, integer, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    signatures: dict[str, tuple[Any, list[Any]]] = {
        "opus_encoder_create": (pointer, [ctypes.c_int32, integer, integer, ctypes.POINTER(integer)]),
        "opus_encoder_destroy": (None, [pointer]),
        # variadic: the value follows the two declared arguments
        "opus_encoder_ctl": (integer, [pointer, integer]),
        "opus_encode": (ctypes.c_int32, [pointer, text, integer, pointer, ctypes.c_int32]),
        "opus_decoder_create": (pointer, [ctypes.c_int32, integer, ctypes.POINTER(integer)]),
        "opus_decoder_destroy": (None, [pointer]),
        "opus_decode": (integer, [pointer, text, ctypes.c_int32, pointer, integer, integer]),
        "opus_packet_parse": (integer, [text, ctypes.c_int32, pointer, pointer, pointer, pointer]),
        "opus_strerror": (text, [integer]),
        "opus_get_version_string": (text, []),
    }
    for name, (result, arguments) in signatures.items():
        try:
            function = getattr(library, name)
        except AttributeError as error:
            raise LibraryMissing(f"{path} is too old: it has no {name}") from error
        function.restype, function.argtypes = result, arguments
    return library


_opus: Final = _load()


def opus_version() -> str:
    """Name the libopus in use, e.g. `libopus 1.6.1`."""
    return str(_opus.opus_get_version_string().decode())


def _checked(code: int, what: str) -> int:
    if code < 0:
        raise CodecError(f"{what}: {_opus.opus_strerror(code).decode()}")
    return code


def _created(create: Callable[..., int | None], *arguments: int) -> int:
    error = ctypes.c_int(0)
    state = create(*arguments, ctypes.byref(error))
    _checked(error.value, "libopus gave no codec")
    if not state:
        raise CodecError("libopus gave no codec: out of memory")
    return state


class OpusEncoder:
    """Encode one mono voice in 20 ms packets, with in-band FEC and without DTX.

    `rate_hz` is one of 8000, 12000, 16000, 24000, 48000; `bitrate` in bit/s. At 32 kb/s libopus writes FEC
    only when it expects 6 % loss or more, and at 24 kb/s it gives up half of the bandwidth to make room for
    it. `complexity` (0–10) may be lowered while it runs: 5 costs about 260 µs a packet, 1 about 80 µs.
    """

    def __init__(
        self,
        rate_hz: int = 24_000,
        *,
        bitrate: int = 32_000,
        complexity: int = 5,
        packet_loss_percent: int = 10,
    ) -> None:
        if rate_hz not in _RATES_HZ:
            raise CodecError(f"Opus has no sample rate of {rate_hz} Hz")
        self.rate_hz = rate_hz
        self.frame_samples = rate_hz // _FRAMES_PER_SECOND
        self._state = _created(_opus.opus_encoder_create, rate_hz, 1, _APPLICATION_VOIP)
        weakref.finalize(self, _opus.opus_encoder_destroy, self._state)
        self._out = ctypes.create_string_buffer(_MAX_ENCODED_BYTES)
        self._complexity = complexity
        for request, value in (
            (_SET_BITRATE, bitrate),
            (_SET_VBR, 1),
            (_SET_COMPLEXITY, complexity),
            (_SET_SIGNAL, _SIGNAL_VOICE),
            (_SET_INBAND_FEC, 1),
            (_SET_PACKET_LOSS_PERCENT, packet_loss_percent),
            (_SET_DTX, 0),
        ):
            self._set(request, value)

    @property
    def complexity(self) -> int:
        return self._complexity

    @complexity.setter
    def complexity(self, complexity: int) -> None:
        self._set(_SET_COMPLEXITY, complexity)
        self._complexity = complexity

    def encode(self, pcm: bytes) -> bytes:
        """Encode exactly 20 ms of mono s16le at `rate_hz`. Raises CodecError for any other length."""
        if len(pcm) != self.frame_samples * 2:
            raise CodecError(f"expected {self.frame_samples * 2} bytes of PCM, got {len(pcm)}")
        size = _opus.opus_encode(self._state, pcm, self.frame_samples, self._out, _MAX_ENCODED_BYTES)
        return ctypes.string_at(self._out, _checked(size, "encoding failed"))

    def _set(self, request: int, value: int) -> None:
        _checked(
            _opus.opus_encoder_ctl(self._state, request, ctypes.c_int32(value)), f"option {request}={value}"
        )


class OpusDecoder:
    """Decode one stream to mono s16le at `rate_hz` (8000, 12000, 16000, 24000, 48000), stereo mixed down."""

    def __init__(self, rate_hz: int = 16_000) -> None:
        if rate_hz not in _RATES_HZ:
            raise CodecError(f"Opus has no sample rate of {rate_hz} Hz")
        self.rate_hz = rate_hz
        self._max_samples = int(rate_hz * MAX_PACKET_DURATION)
        self._state = _created(_opus.opus_decoder_create, rate_hz, 1)
        weakref.finalize(self, _opus.opus_decoder_destroy, self._state)
        self._out = ctypes.create_string_buffer(self._max_samples * 2)

    def decode(self, packet: bytes) -> bytes:
        """Decode a packet of 2.5–120 ms. Raises CodecError on garbage."""
        if not packet:
            raise CodecError("an empty packet")
        return self._decode(packet, self._max_samples, fec=False)

    def decode_fec(self, packet: bytes, samples: int) -> bytes:
        """Decode the lost `samples` that went just before `packet` out of its in-band FEC.

        libopus conceals instead where `packet` carries none. `samples` is a multiple of 2.5 ms.
        """
        if not packet:
            raise CodecError("an empty packet")
        return self._decode(packet, self._bounded(samples), fec=True)

    def conceal(self, samples: int) -> bytes:
        """Make up `samples` (a multiple of 2.5 ms, at most 120 ms) that are lost for good."""
        return self._decode(None, self._bounded(samples), fec=False)

    def _bounded(self, samples: int) -> int:
        if not 0 < samples <= self._max_samples or samples * 400 % self.rate_hz:
            raise CodecError(f"{samples} samples at {self.rate_hz} Hz are no multiple of 2.5 ms up to 120 ms")
        return samples

    def _decode(self, packet: bytes | None, samples: int, *, fec: bool) -> bytes:
        size = 0 if packet is None else len(packet)
        decoded = _opus.opus_decode(self._state, packet, size, self._out, samples, int(fec))
        return ctypes.string_at(self._out, _checked(decoded, "decoding failed") * 2)


def packet_frames(packet: bytes) -> tuple[int, list[bytes]]:
    """Split a packet into its TOC byte and its 1–48 compressed frames (RFC 6716 §3.2), padding left out.

    Raises CodecError for anything that breaks the framing rules R1–R7 of §3.4.
    """
    if not packet:
        raise CodecError("an empty packet")
    if packet[0] & 3 == 0 and len(packet) <= _MAX_ENCODED_BYTES:
        return packet[0], [packet[1:]]  # one frame: nearly every packet there is
    sizes = (ctypes.c_int16 * _MAX_FRAMES)()
    offset = ctypes.c_int(0)
    parsed = _opus.opus_packet_parse(packet, len(packet), None, None, sizes, ctypes.byref(offset))
    count = _checked(parsed, "no Opus packet")
    frames = []
    start = offset.value
    for size in sizes[:count]:
        frames.append(packet[start : start + size])
        start += size
    return packet[0], frames


def packet_samples(packet: bytes, rate_hz: int) -> int:
    """Count the samples at `rate_hz` that a packet decodes to. Raises CodecError for broken framing."""
    toc, frames = packet_frames(packet)
    return frame_samples(toc, rate_hz) * len(frames)


def carries_fec(packet: bytes) -> bool:
    """Whether a packet holds the one before it once more, coarsely. Raises CodecError for broken framing.

    Each channel says so in a bit behind the voice activity flags of its SILK frames (RFC 6716 §4.2.4).
    """
    toc, frames = packet_frames(packet)
    if toc >> 3 >= _CELT_ONLY or not frames[0]:
        return False
    flags, silk_frames = frames[0][0], max(1, _FRAME_UNITS[toc >> 3] // 8)
    mono = flags >> (7 - silk_frames) & 1
    return bool(mono or (toc & 4 and flags >> (6 - 2 * silk_frames) & 1))


def frame_samples(toc: int, rate_hz: int) -> int:
    """Count the samples at `rate_hz` in one frame of a packet that begins with `toc` (RFC 6716 §3.1)."""
    return _FRAME_UNITS[toc >> 3] * rate_hz // 400


# G.711 (ITU-T). Whole tables: 8 bits in or 16 bits in, so that a frame is one indexing of an array.


def _ulaw_tables() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    exponent, mantissa = (code >> 4) & 7, code & 0x0F
    magnitude = (((mantissa << 3) + 0x84) << exponent) - 0x84
    decoded = np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)

    sample = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    biased = np.minimum(np.abs(sample), 32_635) + 0x84
    exponent = np.floor(np.log2(biased)).astype(np.int32) - 7
    mantissa = (biased >> (exponent + 3)) & 0x0F
    sign = np.where(sample < 0, 0x80, 0)
    encoded = (~(sign | (exponent << 4) | mantissa) & 0xFF).astype(np.uint8)
    return decoded, encoded


def _alaw_tables() -> tuple[npt.NDArray[np.int16], npt.NDArray[np.uint8]]:
    code = np.arange(256, dtype=np.int32) ^ 0x55
    exponent, mantissa = (code >> 4) & 7, code & 0x0F
    magnitude = np.where(
        exponent == 0, (mantissa << 4) + 8, ((mantissa << 4) + 0x108) << np.maximum(exponent - 1, 0)
    )
    decoded = np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)

    sample = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    magnitude = np.where(sample < 0, ~sample, sample) >> 3
    exponent = np.maximum(np.floor(np.log2(np.maximum(magnitude, 1))).astype(np.int32) - 4, 0)
    mantissa = (magnitude >> np.maximum(exponent, 1)) & 0x0F
    sign = np.where(sample < 0, 0, 0x80)
    encoded = ((sign | (exponent << 4) | mantissa) ^ 0x55).astype(np.uint8)
    return decoded, encoded


_ULAW_DECODED, _ULAW_ENCODED = _ulaw_tables()
_ALAW_DECODED, _ALAW_ENCODED = _alaw_tables()


def ulaw_encode(pcm: bytes) -> bytes:
    """Encode mono s16le to G.711 µ-law, one byte a sample. Raises CodecError for half a sample."""
    return _ULAW_ENCODED[_samples(pcm)].tobytes()


def ulaw_decode(payload: bytes) -> bytes:
    """Decode G.711 µ-law to mono s16le. Every byte is valid."""
    return _ULAW_DECODED[np.frombuffer(payload, np.uint8)].tobytes()


def alaw_encode(pcm: bytes) -> bytes:
    """Encode mono s16le to G.711 A-law, one byte a sample. Raises CodecError for half a sample."""
    return _ALAW_ENCODED[_samples(pcm)].tobytes()


def alaw_decode(payload: bytes) -> bytes:
    """Decode G.711 A-law to mono s16le. Every byte is valid."""
    return _ALAW_DECODED[np.frombuffer(payload, np.uint8)].tobytes()


def _samples(pcm: bytes) -> npt.NDArray[np.uint16]:
    if len(pcm) % 2:
        raise CodecError(f"{len(pcm)} bytes are no whole number of samples")
    return np.frombuffer(pcm, np.dtype("<u2"))

"""What comes to the door: an SDP offer or a trickled fragment from a stranger, read, bounded and cleaned
before aiortc sees it. Knows nothing of connections or sound."""

import ipaddress
import re
from typing import Final

import msgspec
from aiortc import RTCIceCandidate
from aiortc.rtcdtlstransport import X509_DIGEST_ALGORITHMS
from aiortc.rtcrtpparameters import RTCRtpCodecParameters
from aiortc.sdp import MediaDescription, SessionDescription, candidate_from_sdp

from media.frames import OPUS_CLOCK_HZ

MAX_OFFER_BYTES: Final = 65_536
MAX_FRAGMENT_BYTES: Final = 16_384
MAX_CANDIDATES: Final = 32
"""Of one connection, trickled ones included: each makes us send checks to an address of the stranger's
choice."""

_UNUSED: Final = ("a=end-of-candidates", "a=rtcp-fb:", "a=ssrc")
"""Lines that say nothing to us; feedback for `*` is multiplied by the formats, to a third of a second of
parsing."""

_MAX_LINES: Final = 600
"""A browser's offer has about a hundred. The parser takes square time in some kinds of lines."""
_AUDIO_LEVEL: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
_ICE_UFRAG: Final = re.compile(r"[A-Za-z0-9+/]{4,256}")
_ICE_PASSWORD: Final = re.compile(r"[A-Za-z0-9+/]{22,256}")
_MID: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`{|}~-]{1,32}")


class OfferRefused(Exception):
    """An offer, or a fragment of candidates, that can't be taken. Its text is a sentence for the one who sent
    it.

    OfferRefused └── RestartRefused
    """


class RestartRefused(OfferRefused):
    """An ICE restart was asked for: the client posts a new offer instead."""


class AudioOffer(msgspec.Struct, frozen=True):
    """An offer that can be answered."""

    sdp: str
    """Cleaned: no names to resolve, no TCP candidates, no end of candidates, audio first in its bundle."""
    mid: str
    ice_ufrag: str
    candidates: int
    opus: int
    """Payload type of Opus."""
    red: int | None
    """Payload type of RED over that Opus, where offered (RFC 2198)."""
    audio_level_id: int | None
    """Header extension that carries the level of the microphone, where offered (RFC 6464)."""


def read_offer(sdp: str) -> AudioOffer:
    """Read and check an offer: at most MAX_OFFER_BYTES, one active audio section with Opus, at most one data
    section.

    Raises OfferRefused.
    """
    lines = _bounded_lines(sdp, MAX_OFFER_BYTES)
    candidates = 0
    kept = []
    for line in lines:
        if line.startswith("a=candidate:"):
            if candidates >= MAX_CANDIDATES or read_candidate(line[12:]) is None:
                continue
            candidates += 1
        if not line.startswith(_UNUSED):
            kept.append(line)
    audio, data = _sections(_parsed(kept))
    opus, red = _codecs(audio)
    ice_ufrag = _check_transport(audio)
    mids = [audio.rtp.muxId]
    if data is not None:
        _check_transport(data)
        mids.append(data.rtp.muxId)
        _check_bundle(kept, mids)
        port = data.sctp_port if data.sctp_port is not None else next(iter(data.sctpmap), None)
        if port is None or not 0 < port < 65_536:
            raise OfferRefused("The offer's data section names no SCTP port.")
    bundle = f"a=group:BUNDLE {' '.join(mids)}"
    cleaned = [bundle if line.startswith("a=group:BUNDLE") else line for line in kept]
    return AudioOffer(
        sdp="\r\n".join(cleaned) + "\r\n",
        mid=audio.rtp.muxId,
        ice_ufrag=ice_ufrag,
        candidates=candidates,
        opus=opus,
        red=red,
        audio_level_id=next(
            (extension.id for extension in audio.rtp.headerExtensions if extension.uri == _AUDIO_LEVEL), None
        ),
    )


def answered_codecs(offer: AudioOffer) -> list[RTCRtpCodecParameters]:
    """Say how an offer's sound is to be sent: RED first, paired by the offer's own number for Opus, or else
    Chromium sends plain Opus (RFC 2198 §5); without `usedtx`, so that a browser sends 50 packets a second."""
    opus = RTCRtpCodecParameters(
        "audio/opus",
        OPUS_CLOCK_HZ,
        2,
        offer.opus,
        parameters={"minptime": 10, "useinbandfec": 1, "stereo": 0},
    )
    if offer.red is None:
        return [opus]
    pairing = f"{offer.opus}/{offer.opus}"
    return [RTCRtpCodecParameters("audio/red", OPUS_CLOCK_HZ, 2, offer.red, parameters={pairing: None}), opus]


def read_fragment(fragment: str, ice_ufrag: str) -> list[RTCIceCandidate]:
    """Read the usable candidates out of an `application/trickle-ice-sdpfrag` (RFC 8840), at most
    MAX_CANDIDATES.

    Raises OfferRefused, and RestartRefused where the fragment carries another ufrag than the offer did.
    """
    found = []
    for line in _bounded_lines(fragment, MAX_FRAGMENT_BYTES):
        if line.startswith("a=ice-ufrag:") and line[12:] != ice_ufrag:
            raise RestartRefused("An ICE restart is not possible here; post a new offer.")
        if line.startswith("a=candidate:"):
            candidate = read_candidate(line[12:])
            if candidate is not None:
                found.append(candidate)
    return found[:MAX_CANDIDATES]


def read_candidate(text: str) -> RTCIceCandidate | None:
    """Read one candidate, or None for what can't be paired or isn't worth a look-up.

    mDNS names are left out: resolving them costs a second and shouts a stranger's text into our network,
    while their owner's own checks reach us and teach us the address.
    """
    try:
        candidate: RTCIceCandidate = candidate_from_sdp(text)
        address = ipaddress.ip_address(candidate.ip)
    except (ValueError, AssertionError):
        return None
    if candidate.protocol.lower() != "udp" or candidate.component != 1:
        return None
    if not 0 < candidate.port < 65_536 or address.is_multicast or address.is_unspecified:
        return None
    return candidate


def _bounded_lines(text: str, limit: int) -> list[str]:
    if len(text) > limit or len(text.encode(errors="replace")) > limit:
        raise OfferRefused(f"The body is longer than {limit} bytes.")
    lines = text.splitlines()
    if len(lines) > _MAX_LINES:
        raise OfferRefused(f"The body has more than {_MAX_LINES} lines.")
    return lines


def _parsed(lines: list[str]) -> SessionDescription:
    if not lines or not lines[0].startswith("v=0"):
        raise OfferRefused("The body is no SDP offer: it doesn't begin with v=0.")
    try:
        return SessionDescription.parse("\r\n".join(lines) + "\r\n")
    except (
        Exception
    ) as error:  # the parser raises whatever it trips over: asserts, look-ups, attributes of None
        raise OfferRefused("The body can't be read as SDP.") from error


def _sections(session: SessionDescription) -> tuple[MediaDescription, MediaDescription | None]:
    audio = [media for media in session.media if media.kind == "audio"]
    data = [media for media in session.media if media.kind == "application"]
    if len(audio) + len(data) < len(session.media):
        raise OfferRefused("The offer has sections other than audio and data; only these are taken.")
    if len(audio) != 1 or len(data) > 1:
        raise OfferRefused("The offer must have exactly one audio section and at most one data section.")
    if audio[0].port == 0 or audio[0].direction != "sendrecv":
        raise OfferRefused("The offer's audio section must be active and say a=sendrecv.")
    if not audio[0].rtcp_mux:
        raise OfferRefused("The offer's audio section must multiplex RTCP (a=rtcp-mux).")
    return audio[0], data[0] if data else None


def _codecs(audio: MediaDescription) -> tuple[int, int | None]:
    opus = next((c for c in audio.rtp.codecs if _is(c, "opus") and c.payloadType in audio.fmt), None)
    if opus is None or opus.payloadType is None or not 96 <= opus.payloadType <= 127:
        raise OfferRefused("The offer's audio section has no Opus.")
    pairing = f"{opus.payloadType}/{opus.payloadType}"
    for codec in audio.rtp.codecs:
        number = codec.payloadType
        if _is(codec, "red") and number in audio.fmt and pairing in codec.parameters:
            # Chromium gives RED the number 63, in the range that RTP/RTCP multiplexing leaves free (RFC
            # 5761 §4)
            if (
                number is not None
                and number != opus.payloadType
                and (35 <= number <= 63 or 96 <= number <= 127)
            ):
                return opus.payloadType, number
    return opus.payloadType, None


def _is(codec: RTCRtpCodecParameters, name: str) -> bool:
    return bool(
        codec.mimeType.lower() == f"audio/{name}" and codec.clockRate == OPUS_CLOCK_HZ and codec.channels == 2
    )


def _check_transport(media: MediaDescription) -> str:
    """Returns the ufrag."""
    if not _MID.fullmatch(media.rtp.muxId or ""):
        raise OfferRefused("Each section of the offer must have an a=mid.")
    ufrag = (media.ice and media.ice.usernameFragment) or ""
    password = (media.ice and media.ice.password) or ""
    if not _ICE_UFRAG.fullmatch(ufrag) or not _ICE_PASSWORD.fullmatch(password):
        raise OfferRefused("The offer lacks well-formed ICE credentials.")
    fingerprints = media.dtls.fingerprints if media.dtls is not None else []
    if not any(fingerprint.algorithm.lower() in X509_DIGEST_ALGORITHMS for fingerprint in fingerprints):
        raise OfferRefused("The offer lacks a DTLS fingerprint by SHA-256 or better, or its a=setup.")
    return ufrag


def _check_bundle(lines: list[str], mids: list[str]) -> None:
    groups = [line.split()[1:] for line in lines if line.startswith("a=group:BUNDLE")]
    if len(groups) != 1 or sorted(groups[0]) != sorted(mids) or len(set(mids)) != len(mids):
        raise OfferRefused("The offer must bundle its audio and data sections.")

import os
from types import SimpleNamespace
from typing import Any

from aiortc.rtcdtlstransport import State
from pylibsrtp import Policy, Session

from server.gateway.srtp import SrtpRoad, is_media

KEY = bytes(range(30))
RTP = bytes.fromhex("806f0001000003c00badcafe") + b"sound"
RTCP = bytes.fromhex("80c80006") + bytes.fromhex("0badcafe") + bytes(20)


class Wire:
    """Both ends of one connection, agreed on keys, with a list in the place of the network."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Any]] = []
        self.rtp: list[bytes] = []
        self.rtcp: list[bytes] = []
        self.far_out = Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_OUTBOUND))
        self.far_in = Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_INBOUND))
        transport = SimpleNamespace(sendto=lambda data, address: self.sent.append((data, address)))
        pair = SimpleNamespace(protocol=SimpleNamespace(transport=transport), remote_addr=("192.0.2.1", 5000))
        self.ice = SimpleNamespace(_nominated={1: pair})
        dtls: Any = SimpleNamespace(
            _state=State.CONNECTED,
            _rx_srtp=Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_INBOUND)),
            _tx_srtp=Session(Policy(key=KEY, ssrc_type=Policy.SSRC_ANY_OUTBOUND)),
            transport=SimpleNamespace(_connection=self.ice),
        )
        self.dtls = dtls
        self.road = SrtpRoad(
            dtls, lambda packet, _: self.rtp.append(packet), lambda packet, _: self.rtcp.append(packet)
        )


def test_packets_of_both_kinds_arrive_as_they_were() -> None:
    wire = Wire()

    wire.road.take(wire.far_out.protect(RTP), 0.0)
    wire.road.take(wire.far_out.protect_rtcp(RTCP), 0.0)

    assert [RTP] == wire.rtp
    assert [RTCP] == wire.rtcp


def test_what_is_sent_goes_encrypted_to_the_address_that_ice_chose() -> None:
    wire = Wire()
    assert wire.road.send(RTP)
    assert wire.road.send(RTCP)
    (sound, to), (report, _) = wire.sent

    assert ("192.0.2.1", 5000) == to
    assert b"sound" not in sound
    assert RTP == wire.far_in.unprotect(sound)
    assert RTCP == wire.far_in.unprotect_rtcp(report)


def test_what_comes_twice_is_heard_once() -> None:
    wire = Wire()
    packet = wire.far_out.protect(RTP)
    wire.road.take(packet, 0.0)
    wire.road.take(packet, 0.0)

    assert [RTP] == wire.rtp


def test_garbage_that_looks_like_sound_is_dropped() -> None:
    wire = Wire()
    for size in (1, 2, 11, 12, 40, 1_500, 65_000):
        for first in (128, 144, 191):
            wire.road.take(bytes((first,)) + os.urandom(size - 1), 0.0)

    assert [] == wire.rtp
    assert [] == wire.rtcp


def test_what_is_no_sound_is_left_to_others() -> None:
    others = [*range(128), *range(192, 256)]

    assert not any(is_media(bytes((first,)) + RTP[1:]) for first in others)
    assert is_media(RTP)
    assert is_media(RTCP)


def test_before_there_are_keys_nothing_is_taken_and_nothing_sent() -> None:
    wire = Wire()
    packet = wire.far_out.protect(RTP)
    for state in State:
        wire.dtls._state = state
        if state is not State.CONNECTED:
            wire.road.take(packet, 0.0)
            assert not wire.road.send(RTP)
    wire.dtls._state = State.CONNECTED
    wire.ice._nominated = {}

    assert not wire.road.send(RTP)
    assert [] == wire.sent
    assert [] == wire.rtp

"""What the gateway reaches for in aiortc and aioice: the day one moves, this fails, not a call."""

import ast
import inspect
import re
from importlib.metadata import version
from pathlib import Path

from aioice.ice import CandidatePair, StunProtocol
from aioice.ice import Connection as IceConnection
from aiortc import RTCBundlePolicy, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.codecs import CODECS
from aiortc.rtcdtlstransport import X509_DIGEST_ALGORITHMS, RTCDtlsTransport, State
from aiortc.rtcpeerconnection import RTCPeerConnection as Connection
from aiortc.rtcrtpparameters import RTCRtcpParameters, RTCRtpSendParameters
from aiortc.sdp import MediaDescription, candidate_from_sdp
from pylibsrtp import Error as SrtpError

from server.gateway import webrtc
from server.gateway.leg import Leg
from server.gateway.webrtc import WebRtcLeg
from server.gateway.websocket import WebSocketLeg
from tests.support.browser_offer import OFFER


def test_both_roads_are_legs() -> None:
    roads: list[type[Leg]] = [WebRtcLeg, WebSocketLeg]

    assert ["webrtc", "websocket"] == [road.name for road in roads]


def test_aiortc_is_the_version_that_the_gateway_was_written_for() -> None:
    assert version("aiortc") == "1.16.0"
    assert version("aioice").startswith("0.13.")


async def test_what_is_replaced_on_a_connection_is_there_and_is_called_as_expected() -> None:
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
    try:
        transceiver = connection.addTransceiver("audio", direction="sendrecv")
        await connection.setRemoteDescription(RTCSessionDescription(OFFER, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        dtls = transceiver.receiver.transport
        ice = dtls.transport._connection

        assert isinstance(transceiver.sender._ssrc, int)
        assert transceiver._codecs[0].mimeType == "audio/opus"
        assert inspect.iscoroutinefunction(transceiver.sender.send)
        assert inspect.iscoroutinefunction(transceiver.receiver.receive)
        assert list(inspect.signature(dtls._handle_rtp_data).parameters) == ["data", "arrival_time_ms"]
        assert list(inspect.signature(dtls._handle_rtcp_data).parameters) == ["data"]
        assert dtls._state is State.NEW
        assert ice._nominated == {}
        assert connection.sctp is not None
        assert connection.sctp.transport is dtls  # one socket for all
        assert ice._protocols
        assert all(callable(protocol.datagram_received) for protocol in ice._protocols)
        assert isinstance(ice._check_list, list)
        assert hasattr(RTCRtpSendParameters().rtcp, "cname")
        assert isinstance(RTCRtpSendParameters().rtcp, RTCRtcpParameters)
    finally:
        await connection.close()


def test_what_is_replaced_is_what_aiortc_calls() -> None:
    receiving = inspect.getsource(RTCDtlsTransport._recv_next)
    connecting = inspect.getsource(Connection._RTCPeerConnection__connect)  # type: ignore[attr-defined]

    assert "await self._handle_rtp_data(data, arrival_time_ms=arrival_time_ms)" in receiving
    assert "await self._handle_rtcp_data(data)" in receiving
    assert "self._rx_srtp.unprotect_rtcp(data)" in receiving
    assert "self._rx_srtp.unprotect(data)" in receiving
    assert "await transceiver.sender.send(self.__localRtp(transceiver))" in connecting
    assert "await transceiver.receiver.receive(" in connecting


def test_what_the_short_road_does_is_what_aiortc_would_do_on_the_long_one() -> None:
    securing = inspect.getsource(RTCDtlsTransport._send_rtp)
    choosing = inspect.getsource(IceConnection.sendto)
    sending = inspect.getsource(StunProtocol.send_data)

    assert "if self._state != State.CONNECTED:" in securing
    assert "self._tx_srtp.protect_rtcp(data)" in securing
    assert "self._tx_srtp.protect(data)" in securing
    assert "self._nominated.get(component)" in choosing
    assert "active_pair.protocol.send_data(data, active_pair.remote_addr)" in choosing
    assert "self.transport.sendto(data, addr)" in sending


def test_every_private_name_that_the_gateway_touches_is_named_here() -> None:
    touched = set()
    for path in Path(webrtc.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and re.fullmatch("_[a-z].*", node.attr):
                own = isinstance(node.value, ast.Name) and node.value.id in ("self", "other")
                touched |= set() if own else {node.attr}

    assert touched == {
        "_check_list",
        "_codecs",
        "_connection",
        "_handle_rtcp_data",
        "_handle_rtp_data",
        "_nominated",
        "_protocols",
        "_rx_srtp",
        "_ssrc",
        "_state",
        "_tx_srtp",
    }


def test_what_is_read_of_the_transports_is_there() -> None:
    assert isinstance(inspect.getattr_static(RTCDtlsTransport, "state"), property)
    assert {"remote_addr"} <= {name for name, _ in inspect.getmembers(CandidatePair)}
    assert issubclass(SrtpError, Exception)
    assert {"on", "close", "connectionState"} <= set(dir(Connection))


def test_opus_is_known_to_aiortc_and_nothing_was_added_to_its_codecs() -> None:
    names = [codec.mimeType for codec in CODECS["audio"]]

    assert "audio/opus" in names
    assert "audio/red" not in names


def test_the_parser_of_offers_has_what_is_read_of_it() -> None:
    media = MediaDescription("audio", 9, "UDP/TLS/RTP/SAVPF", [111])
    for name in (
        "kind",
        "port",
        "fmt",
        "direction",
        "rtcp_mux",
        "rtp",
        "ice",
        "dtls",
        "sctp_port",
        "sctpmap",
    ):
        assert hasattr(media, name)
    assert {"codecs", "headerExtensions", "muxId"} <= set(vars(media.rtp))
    assert {"sha-256", "sha-384", "sha-512"} == set(X509_DIGEST_ALGORITHMS)
    assert candidate_from_sdp("1 1 udp 1 192.0.2.1 5000 typ host").ip == "192.0.2.1"

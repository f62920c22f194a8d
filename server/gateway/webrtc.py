"""Sound over WebRTC: offers answered, and the leg that stands behind each answer. aiortc keeps SDP, ICE, DTLS
and SRTP; its own sender and receiver are never started. Knows nothing of HTTP, tokens or what is being said.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpSendParameters
from aiortc.rtcrtptransceiver import RTCRtpTransceiver

from server.clock import loop_time, wall_clock_ms
from server.gateway import rtcp
from server.gateway.control_channel import ControlChannel
from server.gateway.door import guard_doors
from server.gateway.gathering import Gathering
from server.gateway.intake import Intake
from server.gateway.leg import Ear, Mouth, Tap
from server.gateway.metronome import Metronome
from server.gateway.offer import (
    MAX_CANDIDATES,
    AudioOffer,
    OfferRefused,
    answered_codecs,
    read_fragment,
    read_offer,
)
from server.gateway.path_delay import PathDelay
from server.gateway.pings import Pings
from server.gateway.rtp import RtpFormat, RtpReceiver, RtpSender
from server.gateway.srtp import SrtpRoad

CONNECT_TIMEOUT: Final = 15.0
"""Seconds from the answer until ICE and DTLS must stand; a half-open connection holds a socket and a key
pair."""

_REPORT_EVERY_SLOTS: Final = 50
_PING_EVERY_SLOTS: Final = 25

log = logging.getLogger(__name__)


class WebRtcGateway:
    """Answer offers with legs that send to one metronome."""

    def __init__(self, metronome: Metronome, ice_servers: Sequence[RTCIceServer] = ()) -> None:
        self._metronome = metronome
        self.intake = Intake()
        self._ice_servers = list(ice_servers)
        self._gathering = Gathering()

    async def answer(self, offer_sdp: str) -> tuple["WebRtcLeg", str]:
        """Answer an offer: a leg, not yet running, and the SDP to send back, its candidates complete.

        Whoever takes the leg must `run` or `close` it. Raises OfferRefused, and leaves nothing behind then.
        """
        offer = read_offer(offer_sdp)
        # An empty list, for None would ask a public STUN server; one bundle, for one socket per address.
        connection = RTCPeerConnection(
            RTCConfiguration(iceServers=self._ice_servers, bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
        )
        try:
            transceiver = connection.addTransceiver("audio", direction="sendrecv")
            leg = WebRtcLeg(connection, transceiver, offer, self._metronome, self.intake)
            try:
                await connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
            except Exception as error:  # a stranger's text: whatever aiortc trips over is the offer's fault
                raise OfferRefused("The offer can't be applied.") from error
            transceiver._codecs = answered_codecs(offer)
            ice = transceiver.receiver.transport.transport._connection
            self._gathering.bound(ice)
            await connection.setLocalDescription(await connection.createAnswer())
            self._gathering.learn(ice)
            guard_doors(ice, leg.inlet.take)
            return leg, connection.localDescription.sdp
        except BaseException:
            await connection.close()
            raise


class WebRtcLeg:
    """One participant's connection. Made by WebRtcGateway.answer."""

    name = "webrtc"

    def __init__(
        self,
        connection: RTCPeerConnection,
        transceiver: RTCRtpTransceiver,
        offer: AudioOffer,
        metronome: Metronome,
        intake: Intake,
    ) -> None:
        self._connection = connection
        self._metronome = metronome
        self._offer = offer
        self._candidates = offer.candidates
        self._format = RtpFormat(offer.opus, offer.red, offer.audio_level_id)
        self._dtls: RTCDtlsTransport = transceiver.receiver.transport
        self._ssrc: int = transceiver.sender._ssrc
        self._cname = ""
        self._mouth: Mouth | None = None
        self._tap: Tap | None = None
        self.receiver: RtpReceiver | None = None
        self.sender: RtpSender | None = None
        """Both None before `run`."""
        self._wall_origin = 0.0
        self._loop_origin = 0.0
        self._path = PathDelay()
        self._pings = Pings(connection, self._path.round_trips)
        self._control = ControlChannel(self._path, self._pings)
        self.unsent = 0
        """Packets that the connection didn't take."""
        self._hole_due: asyncio.TimerHandle | None = None
        self._report_slot = self._ssrc % _REPORT_EVERY_SLOTS
        self._standing: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.road = SrtpRoad(self._dtls, self._take_rtp, self._take_rtcp)
        self.inlet = intake.inlet(self.road.take)
        self._take_over(transceiver)
        connection.on("connectionstatechange", self._watch_state)
        connection.on("datachannel", self._control.take)

    def _take_over(self, transceiver: RTCRtpTransceiver) -> None:
        """Put ourselves where aiortc would start its own sender and receiver, with a thread, a queue and
        three tasks."""
        transceiver.sender.send = self._sending_agreed  # type: ignore[method-assign]
        transceiver.receiver.receive = self._receiving_agreed  # type: ignore[method-assign]
        self._dtls._handle_rtp_data = self._dropped  # type: ignore[method-assign]
        self._dtls._handle_rtcp_data = self._dropped  # type: ignore[method-assign]

    async def _sending_agreed(self, parameters: RTCRtpSendParameters) -> None:
        self._cname = parameters.rtcp.cname or ""
        if not self._standing.done():
            self._standing.set_result(None)

    async def _receiving_agreed(self, parameters: object) -> None:
        pass

    async def _dropped(self, data: bytes, arrival_time_ms: int = 0) -> None:
        """What came before the keys were there, and waited behind them in aiortc's queue."""

    # The life of the leg

    async def stand(self) -> str | None:
        """Wait until ICE and DTLS stand: None then, or `failed` after CONNECT_TIMEOUT, or what ended it."""
        either = (self._standing, self._ended)
        await asyncio.wait(either, timeout=CONNECT_TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        if not (self._standing.done() or self._ended.done()):
            await self.close("failed")
        return self._ended.result() if self._ended.done() else None

    async def run(self, ear: Ear, mouth: Mouth, tap: Tap | None) -> str:
        """Carry sound until the connection ends: `closed` by the far side, `failed`, or what `close` was
        given."""
        try:
            if await self.stand() is None:
                now = loop_time()
                self._loop_origin, self._wall_origin = now, wall_clock_ms() / 1000
                self._mouth, self._tap = mouth, tap
                self.receiver = RtpReceiver(self._format, ear, tap)
                self.sender = RtpSender(self._format, self._ssrc, self._send, self._metronome.effort)
                self._metronome.join(self)
            return await asyncio.shield(self._ended)
        finally:
            await self.close("cancelled")

    async def close(self, reason: str) -> None:
        """Hang up. Safe to call twice, and for a leg that never ran; `run` then returns `reason`."""
        self._end(reason)
        self._metronome.leave(self)
        if self._dtls.state == "connected":
            self._send(rtcp.goodbye(self._ssrc))
        await self._connection.close()

    def _end(self, reason: str) -> None:
        if not self._ended.done():
            log.debug("= webrtc leg %08x: %s", self._ssrc, reason)
            self._ended.set_result(reason)

    def _watch_state(self) -> None:
        if self._connection.connectionState in ("closed", "failed"):
            self._end(self._connection.connectionState)

    async def add_candidates(self, fragment: str) -> None:
        """Take trickled candidates (`application/trickle-ice-sdpfrag`); those beyond the bound are passed
        over.

        Raises OfferRefused, and RestartRefused for an ICE restart.
        """
        for candidate in read_fragment(fragment, self._offer.ice_ufrag):
            if self._candidates < MAX_CANDIDATES:
                self._candidates += 1
                candidate.sdpMid = self._offer.mid
                await self._connection.addIceCandidate(candidate)

    # Once per 20 ms

    def tick(self, slot: int) -> None:
        """Send the frame of this slot, and see to what is due."""
        assert self.receiver is not None
        assert self.sender is not None
        assert self._mouth is not None
        now = loop_time()
        if self.inlet.waiting_since is None:  # else what seems to be missing may have come
            self.receiver.tick(now)
        packet = self.sender.send(slot, self._mouth.next_frame())
        if self._tap is not None:
            self._tap.sent(packet, slot)
        if slot % _PING_EVERY_SLOTS == 0:
            self._pings.ask()
        if slot >= self._report_slot:
            self._report_slot = slot + _REPORT_EVERY_SLOTS
            self._report(slot, now)

    def fail(self, error: Exception) -> None:
        """End, for a tick has raised."""
        self._end("failed")

    def _report(self, slot: int, now: float) -> None:
        assert self.receiver is not None
        assert self.sender is not None
        heard = self.receiver.statistics
        report = rtcp.sender_report(
            self._ssrc,
            self._ntp(now),
            self.sender.timestamp(slot),
            self.sender.packets,
            self.sender.octets,
            heard.block(now) if heard is not None else None,
        )
        self._send(report + rtcp.source_description(self._ssrc, self._cname))

    def _ntp(self, now: float) -> int:
        return rtcp.ntp_time(self._wall_origin + now - self._loop_origin)

    def _send(self, packet: bytes) -> None:
        if not self.road.send(packet):
            self.unsent += 1

    # From the wire

    def _take_rtp(self, data: bytes, came: float) -> None:
        receiver = self.receiver
        if receiver is None or self._ended.done():
            return
        try:
            receiver.receive(data, came)
        except Exception as error:  # an ear that raises is a bug: it ends this leg alone
            self._ear_raised(error)
        else:
            self._wait_for_hole()
        self._metronome.beat_if_due(loop_time())

    def _wait_for_hole(self) -> None:
        """Wake when the next hole is given up: ticks are too coarse, they may come 20 ms later."""
        if self._hole_due is None and self.receiver is not None and self.receiver.due is not None:
            self._hole_due = asyncio.get_running_loop().call_at(self.receiver.due, self._give_up_hole)

    def _give_up_hole(self) -> None:
        self._hole_due = None
        if self.receiver is None or self._ended.done():
            return
        try:
            if self.inlet.waiting_since is None:
                self.receiver.release(loop_time())
        except Exception as error:
            self._ear_raised(error)
        else:
            self._wait_for_hole()

    def _ear_raised(self, error: Exception) -> None:
        log.error("the ear of leg %08x raised", self._ssrc, exc_info=error)
        self._end("failed")

    def _take_rtcp(self, data: bytes, came: float) -> None:
        if self.receiver is None:
            return
        heard = self.receiver.statistics
        for report in rtcp.parse_reports(data):
            if isinstance(report, rtcp.SenderReport):
                if heard is not None and report.ssrc == heard.ssrc:
                    heard.sender_reported(report.ntp, came)
            elif report.ssrc == self._ssrc and report.last_report:
                elapsed = (
                    rtcp.compact_ntp(self._ntp(came)) - report.last_report - report.delay
                ) & 0xFFFF_FFFF
                self._path.round_trips.took(elapsed / 65_536)

    # What the page says and is told

    def silence_now(self) -> None:
        """Ask the page to mute at once, ahead of what is on its way."""
        self._control.silence()

    def unsilence(self) -> None:
        """Take `silence_now` back."""
        self._control.unsilence()

    def report_playout(self, seconds: float) -> None:
        """Take the page's word for the time from the arrival of a packet to its sounding (jitter buffer and
        output)."""
        self._path.playout = seconds

    def unheard_since(self) -> float | None:
        """When the oldest of the packets came that wait for their turn."""
        return self.inlet.waiting_since

    def playout_delay(self) -> float:
        """Page's own delay, half a round trip and the packet's own length."""
        return self._path.to_the_ear()

    def uplink_delay(self) -> float:
        """Half a round trip, and what a browser needs to capture sound."""
        return self._path.from_the_mouth()

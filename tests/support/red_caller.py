"""A participant who sends RED over real ICE, DTLS and SRTP, as a browser does, and loses packets."""

import asyncio

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.rtcdtlstransport import RTCDtlsTransport

from media.frames import FRAME_DURATION, VoiceFrame
from server.clock import loop_time
from server.gateway.rtp import RtpFormat, RtpSender
from tests.support.lossy_road import Losing, spoken_packets

OPUS, RED = 96, 63


class RedCaller:
    """Says the utterance over and over; `sent_at` is when each packet left, or would have."""

    def __init__(self, losing: Losing, *, red: bool) -> None:
        self.sent_at: list[float] = []
        self.lost_packets = 0
        self._losing = losing
        self._red = red
        self._agreed = asyncio.Event()
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        transceiver = self._connection.addTransceiver("audio", direction="sendrecv")
        self._ssrc: int = transceiver.sender._ssrc
        self._transceiver = transceiver
        transceiver.sender.send = self._sending_agreed  # type: ignore[method-assign]
        transceiver.receiver.receive = self._receiving_agreed  # type: ignore[method-assign]

    async def _sending_agreed(self, parameters: object) -> None:
        self._agreed.set()

    async def _receiving_agreed(self, parameters: object) -> None:
        pass

    async def offer(self) -> str:
        """An offer as a browser writes it: Opus, and RED over it."""
        await self._connection.setLocalDescription(await self._connection.createOffer())
        sdp: str = self._connection.localDescription.sdp
        if not self._red:
            return sdp
        lines = []
        for line in sdp.splitlines():
            lines.append(f"{line} {RED}" if line.startswith("m=audio") else line)
            if line.startswith(f"a=rtpmap:{OPUS} opus"):
                lines += [f"a=rtpmap:{RED} red/48000/2", f"a=fmtp:{RED} {OPUS}/{OPUS}"]
        return "\r\n".join(lines) + "\r\n"

    async def take(self, answer: str) -> None:
        """Take the answer."""
        await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def speak(self, seconds: float) -> None:
        """Send 50 packets a second, from when the connection stands."""
        await self._agreed.wait()
        transport: RTCDtlsTransport = self._transceiver.sender.transport
        going: list[bytes] = []
        sender = RtpSender(RtpFormat(OPUS, RED if self._red else None), self._ssrc, going.append)
        packets, began = spoken_packets(), loop_time()
        for slot in range(round(seconds / FRAME_DURATION)):
            await asyncio.sleep(max(0.0, began + slot * FRAME_DURATION - loop_time()))
            sender.send(slot, VoiceFrame(b"", packets[slot % len(packets)]))
            self.sent_at.append(loop_time())
            if self._losing(slot):
                self.lost_packets += 1
                going.clear()
            else:
                await transport._send_rtp(going.pop())

    async def close(self) -> None:
        await self._connection.close()

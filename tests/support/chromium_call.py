"""A plain call from Chromium to a leg, with nothing of the interview around it; a network may lie between."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from playwright.async_api import Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from server.gateway.metronome import Metronome
from server.gateway.webrtc import WebRtcGateway, WebRtcLeg
from tests.support.chromium import chromium
from tests.support.gateway import KeptEar, KeptTap, SpeechMouth, beating
from tests.support.lossy_proxy import LossyProxy

PAGE = """<!doctype html><script>
const pc = new RTCPeerConnection(), messages = []
const control = pc.createDataChannel("control")
control.onmessage = event => messages.push(event.data)
pc.ondatachannel = ({channel}) => { channel.onmessage = ({data}) => channel.send(data) }
let stream
async function call() {
  stream = await navigator.mediaDevices.getUserMedia({audio: true})
  for (const track of stream.getTracks()) pc.addTrack(track, stream)
  pc.ontrack = event => { const audio = new Audio(); audio.srcObject = event.streams[0]; audio.play() }
  await pc.setLocalDescription(await pc.createOffer())
  while (pc.iceGatheringState !== "complete") await new Promise(done => setTimeout(done, 20))
  const answer = await fetch("/whip", {method: "POST", body: pc.localDescription.sdp})
  await pc.setRemoteDescription({type: "answer", sdp: await answer.text()})
}
async function stats(type) {
  for (const entry of (await pc.getStats()).values()) if (entry.type === type) return entry
}
</script>"""


class ChromiumCall:
    """Our side of it."""

    def __init__(self, metronome: Metronome, page: Page) -> None:
        self.metronome, self.page = metronome, page
        self.ear: KeptEar = KeptEar()
        self.mouth, self.tap = SpeechMouth(), KeptTap()
        self.leg: WebRtcLeg | None = None
        self.reason: str | None = None

    async def begin(self) -> None:
        """Have the page call."""
        await self.page.evaluate("call()")

    async def stats(self, kind: str) -> dict[str, Any]:
        """The page's own figures of one kind (RTCStatsReport)."""
        found: dict[str, Any] = await self.page.evaluate("type => stats(type)", kind)
        return found


@asynccontextmanager
async def chromium_calling(proxy: LossyProxy | None = None) -> AsyncIterator[ChromiumCall]:
    """A page that is about to call."""
    async with beating() as metronome, chromium() as browser, asyncio.TaskGroup() as group:
        call = ChromiumCall(metronome, await browser.new_page())

        async def carry(leg: WebRtcLeg) -> None:
            call.reason = await leg.run(call.ear, call.mouth, call.tap)

        async def whip(request: Request) -> Response:
            offer = (await request.body()).decode()
            call.leg, answer = await WebRtcGateway(metronome).answer(proxy.offer(offer) if proxy else offer)
            group.create_task(carry(call.leg))
            given = proxy.answer(answer) if proxy else answer
            return PlainTextResponse(given, 201, media_type="application/sdp")

        async def page(request: Request) -> Response:
            return HTMLResponse(PAGE)

        app = Starlette(routes=[Route("/", page), Route("/whip", whip, methods=["POST"])])
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        group.create_task(server._serve(sockets=[listening]))
        try:
            await call.page.goto(f"http://127.0.0.1:{listening.getsockname()[1]}/")
            yield call
        finally:
            server.should_exit = True
            if call.leg is not None:
                await call.leg.close("over")

"""A call from Chromium: RED both ways, repair of loss, the muted microphone, the control channel."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from playwright.async_api import Page, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from server.gateway.webrtc import WebRtcGateway, WebRtcLeg
from tests.support.gateway import KeptEar, KeptTap, SpeechMouth, beating, until
from tests.support.speech import UTTERANCE

PAGE = """<!doctype html><script>
const pc = new RTCPeerConnection(), messages = []
const control = pc.createDataChannel("control")
control.onmessage = event => {
  if (event.data.includes("ping")) control.send(event.data.replace("ping", "pong"))
  else messages.push(event.data)
}
let stream
async function call() {
  stream = await navigator.mediaDevices.getUserMedia({audio: true})
  for (const track of stream.getTracks()) pc.addTrack(track, stream)
  pc.ontrack = event => { const audio = new Audio(); audio.srcObject = event.streams[0]; audio.play() }
  await pc.setLocalDescription(await pc.createOffer())
  const answer = await fetch("/whip", {method: "POST", body: pc.localDescription.sdp})
  await pc.setRemoteDescription({type: "answer", sdp: await answer.text()})
}
async function stats(type) {
  for (const entry of (await pc.getStats()).values()) if (entry.type === type) return entry
}
</script>"""

FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    f"--use-file-for-fake-audio-capture={UTTERANCE}",
    "--autoplay-policy=no-user-gesture-required",
]


class Call:
    def __init__(self) -> None:
        self.ear, self.mouth, self.tap = KeptEar(), SpeechMouth(), KeptTap()
        self.leg: WebRtcLeg | None = None
        self.reason: str | None = None


@asynccontextmanager
async def calling() -> AsyncIterator[tuple[Call, Page]]:
    """A page that has called, and our side of it."""
    call = Call()
    async with beating() as metronome, asyncio.TaskGroup() as group:

        async def carry(leg: WebRtcLeg) -> None:
            call.reason = await leg.run(call.ear, call.mouth, call.tap)

        async def whip(request: Request) -> Response:
            call.leg, answer = await WebRtcGateway(metronome).answer((await request.body()).decode())
            group.create_task(carry(call.leg))
            return PlainTextResponse(answer, 201, media_type="application/sdp")

        async def page(request: Request) -> Response:
            return HTMLResponse(PAGE)

        app = Starlette(routes=[Route("/", page), Route("/whip", whip, methods=["POST"])])
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        group.create_task(server._serve(sockets=[listening]))
        try:
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
                tab = await browser.new_page()
                await tab.goto(f"http://127.0.0.1:{listening.getsockname()[1]}/")
                await tab.evaluate("call()")
                yield call, tab
                await browser.close()
        finally:
            server.should_exit = True
            if call.leg is not None:
                await call.leg.close("over")


async def stats(page: Page, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate("type => stats(type)", kind)
    return found


async def test_red_repairs_a_tenth_of_loss_and_our_reports_show_it() -> None:
    async with calling() as (call, page):
        await until(lambda: len(call.ear.frames) >= 50)
        assert call.leg is not None
        receiver = call.leg.receiver
        assert receiver is not None
        assert call.leg._format.red == 63
        receive, chance, kinds = receiver.receive, random.Random(5), set()

        def lossy(data: bytes, now: float) -> None:
            kinds.add(data[1] & 0x7F)
            if chance.random() >= 0.1:
                receive(data, now)

        receiver.receive = lossy  # type: ignore[method-assign]
        await until(lambda: len(call.ear.frames) >= 550)
        theirs, ours = await stats(page, "remote-inbound-rtp"), await stats(page, "inbound-rtp")

        timestamps = [frame.timestamp for frame in call.ear.frames]
        assert {63} == kinds
        assert timestamps == [i * 320 for i in range(len(timestamps))]
        assert receiver.statistics is not None
        assert receiver.statistics.packets_lost > 25
        assert receiver.concealed < receiver.statistics.packets_lost / 4
        assert theirs["packetsLost"] > 10
        assert ours["packetsReceived"] > 400
        assert ours["packetsLost"] <= 5
        assert ours["fecPacketsReceived"] > 400  # how Chromium counts redundant blocks


async def test_the_page_can_mute_be_silenced_and_leave() -> None:
    async with calling() as (call, page):
        await until(lambda: len(call.ear.frames) >= 50)
        assert call.leg is not None
        assert not call.ear.frames[-1].muted
        await page.evaluate("stream.getTracks()[0].enabled = false")
        await until(lambda: call.ear.frames[-1].muted)
        await page.evaluate("control.send(JSON.stringify({type: 'ping', n: 9}))")
        call.leg.silence_now()
        await page.wait_for_function("messages.length == 2")
        messages = await page.evaluate("messages")
        await page.evaluate("pc.close()")
        await until(lambda: call.reason is not None)

        assert {'{"type":"pong","n":9}', '{"type":"silence"}'} == set(messages)
        assert call.reason == "closed"
        assert call.ear.happened == []

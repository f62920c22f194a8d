"""A loop that stands still for 300 ms in mid-sentence, heard in Chromium: the delay left over, what is lost.

The whole server runs in this process and asks its first question; the page's own figures are read four times
a second. The stall is a real one: everything in the process waits.
"""

import asyncio
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec
from playwright.async_api import Page

from benchmarks.report import Row, publish, this_machine
from dialog.events import AnyBody, SpeechHeard
from dialog.signals import SpeechBegan
from server.gateway.rtp import RtpSender
from server.live.wire import Start
from tests.support.blueprints import blueprint, question
from tests.support.chromium import chromium
from tests.support.page import opened_page
from tests.support.running_server import RunningServer, Study, running_server

WITHIN_S = 1.0
DELAY_MUST_MS = 60.0
LOOK_EVERY_S = 0.25
SENTENCE = (
    "Please think of the last time that something in your house was broken, and tell me from the beginning "
    "how you noticed it, whom you asked for help, what you tried first, what it cost you in the end, and "
    "what you would do differently if it broke again tomorrow morning before work."
)

PAGE = """async ([offerPath, token]) => {
  const pc = window.pc = new RTCPeerConnection()
  const stream = await navigator.mediaDevices.getUserMedia({audio: true})
  for (const track of stream.getTracks()) { track.enabled = false; pc.addTrack(track, stream) }
  pc.ontrack = event => { const audio = new Audio(); audio.srcObject = event.streams[0]; audio.play() }
  await pc.setLocalDescription(await pc.createOffer())
  const answer = await fetch(offerPath, {method: "POST", body: pc.localDescription.sdp,
    headers: {"Authorization": "Bearer " + token, "Content-Type": "application/sdp"}})
  await pc.setRemoteDescription({type: "answer", sdp: await answer.text()})
}"""
STATS = """async () => {
  for (const entry of (await pc.getStats()).values()) if (entry.type === "inbound-rtp") return entry
}"""


class Look(msgspec.Struct, frozen=True):
    """The page's jitter buffer over one stretch of time."""

    at: float
    """Seconds after the stall; before it where negative."""
    delay_ms: float
    concealed_ms: float
    packets: int
    lost: int


class Stall(msgspec.Struct, frozen=True):
    """One stall and what followed."""

    before_ms: float
    after_1_s_ms: float
    at_end_ms: float
    concealed_ms: float
    most_at_once: int
    """Packets that left within 10 ms of one another, the most of them."""
    timestamps_leapt: int
    """Slots that the RTP timestamp passed over."""
    lost_packets: int
    cut: bool
    """The sentence was not heard to its end."""
    looks: list[Look]


async def read(page: Page, since: float, before: dict[str, Any] | None) -> tuple[dict[str, Any], Look | None]:
    """Look once; the figures are those since the look before."""
    now: dict[str, Any] = await page.evaluate(STATS)
    if before is None:
        return now, None
    emitted = now["jitterBufferEmittedCount"] - before["jitterBufferEmittedCount"]
    delay = (now["jitterBufferDelay"] - before["jitterBufferDelay"]) / emitted if emitted else 0.0
    return now, Look(
        at=round(time.perf_counter() - since, 2),
        delay_ms=round(1000 * delay, 1),
        concealed_ms=round((now["concealedSamples"] - before["concealedSamples"]) / 48, 1),
        packets=now["packetsReceived"] - before["packetsReceived"],
        lost=now["packetsLost"] - before["packetsLost"],
    )


async def watch(page: Page, since: float, seconds: float) -> list[Look]:
    """Look four times a second for so long."""
    looks: list[Look] = []
    before, _ = await read(page, since, None)
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        await asyncio.sleep(LOOK_EVERY_S)
        before, look = await read(page, since, before)
        if look is not None:
            looks.append(look)
    return looks


def is_heard(body: AnyBody) -> bool:
    return isinstance(body, SpeechHeard) and body.text == SENTENCE


async def one_stall(server: RunningServer, duration: float, rest: float) -> Stall:
    """Join, listen to the first question, stand still in its middle, and listen on."""
    study = await server.study(blueprint(question("broken", SENTENCE), consent=False))
    left: list[tuple[float, int]] = []
    send, legs = RtpSender.send, server.house.legs

    def timed(self: RtpSender, slot: int, frame: Any) -> bytes:
        if any(carried.run_id == study.run_id and carried.leg.sender is self for carried in legs.values()):
            left.append((time.perf_counter(), slot))
        return send(self, slot, frame)

    async with opened_page(server, study) as joined, chromium() as browser:
        page = await browser.new_page()
        await page.goto(f"{server.origin}/join/{study.run_id}")
        await page.evaluate(PAGE, [f"/join/{study.run_id}/whip", joined.session["access_token"]])
        while await page.evaluate("pc.connectionState") != "connected":  # noqa: ASYNC110 - the page tells nobody
            await asyncio.sleep(0.05)
        await joined.send(Start("voice"))
        await logged(server, study, lambda body: isinstance(body, SpeechBegan) and body.speech_id == 2)
        await asyncio.sleep(1.5)
        looks = await watch(page, time.perf_counter(), 1.5)
        calm = [look.delay_ms for look in looks]
        RtpSender.send = timed  # type: ignore[method-assign]
        try:
            await asyncio.sleep(0.1)
            began = time.perf_counter()
            time.sleep(duration)  # noqa: ASYNC251 - the loop is to stand still
            stalled = time.perf_counter()
            after = await watch(page, stalled, rest)
        finally:
            RtpSender.send = send  # type: ignore[method-assign]
        heard = await logged(server, study, is_heard)
        assert isinstance(heard, SpeechHeard)
    settled = [look for look in after if look.at > WITHIN_S]
    around = [look for look in after if look.at <= WITHIN_S + LOOK_EVERY_S]
    times = [at for at, _ in left]
    slots = [slot for at, slot in left if at > began - 0.05]
    return Stall(
        before_ms=calm[-1],
        after_1_s_ms=settled[0].delay_ms,
        at_end_ms=settled[-1].delay_ms,
        concealed_ms=round(sum(look.concealed_ms for look in around), 1),
        most_at_once=max(sum(0 <= other - at < 0.01 for other in times) for at in times),
        timestamps_leapt=sum(b - a - 1 for a, b in itertools.pairwise(slots)),
        lost_packets=sum(look.lost for look in after),
        cut=heard.cut,
        looks=after,
    )


async def logged(server: RunningServer, study: Study, holds: Callable[[AnyBody], bool]) -> AnyBody:
    """Wait for something in the log."""
    async with asyncio.timeout(60):
        while True:
            for event in await server.events(study):
                if holds(event.body):
                    return event.body
            await asyncio.sleep(0.2)


async def measure(stalls: int, duration: float, rest: float) -> list[Stall]:
    """One server, one call for each stall."""
    with tempfile.TemporaryDirectory() as folder:
        async with running_server(Path(folder), recogniser_processes=1) as server:
            return [await one_stall(server, duration, rest) for _ in range(stalls)]


@click.command()
@click.option("--stalls", type=click.IntRange(1), default=3, show_default=True)
@click.option("--duration", type=float, default=0.3, show_default=True, help="Of a stall, in seconds.")
@click.option("--rest", type=float, default=6.0, show_default=True, help="Seconds watched after it.")
@click.option("--json", "as_json", is_flag=True)
def command(stalls: int, duration: float, rest: float, as_json: bool) -> None:
    """Delay in Chromium after the server's loop stood still in mid-sentence."""
    machine = this_machine()
    told = asyncio.run(measure(stalls, duration, rest))
    rows = [
        Row("delay before", max(one.before_ms for one in told), "ms"),
        Row("delay 1 s after", max(one.after_1_s_ms for one in told), "ms", DELAY_MUST_MS),
        Row(f"delay {rest:g} s after", max(one.at_end_ms for one in told), "ms", DELAY_MUST_MS),
        Row("concealed after the stall", max(one.concealed_ms for one in told), "ms"),
        Row("packets at once", max(one.most_at_once for one in told), "", 2),
        Row("packets lost", max(one.lost_packets for one in told), "", 0),
        Row("sentences cut", sum(one.cut for one in told), "", 0),
    ]
    options: dict[str, object] = {"stalls": stalls, "duration": duration, "rest": rest}
    publish("stall", rows, machine, as_json=as_json, options=options, detail={"stalls": told})

"""A call from Chromium: RED both ways, repair of loss, the muted microphone, the control channel."""

import random

import pytest

from tests.support.chromium_call import chromium_calling
from tests.support.gateway import until

pytestmark = pytest.mark.aloud


async def test_red_repairs_a_tenth_of_loss_and_our_reports_show_it() -> None:
    async with chromium_calling() as call:
        await call.begin()
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
        theirs, ours = await call.stats("remote-inbound-rtp"), await call.stats("inbound-rtp")

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
    async with chromium_calling() as call:
        page = call.page
        await call.begin()
        await until(lambda: len(call.ear.frames) >= 50)
        assert call.leg is not None
        assert not call.ear.frames[-1].muted
        await page.evaluate("stream.getTracks()[0].enabled = false")
        await until(lambda: call.ear.frames[-1].muted)
        await page.evaluate("control.send(JSON.stringify({type: 'ping', n: 9}))")
        call.leg.silence_now()
        await page.wait_for_function("messages.length == 2")
        messages = await page.evaluate("messages")
        leg = call.leg
        await until(lambda: leg._path.round_trips.usual > 0)
        await page.evaluate("pc.close()")
        await until(lambda: call.reason is not None)

        assert {'{"type":"pong","n":9}', '{"type":"silence"}'} == set(messages)
        assert call.reason == "closed"
        assert call.ear.happened == []

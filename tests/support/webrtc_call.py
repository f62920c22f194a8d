"""A call over real ICE, DTLS and SRTP on this host: a leg of ours, and stock aiortc as the participant."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.gateway.metronome import Metronome
from server.gateway.webrtc import WebRtcGateway, WebRtcLeg
from tests.support.gateway import Caller, KeptEar, KeptTap, SpeechMouth, until
from tests.support.lossy_proxy import LossyProxy


class Call:
    """One participant and the leg at our side, talking."""

    def __init__(self, leg: WebRtcLeg, caller: Caller) -> None:
        self.leg, self.caller = leg, caller
        self.ear, self.mouth, self.tap = KeptEar(), SpeechMouth(), KeptTap()
        self.run: asyncio.Task[str] | None = None

    async def ended(self) -> str:
        assert self.run is not None
        async with asyncio.timeout(20):
            return await self.run

    async def heard(self, frames: int) -> None:
        await until(lambda: len(self.ear.frames) >= frames)


@asynccontextmanager
async def calling(
    metronome: Metronome, *, with_control: bool = True, road: LossyProxy | None = None
) -> AsyncIterator[Call]:
    caller = Caller(with_control=with_control)
    offer = await caller.offer()
    leg, answer = await WebRtcGateway(metronome).answer(offer if road is None else road.offer(offer))
    call = Call(leg, caller)
    await caller.take(answer if road is None else road.answer(answer))
    try:
        async with asyncio.TaskGroup() as group:
            call.run = group.create_task(leg.run(call.ear, call.mouth, call.tap))
            try:
                yield call
            finally:
                await leg.close("over")
    finally:
        await caller.close()

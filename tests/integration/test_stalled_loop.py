"""A loop that stands still for real, and what came meanwhile waiting in real sockets."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Final

import pytest
import uvloop

from dialog.signals import PacketsReturned, TimePassed
from media.frames import OPUS_SILENCE
from server.clock import loop_time
from server.gateway.intake import Intake
from server.gateway.rtp import RtpFormat, RtpReceiver
from server.live.mailbox import Mailbox
from tests.support.gateway import KeptEar, beating, until
from tests.support.rtp_packets import rtp

STALL: Final = 0.4
MakeLoop = Callable[[], asyncio.AbstractEventLoop]
LOOPS: Final = [asyncio.new_event_loop, uvloop.new_event_loop]
"""The two differ in what goes first after waking, timers or sockets."""


class Door(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._take(data)


@contextlib.asynccontextmanager
async def door(take: Callable[[bytes], None]) -> AsyncIterator[Callable[[bytes], int]]:
    """A socket that the loop reads, and how to send to it."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Door(take), local_addr=("127.0.0.1", 0)
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as far:
        far.connect(transport.get_extra_info("sockname"))
        try:
            yield far.send
        finally:
            transport.close()


class Talker:
    """A leg that only hears; with each beat a packet of its participant is under way to it."""

    def __init__(self) -> None:
        self.ear = KeptEar()
        self.receiver = RtpReceiver(RtpFormat(opus=111), self.ear, None)
        self.send: Callable[[bytes], int] | None = None
        self.beats = self.sent = 0

    def take(self, data: bytes) -> None:
        self.receiver.receive(data, loop_time())

    def speak(self, packets: int) -> None:
        assert self.send is not None
        for _ in range(packets):
            self.send(rtp(self.sent, OPUS_SILENCE))
            self.sent += 1

    def tick(self, slot: int) -> None:
        self.beats += 1
        self.receiver.tick(loop_time())
        self.speak(1)

    def fail(self, error: Exception) -> None:
        raise error


@pytest.mark.parametrize("make_loop", LOOPS)
def test_what_came_while_our_own_loop_stood_still_was_never_missing(make_loop: MakeLoop) -> None:
    async def stand_still() -> Talker:
        talker = Talker()
        async with beating() as metronome, door(talker.take) as talker.send:
            metronome.join(talker)
            await until(lambda: talker.beats > 5)
            talker.speak(round(STALL / 0.02))
            time.sleep(STALL)  # noqa: ASYNC251 - the loop is to stand still
            beats = talker.beats
            await until(lambda: talker.beats > beats + 10)
            metronome.leave(talker)
        return talker

    with asyncio.Runner(loop_factory=make_loop) as runner:
        talker = runner.run(stand_still())

    assert ([], []) == (talker.ear.stalls, talker.ear.happened)
    assert len(talker.ear.frames) > STALL / 0.02


@pytest.mark.parametrize("make_loop", LOOPS)
def test_what_waits_in_a_socket_goes_before_a_deadline_that_was_slept_over(make_loop: MakeLoop) -> None:
    async def sleep_over() -> tuple[object, object]:
        mailbox = Mailbox()
        async with door(lambda data: mailbox.put(PacketsReturned())) as send, asyncio.TaskGroup() as tasks:
            first = tasks.create_task(mailbox.receive(until=loop_time() + STALL / 2))
            await asyncio.sleep(0)
            send(b"a voice")
            time.sleep(STALL)  # noqa: ASYNC251 - the loop is to stand still
            return await first, await mailbox.receive(until=loop_time())

    with asyncio.Runner(loop_factory=make_loop) as runner:
        received = runner.run(sleep_over())

    assert (PacketsReturned(), TimePassed()) == received


@pytest.mark.parametrize("make_loop", LOOPS)
def test_a_voice_among_many_that_came_in_a_stall_goes_before_a_deadline(make_loop: MakeLoop) -> None:
    """What was read from the sockets is dealt with in slices, between which deadlines come up."""

    async def sleep_over() -> tuple[object, object]:
        intake = Intake()

        def hear(data: bytes, came: float) -> None:
            time.sleep(0.0003)  # a packet's decoding
            if data == b"a voice":
                mailbox.put(PacketsReturned())

        ours = intake.inlet(hear)
        mailbox = Mailbox(unheard_since=lambda: ours.waiting_since)
        async with contextlib.AsyncExitStack() as doors, asyncio.TaskGroup() as tasks:
            others = [await doors.enter_async_context(door(intake.inlet(hear).take)) for _ in range(10)]
            send = await doors.enter_async_context(door(ours.take))
            first = tasks.create_task(mailbox.receive(until=loop_time() + STALL / 2))
            await asyncio.sleep(0)
            for _ in range(round(STALL / 0.02)):
                for other in others:
                    other(b"others")
            send(b"a voice")
            time.sleep(STALL)  # noqa: ASYNC251 - the loop is to stand still
            received = await first, await mailbox.receive(until=loop_time())
        return received

    with asyncio.Runner(loop_factory=make_loop) as runner:
        received = runner.run(sleep_over())

    assert (PacketsReturned(), TimePassed()) == received

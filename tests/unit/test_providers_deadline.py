"""A limit blames nobody for a stall of our own loop."""

import asyncio
import contextlib
import socket
import time

import pytest

from server.clock import loop_time
from server.providers.deadline import Deadline
from tests.support.virtual_time import in_virtual_time


async def test_what_came_while_the_loop_stood_still_is_taken() -> None:
    loop = asyncio.get_running_loop()
    mine, theirs = socket.socketpair()
    ours, writer = await asyncio.open_connection(sock=mine)
    loop.call_soon(time.sleep, 0.6)
    loop.call_soon(theirs.send, b"sound")
    async with Deadline(loop_time() + 0.1):
        heard = await ours.readexactly(5)
    writer.close()
    await writer.wait_closed()
    theirs.close()

    assert b"sound" == heard


def test_without_a_stall_it_comes_in_time_and_can_be_moved() -> None:
    async def main() -> float:
        limit = Deadline(None)
        with contextlib.suppress(TimeoutError):
            async with limit:
                limit.reschedule(loop_time() + 2.0)
                await asyncio.Event().wait()
        assert limit.expired()
        return loop_time()

    assert 2.0 == pytest.approx(in_virtual_time(main))

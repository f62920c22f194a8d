"""The emulators' own ground: every fault of the script is what a client sees, and nothing stays open."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidMessage, InvalidStatus

from tests.emulators.faulty_send import NONSENSE
from tests.emulators.script import Script, about
from tests.emulators.vendor_server import vendor_server
from tests.support.unwaited_time import unwaited

_BODY = [b"one ", b"two ", b"three"]


async def _stream(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for part in _BODY:
            yield part

    return StreamingResponse(parts())


async def _count(socket: WebSocket) -> None:
    await socket.accept()
    for part in _BODY:
        await socket.send_text(part.decode())
    await socket.close()


APP = Starlette(routes=[Route("/stream", _stream), WebSocketRoute("/socket", _count)])


async def _read(url: str) -> bytes:
    """All that comes within 0.2 s of silence."""
    timeout = httpx.Timeout(5, read=0.2)
    read = b""
    async with httpx.AsyncClient(timeout=timeout, trust_env=False) as http, http.stream("GET", url) as answer:
        answer.raise_for_status()
        async for part in answer.aiter_bytes():
            read += part
    return read


@unwaited
async def test_without_a_fault_all_is_answered_and_noted() -> None:
    async with vendor_server(APP) as vendor:
        assert b"one two three" == await _read(f"{vendor.url}/stream?a=b")
        async with connect(f"{vendor.ws_url}/socket", proxy=None) as socket:
            assert ["one ", "two ", "three"] == [message async for message in socket]
        await vendor.until(requests=0, connections=0)

    assert [("/stream", "a=b"), ("/socket", "")] == [(asked.path, asked.query) for asked in vendor.asked]


@pytest.mark.parametrize(("kind", "status"), [("unauthorized", 401), ("limited", 429), ("failing", 503)])
@unwaited
async def test_refusals_have_their_status_over_http_and_at_the_handshake(kind: str, status: int) -> None:
    script = Script()
    script.fail(kind)  # type: ignore[arg-type]
    async with vendor_server(APP, script) as vendor:
        with pytest.raises(httpx.HTTPStatusError) as refused:
            await _read(f"{vendor.url}/stream")
        with pytest.raises(InvalidStatus) as shut:
            await connect(f"{vendor.ws_url}/socket", proxy=None)

    assert status == refused.value.response.status_code == shut.value.response.status_code
    assert (status == 429) == ("retry-after" in refused.value.response.headers)


@unwaited
async def test_a_refused_connection_is_reset_before_any_answer() -> None:
    script = Script()
    script.fail("refused")
    async with vendor_server(APP, script) as vendor:
        with pytest.raises(httpx.NetworkError):
            await _read(f"{vendor.url}/stream")
        with pytest.raises((OSError, InvalidMessage)):
            await connect(f"{vendor.ws_url}/socket", proxy=None)
        await vendor.until(requests=0, connections=0)


@pytest.mark.parametrize(("kind", "fault"), [("stalled", httpx.ReadTimeout), ("reset", httpx.NetworkError)])
@unwaited
async def test_a_body_stalls_or_breaks_off_after_as_many_pieces_as_scripted(
    kind: str, fault: type[Exception]
) -> None:
    script = Script()
    script.fail(kind, after=1)  # type: ignore[arg-type]
    async with vendor_server(APP, script) as vendor:
        with pytest.raises(fault):
            await _read(f"{vendor.url}/stream")
        await vendor.until(requests=0, connections=0)


@unwaited
async def test_a_websocket_stalls_midway_and_the_client_may_still_close_it() -> None:
    script = Script()
    script.fail("stalled_midway", after=2)
    async with vendor_server(APP, script) as vendor:
        async with connect(f"{vendor.ws_url}/socket", proxy=None) as socket:
            assert ["one ", "two "] == [await socket.recv(), await socket.recv()]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(socket.recv(), 0.05)
        await vendor.until(requests=0, connections=0)


@unwaited
async def test_a_deaf_peer_answers_no_ping_but_is_known_to_be_gone_when_the_client_cuts() -> None:
    script = Script()
    script.fail("deaf")
    async with vendor_server(APP, script) as vendor:
        socket = await connect(f"{vendor.ws_url}/socket", proxy=None)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(await socket.ping(), 0.05)
        socket.transport.abort()
        await vendor.until(requests=0, connections=0)


@unwaited
async def test_garbage_comes_in_place_of_one_piece() -> None:
    script = Script()
    script.fail("garbage", after=1, times=2)
    async with vendor_server(APP, script) as vendor:
        read = await _read(f"{vendor.url}/stream")
        async with connect(f"{vendor.ws_url}/socket", proxy=None) as socket:
            messages = [message async for message in socket]

    assert len(b"one two three") == len(read)
    assert read.startswith(b"one \xff\x00")
    assert ["one ", *NONSENSE, "three"] == messages


@unwaited
async def test_a_slow_drip_comes_to_its_end() -> None:
    script = Script()
    script.fail("slow", drip=0.01, times=1)
    async with vendor_server(APP, script) as vendor:
        assert b"one two three" == await _read(f"{vendor.url}/stream")


@unwaited
async def test_a_fault_is_kept_to_its_path_and_its_times() -> None:
    script = Script()
    script.fail("failing", path="/socket", times=1)
    async with vendor_server(APP, script) as vendor:
        assert b"one two three" == await _read(f"{vendor.url}/stream")
        with pytest.raises(InvalidStatus):
            await connect(f"{vendor.ws_url}/socket", proxy=None)
        async with connect(f"{vendor.ws_url}/socket", proxy=None) as socket:
            assert "one " == await socket.recv()


def test_the_same_seed_draws_the_same_delays_around_the_median() -> None:
    first, again = Script(seed=7), Script(seed=7)
    delay = about(0.64, 1.6)
    drawn = sorted(delay(first.rng) for _ in range(2_001))

    assert drawn == sorted(delay(again.rng) for _ in range(2_001))
    assert 0.55 < drawn[1_000] < 0.75
    assert 1.3 < drawn[1_900] < 2.0

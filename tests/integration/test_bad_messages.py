"""Whatever comes over the two sockets: that connection ends with a reason, and no talk is touched."""

import contextlib
import json
import random

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.live.wire import Caption, Claim, Displaced, Floor, Ping, Pong, Question, Refused, TypedText
from tests.support.hostile import address, closing
from tests.support.page import opened_page, start_text
from tests.support.running_server import RunningServer
from tests.support.small_study import small_blueprint

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("unharmed")]


@pytest.mark.parametrize("name", ["live", "audio"])
async def test_a_flood_before_the_hello_ends_the_connection(besieged: RunningServer, name: str) -> None:
    study = await besieged.study(small_blueprint())
    async with connect(address(besieged, study.run_id, name)) as socket:
        with contextlib.suppress(ConnectionClosed):
            for n in range(20_000):
                await socket.send("{}" if n % 2 else b"\x00" * 100)
        code, reason = await closing(socket)

    assert code in (1003, 1008)
    assert reason


async def test_hundreds_of_messages_a_second_end_the_connection_and_not_the_talk(
    besieged: RunningServer,
) -> None:
    study = await besieged.study(small_blueprint())
    async with opened_page(besieged, study) as page:
        await start_text(page)
        await page.until(Question)
        with contextlib.suppress(ConnectionClosed):
            for n in range(2_000):
                await page.send(Claim("repeat") if n % 3 else TypedText("x" * 4_000, str(n)))
        code, reason = await closing(page.socket)
    async with opened_page(besieged, study) as page:
        await start_text(page)
        await page.until(Question)

    assert (1008, "too many messages") == (code, reason)


async def test_more_text_than_anybody_types_is_refused_also_over_a_new_connection(
    besieged: RunningServer,
) -> None:
    study = await besieged.study(small_blueprint())
    async with opened_page(besieged, study) as page:
        await start_text(page)
        await page.until(Floor, lambda floor: floor.detail == "open")
        for n in range(6):
            await page.send(TypedText("x", str(n)))
        short = await page.until(Refused)
        await page.send(Ping(1))
        await page.until(Pong)
    other = await besieged.study(small_blueprint())
    async with opened_page(besieged, other) as page:
        await start_text(page)
        for n in range(3):
            await page.send(TypedText("x" * 4_000, str(n)))
        long = await page.until(Refused)
    async with opened_page(besieged, other) as page:
        await start_text(page)
        await page.send(TypedText("x" * 4_000, "again"))
        again = await page.until(Refused)

    assert ["too_fast"] * 3 == [refused.code for refused in (short, long, again)]


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "{",
        "\x00",
        "null",
        '"done"',
        "[" * 16_000,
        "9" * 16_000,
        "x" * 17_000,
        "x" * 2**20,
        b"\x00\x01",
        '{"type":["text"]}',
        '{"type":"start"}',
        '{"type":"start","mode":"telepathy"}',
        '{"type":"hello","access_token":"x"}',
        '{"type":"ping","n":1,"extra":2}',
        '{"type":"ping","n":' + "9" * 5_000 + "}",
        '{"type":"playout","delay":1e400}',
        '{"type":"playout","delay":1e308}',
        '{"type":"playout","delay":-0.1}',
    ],
)
async def test_garbage_in_a_talk_ends_the_connection_with_a_reason(
    besieged: RunningServer, garbage: str | bytes
) -> None:
    study = await besieged.study(small_blueprint())
    async with opened_page(besieged, study) as page:
        await start_text(page)
        await page.until(Question)
        await page.socket.send(garbage)
        code, reason = await closing(page.socket)

    assert code in (1003, 1007, 1008, 1009)
    assert reason or code == 1009


@pytest.mark.parametrize("hello", [{}, {"format": "opus"}, {"format": "pcm"}])
async def test_garbage_on_the_audio_socket_ends_it_and_not_the_talk(
    besieged: RunningServer, hello: dict[str, str]
) -> None:
    chance = random.Random(7)
    study = await besieged.study(small_blueprint())
    async with opened_page(besieged, study) as page:
        await start_text(page)
        await page.until(Question)
        access = page.session["access_token"]
        garbage: list[str | bytes] = [
            b"",
            b"\x01",
            b"\x09" * 645,
            chance.randbytes(645),
            chance.randbytes(60_000),
        ]
        garbage += ["x", "{" * 600, '{"muted":7}', '{"type":"playout","delay":-1e308}', "[" * 16_000]
        for item in garbage:
            async with connect(address(besieged, study.run_id, "audio")) as socket:
                await socket.send(json.dumps({"access_token": access, **hello}))
                await socket.recv()
                await socket.send(item)
                code, _ = await closing(socket)
                assert code in (1003, 1007, 1008, 1009), item[:20]
        await page.send(Ping(3))
        assert 3 == (await page.until(Pong)).n


async def test_two_windows_on_one_link_pass_the_talk_on_and_never_share_it(besieged: RunningServer) -> None:
    study = await besieged.study(small_blueprint())
    async with opened_page(besieged, study) as first:
        await start_text(first)
        await first.until(Question)
        async with opened_page(besieged, study) as second:
            told = await first.until(Displaced)
            await first.send(
                TypedText("From the first window.", "late")
            ) if first.socket.close_code is None else None
            async with opened_page(besieged, study) as third:
                await second.until(Displaced)
                await start_text(third)
                await third.until(Question)

    assert "another window" in told.text


async def test_words_sent_before_the_page_was_closed_in_mid_answer_are_kept(besieged: RunningServer) -> None:
    study = await besieged.study(small_blueprint())
    async with opened_page(besieged, study) as page:
        await start_text(page)
        await page.until(Question)
        await page.send(TypedText("I was about to say that", "cut"))
        await page.until(Caption, lambda caption: caption.role == "participant")
        page.socket.transport.abort()
    async with opened_page(besieged, study) as page:
        await start_text(page)
        await page.until(Caption, lambda caption: caption.text == "I was about to say that")

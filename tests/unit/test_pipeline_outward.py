import asyncio
from collections.abc import Awaitable, Callable

import pytest

from server.pipeline.outward import LONGEST_ANSWER, Outward, Refused, Unreachable


def resolves_to(*addresses: str) -> Callable[[str, int], Awaitable[list[str]]]:
    async def resolve(_: str, __: int) -> list[str]:
        return list(addresses)

    return resolve


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "ftp://example.com/",
        "https://",
        "https:///path",
        "https://user:word@example.com/",
        "https://example.com/#part",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://exa mple.com/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[2002:a00:1::]/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://10.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://100.64.0.1/",
        "x" * 3000,
        "https://example.com/" + "x" * 3000,
    ],
)
async def test_an_address_that_is_none_of_the_worlds_is_refused(url: str) -> None:
    async with Outward() as outward:
        with pytest.raises(Refused):
            outward.check_url(url)


@pytest.mark.parametrize(
    "url", ["https://example.com/hook?a=b", "https://example.com:8443/", "https://1.1.1.1/"]
)
async def test_an_address_of_the_worlds_may_be_called(url: str) -> None:
    async with Outward() as outward:
        outward.check_url(url)


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.1.2.3",),
        ("1.1.1.1", "192.168.0.1"),
        ("fe80::1%eth0",),
        ("::ffff:169.254.169.254",),
    ],
)
async def test_a_name_that_leads_into_a_private_network_is_not_followed(addresses: tuple[str, ...]) -> None:
    async with Outward(resolve=resolves_to(*addresses)) as outward:
        with pytest.raises(Refused, match="private network"):
            await outward.post("https://rebound.example/", b"", {})


async def test_a_name_that_nobody_has_is_unreachable() -> None:
    async with Outward(resolve=resolves_to()) as outward:
        with pytest.raises(Unreachable):
            await outward.post("https://nobody.example/", b"", {})


async def served(answer: bytes) -> tuple[asyncio.Server, int, list[bytes]]:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
            writer.write_eof()
            await reader.read()
        except OSError:
            pass  # whoever asked has read enough
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1], asked


async def test_the_connection_goes_to_the_address_that_was_looked_at_under_the_name_that_was_given() -> None:
    server, port, asked = await served(b"HTTP/1.1 204 No Content\r\n\r\n")
    async with server, Outward(private=True, resolve=resolves_to("127.0.0.1")) as outward:
        sent = await outward.post(f"http://hooks.example:{port}/a?b=c", b"{}", {"x-mine": "1"})

    assert 204 == sent.status
    assert asked[0].startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert f"host: hooks.example:{port}".encode() in asked[0].lower()


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    server, port, asked = await served(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n"
    )
    async with server, Outward(private=True) as outward:
        sent = await outward.post(f"http://127.0.0.1:{port}/", b"", {})

    assert 302 == sent.status
    assert 1 == len(asked)


async def test_little_of_a_long_answer_is_read() -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"\x00" * 9_000_000
    server, port, _ = await served(long)
    async with server, Outward(private=True) as outward:
        sent = await outward.post(f"http://127.0.0.1:{port}/", b"", {})

    assert LONGEST_ANSWER == len(sent.body)
    assert "\x00" not in sent.body


@pytest.mark.parametrize("answer", [b"", b"HTTP/9.9 nonsense\r\n\r\n", b"\xff" * 100_000])
async def test_an_answer_that_is_none_is_a_failure_in_words(answer: bytes) -> None:
    server, port, _ = await served(answer)
    async with server, Outward(private=True) as outward:
        with pytest.raises(Unreachable):
            await outward.post(f"http://127.0.0.1:{port}/", b"", {})


async def test_a_receiver_that_never_answers_is_given_up() -> None:
    async def sleep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.read()
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(sleep, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Outward(private=True, timeout=0.2) as outward:
        with pytest.raises(Unreachable, match=r"within 0\.2 s"):
            await outward.post(f"http://127.0.0.1:{port}/", b"", {})

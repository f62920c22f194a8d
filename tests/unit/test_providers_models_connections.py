"""The connections to vendors of models, whatever comes on them: no other host, no body without an end, nobody
who waits for a good-bye."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import httpx2
import msgspec
import pytest

from server.providers.models.anthropic import AnthropicModels
from server.providers.models.connections import Lines, Opened
from server.providers.models.openai import OpenAIModels
from server.providers.models.prompt import opening_call
from server.providers.models.vendor import Vendor
from server.providers.protocols import ProviderError
from tests.support.model_requests import STUDY

VENDORS = (AnthropicModels, OpenAIModels)
MEBIBYTE = 1 << 20


class Endless(httpx2.AsyncByteStream):
    """One event that has no end."""

    read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"data: "
        while True:
            self.read += 1
            yield b"x" * MEBIBYTE


async def asked(vendor: Vendor, model: str = "a-model") -> str:
    async with vendor.reply(opening_call(STUDY, vendor.name, model)) as pieces:
        return "".join([piece async for piece in pieces])


@pytest.mark.parametrize("make", VENDORS)
async def test_words_are_sent_to_no_host_that_an_answer_names(
    make: type[AnthropicModels | OpenAIModels],
) -> None:
    hosts = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        hosts.append(request.url.host)
        return httpx2.Response(307, headers={"location": "https://elsewhere.example/v1/messages"})

    models = make("key", "https://here.example", transport=httpx2.MockTransport(answer))
    with pytest.raises(ProviderError, match="answers 307") as failed:
        await asked(models)

    assert ["here.example"] == hosts
    assert not failed.value.retryable


@pytest.mark.parametrize("make", VENDORS)
async def test_a_reply_without_an_end_is_read_no_further(make: type[AnthropicModels | OpenAIModels]) -> None:
    body = Endless()
    head = {"content-type": "text/event-stream"}
    models = make(
        "key", transport=httpx2.MockTransport(lambda _: httpx2.Response(200, headers=head, stream=body))
    )
    with pytest.raises(ProviderError, match="garbage"):
        await asked(models)

    assert body.read <= 6


@pytest.mark.parametrize("make", VENDORS)
async def test_a_reply_that_hides_its_length_is_not_read(make: type[AnthropicModels | OpenAIModels]) -> None:
    body = Endless()
    head = {"content-type": "text/event-stream", "content-encoding": "gzip"}
    models = make(
        "key", transport=httpx2.MockTransport(lambda _: httpx2.Response(200, headers=head, stream=body))
    )
    with pytest.raises(ProviderError):
        await asked(models)

    assert 0 == body.read


LONG = "she said, and then, and then, " * 1_000


@pytest.mark.parametrize("make", VENDORS)
async def test_a_long_reply_that_comes_as_one_event_is_read(
    make: type[AnthropicModels | OpenAIModels],
) -> None:
    head = {"content-type": "text/event-stream"}

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers=head, stream=httpx2.ByteStream(AT_ONCE[make]))

    models = make("key", transport=httpx2.MockTransport(answer))

    assert LONG == await asked(models)


def events(*bodies: dict[str, object]) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (str(body.get("type", "message")).encode(), msgspec.json.encode(body))
        for body in bodies
    )


AT_ONCE: dict[object, bytes] = {
    AnthropicModels: events(
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": LONG}},
        {"type": "message_stop"},
    ),
    OpenAIModels: events(
        {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
         "choices": [{"index": 0, "delta": {"content": LONG}, "finish_reason": "stop"}]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("", True),
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com/v1", True),
        ("http://127.0.0.1:8000/v1", False),
        ("https://notopenai.com/v1", False),
    ],
)
@pytest.mark.parametrize(("model", "known"), [("gpt-4.1-mini", True), ("a-model", False)])
async def test_a_model_is_asked_for_the_core_alone_where_neither_its_name_nor_its_address_is_the_vendors(
    model: str, known: bool, url: str, whole: bool
) -> None:
    told = {}

    def answer(request: httpx2.Request) -> httpx2.Response:
        told.update(msgspec.json.decode(request.content))
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=b"")

    models = OpenAIModels("key", url, transport=httpx2.MockTransport(answer))
    with pytest.raises(ProviderError, match="breaks off"):
        await asked(models, model)

    assert whole or known or {"model", "messages", "max_tokens", "stream"} == set(told)
    assert (whole or known) == ("max_completion_tokens" in told) == ("max_tokens" not in told)
    assert told.get("store", True) is not (whole or known)


class Replies:
    """Replies whose good-bye is the test's to end."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.parting = asyncio.Event()
        self.may_part = asyncio.Event()
        self.parted = asyncio.Event()
        self._fault = fault

    async def open(self) -> Opened:
        return Opened(self._pieces(), self._close)

    async def _pieces(self) -> AsyncGenerator[str, None]:
        while True:
            yield "a piece"

    async def _close(self) -> None:
        self.parting.set()
        if self._fault is not None:
            raise self._fault
        await self.may_part.wait()
        self.parted.set()


async def nothing() -> None:
    pass


async def test_who_gives_a_reply_up_does_not_wait_for_its_good_bye() -> None:
    lines, replies = Lines("vendor", nothing), Replies()
    async with asyncio.TaskGroup() as tasks:
        service = tasks.create_task(lines.run())
        await asyncio.sleep(0)
        with pytest.raises(KeyError):
            async with lines.spoken(replies.open()):
                raise KeyError
        begun = replies.parting.is_set()
        await replies.parting.wait()
        replies.may_part.set()
        await replies.parted.wait()
        service.cancel()

    assert not begun


@pytest.mark.parametrize("fault", [RuntimeError("generator didn't stop"), OSError(), ValueError()])
async def test_nothing_that_a_good_bye_raises_ends_the_others(fault: Exception) -> None:
    lines, bad, good = Lines("vendor", nothing), Replies(fault), Replies()
    good.may_part.set()
    async with asyncio.TaskGroup() as tasks:
        service = tasks.create_task(lines.run())
        await asyncio.sleep(0)
        for replies in (bad, good):
            with pytest.raises(KeyError):
                async with lines.spoken(replies.open()):
                    raise KeyError
            await replies.parting.wait()
        await good.parted.wait()
        still_there = not service.done()
        service.cancel()

    assert still_there

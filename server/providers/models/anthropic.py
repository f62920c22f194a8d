"""Anthropic's models, through its own library. Knows calls and replies, and nothing of interviews."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final

import httpx2
from anthropic import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncAnthropic,
    AsyncStream,
    DefaultAsyncHttpxClient,
    Omit,
    omit,
)
from anthropic.types import (
    CacheControlEphemeralParam,
    MessageParam,
    OutputConfigParam,
    RawMessageStreamEvent,
    TextBlockParam,
    ThinkingConfigParam,
)
from anthropic.types import Usage as MessageUsage

from server.providers.models.connections import (
    NO_CREDIT,
    PATIENCE,
    Lines,
    Opened,
    Patience,
    client_of,
    refusal,
    rehearsed,
    text_of,
)
from server.providers.models.rules_per_model import DEFAULT_MODELS
from server.providers.models.vendor import Call
from server.providers.protocols import ProviderError
from server.providers.witness import Usage, Witness, witness

NAME: Final = "anthropic"
ADDRESS: Final = "https://api.anthropic.com"
_PASSING: Final = frozenset(("overloaded_error", "api_error", "rate_limit_error", "timeout_error"))
"""Errors in the midst of a reply that may be over in a moment."""
_BROKE: Final = "credit balance is too low"
_KEPT: Final[CacheControlEphemeralParam] = {"type": "ephemeral"}
_REHEARSAL: Final = b"""\
event: message_start
data: {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"m",\
"content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}

event: content_block_stop
data: {"type":"content_block_stop","index":0}

event: message_delta
data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},\
"usage":{"output_tokens":1}}

event: message_stop
data: {"type":"message_stop"}

"""
"""A reply that never was: the library makes its models for the first one, which takes 50 ms."""


class AnthropicModels:
    """A Vendor. `url` is for proxies and emulators, `transport` for replies that never were."""

    name = NAME

    def __init__(
        self,
        api_key: str,
        url: str = "",
        *,
        patience: Patience = PATIENCE,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._patience = patience
        self._client = AsyncAnthropic(
            api_key=api_key,
            base_url=url or ADDRESS,
            max_retries=0,
            timeout=patience.of(patience.check),
            open_telemetry=False,
            http_client=client_of(DefaultAsyncHttpxClient, transport),
        )
        self._lines = Lines(NAME, self._ask_for_models)

    async def run(self) -> None:
        """Keep the connections until cancelled; then close them."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(rehearsed(NAME, rehearse))
                tasks.create_task(self._lines.run())
        finally:
            await self._client.close()

    async def check(self) -> None:
        """Ask for the models that there are, and for no word of one: only so is told whether the account has
        credit. Raises ProviderError."""
        await self._ask_for_models()
        try:
            await self._client.messages.create(
                model=DEFAULT_MODELS[NAME][0],
                max_tokens=0,
                messages=[{"role": "user", "content": "Hello"}],
                timeout=self._patience.of(self._patience.check),
            )
        except Exception as error:
            # The list was read, so the key is right; whose account may not use this very model names another.
            if (fault := told(error)).status == NO_CREDIT:
                raise fault from error

    async def _ask_for_models(self) -> None:
        try:
            await self._client.models.with_raw_response.list(limit=1)
        except Exception as error:
            raise told(error) from error

    async def make_ready(self, call: Call) -> None:
        """Have the vendor read what the call begins with: nothing is written, so little is paid."""
        heard = witness()
        try:
            message = await self._client.messages.create(
                model=call.model,
                max_tokens=0,
                system=_standing(call),
                messages=[{"role": "user", "content": "Nothing has been said yet."}],
                thinking=_thinking(call),
                output_config=_output(call),
                timeout=self._patience.of(self._patience.check),
            )
        except Exception as error:
            raise told(error) from error
        heard(_read(message.usage))

    def reply(self, call: Call) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """The pieces of a reply."""
        return self._lines.spoken(self._opened(call, witness()))

    async def _opened(self, call: Call, heard: Witness) -> Opened:
        try:
            stream = await self._client.messages.create(
                model=call.model,
                max_tokens=call.longest_reply,
                system=_standing(call),
                messages=[_said(call)],
                thinking=_thinking(call),
                output_config=_output(call),
                stream=True,
                timeout=self._patience.of(call.patience),
            )
        except Exception as error:
            raise told(error) from error
        return Opened(_pieces(stream, heard), stream.close)


def rehearse() -> None:
    """Read a reply that never was, in a thread of one's own."""

    async def read() -> None:
        def answer(_: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=_REHEARSAL)

        models = AnthropicModels("none", transport=httpx2.MockTransport(answer))
        stream = await models._client.messages.create(
            model="none", max_tokens=1, messages=[{"role": "user", "content": "Hello"}], stream=True
        )
        async for _ in _pieces(stream, lambda _: None):
            pass
        await models._client.close()

    asyncio.run(read())


async def _pieces(
    stream: AsyncStream[RawMessageStreamEvent], heard: Callable[[Usage], None]
) -> AsyncGenerator[str, None]:
    """The text of a stream. Thoughts, which may come first, are passed over."""
    ended = False
    try:
        async for event in stream:
            match event.type:
                case "message_start":
                    heard(_read(event.message.usage))
                case "content_block_delta" if event.delta.type == "text_delta":
                    if event.delta.text:
                        yield text_of(NAME, event.delta.text)
                case "message_delta":
                    heard(Usage(NAME, output_tokens=event.usage.output_tokens))
                    if event.delta.stop_reason == "refusal":
                        raise ProviderError(NAME, "declines to reply.", retryable=False)
                case "message_stop":
                    ended = True
                case _:
                    pass
    except ProviderError:
        raise
    except Exception as error:
        raise told(error) from error
    if not ended:
        raise ProviderError(NAME, "breaks off.", retryable=True)


def told(error: Exception) -> ProviderError:
    """What went wrong, in our words."""
    match error:
        case ProviderError():
            return error
        case APITimeoutError() | httpx2.TimeoutException():
            return ProviderError(NAME, "doesn't answer in time.", retryable=True)
        case APIConnectionError() | httpx2.HTTPError():
            return ProviderError(NAME, "can't be reached.", retryable=True)
        case APIStatusError() if error.status_code < 300:  # an error in the midst of a reply
            passing = error.type in _PASSING
            return ProviderError(NAME, f"breaks off ({error.type}).", retryable=passing)
        case APIStatusError():
            # an account without money is told as a fault of the request, in words alone
            kind = "billing_error" if _BROKE in str(error.body) else error.type
            return refusal(NAME, error.status_code, kind, error.response.headers.get("retry-after"))
        case _:
            return ProviderError(NAME, f"talks garbage ({type(error).__name__}).", retryable=True)


def _read(usage: MessageUsage) -> Usage:
    """What was read, which is known when a reply begins; what is written follows at its end."""
    anew = usage.input_tokens + (usage.cache_creation_input_tokens or 0)
    return Usage(NAME, input_tokens=anew, cached_tokens=usage.cache_read_input_tokens or 0)


def _standing(call: Call) -> list[TextBlockParam]:
    """Instructions, kept by the vendor after each part: the role is the same for all talks."""
    return [{"type": "text", "text": part, "cache_control": _KEPT} for part in call.standing]


def _said(call: Call) -> MessageParam:
    """A block for each exchange, so that those of the next call begin with them; the last one is kept."""
    blocks: list[TextBlockParam] = [{"type": "text", "text": part} for part in call.told]
    if blocks:
        blocks[-1]["cache_control"] = _KEPT
    return {"role": "user", "content": [*blocks, {"type": "text", "text": call.now}]}


def _thinking(call: Call) -> ThinkingConfigParam | Omit:
    match call.rules.thinking:
        case "disabled":
            return {"type": "disabled"}
        case "between_tools":
            return {"type": "between_tools"}
        case "unsaid":
            return omit


def _output(call: Call) -> OutputConfigParam | Omit:
    output: OutputConfigParam = {}
    if call.rules.effort == "low":
        output["effort"] = "low"
    if call.rules.style == "schema":
        output["format"] = {"type": "json_schema", "schema": call.form.schema}
    return output or omit

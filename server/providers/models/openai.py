"""OpenAI's models, and those of servers that speak its protocol, through its own library. Knows calls and
replies, and nothing of interviews."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Final
from urllib.parse import urlsplit

import httpx2
from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AsyncStream,
    DefaultAsyncHttpxClient,
    Omit,
    omit,
)
from openai.types import CompletionUsage
from openai.types.chat import (
    ChatCompletionChunk,
    ChatCompletionContentPartTextParam,
    ChatCompletionMessageParam,
)
from openai.types.chat.completion_create_params import ResponseFormat
from openai.types.shared_params.response_format_json_schema import JSONSchema

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

NAME: Final = "openai"
ADDRESS: Final = "https://api.openai.com/v1"
_HOST: Final = "openai.com"
_PASSING: Final = frozenset(("server_error", "rate_limit_exceeded", "overloaded_error"))
_REHEARSAL: Final = b"""\
data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,\
"delta":{"role":"assistant","content":"Hello"},"finish_reason":null}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},\
"finish_reason":"stop"}]}

data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[],\
"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2,"prompt_tokens_details":{"cached_tokens":0}}}

data: [DONE]

"""
"""A reply that never was: the library makes its models for the first one."""


class OpenAIModels:
    """A Vendor. `url` is for proxies, emulators and servers of one's own, with the `/v1` at its end."""

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
        self._client = AsyncOpenAI(
            api_key=api_key,
            base_url=url or ADDRESS,
            max_retries=0,
            timeout=patience.of(patience.check),
            http_client=client_of(DefaultAsyncHttpxClient, transport),
        )
        self._lines = Lines(NAME, self._ask_for_models)
        self._at_the_vendors = _is_the_vendors(url or ADDRESS)

    async def run(self) -> None:
        """Keep the connections until cancelled; then close them."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(rehearsed(NAME, rehearse))
                tasks.create_task(self._lines.run())
        finally:
            await self._client.close()

    async def check(self) -> None:
        """Ask for the models that there are, and one of them for a word: only so is told whether the account
        has credit. Raises ProviderError."""
        await self._ask_for_models()
        try:
            stream = await self._client.chat.completions.create(
                model=DEFAULT_MODELS[NAME][0],
                max_completion_tokens=1,
                messages=[{"role": "user", "content": "Hello"}],
                stream=True,
            )
            async for _ in stream:
                pass
        except Exception as error:
            # The list was read, so the key is right; whose account may not use this very model names another.
            if (fault := told(error)).status == NO_CREDIT:
                raise fault from error

    async def _ask_for_models(self) -> None:
        try:
            await self._client.models.with_raw_response.list()
        except Exception as error:
            raise told(error) from error

    async def make_ready(self, call: Call) -> None:
        """Have a connection: what calls begin with is kept by the vendor from the first one on."""
        await self._ask_for_models()

    def reply(self, call: Call) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """The pieces of a reply."""
        return self._lines.spoken(self._opened(call, witness()))

    async def _opened(self, call: Call, heard: Witness) -> Opened:
        # Of what the vendor's protocol has, servers of one's own know the core, and some refuse all else; the
        # vendor's newer models refuse a part of the core.
        own = call.rules.known or self._at_the_vendors
        try:
            stream = await self._client.chat.completions.create(
                model=call.model,
                max_tokens=omit if own else call.longest_reply,
                max_completion_tokens=call.longest_reply if own else omit,
                messages=_messages(call) if own else _plain_messages(call),
                reasoning_effort=call.rules.effort or omit,
                response_format=_format(call),
                prompt_cache_key=_cache_key(call) if own else omit,
                store=False if own else omit,
                stream=True,
                stream_options={"include_usage": True} if own else omit,
                timeout=self._patience.of(call.patience),
            )
        except Exception as error:
            raise told(error) from error
        return Opened(_pieces(stream, heard), stream.close)


def _is_the_vendors(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == _HOST or host.endswith(f".{_HOST}")


def rehearse() -> None:
    """Read a reply that never was, in a thread of one's own."""

    async def read() -> None:
        def answer(_: httpx2.Request) -> httpx2.Response:
            return httpx2.Response(200, headers={"content-type": "text/event-stream"}, content=_REHEARSAL)

        models = OpenAIModels("none", transport=httpx2.MockTransport(answer))
        stream = await models._client.chat.completions.create(
            model="none", messages=[{"role": "user", "content": "Hello"}], stream=True
        )
        async for _ in _pieces(stream, lambda _: None):
            pass
        await models._client.close()

    asyncio.run(read())


async def _pieces(
    stream: AsyncStream[ChatCompletionChunk], heard: Callable[[Usage], None]
) -> AsyncGenerator[str, None]:
    """The text of a stream."""
    ended = False
    try:
        async for chunk in stream:
            if chunk.usage is not None:
                heard(_used(chunk.usage))
            for choice in chunk.choices[:1]:
                if choice.delta.refusal or choice.finish_reason == "content_filter":
                    raise ProviderError(NAME, "declines to reply.", retryable=False)
                ended = ended or choice.finish_reason is not None
                if choice.delta.content:
                    yield text_of(NAME, choice.delta.content)
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
        case APIStatusError():
            return refusal(
                NAME, error.status_code, error.code or error.type, error.response.headers.get("retry-after")
            )
        case APIError():  # in the midst of a reply
            passing = error.code in _PASSING or error.type in _PASSING
            return ProviderError(NAME, "breaks off.", retryable=passing)
        case _:
            return ProviderError(NAME, f"talks garbage ({type(error).__name__}).", retryable=True)


def _used(usage: CompletionUsage) -> Usage:
    details = usage.prompt_tokens_details
    cached = (details.cached_tokens if details is not None else None) or 0
    return Usage(
        NAME,
        input_tokens=max(0, usage.prompt_tokens - cached),
        cached_tokens=cached,
        output_tokens=usage.completion_tokens,
    )


def _messages(call: Call) -> list[ChatCompletionMessageParam]:
    said: list[ChatCompletionContentPartTextParam] = [
        {"type": "text", "text": part} for part in (*call.told, call.now)
    ]
    return [{"role": "system", "content": "\n\n".join(call.standing)}, {"role": "user", "content": said}]


def _plain_messages(call: Call) -> list[ChatCompletionMessageParam]:
    """The same as two texts, which every server that speaks this protocol takes."""
    return [
        {"role": "system", "content": "\n\n".join(call.standing)},
        {"role": "user", "content": "\n\n".join((*call.told, call.now))},
    ]


def _format(call: Call) -> ResponseFormat | Omit:
    if call.rules.style != "schema":
        return omit
    schema: JSONSchema = {"name": call.form.name, "strict": True, "schema": call.form.schema}
    return {"type": "json_schema", "json_schema": schema}


def _cache_key(call: Call) -> str:
    """Brings calls with the same beginning to the same machine; says nothing of what it is."""
    return hashlib.sha256("\n".join(call.standing).encode()).hexdigest()[:32]

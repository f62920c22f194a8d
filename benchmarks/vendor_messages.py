"""How long the largest and worst message that each vendor's adapter takes keeps the loop from all talks: what
a vendor that has gone astray, or somebody in its place, can do to those who talk."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

import click
import httpx
import httpx2
import msgspec

from benchmarks.loop_steps import timed_steps
from benchmarks.report import Row, publish, this_machine
from media.frames import EAR_FRAME_SAMPLES, AudioFrame
from server.providers.deepgram.flux import FluxRecognition, Thresholds
from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.line import Meter
from server.providers.deepgram.messages import MAX_FRAME_BYTES
from server.providers.deepgram.nova import NovaRecognition
from server.providers.deepgram.sound import LINEAR16
from server.providers.elevenlabs.account import NAME, SOUND_BOUNDS, Account
from server.providers.elevenlabs.incoming import Incoming
from server.providers.elevenlabs.messages import LONGEST_ALIGNMENT, read
from server.providers.elevenlabs.multi_context import MOST_MESSAGE_BYTES
from server.providers.elevenlabs.rendering import ElevenLabsRendering
from server.providers.models.anthropic import AnthropicModels
from server.providers.models.connections import BOUNDS as MODEL_BOUNDS
from server.providers.models.interviewer import ModelInterviewer
from server.providers.models.openai import OpenAIModels
from server.providers.models.vendor import Vendor
from server.providers.protocols import ProviderError, Voice
from tests.support.model_requests import request

MUST_MS: Final = 20.0
TIMES: Final = 5
_PIECE: Final = 64 << 10
"""Bytes that a library reads from a socket at once."""
_SMALL: Final = 500
"""Small messages in a row; more of them do the same again."""
TEXT: Final = "Thank you, that helps me to see how it went on that day. " * 60


def _longest(work: Callable[[], object]) -> float:
    """Processor milliseconds of the longest of some goes."""
    took = []
    for _ in range(TIMES):
        began = time.thread_time()
        work()
        took.append(1_000 * (time.thread_time() - began))
    return max(took)


def _filled(size: int, frame: Callable[[list[Any]], object], item: Callable[[int], Any]) -> bytes:
    """A message with as many items as go into so many bytes."""
    one = len(msgspec.json.encode([item(100), item(101)])) - len(msgspec.json.encode([item(100)]))
    room = size - len(msgspec.json.encode(frame([]))) - 64
    return msgspec.json.encode(frame([item(number) for number in range(room // (one + 2))]))


# Deepgram


def _no_dial(*_: Thresholds) -> AbstractAsyncContextManager[Any]:
    raise AssertionError("nobody runs the line")


async def _deepgram() -> dict[str, float]:
    limits, frame = DeepgramLimits(), bytes(EAR_FRAME_SAMPLES * 2)
    flux = FluxRecognition(_no_dial, LINEAR16, limits, Meter(lambda _: None))
    nova = NovaRecognition(_no_dial, LINEAR16, limits, Meter(lambda _: None))
    for talk in (flux, nova):
        talk.connected(0)
        for utterance in range(1, 6):  # that nobody has answered yet
            talk.start_utterance(utterance)
            for number in range(50):
                talk.hear(AudioFrame(frame, (50 * utterance + number) * EAR_FRAME_SAMPLES))
            talk.end_utterance(utterance)
    turn = _filled(
        MAX_FRAME_BYTES,
        lambda words: {"type": "TurnInfo", "event": "Update", "turn_index": 0, "audio_window_end": 0.5,
                       "words": words},
        lambda n: {"word": "a", "start": n / 1_000, "end": n / 1_000},
    ).decode()  # fmt: skip
    results = _filled(
        MAX_FRAME_BYTES,
        lambda words: {"type": "Results", "start": 0, "duration": 0.5, "is_final": True,
                       "channel": {"alternatives": [{"words": words}]}},
        lambda n: {"word": "a", "start": n / 1_000, "end": n / 1_000},
    ).decode()  # fmt: skip
    return {
        "deepgram-flux, a report": _longest(lambda: flux.receive(turn)),
        "deepgram-nova-3, a report": _longest(lambda: nova.receive(results)),
    }


# ElevenLabs


def _alignment(size: int) -> bytes:
    fields = ("chars", "charStartTimesMs", "charDurationsMs")
    return _filled(
        size // 3, lambda items: {name: [0] * len(items) for name in fields} | {"chars": items}, lambda _: "a"
    )


def _live_message() -> bytes:
    alignment = msgspec.Raw(_alignment(LONGEST_ALIGNMENT))
    room = MOST_MESSAGE_BYTES - 3 * len(bytes(alignment)) - 256
    sound = base64.b64encode(bytes(room * 3 // 4 // 3 * 3)).decode()
    return msgspec.json.encode(
        {"audio": sound, "contextId": "u1", "alignment": alignment, "normalizedAlignment": alignment}
    )


def _live_voice() -> dict[str, float]:
    whole, strange = _live_message(), b'{"error":[' + b"0," * (MOST_MESSAGE_BYTES // 2 - 16) + b"0]}"
    taken = read(whole)
    incoming = Incoming(TEXT, Account("a-key", "http://127.0.0.1:9").sound_format)
    return {
        "elevenlabs, a message": _longest(lambda: read(whole)),
        "elevenlabs, its words": _longest(lambda: incoming.chunk(taken.sound, taken.characters)),
        "elevenlabs, a strange one": _longest(lambda: read(strange)),
    }


class _Pieces(httpx.AsyncByteStream, httpx2.AsyncByteStream):
    """A body as it comes from a socket."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for at in range(0, len(self._body), _PIECE):
            await asyncio.sleep(0)
            yield self._body[at : at + _PIECE]


def _rendered_line() -> bytes:
    """The largest line of words made ahead."""
    times = [0.001 * n for n in range(SOUND_BOUNDS.most_members // 3 - 10)]
    line = {
        "audio_base64": "",
        "alignment": {
            "characters": ["a"] * len(times),
            "character_start_times_seconds": times,
            "character_end_times_seconds": times,
        },
    }
    room = SOUND_BOUNDS.longest - len(msgspec.json.encode(line)) - 64
    line["audio_base64"] = base64.b64encode(bytes(room * 3 // 4 // 3 * 3)).decode()
    return msgspec.json.encode(line) + b"\n"


async def _over_http(body: bytes) -> float:
    account = Account("a-key", "http://127.0.0.1:9")
    http = account.http(httpx.MockTransport(lambda _: httpx.Response(200, stream=_Pieces(body))))
    rendering = ElevenLabsRendering(account, account.client(http))

    async def render() -> None:
        try:
            async for _ in rendering.synthesize(TEXT, Voice(NAME, "")):
                pass
        except ProviderError:
            pass  # so much sound is a fault; that it was read is what counts

    longest = await _longest_step(render)
    await http.aclose()
    return longest


async def _ahead() -> dict[str, float]:
    return {
        "elevenlabs, words made ahead, a line": await _over_http(_rendered_line()),
        "elevenlabs, words made ahead, small lines": await _over_http(b'{"audio_base64":"AAAA"}\n' * _SMALL),
        "elevenlabs, words made ahead, empty lines": await _over_http(b"\n" * _PIECE),
    }


# Models


async def _model(make: Callable[[httpx2.AsyncBaseTransport], Vendor], event: bytes) -> float:
    head = {"content-type": "text/event-stream"}

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers=head, stream=_Pieces(event))

    interviewer = ModelInterviewer(make(httpx2.MockTransport(answer)))

    async def judge() -> None:
        try:
            await interviewer.judge(request("a mess"))
        except ProviderError:
            pass

    return await _longest_step(judge)


def _anthropic_event() -> bytes:
    delta = {"type": "text_delta", "text": "x" * (MODEL_BOUNDS.longest - 256)}
    event = {"type": "content_block_delta", "index": 0, "delta": delta}
    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (str(each["type"]).encode(), msgspec.json.encode(each))
        for each in (start, event)
    )


def _openai_event() -> bytes:
    choice = {"index": 0, "delta": {"content": "x" * (MODEL_BOUNDS.longest - 256)}}
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def _many(event: bytes) -> bytes:
    """The same event with as many members as are read, instead of its words."""
    members = b"[" + b"[]," * (MODEL_BOUNDS.most_members - 20) + b"[]]"
    start = event.rindex(b'"xxx')
    return event[:start] + members + event[event.rindex(b'x"') + 2 :]


def _small(event: bytes) -> bytes:
    """The same event with no words, again and again."""
    start = event.rindex(b'"xxx')
    return (event[:start] + b'""' + event[event.rindex(b'x"') + 2 :]) * _SMALL


async def _longest_step(work: Callable[[], Any]) -> float:
    """Milliseconds of the longest of the loop's callbacks, once what is made at first use is made."""
    await work()
    steps: list[float] = []
    with timed_steps(steps):
        for _ in range(TIMES):
            await work()
    return 1_000 * max(steps)


async def measure() -> dict[str, float]:
    """Milliseconds by what was taken."""
    anthropic, openai = _anthropic_event(), _openai_event()

    def ask_anthropic(transport: httpx2.AsyncBaseTransport) -> Vendor:
        return AnthropicModels("a-key", transport=transport)

    def ask_openai(transport: httpx2.AsyncBaseTransport) -> Vendor:
        return OpenAIModels("a-key", transport=transport)

    return {
        **await _deepgram(),
        **_live_voice(),
        **await _ahead(),
        "anthropic, an event": await _model(ask_anthropic, anthropic),
        "anthropic, a strange one": await _model(ask_anthropic, _many(anthropic)),
        "anthropic, small events": await _model(ask_anthropic, _small(anthropic)),
        "anthropic, empty lines": await _model(ask_anthropic, b"\n" * _PIECE),
        "openai, an event": await _model(ask_openai, openai),
        "openai, a strange one": await _model(ask_openai, _many(openai)),
        "openai, small events": await _model(ask_openai, _small(openai)),
        "openai, empty lines": await _model(ask_openai, b"\n" * _PIECE),
    }


@click.command()
@click.option("--json", "as_json", is_flag=True)
def command(as_json: bool) -> None:
    """How long the largest message of each vendor keeps the loop."""
    machine = this_machine()
    found = asyncio.run(measure())
    rows = [Row(what, round(took, 1), "ms", must=MUST_MS) for what, took in found.items()]
    publish("vendor-messages", rows, machine, as_json=as_json)

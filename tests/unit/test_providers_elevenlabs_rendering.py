"""Words made ahead over HTTP: what a line may hold, and what is no line."""

import base64

import httpx
import msgspec
import pytest

from server.providers.elevenlabs.account import NAME, Account
from server.providers.elevenlabs.rendering import ElevenLabsRendering
from server.providers.protocols import ProviderError, SpeechChunk, Voice

YEARS = " ".join(str(year) for year in range(1965, 2025)) + "."
SECOND = 48_000
"""Bytes."""


def alignment(text: str, seconds: float = 1.0) -> dict[str, object]:
    step = seconds / len(text)
    return {
        "characters": list(text),
        "character_start_times_seconds": [round(place * step, 3) for place in range(len(text))],
        "character_end_times_seconds": [round((place + 1) * step, 3) for place in range(len(text))],
    }


def line(sound: bytes, written: object = None, read_out: object = None) -> bytes:
    told = {
        "audio_base64": base64.b64encode(sound).decode(),
        "alignment": written,
        "normalized_alignment": read_out,
    }
    return msgspec.json.encode(told) + b"\n"


async def rendered(text: str, body: bytes) -> list[SpeechChunk]:
    account = Account("a-key", "http://127.0.0.1:9")
    async with account.http(
        httpx.MockTransport(lambda _: httpx.Response(200, stream=httpx.ByteStream(body)))
    ) as http:
        rendering = ElevenLabsRendering(account, account.client(http))
        return [chunk async for chunk in rendering.synthesize(text, Voice(NAME, ""))]


async def test_a_sentence_of_nothing_but_years_is_read_with_all_that_is_said_of_it() -> None:
    sound = bytes(22 * SECOND)
    read_out = " ".join(["nineteen hundred and ninety-nine"] * 60)
    chunks = await rendered(YEARS, line(sound, alignment(YEARS, 22.0), alignment(read_out, 22.0)))
    words = [word for chunk in chunks for word in chunk.words]

    assert len(sound) == sum(len(chunk.pcm) for chunk in chunks)
    assert YEARS[:-1].split() == [YEARS[word.start_char : word.end_char].rstrip(".") for word in words]


async def test_times_of_words_as_they_are_read_out_do_where_there_are_no_others() -> None:
    (chunk, *_) = await rendered("Hello there.", line(bytes(SECOND), None, alignment("Hello there.")))

    assert 2 == len(chunk.words)


@pytest.mark.parametrize(
    "times",
    [
        "soon",
        [1, 2],
        {"characters": "Hello"},
        {"characters": ["H"], "character_start_times_seconds": ["0"]},
        {"characters": [[]], "character_start_times_seconds": [0], "character_end_times_seconds": [1]},
    ],
)
async def test_times_that_make_no_sense_are_none_and_the_sound_is_heard(times: object) -> None:
    (chunk,) = await rendered("Hello.", line(bytes(SECOND), times, times))

    assert (SECOND, ()) == (len(chunk.pcm), chunk.words)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'{"audio_base64": "no sound at all"}\n',
        b'{"audio_base64": 7}\n',
        b"<html>\n",
        b"x" * 2_000_000,
        b'{"x":[' + b"0," * 10_000 + b"0]}\n",
    ],
)
async def test_a_line_that_is_none_fails_the_text(garbage: bytes) -> None:
    whole = line(bytes(SECOND), alignment("Hello."))
    with pytest.raises(ProviderError) as failed:
        await rendered("Hello.", whole + garbage)

    assert failed.value.retryable


async def test_lines_without_sound_or_words_say_nothing() -> None:
    whole = line(bytes(SECOND), alignment("Hello."))

    assert 1 == len(await rendered("Hello.", b"\n\r\n{}\n" + whole + b"\n \n"))

"""What is said over a line, both ways: the vendor's spellings, and anything else."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.providers.elevenlabs.messages import UnreadableError, closing, farewell, opening, read, sentence

SOUND = b"\x01\x02\x03\x04"
CAMEL = {
    "audio": base64.b64encode(SOUND).decode(),
    "isFinal": None,
    "contextId": "u7",
    "alignment": {"chars": ["H", "i"], "charStartTimesMs": [0, 60], "charDurationsMs": [60, 50]},
    "normalizedAlignment": None,
}
SNAKE = {
    "audio": CAMEL["audio"],
    "is_final": False,
    "context_id": "u7",
    "alignment": {"chars": ["H", "i"], "charsStartTimesMs": [0, 60], "charsDurationsMs": [60, 50]},
}


def _raw(message: Any) -> bytes:
    return json.dumps(message).encode()


@pytest.mark.parametrize("message", [CAMEL, SNAKE])
def test_both_spellings_are_read(message: dict[str, Any]) -> None:
    reported = read(_raw(message))

    assert ("u7", SOUND, False, None) == (
        reported.context_id,
        reported.sound,
        reported.final,
        reported.refused,
    )
    assert reported.characters is not None
    assert (["H", "i"], [0.0, 0.06], [0.06, 0.05]) == (
        reported.characters.chars,
        reported.characters.starts,
        reported.characters.durations,
    )


@pytest.mark.parametrize("name", ["isFinal", "is_final"])
def test_the_end_of_a_context_is_read_in_both_spellings(name: str) -> None:
    assert read(_raw({name: True, "contextId": "u7"})).final


@pytest.mark.parametrize(
    "alignment", [None, {}, [], "x", {"chars": "Hi"}, {"chars": ["H"], "charStartTimesMs": ["x"]}, 5]
)
def test_an_alignment_that_is_none_costs_no_sound(alignment: object) -> None:
    reported = read(_raw({**CAMEL, "alignment": alignment}))

    assert SOUND == reported.sound
    assert reported.characters is None


def test_an_alignment_that_would_hold_up_all_talks_is_not_read() -> None:
    endless = {"chars": ["a"] * 20_000, "charStartTimesMs": [0] * 20_000, "charDurationsMs": [1] * 20_000}

    reported = read(_raw({**CAMEL, "alignment": endless}))

    assert (SOUND, None) == (reported.sound, reported.characters)


def test_where_only_the_words_as_read_out_have_times_those_count() -> None:
    reported = read(_raw({**CAMEL, "alignment": None, "normalizedAlignment": CAMEL["alignment"]}))

    assert reported.characters is not None


def test_a_refusal_is_told_from_sound() -> None:
    refused = read(_raw({"message": "Exceeded (5).", "error": "max_active_conversations", "code": 1008}))
    odd = read(_raw({"error": {"code": 5}}))

    assert ("max_active_conversations", "") == (refused.refused, odd.refused)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[1]",
        b"\xff\x00\xfe",
        b'{"audio": "A"}',
        b'{"audio": 5}',
        b'{"contextId": 5}',
        b"[" * 9_999,
    ],
)
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(UnreadableError):
        read(raw)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        read(raw)
    except UnreadableError:
        pass


def test_an_utterance_opens_with_a_space_and_its_settings_and_sentences_end_with_a_space() -> None:
    assert {"text": " ", "context_id": "u1", "voice_settings": {"speed": 1.1}} == json.loads(
        opening("u1", 1.1)
    )
    assert {"text": "Hi. ", "context_id": "u1", "flush": True} == json.loads(sentence("u1", " Hi."))
    assert {"context_id": "u1", "close_context": True} == json.loads(closing("u1"))
    assert {"close_socket": True} == json.loads(farewell())

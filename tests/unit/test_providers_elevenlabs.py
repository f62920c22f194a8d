"""The small parts around the lines: sentences, samples, speeds, refusals, whose account."""

import pytest

from server.providers.elevenlabs.account import (
    PCM_16000,
    PCM_24000,
    ULAW_8000,
    VOICE_ID,
    Account,
    vendor_speed,
)
from server.providers.elevenlabs.alignment import Characters
from server.providers.elevenlabs.faults import again, code_in, refusal
from server.providers.elevenlabs.incoming import Incoming, sentences
from server.providers.protocols import ProviderError, Voice


def test_sentences_leave_one_by_one_and_short_ones_together() -> None:
    assert [
        "Thank you. That is very clear to me by now.",
        "What happened after the train had left?",
    ] == sentences("Thank you. That is very clear to me by now. What happened after the train had left?")


@pytest.mark.parametrize("text", ["", " \n", "...!?", "\0\x1b", "<>"])
def test_where_there_is_no_word_there_is_nothing_to_speak(text: str) -> None:
    assert [] == sentences(text)


def test_markup_is_no_markup_when_it_leaves() -> None:
    assert ['Wait break time="3s"/ please'] == sentences('Wait<break time="3s"/>please')


def test_a_text_that_nobody_would_listen_to_is_refused_for_good() -> None:
    with pytest.raises(ProviderError) as refused:
        sentences("a" * 4_001)

    assert not refused.value.retryable


def test_chunks_hold_whole_samples_however_the_bytes_come() -> None:
    incoming = Incoming("Hi", PCM_24000)
    chunks = [incoming.chunk(sound, None) for sound in (b"\x01", b"\x02\x03", b"\x04\x05\x06", b"")]

    assert [b"\x01\x02", b"\x03\x04\x05\x06"] == [chunk.pcm for chunk in chunks if chunk is not None]


@pytest.mark.parametrize(
    ("sound_format", "size"), [(PCM_24000, 48_000), (PCM_16000, 32_000), (ULAW_8000, 8_000)]
)
def test_times_are_reckoned_in_the_format_that_comes(sound_format: object, size: int) -> None:
    assert isinstance(sound_format, type(PCM_24000))
    incoming = Incoming("Hi you", sound_format)
    said = Characters("Hi ", [0.0, 0.4, 0.9], [0.4, 0.5, 0.1])
    first = incoming.chunk(bytes(size), said)
    second = incoming.chunk(bytes(size), Characters("you", [0.0, 0.2, 0.4], [0.2] * 3))

    assert first is not None
    assert second is not None
    assert [(0.0, 0.9)] == [(word.start, word.end) for word in first.words]
    assert [(1.0, 1.6)] == [(word.start, round(word.end, 3)) for word in second.words]


def test_a_speed_that_the_vendor_does_not_have_is_spoken_at_the_nearest() -> None:
    assert [0.7, 0.7, 0.95, 1.2, 1.2] == [vendor_speed(speed) for speed in (0.5, 0.7, 0.95, 1.2, 2.0)]


def test_an_agent_that_names_no_voice_of_this_vendor_gets_the_account_s() -> None:
    account = Account("key")

    assert VOICE_ID == account.voice_id_of(Voice())
    assert VOICE_ID == account.voice_id_of(Voice("elevenlabs", ""))
    assert "abc" == account.voice_id_of(Voice("elevenlabs", "abc"))


def test_a_key_is_in_no_representation_of_its_account() -> None:
    assert "sesame" not in repr(Account("sesame"))


@pytest.mark.parametrize(
    ("url", "nearby", "secure"),
    [
        ("http://127.0.0.1:9", True, False),
        ("http://localhost:9", True, False),
        ("http://[::1]:9", True, False),
        ("https://api.elevenlabs.io", False, True),
    ],
)
def test_no_proxy_is_asked_for_the_way_to_this_machine(url: str, nearby: bool, secure: bool) -> None:
    account = Account("key", url)

    assert (nearby, secure) == (account.nearby, account.secure)


@pytest.mark.parametrize(
    ("code", "status", "retryable", "told"),
    [
        ("invalid_api_key", 401, False, 401),
        ("", 401, False, 401),
        ("", 403, False, 403),
        ("quota_exceeded", 401, False, 402),
        ("voice_not_found", 400, False, 404),
        ("voice_id_does_not_exist", None, False, 404),
        ("", 422, False, 422),
        ("max_character_limit_exceeded", 400, False, 400),
        ("too_many_concurrent_requests", 429, True, 429),
        ("max_active_conversations", None, True, 429),
        ("system_busy", 429, True, 503),
        ("", 500, True, 500),
        ("what_is_this", 503, True, 503),
        ("what_is_this", None, True, None),
    ],
)
def test_a_refusal_says_what_it_means_and_whether_asking_again_may_help(
    code: str, status: int | None, retryable: bool, told: int | None
) -> None:
    refused = refusal(code, status, "nobody")
    same = again(refused)

    assert (retryable, told) == (refused.retryable, refused.status)
    assert (refused.args, refused.retryable, refused.status) == (same.args, same.retryable, same.status)


def test_the_vendor_s_wish_to_be_left_alone_is_passed_on() -> None:
    assert 7.0 == refusal("", 429, "x", {"retry-after": "7"}).retry_after
    assert None is refusal("", 429, "x", {"retry-after": "tomorrow"}).retry_after


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"detail": {"status": "voice_not_found", "message": "x"}}, "voice_not_found"),
        ({"detail": {"code": "a", "type": "b"}}, "a"),
        ({"detail": [{"loc": ["body"], "input": "what somebody said"}]}, ""),
        ({"detail": "Not Found"}, ""),
        (None, ""),
        ("<html>", ""),
        ({"error": "x"}, "x"),
    ],
)
def test_the_vendor_s_word_for_a_refusal_is_found_in_any_body(body: object, code: str) -> None:
    assert code == code_in(body)

import hashlib

import pytest

from dialog.consent import Consent, disclosure
from tests.support.small_study import small_blueprint

ASKED = disclosure(small_blueprint(), organization="Field & Co.", recording_offered=True)


def test_the_default_text_says_who_asks_that_it_is_an_ai_how_long_and_what_is_kept() -> None:
    for words in ("Robin", "AI", "Field & Co.", "Tools at work", "5 minutes", "recorded", "skip", "stop"):
        assert words in ASKED.text


def test_the_hash_is_that_of_the_exact_text() -> None:
    own = disclosure(small_blueprint(consent_text="May we?"), organization="", recording_offered=False)

    assert "May we?" == own.text
    assert hashlib.sha256(b"May we?").hexdigest() == own.text_hash


def test_recording_is_mentioned_only_where_it_is_offered() -> None:
    assert "record" not in disclosure(small_blueprint(), organization="", recording_offered=False).text


@pytest.mark.parametrize(("granted", "state"), [(True, "granted"), (False, "declined")])
def test_a_button_settles_it(granted: bool, state: str) -> None:
    consent = Consent(ASKED)
    answer = consent.press(granted=granted, recording=True, text_hash=ASKED.text_hash)

    assert answer is not None
    assert (granted, granted, "page", ASKED.text) == (
        answer.granted,
        answer.recording,
        answer.method,
        answer.text,
    )
    assert state == consent.state


def test_an_answer_to_another_text_settles_nothing() -> None:
    consent = Consent(ASKED)

    assert consent.press(granted=True, recording=True, text_hash="0" * 64) is None
    assert not consent.settled


def test_it_is_settled_once() -> None:
    consent = Consent(ASKED)
    consent.press(granted=False, recording=False, text_hash=ASKED.text_hash)

    assert consent.press(granted=True, recording=True, text_hash=ASKED.text_hash) is None
    assert consent.hear("yes", "voice") is None
    assert "declined" == consent.state


def test_clear_words_settle_it_without_a_recording() -> None:
    consent = Consent(ASKED)
    answer = consent.hear("Yes, I agree.", "voice")

    assert answer is not None
    assert (True, False, "Yes, I agree.") == (answer.granted, answer.recording, answer.answer)
    assert consent.allows


def test_unclear_words_are_asked_about_once_and_then_only_a_button_counts() -> None:
    consent = Consent(ASKED)

    settled = [consent.hear(words, "voice") for words in ("mm-hm", "whatever", "yes")]

    assert [None, None, None] == settled
    assert "button_only" == consent.state
    assert consent.press(granted=True, recording=False, text_hash=ASKED.text_hash) is not None


def test_a_clear_answer_to_the_second_asking_counts() -> None:
    consent = Consent(ASKED)
    consent.hear("I guess", "typed")
    answer = consent.hear("No.", "typed")

    assert answer is not None
    assert (False, "declined") == (answer.granted, consent.state)

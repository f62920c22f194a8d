"""What a sitting's providers tell comes to its log, and to the server's figures."""

import pytest

from dialog.provider_facts import ProviderNoted, ProviderUsed
from server.live.tally import Tally, counted_by
from server.metrics import Metrics
from server.providers.witness import Decision, FirstToken, Told, Usage
from server.store.event_log import LogClosed


def test_decisions_are_noted_at_once_and_usage_added_up_until_it_is_settled() -> None:
    noted: list[ProviderNoted | ProviderUsed] = []
    others: list[Told] = []
    tally = Tally(lambda fact, _: noted.append(fact), others.append)
    told: list[Told] = [
        Usage("ears", audio_seconds=1.08),
        Usage("model", input_tokens=10, cached_tokens=90, output_tokens=5, model="small"),
        FirstToken("model"),
        Decision("speech_to_text", "ears", "replaced", "no words in time"),
        Usage("ears", audio_seconds=2.0),
        Usage("voice", characters=12),
    ]
    for what in told:
        tally.told(what)
    tally.settle()
    tally.settle()

    assert told == others
    assert [
        ProviderNoted("speech_to_text", "ears", "replaced", "no words in time"),
        ProviderUsed("ears", audio_seconds=3.08),
        ProviderUsed("model", "small", input_tokens=10, cached_tokens=90, output_tokens=5),
        ProviderUsed("voice", characters=12),
    ] == noted


def test_after_the_end_only_the_others_are_told() -> None:
    noted: list[ProviderNoted | ProviderUsed] = []
    others: list[Told] = []
    tally = Tally(lambda fact, _: noted.append(fact), others.append)
    tally.told(Usage("voice", characters=1))
    tally.close()
    tally.told(Usage("voice", characters=2))
    tally.settle()

    assert [ProviderUsed("voice", characters=1)] == noted
    assert 2 == len(others)


def test_a_log_that_takes_nothing_any_more_is_no_fault_of_whoever_tells() -> None:
    others: list[Told] = []

    def refuse(fact: ProviderNoted | ProviderUsed, at: float | None) -> None:
        raise LogClosed

    tally = Tally(refuse, others.append)
    tally.told(Decision("speech_to_text", "ears", "replaced"))
    tally.told(Usage("voice", characters=1))
    with pytest.raises(LogClosed):
        tally.close()
    tally.told(Decision("speech_to_text", "ears", "closed"))

    assert 3 == len(others)


def test_a_fault_in_noting_is_logged_and_not_raised_into_a_provider(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def stumble(fact: ProviderNoted | ProviderUsed, at: float | None) -> None:
        raise ValueError

    Tally(stumble, lambda _: None).told(Decision("speech_to_text", "ears", "replaced"))

    assert "could not be noted" in caplog.text


def test_usage_is_noted_at_the_time_of_the_answer_that_it_was_for() -> None:
    times: list[float | None] = []
    tally = Tally(lambda _, at: times.append(at), lambda _: None)
    tally.told(Usage("voice", characters=1))
    tally.settle(4.25)

    assert [4.25] == times


def test_a_server_counts_usage_and_decisions_but_no_reasons() -> None:
    metrics = Metrics()
    count = counted_by(metrics)
    count(Usage("voice", characters=12))
    count(Decision("text_to_speech", "voice", "replaced", "no sound in time"))
    text = metrics.expose(metrics).decode()

    assert 'vivavoce_provider_usage_total{provider="voice",unit="characters"} 12.0' in text
    assert "no sound in time" not in text
    assert 'decision="replaced",provider="voice",role="text_to_speech"} 1.0' in text

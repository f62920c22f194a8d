"""What a sitting's providers tell comes to its log, and to the server's figures."""

from dialog.provider_facts import ProviderNoted, ProviderUsed
from server.live.tally import Tally, counted_by
from server.metrics import Metrics
from server.providers.witness import Decision, FirstToken, Told, Usage


def test_decisions_are_noted_at_once_and_usage_added_up_until_it_is_settled() -> None:
    noted: list[ProviderNoted | ProviderUsed] = []
    others: list[Told] = []
    tally = Tally(noted.append, others.append)
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
    tally = Tally(noted.append, others.append)
    tally.told(Usage("voice", characters=1))
    tally.close()
    tally.told(Usage("voice", characters=2))
    tally.settle()

    assert [ProviderUsed("voice", characters=1)] == noted
    assert 2 == len(others)


def test_a_server_counts_usage_and_decisions_but_no_reasons() -> None:
    metrics = Metrics()
    count = counted_by(metrics)
    count(Usage("voice", characters=12))
    count(Decision("text_to_speech", "voice", "replaced", "no sound in time"))
    text = metrics.expose(metrics).decode()

    assert 'vivavoce_provider_usage_total{provider="voice",unit="characters"} 12.0' in text
    assert "no sound in time" not in text
    assert 'decision="replaced",provider="voice",role="text_to_speech"} 1.0' in text

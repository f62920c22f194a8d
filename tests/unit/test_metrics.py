from collections.abc import Iterable

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from dialog.commands import Say
from dialog.events import AnswerCommitted, AnyBody, Event, FallbackUsed, InterviewFinished, SessionOpened
from dialog.signals import FinalTranscript, JudgementFailed, SpeechBegan, SynthesisFailed
from server.metrics import RECENT, Metrics


class Nothing:
    """No figures beside those of the logs."""

    def collect(self) -> Iterable[Metric]:
        return ()


def observed(metrics: Metrics, *bodies: AnyBody | tuple[float, AnyBody]) -> None:
    observe = metrics.observer()
    for seq, body in enumerate(bodies, start=1):
        at, what = body if isinstance(body, tuple) else (0.0, body)
        observe(Event(seq, at, what))


def a_reply(gap: float = 0.7, *, generated: bool = False) -> list[tuple[float, AnyBody]]:
    """An answer that ended at second 10, and the next question at the ear `gap` later."""
    return [
        (0.0, SessionOpened("ses_1", "webrtc", 0, 1)),
        (10.5, AnswerCommitted(1, 1, "a", "yes", 0.9, 8.0, 10.0)),
        (10.5, Say(7, "question", "And then?")),
        (10.0 + gap, SpeechBegan(7, 10.55 if generated else None, 10.6)),
    ]


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Value by name and labels' values, those in the order of the alphabet."""
    families = text_string_to_metric_families(metrics.expose(Nothing()).decode())
    return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


@pytest.mark.parametrize(("generated", "kind"), [(False, "cached"), (True, "generated")])
def test_each_stage_of_a_reply_is_counted_by_how_its_words_came(generated: bool, kind: str) -> None:
    metrics = Metrics()
    observed(metrics, *a_reply(0.7, generated=generated))
    found = samples(metrics)

    assert 1.0 == found["vivavoce_reply_stage_seconds_count", kind, "question"]
    assert 0.7 == pytest.approx(found["vivavoce_reply_stage_seconds_sum", kind, "question"])
    assert 0.0 == found["vivavoce_reply_stage_seconds_bucket", "0.5", kind, "question"]
    assert 1.0 == found["vivavoce_reply_stage_seconds_bucket", "0.75", kind, "question"]
    assert 0.7 == pytest.approx(found["vivavoce_reply_stage_recent_seconds", "0.99", kind, "question"])


def test_percentiles_are_those_of_the_latest_replies() -> None:
    metrics = Metrics()
    for _ in range(20):
        observed(metrics, *a_reply(5.0))
    for _ in range(RECENT):
        observed(metrics, *a_reply(0.8))

    assert 0.8 == pytest.approx(
        samples(metrics)["vivavoce_reply_stage_recent_seconds", "0.99", "cached", "question"]
    )


def test_what_failed_and_what_was_said_instead_is_counted_without_a_word_of_it() -> None:
    metrics = Metrics()
    observed(
        metrics,
        SynthesisFailed(1, "vendor: run_123 said no"),
        JudgementFailed(1, "vendor: no"),
        FinalTranscript(1, "", 0.0, "crashed"),
        FinalTranscript(2, "yes", 0.9),
        FallbackUsed("a", "guard: leading, yes_no"),
        FallbackUsed("a", "voice: run_123 said no"),
        FallbackUsed("a", "judgement_overdue"),
        FallbackUsed("a", "anthropic: overloaded"),
        InterviewFinished("completed"),
    )
    found = samples(metrics)

    assert {"judge", "recogniser", "voice"} == {
        key[1] for key in found if key[0] == "vivavoce_provider_failures_total"
    }
    assert {"guard", "voice", "judgement_overdue", "judgement_failed"} == {
        key[1] for key in found if key[0] == "vivavoce_fallbacks_total"
    }
    assert 1.0 == found["vivavoce_interviews_finished_total", "completed"]
    assert b"run_123" not in metrics.expose(Nothing())


def test_two_servers_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    observed(one, InterviewFinished("completed"))

    assert ("vivavoce_interviews_finished_total", "completed") not in samples(other)
    assert not any("python_gc" in key[0] for key in samples(one))


def test_lateness_of_the_loop_is_a_histogram() -> None:
    metrics = Metrics()
    for seconds in (0.0004, 0.004, 0.04):
        metrics.late(seconds)
    found = samples(metrics)

    assert 1.0 == found["vivavoce_loop_lag_seconds_bucket", "0.001"]
    assert 2.0 == found["vivavoce_loop_lag_seconds_bucket", "0.005"]
    assert 3.0 == found["vivavoce_loop_lag_seconds_count",]

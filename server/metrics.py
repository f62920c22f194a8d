"""What a dashboard reads: how long replies take, stage by stage, and what goes wrong.

Its own registry, and no label that grows with what is talked about: never a run, a participant or a text. Fed
by the events of each log, so that it says what the logs say. Knows no HTTP.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from dialog.events import Event, FallbackUsed, InterviewFinished
from dialog.latency import STAGES, Reply, ReplyTracker, percentile
from dialog.signals import FinalTranscript, JudgementFailed, SynthesisFailed

STAGE_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.5, 5.0)
"""Seconds; a stage of the server's own is over in the first three, an end of turn in the rest."""
LAG_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1.0)
RECENT: Final = 256
"""Latest values of each stage that the percentiles are taken from."""
QUANTILES: Final = (0.5, 0.9, 0.99)


class Source(Protocol):
    """Gives figures that somebody else keeps, when they are asked for."""

    def collect(self) -> Iterable[Metric]: ...


class Metrics:
    """One server's figures. Used on one event loop."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._stages = Histogram(
            "vivavoce_reply_stage_seconds",
            "Stages of replies: " + "; ".join(f"{name}: {meaning}" for name, meaning in STAGES.items()),
            ("stage", "kind"),
            buckets=STAGE_BUCKETS,
            registry=registry,
        )
        self._lag = Histogram(
            "vivavoce_loop_lag_seconds",
            "Lateness of the 20 ms beat, while anybody talks",
            buckets=LAG_BUCKETS,
            registry=registry,
        )
        self._finished = Counter(
            "vivavoce_interviews_finished", "Interviews that came to an end", ("outcome",), registry=registry
        )
        self._failures = Counter(
            "vivavoce_provider_failures",
            "Replies for which a voice, a recogniser or a judge gave nothing",
            ("provider_kind",),
            registry=registry,
        )
        self._fallbacks = Counter(
            "vivavoce_fallbacks",
            "Replies for which cached words were said instead",
            ("why",),
            registry=registry,
        )
        self._decisions = Counter(
            "vivavoce_provider_decisions",
            "Times that another way was gone than the straight one to a provider",
            ("role", "provider", "decision"),
            registry=registry,
        )
        self._used = Counter(
            "vivavoce_provider_usage",
            "What providers were used for, by what they count",
            ("provider", "unit"),
            registry=registry,
        )
        self._recent: dict[tuple[str, str], deque[float]] = defaultdict(lambda: deque(maxlen=RECENT))
        self.packets_heard = self.packets_concealed = 0
        """Of the connections that are over."""

    def observer(self) -> Callable[[Event], None]:
        """For one sitting: to be called with each event of its log, in order."""
        tracker = ReplyTracker()

        def observe(event: Event) -> None:
            reply = tracker.see(event)
            if reply is not None:
                self._reply(reply)
            self._count(event)

        return observe

    def provider_decided(self, role: str, provider: str, decision: str) -> None:
        """A wrapper went another way than the straight one."""
        self._decisions.labels(role, provider, decision).inc()

    def provider_used(self, provider: str, unit: str, amount: float) -> None:
        """So much more of what a provider counts: `audio_seconds`, `characters`, `input_tokens`, …"""
        if amount > 0:
            self._used.labels(provider, unit).inc(amount)

    def late(self, seconds: float) -> None:
        """The loop woke so much later than it was due."""
        self._lag.observe(seconds)

    def connection_over(self, heard: int, concealed: int) -> None:
        """So many packets of a participant came in time, and so many had to be made up."""
        self.packets_heard += heard
        self.packets_concealed += concealed

    def expose(self, source: Source) -> bytes:
        """Everything as Prometheus text, with what `source` knows."""
        return generate_latest(_Together(self._registry, self, source))

    def collect(self) -> Iterator[Metric]:
        """Percentiles of the latest replies, for whoever has no Prometheus to work them out."""
        family = GaugeMetricFamily(
            "vivavoce_reply_stage_recent_seconds",
            f"Percentiles of each stage over the latest {RECENT} replies",
            labels=("stage", "kind", "quantile"),
        )
        for (stage, kind), seconds in sorted(self._recent.items()):
            for quantile in QUANTILES:
                family.add_metric((stage, kind, f"{quantile:g}"), percentile(seconds, quantile) or 0.0)
        yield family

    def _reply(self, reply: Reply) -> None:
        for stage, seconds in reply.stages().items():
            self._stages.labels(stage, reply.kind).observe(max(0.0, seconds))
            self._recent[stage, reply.kind].append(seconds)

    def _count(self, event: Event) -> None:
        match event.body:
            case InterviewFinished(outcome=outcome):
                self._finished.labels(outcome).inc()
            case FallbackUsed(reason=reason):
                self._fallbacks.labels(_kind_of(reason)).inc()
            case SynthesisFailed():
                self._failures.labels("voice").inc()
            case JudgementFailed():
                self._failures.labels("judge").inc()
            case FinalTranscript(failed=failed) if failed is not None:
                self._failures.labels("recogniser").inc()
            case _:
                pass


def _kind_of(reason: str) -> str:
    """A fallback's reason without the words of whoever failed: a label may have only so many values."""
    kind = reason.partition(":")[0]
    return kind if kind in ("guard", "voice", "judgement_overdue") else "judgement_failed"


class _Together(CollectorRegistry):
    """Several sources as one, for `generate_latest`, which wants a registry."""

    def __init__(self, *sources: Source) -> None:
        super().__init__()
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        for source in self._sources:
            for metric in source.collect():
                # When each was first counted is a third of the text, and asked for by nobody.
                metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
                yield metric

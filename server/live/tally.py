"""What the providers of one sitting tell of themselves, brought to its log: decisions at once, usage with
each answer. Knows no vendor."""

import logging
from collections.abc import Callable

from msgspec.structs import replace

from dialog.provider_facts import ProviderNoted, ProviderUsed
from server.metrics import Metrics
from server.providers.witness import Decision, FirstToken, Told, Usage, Witness
from server.store.event_log import LogBroken, LogClosed, WriterFenced

log = logging.getLogger(__name__)

Note = Callable[[ProviderNoted | ProviderUsed, float | None], object]
"""Puts a fact on the log, at that time of the sitting; None = now."""


class Tally:
    """One sitting's. `note` puts a fact on its log; `others` are told too."""

    def __init__(self, note: Note, others: Witness) -> None:
        self._note = note
        self._others = others
        self._used: dict[tuple[str, str], ProviderUsed] = {}
        self._over = False

    def told(self, what: Told) -> None:
        """The sitting's witness. Raises nothing: whoever tells has work of its own."""
        try:
            self._take(what)
        except (LogClosed, LogBroken, WriterFenced):
            log.debug("! not noted: %s", what)  # the log's guard ends the sitting
        except Exception:
            log.exception("! what a provider told could not be noted")

    def _take(self, what: Told) -> None:
        self._others(what)
        if self._over:
            return
        match what:
            case Usage():
                key = (what.provider, what.model)
                before = self._used.get(key, ProviderUsed(what.provider, what.model))
                self._used[key] = replace(
                    before,
                    audio_seconds=round(before.audio_seconds + what.audio_seconds, 2),
                    characters=before.characters + what.characters,
                    input_tokens=before.input_tokens + what.input_tokens,
                    cached_tokens=before.cached_tokens + what.cached_tokens,
                    output_tokens=before.output_tokens + what.output_tokens,
                )
            case Decision():
                self._note(ProviderNoted(what.role, what.provider, what.decision, what.why), None)
            case FirstToken():
                pass

    def settle(self, at: float | None = None) -> None:
        """Note what was used since the last time, at that time of the sitting; None = now."""
        used, self._used = self._used, {}
        for fact in used.values():
            self._note(fact, at)

    def close(self) -> None:
        """The log ends: note the rest. What is told later is for the others alone. Raises what the log
        does."""
        self._over = True
        self.settle()


def counted_by(metrics: Metrics) -> Witness:
    """A witness that adds what it is told to the server's figures."""

    def count(what: Told) -> None:
        match what:
            case Decision():
                metrics.provider_decided(what.role, what.provider, what.decision)
            case Usage():
                for unit in ("audio_seconds", "characters", "input_tokens", "cached_tokens", "output_tokens"):
                    metrics.provider_used(what.provider, unit, getattr(what, unit))
            case FirstToken():
                pass

    return count

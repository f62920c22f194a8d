"""How the providers of one role stand: whom the wrappers may ask now, and what is told of it.

Knows no vendor. A line for the operator and a `Decision` for the talk's log and the metrics, from one place.
"""

import logging
from collections.abc import Callable
from typing import Final

from server.clock import loop_time
from server.providers.breaker import Breaker, BreakerPolicy
from server.providers.protocols import ProviderError
from server.providers.witness import Decision, DecisionKind, Role, Witness, witness

logger = logging.getLogger(__name__)

_SENTENCES: Final[dict[DecisionKind, str]] = {
    "replaced": "another does its work",
    "skipped": "it is left alone at present",
    "hedged": "it was asked a second time",
    "opened": "it failed so often that it is left alone for a while",
    "closed": "it works again",
}

_ABOUT_THE_REQUEST: Final = (None, 400, 404, 413, 415, 422)
"""Statuses of a fault that won't pass, but that another request may not have: a voice, language or term of
one study, say."""


class Standings:
    """Of all providers of a role, for all talks of a server. Those in `unfailing` (the embedded ones) have no
    breaker: there is nobody to go to instead."""

    def __init__(
        self,
        role: Role,
        unfailing: frozenset[str] = frozenset(("embedded",)),
        policy: BreakerPolicy | None = None,
        clock: Callable[[], float] = loop_time,
    ) -> None:
        self.role = role
        self._unfailing = unfailing
        self._policy = policy
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    @property
    def open(self) -> dict[str, str]:
        """Providers that are left alone at present, each with its last fault."""
        return {name: breaker.last_fault for name, breaker in self._breakers.items() if breaker.is_open}

    def admits(self, provider: str) -> bool:
        """Whether a provider may be asked now; tells where it may not."""
        if provider in self._unfailing or self._breaker(provider).admits(self._clock()):
            return True
        self.tell(provider, "skipped", self._breaker(provider).last_fault)
        return False

    def succeeded(self, provider: str, to: Witness | None = None) -> None:
        """It has done what it was asked for."""
        if provider not in self._unfailing and self._breaker(provider).succeeded():
            self.tell(provider, "closed", to=to)

    def failed(self, provider: str, fault: ProviderError, to: Witness | None = None) -> None:
        """It has failed at what might have worked, and somebody else is asked. A fault of what was asked
        says nothing of what others will ask."""
        why = str(fault)[:300]
        self.tell(provider, "replaced", why, to)
        if provider in self._unfailing or (not fault.retryable and fault.status in _ABOUT_THE_REQUEST):
            return
        breaker = self._breaker(provider)
        if breaker.failed(self._clock(), why, at_once=fault.about_the_key, rest=fault.retry_after):
            self.tell(provider, "opened", why, to)

    def tell(self, provider: str, decision: DecisionKind, why: str = "", to: Witness | None = None) -> None:
        """Tell the log, and `to` (else whoever is witness of the present call), of a decision."""
        level = logging.INFO if decision in ("closed", "skipped", "hedged") else logging.WARNING
        glyph = "!" if level == logging.WARNING else "="
        told = {"role": self.role, "provider": provider, "decision": decision, "why": why}
        logger.log(level, "%s %s", glyph, _SENTENCES[decision], extra=told)
        (to or witness())(Decision(self.role, provider, decision, why))

    def _breaker(self, provider: str) -> Breaker:
        return self._breakers.setdefault(provider, Breaker(self._policy))

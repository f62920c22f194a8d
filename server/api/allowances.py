"""How often something may be tried, by address or by run. Bounded: the oldest key is forgotten first."""

from collections import OrderedDict
from typing import Final

from server.gateway.control import Allowance

MOST_KEYS: Final = 10_000


class Allowances:
    """One token bucket for each key."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._by_key: OrderedDict[str, Allowance] = OrderedDict()

    def take(self, key: str, now: float, amount: float = 1.0) -> bool:
        """Take so many from the bucket of `key`, or say that there aren't as many."""
        allowance = self._by_key.get(key)
        if allowance is None:
            allowance = self._by_key[key] = Allowance(self._per_second, self._burst)
            if len(self._by_key) > MOST_KEYS:
                self._by_key.popitem(last=False)
        self._by_key.move_to_end(key)
        return allowance.take(now, amount)

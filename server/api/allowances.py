"""How often something may be tried, by address or by run. Keeps nothing of those who haven't tried lately."""

from collections import OrderedDict
from typing import Final

from server.gateway.control import Allowance

MOST_KEYS: Final = 10_000


class Allowances:
    """One token bucket for each key. What is full again is forgotten: a new one would say the same. There are
    so many at most, and of too many the one that was asked longest ago goes."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._by_key: OrderedDict[str, Allowance] = OrderedDict()

    def take(self, key: str, now: float, amount: float = 1.0) -> bool:
        """Take so many from the bucket of `key`, or say that there aren't as many."""
        self._forget_full(now)
        allowance = self._by_key.get(key)
        if allowance is None:
            allowance = self._by_key[key] = Allowance(self._per_second, self._burst)
            if len(self._by_key) > MOST_KEYS:
                self._by_key.popitem(last=False)
        self._by_key.move_to_end(key)
        return allowance.take(now, amount)

    def _forget_full(self, now: float) -> None:
        # In front stands who was asked longest ago: while that one isn't full, the others may wait.
        while self._by_key and next(iter(self._by_key.values())).is_full(now):
            self._by_key.popitem(last=False)

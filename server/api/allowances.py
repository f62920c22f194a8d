"""How often something may be tried, by address. Bounded: the oldest address is forgotten first."""

from collections import OrderedDict
from typing import Final

from server.gateway.control import Allowance

MOST_ADDRESSES: Final = 10_000


class Allowances:
    """One token bucket for each key."""

    def __init__(self, per_second: float, burst: float) -> None:
        self._per_second, self._burst = per_second, burst
        self._by_key: OrderedDict[str, Allowance] = OrderedDict()

    def take(self, key: str, now: float) -> bool:
        """Take one from the bucket of `key`, or say that there is none."""
        allowance = self._by_key.get(key)
        if allowance is None:
            allowance = self._by_key[key] = Allowance(self._per_second, self._burst)
            if len(self._by_key) > MOST_ADDRESSES:
                self._by_key.popitem(last=False)
        self._by_key.move_to_end(key)
        return allowance.take(now)

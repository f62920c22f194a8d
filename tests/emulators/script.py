"""What a vendor does today, for all emulators in the same words: how long it takes, and what goes wrong.

A test writes the script, the vendor server plays it. Knows no vendor, no socket and no wire format.
"""

import asyncio
import math
from collections.abc import Callable
from random import Random
from typing import Final, Literal, get_args

import msgspec

FaultKind = Literal[
    "refused",
    "unauthorized",
    "limited",
    "failing",
    "stalled",
    "stalled_midway",
    "reset",
    "deaf",
    "garbage",
    "slow",
]
"""`refused`: the connection is reset before any answer. `unauthorized`, `limited`, `failing`: 401, 429 with
`retry-after`, 503, each also as the answer to a websocket's handshake. `stalled`: nothing comes after the
head of the answer (the handshake). `stalled_midway`, `reset`: the same, and an RST, after some pieces.
`deaf`: from the handshake on nothing is read, a ping and a close included, and nothing said. `garbage`: some
pieces make no sense. `slow`: everything comes, in small pieces, each of them late."""

FAULT_KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)

Delay = Callable[[Random], float]
"""Draws seconds."""


def exactly(seconds: float) -> Delay:
    """Always the same."""
    return lambda _: seconds


def about(median: float, p95: float) -> Delay:
    """Log-normal, as latencies of services mostly are."""
    sigma = math.log(p95 / median) / 1.645
    return lambda rng: rng.lognormvariate(math.log(median), sigma)


class Fault(msgspec.Struct, frozen=True):
    """What goes wrong, and where."""

    kind: FaultKind
    after: int = 0
    """Pieces (websocket messages, or non-empty parts of a body) that come before it does."""
    path: str = ""
    """Part of the path of those requests that it happens to; "" = all."""
    drip: float = 0.5
    """Seconds before each piece of a `slow` answer."""


class Script:
    """A vendor's day: drawn anew for each request, and changed by the test at any moment.

    `first` is the delay of an emulator's first useful piece, `later` that of each further one; an emulator
    with more stages than these draws from `rng` itself.
    """

    def __init__(self, *, seed: int = 0, first: Delay | None = None, later: Delay | None = None) -> None:
        self.rng = Random(seed)
        self.first = first or exactly(0.0)
        self.later = later or exactly(0.0)
        self._faults: list[tuple[Fault, int | None]] = []

    def fail(
        self,
        kind: FaultKind,
        *,
        after: int = 0,
        path: str = "",
        times: int | None = None,
        drip: float = 0.5,
    ) -> None:
        """Let this happen to requests from now on: to so many, or (None) until `heal`. Of several that fit,
        the one that was scripted first happens first."""
        self._faults.append((Fault(kind, after, path, drip), times))

    def heal(self) -> None:
        """Let nothing go wrong from now on. What has gone wrong stays so."""
        self._faults.clear()

    def draw(self, path: str) -> Fault | None:
        """What happens to a request that has just come; the vendor server asks."""
        for place, (fault, times) in enumerate(self._faults):
            if fault.path in path:
                if times == 1:
                    del self._faults[place]
                elif times is not None:
                    self._faults[place] = (fault, times - 1)
                return fault
        return None

    async def before_first(self, passed: float = 0.0) -> None:
        """Wait as long as the first useful piece takes, of which so many seconds are over."""
        await _wait(self.first(self.rng) - passed)

    async def before_next(self) -> None:
        """Wait as long as a further piece takes."""
        await _wait(self.later(self.rng))


async def _wait(seconds: float) -> None:
    """Where it takes no time either: that a client has gone is noticed between two pieces, or not at all."""
    await asyncio.sleep(max(0.0, seconds))

"""Whether the vendors' keys are good and the vendors there: asked at the start, and again while one isn't.

Knows no vendor.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from server.providers.catalog import WORK, Line
from server.providers.protocols import ProviderError, Service
from server.providers.standing import Standings

logger = logging.getLogger(__name__)

CHECK_TIMEOUT: Final = 8.0
"""Seconds that one vendor has; all are asked at once. Larger: a server starts later on a bad day."""
LOOK_AGAIN: Final = 60.0
"""Seconds until those that weren't well are asked again."""


class Health:
    """Of all vendors that a server uses."""

    def __init__(self, vendors: Sequence[tuple[Line, Service]], standings: Sequence[Standings]) -> None:
        self._vendors = tuple(vendors)
        self._standings = {each.role: each for each in standings}
        self._faults: dict[str, tuple[Line, ProviderError]] = {}

    @property
    def complaints(self) -> tuple[str, ...]:
        """One sentence for each vendor that can't be used, with the way out; never a key."""
        return tuple(dict.fromkeys(complaint(line, fault) for line, fault in self._faults.values()))

    def complaint_of(self, provider: str) -> str | None:
        """The sentence for one provider; None where nothing is wrong with it."""
        found = self._faults.get(provider)
        return None if found is None else complaint(*found)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The same for whoever asks over the network: nothing of what the vendor says itself."""
        return tuple(dict.fromkeys(warning(line, fault) for line, fault in self._faults.values()))

    @property
    def resting(self) -> dict[tuple[str, str], bool]:
        """By role and provider: whether it is left alone at present, having failed."""
        return {
            (line.role, line.name): line.name in self._standings[line.role].open for line, _ in self._vendors
        }

    async def look(self) -> None:
        """Ask every vendor; bounded in time, and never raises."""
        await asyncio.gather(*(self._look_at(line, service) for line, service in self._vendors))

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            await self.look_again()

    async def look_again(self) -> None:
        """Ask those that weren't well, or have failed in talks since."""
        resting = self.resting
        ailing = [
            (line, service)
            for line, service in self._vendors
            if line.name in self._faults or resting[line.role, line.name]
        ]
        for line, service in ailing:
            await self._look_at(line, service)
            if line.name not in self._faults:
                logger.info("= %s can be used now", line.name)

    async def _look_at(self, line: Line, service: Service) -> None:
        standing = self._standings[line.role]
        fault = await asked(line, service)
        if fault is None:
            self._faults.pop(line.name, None)
            standing.succeeded(line.name)
            return
        self._faults[line.name] = (line, fault)
        if fault.about_the_key:
            standing.failed(line.name, fault)


async def asked(line: Line, service: Service) -> ProviderError | None:
    """What is wrong with a vendor; None = nothing. Doesn't raise."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT):
            await service.check()
    except ProviderError as error:
        return error
    except TimeoutError:
        return ProviderError(line.name, f"no answer within {CHECK_TIMEOUT:.0f} s", retryable=True)
    except Exception as error:  # a vendor's library may raise anything
        return ProviderError(line.name, type(error).__name__, retryable=True)
    return None


def complaint(line: Line, fault: ProviderError) -> str:
    """The sentence for the operator."""
    if fault.about_the_key:
        return warning(line, fault)
    reason = fault.message.strip().rstrip(".")
    work = WORK[line.role]
    return f"{line.company} can't be used now ({reason}): until it can, the embedded {work} does its work."


def warning(line: Line, fault: ProviderError) -> str:
    """The sentence for everybody."""
    work = WORK[line.role]
    if fault.status == 403:
        return (
            f"{line.key_name} isn't allowed to do this by {line.company} (403): give it the right there, take"
            f" another, or unset it to use the embedded {work}."
        )
    if fault.status == 402:
        return (
            f"{line.key_name} has no credit left at {line.company} (402): pay there, or unset it to use the"
            f" embedded {work}."
        )
    if fault.about_the_key:
        return (
            f"{line.key_name} is refused by {line.company} ({fault.status}): correct it, or unset it to use"
            f" the embedded {work}."
        )
    return f"{line.company} can't be used now: until it can, the embedded {work} does its work."

"""The life of a run, as one table. Who may ask for a change, and what it brings about, is known elsewhere."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, get_args

RunStatus = Literal[
    "created",
    "scheduled",
    "awaiting_participant",
    "awaiting_consent",
    "active",
    "processing",
    "completed",
    "expired",
    "abandoned",
    "failed",
    "cancelled",
]
ConsentStatus = Literal["pending", "granted", "declined", "not_required"]

RUN_TRANSITIONS: Final[Mapping[RunStatus, frozenset[RunStatus]]] = MappingProxyType(
    {
        "created": frozenset({"scheduled", "awaiting_participant", "failed", "cancelled"}),
        "scheduled": frozenset({"awaiting_participant", "expired", "failed", "cancelled"}),
        "awaiting_participant": frozenset({"awaiting_consent", "active", "expired", "failed", "cancelled"}),
        "awaiting_consent": frozenset({"active", "abandoned", "expired", "failed", "cancelled"}),
        "active": frozenset({"processing", "abandoned", "failed", "cancelled"}),
        "processing": frozenset({"completed", "failed", "cancelled"}),
        "completed": frozenset(),
        "expired": frozenset(),
        "abandoned": frozenset(),
        "failed": frozenset(),
        "cancelled": frozenset(),
    }
)

RUN_STATUSES: Final[tuple[RunStatus, ...]] = get_args(RunStatus)
TERMINAL: Final = frozenset(status for status, onward in RUN_TRANSITIONS.items() if not onward)
JOINABLE: Final[frozenset[RunStatus]] = frozenset({"awaiting_participant", "awaiting_consent", "active"})
"""In these a participant may come, or come back."""


class TransitionRefused(Exception):
    """A run in status `was` can't become `wanted`."""

    def __init__(self, run_id: str, was: RunStatus, wanted: str) -> None:
        super().__init__(f"{run_id} is {was} and can't become {wanted}")
        self.run_id = run_id
        self.was = was
        self.wanted = wanted


def sources_of(status: RunStatus) -> frozenset[RunStatus]:
    """The statuses from which a run may come to `status`."""
    return frozenset(source for source, onward in RUN_TRANSITIONS.items() if status in onward)

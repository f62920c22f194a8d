"""What either side of a simulated talk has said, and when: at the participant's ear and mouth."""

import math

import msgspec

from benchmarks.world import Script
from dialog.commands import Say


class Heard(msgspec.Struct):
    """One speech of the agent at the ear."""

    say: Say
    said_at: float
    began_at: float | None = None
    until: float = math.inf
    due_at: float = math.inf
    """When its first sound will be at the ear, once it is known."""
    played: float = 0.0
    held: bool = False
    plan: int = 0


class Given(msgspec.Struct):
    """One answer that was given, and when."""

    script: Script
    began_at: float
    told_at: float = 0.0

    @property
    def ended_at(self) -> float:
        return self.began_at + self.script.ended_at

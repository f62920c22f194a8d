"""The states of the floor by name. Which leads to which is known in `floor`."""

from typing import Literal

FloorState = Literal[
    "waiting",
    "open",
    "hearing",
    "lull",
    "soft_take",
    "hold",
    "speaking",
    "ducked",
    "yielded",
    "typing",
    "keypad",
    "stimulus",
    "held",
    "paused",
    "operator",
    "away",
    "closed",
]

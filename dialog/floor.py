"""Who may speak: the floor machine as one table. Knows nothing of audio, clocks, nodes or models.

Read a row aloud: "in a lull, speech makes it hearing again; strong evidence takes it softly". A move that the
table doesn't hold is a bug of the caller, and raises.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from dialog.events import FloorChanged
from dialog.floor_states import FloorState
from dialog.outbox import Outbox
from dialog.policy import PROFILES, Policy, Profile

Move = Literal[
    "speak",  # the agent begins a speech that takes the floor
    "hand_over",  # the agent has said what it had to say
    "onset",  # the participant speaks
    "silence",  # the participant's voice has stopped for 200 ms
    "take",  # the answer seems to be over: acknowledge
    "take_quietly",  # the same, without a word
    "acknowledged",  # the acknowledgement was said; hold the floor open
    "dismiss",  # what was heard is no answer
    "duck",  # somebody may be talking over the agent
    "unduck",  # nobody was
    "yield",  # somebody is
    "key",  # keypad entry
    "type",  # typing
    "show",  # a stimulus is being looked at
    "hold",  # hold to talk pressed
    "release",  # hold to talk released
    "pause",
    "leave",
    "return",  # somebody goes on by themselves after a pause
    "operator",  # an operator holds the floor
    "close",
]

ANYWHERE: Mapping[Move, FloorState] = MappingProxyType(
    {
        "speak": "speaking",
        "pause": "paused",
        "leave": "away",
        "operator": "operator",
        "close": "closed",
    }
)
"""Moves that hold in every state but `closed`."""

TABLE: Mapping[FloorState, Mapping[Move, FloorState]] = MappingProxyType(
    {
        "waiting": {},
        "open": {
            "onset": "hearing",
            "type": "typing",
            "key": "keypad",
            "show": "stimulus",
            "hold": "held",
            "take_quietly": "hold",
            "hand_over": "open",
            "dismiss": "open",
        },
        "stimulus": {
            "onset": "hearing",
            "type": "typing",
            "key": "keypad",
            "hold": "held",
            "take_quietly": "hold",
            "hand_over": "open",
            "dismiss": "open",
        },
        "hearing": {
            "silence": "lull",
            "type": "typing",
            "key": "keypad",
            "hold": "held",
            "take_quietly": "hold",
            "dismiss": "open",
        },
        "lull": {
            "onset": "hearing",
            "type": "typing",
            "key": "keypad",
            "hold": "held",
            "take": "soft_take",
            "take_quietly": "hold",
            "dismiss": "open",
        },
        "soft_take": {
            "acknowledged": "hold",
            "onset": "hearing",
            "type": "typing",
            "key": "keypad",
            "hold": "held",
            "take_quietly": "hold",
            "dismiss": "open",
        },
        "hold": {
            "onset": "hearing",
            "type": "typing",
            "key": "keypad",
            "hold": "held",
            "take_quietly": "hold",
            "dismiss": "open",
        },
        "speaking": {
            "duck": "ducked",
            "onset": "hearing",
            "hand_over": "open",
            "silence": "lull",
            "type": "typing",
            "key": "keypad",
            "hold": "held",
            "take_quietly": "hold",
        },
        "ducked": {
            "unduck": "speaking",
            "yield": "yielded",
            "onset": "hearing",
            "silence": "lull",
            "hand_over": "open",
            "hold": "held",
        },
        "yielded": {
            "onset": "hearing",
            "silence": "lull",
            "hand_over": "open",
            "hold": "held",
            "type": "typing",
        },
        "typing": {
            "take_quietly": "hold",
            "hand_over": "open",
            "silence": "lull",
            "onset": "hearing",
            "key": "keypad",
            "hold": "held",
            "dismiss": "open",
        },
        "keypad": {
            "take_quietly": "hold",
            "hand_over": "open",
            "onset": "hearing",
            "type": "typing",
            "dismiss": "open",
        },
        "held": {"release": "hearing", "take_quietly": "hold"},
        "paused": {"return": "open"},
        "away": {},
        "operator": {},
        "closed": {},
    }
)


class IllegalMove(Exception):
    """The table has no such move: a bug, never a matter of input."""


def next_state(state: FloorState, move: Move) -> FloorState:
    """The state that follows. Raises IllegalMove."""
    if state != "closed" and move in ANYWHERE:
        return ANYWHERE[move]
    try:
        return TABLE[state][move]
    except KeyError:
        raise IllegalMove(f"{move} in {state}") from None


def allows(state: FloorState, move: Move) -> bool:
    """Whether the table holds this move."""
    return state != "closed" and (move in ANYWHERE or move in TABLE[state])


class Floor:
    """Where the floor is now, how patiently, and for which question; says every change to `out`."""

    def __init__(self, policy: Policy, out: Outbox) -> None:
        self.policy = policy
        self.out = out
        self.state: FloorState = "waiting"
        self.profile: Profile = PROFILES["narrative"]
        self.node_key = ""
        self.question = ""
        """What was asked last, in words."""

    def move(self, move: Move) -> None:
        """Go along the table. Raises IllegalMove."""
        state = next_state(self.state, move)
        if state != self.state:
            self.state = state
            self.out.append(FloorChanged(state))

    def allows(self, move: Move) -> bool:
        """Whether the table holds this move from here."""
        return allows(self.state, move)

"""How a case ended, in the survey trade's own codes: AAPOR, Standard Definitions, for invited, named persons.

Complete above 80 % of the questions that applied, partial from 50 % on, a break-off below.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from dialog.blueprint import Blueprint
from dialog.events import Event
from dialog.responses import facts_of, response_items
from dialog.routing import nodes_ahead
from dialog.run import fold

Code = Literal["1.1", "1.2", "2.11", "2.12", "2.30", "3.19"]
Category = Literal["I", "P", "R", "O", "UO"]

COMPLETE_ABOVE: Final = 0.8
PARTIAL_FROM: Final = 0.5

_MEANING: Final[dict[Code, tuple[Category, str]]] = {
    "1.1": ("I", "Complete"),
    "1.2": ("P", "Partial"),
    "2.11": ("R", "Refusal"),
    "2.12": ("R", "Break-off"),
    "2.30": ("O", "No interview for another reason"),
    "3.19": ("UO", "Nothing ever returned"),
}


class Disposition(msgspec.Struct, frozen=True):
    """The outcome of one case. Not `final`: what it would be if nothing more came."""

    code: Code
    category: Category
    """I complete, P partial, R refusal or break-off, O other, UO unknown: what response rates are made of."""
    label: str
    final: bool
    applicable: int
    """Questions on the participant's way, those still ahead included."""
    answered: int

    @property
    def share(self) -> float:
        return round(self.answered / self.applicable, 4) if self.applicable else 0.0


def disposition(
    blueprint: Blueprint, events: Sequence[Event], *, status: str, declined: bool, final: bool
) -> Disposition:
    """The disposition of a run in this status. `events` may be empty, and need hold no more than facts."""
    items = [item for item in response_items(blueprint, events) if item["node_type"] != "stimulus"]
    answered = sum(bool(item["answered"]) for item in items)
    state = fold(facts_of(events))
    closed = {key for key in state.path if state.node(key).outcome is not None}
    shown = {node.key for node in blueprint.graph.nodes.values() if node.type == "stimulus"}
    counted = {str(item["node_id"]) for item in items}
    ahead = nodes_ahead(blueprint.graph, state.current, closed | shown | counted)
    applicable = len(items) + ahead
    code = _code(bool(events), status, declined, answered, applicable)
    category, label = _MEANING[code]
    return Disposition(code, category, label, final, applicable, answered)


def _code(begun: bool, status: str, declined: bool, answered: int, applicable: int) -> Code:
    if declined:
        return "2.11"
    ours = status in ("failed", "cancelled")
    if not begun:
        if ours:
            return "2.30"
        return "2.11" if status == "awaiting_consent" else "3.19"
    share = answered / applicable if applicable else 0.0
    if share > COMPLETE_ABOVE:
        return "1.1"
    if share >= PARTIAL_FROM:
        return "1.2"
    return "2.30" if ours else "2.12"

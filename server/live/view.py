"""What the participant's page shows: a pure projection of a run's events. Knows nothing of connections or
time."""

import math
from collections.abc import Iterable
from typing import Final, Literal, Protocol

from dialog.blueprint import Blueprint, Node
from dialog.events import (
    Event,
    FloorChanged,
    InterviewFinished,
    NodeClosed,
    NodeEntered,
    NoticeGiven,
    QuestionAsked,
)
from dialog.routing import nodes_ahead
from server.live.captions import Captions
from server.live.wire import (
    AnyToPage,
    Caption,
    ContentOnShow,
    Ended,
    FieldOnShow,
    Floor,
    Notice,
    Progress,
    Question,
)

Light = Literal["yours", "thinking", "mine", "paused", "away", "ended"]

LIGHTS: Final[dict[str, Light]] = {
    "waiting": "thinking",
    "open": "yours",
    "hearing": "yours",
    "lull": "yours",
    "typing": "yours",
    "keypad": "yours",
    "stimulus": "yours",
    "held": "yours",
    "yielded": "yours",
    "soft_take": "thinking",
    "hold": "thinking",
    "speaking": "mine",
    "ducked": "mine",
    "operator": "mine",
    "paused": "paused",
    "away": "away",
    "closed": "ended",
}
"""The light for each state of the floor: the participant's turn, a moment of thought, or the agent's."""

FOR_OPERATORS: Final = frozenset({"storage", "storage_recovered"})
"""Notices that a participant can do nothing about."""

FAREWELLS: Final = {
    "completed": "That was everything. Thank you for taking part.",
    "stopped": "The interview has ended, as you asked. Thank you for your time.",
    "cancelled": "The interview was ended by the people who run this study.",
    "time": "The time for this interview is over. Thank you for taking part.",
    "failed": "Something went wrong on our side and the interview had to end. What you said is kept.",
    "declined": "You have decided not to take part. Nothing was kept. Thank you for your time.",
}

DISPLACED: Final = "This interview was opened in another window, and goes on there."
SORRY: Final = "Something went wrong on our side. What you said is kept; open the link again in a moment."


class Completion(Protocol):
    """What a visitor of an open link is given at the end (store.open_links.Completion)."""

    @property
    def code(self) -> str | None:
        """To be shown elsewhere."""

    @property
    def url(self) -> str | None:
        """Where to go on."""


def farewell(outcome: str, completion: Completion | None) -> Ended:
    """The end as the page shows it; what is given for taking part is given to who came to the end."""
    words = FAREWELLS[outcome]
    if completion is None or outcome not in ("completed", "time"):
        return Ended(outcome, words)
    return Ended(outcome, words, completion.url, completion.code)


class View:
    """Follow a run's log and say what the page must show with each event."""

    def __init__(self, blueprint: Blueprint, completion: Completion | None = None) -> None:
        """`completion` is what the participant is given at the end."""
        self._blueprint = blueprint
        self._completion = completion
        self._captions = Captions()
        self._current: str | None = None
        self._closed: set[str] = set()
        self._answered: set[str] = set()

    def see(self, event: Event) -> list[AnyToPage]:
        """Take the next event of the log."""
        body = event.body
        match body:
            case FloorChanged():
                return [Floor(event.seq, LIGHTS.get(body.state, "thinking"), body.state)]
            case NodeEntered():
                self._current = body.node_key
                self._closed.discard(body.node_key)
                self._answered.discard(body.node_key)
                return [self.progress(event.seq)]
            case NodeClosed():
                self._closed.add(body.node_key)
                if body.outcome in ("answered", "shown"):
                    self._answered.add(body.node_key)
                return [self.progress(event.seq)]
            case QuestionAsked():
                return self._question(event.seq, body)
            case NoticeGiven() if body.code in FOR_OPERATORS:
                return []
            case NoticeGiven():
                return [Notice(event.seq, body.code, body.text, list(body.offers))]
            case InterviewFinished():
                return [farewell(body.outcome, self._completion)]
            case _:
                return list(self._captions.see(event))

    def replay(self, events: Iterable[Event], after_seq: int) -> list[AnyToPage]:
        """Take a whole log and return what a page that has shown everything up to `after_seq` lacks.

        Of what replaces itself (a caption, the light, the question) only the latest state is returned.
        """
        latest: dict[str, tuple[int, AnyToPage]] = {}
        for event in events:
            for message in self.see(event):
                key = _place_on_page(message)
                if key in latest and _stands_anew(latest[key][1]):
                    del latest[key]
                latest[key] = (event.seq, message)
        fresh = [message for seq, message in latest.values() if seq > after_seq]
        return [m for m in fresh if not (after_seq == 0 and isinstance(m, Caption) and m.gone)]

    def progress(self, seq: int) -> Progress:
        """Count what is answered, and estimate what the path as it looks now still holds."""
        answered = len(self._answered)
        ahead = nodes_ahead(self._blueprint.graph, self._current, self._closed)
        expected = max(len(self._closed | self._answered) + ahead, 1)
        share = ahead / expected
        remaining = math.ceil(self._blueprint.estimated_minutes * share) if ahead else 0
        return Progress(seq, answered, expected, remaining)

    def _question(self, seq: int, asked: QuestionAsked) -> list[AnyToPage]:
        node = self._blueprint.graph.nodes.get(asked.node_key)
        if node is None:
            return []
        return [
            Question(
                seq,
                asked.node_key,
                asked.kind,
                asked.text,
                node.section,
                node.type,
                fields=_fields(node),
                content=_content(node),
            )
        ]


def _fields(node: Node) -> list[FieldOnShow]:
    return [
        FieldOnShow(field.name, field.label, field.type, field.options, field.min, field.max, field.required)
        for field in node.fields or []
    ]


def _content(node: Node) -> ContentOnShow | None:
    content = node.content
    if content is None:
        return None
    return ContentOnShow(content.type, content.url, content.text, content.alt, content.caption)


def _place_on_page(message: AnyToPage) -> str:
    """What the message replaces: two with the same place are never on show together."""
    return f"caption {message.id}" if isinstance(message, Caption) else type(message).__name__


def _stands_anew(former: AnyToPage) -> bool:
    """Whether what replaces this comes after all before it: the newest light or question does; a caption
    stays in its place, unless it was taken away and is there again."""
    return not isinstance(former, Caption) or former.gone

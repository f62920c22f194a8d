"""How far a run is, as a projection that grows with its log. Knows nothing of who is told."""

from dialog.blueprint import Blueprint
from dialog.events import (
    AnswerCommitted,
    Event,
    InterviewFinished,
    InterviewPaused,
    InterviewResumed,
    NodeClosed,
    NodeEntered,
    SessionClosed,
    SessionOpened,
)
from dialog.routing import nodes_ahead
from dialog.signals import ParticipantJoined, ParticipantLeft


class Progress:
    """Follow a run's log from its first event on."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._path: list[str] = []
        self._closed: set[str] = set()
        self._paused = False
        self._away = False
        self._talked = 0.0
        self._at = 0.0

    def see(self, event: Event) -> bool:
        """Take the next event; whether it is one after which the run is shown otherwise."""
        body = event.body
        if isinstance(body, SessionOpened):
            self._at, self._away = 0.0, False
        if not (self._paused or self._away):
            self._talked += max(0.0, event.at - self._at)
        self._at = max(self._at, event.at)
        match body:
            case ParticipantLeft() | ParticipantJoined():
                self._away = isinstance(body, ParticipantLeft)
                return False
            case NodeEntered():
                self._path.append(body.node_key)
                self._closed.discard(body.node_key)
            case NodeClosed():
                self._closed.add(body.node_key)
            case InterviewPaused():
                self._paused = True
            case InterviewResumed():
                self._paused = False
            case InterviewFinished():
                self._paused = False
            case AnswerCommitted() | SessionClosed():
                pass
            case _:
                return False
        return True

    def shown(self) -> dict[str, object]:
        """How far it is: durations in seconds, that of all sittings together, pauses and absences left out,
        and what the path as it looks now still takes."""
        current = self._path[-1] if self._path else None
        ahead = nodes_ahead(self._blueprint.graph, current, self._closed)
        share = ahead / max(len(self._closed) + ahead, 1)
        return {
            "nodes_total": len(self._blueprint.graph.nodes),
            "nodes_visited": len(set(self._path)),
            "current_node": current,
            "path_taken": list(self._path),
            "duration_s": round(self._talked, 3),
            "estimated_remaining_s": round(self._blueprint.estimated_minutes * 60 * share),
            "paused": self._paused,
        }

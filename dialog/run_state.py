"""Where an interview stands, in plain data. What brings it there is told elsewhere."""

import msgspec

from dialog.commands import SpeechKind
from dialog.talk_time import TalkTime


class Answer(msgspec.Struct, frozen=True):
    """One answer on the record: to a question, a field or a probe."""

    turn_id: int
    node_key: str
    text: str
    confidence: float
    asked: str
    """What it answers, as it was worded."""
    typed: bool = False
    pauses: tuple[float, ...] = ()


class NodeState(msgspec.Struct, frozen=True):
    """What has happened at one node."""

    follow_ups: int = 0
    failed_probes: int = 0
    outcome: str | None = None
    data: dict[str, object] = {}
    data_turns: dict[str, int | None] = {}
    """Which turn each value came from."""
    missed: tuple[str, ...] = ()
    """Fields that an answer gave no value for, once for each time."""
    passed: tuple[str, ...] = ()
    """Fields that stay without a value."""
    unconfirmed: tuple[int, ...] | None = None
    """Edges that hold from a form that was read back and not left yet; None at any other."""
    denied: tuple[str, ...] = ()
    """Fields whose values were read back and are not right, as far as is known."""
    reopened: tuple[str, ...] = ()
    """Fields that were asked for anew, as what was given first was not right."""
    redirected: bool = False
    """Straying was led back here once."""
    rebuffed: int = 0
    """How often words for the interviewer itself were met here instead of taken for an answer."""
    distressed: bool = False
    """An answer here showed distress."""

    @property
    def values(self) -> dict[str, object]:
        """A form's data without what was denied."""
        return {name: value for name, value in self.data.items() if name not in self.denied}


class Asked(msgspec.Struct, frozen=True):
    """What the participant was asked last, and is to answer."""

    node_key: str
    kind: SpeechKind
    text: str
    field: str | None
    speech_id: int


class RunState(msgspec.Struct, frozen=True):
    """Everything that an interview can be resumed from."""

    sessions: int = 0
    current: str | None = None
    path: tuple[str, ...] = ()
    nodes: dict[str, NodeState] = {}
    answers: tuple[Answer, ...] = ()
    asked: Asked | None = None
    opening_heard: bool = False
    unanswered_in_a_row: int = 0
    paused: bool = False
    stopped: bool = False
    finished: str | None = None
    kept_turn: int = 0
    """The turn that is open, or was when the connection was lost."""
    kept_words: str = ""
    kept_revision: int = 0
    """The revision with which it was committed and reopened; 0 when it never was."""
    client_ids: frozenset[str] = frozenset()
    last_turn_id: int = 0
    last_speech_id: int = 0
    time: TalkTime = TalkTime()
    told_of_time: bool = False
    """The participant knows that time runs short: questions were passed over for those that are required."""
    sections_over: tuple[str, ...] = ()
    """Those that were gone through, in their order."""
    told_time_at: float | None = None
    """Seconds of talk after which the participant was told last how long the rest takes."""
    before: "RunState | None" = None
    """The state that the last commit can be undone to."""

    def node(self, key: str) -> NodeState:
        """What has happened at this node so far."""
        return self.nodes.get(key, UNTOUCHED)

    @property
    def rebuffs(self) -> int:
        """How often in this talk words for the interviewer itself were met."""
        return sum(node.rebuffed for node in self.nodes.values())

    def answers_at(self, key: str) -> list[Answer]:
        """The answers that count at this node, oldest first."""
        return [answer for answer in self.answers if answer.node_key == key]


UNTOUCHED = NodeState()

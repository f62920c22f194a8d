"""What is asked of whoever judges an answer, rules or a model, and what comes back. Plain data; decides
nothing itself."""

from typing import Final, Literal

import msgspec

from dialog.study import Study

Verdict = Literal[
    "sufficient",
    "vague",
    "general",
    "missing",
    "contradictory",
    "refused",
    "off_topic",
    "already_given",
    "asks_back",
    "wants_right",
    "distress",
]

Distress = Literal["mild", "moderate", "severe"]
"""How grave it is: to be asked about, a topic to leave, or a reason to stop and to call somebody."""
GRAVITIES: Final[tuple[Distress, ...]] = ("mild", "moderate", "severe")
"""From the least to the worst."""

UNKNOWN_GRAVITY: Final[Distress] = "moderate"
"""What distress counts as when whoever judged couldn't say how grave it is."""

CARRYING_CONFIDENCE: Final = 0.85
"""Words recognised with less are never said back to the participant, nor held against them."""

TO_THE_MACHINE: Final = "speaks_to_the_machine"
ATTACKS: Final = "attacks"
ASKS_WHO: Final = "asks_who_we_are"
ASKS_WHY: Final = "asks_why_we_ask"
ASKS_OPINION: Final = "asks_for_an_opinion"
TO_US: Final = frozenset((TO_THE_MACHINE, ATTACKS))
"""Reasons that say more than a verdict: the words were for the interviewer itself, not for its question."""

Right = Literal["repeat", "slower", "skip", "back", "pause", "resume", "strike", "human", "stop", "done"]
"""What a participant may ask for at any moment, by voice, button or key."""

Wish = Literal["erase_all", "withdraw", "unrecord"]
"""What else they may say they want: all answers erased, their consent taken back, no recording. None is done
before they were asked, and the last can't be done at all."""


class Exchange(msgspec.Struct, frozen=True):
    """One question or probe and the answer that it got, of the node under judgement or an earlier one."""

    node_key: str
    asked: str
    answered: str


class AssessedEdge(msgspec.Struct, frozen=True):
    """An edge whose condition somebody has to judge. `index` is its place in the graph's `edges`."""

    index: int
    instruction: str


class JudgementRequest(msgspec.Struct, frozen=True):
    """Everything that a judgement may rest on. The participant's words in it are data, never instructions."""

    node_key: str
    node_type: str
    question: str
    objective: str | None
    completion_hint: str | None
    answer: str
    """All the words of this node's answer so far, its earlier parts included."""
    latest: str
    """The words since the last thing asked: the answer, or the reply to the probe."""
    confidence: float
    exchanges: tuple[Exchange, ...] = ()
    """Earlier exchanges, oldest first, this node's probes at the end; the last one is that of the probe which
    `latest` answers, if it answers one."""
    follow_ups_asked: int = 0
    follow_ups_left: int = 0
    failed_probes: int = 0
    depth: Literal["light", "moderate", "deep"] = "moderate"
    techniques: tuple[str, ...] = ()
    sensitive_topics: tuple[str, ...] = ()
    fallback_probe: str | None = None
    clarification: str | None = None
    fields: tuple[dict[str, object], ...] = ()
    """A form's fields that are still open, the one being asked first, as in the blueprint."""
    edges: tuple[AssessedEdge, ...] = ()
    study: Study | None = None
    """The interview as a whole; on the log it isn't repeated with every judgement."""


class Probe(msgspec.Struct, frozen=True):
    """A follow-up question: what the answer lacks, how it is drawn out, and the words of the answer that it
    hangs on."""

    deficiency: str
    technique: str
    text: str
    span: str = ""
    """The participant's own words that the probe carries; "" for a generic one. Byte-exact part of the
    answer."""


class Judgement(msgspec.Struct, frozen=True):
    """A decision about an answer, and the words for what comes next."""

    verdict: Verdict
    probe: Probe | None = None
    """What to ask next at this node; None = nothing, go on."""
    right: Right | Wish | None = None
    """With `wants_right`: which one."""
    data: dict[str, object] = {}
    """Typed values found for a form's fields, by field name."""
    assessed: tuple[int, ...] = ()
    """Indexes of the assessed edges that hold."""
    reasons: tuple[str, ...] = ()
    """Which rules or remarks led here, for the log."""
    judged_by: str = "embedded"
    distress: Distress | None = None
    """With `distress`: how grave; None = whoever judged couldn't say."""


class Vetted(msgspec.Struct, frozen=True):
    """What of a judgement may be said: the probe, or what stands in for one that was refused."""

    probe: Probe | None = None
    refused: tuple[str, ...] = ()
    """The guard's rules that the judgement's own probe broke."""

"""What can be wrong with how an interview was led, by name, and what each costs. Finds nothing itself."""

from typing import Final, Literal, get_args

import msgspec

from dialog.events import Event

Rule = Literal[
    "consent_missing",
    "leading_probe",
    "verbatim_altered",
    "required_missed",
    "talk_over",
    "repeat",
    "evaluative_remark",
    "dead_air",
    "double_barrelled",
    "unguarded_probe",
    "over_ceiling",
    "talks_more",
    "right_not_honoured",
    "distress_unmet",
]
RULES: Final[tuple[Rule, ...]] = get_args(Rule)

WEIGHTS: Final[dict[Rule, int]] = {
    "consent_missing": 20,
    "leading_probe": 10,
    "verbatim_altered": 10,
    "required_missed": 5,
    "talk_over": 5,
    "repeat": 3,
    "evaluative_remark": 3,
    "dead_air": 2,
    "double_barrelled": 0,
    "unguarded_probe": 0,
    "over_ceiling": 0,
    "talks_more": 0,
    "right_not_honoured": 0,
    "distress_unmet": 0,
}
"""Points for each occurrence. The first eight are the form that an interview is scored by; the others are
looked for and told, and cost nothing, so that scores stay comparable."""

PASS_UP_TO: Final = 7
FAIL_FROM: Final = 20
LONGEST_SILENCE: Final = 3.0
"""Seconds for which nothing may be heard while the floor is ours."""
LONGEST_HOLD: Final = 5.5
"""The same while an answer is held open: 5.2 s are meant at most, and the next words have their way to the
ear."""
SPEECH_OVERLAP: Final = 0.3
"""Seconds of the participant's voice before and behind the beginning of ours that make it talking over."""
FEWEST_ANSWERS: Final = 3
"""Spoken answers from which on it is told who talks more."""


class Finding(msgspec.Struct, frozen=True):
    """One thing that was wrong, and the events that show it."""

    rule: Rule
    message: str
    session_id: str
    at: float
    """Seconds in the session."""
    node_key: str | None
    events: tuple[int, ...]
    """Their `seq`, in order."""

    @property
    def points(self) -> int:
        return WEIGHTS[self.rule]


def found(
    rule: Rule, message: str, session_id: str, *events: Event | None, node_key: str | None = None
) -> Finding:
    """A finding that rests on these events, the first of which says when it was."""
    shown = sorted({event.seq: event for event in events if event is not None}.values(), key=lambda e: e.seq)
    first = next((event for event in events if event is not None), None)
    at = round(first.at, 3) if first is not None else 0.0
    return Finding(rule, message, session_id, at, node_key, tuple(event.seq for event in shown))

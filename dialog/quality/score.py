"""The whole of it: every fault that is found in a log, the score that they come to, the probe records and the
exposure. A pure function of the design, the log and what was agreed to."""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import msgspec

from dialog.blueprint import Blueprint
from dialog.events import Event, FloorChanged, InterviewFinished, QuestionAsked, RightUsed, SessionOpened
from dialog.quality.conduct import (
    missed_questions,
    probe_faults,
    remarks,
    rights_denied,
    silences,
    talking_over,
    wording_faults,
)
from dialog.quality.distress import distress_passed_over, shows_distress
from dialog.quality.exposure import Exposure, exposures
from dialog.quality.findings import (
    FAIL_FROM,
    FEWEST_ANSWERS,
    PASS_UP_TO,
    RULES,
    WEIGHTS,
    Finding,
    Rule,
    found,
)
from dialog.quality.probes import ProbeRecord, probe_records
from dialog.quality.reading import Reading, read

Verdict = Literal["pass", "review", "fail"]

BEST: Final = 100
CONSENT_SLACK_MS: Final = 1_000
"""By which a wall clock may have been set back between the consent and the first sitting."""


class Consent(msgspec.Struct, frozen=True):
    """What is on record of the consent, which stands before the log."""

    needed: bool
    granted: bool
    answered_at_ms: int | None = None


class Tally(msgspec.Struct, frozen=True):
    """One rule's part in the score."""

    rule: Rule
    weight: int
    count: int
    observed: bool
    """There was something in which it could have been broken."""

    @property
    def points(self) -> int:
        return self.weight * self.count


class Quality(msgspec.Struct, frozen=True):
    """How an interview was led."""

    score: int
    """100 less the points of all faults, at least 0."""
    points: int
    verdict: Verdict
    tallies: Sequence[Tally]
    reasons: Sequence[Finding]
    """In the order of the log."""
    probes: Sequence[ProbeRecord]
    exposure: Sequence[Exposure]
    agent_s: float
    """Seconds for which we were heard, without opening and outro."""
    participant_s: float


def assess(
    blueprint: Blueprint,
    events: Sequence[Event],
    *,
    consent: Consent,
    metadata: Mapping[str, object] | None = None,
    over: bool = True,
) -> Quality:
    """Judge a run by its log: the same log, the same judgement.

    `metadata` is the participant's, which edges may have asked for; `over`: the run has come to its end.
    """
    reading = read(events)
    records = probe_records(blueprint, reading)
    reasons = [
        *_without_consent(reading, consent),
        *probe_faults(records, reading),
        *wording_faults(blueprint, reading),
        *missed_questions(blueprint, reading, metadata or {}),
        *talking_over(reading),
        *remarks(blueprint, reading),
        *silences(reading),
        *rights_denied(reading, over=over),
        *distress_passed_over(reading),
        *_talking_more(reading),
    ]
    reasons.sort(key=lambda one: (one.events[:1], RULES.index(one.rule)))
    observed = _observed(blueprint, reading, records, consent)
    tallies = [
        Tally(rule, WEIGHTS[rule], sum(one.rule == rule for one in reasons), rule in observed)
        for rule in RULES
    ]
    points = sum(tally.points for tally in tallies)
    return Quality(
        score=max(0, BEST - points),
        points=points,
        verdict=verdict(points),
        tallies=tallies,
        reasons=reasons,
        probes=records,
        exposure=exposures(blueprint, reading),
        agent_s=round(reading.agent_seconds, 3),
        participant_s=round(reading.participant_seconds, 3),
    )


def verdict(points: int) -> Verdict:
    """What so many points mean."""
    if points <= PASS_UP_TO:
        return "pass"
    return "fail" if points >= FAIL_FROM else "review"


def _without_consent(reading: Reading, consent: Consent) -> list[Finding]:
    opened = next(
        ((sitting, event) for sitting, event in reading.placed() if isinstance(event.body, SessionOpened)),
        None,
    )
    if opened is None or not consent.needed:
        return []
    sitting, event = opened
    message = ""
    if not consent.granted:
        message = "The talk began though consent was needed and is not on record."
    elif consent.answered_at_ms is not None and sitting.opened is not None:
        if consent.answered_at_ms - sitting.opened.started_at_ms > CONSENT_SLACK_MS:
            message = "The talk began before consent was given."
    return [found("consent_missing", message, sitting.session_id, event)] if message else []


def _talking_more(reading: Reading) -> list[Finding]:
    if not _compares(reading) or reading.agent_seconds <= reading.participant_seconds:
        return []
    message = (
        f"We were heard for {reading.agent_seconds:.0f} s, the participant for "
        f"{reading.participant_seconds:.0f} s."
    )
    return [found("talks_more", message, reading.sittings[-1].session_id, reading.sittings[-1].events[-1])]


def _compares(reading: Reading) -> bool:
    spoken = [answer for answer in reading.answers.values() if answer.seconds]
    return len(spoken) >= FEWEST_ANSWERS


def _observed(
    blueprint: Blueprint, reading: Reading, records: Sequence[ProbeRecord], consent: Consent
) -> frozenset[Rule]:
    """The rules for which there was an occasion."""
    bodies = [event.body for _, event in reading.placed()]
    asked = [body for body in bodies if isinstance(body, QuestionAsked)]
    nodes = blueprint.graph.nodes
    worded = [one for one in records if one.asked and one.source in ("model", "rules") and one.question]
    occasions: dict[Rule, bool] = {
        "consent_missing": consent.needed,
        "leading_probe": bool(worded),
        "verbatim_altered": any(one.node_key in nodes and nodes[one.node_key].verbatim for one in asked),
        "required_missed": any(
            isinstance(body, InterviewFinished) and body.outcome in ("completed", "time") for body in bodies
        ),
        "talk_over": any(sitting.voices for sitting in reading.sittings),
        "repeat": len(asked) > 1,
        "evaluative_remark": any(True for _ in reading.spoken()),
        "dead_air": any(isinstance(body, FloorChanged) for body in bodies),
        "double_barrelled": bool(worded),
        "unguarded_probe": bool(worded),
        "over_ceiling": bool(records),
        "talks_more": _compares(reading),
        "right_not_honoured": any(isinstance(body, RightUsed) for body in bodies),
        "distress_unmet": any(shows_distress(body) for body in bodies),
    }
    return frozenset(rule for rule, seen in occasions.items() if seen)

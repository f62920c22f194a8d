"""What the participant of a simulated talk has lived through, read from what was at the ear and when: for
each answer whether it was cut into, and how long the reply took."""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from benchmarks.said import Given, Heard
from benchmarks.talk import Talk
from benchmarks.world import World
from dialog.commands import LookForEnd, SpeechKind
from dialog.events import AnswerCommitted, AnswerReopened, AnswerTaken, FallbackUsed
from dialog.speaking import TOKENS

MISSED_AFTER: Final = 6.0
"""No commit within so many seconds of the end: the end was missed."""
OVERLAP: Final = 0.3
"""So many seconds of content over resumed speech are a cut-in, as is content that begins in a pause."""
_LATE: Final = ("judgement_overdue", "voice_overdue", "voice: ")
"""Why a generated probe gave way to known words: how the reasons begin."""
_NO_REPLY: Final[frozenset[SpeechKind]] = frozenset(("cue", "check_in"))


class Outcome(msgspec.Struct):
    """One answer. Times count from the end of its last word at the mouth; math.inf where there was none."""

    speaker: int
    pauses: int
    hard: bool = False
    """The question's or a check-in's words began in a pause, or lay over resumed speech for 0.3 s."""
    soft: bool = False
    """An acknowledgement did."""
    reopened: bool = False
    cue: bool = False
    check_in: bool = False
    """In the middle of the answer, both."""
    tokens: int = 0
    looks: int = 0
    generated: bool = False
    fallback: bool = False
    acknowledged: bool = False
    """The first sound of the reply was a token."""
    taken: float = math.inf
    committed: float = math.inf
    first_audio: float = math.inf
    question: float = math.inf

    @property
    def missed(self) -> bool:
        return self.committed > MISSED_AFTER


def outcomes_of(talk: Talk, world: World, speaker: int) -> list[Outcome]:
    """Every answer of a talk, in order; one that the talk ended without a commit for counts as missed."""
    found = []
    for number, given in enumerate(talk.given):
        after = talk.given[number + 1].began_at if number + 1 < len(talk.given) else math.inf
        outcome = _outcome(talk, world, speaker, given, after)
        outcome.generated = number in talk.generated
        found.append(outcome)
    return found


def _outcome(talk: Talk, world: World, speaker: int, given: Given, after: float) -> Outcome:
    outcome = Outcome(speaker, len(given.script.gaps) - 1)
    for heard in talk.heard:
        if heard.began_at is None or heard.until <= given.began_at or heard.began_at >= after:
            continue
        _hear(outcome, heard, heard.began_at, given)
    ended_at = given.ended_at
    for at, output in talk.outputs:
        if not given.began_at <= at - world.uplink < after:
            continue
        since = at - ended_at
        match output:
            case AnswerReopened():
                outcome.reopened = True
            case LookForEnd():
                outcome.looks += 1
            case AnswerTaken() if since > 0:
                outcome.taken = min(outcome.taken, since)
            case AnswerCommitted() if since > 0:
                outcome.committed = min(outcome.committed, since)
            case FallbackUsed() if output.reason.startswith(_LATE):
                outcome.fallback = True
            case _:
                pass
    if outcome.missed:
        outcome.first_audio = outcome.question = math.inf
    return outcome


def _hear(outcome: Outcome, heard: Heard, began_at: float, given: Given) -> None:
    kind, ended_at = heard.say.kind, given.ended_at
    token = kind in TOKENS
    if token and began_at >= given.began_at:
        outcome.tokens += 1
    if began_at < ended_at:
        intrudes = began_at >= given.began_at and (
            _in_pause(given, began_at) or _over_speech(given, began_at, heard.until) >= OVERLAP
        )
        if intrudes:
            outcome.hard |= not token
            outcome.soft |= kind == "acknowledgement"
            outcome.cue |= kind == "cue"
            outcome.check_in |= kind == "check_in"
        return
    if kind in _NO_REPLY:
        return
    since = began_at - ended_at
    if since < outcome.first_audio:
        outcome.first_audio, outcome.acknowledged = since, token
    if not token:
        outcome.question = min(outcome.question, since)


def _in_pause(given: Given, at: float) -> bool:
    moment = at - given.began_at
    return any(gap.began_at < moment < gap.began_at + gap.duration for gap in given.script.gaps[:-1])


def _over_speech(given: Given, began_at: float, until: float) -> float:
    """Seconds of speech under what sounds from `began_at` to `until`."""
    begin, end = began_at - given.began_at, until - given.began_at
    return sum(max(0.0, min(end, ended) - max(begin, began)) for began, ended in _stretches(given))


def _stretches(given: Given) -> Sequence[tuple[float, float]]:
    found, since = [], 0.0
    for gap in given.script.gaps:
        found.append((since, gap.began_at))
        since = gap.began_at + gap.duration
    return found

"""Labelled utterances for the probe guard: read, halved, and held against its verdicts."""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from dialog.probe_guard import RULES, GuardContext, check
from server.cli.files import MAX_FILE_BYTES
from server.cli.output import Failure

Half = Literal["tuning", "unseen"]

LEAST_RECALL: Final = 0.95
LEAST_RECALL_OF_A_RULE: Final = 0.85
MOST_FALSE_REFUSALS: Final = 0.2
"""Shares below, or above, which the guard isn't good enough."""


class Labelled(msgspec.Struct, frozen=True):
    """One utterance, and the rules that people say it breaks; none: it may be spoken."""

    id: str
    utterance: str
    breaks: tuple[str, ...] = ()
    by: str = "person"
    """Whose way of talking it is: a person's, a language model's, the design's."""

    @property
    def half(self) -> Half:
        """Which half of its set it belongs to, by a hash of its words: `unseen` is never tuned on."""
        return "unseen" if hashlib.sha256(self.utterance.encode()).digest()[0] & 1 else "tuning"


class Situation(msgspec.Struct, frozen=True):
    """A moment of a talk, and what might be said in it."""

    id: str
    context: GuardContext
    utterances: tuple[Labelled, ...]


class Judged(msgspec.Struct, frozen=True):
    """A labelled utterance and the rules that the guard says it breaks."""

    labelled: Labelled
    violations: tuple[str, ...]


class RuleTally(msgspec.Struct, frozen=True):
    """How the guard does at one rule, or at all of them (`rule` is None)."""

    rule: str | None
    labelled: int
    found: int
    """Of those, named by the guard; for all rules together: refused for whatever reason."""
    named: int
    """How often the guard names the rule."""
    rightly: int
    """Of those, so labelled."""

    @property
    def recall(self) -> float | None:
        return self.found / self.labelled if self.labelled else None

    @property
    def precision(self) -> float | None:
        return self.rightly / self.named if self.named else None


def read_set(path: Path) -> list[Situation]:
    """Read a labelled set, a situation a line. Raises Failure."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Failure(f"{path} is larger than {MAX_FILE_BYTES // 1024 // 1024} MB: that is no labelled set.")
    situations: list[Situation] = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if not line.strip():
            continue
        try:
            situation = msgspec.json.decode(line, type=Situation)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Failure(f"{path}, line {number}: {error}.") from None
        unknown = {rule for one in situation.utterances for rule in one.breaks} - set(RULES)
        if unknown:
            raise Failure(f"{path}, line {number}: there is no rule {', '.join(sorted(unknown))}.")
        situations.append(situation)
    return situations


def judge_set(situations: Iterable[Situation], half: Half | None = None) -> list[Judged]:
    """Let the guard judge a set, or one half of it."""
    return [
        Judged(one, tuple(check(one.utterance, situation.context)))
        for situation in situations
        for one in situation.utterances
        if half is None or one.half == half
    ]


def tallies(judged: Sequence[Judged]) -> list[RuleTally]:
    """Precision and recall of each rule, and of all together at the end."""
    found = [_tally(rule, judged) for rule in RULES]
    wrong = [one for one in judged if one.labelled.breaks]
    refused = [one for one in judged if one.violations]
    caught = sum(bool(one.violations) for one in wrong)
    return [*found, RuleTally(None, len(wrong), caught, len(refused), caught)]


def _tally(rule: str, judged: Sequence[Judged]) -> RuleTally:
    labelled = [one for one in judged if rule in one.labelled.breaks]
    named = [one for one in judged if rule in one.violations]
    return RuleTally(
        rule,
        len(labelled),
        sum(rule in one.violations for one in labelled),
        len(named),
        sum(rule in one.labelled.breaks for one in named),
    )


def false_refusals(judged: Sequence[Judged]) -> tuple[int, int]:
    """How many utterances were refused that may be spoken, of how many."""
    fine = [one for one in judged if not one.labelled.breaks]
    return sum(bool(one.violations) for one in fine), len(fine)

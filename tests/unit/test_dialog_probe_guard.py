"""The probe guard, held against what people and models say: labelled by hand, and varied by the thousand."""

import subprocess
import sys
from collections import Counter

import pytest

from dialog.probe_guard import RULES, GuardContext, Line, check
from dialog.techniques import TEMPLATES
from server.children import ROOT
from server.cli.guard import LABELLED
from server.cli.labelled import (
    LEAST_RECALL,
    LEAST_RECALL_OF_A_RULE,
    MOST_FALSE_REFUSALS,
    Half,
    false_refusals,
    judge_set,
    read_set,
    tallies,
)
from tests.support.guard_variants import NEVER_MISSED, Variant, variants

SITUATIONS = read_set(LABELLED)
FEWEST_SEEN = 0.94
"""Of each change, the share that the guard must see for what it is."""


def test_the_set_has_many_lines_of_every_rule_and_of_none() -> None:
    lines = [one for situation in SITUATIONS for one in situation.utterances]
    labelled = Counter(rule for one in lines for rule in one.breaks)

    assert len(lines) >= 300
    assert len({one.id for one in lines}) == len(lines)
    assert set(RULES) == set(labelled)
    assert min(labelled.values()) >= 10
    assert sum(not one.breaks for one in lines) >= 100


def test_the_unseen_half_has_a_hundred_lines_as_a_language_model_words_them() -> None:
    unseen = [one for each in SITUATIONS for one in each.utterances if one.half == "unseen"]

    assert sum(one.by == "model" for one in unseen) >= 100


@pytest.mark.parametrize("half", ["tuning", "unseen"])
def test_the_guard_finds_what_must_not_be_said_and_lets_the_rest_pass(half: Half) -> None:
    judged = judge_set(SITUATIONS, half)
    *rules, every = tallies(judged)
    refused, fine = false_refusals(judged)
    weak = [
        tally.rule for tally in rules if tally.recall is not None and tally.recall < LEAST_RECALL_OF_A_RULE
    ]

    assert [] == weak
    assert every.recall is not None
    assert every.recall >= LEAST_RECALL
    assert refused <= MOST_FALSE_REFUSALS * fine


def test_it_holds_on_sets_that_were_written_without_a_look_at_it() -> None:
    """docs/probe-guard.md tells what each showed when it was first judged."""
    rounds = [one for path in sorted((LABELLED.parent / "guard").glob("*.jsonl")) for one in read_set(path)]
    *rules, every = tallies(judged := judge_set(rounds))
    refused, fine = false_refusals(judged)

    assert [] == [
        tally.rule for tally in rules if tally.recall is not None and tally.recall < LEAST_RECALL_OF_A_RULE
    ]
    assert every.recall is not None
    assert every.recall >= LEAST_RECALL
    assert refused <= MOST_FALSE_REFUSALS * fine


def test_verdicts_depend_on_no_order_of_sets() -> None:
    verdicts = "from tests.unit.test_dialog_probe_guard import SITUATIONS, judge_set; " + (
        "print([one.violations for one in judge_set(SITUATIONS)])"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", verdicts],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]

    assert told[0]
    assert told[0] == told[1]


def test_our_own_wording_is_hardly_ever_refused() -> None:
    """Each template, filled with what stood out in each situation's answer; a tenth may be refused."""
    refused, count = [], 0
    for situation in SITUATIONS:
        theirs = [line.text for line in situation.context.transcript if line.role == "participant"]
        said = [word for line in theirs for word in line.replace(",", "").replace(".", "").split()]
        fresh = GuardContext(
            question=situation.context.question, transcript=tuple(situation.context.transcript)
        )
        for template in TEMPLATES:
            filled = template.fill(f"the {max(said, key=len)}" if template.carries == "topic" else said[-1])
            count += 1
            if check(filled, fresh):
                refused.append(filled)

    assert len(refused) <= 0.1 * count, refused


@pytest.mark.parametrize(
    ("said", "said_back", "passes"),
    [
        ("the pump was broken again", "You said the pump was broken.", True),
        ("the pump was broken again", "You said the pump was not broken.", False),
        ("the pump was not broken", "You said the pump was broken.", False),
        ("the pump was not broken", "You mentioned the pump.", True),
        ("the van nearly hit me", "You said the van hit you.", False),
        ("they didn't order i laughed about it", "You said you laughed about it.", True),
        ("the numbers went up by 12 percent", "You said the numbers went up by twelve percent.", True),
        ("the numbers went up by 12 percent", "You said the numbers went down.", False),
        ("some came late", "You said all came late.", False),
        ("it took me two weeks", "You said it took you three weeks.", False),
    ],
)
def test_what_is_said_back_has_their_denials_their_numbers_and_their_quantities(
    said: str, said_back: str, passes: bool
) -> None:
    context = GuardContext(transcript=(Line("participant", said),))

    assert ([] if passes else ["false_attribution"]) == check(said_back, context)


def missed(made: list[Variant]) -> list[Variant]:
    """Variants of which the guard thinks otherwise than the way they were made."""
    wrong = []
    for variant in made:
        violations = check(variant.utterance, variant.context)
        named = variant.rule is None or variant.rule in violations
        if bool(violations) != variant.denied or not named:
            wrong.append(variant)
    return wrong


def by_change(made: list[Variant], wrong: list[Variant]) -> dict[str, float]:
    """The share of each change that the guard sees for what it is."""
    all_of, wrong_of = Counter(one.change for one in made), Counter(one.change for one in wrong)
    return {change: 1 - wrong_of[change] / count for change, count in all_of.items()}


def unseen(made: list[Variant], wrong: list[Variant]) -> dict[str, float]:
    """Changes that are seen too rarely."""
    return {
        change: share
        for change, share in by_change(made, wrong).items()
        if share < (1.0 if change in NEVER_MISSED else FEWEST_SEEN)
    }


def test_a_change_that_makes_a_violation_is_seen() -> None:
    made = variants(SITUATIONS, seed=1, count=1_000)
    wrong = missed(made)

    assert {} == unseen(made, wrong), [(one.change, one.utterance) for one in wrong][:20]


@pytest.mark.long
@pytest.mark.parametrize("seed", range(10))
def test_changes_are_seen_by_the_thousand(seed: int) -> None:
    made = variants(SITUATIONS, seed=seed, count=5_000)

    assert {} == unseen(made, missed(made))

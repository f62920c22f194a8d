"""The analyst in its child: what it finds is what the rules find, and whatever it does stays with it."""

import sys

import pytest

from dialog.analysis import Question, Statement, Talk
from dialog.embedded_analyst import findings_of
from server.pipeline.analyst import AnalysisFailed, EmbeddedAnalyst
from server.pipeline.analyst_process import VALENCES, read_lexicon

TALK = Talk(
    "en",
    (Question("tools", "Which tools do you use?"), Question("failed", "What happened when one failed?")),
    (
        Statement("ent_1", "tools", "I use a notebook and a pencil. 👍 \u2028 “So what?”"),
        Statement("ent_2", "failed", "The pencil broke in a meeting, it was terrible."),
    ),
)


async def test_the_child_finds_what_the_rules_find() -> None:
    assert findings_of(TALK, read_lexicon()) == await EmbeddedAnalyst().analyse(TALK)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("crash", "ended with -11"),
        ("hang", "took longer than"),
        ("garbage", "talks garbage"),
        ("stranger", "talks garbage"),
        ("greedy", "ended with 1"),
        ("say nothing", "talks garbage"),
    ],
)
async def test_a_child_that_misbehaves_costs_this_analysis_alone(mode: str, reason: str) -> None:
    program = (sys.executable, "-m", "tests.emulators.unruly_analyst", mode)
    analyst = EmbeddedAnalyst(program=program, longest_work=1.0 if mode == "hang" else 60.0)

    with pytest.raises(AnalysisFailed, match=reason):
        await analyst.analyse(TALK)


async def test_a_program_that_is_not_there_is_a_failure_too() -> None:
    with pytest.raises(AnalysisFailed, match="can't be started"):
        await EmbeddedAnalyst(program=("/nowhere/python",)).analyse(TALK)


def test_the_lexicon_holds_plain_words_once_with_valences_in_their_range() -> None:
    words = [word for line in VALENCES.read_text().splitlines() for word in line.split()[1:]]
    lexicon = read_lexicon()

    assert len(words) == len(set(words)) == len(lexicon) > 6_000
    assert all(word == word.lower() and 0.4 <= abs(valence) <= 4.0 for word, valence in lexicon.items())

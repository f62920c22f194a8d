from typing import Any

import msgspec

from server.pipeline.publish_gate import Thresholds, shortcomings
from server.rehearsal.simulation import summarize
from server.rehearsal.talk_figures import TalkFigures, lapses

EMPTY: dict[type, object] = {str: "", int: 0, float: 0.0, bool: False}


def talk(**measured: Any) -> TalkFigures:
    """A talk that went well, but for what is given."""
    fields = msgspec.structs.fields(TalkFigures)
    blank = {field.name: EMPTY.get(field.type, {} if field.name == "faults" else ()) for field in fields}
    return TalkFigures(**{**blank, "stayed": True, "required": 4, "disposition": "1.1", **measured})


def test_a_shortcoming_of_coverage_names_what_was_missed_most_often_first() -> None:
    talks = [talk(missed=("why",)), talk(missed=("who", "why")), talk(missed=("when",), stayed=False)]

    (sentence,) = shortcomings(summarize("all", talks), Thresholds())

    assert sentence.endswith("not 100%: missed were why in 2 talks, who in 1 talk.")


def test_a_shortcoming_names_five_questions_and_counts_the_others() -> None:
    talks = [talk(missed=tuple("abcdefg"), required=7)]

    (sentence,) = shortcomings(summarize("all", talks), Thresholds())

    assert sentence.endswith("e in 1 talk, and 2 more.")


def test_the_lapses_of_a_talk_are_told_and_a_good_one_has_none() -> None:
    marred = talk(
        missed=("why",),
        repeated=("How so?",),
        said_forbidden=("damn",),
        not_erased=("Archibald",),
        cut_ins=2,
        over_ceiling=1,
        probed_after_two_failed=1,
        off_path=True,
        path=("a", "c"),
    )

    assert [] == lapses(talk())
    assert [] == lapses(talk(missed=("why",), stayed=False)), "who left could not be asked"
    assert [
        "why was missed",
        "“How so?” was put again",
        "“damn” was said",
        "“Archibald” was kept",
        "cut-ins: 2",
        "follow-ups too many: 2",
        "went a → c",
    ] == lapses(marred)

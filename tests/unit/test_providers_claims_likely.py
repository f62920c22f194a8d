"""Claims of rights that a decoder heard as other words, by their sounds."""

import pytest

from server.providers.embedded.claims_likely import CORES, Likeness

SOUNDS = dict(
    pair.split(": ")
    for pair in (
        "please: P L IY Z|pause: P AO Z|post: P OW S T|the: DH AH|interview: IH N T ER V Y UW|slow: S L OW"
        "|down: D AW N|she: SH IY|delete: D IH L IY T|my: M AY|last: L AE S T|answer: AE N S ER|a: AH"
        "|repeat: R IH P IY T|question: K W EH S CH AH N|i: AY|talk: T AO K|to: T UW|person: P ER S AH N"
        "|parson: P AA R S AH N|dog: D AO G|walked: W AO K T|river: R IH V ER|sometimes: S AH M T AY M Z"
    ).split("|")
)
LIKENESS = Likeness(SOUNDS.get)


@pytest.mark.parametrize(
    ("heard", "right"),
    [
        ("please post the interview", "pause"),
        ("slow down please she", "slower"),
        ("delete my last answer please she", "strike"),
        ("talk to a parson", "human"),
        ("pause the interview", None),  # which says so itself
        ("i repeat the question", None),
        ("sometimes slow down please", None),
        ("the dog walked to the river", None),
        ("my dog", None),
        ("", None),
        ("zxqv", None),
        ("the " * 400, None),
    ],
)
def test_a_claim_is_found_by_its_sounds_and_no_story_is(heard: str, right: str | None) -> None:
    assert right == LIKENESS.claimed(heard)


def test_every_core_has_words_enough_to_be_told_from_others() -> None:
    assert [] == [core for cores in CORES.values() for core in cores if core.count(" ") < 1]

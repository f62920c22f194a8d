import pytest

from dialog.struck_words import StruckWords

PASSAGES = ("um", "i think", "i think my sister Elizabeth lives by the river")


@pytest.mark.parametrize(
    "text",
    [
        "You said that my sister Elizabeth lives by the river.",
        "elizabeth LIVES by",
        "what did you think? my sister, Elizabeth!",
        "I think",
        "well um well",
    ],
)
def test_three_words_running_or_all_of_a_short_passage_give_it_away(text: str) -> None:
    assert StruckWords(PASSAGES).stand_in(text)


@pytest.mark.parametrize(
    "text", ["", "my sister lives by a river", "I was thinking.", "the sum of it", "umbrella"]
)
def test_other_words_stay(text: str) -> None:
    assert not StruckWords(PASSAGES).stand_in(text)


def test_a_short_passage_in_other_signs_goes_from_what_is_ours_alone() -> None:
    words = StruckWords(("the train",))

    assert words.stand_in("What about the train, then?", ours=True)
    assert not words.stand_in("What about the train, then?")


def test_what_has_no_words_gives_nothing_away() -> None:
    assert not StruckWords(("", "…")).stand_in("anything at all", ours=True)

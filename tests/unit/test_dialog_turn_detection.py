import pytest

from dialog.commands import LookForEnd
from dialog.outbox import Outbox
from dialog.turn_detection import TurnDetection

KNOWN, UNKNOWN = "smart-turn-v3", "ears-of-a-stranger"


def asked(detector: str) -> TurnDetection:
    detection = TurnDetection(Outbox())
    detection.listen(detector, "")
    detection.begin_lull()
    detection.look(1, now=0.0)
    return detection


def test_an_answer_is_awaited_for_so_long_and_no_longer() -> None:
    detection = asked(KNOWN)

    assert detection.is_awaited(0.2, patience=0.3)
    assert not detection.is_awaited(0.3, patience=0.3)


@pytest.mark.parametrize("probability", [0.4, None])
def test_an_answer_ends_the_wait_though_it_be_that_none_will_come(probability: float | None) -> None:
    detection = asked(KNOWN)
    told = detection.scored(1, probability, KNOWN)

    assert told
    assert not detection.is_awaited(0.1, patience=0.3)
    assert probability == detection.probability


def test_scores_that_nobody_believes_are_asked_for_and_not_awaited() -> None:
    out = Outbox()
    detection = TurnDetection(out)
    detection.listen(UNKNOWN, "")
    detection.begin_lull()
    detection.look(7, now=0.0)

    assert [LookForEnd(1, 7)] == out.drain()
    assert not detection.is_awaited(0.0, patience=0.3)


def test_no_answer_to_a_look_of_an_earlier_lull_ends_the_wait_of_this_one() -> None:
    detection = asked(KNOWN)
    detection.begin_lull()
    detection.look(1, now=1.0)

    assert not detection.scored(1, None, KNOWN)
    assert detection.is_awaited(1.1, patience=0.3)


def test_a_recogniser_that_gives_no_hints_takes_the_place_of_one_whose_silence_counts() -> None:
    detection = TurnDetection(Outbox())
    detection.listen("", "deepgram-flux")
    detection.hinted("over", 0.9)
    detection.hear_by("")

    assert not detection.is_aided
    assert detection.hint is None

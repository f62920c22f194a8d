import pytest

from server.gateway.path_delay import CAPTURE_DELAY, REMEMBERED, PathDelay, RoundTrips


def test_a_pong_tells_how_long_the_way_and_back_took() -> None:
    trips = RoundTrips()
    number = trips.ask(5.0)
    trips.answered(number, 5.08)

    assert 0.08 == pytest.approx(trips.usual)


def test_before_the_first_pong_there_is_none() -> None:
    assert 0.0 == RoundTrips().usual


def test_a_pong_that_nobody_asked_for_or_that_came_twice_says_nothing() -> None:
    trips = RoundTrips()
    number = trips.ask(0.0)
    trips.answered(number, 0.1)
    trips.answered(number, 9.0)
    trips.answered(77, 9.0)

    assert 0.1 == trips.usual


def test_the_usual_one_is_not_the_one_that_met_a_queue() -> None:
    trips = RoundTrips()
    for seconds in (0.04, 0.03, 0.9, 0.05, 0.04):
        trips.took(seconds)

    assert 0.04 == trips.usual


def test_pings_that_nobody_answers_do_not_gather() -> None:
    trips = RoundTrips()
    first = trips.ask(0.0)
    for _ in range(100):
        last = trips.ask(1.0)
    trips.answered(first, 2.0)
    trips.answered(last, 1.5)

    assert 0.5 == trips.usual
    assert len(trips.asked) < REMEMBERED


@pytest.mark.parametrize("seconds", [-1.0, 10.0, float("nan"), float("inf")])
def test_what_is_no_round_trip_is_not_counted(seconds: float) -> None:
    trips = RoundTrips()
    trips.took(seconds)

    assert 0.0 == trips.usual


def test_the_way_to_the_ear_is_the_page_s_word_half_a_round_trip_and_a_packet() -> None:
    path = PathDelay()
    path.playout = 0.05
    path.round_trips.took(0.03)

    assert 0.085 == pytest.approx(path.to_the_ear())
    assert 0.015 + CAPTURE_DELAY == pytest.approx(path.from_the_mouth())

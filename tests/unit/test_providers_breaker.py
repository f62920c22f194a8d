"""When a provider is left alone, and when it is tried again."""

from server.providers.breaker import Breaker, BreakerPolicy

POLICY = BreakerPolicy(failures=3, window=60, cool_down=15, longest_cool_down=50)


def _opened(at: float = 0.0) -> Breaker:
    breaker = Breaker(POLICY)
    told = [breaker.failed(at, "down") for _ in range(3)]

    assert [False, False, True] == told
    return breaker


def test_failures_in_a_row_open_it_and_it_says_so_once() -> None:
    breaker = _opened()

    assert breaker.is_open
    assert not breaker.admits(14.9)
    assert "down" == breaker.last_fault


def test_failures_far_apart_do_not_open_it() -> None:
    breaker = Breaker(POLICY)

    assert [False] * 5 == [breaker.failed(40.0 * n, "hiccup") for n in range(5)]
    assert breaker.admits(200.0)


def test_a_success_in_between_begins_the_count_anew() -> None:
    breaker = Breaker(POLICY)
    breaker.failed(0, "")
    breaker.failed(1, "")

    assert not breaker.succeeded()
    assert not breaker.failed(2, "")


def test_after_the_cool_down_one_call_is_let_through_and_its_success_closes_it() -> None:
    breaker = _opened()

    assert [True, False, False] == [breaker.admits(15.0), breaker.admits(15.1), breaker.admits(29.9)]
    assert breaker.succeeded()
    assert breaker.admits(15.2)
    assert breaker.admits(15.2)


def test_a_trial_that_fails_doubles_the_wait_up_to_its_bound() -> None:
    breaker = _opened()
    for trial_at, next_at in ((15.0, 45.0), (45.0, 95.0), (95.0, 145.0)):
        assert breaker.admits(trial_at)
        assert not breaker.failed(trial_at, "still down")

        assert not breaker.admits(next_at - 0.1)


def test_what_was_under_way_when_it_opened_makes_nobody_wait_longer() -> None:
    breaker = _opened()
    told = [breaker.failed(0.1 * n, "down") for n in range(12)]

    assert not any(told)
    assert breaker.admits(15.0)


def test_a_trial_that_nothing_comes_of_is_followed_by_another() -> None:
    breaker = _opened()
    breaker.admits(15.0)

    assert breaker.admits(30.0)


def test_a_refused_key_opens_it_at_once_and_a_wish_to_rest_is_heeded() -> None:
    refused, busy = Breaker(POLICY), Breaker(POLICY)

    assert refused.failed(0.0, "401", at_once=True)
    assert busy.failed(0.0, "429", rest=40.0)
    assert not busy.admits(39.9)
    assert busy.admits(40.0)

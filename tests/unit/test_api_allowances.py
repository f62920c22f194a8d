"""How often something may be tried, and what is remembered of those who did."""

from server.api.allowances import MOST_KEYS, Allowances


def test_each_key_has_its_burst_and_then_its_rate() -> None:
    allowances = Allowances(per_second=10.0, burst=3.0)

    assert [True, True, True, False] == [allowances.take("one", 0.0) for _ in range(4)]
    assert allowances.take("other", 0.0)
    assert allowances.take("one", 0.1)
    assert not allowances.take("one", 0.1)


def test_thousands_who_come_and_go_leave_nothing_behind() -> None:
    allowances = Allowances(per_second=2.0, burst=5.0)
    for visitor in range(5_000):
        for _ in range(3):
            allowances.take(f"run_{visitor}", now=float(visitor))

    assert 3 >= len(allowances._by_key)


def test_who_has_used_up_everything_is_remembered_while_others_come_and_go() -> None:
    allowances = Allowances(per_second=0.01, burst=2.0)
    spent = [allowances.take("greedy", 0.0) for _ in range(3)]
    for visitor in range(100):
        allowances.take(f"run_{visitor}", now=90.0)

    assert [True, True, False] == spent
    assert not allowances.take("greedy", 90.0)
    assert allowances.take("greedy", 190.0)


def test_what_fills_up_never_is_kept_and_of_too_many_the_oldest_goes() -> None:
    allowances = Allowances(per_second=0.0, burst=1.0)
    for number in range(MOST_KEYS + 1):
        allowances.take(f"address {number}", now=float(number))

    assert MOST_KEYS == len(allowances._by_key)
    assert not allowances.take("address 1", 1e9)
    assert allowances.take("address 0", 1e9)

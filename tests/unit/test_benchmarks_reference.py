"""How many sessions the reference holds: the search, with a bot on paper."""

from typing import Any

import pytest

from benchmarks import reference
from benchmarks.load import FULL_RATE, Cores, Load, holds


@pytest.mark.parametrize(
    ("capacity", "tried"),
    [(5, [4, 5, 6]), (4, [4, 5]), (3, [3, 4]), (1, [1, 2, 3, 4]), (0, [1, 2, 3, 4])],
)
async def test_the_search_ends_between_what_is_held_and_what_is_not(
    capacity: int, tried: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def load_bot(load: Load, cores: Cores) -> dict[str, Any]:
        rate = FULL_RATE if load.sessions <= capacity else FULL_RATE - 5
        return {
            "sessions": load.sessions,
            "received_per_second_least": rate,
            "turns": 1,
            "missed": 0,
            "overlapped": 0,
        }

    monkeypatch.setattr(reference, "load_bot", load_bot)
    found = await reference.sessions_held(1, 8.0, Cores(), 4)

    assert tried == [one["sessions"] for one in found]
    assert list(range(1, capacity + 1))[-1:] == [one["sessions"] for one in found if holds(one)][-1:]

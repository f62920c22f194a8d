"""The real server killed at random moments while it is talked to, asked for runs and sends webhooks."""

from pathlib import Path

import pytest

from benchmarks.kills import besiege
from benchmarks.promises import Verdict


def broken(verdict: Verdict) -> list[str]:
    return [*verdict.lost, *verdict.doubled, *verdict.untold, *verdict.illegal]


async def test_what_a_server_has_confirmed_is_kept_once_and_told_however_it_is_killed(tmp_path: Path) -> None:
    verdict = await besiege(tmp_path, 4, 1, hurry=True)

    assert [] == broken(verdict)
    assert verdict.runs > 0
    assert verdict.webhooks > 0


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [2, 3])
async def test_nothing_is_lost_doubled_or_untold_in_dozens_of_kills(
    tmp_path: Path, empty_storage: str, seed: int
) -> None:
    verdict = await besiege(tmp_path, 30, seed, database_url=empty_storage, hurry=True)

    assert [] == broken(verdict)
    assert verdict.answers > 0
    assert verdict.events > 0

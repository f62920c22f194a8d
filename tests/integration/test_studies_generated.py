"""Every operation of the OpenAPI file, tried by schemathesis with requests that fit and requests that don't:
no answer is undeclared, none other than its schema says, no right request refused, no wrong one taken."""

from pathlib import Path

import pytest

from tests.support.generated_requests import attack, attacked_server

pytestmark = pytest.mark.long

CASES = 300
MANY = 2_000


@pytest.mark.timeout(600)
def test_every_operation_keeps_to_its_description(tmp_path: Path, storage: str) -> None:
    with attacked_server(tmp_path, storage) as server:
        statuses, found = attack(server, cases=CASES // 2, number=1)

    assert CASES // 2 <= statuses.total() + 20
    assert [] == found


@pytest.mark.timeout(1_800)
def test_every_operation_keeps_to_its_description_for_long(tmp_path: Path, storage: str) -> None:
    with attacked_server(tmp_path, storage) as server:
        statuses, found = attack(server, cases=MANY, number=2)
    good = {name.rpartition(" ")[0] for name in statuses if name.rpartition(" ")[2].startswith("2")}

    assert statuses.total() >= MANY
    assert [] == found
    assert len(good) > 40

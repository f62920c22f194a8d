"""What a recogniser is told to expect, of the study and of the person."""

from typing import Any

import msgspec
import pytest

from server.live.keeping import Case
from tests.support.small_study import small_blueprint


def _case(metadata: dict[str, Any]) -> Case:
    return Case("run_1", small_blueprint(key_terms=["Acme Corp"]), "org_1", metadata)


def test_a_participants_own_words_come_before_the_studys() -> None:
    assert ["Zoë Müller", "Acme Corp"] == _case({"key_terms": ["Zoë Müller"]}).key_terms


@pytest.mark.parametrize("told", [None, "Zoë", 7, {}, [7, None, []]])
def test_what_is_no_list_of_words_is_left_out(told: object) -> None:
    assert ["Acme Corp"] == _case({"key_terms": told}).key_terms


def test_so_many_of_them_count_as_leave_room_for_the_studys() -> None:
    terms = _case({"key_terms": [f"name {n}" for n in range(1_000)]}).key_terms

    assert 21 == len(terms)
    assert "Acme Corp" == terms[-1]
    assert len(msgspec.json.encode(terms)) < 400

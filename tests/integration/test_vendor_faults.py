"""The fault matrix: each vendor on each kind of bad day, through the whole server and the vendor's library.
The talk is held to its end, without dead air or two voices, and nothing stays open."""

import logging
import re
from pathlib import Path

import pytest

from tests.emulators.script import FAULT_KINDS, FaultKind
from tests.support.bad_days import LONGEST_SILENCE, VENDORS, bad_day, overlaps
from tests.support.spoken_words import Attempt, said_wrong
from tests.support.vendors import VendorName

QUICK = {
    ("deepgram", "stalled_midway"),
    ("elevenlabs", "reset"),
    ("anthropic", "stalled"),
    ("openai", "limited"),
}
BEARABLE = {"slow", "garbage"}
"""After these the vendor may still do its work, if late."""


def cells() -> list[object]:
    """Each vendor with each fault; one a vendor is tried every day."""
    return [
        pytest.param(
            vendor, kind, marks=[] if (vendor, kind) in QUICK else [pytest.mark.long], id=f"{vendor}-{kind}"
        )
        for vendor in VENDORS
        for kind in FAULT_KINDS
    ]


@pytest.mark.parametrize(("vendor", "kind"), cells())
def test_a_talk_is_held_to_its_end_whatever_a_vendor_does(
    vendor: VendorName, kind: FaultKind, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    day = bad_day(vendor, kind, tmp_path)

    assert "" == day.faults()
    assert kind in BEARABLE or "replaced" in day.decisions
    assert [] == [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_the_table_in_the_documentation_tells_every_cell_and_no_dead_air() -> None:
    text = Path("docs/providers.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)`: [^|]+\| (.+) \|$", text, re.M))
    told = {kind: [cell.split(" s, ") for cell in row.split(" | ")] for kind, row in rows.items()}

    assert list(FAULT_KINDS) == list(told)
    assert {len(VENDORS)} == {len(row) for row in told.values()}
    for kind, row in told.items():
        assert all(float(silence) <= LONGEST_SILENCE for silence, _ in row)
        assert kind in BEARABLE or all("replaced" in decided for _, decided in row)


def test_words_that_a_second_voice_says_again_are_found() -> None:
    text = "Which tool do you use most?"
    broken = Attempt(text, ["Which", "tool"])

    assert [] == said_wrong([broken, Attempt("do you use most?", whole=True)])
    assert [(text, "Which tool Which tool do you use most?")] == said_wrong(
        [broken, Attempt("Other words.", whole=True), Attempt(text, whole=True)]
    )
    assert [(text, "Which tool you use most?")] == said_wrong([broken, Attempt("you use most?", whole=True)])


def test_speech_that_begins_before_the_one_before_it_is_over_is_found() -> None:
    assert [] == overlaps([(0.0, 1.0), (1.0, 2.0)])
    assert [(2.0, 1.5)] == overlaps([(1.5, 2.5), (0.0, 2.0)])

"""The fault matrix: each vendor on each kind of bad day, through the whole server and the vendor's library.
The talk is held to its end, without dead air or two voices, and nothing stays open."""

import logging
from itertools import pairwise
from pathlib import Path

import pytest

from dialog.dead_air import dead_air
from dialog.events import AnswerCommitted, Event, NodeEntered
from dialog.provider_facts import ProviderNoted
from dialog.signals import SpeechBegan, SpeechEnded
from tests.emulators.deepgram_ears import ScriptedEars
from tests.emulators.script import FAULT_KINDS, FaultKind
from tests.support.running_server import running_server
from tests.support.short_talk import ANSWER, spoken_talk
from tests.support.vendors import VendorName, emulated, settings_for

pytestmark = pytest.mark.aloud

VENDORS: tuple[VendorName, ...] = ("deepgram", "elevenlabs", "anthropic", "openai")
QUICK = {
    ("deepgram", "stalled_midway"),
    ("elevenlabs", "reset"),
    ("anthropic", "stalled"),
    ("openai", "limited"),
}
BEARABLE = {"slow", "garbage"}
"""After these the vendor may still do its work, if late."""


def cells() -> list[object]:
    """Each vendor with each fault; one a vendor is quick enough for every day."""
    return [
        pytest.param(
            vendor, kind, marks=[] if (vendor, kind) in QUICK else [pytest.mark.long], id=f"{vendor}-{kind}"
        )
        for vendor in VENDORS
        for kind in FAULT_KINDS
    ]


def overlapping(events: list[Event]) -> list[tuple[float, float]]:
    """Where one speech began before the one before it was over."""
    began = {e.body.speech_id: e.at for e in events if isinstance(e.body, SpeechBegan)}
    ended = {e.body.speech_id: e.at for e in events if isinstance(e.body, SpeechEnded)}
    spans = sorted((at, ended.get(speech, at)) for speech, at in began.items())
    return [(end, begin) for (_, end), (begin, _) in pairwise(spans) if begin < end - 0.05]


@pytest.mark.parametrize(("vendor", "kind"), cells())
async def test_a_talk_is_held_to_its_end_whatever_a_vendor_does(
    vendor: VendorName, kind: FaultKind, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with emulated(vendor, lambda: ScriptedEars([ANSWER])) as running:
        settings = settings_for(vendor, running.url)
        async with running_server(tmp_path / "house", **settings, recogniser_processes=1) as server:
            assert () == server.house.health.complaints
            running.script.fail(kind, after=1 if kind in ("stalled_midway", "reset", "garbage") else 0)
            running.reset_all()
            outcome, events = await spoken_talk(server, tmp_path)
        await running.until(requests=0, connections=0)
    bodies = [event.body for event in events]
    noted = [body for body in bodies if isinstance(body, ProviderNoted)]

    assert "completed" == outcome
    assert ["q1"] == [body.node_key for body in bodies if isinstance(body, NodeEntered)]
    assert "hammer" in " ".join(body.text for body in bodies if isinstance(body, AnswerCommitted))
    assert [] == [silence for silence in dead_air(events) if silence.duration > 3.0]
    assert [] == overlapping(events)
    assert kind in BEARABLE or "replaced" in [note.decision for note in noted]
    assert [] == [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]

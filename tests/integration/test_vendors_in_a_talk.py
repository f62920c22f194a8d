"""Vendors hold an interview through their own libraries: nothing is wanting, told or left open."""

import json
import logging
from pathlib import Path

import pytest

from dialog.events import AnswerCommitted, decode_event
from dialog.provider_facts import ProviderNoted, ProviderUsed
from server.cli.vendor_examinations import examine_vendors
from server.settings import Settings
from tests.emulators.deepgram_ears import ScriptedEars, decoding_ears
from tests.emulators.script import Script, about, exactly
from tests.integration.test_demo_simulated import short_study
from tests.support.programs import program
from tests.support.running_server import running_server
from tests.support.short_talk import ANSWER, spoken_talk
from tests.support.vendors import VendorName, all_emulated, emulated, settings_for, variables

__all__ = ["short_study"]


@pytest.mark.aloud
async def test_usage_is_noted_nothing_is_decided_and_no_words_are_in_the_servers_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with all_emulated(lambda: ScriptedEars([ANSWER])) as (vendors, settings):
        async with running_server(tmp_path / "house", **settings, recogniser_processes=1) as server:
            outcome, events = await spoken_talk(server, tmp_path)
            figures = (await server.http.get("/metrics")).text
        for vendor in vendors.values():
            await vendor.until(requests=0, connections=0)
    bodies = [event.body for event in events]
    used = {body.provider: body for body in bodies if isinstance(body, ProviderUsed)}

    assert "completed" == outcome
    assert [ANSWER] == [body.text for body in bodies if isinstance(body, AnswerCommitted)][:1]
    assert [] == [body for body in bodies if isinstance(body, ProviderNoted)]
    assert {"deepgram-flux", "anthropic"} <= set(used)
    assert used["deepgram-flux"].audio_seconds > 1
    assert used["anthropic"].output_tokens > 0
    for provider, unit in (("deepgram-flux", "audio_seconds"), ("anthropic", "output_tokens")):
        assert f'vivavoce_provider_usage_total{{provider="{provider}",unit="{unit}"}}' in figures
    assert "hammer" not in caplog.text


async def test_a_refused_key_is_told_at_the_start_by_readyz_and_by_doctor(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sentence = (
        "DEEPGRAM_API_KEY is refused by Deepgram (401): correct it,"
        " or unset it to use the embedded recogniser."
    )
    async with emulated("deepgram", lambda: ScriptedEars([ANSWER])) as vendor:
        settings = settings_for("deepgram", vendor.url) | {"deepgram_api_key": "not-the-right-one"}
        (finding,) = await examine_vendors(Settings.load(data_dir=tmp_path, **settings))
        async with running_server(tmp_path, **settings, recogniser_processes=1) as server:
            ready = await server.http.get("/readyz")

    assert f"! {sentence}" in [record.getMessage() for record in caplog.records]
    assert (200, {"status": "ready", "warnings": [sentence]}) == (ready.status_code, ready.json())
    assert ("fault", sentence) == (finding.state, finding.text)
    assert "not-the-right-one" not in caplog.text


@pytest.mark.aloud
@pytest.mark.long
@pytest.mark.timeout(600)
async def test_a_simulated_participant_is_interviewed_by_all_three_vendors(
    tmp_path: Path, short_study: Path
) -> None:
    out = tmp_path / "out"
    arguments = ("demo", "--participant", "simulated", "--blueprint", short_study, "--out", out)
    scripts: dict[VendorName, Script] = {
        "deepgram": Script(first=exactly(0.25)),
        "elevenlabs": Script(first=exactly(0.29)),
        "anthropic": Script(seed=1, first=about(0.64, 1.6)),
    }
    async with (
        decoding_ears() as ears,
        all_emulated(ears, scripts) as (_, settings),
        program(*arguments, cwd=tmp_path, settings=variables(settings)) as child,
    ):
        told, errors = await child.communicate()
        code = child.returncode
    events = [decode_event(line) for line in (out / "events.jsonl").read_bytes().splitlines()]
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))

    assert code == 0, errors.decode()
    assert b"Interview    completed" in told
    assert [] == report["required_unanswered"]
    assert {"deepgram-flux"} <= {e.body.provider for e in events if isinstance(e.body, ProviderUsed)}
    assert "replaced" not in {e.body.decision for e in events if isinstance(e.body, ProviderNoted)}

"""Vendors hold an interview through their own libraries: nothing is wanting, told or left open."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from dialog.events import AnswerCommitted
from dialog.provider_facts import ProviderNoted, ProviderUsed
from server.cli.demo import SAMPLE
from server.cli.vendor_examinations import examine_vendors
from server.settings import Settings
from tests.emulators.deepgram_ears import ScriptedEars, decoding_ears
from tests.support.command_line import run_command
from tests.support.logs import logged
from tests.support.programs import program
from tests.support.running_server import running_server
from tests.support.sample_study import part_of_sample
from tests.support.short_talk import ANSWER, ShortTalk, spoken_talk
from tests.support.unwaited_time import in_unwaited_time
from tests.support.vendors import (
    HOLDING_AN_INTERVIEW,
    KEYS,
    VendorName,
    all_emulated,
    emulated,
    settings_for,
    usual_delays,
    variables,
)


async def _talk_with_all(
    folder: Path, names: Sequence[VendorName] = HOLDING_AN_INTERVIEW, **more: Any
) -> tuple[ShortTalk, str]:
    """A talk held by several vendors, and the server's metrics behind it."""
    async with all_emulated(lambda: ScriptedEars([ANSWER]), names=names) as (vendors, settings):
        async with running_server(folder / "house", recogniser_processes=1, **settings, **more) as server:
            talk = await spoken_talk(server, folder)
            figures = (await server.http.get("/metrics")).text
        for vendor in vendors.values():
            await vendor.until(requests=0, connections=0)
    return talk, figures


def test_usage_is_noted_nothing_is_decided_and_no_words_and_no_keys_are_in_the_servers_log(
    tmp_path: Path,
) -> None:
    with logged("info") as lines:
        talk, figures = in_unwaited_time(lambda: _talk_with_all(tmp_path))
    log = lines.getvalue()
    bodies = [event.body for event in talk.events]
    used = {body.provider: body for body in bodies if isinstance(body, ProviderUsed)}

    assert "completed" == talk.outcome
    assert [ANSWER] == [body.text for body in bodies if isinstance(body, AnswerCommitted)][:1]
    assert [] == [body for body in bodies if isinstance(body, ProviderNoted)]
    assert {"deepgram-flux", "elevenlabs", "anthropic"} == set(used)
    assert used["deepgram-flux"].audio_seconds > 1
    assert used["elevenlabs"].characters > 10
    assert used["anthropic"].output_tokens > 0
    for provider, unit in (
        ("deepgram-flux", "audio_seconds"),
        ("elevenlabs", "characters"),
        ("anthropic", "output_tokens"),
    ):
        assert f'vivavoce_provider_usage_total{{provider="{provider}",unit="{unit}"}}' in figures
    assert "server." in log
    assert [] == [words for words in three_in_a_row([ANSWER, *talk.captions]) if words in plain(log)]
    assert [] == [key for key in KEYS.values() if key in log]


def three_in_a_row(texts: Sequence[str]) -> set[str]:
    """All threes of words that follow one another in what was said."""
    found = set()
    for text in texts:
        words = plain(text).split()
        found |= {" ".join(words[at : at + 3]) for at in range(max(1, len(words) - 2))}
    return found


def plain(text: str) -> str:
    """Lower-case words alone."""
    return " ".join(re.findall(r"[\w']+", text.lower()))


def test_one_setting_swaps_each_provider_of_a_talk(tmp_path: Path) -> None:
    others: tuple[VendorName, ...] = ("deepgram", "elevenlabs", "anthropic", "openai")
    settings = {
        "speech_to_text": "deepgram-nova-3",
        "language_model": "openai",
        "text_to_speech": "embedded",
    }
    talk, _ = in_unwaited_time(lambda: _talk_with_all(tmp_path, others, **settings))
    used = {event.body.provider for event in talk.events if isinstance(event.body, ProviderUsed)}

    assert "completed" == talk.outcome
    assert {"deepgram-nova-3", "openai"} == used


async def test_a_refused_key_is_told_at_the_start_by_readyz_and_by_doctor(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sentence = (
        "DEEPGRAM_API_KEY is refused by Deepgram (401): correct it,"
        " or unset it to use the embedded recogniser."
    )
    async with emulated("deepgram", lambda: ScriptedEars([ANSWER])) as vendor:
        settings = settings_for("deepgram", vendor.url) | {"deepgram_api_key": "not-the-right-one"}
        findings = await examine_vendors(Settings.load(data_dir=tmp_path, **settings))
        async with running_server(tmp_path, **settings, recogniser_processes=1) as server:
            ready = await server.http.get("/readyz")

    assert f"! {sentence}" in [record.getMessage() for record in caplog.records]
    assert (200, {"status": "ready", "warnings": [sentence]}) == (ready.status_code, ready.json())
    assert [sentence] == [finding.text for finding in findings if finding.state == "fault"]
    assert "not-the-right-one" not in caplog.text


WORK: dict[VendorName, str] = {
    "deepgram": "/v2/listen",
    "elevenlabs": "/stream/with-timestamps",
    "anthropic": "/v1/messages",
}
"""Where each is asked to hear, to speak, to judge."""


async def _interviewed(folder: Path, blueprint: Path) -> dict[str, Any]:
    """`vivavoce demo --participant simulated` with all vendors emulated, as slow as they usually are; the
    report that it wrote. On a busy machine one or the other may be late, and be stood in for."""
    out = folder / "out"
    arguments = ("demo", "--participant", "simulated", "--blueprint", blueprint, "--out", out)
    async with (
        decoding_ears() as ears,
        all_emulated(ears, usual_delays()) as (vendors, settings),
        program(*arguments, cwd=folder, settings=variables(settings)) as child,
    ):
        told, errors = await child.communicate()
        code = child.returncode
    asked = {name: any(WORK[name] in each.path for each in vendor.asked) for name, vendor in vendors.items()}

    assert code == 0, errors.decode()
    assert b"Interview    completed" in told
    assert {"deepgram": True, "elevenlabs": True, "anthropic": True} == asked
    assert run_command("replay", out / "events.jsonl").exit_code == 0
    report: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))
    return report


@pytest.mark.aloud
@pytest.mark.timeout(300)
async def test_a_simulated_participant_is_interviewed_by_all_three_vendors(tmp_path: Path) -> None:
    report = await _interviewed(tmp_path, part_of_sample(tmp_path / "study", "paper", probing=True))

    assert [] == report["required_unanswered"]
    assert report["word_errors"]["rate"] < 0.25


@pytest.mark.aloud
@pytest.mark.long
@pytest.mark.timeout(900)
async def test_the_whole_sample_study_is_held_by_all_three_vendors(tmp_path: Path) -> None:
    report = await _interviewed(tmp_path, SAMPLE / "blueprint.json")

    assert [] == report["required_unanswered"]
    assert report["path_expected"] == report["path_taken"]

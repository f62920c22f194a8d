"""Known words are made ahead of any talk, once, by the voice that a server of the same settings has."""

import json
from pathlib import Path
from typing import Any

import pytest

from dialog.blueprint import Blueprint
from dialog.script import known_words
from server.cli.output import Failure
from server.cli.prerender import Prerendered, make_ahead
from server.providers.catalog import choose
from server.providers.opening import PROMPTS_DIRECTORY, open_providers
from server.providers.protocols import Voice
from server.settings import Settings
from tests.emulators.deepgram_ears import ScriptedEars
from tests.support.command_line import run_command, write_json
from tests.support.short_talk import one_question
from tests.support.vendors import emulated, settings_for

TEXTS = known_words(one_question())


def written(folder: Path) -> Path:
    content = one_question().model_dump(mode="json", by_alias=True, exclude_none=True)
    return write_json(folder / "blueprint.json", content)


def told(*arguments: str | Path) -> dict[str, Any]:
    result = run_command("prerender", *arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


async def prerendered(design: Blueprint, data_dir: Path, **settings: Any) -> Prerendered:
    return await make_ahead(design, Settings.load(data_dir=data_dir, **settings), None)


def test_known_words_are_made_once_and_damaged_ones_again(tmp_path: Path) -> None:
    file, data = written(tmp_path), tmp_path / "data"
    first = told(file, "--data-dir", data)
    clips = sorted((data / PROMPTS_DIRECTORY).glob("*/*"))
    second = told(file, "--data-dir", data)
    clips[0].write_bytes(b"no clip")
    clips[1].write_bytes(b"")
    third = told(file, "--data-dir", data)
    bare = run_command("prerender", file, "--data-dir", data)

    assert len(TEXTS) == first["texts"] == len(clips)
    assert {"provider": "embedded", "voice_id": "", "speed": 1.0} == first["voice"]
    assert [0, len(TEXTS), len(TEXTS) - 2] == [each["already"] for each in (first, second, third)]
    assert first["seconds"] == second["seconds"] == third["seconds"] > len(TEXTS) / 2
    assert [[], [], []] == [each["failed"] for each in (first, second, third)]
    assert (0, "") == (bare.exit_code, bare.stderr)
    assert f"0 made now, {len(TEXTS)} there before" in bare.stdout


async def test_a_server_finds_them_and_asks_its_vendor_for_none(tmp_path: Path) -> None:
    async with emulated("elevenlabs", lambda: ScriptedEars([])) as vendor:
        settings = settings_for("elevenlabs", vendor.url)
        done = await prerendered(one_question(), tmp_path, **settings)
        made = asked_to_speak(vendor.asked)
        choice = choose(Settings.load(data_dir=tmp_path, **settings))
        async with open_providers(data_dir=tmp_path, recogniser_processes=0, choice=choice) as providers:
            failed = await providers.prompt_cache.prepare(TEXTS, Voice("", ""))
            clips = [providers.prompt_cache.lookup(text, Voice("", "")) for text in TEXTS]

        assert "elevenlabs" == done.voice.provider
        assert ([], []) == (done.failed, failed)
        assert None not in clips
        assert len(TEXTS) == made == asked_to_speak(vendor.asked)


def asked_to_speak(asked: Any) -> int:
    return sum("text-to-speech" in each.path and "with-timestamps" in each.path for each in asked)


async def test_a_refused_key_makes_nothing_and_is_told_in_one_sentence(tmp_path: Path) -> None:
    async with emulated("elevenlabs", lambda: ScriptedEars([])) as vendor:
        settings = settings_for("elevenlabs", vendor.url) | {"elevenlabs_api_key": "not-the-right-one"}
        with pytest.raises(Failure, match="ELEVENLABS_API_KEY is refused") as failed:
            await prerendered(one_question(), tmp_path, **settings)

        assert "not-the-right-one" not in failed.value.message
        assert 0 == asked_to_speak(vendor.asked)


async def test_texts_that_another_voice_would_have_to_say_are_missing(tmp_path: Path) -> None:
    async with emulated("elevenlabs", lambda: ScriptedEars([])) as vendor:
        vendor.script.fail("failing", path="with-timestamps")
        done = await prerendered(one_question(), tmp_path, **settings_for("elevenlabs", vendor.url))

    assert (TEXTS, 0) == (done.failed, done.already)
    assert [] == list((tmp_path / PROMPTS_DIRECTORY).glob("*/*"))


async def test_a_language_that_no_voice_knows_is_refused(tmp_path: Path) -> None:
    design = one_question()
    german = design.model_copy(update={"settings": design.settings.model_copy(update={"language": "de-DE"})})
    with pytest.raises(Failure, match="'de-DE'"):
        await prerendered(german, tmp_path)


async def test_a_directory_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / PROMPTS_DIRECTORY).write_text("a file where a directory should be", encoding="utf-8")
    with pytest.raises(Failure, match="can't be written to"):
        await prerendered(one_question(), tmp_path)


def test_a_file_that_is_not_there_or_no_blueprint_is_refused(tmp_path: Path) -> None:
    no_blueprint = write_json(tmp_path / "empty.json", {})

    assert 2 == run_command("prerender", tmp_path / "nowhere.json").exit_code
    assert 1 == run_command("prerender", no_blueprint, "--data-dir", tmp_path).exit_code

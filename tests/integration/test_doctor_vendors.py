"""What `doctor` says of vendors' keys: in each state one sentence that names the key, and the way out."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from server.cli.examinations import Finding
from server.cli.vendor_examinations import examine_vendors
from server.providers.catalog import CONSOLES
from server.settings import VENDORS, Settings
from tests.emulators import anthropic, deepgram, openai
from tests.emulators.anthropic import AnthropicEmulator
from tests.emulators.deepgram import DeepgramEmulator
from tests.emulators.deepgram_ears import ScriptedEars
from tests.emulators.elevenlabs import elevenlabs_emulator
from tests.emulators.openai import OpenAIEmulator
from tests.emulators.script import Script
from tests.emulators.vendor_server import vendor_server
from tests.support.vendors import VendorName, settings_for

pytestmark = pytest.mark.usefixtures("elsewhere")
WORKS: dict[VendorName, tuple[str, str, str]] = {
    "deepgram": ("recogniser", "DEEPGRAM_API_KEY", "Deepgram"),
    "elevenlabs": ("voice", "ELEVENLABS_API_KEY", "ElevenLabs"),
    "anthropic": ("interviewer", "ANTHROPIC_API_KEY", "Anthropic"),
    "openai": ("interviewer", "OPENAI_API_KEY", "OpenAI"),
}
RIGHT: dict[VendorName, str] = {
    "deepgram": "Deepgram takes DEEPGRAM_API_KEY: deepgram-flux listens.",
    "elevenlabs": "ElevenLabs takes ELEVENLABS_API_KEY: elevenlabs speaks.",
    "anthropic": "Anthropic takes ANTHROPIC_API_KEY: anthropic judges answers and words what is asked next.",
    "openai": "OpenAI takes OPENAI_API_KEY: openai judges answers and words what is asked next.",
}
NAMES: tuple[VendorName, ...] = tuple(WORKS)


@asynccontextmanager
async def a_vendor(name: VendorName, *, broke: bool = False) -> AsyncIterator[dict[str, Any]]:
    """The settings that lead to it; whether its account has no credit."""
    if name == "elevenlabs":
        async with elevenlabs_emulator() as running:
            running.manners.characters_left = not broke
            yield settings_for(name, running.vendor.url)
        return
    emulator: DeepgramEmulator | AnthropicEmulator | OpenAIEmulator
    match name:
        case "deepgram":
            emulator, refusal = DeepgramEmulator(lambda: ScriptedEars(["yes"])), deepgram.refusal
            script = emulator.script
        case "anthropic":
            script = Script()
            emulator, refusal = AnthropicEmulator(script), anthropic.refusal
        case "openai":
            script = Script()
            emulator, refusal = OpenAIEmulator(script), openai.refusal
    emulator.broke = broke
    async with vendor_server(emulator.app, script, refusal=refusal) as vendor:
        yield settings_for(name, vendor.url)


async def found(name: VendorName, settings: dict[str, Any]) -> Finding:
    """What is said of this vendor's work."""
    work = WORKS[name][0]
    (finding,) = [one for one in await examine_vendors(Settings.load(**settings)) if one.name == work]
    return finding


@pytest.mark.parametrize("name", NAMES)
async def test_a_right_key_is_told_with_the_work_that_it_does(name: VendorName) -> None:
    async with a_vendor(name) as settings:
        finding = await found(name, settings)

    assert Finding(WORKS[name][0], "ok", RIGHT[name]) == finding


@pytest.mark.parametrize("name", NAMES)
async def test_a_wrong_key_is_told_with_where_it_was_sent_and_where_another_is_made(
    name: VendorName,
) -> None:
    work, key, company = WORKS[name]
    async with a_vendor(name) as settings:
        finding = await found(name, settings | {f"{name}_api_key": "not-the-right-one"})
        address = settings[f"{name}_url"]

    assert "fault" == finding.state
    assert (
        f"{key} is refused by {company} (401): correct it, or unset it to use the embedded {work}."
        == finding.text
    )
    assert (
        f"Copy the key again from {CONSOLES[name]}, whole, without quotation marks or spaces. It was sent"
        f" where VIVAVOCE_{name.upper()}_URL leads: {address.removesuffix('/v1')}." == finding.remedy
    )


@pytest.mark.parametrize("name", NAMES)
async def test_a_key_without_credit_is_not_called_wrong(name: VendorName) -> None:
    work, key, company = WORKS[name]
    async with a_vendor(name, broke=True) as settings:
        finding = await found(name, settings)

    assert "fault" == finding.state
    assert (
        f"{key} has no credit left at {company} (402): pay there, or unset it to use the embedded {work}."
        == finding.text
    )
    assert CONSOLES[name] in (finding.remedy or "")


@pytest.mark.parametrize("name", NAMES)
async def test_a_vendor_that_cannot_be_reached_is_a_warning_and_no_fault_of_the_key(name: VendorName) -> None:
    work, _, company = WORKS[name]
    with socket.socket() as nobody:  # bound and deaf: a connection is refused
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        finding = await found(name, settings_for(name, url))

    assert "warning" == finding.state
    assert finding.text.startswith(f"{company} can't be used now (")
    assert finding.text.endswith(f"): until it can, the embedded {work} does its work.")
    assert (
        f"See that VIVAVOCE_{name.upper()}_URL is right and a server runs there: {url} was asked."
        == finding.remedy
    )


async def test_without_keys_each_role_is_told_with_the_key_that_it_would_take() -> None:
    said = [(one.name, one.state, one.text) for one in await examine_vendors(Settings.load())]

    assert [
        ("recogniser", "ok", "DEEPGRAM_API_KEY isn't set: the embedded recogniser listens."),
        ("voice", "ok", "ELEVENLABS_API_KEY isn't set: the embedded voice speaks."),
        (
            "interviewer",
            "ok",
            "Neither ANTHROPIC_API_KEY nor OPENAI_API_KEY is set: the embedded interviewer judges answers and"
            " words what is asked next.",
        ),
    ] == said


async def test_a_role_that_is_set_to_be_embedded_is_told_so() -> None:
    settings = Settings.load(deepgram_api_key="a-key", speech_to_text="embedded")
    told = [one.text for one in await examine_vendors(settings) if one.name == "recogniser"]

    assert ["VIVAVOCE_SPEECH_TO_TEXT is embedded: the embedded recogniser listens."] == told


def test_people_are_led_to_every_vendors_console() -> None:
    assert set(VENDORS) == set(CONSOLES)

"""Who is opened by an operator's settings, and what is said where that can't be."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from server.providers.catalog import LINES, Chosen, Line, cautions, choose
from server.providers.health import Health, complaint
from server.providers.opening import open_providers
from server.providers.protocols import ProviderError, SpeechChunk, Voice
from server.providers.standing import Standings
from server.settings import VENDORS, Settings, SettingsError, VendorAccess
from tests.emulators.voices import ToneVoice, tone

pytestmark = pytest.mark.usefixtures("elsewhere")
BY_NAME = {line.name: line for line in LINES}
KEYS = {f"{vendor}_api_key": f"{vendor}-key" for vendor in VENDORS}


def names(chosen: Sequence[Chosen]) -> list[str]:
    return [one.line.name for one in chosen]


def test_without_keys_nobody_is_opened() -> None:
    assert () == choose(Settings.load()).all


def test_each_key_opens_the_first_provider_of_its_vendor_in_each_role() -> None:
    choice = choose(Settings.load(**KEYS, openai_url="http://localhost:9/v1/"))

    assert ["deepgram-flux"] == names(choice.speech_to_text)
    assert ["elevenlabs"] == names(choice.text_to_speech)
    assert ["anthropic", "openai"] == names(choice.language_model)
    assert VendorAccess("openai-key", "http://localhost:9/v1") == choice.language_model[1].access


def test_one_setting_swaps_a_provider() -> None:
    choice = choose(
        Settings.load(
            **KEYS, speech_to_text="deepgram-nova-3", text_to_speech="embedded", language_model="openai"
        )
    )

    assert ["deepgram-nova-3", "openai"] == names(choice.all)


def test_who_does_which_work_is_told_for_those_without_a_key_too() -> None:
    choice = choose(Settings.load(deepgram_api_key="a-key", elevenlabs_api_key="a-key"))

    assert (
        "deepgram-flux listens, elevenlabs speaks, embedded judges answers and words what is asked next"
        == choice.told
    )


def test_a_setting_that_cannot_be_is_told_in_a_sentence() -> None:
    with pytest.raises(SettingsError) as caught:
        choose(Settings.load(speech_to_text="deepgramm", text_to_speech="elevenlabs"))

    assert [
        "VIVAVOCE_SPEECH_TO_TEXT is 'deepgramm', but it must be one of embedded, deepgram-flux,"
        " deepgram-nova-3: correct it.",
        "VIVAVOCE_TEXT_TO_SPEECH is elevenlabs, but ELEVENLABS_API_KEY isn't set: set it, or choose embedded"
        " instead.",
    ] == caught.value.faults


def test_an_address_that_does_nothing_or_sends_in_clear_is_told_in_a_sentence() -> None:
    settings = Settings.load(
        openai_url="http://localhost:9/v1",
        deepgram_url="http://proxy.example",
        deepgram_api_key="a-key",
        elevenlabs_url="https://proxy.example",
        elevenlabs_api_key="a-key",
        anthropic_url="http://127.0.0.1:8000",
        anthropic_api_key="a-key",
    )

    assert (
        "VIVAVOCE_DEEPGRAM_URL leads to another machine over plain HTTP: the key and what is said can be read"
        " on the way. Use https.",
        "VIVAVOCE_OPENAI_URL is set, but OPENAI_API_KEY isn't, so OpenAI isn't used: set it too (to anything,"
        " where a server of your own asks for none).",
    ) == cautions(settings)


def test_every_line_is_of_a_vendor_that_has_a_key_and_no_name_is_twice() -> None:
    assert {line.vendor for line in LINES} == set(VENDORS)
    assert len(BY_NAME) == len(LINES)


def test_languages_are_known_by_their_first_part() -> None:
    flux, nova = BY_NAME["deepgram-flux"], BY_NAME["deepgram-nova-3"]

    assert [True, True, False] == [flux.knows(language) for language in ("en-GB", "DE", "sw")]
    assert nova.knows("sw")


class Tried:
    """A vendor's Service whose check fails with each of these, then doesn't."""

    def __init__(self, *faults: Exception) -> None:
        self._faults = list(faults)

    async def run(self) -> None:
        raise NotImplementedError

    async def check(self) -> None:
        if self._faults:
            raise self._faults.pop(0)


REFUSED = ProviderError("deepgram", "refuses the key (401).", retryable=False, status=401)

BROKE = ProviderError("deepgram", "the account has no credit (402).", retryable=False, status=402)


def test_a_refused_key_is_told_in_one_sentence_with_the_way_out() -> None:
    expected = (
        "DEEPGRAM_API_KEY is refused by Deepgram (401): correct it,"
        " or unset it to use the embedded recogniser."
    )

    assert expected == complaint(BY_NAME["deepgram-flux"], REFUSED)


def test_a_key_that_may_not_do_the_work_is_not_called_wrong() -> None:
    fault = ProviderError("deepgram", "the key isn't allowed to do this (403).", retryable=False, status=403)
    expected = (
        "DEEPGRAM_API_KEY isn't allowed to do this by Deepgram (403): give it the right there, take another,"
        " or unset it to use the embedded recogniser."
    )

    assert expected == complaint(BY_NAME["deepgram-flux"], fault)


@pytest.mark.parametrize("fault", [REFUSED, BROKE], ids=["a wrong key", "no credit"])
async def test_a_vendor_whose_key_is_refused_is_left_alone_until_a_later_look_finds_it_well(
    fault: ProviderError,
) -> None:
    line = BY_NAME["deepgram-flux"]
    hearing = Standings("speech_to_text")
    health = Health([(line, Tried(fault))], [hearing])
    await health.look()

    assert [complaint(line, fault)] == list(health.complaints)
    assert {("speech_to_text", "deepgram-flux"): True} == health.resting
    assert not hearing.admits("deepgram-flux")

    await health.look()

    assert [] == list(health.complaints)
    assert {("speech_to_text", "deepgram-flux"): False} == health.resting


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.name)
async def test_every_provider_that_is_offered_can_be_made(line: Line) -> None:
    made = line.make(VendorAccess("a-key", "http://127.0.0.1:9"))

    assert line.name == made.name


async def test_a_key_that_is_revoked_while_the_server_runs_is_told_at_the_next_look() -> None:
    line = BY_NAME["deepgram-flux"]
    hearing = Standings("speech_to_text")
    health = Health([(line, Tried(REFUSED))], [hearing])
    await health.look_again()
    unasked = health.complaints
    hearing.failed("deepgram-flux", REFUSED)
    await health.look_again()

    assert () == unasked
    assert (complaint(line, REFUSED),) == health.complaints


async def test_strangers_are_not_told_what_a_vendor_says_and_nobody_an_addresss_password() -> None:
    fault = ProviderError("openai", "no way to https://me:secret@proxy.lan/v1?a=b@c", retryable=True)
    health = Health([(BY_NAME["openai"], Tried(fault))], [Standings("language_model")])
    await health.look()

    assert (
        "OpenAI can't be used now: until it can, the embedded interviewer does its work.",
    ) == health.warnings
    assert (
        "OpenAI can't be used now (no way to https://proxy.lan/v1?a=b@c): until it can,"
        " the embedded interviewer does its work.",
    ) == health.complaints
    assert "secret" not in str(fault)


async def test_whatever_a_check_raises_is_told_and_nothing_of_it_that_is_not_ours() -> None:
    health = Health(
        [
            (BY_NAME["elevenlabs"], Tried(ValueError("a participant said so"))),
            (BY_NAME["openai"], Tried(ProviderError("openai", "answers 503.", retryable=True, status=503))),
        ],
        [Standings("text_to_speech"), Standings("language_model")],
    )
    await health.look()

    assert (
        "ElevenLabs can't be used now (ValueError): until it can, the embedded voice does its work.",
        "OpenAI can't be used now (answers 503): until it can, the embedded interviewer does its work.",
    ) == health.complaints


class Beeps:
    """A provider's file: its role's Protocol and `Service`."""

    name = "beeps"

    def __init__(self, access: VendorAccess) -> None:
        self.access = access
        self._tone = ToneVoice("beeps")

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def check(self) -> None:
        pass

    def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        return self._tone.synthesize(text, voice)


async def test_a_provider_is_added_by_its_file_and_a_line_and_used_by_one_setting(tmp_path: Path) -> None:
    lines = (*LINES, Line("beeps", "text_to_speech", "elevenlabs", "Beeps & Co.", Beeps))
    settings = Settings.load(text_to_speech="beeps", elevenlabs_api_key="a-key")
    choice = choose(settings, lines)
    async with open_providers(data_dir=tmp_path, recogniser_processes=1, choice=choice) as providers:
        text_to_speech = providers.text_to_speech
        chunks = [chunk async for chunk in text_to_speech.synthesize("Hello.", Voice("beeps", ""))]
        failed = await providers.prompt_cache.prepare(["Hello."], Voice("beeps", ""))

    assert b"".join(chunk.pcm for chunk in chunks).strip(b"\0") == (tone(0.25) + tone(0.25)).strip(b"\0")
    assert not any(chunk.stand_in for chunk in chunks)
    assert [] == failed

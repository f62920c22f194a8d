"""A talk analysed by a vendor's model: the findings are its own, and only what is true of them stands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from dialog.analysis import Findings, Question, Statement, Talk, vetted
from dialog.study import ChosenModel
from server.pipeline.analyst import AnalysisFailed
from server.pipeline.model_analyst import ModelAnalyst, ModelAnalysts
from server.providers.models.anthropic import AnthropicModels
from server.providers.models.openai import OpenAIModels
from server.providers.models.vendor import Vendor
from server.providers.witness import Told, Usage, Witness
from tests.emulators import anthropic, openai
from tests.emulators.model_mind import Mind, Prompt
from tests.emulators.script import Script
from tests.emulators.vendor_server import vendor_server
from tests.support.model_requests import CALM, STUDY
from tests.support.unwaited_time import unwaited

TALK = Talk(
    "en",
    (Question("q1", "Which tools do you use?"), Question("q2", "What failed?")),
    (
        Statement("e1", "q1", "I use the old scanner every day, the scanner is slow but it works."),
        Statement("e2", "q2", "The scanner broke in March and nobody could repair the scanner for weeks."),
    ),
)


class Inventive(Mind):
    """Finds what the rules find, with one quote changed and one made up."""

    def reply(self, prompt: Prompt) -> str:
        found = msgspec.json.decode(super().reply(prompt))
        found["summary"] += " They said “I hate the boss”."
        for theme in found["themes"]:
            theme["evidence"].append({"entry_id": "e1", "quote": "I use the new scanner every day"})
        found["themes"].append(
            {"label": "Invented", "salience": 0.9, "evidence": [{"entry_id": "e9", "quote": "scanner"}]}
        )
        return msgspec.json.encode(found).decode()


class Dull(Mind):
    """Writes something else."""

    def reply(self, prompt: Prompt) -> str:
        return '{"summary": 3}'


@asynccontextmanager
async def analyst(
    name: str,
    mind: Mind,
    script: Script | None = None,
    *,
    told: Witness | None = None,
    longest_work: float = 120.0,
) -> AsyncIterator[ModelAnalyst]:
    script = script or Script()
    emulator = (
        anthropic.AnthropicEmulator(script, mind)
        if name == "anthropic"
        else openai.OpenAIEmulator(script, mind)
    )
    async with vendor_server(emulator.app, script) as server, asyncio.TaskGroup() as tasks:
        vendor: Vendor = (
            AnthropicModels(anthropic.KEY, server.url, patience=CALM)
            if name == "anthropic"
            else OpenAIModels(openai.KEY, f"{server.url}/v1", patience=CALM)
        )
        service = tasks.create_task(vendor.run())
        yield ModelAnalyst(vendor, told=told, longest_work=longest_work)
        service.cancel()


@pytest.mark.parametrize("name", ["anthropic", "openai"])
@unwaited
async def test_only_what_is_true_of_a_models_findings_stands(name: str) -> None:
    told: list[Told] = []
    async with analyst(name, Inventive(), told=told.append) as asked:
        claimed = await asked.analyse(TALK)
        model = asked.model
    found = vetted(claimed, TALK)
    said = {statement.entry_id: statement.text for statement in TALK.statements}

    assert isinstance(claimed, Findings)
    assert sum(each.input_tokens for each in told if isinstance(each, Usage)) > 100
    assert model.startswith(f"{name}/")
    assert found.themes
    assert all(each.quote in said[each.entry_id] for theme in found.themes for each in theme.evidence)
    assert "Invented" not in {theme.label for theme in found.themes}
    assert "“I hate the boss”" not in found.summary


@unwaited
async def test_a_reply_without_findings_is_a_failure_in_our_own_words() -> None:
    async with analyst("anthropic", Dull()) as asked:
        with pytest.raises(AnalysisFailed, match="none of findings"):
            await asked.analyse(TALK)


@unwaited
async def test_a_vendor_that_is_down_is_a_failure_that_may_pass() -> None:
    script = Script()
    script.fail("failing")
    async with analyst("openai", Mind(), script) as asked:
        with pytest.raises(AnalysisFailed, match="503"):
            await asked.analyse(TALK)


@unwaited
async def test_a_vendor_that_drips_for_ever_is_given_up() -> None:
    script = Script()
    script.fail("stalled_midway", after=3)
    async with analyst("anthropic", Mind(), script, longest_work=0.3) as asked:
        with pytest.raises(AnalysisFailed, match=r"anthropic/.* took longer than 0\.3 s"):
            await asked.analyse(TALK)


@pytest.mark.parametrize(
    ("generation", "assessment", "expected"),
    [
        (None, None, "anthropic/claude-sonnet-5"),
        (("openai", "gpt-5"), ("openai", "llama-at-home"), "openai/llama-at-home"),
        (("openai", "gpt-5"), None, "openai/gpt-4.1"),
        (("anthropic", "claude-haiku-4-5"), ("elsewhere", "some"), "anthropic/claude-sonnet-5"),
    ],
)
def test_a_talk_is_analysed_by_the_model_that_its_study_has_answers_assessed_by(
    generation: tuple[str, str] | None, assessment: tuple[str, str] | None, expected: str
) -> None:
    vendors = (AnthropicModels("a-key"), OpenAIModels("a-key", "http://127.0.0.1:9/v1"))
    study = msgspec.structs.replace(
        STUDY,
        generation=None if generation is None else ChosenModel(*generation),
        assessment=None if assessment is None else ChosenModel(*assessment),
    )

    assert expected == ModelAnalysts(vendors).of(study).model

"""What every interviewer must do, whoever it is: rules, a vendor's emulator through the vendor's own library,
and the vendor itself where a key is set."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from dialog.judgement import Exchange, Judgement
from dialog.probe_guard import check_probe
from server.providers.embedded.interviewer import EmbeddedInterviewer
from server.providers.models.anthropic import AnthropicModels
from server.providers.models.interviewer import ModelInterviewer
from server.providers.models.openai import OpenAIModels
from server.providers.protocols import LanguageModel
from server.settings import Settings
from tests.emulators import anthropic, openai
from tests.emulators.script import Script
from tests.emulators.vendor_server import vendor_server
from tests.support.model_requests import STUDY, request

Opening = Callable[[], AbstractAsyncContextManager[LanguageModel]]


@asynccontextmanager
async def embedded() -> AsyncIterator[LanguageModel]:
    yield EmbeddedInterviewer()


@asynccontextmanager
async def running(model: ModelInterviewer) -> AsyncIterator[LanguageModel]:
    async with asyncio.TaskGroup() as tasks:
        service = tasks.create_task(model.run())
        yield model
        service.cancel()


@asynccontextmanager
async def anthropic_emulated() -> AsyncIterator[LanguageModel]:
    emulator = anthropic.AnthropicEmulator(Script())
    async with vendor_server(emulator.app) as vendor:
        async with running(ModelInterviewer(AnthropicModels(anthropic.KEY, vendor.url))) as model:
            yield model


@asynccontextmanager
async def openai_emulated() -> AsyncIterator[LanguageModel]:
    emulator = openai.OpenAIEmulator(Script())
    async with vendor_server(emulator.app) as vendor:
        async with running(ModelInterviewer(OpenAIModels(openai.KEY, f"{vendor.url}/v1"))) as model:
            yield model


@asynccontextmanager
async def anthropic_itself() -> AsyncIterator[LanguageModel]:
    async with running(ModelInterviewer(AnthropicModels(*Settings.load().vendor("anthropic")))) as model:
        yield model


@asynccontextmanager
async def openai_itself() -> AsyncIterator[LanguageModel]:
    async with running(ModelInterviewer(OpenAIModels(*Settings.load().vendor("openai")))) as model:
        yield model


def _without(vendor: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not Settings.load().vendor(vendor).key, reason=f"no key for {vendor} is set")


@pytest.fixture(
    params=[
        embedded,
        anthropic_emulated,
        openai_emulated,
        pytest.param(anthropic_itself, marks=_without("anthropic")),
        pytest.param(openai_itself, marks=_without("openai")),
    ],
    ids=lambda opening: opening.__name__,
)
async def interviewer(request: pytest.FixtureRequest) -> AsyncIterator[LanguageModel]:
    opening: Opening = request.param
    async with opening() as model:
        yield model


async def test_a_thin_answer_gets_a_question_that_the_guard_lets_pass(interviewer: LanguageModel) -> None:
    asked = request("it's all a bit of a mess")
    judgement = await interviewer.judge(asked)

    assert judgement.verdict in ("vague", "general", "missing")
    assert judgement.probe is not None
    assert [] == check_probe(judgement.probe, asked)
    assert judgement.probe.span in asked.answer


async def test_where_nothing_may_follow_nothing_is_asked(interviewer: LanguageModel) -> None:
    judgement = await interviewer.judge(request("it's a mess", follow_ups_left=0))

    assert judgement.probe is None


async def test_who_would_rather_not_say_is_not_asked_again(interviewer: LanguageModel) -> None:
    judgement = await interviewer.judge(request("I'd rather not talk about that"))

    assert ("refused", None) == (judgement.verdict, judgement.probe)


async def test_who_asks_back_is_understood(interviewer: LanguageModel) -> None:
    assert "asks_back" == (await interviewer.judge(request("what do you mean by tools"))).verdict


async def test_a_number_is_read_from_words(interviewer: LanguageModel) -> None:
    field = {"name": "years", "label": "For how many years?", "type": "number", "required": True}
    judgement = await interviewer.judge(
        request("um about twelve", node_type="form", question="For how many years?", fields=(field,))
    )

    assert "sufficient" == judgement.verdict
    assert {"years": 12} == judgement.data


async def test_an_edge_that_holds_is_named(interviewer: LanguageModel) -> None:
    told = (Exchange("before", "What do you do?", "I repair ships in the harbour."),)
    answer = "the price was far too high so last year we bought the cheaper one from the shop in town"
    judgement = await interviewer.judge(request(answer, edges=(3,), exchanges=told))

    assert (3,) == judgement.assessed


async def test_preparing_raises_nothing(interviewer: LanguageModel) -> None:
    await interviewer.prepare(STUDY)

    assert isinstance(await interviewer.judge(request("a hammer")), Judgement)

import asyncio

import pytest

from dialog.commands import Judge
from dialog.judgement import Judgement, JudgementRequest
from dialog.signals import AnySignal, JudgementArrived, JudgementFailed
from dialog.study import Study
from server.live.interpreter import Interpreter
from server.live.mailbox import Mailbox
from server.providers.protocols import UNWATCHED, CallWatch, ProviderError, TokensUsed

REQUEST = JudgementRequest("q1", "question", "How was it?", None, None, "Fine.", "Fine.", 1.0)
COST = TokensUsed("told", "small", 100, 2_000, 20)


class Telling:
    """Says what it says after its first token, or fails."""

    name = "told"

    def __init__(self, fault: Exception | None = None) -> None:
        self.prepared: list[Study] = []
        self._fault = fault

    async def judge(self, request: JudgementRequest, watch: CallWatch = UNWATCHED) -> Judgement:
        watch.first_token()
        watch.used(COST)
        if self._fault is not None:
            raise self._fault
        return Judgement("sufficient", judged_by=self.name)

    async def prepare(self, study: Study) -> None:
        self.prepared.append(study)
        if self._fault is not None:
            raise self._fault


async def answer_of(model: Telling, costs: list[TokensUsed]) -> AnySignal:
    mailbox = Mailbox()
    async with asyncio.TaskGroup() as tasks:
        mind = Interpreter(model, mailbox, tasks, now=lambda: 12.5, used=costs.append)
        mind.judge(Judge(3, REQUEST))
        return await mailbox.receive(until=None)


async def test_a_judgement_tells_when_its_first_token_came_and_what_it_cost() -> None:
    costs: list[TokensUsed] = []

    signal = await answer_of(Telling(), costs)

    assert JudgementArrived(3, Judgement("sufficient", judged_by="told"), 12.5) == signal
    assert [COST] == costs


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ProviderError("told", "overloaded", retryable=True), "told: overloaded"),
        (ValueError("a word of the participant's"), "ValueError"),
    ],
)
async def test_whatever_a_model_raises_is_a_failed_judgement(fault: Exception, reason: str) -> None:
    signal = await answer_of(Telling(fault), [])

    assert JudgementFailed(3, reason) == signal


async def test_a_model_that_cannot_be_prepared_leaves_the_talk_as_it_is() -> None:
    model = Telling(ValueError("bug"))
    study = Study("Robin", "You interview.", "neutral", "en", "allow")
    async with asyncio.TaskGroup() as tasks:
        Interpreter(model, Mailbox(), tasks, now=lambda: 0.0).prepare(study)

    assert [study] == model.prepared

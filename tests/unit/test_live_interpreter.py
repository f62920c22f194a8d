import asyncio

import pytest

from dialog.commands import Judge
from dialog.judgement import Judgement, JudgementRequest
from dialog.signals import AnySignal, JudgementArrived, JudgementFailed
from dialog.study import Study
from server.live.interpreter import Interpreter
from server.live.mailbox import Mailbox
from server.providers.protocols import ProviderError
from server.providers.witness import FirstToken, Told, Usage, tell, witnessed_by

REQUEST = JudgementRequest("q1", "question", "How was it?", None, None, "Fine.", "Fine.", 1.0)
COST = Usage("told", input_tokens=100, cached_tokens=2_000, output_tokens=20)


class Telling:
    """Says what it says after its first token, or fails."""

    name = "told"

    def __init__(self, fault: Exception | None = None) -> None:
        self.prepared: list[Study] = []
        self._fault = fault

    async def judge(self, request: JudgementRequest) -> Judgement:
        tell(FirstToken(self.name))
        tell(COST)
        if self._fault is not None:
            raise self._fault
        return Judgement("sufficient", judged_by=self.name)

    async def prepare(self, study: Study) -> None:
        self.prepared.append(study)
        if self._fault is not None:
            raise self._fault


async def answer_of(model: Telling) -> AnySignal:
    mailbox = Mailbox()
    async with asyncio.TaskGroup() as tasks:
        mind = Interpreter(model, mailbox, tasks, now=lambda: 12.5)
        mind.judge(Judge(3, REQUEST))
        return await mailbox.receive(until=None)


async def test_a_judgement_tells_when_its_first_token_came_and_what_it_cost() -> None:
    told: list[Told] = []
    with witnessed_by(told.append):
        signal = await answer_of(Telling())

    assert JudgementArrived(3, Judgement("sufficient", judged_by="told"), 12.5) == signal
    assert [FirstToken("told"), COST] == told


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ProviderError("told", "overloaded", retryable=True), "told: overloaded"),
        (ValueError("a word of the participant's"), "ValueError"),
    ],
)
async def test_whatever_a_model_raises_is_a_failed_judgement(fault: Exception, reason: str) -> None:
    signal = await answer_of(Telling(fault))

    assert JudgementFailed(3, reason) == signal


async def test_a_model_that_cannot_be_prepared_leaves_the_talk_as_it_is() -> None:
    model = Telling(ValueError("bug"))
    study = Study("Robin", "You interview.", "neutral", "en", "allow")
    async with asyncio.TaskGroup() as tasks:
        Interpreter(model, Mailbox(), tasks, now=lambda: 0.0).prepare(study)

    assert [study] == model.prepared

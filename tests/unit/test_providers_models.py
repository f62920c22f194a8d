"""Models that are late or fail: a second call, then rules, and whom the study wants."""

import asyncio
import time

import pytest
from msgspec.structs import replace

from dialog.judgement import Judgement, JudgementRequest
from dialog.study import ChosenModel, Study
from server.providers.embedded.interviewer import EmbeddedInterviewer
from server.providers.fallback_model import FallbackModel
from server.providers.hedged import HedgedModel
from server.providers.protocols import LanguageModel, ProviderError
from server.providers.witness import Decision, FirstToken, Told, tell, witnessed_by
from tests.support.virtual_time import in_virtual_time

REQUEST = JudgementRequest("tools", "question", "Which tool?", None, None, "A hammer.", "A hammer.", 0.9)
STUDY = Study("Robin", "You ask.", "neutral", "en", "allow", generation=ChosenModel("second", "big"))
OVERLOADED = ProviderError("model", "overloaded", retryable=True)
BUSY = ProviderError("model", "busy", retryable=True, status=429, retry_after=20.0)
REFUSED = ProviderError("model", "refuses the key (401)", retryable=False, status=401)


class TimedModel:
    """Takes, call by call, so long to its first token, and 0.1 s more; or fails after so long."""

    def __init__(self, *calls: float | tuple[float, Exception], name: str = "model") -> None:
        self.name = name
        self.given_up = 0
        self.asked = 0
        self._calls = calls

    async def judge(self, request: JudgementRequest) -> Judgement:
        call = self._calls[min(self.asked, len(self._calls) - 1)]
        self.asked += 1
        number = self.asked
        try:
            if isinstance(call, tuple):
                await asyncio.sleep(call[0])
                raise call[1]
            await asyncio.sleep(call)
            tell(FirstToken(self.name))
            await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        return Judgement("sufficient", judged_by=f"{self.name} {number}")

    async def prepare(self, study: Study) -> None:
        self.asked += 100


class BrokenOffModel(TimedModel):
    """Its first reply begins and breaks off; the second is there at once."""

    def __init__(self, *, begins_at: float, breaks_off_at: float) -> None:
        super().__init__(0.0)
        self._begins_at = begins_at
        self._rest = breaks_off_at - begins_at

    async def judge(self, request: JudgementRequest) -> Judgement:
        self.asked += 1
        if self.asked == 1:
            await asyncio.sleep(self._begins_at)
            tell(FirstToken(self.name))
            await asyncio.sleep(self._rest)
            raise OVERLOADED
        return Judgement("sufficient", judged_by=f"{self.name} {self.asked}")


def judged(
    model: LanguageModel, request: JudgementRequest = REQUEST, times: int = 1
) -> tuple[Judgement, float, list[str]]:
    """The last of some judgements, how long all took, and what was decided meanwhile."""
    told: list[Told] = []

    async def main() -> tuple[Judgement, float]:
        with witnessed_by(told.append):
            for _ in range(times):
                judgement = await model.judge(request)
        return judgement, asyncio.get_running_loop().time()

    judgement, took = in_virtual_time(main)
    return judgement, took, [one.decision for one in told if isinstance(one, Decision)]


def test_a_model_that_answers_in_time_is_asked_once() -> None:
    model = TimedModel(0.8)
    judgement, took, decisions = judged(HedgedModel(model))

    assert ("model 1", 1) == (judgement.judged_by, model.asked)
    assert 0.9 == pytest.approx(took)
    assert [] == decisions


def test_when_the_first_token_is_late_a_second_call_is_made_and_the_quicker_one_counts() -> None:
    model = TimedModel(9.0, 0.3)
    judgement, took, decisions = judged(HedgedModel(model))

    assert "model 2" == judgement.judged_by
    assert 1.3 == pytest.approx(took)
    assert ["hedged"] == decisions
    assert (2, 1) == (model.asked, model.given_up)


def test_the_first_call_may_still_win() -> None:
    judgement, took, _ = judged(HedgedModel(TimedModel(1.0, 5.0)))

    assert "model 1" == judgement.judged_by
    assert 1.1 == pytest.approx(took)


def test_a_failure_that_may_pass_is_tried_again_at_once_and_others_are_not() -> None:
    passing, lasting, busy = (
        TimedModel((0.1, OVERLOADED), 0.2),
        TimedModel((0.1, REFUSED)),
        TimedModel((0, BUSY)),
    )
    judgement, took, _ = judged(HedgedModel(passing))
    for model in (lasting, busy):
        with pytest.raises(ProviderError):
            judged(HedgedModel(model))

    assert "model 2" == judgement.judged_by
    assert 0.4 == pytest.approx(took)
    assert (1, 1) == (lasting.asked, busy.asked)


def test_a_reply_that_breaks_off_after_it_has_begun_is_asked_for_again_at_once() -> None:
    model = BrokenOffModel(begins_at=0.5, breaks_off_at=1.4)
    judgement, took, decisions = judged(HedgedModel(model))

    assert "model 2" == judgement.judged_by
    assert 1.4 == pytest.approx(took)
    assert ["hedged"] == decisions


async def test_a_stall_of_our_own_loop_makes_no_second_call() -> None:
    model = TimedModel(0.1)
    asyncio.get_running_loop().call_soon(time.sleep, 0.5)
    judgement = await HedgedModel(model, first_token_deadline=0.15).judge(REQUEST)

    assert "model 1" == judgement.judged_by


def test_of_two_calls_that_end_at_once_the_one_that_judged_counts() -> None:
    for _ in range(50):  # the order within a set is the machine's
        judgement, _, _ = judged(HedgedModel(TimedModel((1.0, OVERLOADED), 0.0), first_token_deadline=0.9))

        assert "model 2" == judgement.judged_by


def test_when_both_calls_fail_the_last_fault_is_raised() -> None:
    with pytest.raises(ProviderError, match="overloaded"):
        judged(HedgedModel(TimedModel((2.0, BUSY), (2.0, OVERLOADED))))


def test_rules_judge_where_the_model_is_late_or_fails() -> None:
    late, failing, stuck = TimedModel(9.0), TimedModel((0.5, OVERLOADED)), StuckModel()
    for model, seconds in ((late, 2.2), (failing, 0.5), (stuck, 6.0)):
        judgement, took, decisions = judged(FallbackModel([model], EmbeddedInterviewer()))

        assert "embedded" == judgement.judged_by
        assert seconds == pytest.approx(took)
        assert ["replaced"] == decisions


def test_whatever_a_vendors_library_raises_leads_to_the_rules_and_its_breaker_is_told() -> None:
    broken = TimedModel((0.1, RuntimeError("a bug of theirs")))
    judgement, _, decisions = judged(FallbackModel([broken], EmbeddedInterviewer()), times=4)

    assert "embedded" == judgement.judged_by
    assert 3 == broken.asked
    assert ["replaced", "replaced", "replaced", "opened", "skipped"] == decisions


class StuckModel:
    """Begins after a second, and never ends."""

    name = "stuck"

    async def judge(self, request: JudgementRequest) -> Judgement:
        await asyncio.sleep(1.0)
        tell(FirstToken(self.name))
        await asyncio.sleep(1_000)
        raise AssertionError

    async def prepare(self, study: Study) -> None:
        pass


def test_without_any_model_rules_judge() -> None:
    assert "embedded" == judged(FallbackModel([], EmbeddedInterviewer()))[0].judged_by


@pytest.mark.parametrize(
    ("wanted", "expected"), [("second", "second 1"), ("first", "first 1"), ("third", "first 1")]
)
def test_the_study_chooses_where_its_choice_is_at_hand(wanted: str, expected: str) -> None:
    models = [TimedModel(0.1, name="first"), TimedModel(0.1, name="second")]
    study = replace(STUDY, generation=ChosenModel(wanted, "big"))

    assert (
        expected
        == judged(FallbackModel(models, EmbeddedInterviewer()), replace(REQUEST, study=study))[0].judged_by
    )


def test_a_refused_key_is_not_tried_with_every_answer_and_another_model_does_its_work() -> None:
    refused, other = TimedModel((0.1, REFUSED), name="first"), TimedModel(0.1, name="second")
    judgement, _, decisions = judged(FallbackModel([refused, other], EmbeddedInterviewer()), times=3)

    assert "second 2" == judgement.judged_by
    assert 1 == refused.asked
    assert ["replaced", "opened", "skipped", "skipped"] == decisions


def test_only_the_model_that_will_be_asked_is_made_ready() -> None:
    models = [TimedModel(0.1, name="first"), TimedModel(0.1, name="second")]
    asyncio.run(FallbackModel([HedgedModel(each) for each in models], EmbeddedInterviewer()).prepare(STUDY))

    assert [0, 100] == [model.asked for model in models]

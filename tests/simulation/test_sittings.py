"""Whole sittings on virtual time: the real session, mouth and log; a seed makes the world around them."""

from random import Random

import pytest

from dialog.drafting import as_logged
from dialog.events import AnswerCommitted, AnswerStruck, SittingFact
from dialog.judgement import Judgement, JudgementRequest
from dialog.study import Study
from server.providers.protocols import LanguageModel, ProviderError, TextToSpeech
from tests.emulators.fitful_providers import FitfulVoice
from tests.emulators.voices import FailingVoice, StalledVoice
from tests.simulation.aftermath import check_fold, check_replay, check_transcript, check_turns, facts_of
from tests.simulation.designs import any_design, probing
from tests.simulation.sitting import Providers, Sitting, hold_sitting


def sit(seed: int) -> Sitting:
    """A sitting and everything that must be true of its log."""
    design = any_design(Random(seed))
    try:
        sitting = hold_sitting(seed, design)
        state = sitting.manager._out.state
        check_replay(sitting.events, design)
        check_fold(sitting.events, state)
        check_turns(sitting.events, state)
        check_transcript(sitting.events)
        check_log(sitting)
    except Exception as error:
        error.add_note(f"seed {seed}")
        raise
    return sitting


def check_log(sitting: Sitting) -> None:
    """The log holds what the core saw and said, in its order, numbered without a gap."""
    logged = [one.body for one in sitting.logged if not isinstance(one.body, SittingFact)]

    assert list(range(1, len(sitting.logged) + 1)) == [event.seq for event in sitting.logged]
    assert sitting.reason == sitting.logged[-1].body.reason  # type: ignore[union-attr]
    if not any(isinstance(body, AnswerStruck) for body in logged):
        assert [as_logged(event.body) for event in sitting.events] == logged  # type: ignore[arg-type]


@pytest.mark.parametrize("first", range(0, 40, 8))
def test_sittings_on_bad_days_keep_every_promise(first: int) -> None:
    for seed in range(first, first + 8):
        sit(seed)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(1_000, 2_000, 100))
def test_hundreds_of_sittings_on_bad_days_keep_every_promise(first: int) -> None:
    for seed in range(first, first + 100):
        sit(seed)


def test_a_sitting_that_failed_once_keeps_every_promise() -> None:
    sit(1727)  # words without a voice went on for eight seconds over a held answer


class NeverJudges:
    name = "never"

    async def judge(self, request: JudgementRequest) -> Judgement:
        raise ProviderError(self.name, "overloaded", retryable=True)

    async def prepare(self, study: Study) -> None:
        pass


_FAULT = ProviderError("failing", "no credit left", retryable=False)
_VOICES: dict[str, TextToSpeech] = {
    "fails at once": FailingVoice(_FAULT),
    "breaks off": FailingVoice(_FAULT, after_a_chunk=True),
    "never makes a sound": StalledVoice(),
    "is well": FitfulVoice(Random(1), 0.0),
}
_JUDGES: dict[str, LanguageModel | None] = {"fails": NeverJudges(), "is fitful": None}


@pytest.mark.parametrize("judge", _JUDGES)
@pytest.mark.parametrize("voice", _VOICES)
def test_whatever_provider_is_out_the_talk_goes_on_without_dead_air(voice: str, judge: str) -> None:
    commits = 0
    for seed in range(5):
        providers = Providers(_VOICES[voice], _JUDGES[judge])
        sitting = hold_sitting(seed, probing(), duration=120.0, wildness=0.0, providers=providers)
        commits += sum(isinstance(fact, AnswerCommitted) for fact in facts_of(sitting.events))

    assert commits > 0

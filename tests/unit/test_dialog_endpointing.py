"""Evidence that an answer is over, and one person's own patience."""

from statistics import NormalDist

import pytest

from dialog.calibration import DETECTORS, RECOGNISERS
from dialog.completeness import addresses, completeness, content_words, words_of
from dialog.endpointing import Features, Sources, due_at, threshold, weigh
from dialog.patience import Patience
from dialog.policy import DEFAULT_POLICY, PROFILES, Profile

NARRATIVE = PROFILES["narrative"]
DETECTOR = "smart-turn-v3"

FINISHED = [
    "i usually buy my groceries on the way home from work",
    "we moved to a smaller house near the river in nineteen ninety two",
    "she told me that the whole team had already left",
    "that was the last time we spoke",
]
HANGING = ["on sunday my mother comes over", "we talked the whole thing through", "and then we all moved in"]
UNFINISHED = [
    "i usually buy my groceries on the way home and",
    "we moved to a smaller house because",
    "she told me that the",
    "it was a kind of",
    "i was going to",
    "the thing is that i",
    "we had a big argument about um",
]


def weighed(
    text: str, silence: float, profile: Profile = NARRATIVE, *, heard: float | None = None, **sources: object
) -> Features:
    """The evidence with every last word in; `heard` is the audio model's score."""
    known = Sources(DETECTOR if heard is not None else "", heard, **sources)  # type: ignore[arg-type]
    return weigh(text, silence, True, profile, DEFAULT_POLICY.fusion, known)


def takes(features: Features, profile: Profile = NARRATIVE) -> bool:
    return features.score >= threshold(features.silence, profile)


@pytest.mark.parametrize("text", FINISHED)
def test_a_finished_clause_that_sounds_over_takes_the_turn_at_the_short_delay(text: str) -> None:
    assert takes(weighed(text, 0.7, heard=0.999))


@pytest.mark.parametrize("text", FINISHED)
def test_without_an_ear_for_ends_a_finished_clause_takes_the_turn_later_than_that(text: str) -> None:
    assert not takes(weighed(text, 0.7))
    assert takes(weighed(text, 2.5))


@pytest.mark.parametrize("text", FINISHED)
def test_what_does_not_sound_over_is_not_taken_at_the_short_delay(text: str) -> None:
    assert not takes(weighed(text, 0.7, heard=0.02))


@pytest.mark.parametrize("text", UNFINISHED)
def test_an_unfinished_clause_takes_the_turn_at_neither_delay(text: str) -> None:
    assert not any(takes(weighed(text, delay)) for delay in (0.7, 2.0))


@pytest.mark.parametrize("text", HANGING)
def test_a_particle_at_the_end_takes_the_turn_after_the_long_delay(text: str) -> None:
    assert not takes(weighed(text, 0.7))
    assert takes(weighed(text, 3.0))


@pytest.mark.parametrize("text", [*FINISHED, *UNFINISHED])
def test_the_moment_at_which_the_evidence_will_be_enough_is_known_ahead(text: str) -> None:
    for heard in (None, 0.002, 0.2, 0.9):
        due = due_at(weighed(text, 0.7, heard=heard), NARRATIVE, DEFAULT_POLICY.fusion)

        assert takes(weighed(text, due + 0.001, heard=heard)) or due == 60.0
        assert due == NARRATIVE.stage_one_delay or not takes(weighed(text, due - 0.01, heard=heard))


def test_a_short_answer_to_a_closed_question_is_complete() -> None:
    assert completeness("yes", closed=True) > 0.9 > completeness("yes", closed=False)


@pytest.mark.parametrize(
    "text", ["i was walking home and when she asked", "we had a dog but my father", "and then i said"]
)
def test_what_leads_up_to_a_clause_is_unfinished(text: str) -> None:
    assert completeness(text, closed=False) < 0.4


def test_what_is_said_in_closing_is_complete_although_its_last_word_may_not_be() -> None:
    assert completeness("we bought it in the autumn and that was that", closed=False) > 0.9


def test_repeating_the_question_answers_nothing() -> None:
    question = "What do you do when you feel stressed?"

    assert not addresses(words_of("well when i feel stressed what do i do"), question)
    assert addresses(words_of("i go running along the river"), question)


def test_a_dictated_address_is_judged_by_silence_alone() -> None:
    profile = PROFILES["dictate"]

    assert takes(weighed("twelve mill lane and", 2.5, profile), profile)
    assert not takes(weighed("twelve mill lane", 1.0, profile), profile)


def test_more_silence_is_never_less_evidence() -> None:
    for text in FINISHED + UNFINISHED:
        scores = [weighed(text, 0.3 * step).score for step in range(1, 20)]

        assert sorted(scores) == scores


def test_silence_is_less_evidence_with_somebody_who_pauses_long() -> None:
    assert weighed(FINISHED[0], 1.0, pace=1.6).score < weighed(FINISHED[0], 1.0).score


def test_a_higher_score_of_the_audio_model_is_never_less_evidence() -> None:
    ratios = [DETECTORS[DETECTOR].log_ratio(step / 100) for step in range(101)]

    assert sorted(ratios) == ratios
    assert ratios[0] < 0 < ratios[-1]


def test_the_calibration_goes_through_the_published_points() -> None:
    # Smart Turn v3.2 on eot-bench: 24.8 % of pauses cut at 84.8 % of ends found, 48.4 % at 97.0 %.
    curve, normal = DETECTORS[DETECTOR], NormalDist()
    for cut, found in ((0.248, 0.848), (0.484, 0.970)):
        bar = normal.inv_cdf(1 - cut)

        assert pytest.approx(found, abs=1e-6) == 1 - normal.cdf((bar - curve.end_mean) / curve.end_deviation)
        assert pytest.approx(bar) == curve.deviate(curve.probability(bar))


def test_a_recogniser_that_could_tell_of_an_end_and_does_not_speaks_against_it() -> None:
    none, eager, over = (RECOGNISERS["deepgram-flux"].log_ratio(hint) for hint in (None, "eager", "over"))

    assert none < 0 < eager < over


def test_a_score_of_an_unknown_detector_is_not_believed() -> None:
    known = Sources("somebody", 0.99)
    score = weigh(FINISHED[0], 0.7, True, NARRATIVE, DEFAULT_POLICY.fusion, known).score

    assert weighed(FINISHED[0], 0.7).score == score


def test_backchannels_and_fillers_are_no_content() -> None:
    assert 0 == content_words("mm-hm yeah um okay right")
    assert 2 == content_words("yeah the red door um") - content_words("the")


def test_patience_grows_with_a_persons_own_pauses_within_bounds() -> None:
    patience = Patience(DEFAULT_POLICY)
    assert pytest.approx(1.0) == patience.factor()
    patience.weigh(400, [4.0] * 40)

    assert 1.9 < patience.factor() <= 2.0


@pytest.mark.parametrize("stretch", [0.9, 1.0, 1.6])
def test_who_pauses_longer_throughout_is_given_as_much_more_time(stretch: float) -> None:
    # 120 pauses among 450 words, one in ten beyond a second; those below 0.3 s are never heard
    every = [0.3 * (0.556 / (share / 120)) ** (1 / 1.44) for share in range(1, 121)]
    heard = [round(min(stretch * pause, 5.0), 2) for pause in every if stretch * pause > 0.3]
    patience = Patience(DEFAULT_POLICY, [(450, heard)])

    assert pytest.approx(stretch, rel=0.12) == patience.pace


def test_what_earlier_sessions_have_heard_of_a_persons_pauses_counts() -> None:
    known = Patience(DEFAULT_POLICY)
    for _ in range(3):
        known.answer_given(40, (0.4, 0.6, 1.9, 2.1))

    assert known.pace == Patience(DEFAULT_POLICY, [(40, (0.4, 0.6, 1.9, 2.1))] * 3).pace > 1.2


def test_an_answer_that_goes_on_after_all_is_counted_once() -> None:
    patience, other = Patience(DEFAULT_POLICY), Patience(DEFAULT_POLICY)
    patience.answer_given(20, (0.5,))
    patience.cut_off()
    patience.answer_given(40, (0.5, 2.0))
    other.answer_given(40, (0.5, 2.0))

    assert other.pace == patience.pace


def test_patience_grows_after_a_cut_off_and_wears_off_over_three_answers() -> None:
    patience = Patience(DEFAULT_POLICY)
    patience.cut_off()
    factors = [patience.factor()]
    for _ in range(3):
        patience.answer_given(0, ())
        factors.append(patience.factor())

    assert pytest.approx([1.3, 1.2, 1.1, 1.0]) == factors

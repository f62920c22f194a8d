"""The world that the cut-ins are counted in, and how they are counted."""

import math
from pathlib import Path
from random import Random
from statistics import NormalDist

import pytest
from msgspec.structs import replace

from benchmarks.cut_in_figures import figures_of, percentiles
from benchmarks.cut_in_talks import HEARINGS, Case, talk_of
from benchmarks.ear_record import Outcome, outcomes_of
from benchmarks.ear_signals import signals_of
from benchmarks.resweep import Lull, sweep, taken_after
from benchmarks.said import Given, Heard
from benchmarks.talk import Talk
from benchmarks.world import DATA, OPEN_ANSWERS, Answer, Script, Speaker, World, read_answers
from dialog.commands import Say
from dialog.endpointing import Sources, weigh
from dialog.events import FallbackUsed
from dialog.manager import Manager
from dialog.policy import DEFAULT_POLICY, PROFILES

WORLD = World()
TEXT = HEARINGS[3]
OPEN = read_answers(DATA / OPEN_ANSWERS)


def case(seed: str, *, hearing: int = 3) -> Case:
    return Case("narrative", 1.0, HEARINGS[hearing], True, 0, seed, WORLD, DEFAULT_POLICY)


def test_the_pauses_are_as_long_as_the_published_ones() -> None:
    rng = Random(1)
    pauses = [WORLD.pause(rng, 1.0) for _ in range(40_000)]

    for silence, share in WORLD.survival[1:]:
        assert pytest.approx(share, abs=0.01) == sum(pause > silence for pause in pauses) / len(pauses)


@pytest.mark.parametrize("curve", [WORLD.smart_turn, WORLD.flux])
def test_a_look_cuts_and_finds_as_often_as_published(curve) -> None:  # type: ignore[no-untyped-def]
    pauses, ends = [], []
    for number in range(6000):
        speaker = Speaker(WORLD, str(number), "narrative", 1.0, curve)
        pauses.append(speaker.score(speaker.gap(0.0, 1.0, 3, 0), 0.7))
        ends.append(speaker.score(speaker.gap(0.0, math.inf, 5, 0), 0.7))

    for cut, found in (curve.first, curve.second):
        bar = NormalDist().inv_cdf(1.0 - cut)
        assert pytest.approx(cut, abs=0.02) == sum(score > bar for score in pauses) / len(pauses)
        assert pytest.approx(found, abs=0.02) == sum(score > bar for score in ends) / len(ends)


def test_there_are_three_hundred_answers_with_room_for_twelve_pauses() -> None:
    assert len(OPEN) >= 300
    assert len({answer.words for answer in OPEN}) == len(OPEN)
    assert all(len(answer.words) > 2 * WORLD.pauses for answer in OPEN)
    assert all(word == word.lower() and word[-1] not in ".,;!?" for answer in OPEN for word in answer.words)


@pytest.mark.parametrize("stretch", [1.0, 1.6])
def test_at_least_half_of_the_long_pauses_follow_a_finished_clause(stretch: float) -> None:
    finished = long = 0
    for number, answer in enumerate(OPEN):
        script = Speaker(WORLD, str(number), "narrative", stretch, None).script(answer, 0)
        assert WORLD.pauses == len(script.gaps) - 1
        for gap in script.gaps[:-1]:
            if gap.duration >= 0.6:
                long += 1
                finished += gap.word in answer.after_clause

    assert long > 500
    assert finished / long >= 0.5


def test_the_core_knows_nothing_of_the_world() -> None:
    for source in (Path(__file__).parents[2] / "dialog").glob("*.py"):
        assert "benchmarks" not in source.read_text().replace("benchmarks/data", "").replace(
            "the benchmarks", ""
        )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("hearing", [1, 3])
def test_the_same_past_gives_the_same_outputs_whatever_follows(hearing: int, seed: int) -> None:
    rng = Random(seed)
    whole = talk_of(case(f"past/{seed}", hearing=hearing)).run()
    given = rng.choice(whole.given[:3])
    cut = rng.randrange(2, len(given.script.answer.words) - 1)
    heard_until = given.began_at + given.script.word_ends[cut - 1] + WORLD.uplink

    class OtherSpeaker(Speaker):
        """Says the same up to a word, and then something else."""

        def script(self, answer: Answer, number: int) -> Script:
            if number < given.script.number:
                return super().script(answer, number)
            kept = replace_tail(given.script, cut) if number == given.script.number else None
            return kept or super().script(OPEN[7], number)

    other = talk_of(case(f"past/{seed}", hearing=hearing), speaker=OtherSpeaker).run()
    before = [(at, output) for at, output in whole.outputs if at < heard_until]

    assert len(before) > 5
    assert before == [(at, output) for at, output in other.outputs if at < heard_until]
    assert whole.outputs != other.outputs


def replace_tail(script: Script, cut: int) -> Script:
    """The same script, over after `cut` words."""
    kept = [gap for gap in script.gaps if gap.word < cut]
    end = Speaker(WORLD, "end", "narrative", 1.0, WORLD.smart_turn).gap(
        script.word_ends[cut - 1], math.inf, cut, script.number
    )
    answer = Answer(script.answer.question, script.answer.words[:cut], (), ())
    return Script(answer, script.number, script.word_ends[:cut], [*kept, end])


@pytest.mark.parametrize("hearing", range(len(HEARINGS)))
def test_a_talk_replays_from_its_signals(hearing: int) -> None:
    talk = talk_of(case("replay", hearing=hearing)).run()
    manager = Manager(talk.blueprint, policy=talk.policy)
    again = [(at, output) for at, signal in talk.signals for output in manager.handle(signal, at)]

    assert talk.outputs == again


def lived(began_at: float, until: float, kind: str = "question", fallback: str = "guard") -> Outcome:
    """An answer of 2 s, a pause of 3 s and 2 s more, and one speech of the agent at the ear."""
    speaker = Speaker(WORLD, "s", "narrative", 1.0, None)
    gaps = [speaker.gap(2.0, 3.0, 1, 0), speaker.gap(7.0, math.inf, 2, 0)]
    script = Script(Answer("q", ("one", "two"), (), ()), 0, [2.0, 7.0], gaps)
    talk = Talk.__new__(Talk)
    talk.given, talk.generated = [Given(script, 10.0)], set()
    talk.outputs = [(17.9, FallbackUsed("q", fallback))]
    talk.heard = [Heard(Say(1, kind, "why"), 0.0, began_at, until)]  # type: ignore[arg-type]
    return outcomes_of(talk, WORLD, 0)[0]


def test_a_question_that_begins_in_a_pause_is_a_cut_in_however_it_ends() -> None:
    assert lived(13.0, 13.1).hard
    assert lived(13.0, 13.1, "check_in").hard
    assert not lived(13.0, 13.1, "acknowledgement").hard
    assert lived(13.0, 13.1, "acknowledgement").soft


def test_a_question_over_resumed_speech_is_a_cut_in_from_three_tenths_of_a_second_on() -> None:
    assert not lived(15.1, 15.35).hard
    assert lived(15.1, 15.45).hard


def test_the_same_answer_is_understood_otherwise_in_another_talk() -> None:
    script = Speaker(WORLD, "s", "narrative", 1.0, None).script(OPEN[0], 0)

    one, again, other = (signals_of(script, WORLD, HEARINGS[1].senses, 0, seed) for seed in ("a", "a", "b"))

    assert one == again
    assert one != other


@pytest.mark.parametrize(
    ("reason", "counts"),
    [
        ("judgement_overdue", True),
        ("voice_overdue", True),
        ("voice: stalled", True),
        ("guard: length", False),
    ],
)
def test_a_probe_given_up_for_its_lateness_is_a_fallback(reason: str, counts: bool) -> None:
    assert counts == lived(18.0, 19.0, fallback=reason).fallback


def test_a_cue_and_a_check_in_are_no_reply() -> None:
    assert math.isinf(lived(18.0, 19.0, "check_in").first_audio)


def test_a_missed_end_is_never_in_the_percentiles() -> None:
    assert (1.0, math.inf) == percentiles([1.0] * 90 + [math.inf] * 10)


def test_the_bound_knows_that_answers_of_one_speaker_are_alike() -> None:
    def outcomes(speakers: int) -> list[Outcome]:
        return [
            Outcome(number % speakers, 12, hard=number % speakers < speakers // 10) for number in range(400)
        ]

    few, many = figures_of(outcomes(10)).hard, figures_of(outcomes(400)).hard

    assert few.value == many.value
    assert few.upper > many.upper


def test_thresholds_are_tried_again_on_what_the_log_says_of_a_look() -> None:
    profile, policy = PROFILES["narrative"], DEFAULT_POLICY
    words = "i got up at seven and made a pot of coffee for my sister"
    sure, unsure = (
        weigh(words, 0.7, True, profile, policy.fusion, Sources("smart-turn-v3", heard)).as_log(profile)
        for heard in (0.99, 0.05)
    )

    assert 0.7 == taken_after(Lull([sure]), 0.6, 0.6)
    assert taken_after(Lull([unsure]), 0.6, 0.6) >= 2.0
    assert 0.7 == taken_after(Lull([unsure, {**sure, "silence": 0.7}]), 0.6, 0.6)
    lulls = [Lull([sure]), Lull([sure], 1.0), Lull([unsure], 1.5)]
    assert {0.5} == {one.taken_pauses for one in sweep(lulls) if one.strict < 0.7}


def test_another_world_may_be_tried() -> None:
    quiet = replace(WORLD, pauses=0)

    assert [] == Speaker(quiet, "x", "narrative", 1.0, None).script(OPEN[0], 0).gaps[:-1]

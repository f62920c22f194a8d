"""How an interview was led, read off its log: faults are planted in the logs of good talks, and found."""

from collections.abc import Callable, Sequence
from random import Random

import pytest
from msgspec.structs import replace

from dialog.blueprint import Blueprint
from dialog.commands import Say
from dialog.events import (
    AnswerCommitted,
    AnswerErased,
    AnswerReopened,
    AnswerStruck,
    AnyBody,
    Event,
    InterviewFinished,
    NodeClosed,
    ProbeChosen,
    QuestionAsked,
    RightUsed,
    SessionOpened,
    SpeechHeard,
    WordsHeard,
    decode_event,
    encode_event,
)
from dialog.quality.disposition import disposition
from dialog.quality.findings import RULES, WEIGHTS, Rule
from dialog.quality.score import Consent, Quality, assess, verdict
from dialog.signals import (
    DonePressed,
    FinalTranscript,
    RightClaimed,
    SpeechBegan,
    SpeechEnded,
    SpeechStarted,
    SpeechStopped,
)
from dialog.strike import struck
from tests.simulation.designs import any_design
from tests.simulation.wild_talk import hold_a_talk
from tests.support.blueprints import blueprint, question
from tests.support.play import Stage

AGREED = Consent(needed=True, granted=True, answered_at_ms=1_789_999_990_000)
STARTED_MS = 1_790_000_000_000
ANSWER = "it was a hard day and the pump was broken again"
REPLY = "we called the plumber and waited for three hours in the cold kitchen"
LAST = "yes i do"


def design(**work: object) -> Blueprint:
    """A question with follow-ups, and one that must be spoken exactly."""
    return blueprint(
        question(
            "work",
            "Tell me about a hard day at work.",
            probing={"enabled": True, "max_follow_ups": 1},
            patience="narrative",
            **work,
        ),
        question("home", "Do you live alone, yes or no?", patience="closed", verbatim=True),
    )


def talk(script: Blueprint | None = None) -> Sequence[Event]:
    """A good talk with one probe, as it is logged."""
    stage = Stage(script or design())
    for said in (ANSWER, REPLY, LAST):
        stage.run_until_floor_is("open")
        stage.run(stage.say(stage.now + 0.5, said) + 1.5)
    stage.run_until_floor_is("closed")
    opened = SessionOpened("ses_" + "0" * 20 + "0123456789ab", "webrtc", STARTED_MS, 1)
    return numbered([Event(1, 0.0, opened), *stage.events])


def numbered(events: Sequence[Event]) -> list[Event]:
    return [Event(seq, event.at, event.body) for seq, event in enumerate(events, start=1)]


def changed(events: Sequence[Event], change: Callable[[AnyBody], AnyBody]) -> list[Event]:
    return [Event(event.seq, event.at, change(event.body)) for event in events]


def place_of(events: Sequence[Event], holds: Callable[[AnyBody], bool]) -> int:
    return next(place for place, event in enumerate(events) if holds(event.body))


def inserted(events: Sequence[Event], place: int, *bodies: AnyBody) -> list[Event]:
    at = events[place - 1].at
    return numbered([*events[:place], *(Event(0, at, body) for body in bodies), *events[place:]])


def later(events: Sequence[Event], place: int, seconds: float) -> list[Event]:
    """The same, but from this place on everything comes later."""
    return [*events[:place], *(Event(e.seq, e.at + seconds, e.body) for e in events[place:])]


def judged(events: Sequence[Event], script: Blueprint | None = None, **more: object) -> Quality:
    return assess(script or design(), events, **{"consent": AGREED, **more})  # type: ignore[arg-type]


def rules(quality: Quality) -> list[Rule]:
    return [reason.rule for reason in quality.reasons]


def with_probe(text: str) -> list[Event]:
    """The talk, had its probe been worded so."""

    def change(body: AnyBody) -> AnyBody:
        match body:
            case ProbeChosen():
                return replace(body, probe=replace(body.probe, text=text, span=""))
            case QuestionAsked(kind="probe") | Say(kind="probe") | SpeechHeard(kind="probe"):
                return replace(body, text=text)
            case _:
                return body

    return changed(talk(), change)


def test_a_good_talk_has_the_full_score_and_no_reason_for_less() -> None:
    quality = judged(talk())

    assert [] == list(quality.reasons)
    assert (100, 0, "pass") == (quality.score, quality.points, quality.verdict)


def test_the_same_log_gives_the_same_judgement() -> None:
    log = talk()
    again = [decode_event(encode_event(event)) for event in log]

    assert judged(log) == judged(again)


@pytest.mark.parametrize(
    ("probe", "rule"),
    [
        ("Wasn't that terribly frustrating for you?", "leading_probe"),
        ("Was it the price or the speed?", "leading_probe"),
        ("You mentioned a divorce. What was that like?", "leading_probe"),
        ("That was very brave of you. What happened next?", "evaluative_remark"),
        ("I think you should have called earlier. What happened next?", "evaluative_remark"),
        ("What happened next? And who was there?", "double_barrelled"),
        ("Tell me about a hard day at work.", "repeat"),
        ("Why?", "unguarded_probe"),
    ],
)
def test_a_probe_that_should_not_have_been_asked_is_found(probe: str, rule: Rule) -> None:
    log = with_probe(probe)
    quality = judged(log)
    reason = next(each for each in quality.reasons if each.rule == rule)

    assert WEIGHTS[rule] == reason.points
    assert "work" == reason.node_key
    assert all(type(log[seq - 1].body) in (QuestionAsked, ProbeChosen) for seq in reason.events)
    assert quality.probes[0].violations


def test_a_probe_that_nobody_heard_is_no_fault() -> None:
    log = with_probe("Wasn't that terribly frustrating for you?")
    asked = next(
        e.body.speech_id for e in log if isinstance(e.body, QuestionAsked) and e.body.kind == "probe"
    )
    unheard = numbered(
        [
            event
            for event in log
            if not (isinstance(event.body, SpeechBegan | SpeechEnded) and event.body.speech_id == asked)
        ]
    )

    assert "leading_probe" not in rules(judged(unheard))


def test_the_researchers_own_probe_is_theirs_to_answer_for() -> None:
    own = "Wasn't that terribly frustrating for you?"
    quality = judged(with_probe(own), design(fallback_probe=own))

    assert [] == rules(quality)
    assert "researcher" == quality.probes[0].source


def test_a_probe_beyond_the_designs_ceiling_is_found() -> None:
    stricter = blueprint(
        question("work", "Tell me about a hard day at work.", probing={"enabled": True, "max_follow_ups": 0}),
        question("home", "Do you live alone, yes or no?", patience="closed", verbatim=True),
    )

    assert ["over_ceiling"] == rules(judged(talk(), stricter))


def test_a_question_that_must_be_exact_and_was_not_is_found() -> None:
    def change(body: AnyBody) -> AnyBody:
        asks = isinstance(body, QuestionAsked | Say | SpeechHeard) and body.node_key == "home"
        return replace(body, text="So, do you live alone?") if asks else body

    quality = judged(changed(talk(), change))

    assert ["verbatim_altered"] == rules(quality)
    assert (90, "review") == (quality.score, quality.verdict)
    assert False is quality.exposure[1].worded_as_written


def test_a_required_question_that_was_left_out_is_found() -> None:
    log = talk()
    entered_last = place_of(log, lambda body: getattr(body, "node_key", "") == "home")
    cut = numbered([*log[:entered_last], Event(0, log[entered_last].at, InterviewFinished("completed"))])
    quality = judged(cut)

    assert ["required_missed"] == rules(quality)
    assert "home" == quality.reasons[0].node_key


def test_a_question_that_a_participant_did_not_stay_for_is_no_fault() -> None:
    log = talk()
    entered_last = place_of(log, lambda body: getattr(body, "node_key", "") == "home")

    for outcome in ("stopped", "cancelled", "failed"):
        cut = [*log[:entered_last], Event(0, log[entered_last].at, InterviewFinished(outcome))]
        assert [] == rules(judged(numbered(cut)))
    assert [] == rules(judged(log[:entered_last]))


@pytest.mark.parametrize(("none", "expected"), [(False, [5]), (True, [])])
def test_a_question_that_began_before_the_answer_had_ended_is_found(none: bool, expected: list[int]) -> None:
    """And none that began behind words that were no answer, as was told too late."""
    log = talk()
    first = place_of(log, lambda body: isinstance(body, AnswerCommitted))
    committed = log[first].body
    assert isinstance(committed, AnswerCommitted)
    began = first + place_of(log[first:], lambda body: isinstance(body, SpeechBegan)) + 1
    reopened = AnswerReopened(committed.turn_id, committed.revision, none)
    quality = judged(inserted(log, began, reopened, committed))

    assert expected == [reason.points for reason in quality.reasons if reason.rule == "talk_over"]


def test_speaking_over_the_participants_voice_is_found() -> None:
    log = talk()
    place = place_of(log, lambda body: isinstance(body, Say) and body.kind == "probe")
    began = place + place_of(log[place:], lambda body: isinstance(body, SpeechBegan))
    at = log[began].at
    over = [
        *log[:place],
        Event(0, at - 1.0, SpeechStarted(90)),
        *log[place : began + 1],
        Event(0, at + 0.8, SpeechStopped(90, 0.2, 1.6)),
        Event(0, at + 0.8, FinalTranscript(90, "and then the ceiling came down")),
        *log[began + 1 :],
    ]
    hummed = [
        replace(event, body=FinalTranscript(90, "mm-hm"))
        if isinstance(event.body, FinalTranscript) and event.body.utterance_id == 90
        else event
        for event in over
    ]

    assert ["talk_over"] == rules(judged(numbered(over)))
    assert [] == rules(judged(numbered(hummed)))


def test_a_question_put_again_though_it_was_answered_is_found() -> None:
    log = talk()
    closed = place_of(log, lambda body: isinstance(body, NodeClosed))
    asked = next(event.body for event in log if isinstance(event.body, QuestionAsked))

    assert ["repeat"] == rules(judged(inserted(log, closed + 1, asked)))


def test_a_verdict_on_an_answer_is_found_in_any_words_of_ours() -> None:
    log = talk()
    place = place_of(log, lambda body: isinstance(body, Say) and body.kind == "acknowledgement")
    said = log[place].body
    assert isinstance(said, Say)
    praised = [*log[:place], replace(log[place], body=replace(said, text="Great answer!")), *log[place + 1 :]]

    assert ["evaluative_remark"] == rules(judged(praised))


@pytest.mark.parametrize(
    ("said_back", "found"),
    [
        ("Welcome back. You were saying: it was all right. Please go on.", []),
        ("Welcome back. You were saying: what a great answer. Please go on.", ["evaluative_remark"]),
    ],
)
def test_their_own_words_said_back_are_no_verdict_of_ours(said_back: str, found: list[str]) -> None:
    log = talk()
    place = place_of(log, lambda body: isinstance(body, Say) and body.kind == "acknowledgement")
    said = log[place].body
    assert isinstance(said, Say)
    recapped = [
        *log[:place],
        replace(log[place], body=WordsHeard(90, said.node_key or "", "it was all right", 0.9)),
        replace(log[place], body=replace(said, kind="recap", text=said_back)),
        *log[place + 1 :],
    ]

    assert found == rules(judged(numbered(recapped)))


def test_dead_air_is_found_where_it_began() -> None:
    log = talk()
    place = place_of(log, lambda body: isinstance(body, Say) and body.kind == "probe")
    began = place + place_of(log[place:], lambda body: isinstance(body, SpeechBegan))
    quality = judged(later(log, began, 6.0))

    assert ["dead_air"] == rules(quality)
    assert quality.reasons[0].at < log[began].at


def test_a_right_without_effect_is_found() -> None:
    log = talk()
    place = place_of(log, lambda body: isinstance(body, AnswerCommitted)) + 1

    for right in ("repeat", "skip", "back", "pause", "strike", "human", "stop"):
        alone = inserted(log, place, RightClaimed(right), RightUsed(right), DonePressed())
        assert ["right_not_honoured"] == rules(judged(alone)), right


def test_a_struck_answer_that_was_never_erased_is_found_once_all_is_over() -> None:
    log = inserted(talk(), len(talk()), AnswerStruck(1))
    erased = inserted(log, len(log), AnswerErased(1))

    assert "right_not_honoured" in rules(judged(log))
    assert [] == rules(judged(log, over=False))
    assert [] == rules(judged(erased))


@pytest.mark.parametrize(
    ("consent", "missing"),
    [
        (AGREED, False),
        (Consent(needed=False, granted=False), False),
        (Consent(needed=True, granted=False), True),
        (Consent(needed=True, granted=True, answered_at_ms=STARTED_MS + 60_000), True),
    ],
)
def test_a_talk_without_consent_fails_whatever_else_it_was(consent: Consent, missing: bool) -> None:
    quality = judged(talk(), consent=consent)

    assert missing == ("consent_missing" in rules(quality))
    assert ("fail" if missing else "pass") == quality.verdict


def test_talking_more_than_the_participant_is_told_but_costs_nothing() -> None:
    wordy = blueprint(*(question(f"q{n}", f"Of your {n} homes, {'and so on ' * 9}?") for n in (1, 2, 3)))
    stage = Stage(wordy)
    for _ in wordy.graph.nodes:
        stage.run_until_floor_is("open")
        stage.run(stage.say(stage.now + 0.5, "it was a house by the river") + 1.5)
    stage.run_until_floor_is("closed")
    quality = judged(numbered(stage.events), wordy, consent=Consent(needed=False, granted=False))

    assert ["talks_more"] == rules(quality)
    assert 100 == quality.score
    assert quality.agent_s > quality.participant_s


def test_points_add_up_to_a_verdict() -> None:
    assert ["pass", "pass", "review", "review", "fail"] == [verdict(points) for points in (0, 7, 8, 19, 20)]
    assert set(RULES) == set(WEIGHTS)
    assert 58 == sum(WEIGHTS.values())


def test_what_there_was_no_occasion_for_is_not_observed() -> None:
    observed = {tally.rule for tally in judged(talk()).tallies if tally.observed}
    none = judged([], consent=Consent(needed=False, granted=False))

    assert {"consent_missing", "leading_probe", "verbatim_altered", "talk_over", "dead_air"} <= observed
    assert "right_not_honoured" not in observed
    assert not any(tally.observed for tally in none.tallies)


# Probe records


def test_a_probe_record_tells_where_it_came_from_and_what_it_brought() -> None:
    record = judged(talk()).probes[0]

    assert ("work", 1, "answered", "rules") == (record.node_key, record.number, record.outcome, record.source)
    assert "embedded" == record.judged_by
    assert record.technique in ("tell_me_more", "mirroring")
    assert record.span is None or record.span in ANSWER
    assert 1.0 == record.heard_share
    assert len(REPLY.split()) == record.words
    assert 0 < record.words_gained <= record.words
    assert record.seconds > 2
    assert record.entry_id != record.reply_entry_id


def test_nothing_of_a_struck_answer_is_in_the_records() -> None:
    log = list(talk())
    before = judged(log)
    for turn_id in (1, 2):
        log = inserted(log, len(log), AnswerStruck(turn_id), AnswerErased(turn_id))
        for event in struck(log, turn_id):
            log[event.seq - 1] = event
    after = judged(log)
    record = after.probes[0]

    assert [] == rules(after)
    assert ("struck", None, None, None, 0) == (
        record.outcome,
        record.question,
        record.span,
        record.entry_id,
        record.words,
    )
    assert 0 == after.exposure[0].participant_s == after.exposure[0].answers
    assert after.participant_s < before.participant_s


# Exposure


def test_exposure_tells_of_every_question_what_was_heard_of_it() -> None:
    work, home = judged(talk()).exposure

    assert (True, True, True) == (work.asked, work.worded_as_written, work.heard_in_full)
    assert (1, 2, 1) == (work.times_asked, work.answers, work.follow_ups)
    assert work.participant_s > 4
    assert home.must_be_verbatim
    assert "answered" == home.outcome


def test_a_question_that_was_cut_and_said_again_was_heard_at_its_best() -> None:
    stage = Stage(design()).run_until_floor_is("speaking")
    stage.run(stage.now + 3.5)
    stage.feed(RightClaimed("repeat"))
    once = judged(numbered(stage.events), consent=Consent(needed=False, granted=False)).exposure[0]
    stage.run_until_floor_is("open")
    twice = judged(numbered(stage.events), consent=Consent(needed=False, granted=False)).exposure[0]
    unasked = judged(numbered(stage.events), consent=Consent(needed=False, granted=False)).exposure[1]

    assert not once.heard_in_full
    assert twice.heard_in_full
    assert (False, None, 0) == (unasked.asked, unasked.worded_as_written, unasked.times_asked)


# Wild talks


@pytest.mark.parametrize("seed", range(12))
def test_any_log_can_be_judged_and_a_right_always_has_an_effect(seed: int) -> None:
    world = hold_a_talk(seed, 60, thorough=False)
    quality = assess(any_design(Random(seed)), world.events, consent=Consent(False, False), over=False)

    assert 0 <= quality.score <= 100
    assert {"right_not_honoured", "repeat", "required_missed"}.isdisjoint(rules(quality))


# Dispositions


@pytest.mark.parametrize(
    ("status", "begun", "declined", "code", "category"),
    [
        ("completed", True, False, "1.1", "I"),
        ("abandoned", True, False, "1.1", "I"),
        ("abandoned", False, True, "2.11", "R"),
        ("awaiting_consent", False, False, "2.11", "R"),
        ("expired", False, False, "3.19", "UO"),
        ("awaiting_participant", False, False, "3.19", "UO"),
        ("cancelled", False, False, "2.30", "O"),
        ("failed", False, False, "2.30", "O"),
    ],
)
def test_a_case_has_the_disposition_of_its_end(
    status: str, begun: bool, declined: bool, code: str, category: str
) -> None:
    events = talk() if begun else []
    found = disposition(design(), events, status=status, declined=declined, final=True)

    assert (code, category) == (found.code, found.category)
    assert (2 if begun else 0) == found.answered
    assert 2 == found.applicable


@pytest.mark.parametrize(
    ("answered", "status", "code"),
    [(0, "abandoned", "2.12"), (0, "failed", "2.30"), (1, "abandoned", "1.2"), (1, "failed", "1.2")],
)
def test_what_was_answered_by_then_decides_between_partial_and_break_off(
    answered: int, status: str, code: str
) -> None:
    log = talk()
    asked = [place for place, event in enumerate(log) if isinstance(event.body, QuestionAsked)]
    begun = log[: asked[0] if answered == 0 else asked[-1]]
    found = disposition(design(), begun, status=status, declined=False, final=True)

    assert (code, answered) == (found.code, found.answered)
    assert answered / 2 == found.share

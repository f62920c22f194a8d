"""Faults of conduct, planted by the dozen into the log of a good talk: the score finds each and names it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import pytest
from msgspec.structs import replace

from dialog.commands import Say
from dialog.events import (
    AnswerCommitted,
    AnswerReopened,
    AnswerStruck,
    AnyBody,
    DistressHeard,
    Event,
    InterviewFinished,
    NodeClosed,
    QuestionAsked,
    RightUsed,
    SpeechHeard,
)
from dialog.quality.findings import Rule
from dialog.quality.score import Consent
from dialog.signals import (
    DonePressed,
    FinalTranscript,
    RightClaimed,
    SpeechBegan,
    SpeechStarted,
    SpeechStopped,
)
from tests.support.blueprints import blueprint, question
from tests.unit.test_dialog_quality import (
    STARTED_MS,
    changed,
    design,
    inserted,
    judged,
    later,
    numbered,
    place_of,
    rules,
    talk,
    with_probe,
)

Log = Sequence[Event]
Planted = tuple[str, Rule, Callable[[], Log]]

PROBES: Final[dict[Rule, tuple[str, ...]]] = {
    "leading_probe": (
        "Wasn't that terribly frustrating for you?",
        "Was it the price or the speed?",
        "You mentioned a divorce. What was that like?",
        "How angry were you with the plumber's wife?",
        "So you gave up, right?",
        "Did your landlord help you?",
        "What made the insurance so slow?",
        "You said the pump was not broken. What was it like?",
        "Other people told us the same. How was yours?",
        "Would you call it bad luck, bad work, or something else?",
    ),
    "evaluative_remark": (
        "That was very brave of you. What happened next?",
        "What a terrible day! What happened next?",
        "I'm so sorry to hear that. What happened next?",
        "You handled that beautifully. What happened next?",
        "I think you should have called earlier. What happened next?",
        "If I were you I'd buy a new one. What happened next?",
    ),
    "double_barrelled": (
        "What happened next? And who was there?",
        "What was broken, and how did you notice?",
        "Tell me what was broken and how you noticed.",
        "Who was there and what did they do?",
    ),
    "repeat": (
        "Tell me about a hard day at work.",
        "Could you tell me about a hard day at work?",
        "What was a hard day at work like?",
    ),
    "unguarded_probe": (
        "Why?",
        "And why was it broken?",
        "What is the plumber's name?",
        "Where exactly do you live?",
        "My instructions say that I should ask about the pump. What was it like?",
        "Tell me, " + "step by step, " * 15 + "about the pump.",
    ),
}
VERDICTS: Final = ("Great answer!", "Wonderful.", "That makes sense.", "Poor you.", "Well done!", "I agree.")
EXACT: Final = (
    "So, do you live alone, yes or no?",
    "Do you live on your own, yes or no?",
    "Do you live alone?",
    "Don't you live alone, yes or no?",
)
DISTRESS: Final = (
    "i wanted to die that day",
    "i'm having a panic attack",
    "sorry i'm crying",
    "i can't talk about this anymore",
)


def reworded(holds: Callable[[AnyBody], bool], text: str) -> Log:
    def change(body: AnyBody) -> AnyBody:
        if isinstance(body, QuestionAsked | Say | SpeechHeard) and holds(body):
            return replace(body, text=text)
        return body

    return changed(talk(), change)


def answered(text: str) -> Log:
    """The talk, had the first answer been this."""
    first = next(e.body for e in talk() if isinstance(e.body, AnswerCommitted))

    def change(body: AnyBody) -> AnyBody:
        same = isinstance(body, AnswerCommitted) and body.turn_id == first.turn_id
        return replace(body, text=text) if same and isinstance(body, AnswerCommitted) else body

    return changed(talk(), change)


def silent_before(number: int, seconds: float) -> Log:
    """The talk, had the `number`th speech from the probe on come so much later."""
    log = talk()
    place = place_of(log, lambda body: isinstance(body, Say) and body.kind == "probe")
    for _ in range(number):
        place += 1 + place_of(log[place + 1 :], lambda body: isinstance(body, SpeechBegan))
    return later(log, place, seconds)


def spoken_over(number: int, words: str) -> Log:
    """The talk, had somebody been speaking when our `number`th question began."""
    log = talk()
    asked = [e for e in log if isinstance(e.body, QuestionAsked)][number]
    speech = asked.body.speech_id if isinstance(asked.body, QuestionAsked) else 0
    began = place_of(log, lambda body: isinstance(body, SpeechBegan) and body.speech_id == speech)
    at = log[began].at
    return numbered(
        [
            *log[:began],
            Event(0, max(0.0, at - 1.0), SpeechStarted(90)),
            log[began],
            Event(0, at + 0.8, SpeechStopped(90, 0.2, 1.6)),
            Event(0, at + 0.8, FinalTranscript(90, words)),
            *log[began + 1 :],
        ]
    )


def cut_in() -> Log:
    log = talk()
    first = place_of(log, lambda body: isinstance(body, AnswerCommitted))
    committed = log[first].body
    assert isinstance(committed, AnswerCommitted)
    began = first + place_of(log[first:], lambda body: isinstance(body, SpeechBegan)) + 1
    return inserted(log, began, AnswerReopened(committed.turn_id, committed.revision), committed)


def claimed_in_vain(right: str) -> Log:
    log = talk()
    place = place_of(log, lambda body: isinstance(body, AnswerCommitted)) + 1
    return inserted(log, place, RightClaimed(right), RightUsed(right), DonePressed())  # type: ignore[arg-type]


def asked_again() -> Log:
    log = talk()
    asked = next(event.body for event in log if isinstance(event.body, QuestionAsked))
    return inserted(log, place_of(log, lambda body: isinstance(body, NodeClosed)) + 1, asked)


def left_out() -> Log:
    log = talk()
    entered = place_of(log, lambda body: getattr(body, "node_key", "") == "home")
    return numbered([*log[:entered], Event(0, log[entered].at, InterviewFinished("completed"))])


def unmet() -> Log:
    log = talk()
    place = place_of(log, lambda body: isinstance(body, AnswerCommitted)) + 1
    return inserted(log, place, DistressHeard(1, "work", "moderate"), DonePressed())


def _praised(text: str) -> Log:
    return reworded(lambda body: isinstance(body, Say) and body.kind == "acknowledgement", text)


def _inexact(text: str) -> Log:
    return reworded(lambda body: getattr(body, "node_key", "") == "home", text)


def _unerased() -> Log:
    return inserted(talk(), len(talk()), AnswerStruck(1))


def _planted() -> list[Planted]:
    faults: list[Planted] = []
    for rule, texts in PROBES.items():
        faults += [(text, rule, partial(with_probe, text)) for text in texts]
    faults += [(text, "evaluative_remark", partial(_praised, text)) for text in VERDICTS]
    faults += [(text, "verbatim_altered", partial(_inexact, text)) for text in EXACT]
    faults += [(text, "distress_unmet", partial(answered, text)) for text in DISTRESS]
    faults += [(f"{late} s late", "dead_air", partial(silent_before, 1, late)) for late in (6.0, 9.0, 20.0)]
    over = "and then the ceiling came down"
    faults += [(f"over question {n}", "talk_over", partial(spoken_over, n, over)) for n in (1, 2)]
    rights = ("repeat", "slower", "skip", "back", "pause", "strike", "human", "stop")
    faults += [(right, "right_not_honoured", partial(claimed_in_vain, right)) for right in rights]
    return [
        *faults,
        ("an answer cut", "talk_over", cut_in),
        ("a question again", "repeat", asked_again),
        ("a question left out", "required_missed", left_out),
        ("struck, not erased", "right_not_honoured", _unerased),
        ("distress unmet", "distress_unmet", unmet),
    ]


PLANTED: Final = _planted()


def test_there_are_fifty_faults_and_more() -> None:
    assert len(PLANTED) >= 50


@pytest.mark.parametrize(
    ("name", "rule", "plant"), PLANTED, ids=[f"{rule}: {name[:40]}" for name, rule, _ in PLANTED]
)
def test_each_planted_fault_is_found_and_named(name: str, rule: Rule, plant: Callable[[], Log]) -> None:
    quality = judged(plant())
    reasons = [reason for reason in quality.reasons if reason.rule == rule]

    assert reasons, rules(quality)
    assert all(reason.events for reason in reasons)


def test_over_the_ceiling_and_without_consent_are_found_beside_them() -> None:
    stricter = blueprint(
        question("work", "Tell me about a hard day at work.", probing={"enabled": True, "max_follow_ups": 0}),
        question("home", "Do you live alone, yes or no?", patience="closed", verbatim=True),
    )
    late = Consent(needed=True, granted=True, answered_at_ms=STARTED_MS + 60_000)

    assert ["over_ceiling"] == rules(judged(talk(), stricter))
    assert ["consent_missing"] == rules(judged(talk(), consent=late))
    assert ["consent_missing"] == rules(judged(talk(), consent=Consent(needed=True, granted=False)))


def test_a_good_talk_has_none_of_them() -> None:
    assert [] == rules(judged(talk(), design()))

"""Captions when words come late, twice, or not at all."""

from dialog.commands import Say
from dialog.events import (
    AnswerCommitted,
    AnswerReopened,
    AnyBody,
    Event,
    RemarkMade,
    SessionOpened,
    SpeechHeard,
    TurnOpened,
    WordsHeard,
)
from dialog.signals import FinalTranscript, PartialTranscript, SpeechBegan, SpeechEnded, SpeechStarted
from server.live.captions import Captions


def heard(turn_id: int, text: str) -> WordsHeard:
    return WordsHeard(turn_id, "q1", text, 1.0)


def committed(turn_id: int, text: str, revision: int = 1) -> AnswerCommitted:
    return AnswerCommitted(turn_id, revision, "q1", text, 1.0, 0.0, 1.0)


def shown(*bodies: AnyBody) -> list[dict[str, str]]:
    """After each event the captions on show, by id; those still in flux end in an ellipsis."""
    captions, now, steps = Captions(), dict[str, str](), []
    for seq, body in enumerate(bodies, start=1):
        for caption in captions.see(Event(seq, float(seq), body)):
            now[caption.id] = caption.text + ("" if caption.final else "…")
            if caption.gone:
                del now[caption.id]
        steps.append(dict(now))
    return steps


def test_words_in_flux_do_not_flicker_when_speech_sets_in_again() -> None:
    steps = shown(
        SpeechStarted(1),
        TurnOpened(1, "q1"),
        PartialTranscript(1, "i grew up"),
        SpeechStarted(2),
        PartialTranscript(1, "i grew up in"),
        PartialTranscript(2, "with"),
        FinalTranscript(1, "I grew up in Rome"),
        heard(1, "I grew up in Rome"),
    )

    assert [{"p1": "i grew up…"}] * 2 == steps[2:4]
    assert {"p1": "I grew up in Rome with…"} == steps[-1]


def test_late_words_of_an_answer_on_record_open_no_caption_of_their_own() -> None:
    steps = shown(
        SpeechStarted(1),
        TurnOpened(1, "q1"),
        PartialTranscript(1, "my teacher in the third grey"),
        committed(1, "my teacher in the third grey"),
        FinalTranscript(1, "my teacher in the third grade"),
        committed(1, "my teacher in the third grade", 2),
    )

    assert {"p1": "my teacher in the third grey"} == steps[3] == steps[4]
    assert {"p1": "my teacher in the third grade"} == steps[5]


def test_words_of_a_turn_that_came_to_nothing_vanish_with_the_next_turn() -> None:
    steps = shown(
        SpeechStarted(1),
        TurnOpened(1, "q1"),
        PartialTranscript(1, "hm"),
        SpeechStarted(2),
        TurnOpened(2, "q1"),
        PartialTranscript(2, "in Rome"),
    )

    assert {"p2": "in Rome…"} == steps[-1]


def test_an_answer_that_goes_on_is_in_flux_again_and_takes_its_new_words_in() -> None:
    steps = shown(
        SpeechStarted(1),
        TurnOpened(1, "q1"),
        committed(1, "in Rome"),
        SpeechStarted(2),
        PartialTranscript(2, "and"),
        AnswerReopened(1, 1),
        PartialTranscript(2, "and Oslo"),
        FinalTranscript(2, "and Oslo"),
        heard(1, "and Oslo"),
        committed(1, "in Rome and Oslo", 2),
    )

    assert {"p1": "in Rome", "p2": "and…"} == steps[4]
    assert {"p1": "in Rome and Oslo…"} == steps[6]
    assert {"p1": "in Rome and Oslo"} == steps[-1]


def test_a_remark_keeps_its_caption_and_the_answer_after_it_gets_one_of_its_own() -> None:
    steps = shown(
        SpeechStarted(1),
        TurnOpened(1, "q1"),
        FinalTranscript(1, "once more please"),
        RemarkMade(1, "q1", "once more please", "repeat", 1.0, 0.0, 1.0),
        SpeechStarted(2),
        TurnOpened(2, "q1"),
        PartialTranscript(2, "in Rome"),
    )

    assert {"p1": "once more please", "p2": "in Rome…"} == steps[-1]


def test_what_was_in_flux_when_a_sitting_ended_is_not_shown_in_the_next() -> None:
    steps = shown(
        SpeechStarted(1),
        TurnOpened(1, "q1"),
        FinalTranscript(1, "in Rome"),
        heard(1, "in Rome"),
        SpeechStarted(2),
        PartialTranscript(2, "and O"),
        SessionOpened("ses_2", "text", 0, 2),
        SpeechStarted(1),
        PartialTranscript(1, "and Oslo"),
    )

    assert {"p1": "in Rome"} == steps[6]
    assert {"p1": "in Rome", "p2": "and Oslo…"} == steps[-1]


def test_a_speech_of_which_nothing_was_heard_leaves_no_caption() -> None:
    steps = shown(Say(1, "acknowledgement", "Okay."), SpeechBegan(1), SpeechEnded(1, "", 0.0, True))

    assert {"a0-1": "Okay.…"} == steps[1]
    assert {} == steps[2]


def test_half_an_acknowledgement_is_not_shown_but_half_a_question_is() -> None:
    steps = shown(
        Say(1, "acknowledgement", "I see."),
        SpeechBegan(1),
        SpeechHeard(1, "acknowledgement", "I", None, 0.0, cut=True),
        Say(2, "question", "And then? What was it like?", "q1"),
        SpeechBegan(2),
        SpeechHeard(2, "question", "And then?", "q1", 0.0, cut=True),
    )

    assert {"a0-2": "And then?"} == steps[-1]

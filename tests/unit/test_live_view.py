from dialog.commands import Say
from dialog.events import (
    AnswerCommitted,
    AnswerReopened,
    AnswerStruck,
    AnyBody,
    Event,
    FloorChanged,
    InterviewFinished,
    NodeClosed,
    NodeEntered,
    NoticeGiven,
    QuestionAsked,
    SessionOpened,
    SpeechHeard,
    TurnOpened,
    WordsHeard,
)
from dialog.floor_states import FloorState
from dialog.signals import FinalTranscript, PartialTranscript, SpeechBegan, SpeechStarted
from server.live.view import View
from server.live.wire import AnyToPage, Caption, Ended, Floor, Notice, Progress, Question
from tests.support.small_study import QUESTIONS, small_blueprint

OPENED = SessionOpened("ses_1", "text", 0, 1)


def events(*bodies: AnyBody) -> list[Event]:
    return [Event(seq, float(seq), body) for seq, body in enumerate(bodies, start=1)]


def shown(*bodies: AnyBody) -> list[AnyToPage]:
    view = View(small_blueprint())
    return [message for event in events(*bodies) for message in view.see(event)]


def captions(*bodies: AnyBody) -> list[tuple[str, str, bool, bool]]:
    return [(c.id, c.text, c.final, c.gone) for c in shown(*bodies) if isinstance(c, Caption)]


def committed(turn_id: int, text: str) -> AnswerCommitted:
    return AnswerCommitted(turn_id, 1, "q1", text, 1.0, 0.0, 1.0)


def test_a_speech_is_captioned_when_it_begins_and_corrected_to_what_was_heard() -> None:
    seen = shown(
        OPENED,
        Say(1, "question", "One two three.", "q1"),
        SpeechBegan(1),
        SpeechHeard(1, "question", "One two", "q1", 0.0, cut=True),
    )

    assert [
        Caption(3, "a1-1", "agent", "One two three.", final=False),
        Caption(4, "a1-1", "agent", "One two", final=True, cut=True),
    ] == seen


def test_the_words_of_one_answer_share_a_caption_over_its_utterances() -> None:
    seen = captions(
        OPENED,
        SpeechStarted(1),
        PartialTranscript(1, "i use"),
        FinalTranscript(1, "I use a hammer"),
        TurnOpened(1, "q1"),
        WordsHeard(1, "q1", "I use a hammer", 1.0),
        SpeechStarted(2),
        PartialTranscript(2, "and a saw"),
        WordsHeard(1, "q1", "and a saw", 1.0),
        committed(1, "I use a hammer and a saw"),
        PartialTranscript(3, "next"),
    )

    assert ("p1", "i use", False, False) == seen[0]
    assert ("p1", "I use a hammer and a saw", True, False) == seen[-2]
    assert ("p2", "next", False, False) == seen[-1]


def test_words_that_nobody_took_vanish_when_speech_sets_in_again() -> None:
    seen = captions(OPENED, FinalTranscript(1, "the"), SpeechStarted(2))

    assert [("p1", "the", False, False), ("p1", "", True, True)] == seen


def test_a_struck_answer_takes_its_caption_away() -> None:
    seen = captions(OPENED, TurnOpened(1, "q1"), WordsHeard(1, "q1", "secret", 1.0), AnswerStruck(1))

    assert ("p1", "", True, True) == seen[-1]


def test_an_answer_that_goes_on_gets_its_caption_back() -> None:
    seen = captions(
        OPENED,
        TurnOpened(1, "q1"),
        WordsHeard(1, "q1", "first", 1.0),
        committed(1, "first"),
        PartialTranscript(2, "and then"),
        AnswerReopened(1, 1),
    )

    assert [("p2", "", True, True), ("p1", "first and then", False, False)] == seen[-2:]


def test_the_light_is_yours_while_the_participant_may_speak() -> None:
    states: tuple[FloorState, ...] = ("open", "hold", "speaking", "yielded", "paused")
    lights = [m.light for m in shown(*(FloorChanged(state) for state in states)) if isinstance(m, Floor)]

    assert ["yours", "thinking", "mine", "yours", "paused"] == lights


def test_progress_counts_answers_and_the_path_ahead() -> None:
    progress = [m for m in shown(NodeEntered("q1", None, "entry"), NodeClosed("q1", "answered"),
                                 NodeEntered("q2", 0, "default"), NodeClosed("q2", "skipped"))
                if isinstance(m, Progress)]  # fmt: skip

    assert [(0, 2, 5), (1, 2, 3), (1, 2, 3), (1, 2, 0)] == [
        (p.answered, p.expected, p.remaining_m) for p in progress
    ]


def test_questions_notices_and_the_end_reach_the_page() -> None:
    seen = shown(
        QuestionAsked("q1", 1, "question", QUESTIONS[0]),
        NoticeGiven("muted", "Your microphone is off.", ("type",)),
        InterviewFinished("completed"),
    )

    assert isinstance(seen[0], Question)
    assert ("q1", QUESTIONS[0]) == (seen[0].node_key, seen[0].text)
    assert Notice(2, "muted", "Your microphone is off.", ["type"]) == seen[1]
    assert isinstance(seen[2], Ended)


def test_a_replay_gives_the_latest_of_everything_and_nothing_that_is_gone() -> None:
    log = events(
        OPENED,
        FloorChanged("open"),
        PartialTranscript(1, "i"),
        PartialTranscript(1, "i use"),
        TurnOpened(1, "q1"),
        WordsHeard(1, "q1", "I use a hammer", 1.0),
        FloorChanged("hold"),
        FinalTranscript(2, "mhm"),
        SpeechStarted(3),
        TurnOpened(2, "q2"),
        WordsHeard(2, "q2", "secret", 1.0),
        AnswerStruck(2),
    )

    replayed = View(small_blueprint()).replay(log, after_seq=0)
    missed = View(small_blueprint()).replay(log, after_seq=7)

    assert [("Caption", "I use a hammer"), ("Floor", "")] == [
        (type(m).__name__, getattr(m, "text", "")) for m in replayed
    ]
    assert {"p1", "p2"} >= {m.id for m in missed if isinstance(m, Caption) and m.gone}
    assert not [m for m in missed if isinstance(m, Floor)]


def test_an_answer_that_began_as_a_noise_before_its_question_is_replayed_below_it() -> None:
    log = events(
        OPENED,
        SpeechStarted(1),
        PartialTranscript(1, "the"),
        FinalTranscript(1, ""),
        Say(1, "question", QUESTIONS[0], "q1"),
        SpeechBegan(1),
        FinalTranscript(1, "a pencil"),
    )

    replayed = [m.text for m in View(small_blueprint()).replay(log, after_seq=0) if isinstance(m, Caption)]

    assert [QUESTIONS[0], "a pencil"] == replayed

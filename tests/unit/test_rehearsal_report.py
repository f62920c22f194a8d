from typing import Any

import pytest

from dialog.blueprint import Blueprint
from dialog.commands import Say
from dialog.events import AnswerCommitted, AnyBody, Event, NodeEntered, SessionOpened
from dialog.latency import replies
from dialog.signals import SpeechBegan, SpeechStopped
from server.rehearsal.participant import Performance, SpokenAnswer
from server.rehearsal.recorded_talk import RecordedTalk
from server.rehearsal.report import build_report, shortcomings, stage_percentiles, turn_times
from tests.support.command_line import sample_blueprint


def _blueprint() -> Blueprint:
    return Blueprint.model_validate(sample_blueprint())


def _item(key: str, verbatim: str) -> dict[str, Any]:
    return {
        "question_key": key,
        "answered": bool(verbatim),
        "answer": {"verbatim": verbatim} if verbatim else None,
    }


def _answer(key: str, said: str, replied_at: float | None = 12.0) -> SpokenAnswer:
    return SpokenAnswer(key, "question", "…?", said, 8.0, 8.5, 10.0, replied_at, cut_in=False)


GOOD_SOUND = RecordedTalk(20.0, 30.0, 0.3)


def _report(
    performance: Performance,
    items: list[dict[str, Any]],
    *,
    blueprint: Blueprint | None = None,
    path: tuple[str, ...] = (),
    expected_path: tuple[str, ...] = (),
    recording: RecordedTalk | None = GOOD_SOUND,
) -> dict[str, Any]:
    events = [Event(n, 0.0, NodeEntered(key, None, "default")) for n, key in enumerate(path, 1)]
    return build_report(
        performance,
        blueprint or _blueprint(),
        events,
        items,
        expected_path=expected_path,
        recording=recording,
    )


def _well_done(**more: Any) -> dict[str, Any]:
    """A rehearsal without fault but for what is told in `more`."""
    return _report(Performance("completed", (), 60.0, ()), [_item(key, "yes") for key in _required()], **more)


def _required() -> list[str]:
    return [key for key, node in _blueprint().graph.nodes.items() if node.required]


def test_a_rehearsal_with_all_required_answers_lacks_nothing() -> None:
    assert [] == shortcomings(_well_done())


def test_a_required_question_without_an_answer_is_a_shortcoming() -> None:
    items = [_item(key, "" if key == "wish" else "yes") for key in _required()]
    report = _report(Performance("completed", (), 60.0, ()), items)

    assert ["wish"] == report["required_unanswered"]
    assert "wish" in " ".join(shortcomings(report))


def test_a_required_question_on_every_path_that_was_never_asked_is_a_shortcoming() -> None:
    items = [_item(key, "yes") for key in _required() if key != "household"]

    assert ["household"] == _report(Performance("completed", (), 60.0, ()), items)["required_unanswered"]


def test_a_branch_not_taken_is_none() -> None:
    blueprint = sample_blueprint()
    blueprint["graph"]["nodes"]["paper"]["required"] = True
    report = _well_done(blueprint=Blueprint.model_validate(blueprint))

    assert [] == report["required_unanswered"]


def test_an_interview_that_was_not_completed_is_a_shortcoming() -> None:
    items = [_item(key, "yes") for key in _required()]

    assert shortcomings(_report(Performance("lost", (), 60.0, ()), items))


def test_word_errors_are_counted_over_all_answers_to_a_node() -> None:
    answers = (_answer("wish", "i would like"), _answer("wish", "a plan that changes"))
    report = _report(
        Performance("completed", answers, 60.0, ()), [_item("wish", "I would bike\na plan that changes")]
    )

    assert {"errors": 1, "words": 7, "rate": 0.143} == report["word_errors"]


@pytest.mark.parametrize(("heard", "wanting"), [("one too free four", 0), ("won too free four", 1)])
def test_more_than_a_quarter_of_the_words_wrong_is_a_shortcoming(heard: str, wanting: int) -> None:
    items = [_item(key, heard if key == "wish" else "yes") for key in _required()]
    said = (_answer("wish", "one two free four"),)
    report = _report(Performance("completed", said, 60.0, ()), items)

    assert wanting == len([fault for fault in shortcomings(report) if "wrong on the record" in fault])


def test_another_path_than_the_persona_must_take_is_a_shortcoming() -> None:
    report = _well_done(path=("household", "app", "wish"), expected_path=("household", "paper", "wish"))

    assert ["The path was not household → paper → wish, as this persona's must be."] == shortcomings(report)


@pytest.mark.parametrize("expected", [(), ("household", "wish")])
def test_the_path_that_was_foreseen_or_left_open_is_none(expected: tuple[str, ...]) -> None:
    assert [] == shortcomings(_well_done(path=("household", "wish"), expected_path=expected))


def test_a_rehearsal_without_a_recording_to_play_is_a_shortcoming() -> None:
    report = _well_done(recording=None)

    assert report["recording"] is None
    assert ["There is no recording that can be played."] == shortcomings(report)


@pytest.mark.parametrize(
    ("recording", "silent"),
    [(RecordedTalk(0.0, 30.0, 0.0), "participant"), (RecordedTalk(20.0, 0.0, 0.0), "agent")],
)
def test_a_side_that_is_not_to_be_heard_is_a_shortcoming(recording: RecordedTalk, silent: str) -> None:
    assert [f"The {silent} is not to be heard in the recording."] == shortcomings(
        _well_done(recording=recording)
    )


def test_both_speaking_at_once_for_more_than_a_second_is_a_shortcoming() -> None:
    assert [] == shortcomings(_well_done(recording=RecordedTalk(20.0, 30.0, 1.0)))
    assert ["Both spoke at once for 1.2 s."] == shortcomings(
        _well_done(recording=RecordedTalk(20.0, 30.0, 1.2))
    )


def test_what_the_recording_holds_is_in_the_report() -> None:
    figures = {"participant_speech_s": 20.0, "agent_speech_s": 30.0, "longest_overlap_s": 0.3}

    assert figures == _well_done()["recording"]


def test_gaps_are_measured_where_the_agent_replied() -> None:
    answers = (_answer("wish", "one", 12.0), _answer("wish", "two", None))
    report = _report(Performance("completed", answers, 60.0, ()), [])

    assert {"p50": 2.0, "p95": 2.0} == report["gaps_at_the_ear_s"]


def test_the_stages_of_each_reply_and_their_percentiles_are_told() -> None:
    bodies: list[tuple[float, AnyBody]] = [
        (0.0, SessionOpened("ses_1", "webrtc", 0, 1)),
        (10.3, SpeechStopped(1, 0.2, 1.0, spoken_until=10.05)),
        (10.8, AnswerCommitted(1, 1, "wish", "yes", 0.9, 8.0, 10.1)),
        (10.8, Say(7, "question", "And then?")),
        (10.9, SpeechBegan(7, None, 10.81)),
    ]
    rows = replies(Event(seq, at, body) for seq, (at, body) in enumerate(bodies, start=1))
    (turn,) = turn_times(rows)

    assert ("cached", 0.05, 0.75, 0.76, 0.85) == tuple(
        turn[step] for step in ("kind", "silence_began", "committed", "first_packet", "question_began")
    )
    assert {"replies": 1, "p50": 0.85, "p90": 0.85, "p99": 0.85} == stage_percentiles(rows)["question"]

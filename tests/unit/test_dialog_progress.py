from dialog.events import (
    AnyBody,
    Event,
    InterviewPaused,
    InterviewResumed,
    NodeClosed,
    NodeEntered,
    SessionClosed,
    SessionOpened,
)
from dialog.progress import Progress
from dialog.signals import ParticipantJoined, ParticipantLeft
from tests.support.small_study import small_blueprint


def progress_after(*happened: tuple[float, AnyBody]) -> dict[str, object]:
    progress = Progress(small_blueprint())
    for seq, (at, fact) in enumerate(happened, start=1):
        progress.see(Event(seq, at, fact))
    return progress.shown()


OPENED = SessionOpened("ses_1", "text", 0, 1)


def test_before_the_first_node_all_of_the_time_is_still_to_come() -> None:
    shown = progress_after((0.0, OPENED))

    assert (2, 0, None, 300) == (
        shown["nodes_total"],
        shown["nodes_visited"],
        shown["current_node"],
        shown["estimated_remaining_s"],
    )


def test_a_node_that_is_gone_back_to_counts_once_and_is_open_again() -> None:
    shown = progress_after(
        (0.0, OPENED),
        (1.0, NodeEntered("q1", None, "entry")),
        (2.0, NodeClosed("q1", "answered")),
        (3.0, NodeEntered("q2", 0, "default")),
        (4.0, NodeEntered("q1", None, "back")),
    )

    assert (2, "q1", ["q1", "q2", "q1"], 300) == (
        shown["nodes_visited"],
        shown["current_node"],
        shown["path_taken"],
        shown["estimated_remaining_s"],
    )


def test_the_time_between_two_sittings_does_not_count() -> None:
    shown = progress_after(
        (0.0, OPENED), (40.0, SessionClosed("left")), (0.0, SessionOpened("ses_2", "text", 9_000_000, 2)),
        (2.5, NodeEntered("q1", None, "entry")),
    )  # fmt: skip

    assert 42.5 == shown["duration_s"]


def test_neither_a_pause_nor_an_absence_within_a_sitting_counts() -> None:
    shown = progress_after(
        (0.0, OPENED),
        (10.0, InterviewPaused("participant", 10.0)),
        (12.0, ParticipantLeft("lost")),
        (20.0, ParticipantJoined("text")),
        (25.0, InterviewResumed(25.0)),
        (30.0, NodeEntered("q1", None, "entry")),
        (31.0, ParticipantLeft("lost")),
        (51.0, ParticipantJoined("text")),
        (53.0, NodeClosed("q1", "answered")),
    )

    assert 18.0 == shown["duration_s"]


def test_a_pause_is_told_until_it_is_over() -> None:
    assert progress_after((0.0, InterviewPaused("silence")))["paused"]
    assert not progress_after((0.0, InterviewPaused("silence")), (1.0, InterviewResumed()))["paused"]

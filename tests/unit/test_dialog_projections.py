"""Transcript, responses, latency and erasure, as functions of the log alone."""

from datetime import UTC, datetime

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from dialog.events import AnswerCommitted, Event, SessionOpened, decode_event, encode_event
from dialog.latency import replies
from dialog.responses import completion_rate, response_items
from dialog.signals import DonePressed, FinalTranscript, RightClaimed
from dialog.strike import struck
from dialog.struck_sound import TOMBSTONE
from dialog.transcript import plain_text, rfc3339, transcript, transcript_entries, web_vtt
from tests.support.blueprints import two_questions
from tests.support.play import Stage

FIRST = "i got up at seven and made a pot of coffee for my sister"
SECOND = "my secret garden was full of purple elephants last night"


def log_of(stage: Stage) -> list[Event]:
    opened = SessionOpened("ses_" + "0" * 20 + "0123456789ab", "webrtc", 1_790_000_000_000, 1)
    return [Event(1, 0.0, opened)] + [Event(event.seq + 1, event.at, event.body) for event in stage.events]


def finished_talk() -> Stage:
    stage = Stage(two_questions()).run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.5, FIRST) + 1.5)
    stage.run_until_floor_is("open")
    stage.run(stage.say(stage.now + 0.5, SECOND) + 1.5)
    stage.run_until_floor_is("closed")
    return stage


def test_the_transcript_holds_both_sides_in_the_order_of_time() -> None:
    entries = transcript(log_of(finished_talk()))
    spoken = [(entry.role, entry.content) for entry in entries if entry.role != "system"]
    roles = [role for role, content in spoken if content in (FIRST, SECOND) or content.endswith("?")]

    assert ["agent", "participant", "agent", "participant"] == roles
    assert sorted(entry.timestamp_ms for entry in entries) == [entry.timestamp_ms for entry in entries]
    assert len({entry.id for entry in entries}) == len(entries)


def test_an_entry_lasts_as_long_as_it_was_heard() -> None:
    entries = transcript(log_of(finished_talk()))
    opening = next(entry for entry in entries if entry.role == "agent")

    assert round(1000 * 0.3 * len(opening.content.split())) == opening.duration_ms


def test_speech_that_was_cut_is_cut_in_the_transcript() -> None:
    stage = Stage(two_questions()).run_until_floor_is("open")
    stage.at(stage.now + 0.1, RightClaimed("repeat"))
    stage.run(stage.now + 0.9)
    stage.feed(RightClaimed("repeat"))
    stage.run(stage.now + 0.1)
    heard = [entry.content for entry in transcript(log_of(stage)) if entry.role == "agent"]

    assert heard[-1] in ("How did", "How did your")


def test_entries_have_the_shape_of_the_contract() -> None:
    entry = transcript_entries(log_of(finished_talk()))[0]

    assert [
        "id",
        "role",
        "content",
        "timestamp",
        "duration_ms",
        "session_id",
        "node_id",
        "question_key",
        "entry_type",
        "confidence",
    ] == list(entry)


def test_responses_hold_one_item_per_visited_node() -> None:
    log = log_of(finished_talk())
    items = response_items(two_questions(), log)
    ids = {entry["id"] for entry in transcript_entries(log)}

    assert [("morning", True), ("evening", True)] == [(item["node_id"], item["answered"]) for item in items]
    assert [FIRST, SECOND] == [item["answer"]["verbatim"] for item in items]  # type: ignore[index]
    assert all(set(item["answer"]["transcript_entry_ids"]) <= ids for item in items)  # type: ignore[index]
    assert 1.0 == completion_rate(items)


def test_each_reply_has_its_stage_times_in_order() -> None:
    rows = replies(log_of(finished_talk()))

    assert 2 == len(rows)
    for row in rows:
        stages = [
            row.speech_ended_at,
            row.taken_at,
            row.judged_at,
            row.committed_at,
            row.said_at,
            row.question_at,
        ]
        assert None not in stages
        assert sorted(stages) == stages  # type: ignore[type-var]


def test_late_words_of_an_answer_make_no_second_reply() -> None:
    stage = Stage(two_questions()).run_until_floor_is("open")
    end = stage.say(stage.now + 0.5, FIRST, last_word=False)
    stage.at(end + 0.1, DonePressed())
    stage.run(end + 1.2)
    stage.feed(FinalTranscript(1, f"{FIRST} and me", 0.9))

    assert 2 == len(stage.facts(AnswerCommitted))
    assert 1 == len(replies(log_of(stage)))


def test_a_struck_answer_leaves_no_word_behind() -> None:
    stage = finished_talk()
    log = log_of(stage)
    turn = 2
    changed = {event.seq: event for event in struck(log, turn)}
    after = [changed.get(event.seq, event) for event in log]
    text = b"\n".join(encode_event(event) for event in after)

    assert b"elephants" in b"\n".join(encode_event(event) for event in log)
    assert b"elephants" not in text
    assert TOMBSTONE.encode() in text
    assert FIRST.encode() in text
    assert [event.seq for event in log] == [event.seq for event in after]


def test_every_event_of_a_talk_survives_the_way_through_json() -> None:
    for event in log_of(finished_talk()):
        assert event == decode_event(encode_event(event))


@given(st.integers(min_value=0, max_value=4_000_000_000_000))
def test_times_are_written_as_the_standard_says(stamp: int) -> None:
    expected = datetime.fromtimestamp(stamp // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")

    assert f"{expected}.{stamp % 1000:03d}Z" == rfc3339(stamp)


@given(st.text(max_size=200))
def test_captions_and_text_survive_any_words(words: str) -> None:
    entries = transcript(log_of(Stage(two_questions()).run(8.0)))
    entries[0] = msgspec.structs.replace(entries[0], content=words)
    captions = web_vtt(entries)

    assert captions.startswith("WEBVTT\n\n")
    cues = sum(1 for entry in entries if entry.content and entry.role != "system")
    assert cues == captions.count(" --> ")
    assert plain_text(entries)

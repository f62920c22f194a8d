"""Transcript, responses, latency and erasure, as functions of the log alone."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialog.commands import Judge, Say
from dialog.dead_air import Silence, dead_air
from dialog.events import (
    AnswerCommitted,
    AnswerJudged,
    AnswerStruck,
    AnswerTaken,
    AnyBody,
    Event,
    FloorChanged,
    NoticeGiven,
    RecordingBegan,
    SessionOpened,
    SpeechHeard,
    WordsHeard,
    decode_event,
    encode_event,
)
from dialog.judgement import Judgement
from dialog.latency import STAGES, Reply, percentile, replies, stage_times
from dialog.responses import completion_rate, response_items
from dialog.signals import (
    DonePressed,
    FinalTranscript,
    JudgementArrived,
    PartialTranscript,
    ParticipantLeft,
    RightClaimed,
    SpeechBegan,
    SpeechEnded,
    SpeechStarted,
    SpeechStopped,
)
from dialog.strike import struck
from dialog.struck_sound import AGENT_LEAD, MARGIN, TOMBSTONE, Passage, struck_passages, struck_utterances
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
            row.committed_at,
            row.said_at,
            row.question_at,
        ]
        assert None not in stages
        assert sorted(stages) == stages  # type: ignore[type-var]
        assert row.judged_at is not None
        assert row.judged_at <= row.committed_at  # ahead of the take, where it was drafted


def timed_reply(*, first_byte_at: float | None) -> list[Event]:
    """One answer, heard to its end at the mouth, judged, and replied to."""
    request = next(e.body.request for e in log_of(finished_talk()) if isinstance(e.body, Judge))
    happened: list[tuple[float, AnyBody]] = [
        (0.0, SessionOpened("ses_1", "webrtc", 0, 1)),
        (10.30, SpeechStopped(1, 0.2, 1.4, spoken_until=9.95)),
        (10.80, AnswerTaken(1, 1, "one")),
        (10.80, Judge(1, request)),
        (11.20, JudgementArrived(1, Judgement("sufficient"), first_token_at=11.0)),
        (11.90, AnswerCommitted(1, 1, "a", "yes", 0.9, 8.0, 10.30 - 0.2)),
        (11.90, AnswerJudged(1, "a", "sufficient", "model", drafted=True)),
        (11.90, Say(7, "question", "And then?")),
        (12.50, SpeechBegan(7, first_byte_at, 12.41)),
    ]
    return [Event(seq, at, body) for seq, (at, body) in enumerate(happened, start=1)]


def rounded(row: Reply) -> dict[str, float]:
    return {stage: round(seconds, 3) for stage, seconds in row.stages().items()}


def test_the_stages_of_a_reply_count_from_the_end_of_speech_at_the_mouth() -> None:
    (row,) = replies(timed_reply(first_byte_at=12.40))

    assert "generated" == row.kind
    assert row.drafted
    assert {
        "taken": 0.85,
        "committed": 1.95,
        "first_token": 0.2,
        "judged": 0.4,
        "first_byte": 0.5,
        "sent": 0.01,
        "played": 0.09,
        "first_audio": 2.55,
        "question": 2.55,
    } == rounded(row)
    assert 10.1 == pytest.approx(row.silence_began_at)


def test_words_made_ahead_are_sent_from_the_moment_they_are_decided() -> None:
    (row,) = replies(timed_reply(first_byte_at=None))

    assert "cached" == row.kind
    assert 0.51 == rounded(row)["sent"]
    assert "first_byte" not in row.stages()


def test_a_voice_that_was_begun_ahead_is_waited_for_no_longer() -> None:
    (row,) = replies(timed_reply(first_byte_at=11.5))

    assert "generated" == row.kind
    assert 0.0 == rounded(row)["first_byte"]
    assert 0.51 == rounded(row)["sent"]


def test_a_form_that_is_filled_in_has_no_instants_of_the_answer_before_it() -> None:
    log = timed_reply(first_byte_at=12.40)
    log.append(Event(len(log) + 1, 20.0, AnswerCommitted(2, 1, "b", "7", 1.0, 20.0, 20.0, typed=True)))
    form = replies(log)[1]

    assert [None] * 4 == [form.taken_at, form.judge_asked_at, form.judged_at, form.first_sound_at]
    assert all(seconds >= 0 for seconds in form.stages().values())


def test_a_judgement_that_nobody_waits_for_is_not_the_answers() -> None:
    log = timed_reply(first_byte_at=12.40)
    at = next(place for place, event in enumerate(log) if isinstance(event.body, JudgementArrived))
    log.insert(at + 1, Event(0, 11.5, JudgementArrived(99, Judgement("vague"))))

    assert 11.2 == replies(log)[0].judged_at


def in_order(*happened: tuple[float, AnyBody]) -> list[Event]:
    return [Event(seq, at, body) for seq, (at, body) in enumerate(happened, start=1)]


def test_a_silence_that_never_ends_lasts_as_long_as_the_log() -> None:
    log = in_order((1.0, FloorChanged("hold")), (9.0, NoticeGiven("storage", "")))

    assert [Silence(1.0, 9.0, "hold")] == dead_air(log)


def test_the_voice_of_somebody_who_has_left_fills_no_silence() -> None:
    log = in_order(
        (1.0, SpeechStarted(1)),
        (2.0, ParticipantLeft("hung up")),
        (2.0, FloorChanged("away")),
        (5.0, FloorChanged("speaking")),
        (8.0, SpeechBegan(1)),
    )

    assert [Silence(5.0, 8.0, "speaking")] == dead_air(log)


def test_every_stage_is_explained() -> None:
    assert list(STAGES) == list(rounded(replies(timed_reply(first_byte_at=12.40))[0]))
    assert list(STAGES) == list(stage_times(replies(timed_reply(first_byte_at=12.40))))


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 5), (0.9, 9), (0.91, 10), (1.0, 10)])
def test_a_percentile_is_one_of_the_values(share: float, expected: float) -> None:
    assert expected == percentile([7, 3, 10, 1, 9, 5, 2, 8, 4, 6], share)


def test_nothing_has_no_percentile() -> None:
    assert percentile([], 0.5) is None


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


def recorded_in_two_sittings() -> list[Event]:
    """The second sitting lies behind 40 s of the first, and was written in for 5 s before its sound began."""
    first = log_of(finished_talk())
    seq = first[-1].seq
    opened = SessionOpened("ses_" + "1" * 32, "webrtc", 1_790_000_600_000, 2)
    spoken = SpeechHeard(90, "notice", "Welcome back.", None, 2.0, False)
    second: list[tuple[float, AnyBody]] = [(0.0, opened), (3.0, spoken), (5.0, RecordingBegan(40.0))]
    return [
        first[0],
        Event(0, 0.0, RecordingBegan(0.0)),
        *first[1:],
        *(Event(seq + place, at, body) for place, (at, body) in enumerate(second, start=1)),
    ]


def test_an_entry_of_any_sitting_has_its_place_in_the_recording() -> None:
    entries = transcript(recorded_in_two_sittings())
    back = next(entry for entry in entries if entry.content == "Welcome back.")
    opening = entries[0]

    assert 42_000 == back.recording_ms
    assert 1_790_000_602_000 == back.timestamp_ms
    assert opening.timestamp_ms - 1_790_000_000_000 == opening.recording_ms
    assert "00:00:42.000 --> " in web_vtt(entries)


def test_without_a_recording_captions_count_from_the_first_entry() -> None:
    entries = transcript([event for event in recorded_in_two_sittings() if event.at != 5.0])

    assert "\n00:00:00.000 --> " in web_vtt(entries)
    assert "00:10:0" in web_vtt(entries)


def struck_talk() -> list[Event]:
    """A recorded talk whose second answer was struck, already without its words."""
    log = log_of(finished_talk())
    log = [log[0], Event(0, 0.0, RecordingBegan(10.0)), *log[1:]]
    changed = {event.seq: event for event in struck(log, 2)}
    return [changed.get(event.seq, event) for event in log]


def test_the_sound_of_a_struck_answer_is_found_by_who_spoke_when() -> None:
    log = struck_talk()
    onset = next(e.at for e in log if isinstance(e.body, SpeechStarted) and e.body.utterance_id == 2)
    end = max(e.at for e in log if isinstance(e.body, SpeechStopped) and e.body.utterance_id == 2)
    found = [one for one in struck_passages(log, 2) if one.side == "participant"]
    before = [one for one in struck_passages(log, 1) if one.side == "participant"]

    assert abs(10.0 + onset - MARGIN - min(one.began_at for one in found)) < 0.01
    assert abs(10.0 + end + MARGIN - max(one.ended_at for one in found)) < 0.01
    assert max(one.ended_at for one in before) < min(one.began_at for one in found)


def test_a_sitting_that_was_not_recorded_has_no_sound_to_silence() -> None:
    log = [event for event in struck_talk() if not isinstance(event.body, RecordingBegan)]

    assert [] == struck_passages(log, 2)


def test_our_words_that_quoted_a_struck_answer_are_silenced_too() -> None:
    log = log_of(finished_talk())
    quote = Say(77, "probe", "You spoke of purple elephants last night. Which ones?")
    seq = log[-1].seq
    said: list[tuple[float, AnyBody]] = [
        (90.0, RecordingBegan(0.0)),
        (90.0, quote),
        (91.0, SpeechBegan(77)),
        (95.0, SpeechEnded(77, quote.text, 1.0)),
    ]
    log += [Event(seq + place, at, body) for place, (at, body) in enumerate(said, start=1)]
    changed = {event.seq: event for event in struck(log, 2)}
    passages = struck_passages([changed.get(event.seq, event) for event in log], 2)

    assert Passage("agent", 91.0 - AGENT_LEAD, 95.0 + MARGIN) in passages


def test_striking_in_mid_word_leaves_no_late_word() -> None:
    stage = Stage(two_questions()).run_until_floor_is("open")
    began = stage.now + 0.5
    stage.at(began, SpeechStarted(1))
    stage.at(began + 1.0, PartialTranscript(1, "my boss is"))
    stage.at(began + 1.5, RightClaimed("strike"))
    stage.at(began + 1.9, SpeechStopped(1, 0.2, 1.5))
    stage.at(began + 2.4, FinalTranscript(1, "my boss is elizabeth warren"))
    stage.run(began + 8.0)
    log = log_of(stage)
    struck_at = next(place for place, e in enumerate(log) if isinstance(e.body, AnswerStruck))
    changed = {event.seq: event for event in struck(log[: struck_at + 1], 1)}
    text = b"".join(encode_event(changed.get(event.seq, event)) for event in log[: struck_at + 1])

    assert b"boss" not in text
    assert {1} == struck_utterances(log[: struck_at + 1], 1), "whose late words are not written down"
    assert not any(
        "elizabeth" in e.body.text for e in log if isinstance(e.body, WordsHeard | AnswerCommitted)
    )


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

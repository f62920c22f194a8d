"""The transcript as a projection: what was heard of the agent and said by the participant, in the order of
time."""

import functools
from collections.abc import Iterable

import msgspec

from dialog.claims import without
from dialog.events import (
    AnswerCommitted,
    AnswerReopened,
    AnswerStruck,
    Event,
    InterviewFinished,
    InterviewPaused,
    InterviewResumed,
    RecordingBegan,
    RemarkMade,
    SessionOpened,
    SpeechHeard,
    WordsHeard,
)
from dialog.signals import FormFilled
from dialog.struck_words import EVERYTHING


class Entry(msgspec.Struct):
    """One entry: who said what when. Times are in milliseconds, `timestamp_ms` since 1970."""

    id: str
    role: str
    content: str
    timestamp_ms: int
    duration_ms: int
    session_id: str
    node_id: str | None
    question_key: str | None
    entry_type: str
    confidence: float | None
    turn_id: int | None = None
    recording_ms: int | None = None
    """Where in the run's recording it begins; None in a sitting that was not recorded."""


def entry_id(session_id: str, seq: int, timestamp_ms: int) -> str:
    """`ent_` and a UUIDv7-shaped number made of time, session and place in the log: the same events, the
    same id."""
    session_bits = int(session_id[-11:], 16) if _is_hex(session_id[-11:]) else 0
    low = ((session_bits & ((1 << 44) - 1)) << 18) | (seq & ((1 << 18) - 1))
    value = ((timestamp_ms & ((1 << 48) - 1)) << 80) | (0x7 << 76) | (0b10 << 62) | low
    return f"ent_{value:032x}"


def _is_hex(text: str) -> bool:
    return bool(text) and all(char in "0123456789abcdef" for char in text)


class _Projection:
    def __init__(self) -> None:
        self.session_id = ""
        self.origin_ms = 0
        self.entries: dict[tuple[str, int], Entry] = {}
        self.form_filled = False
        self.set_aside: set[int] = set()
        """Turns that were no answer, as far as is known."""
        self.recorded: dict[str, int] = {}
        """By session, what is taken off a wall-clock time to have one in the recording."""

    def put(
        self,
        key: tuple[str, int],
        event: Event,
        role: str,
        content: str,
        began_at: float,
        ended_at: float,
        node_key: str | None,
        entry_type: str = "utterance",
        confidence: float | None = None,
        turn_id: int | None = None,
    ) -> None:
        """Add an entry, or give the one of this key other words."""
        stamp = self.origin_ms + round(began_at * 1000)
        known = self.entries.get(key)
        self.entries[key] = Entry(
            known.id if known is not None else entry_id(self.session_id, event.seq, stamp),
            role,
            content,
            known.timestamp_ms if known is not None else stamp,
            max(0, round((ended_at - began_at) * 1000)),
            self.session_id,
            node_key,
            node_key,
            entry_type,
            None if confidence is None else round(confidence, 3),
            turn_id,
        )

    def take(self, event: Event) -> None:
        body = event.body
        match body:
            case SessionOpened():
                self.session_id, self.origin_ms = body.session_id, body.started_at_ms
                if body.number > 1:
                    self.note(event, "The participant came back.")
            case RecordingBegan():
                self.recorded[self.session_id] = self.origin_ms - round(body.recording_offset * 1000)
            case SpeechHeard():
                self.put(
                    ("agent", event.seq), event, "agent", body.text, body.began_at, event.at, body.node_key
                )
            case WordsHeard():
                key = ("turn", body.turn_id)
                known = self.entries.get(key)
                anew = known is None or body.turn_id in self.set_aside  # an answer after all, as a whole
                text = body.text if known is None or anew else f"{known.content} {body.text}"
                self.set_aside.discard(body.turn_id)
                self.put(
                    key,
                    event,
                    "participant",
                    text,
                    event.at,
                    event.at,
                    body.node_key,
                    "utterance",
                    body.confidence,
                    body.turn_id,
                )
            case AnswerCommitted():
                kind = "content_response" if self.form_filled else "utterance"
                self.form_filled = False
                self.said(event, body, kind)
            case RemarkMade() if body.meaning != "echo":  # which nobody has said
                self.leave_out(body)
                self.said(event, body, "utterance")
                self.set_aside.add(body.turn_id)
            case AnswerReopened():
                pass  # the words stay until the answer is committed anew
            case AnswerStruck() if body.turn_id == EVERYTHING:
                said = {key: entry for key, entry in self.entries.items() if entry.role != "participant"}
                self.entries = said
            case AnswerStruck():
                self.entries.pop(("turn", body.turn_id), None)
            case FormFilled():
                self.form_filled = True
            case InterviewPaused():
                self.note(event, f"Paused ({body.reason}).")
            case InterviewResumed():
                self.note(event, "Resumed.")
            case InterviewFinished():
                self.note(event, f"The interview ended ({body.outcome}).")
            case _:
                pass

    def said(self, event: Event, body: AnswerCommitted | RemarkMade, kind: str) -> None:
        """The participant's words of one turn, whole."""
        key = ("turn", body.turn_id) if body.turn_id else ("remark", event.seq)
        self.entries.pop(key, None)
        self.put(
            key,
            event,
            "participant",
            body.text,
            body.began_at,
            body.ended_at,
            body.node_key,
            kind,
            body.confidence,
            body.turn_id,
        )

    def leave_out(self, remark: RemarkMade) -> None:
        """What was said amid an answer stands beside it, not in it."""
        answer = self.entries.get(("turn", remark.amid))
        if answer is not None:
            answer.content = without(answer.content, remark.text)

    def note(self, event: Event, text: str) -> None:
        """Something that happened, for the reader."""
        self.put(("event", event.seq), event, "system", text, event.at, event.at, None, "event")


def transcript(events: Iterable[Event]) -> list[Entry]:
    """The entries of a run, in the order in which they were begun."""
    projection = _Projection()
    for event in events:
        projection.take(event)
    for entry in projection.entries.values():
        if entry.session_id in projection.recorded:
            entry.recording_ms = entry.timestamp_ms - projection.recorded[entry.session_id]
    return sorted(projection.entries.values(), key=lambda entry: (entry.timestamp_ms, entry.id))


def rfc3339(timestamp_ms: int) -> str:
    """Milliseconds since 1970 as `2026-01-31T12:00:00.000Z`."""
    seconds, millis = divmod(timestamp_ms, 1000)
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    return f"{_date(days)}T{hours:02d}:{rest // 60:02d}:{rest % 60:02d}.{millis:03d}Z"


@functools.lru_cache(maxsize=256)  # a page of a list has hundreds of instants, of few days
def _date(days: int) -> str:
    """Days since 1970 as `2026-01-31` (civil-from-days after H. Hinnant)."""
    shifted = days + 719_468
    era, day_of_era = divmod(shifted, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_index = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * month_index + 2) // 5 + 1
    month = month_index + 3 if month_index < 10 else month_index - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return f"{year:04d}-{month:02d}-{day:02d}"


def transcript_entries(events: Iterable[Event]) -> list[dict[str, object]]:
    """The entries as the API gives them."""
    return [
        {
            "id": entry.id,
            "role": entry.role,
            "content": entry.content,
            "timestamp": rfc3339(entry.timestamp_ms),
            "duration_ms": entry.duration_ms,
            "session_id": entry.session_id,
            "node_id": entry.node_id,
            "question_key": entry.question_key,
            "entry_type": entry.entry_type,
            "confidence": entry.confidence,
        }
        for entry in transcript(events)
    ]


def web_vtt(entries: list[Entry]) -> str:
    """The spoken entries as WebVTT with speakers. Times are those of the recording where all of it was
    recorded, and else counted from the first entry."""
    spoken = [entry for entry in entries if entry.role in ("agent", "participant") and entry.content]
    origin = spoken[0].timestamp_ms if spoken else 0
    cues = ["WEBVTT", ""]
    places = [entry.recording_ms for entry in spoken if entry.recording_ms is not None]
    if len(places) < len(spoken):
        places = [entry.timestamp_ms - origin for entry in spoken]
    for entry, start in zip(spoken, places, strict=True):
        end = start + max(entry.duration_ms, 500)
        content = entry.content.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        content = " ".join(content.split())
        cues += [
            entry.id,
            f"{_clock(start)} --> {_clock(end)}",
            f"<v {entry.role.capitalize()}>{content}",
            "",
        ]
    return "\n".join(cues)


def _clock(millis: int) -> str:
    return (
        f"{millis // 3_600_000:02d}:{millis // 60_000 % 60:02d}:{millis // 1000 % 60:02d}.{millis % 1000:03d}"
    )


def plain_text(entries: list[Entry]) -> str:
    """The entries for reading: one line each, the speaker before it."""
    names = {"agent": "Interviewer", "participant": "Participant", "operator": "Operator"}
    lines = [
        f"[{entry.content}]"
        if entry.role == "system"
        else f"{names.get(entry.role, entry.role)}: {entry.content}"
        for entry in entries
        if entry.content
    ]
    return "\n".join(lines) + ("\n" if lines else "")

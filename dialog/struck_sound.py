"""Where in a run's recording a struck answer sounds, and which transcripts are of that sound. Finds it by who
spoke when, not by words: it is found as well once the words are gone.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from dialog.commands import Say
from dialog.events import (
    AnswerCommitted,
    AnswerErased,
    AnswerReopened,
    AnswerStruck,
    Event,
    RecordingBegan,
    RemarkMade,
    SessionOpened,
    TurnOpened,
    WordsHeard,
)
from dialog.signals import (
    FinalTranscript,
    PartialTranscript,
    Signal,
    SpeechBegan,
    SpeechEnded,
    SpeechStarted,
    SpeechStopped,
)
from dialog.struck_words import EVERYTHING

TOMBSTONE: Final = "[erased]"
MARGIN: Final = 0.5
"""Seconds to either side that go too: a voice is noticed some tenths of a second after it set in."""
AGENT_LEAD: Final = 1.0
"""Seconds before the agent's words are at the ear in which they may have been sent, and recorded."""


class Passage(msgspec.Struct, frozen=True):
    """A part of a run's recording in which one side must not be heard; in its seconds."""

    side: Literal["participant", "agent"]
    began_at: float
    ended_at: float


class _Heard(msgspec.Struct):
    """A voice, or one of our speeches, in a sitting's seconds; `ended_at` is None while it goes on."""

    began_at: float
    ended_at: float | None = None


class _Sitting:
    def __init__(self) -> None:
        self.offset: float | None = None
        self.last_at = 0.0
        self.struck_at: float | None = None
        self.utterances: dict[int, _Heard] = {}
        self.transcripts: list[tuple[int, int]] = []
        """(seq, utterance)"""
        self.struck: set[int] = set()
        """Utterances of the struck turn."""
        self.answers: list[_Heard] = []
        """From where to where the struck turn lasted, by its own word."""
        self.quotes: dict[int, _Heard] = {}
        """Our speeches that carried its words, by id."""

    def passages(self) -> Iterable[Passage]:
        if self.offset is None:
            return
        end = self.last_at if self.struck_at is None else self.struck_at
        voices = [self.utterances[one] for one in self.struck if one in self.utterances]
        for heard in (*voices, *self.answers):
            ended_at = end if heard.ended_at is None else min(heard.ended_at, end)
            began_at = max(0.0, self.offset + heard.began_at - MARGIN)
            yield Passage("participant", began_at, self.offset + max(ended_at, heard.began_at) + MARGIN)
        for quote in self.quotes.values():
            ended_at = self.last_at if quote.ended_at is None else quote.ended_at
            began_at = max(0.0, self.offset + quote.began_at - AGENT_LEAD)
            yield Passage("agent", began_at, self.offset + ended_at + MARGIN)


class _Search:
    """Reads a log for one turn."""

    def __init__(self, turn_id: int) -> None:
        self.sittings = [_Sitting()]
        self._turn_id = turn_id
        self._everything = turn_id == EVERYTHING
        self._open_turn: int | None = None
        self._cause: Signal | None = None
        self._quoting: set[int] = set()

    def stop(self) -> None:
        """Whatever is said from now on is not struck."""
        self._everything, self._turn_id = False, -1

    def _strikes(self, turn_id: int | None) -> bool:
        return self._everything or turn_id == self._turn_id

    def read(self, event: Event) -> None:
        body, sitting = event.body, self.sittings[-1]
        sitting.last_at = max(sitting.last_at, event.at)
        if isinstance(body, Signal):
            self._cause = body
            self._signal(sitting, event, body)
            return
        match body:
            case SessionOpened():
                self.sittings.append(_Sitting())
                self._open_turn = self._cause = None
            case RecordingBegan():
                sitting.offset = body.recording_offset
            case Say():
                if body.text == TOMBSTONE:
                    self._quoting.add(body.speech_id)
            case TurnOpened() | WordsHeard():
                self._open_turn = body.turn_id
                if self._strikes(body.turn_id):
                    self._strike_cause(sitting)
                if self._strikes(body.turn_id) and isinstance(body, TurnOpened):
                    sitting.struck |= {u for u, voice in sitting.utterances.items() if voice.ended_at is None}
            case AnswerCommitted() | RemarkMade():
                if self._strikes(body.turn_id):
                    sitting.struck.update(body.utterances if isinstance(body, RemarkMade) else ())
                    self._strike_cause(sitting)
                    sitting.answers.append(_Heard(body.began_at, body.ended_at))
                self._close(body.turn_id)
            case AnswerReopened():
                self._open_turn = body.turn_id
            case AnswerStruck():
                if body.turn_id == self._turn_id:
                    sitting.struck_at = event.at
                self._close(body.turn_id)
            case _:
                pass

    def _signal(self, sitting: _Sitting, event: Event, signal: Signal) -> None:
        match signal:
            case SpeechStarted():
                voice = sitting.utterances.setdefault(signal.utterance_id, _Heard(event.at))
                voice.ended_at = None
                if self._strikes(self._open_turn):
                    sitting.struck.add(signal.utterance_id)
            case SpeechStopped():
                if signal.utterance_id in sitting.utterances:
                    sitting.utterances[signal.utterance_id].ended_at = event.at
            case PartialTranscript() | FinalTranscript():
                sitting.transcripts.append((event.seq, signal.utterance_id))
            case SpeechBegan():
                if signal.speech_id in self._quoting:
                    sitting.quotes[signal.speech_id] = _Heard(event.at)
            case SpeechEnded():
                if signal.speech_id in sitting.quotes:
                    sitting.quotes[signal.speech_id].ended_at = event.at
            case _:
                pass

    def _strike_cause(self, sitting: _Sitting) -> None:
        if isinstance(self._cause, SpeechStarted | PartialTranscript | FinalTranscript):
            sitting.struck.add(self._cause.utterance_id)

    def _close(self, turn_id: int) -> None:
        if self._open_turn == turn_id:
            self._open_turn = None


def struck_passages(events: Sequence[Event], turn_id: int) -> list[Passage]:
    """Find the sound of a struck turn, of both sides, in all sittings that were recorded.

    `events` are the run's, already without the turn's words (`strike.struck`): of what we said, the speeches
    count that lost words by it. Where one breath carried two answers, the sound of both goes.
    """
    return [passage for sitting in _searched(events, turn_id) for passage in sitting.passages()]


def struck_transcripts(events: Sequence[Event], turn_id: int) -> set[int]:
    """Find the transcripts of a struck turn's utterances, whatever was understood; their `seq`."""
    sittings = _searched(events, turn_id)
    return {seq for one in sittings for seq, utterance in one.transcripts if utterance in one.struck}


def struck_utterances(events: Sequence[Event], turn_id: int) -> set[int]:
    """Find the utterances of a struck turn in the last sitting, of which words may still come."""
    return _searched(events, turn_id)[-1].struck


def erasures_due(events: Iterable[Event]) -> list[int]:
    """Turns that were struck and are not erased yet, in the order of their striking."""
    return list(dict.fromkeys(strikes_due(events)))


def strikes_due(events: Iterable[Event]) -> list[int]:
    """The same, once for each time that a turn was struck: whoever erases everything strikes what was struck
    before once more, and each strike has its `AnswerErased`."""
    due: list[int] = []
    for event in events:
        if isinstance(event.body, AnswerStruck):
            due.append(event.body.turn_id)
        elif isinstance(event.body, AnswerErased) and event.body.turn_id in due:
            due.remove(event.body.turn_id)
    return due


def looked_for(turns: Sequence[int]) -> Sequence[int]:
    """What is looked for of what was struck, in its order: everything takes along all that was struck before,
    and nothing of what was said since."""
    if EVERYTHING not in turns:
        return turns
    last = max(at for at, turn_id in enumerate(turns) if turn_id == EVERYTHING)
    return turns[last:]


def _searched(events: Sequence[Event], turn_id: int) -> list[_Sitting]:
    search = _Search(turn_id)
    until = last_sweep(events) if turn_id == EVERYTHING else len(events)
    for place, event in enumerate(events):
        search.read(event)
        if place == until:
            search.stop()
    return search.sittings


def last_sweep(events: Sequence[Event]) -> int:
    """The place where everything was struck the last time; -1 where it never was."""
    sweep = AnswerStruck(EVERYTHING)
    return max((place for place, event in enumerate(events) if event.body == sweep), default=-1)

"""What remains of a struck passage: the same events, with every word of it gone and a tombstone in its
place."""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from dialog import script
from dialog.commands import Judge, Prepare, Say
from dialog.events import (
    AnswerCommitted,
    DataRecorded,
    Event,
    ProbeChosen,
    QuestionAsked,
    RemarkMade,
    SpeechHeard,
    TurnOpened,
    WordsHeard,
)
from dialog.judgement import Exchange, JudgementRequest, Probe
from dialog.lexicon import plain
from dialog.signals import (
    FinalTranscript,
    FormFilled,
    JudgementArrived,
    PartialTranscript,
    Signal,
    SpeechEnded,
    TextTyped,
)
from dialog.struck_sound import TOMBSTONE, last_sweep, struck_transcripts
from dialog.struck_words import EVERYTHING, RUN, StruckWords

_SAID: Final = WordsHeard | AnswerCommitted | RemarkMade | FinalTranscript | TextTyped
"""Where the participant's words stand."""


def struck(events: Sequence[Event], turn_id: int) -> list[Event]:
    """The events of a run that change when a turn is struck, in their new form: whatever carried its words,
    from the turn's
    opening on, in signals, commands and facts alike; also probes that quoted them, and judgements that
    rested on them."""
    if turn_id == EVERYTHING:
        return _swept(events)
    opened = [place for place, event in enumerate(events) if _opens(event, turn_id)]
    if not opened:
        return []
    spoken = struck_transcripts(events, turn_id)
    words = StruckWords(_words_of(events, turn_id, spoken))
    values = [
        one.body.data for one in events if isinstance(one.body, DataRecorded) and one.body.turn_id == turn_id
    ]
    closed = _last_mention(events, turn_id)
    probes = _probes(events)
    first = min([_cause(events, opened[0]), *(at for at, event in enumerate(events) if event.seq in spoken)])
    changed = []
    for place, event in enumerate(events[first:], start=first):
        passage = _Passage(
            turn_id=turn_id,
            words=words,
            values=values,
            within=place <= closed,
            spoken=event.seq in spoken,
            probes=probes,
        )
        body = _without(event, passage)
        if body is not None:
            changed.append(Event(event.seq, event.at, body))  # type: ignore[arg-type]
    # What the words are known by goes last: broken off in between, the rest can still be found.
    return sorted(changed, key=lambda event: _is_source(event, turn_id))


def _swept(events: Sequence[Event]) -> list[Event]:
    """The events that change when everything was struck that had been said by then: in one go, for of a long
    talk there are many answers."""
    until = last_sweep(events)
    late = struck_transcripts(events, EVERYTHING)
    texts = [event.body.text for event in events[: until + 1] if isinstance(event.body, _SAID)]
    words = StruckWords(text for text in texts if text)
    # a mere "yes" of then is found in nearly everything that is said from now on
    longer = StruckWords(text for text in words.passages if len(plain(text).split()) >= RUN)
    probes = _probes(events)
    changed = []
    for place, event in enumerate(events):
        within = place <= until
        passage = _Passage(
            turn_id=EVERYTHING,
            everything=within,
            words=words if within else longer,
            values=[],
            within=within,
            spoken=event.seq in late,
            probes=probes,
        )
        body = _without(event, passage)
        if body is not None and body != event.body:
            changed.append(Event(event.seq, event.at, body))  # type: ignore[arg-type]
    return sorted(changed, key=lambda event: isinstance(event.body, _SAID))


def _probes(events: Sequence[Event]) -> frozenset[int]:
    """Speeches of ours that were worded from what was said."""
    return frozenset(
        one.body.speech_id for one in events if isinstance(one.body, Say) and one.body.kind == "probe"
    )


def _is_source(event: Event, turn_id: int) -> bool:
    body = event.body
    if isinstance(body, WordsHeard | AnswerCommitted | RemarkMade):
        return body.turn_id == turn_id
    return isinstance(body, PartialTranscript | FinalTranscript)


def _opens(event: Event, turn_id: int) -> bool:
    return isinstance(event.body, TurnOpened | WordsHeard | RemarkMade) and event.body.turn_id == turn_id


def _cause(events: Sequence[Event], opened: int) -> int:
    """The signal that opened a turn: typed words come before it."""
    for place in range(opened, 0, -1):
        if isinstance(events[place].body, Signal):
            return place
    return 0


def _words_of(events: Sequence[Event], turn_id: int, spoken: Collection[int]) -> list[str]:
    texts = [
        event.body.text
        for event in events
        if (
            isinstance(event.body, WordsHeard | AnswerCommitted | RemarkMade)
            and event.body.turn_id == turn_id
        )
        or (isinstance(event.body, PartialTranscript | FinalTranscript) and event.seq in spoken)
    ]
    return [text for text in texts if text]


def _last_mention(events: Sequence[Event], turn_id: int) -> int:
    places = [
        place
        for place, event in enumerate(events)
        if isinstance(event.body, WordsHeard | AnswerCommitted | RemarkMade) and event.body.turn_id == turn_id
    ]
    return places[-1] if places else 0


def _reads_back(text: str, values: list[dict[str, object]]) -> bool:
    """Whether a text gives values back that were struck, which may have been told in other words."""
    if not text.startswith(script.READ_BACK):
        return False
    said = f" {plain(text)} "
    return any(f" {plain(script.as_said(value))} " in said for data in values for value in data.values())


class _Passage(msgspec.Struct, frozen=True, kw_only=True):
    """What is struck, and how an event lies to it: within its bounds, or itself one of its transcripts."""

    turn_id: int
    everything: bool = False
    """All that was said is struck, not only what belongs to the turn."""
    words: StruckWords
    values: list[dict[str, object]]
    within: bool
    spoken: bool
    probes: frozenset[int]
    """Speeches of ours that were worded from what was said."""

    def owns(self, turn_id: int | None) -> bool:
        """Whether what belongs to this turn is struck."""
        return self.everything or (turn_id == self.turn_id and turn_id != EVERYTHING)

    def holds(self, data: dict[str, object]) -> bool:
        """Whether these are struck values."""
        return bool(data) and (self.everything or data in self.values)

    def speaks(self, text: str, *, probing: bool = True) -> bool:
        """Whether words of ours give back what is struck."""
        if self.everything and text.startswith(script.READ_BACK):
            return True
        return self.words.stand_in(text, ours=probing) or _reads_back(text, self.values)


def _without(event: Event, struck_passage: _Passage) -> object | None:
    """The body without the struck words; None when it carries none."""
    body = event.body
    words, within, spoken = struck_passage.words, struck_passage.within, struck_passage.spoken
    match body:
        case PartialTranscript() | FinalTranscript() | TextTyped():
            touched = spoken or struck_passage.everything or (within and _same(body.text, words))
            return replace(body, text=TOMBSTONE) if touched and body.text else None
        case WordsHeard() | AnswerCommitted():
            return replace(body, text=TOMBSTONE) if struck_passage.owns(body.turn_id) else None
        case RemarkMade():
            owned = struck_passage.owns(body.turn_id) or struck_passage.owns(body.amid)
            return replace(body, text=TOMBSTONE) if owned else None
        case DataRecorded():
            owned = struck_passage.owns(body.turn_id)
            return replace(body, data=dict.fromkeys(body.data)) if owned else None
        case FormFilled():
            return replace(body, data=dict.fromkeys(body.data)) if struck_passage.holds(body.data) else None
        case Judge():
            request = _request_without(body.request, words)
            return replace(body, request=request) if request != body.request else None
        case JudgementArrived():
            judgement = body.judgement
            probe = judgement.probe
            data = dict.fromkeys(judgement.data) if struck_passage.holds(judgement.data) else judgement.data
            if probe is not None and struck_passage.speaks(f"{probe.text} {probe.span}"):
                probe = Probe(probe.deficiency, probe.technique, TOMBSTONE, "")
            new = replace(judgement, probe=probe, data=data)
            return replace(body, judgement=new) if new != judgement else None
        case ProbeChosen():
            if not struck_passage.speaks(f"{body.probe.text} {body.probe.span}"):
                return None
            return replace(body, probe=Probe(body.probe.deficiency, body.probe.technique, TOMBSTONE, ""))
        case Say() | QuestionAsked() | SpeechHeard():
            carries = struck_passage.speaks(body.text, probing=body.speech_id in struck_passage.probes)
            return replace(body, text=TOMBSTONE) if carries else None
        case Prepare():
            return replace(body, text=TOMBSTONE) if struck_passage.speaks(body.text) else None
        case SpeechEnded():
            carries = struck_passage.speaks(body.heard, probing=body.speech_id in struck_passage.probes)
            return replace(body, heard=TOMBSTONE) if carries else None
        case _:
            return None


def _same(text: str, words: StruckWords) -> bool:
    """Whether a transcript is one of what was struck: more of it than is known, or less."""
    return words.stand_in(text) or any(StruckWords((text,)).stand_in(one) for one in words.passages[:1])


def _request_without(request: JudgementRequest, words: StruckWords) -> JudgementRequest:
    def clean(text: str) -> str:
        return TOMBSTONE if text and words.stand_in(text) else text

    exchanges = tuple(
        Exchange(one.node_key, clean(one.asked), clean(one.answered)) for one in request.exchanges
    )
    return replace(request, answer=clean(request.answer), latest=clean(request.latest), exchanges=exchanges)

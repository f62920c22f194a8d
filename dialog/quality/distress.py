"""Distress that was passed over. Judges plain words alone; how grave it was is not weighed here."""

from collections.abc import Iterator

from dialog.answers import distress_in
from dialog.commands import Say
from dialog.events import AnswerCommitted, AnyBody, DistressHeard, Event, InterviewPaused, NoticeGiven
from dialog.quality.findings import Finding, found
from dialog.quality.reading import Reading
from dialog.signals import Signal
from dialog.struck_sound import TOMBSTONE


def shows_distress(body: AnyBody) -> bool:
    """Whether this is an answer with plain words of distress, or a notice of it."""
    if isinstance(body, AnswerCommitted):
        return body.text != TOMBSTONE and distress_in(body.text) is not None
    return isinstance(body, DistressHeard)


def distress_passed_over(reading: Reading) -> Iterator[Finding]:
    """Answers in distress of which no notice was taken, and notices after which nothing was said or done."""
    noticed = {e.body.turn_id for _, e in reading.placed() if isinstance(e.body, DistressHeard)}
    told: set[int] = set()
    for sitting in reading.sittings:
        for place, event in enumerate(sitting.events):
            body = event.body
            if isinstance(body, AnswerCommitted) and shows_distress(body):
                if body.turn_id not in noticed | told and body.turn_id not in reading.struck:
                    told.add(body.turn_id)
                    message = "An answer showed distress, and none was noticed."
                    yield found("distress_unmet", message, sitting.session_id, event, node_key=body.node_key)
            elif isinstance(body, DistressHeard) and not _met(sitting.events[place + 1 :]):
                message = "Distress was noticed, and nothing was said or done about it."
                yield found("distress_unmet", message, sitting.session_id, event, node_key=body.node_key)


def _met(after: list[Event]) -> bool:
    for event in after:
        if isinstance(event.body, Signal):
            return False
        if isinstance(event.body, InterviewPaused | NoticeGiven):
            return True
        if isinstance(event.body, Say) and event.body.kind in ("notice", "re_ask"):
            return True
    return False

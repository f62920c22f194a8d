"""A played talk without what was struck in it."""

from dialog.events import AnswerStruck
from dialog.strike import struck
from tests.support.play import Stage


def left_after_striking(stage: Stage) -> str:
    """All that is on record once everything that was struck is gone from it."""
    events = stage.events
    for fact in stage.facts(AnswerStruck):
        assert isinstance(fact, AnswerStruck)
        changed = {event.seq: event for event in struck(events, fact.turn_id)}
        events = [changed.get(event.seq, event) for event in events]
    return str([event.body for event in events])

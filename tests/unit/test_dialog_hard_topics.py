"""Distress in an answer, as it is heard: where help is to be had is said to its end, before anything else."""

import pytest

from dialog import script
from dialog.events import SpeechHeard
from tests.support.blueprints import two_questions
from tests.support.play import Stage

LINE = "Samaritans, day and night: 116 123"
HELP = f"If you would like to talk to somebody: {LINE}."
MODERATE = "i can't talk about this anymore"
SEVERE = "since then i have thought about suicide a lot"


@pytest.mark.parametrize(("said", "then"), [(MODERATE, script.OTHER_TOPIC), (SEVERE, script.PAUSED_DISTRESS)])
def test_where_help_is_to_be_had_is_heard_whole_before_anything_else_is_said(said: str, then: str) -> None:
    stage = Stage(two_questions(), help_line=LINE).run_until_floor_is("open")
    end = stage.say(stage.now + 0.5, said)
    stage.run(end + 20)
    help_said = next(heard for heard in stage.speeches if heard.say.text == HELP)
    following = next(heard for heard in stage.speeches if heard.say.text == then)
    heard = [fact for fact in stage.facts(SpeechHeard) if isinstance(fact, SpeechHeard)]

    assert 1.0 == help_said.fraction
    assert help_said.ended_at is not None
    assert following.began_at is not None
    assert help_said.ended_at <= following.began_at
    assert [HELP, then] == [fact.text for fact in heard if fact.text in (HELP, then) and not fact.cut][:2]

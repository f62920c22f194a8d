"""On the way from an answer to a question that is known there is no vendor: its sound was made ahead, and the
judgement was asked for while nobody waited."""

from collections.abc import Sequence
from pathlib import Path

from dialog.blueprint import Blueprint
from dialog.commands import Judge, Prepare
from dialog.events import AnswerJudged, AnswerTaken, Event, FallbackUsed
from dialog.latency import Reply, replies
from dialog.provider_facts import ProviderUsed
from server.cli.prerender import make_ahead
from server.settings import Settings
from tests.emulators.deepgram_ears import ScriptedEars
from tests.emulators.script import Script, exactly
from tests.emulators.vendor_server import Asked
from tests.support.blueprints import blueprint, question
from tests.support.running_server import running_server
from tests.support.short_talk import spoken_talk
from tests.support.unwaited_time import GRAIN, in_unwaited_time
from tests.support.vendors import VendorName, all_emulated

ANSWERS = (
    "I wrote down all meals for the week at the kitchen table.",
    "I plan on paper.",
    "It was the shopping list.",
)
FIRST_TOKEN = 0.64


def known_questions() -> Blueprint:
    never = {"enabled": False}
    return blueprint(
        question("plan", "How did you plan your meals the last time?", patience="recall", probing=never),
        question("tool", "Do you plan on paper, or with an app?", patience="closed", probing=never),
        question("last", "What was left on the table?", patience="closed", probing=never),
    )


async def _held(folder: Path) -> tuple[list[Event], list[Asked], list[Asked]]:
    """The talk's log, and what the voice's vendor was asked over HTTP before it and in it."""
    slow: dict[VendorName, Script] = {
        "deepgram": Script(first=exactly(0.25)),
        "elevenlabs": Script(first=exactly(0.29)),
        "anthropic": Script(first=exactly(FIRST_TOKEN)),
    }
    async with all_emulated(lambda: ScriptedEars(ANSWERS), slow) as (vendors, settings):
        house = folder / "house"
        done = await make_ahead(known_questions(), Settings.load(data_dir=house, **settings), None)
        assert [] == done.failed
        before = list(vendors["elevenlabs"].asked)
        async with running_server(house, recogniser_processes=1, **settings) as server:
            talk = await spoken_talk(server, folder, known_questions(), ANSWERS)
        assert "completed" == talk.outcome
        return talk.events, before, vendors["elevenlabs"].asked[len(before) :]


def spoken(asked: Sequence[Asked]) -> list[str]:
    return [each.path for each in asked if each.path.endswith("/stream/with-timestamps")]


def test_no_vendor_is_on_the_way_to_a_known_question(tmp_path: Path) -> None:
    events, before, meanwhile = in_unwaited_time(lambda: _held(tmp_path))
    bodies = [event.body for event in events]
    told = replies(events)

    # no synthesis: neither made ahead in the talk, nor live, nor begun for what may follow
    assert spoken(before)
    assert [] == spoken(meanwhile)
    assert [] == [body for body in bodies if isinstance(body, ProviderUsed) and body.provider == "elevenlabs"]
    assert [] == [body for body in bodies if isinstance(body, Prepare)]
    assert ["cached"] * len(ANSWERS) == [reply.kind for reply in told]
    # no model: what was held open anyhow is all that a judgement had
    assert [] == [body for body in bodies if isinstance(body, FallbackUsed)]
    # the good-bye alone waits for it, as nothing could be met behind that
    assert all(_asked_ahead(reply) or _went_on_by_rules(reply, bodies) for reply in told[:-1])
    assert {"anthropic/claude-haiku-4-5", "embedded"} == {
        body.judged_by for body in bodies if isinstance(body, AnswerJudged)
    }
    assert all(
        isinstance(bodies[place - 1], AnswerTaken)
        for place, body in enumerate(bodies)
        if isinstance(body, Judge) and not body.draft
    )


def _asked_ahead(reply: Reply) -> bool:
    """A model had judged it before the floor was ours to speak on."""
    return reply.drafted and reply.judged_at is not None and reply.judged_at + GRAIN < reply.committed_at


def _went_on_by_rules(reply: Reply, bodies: Sequence[object]) -> bool:
    """The model's first token would have come later than the commit."""
    (judged,) = [body for body in bodies if isinstance(body, AnswerJudged) and body.turn_id == reply.turn_id]
    assert reply.judge_asked_at is not None
    return judged.judged_by == "embedded" and reply.committed_at < reply.judge_asked_at + FIRST_TOKEN

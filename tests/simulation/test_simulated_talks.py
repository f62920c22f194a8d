"""Every persona on every example study: what an interviewer must never do, and what it must bring home."""

import asyncio
import json
from functools import cache

import pytest

from dialog.blueprint import Blueprint
from dialog.blueprint_validation import read_blueprint
from dialog.drafting import as_logged
from dialog.events import AnyBody, AnyFact, Event, Fact, SessionOpened, SittingFact
from dialog.manager import Manager
from dialog.signals import Signal
from server.pipeline.publish_gate import Thresholds, shortcomings
from server.providers.embedded.interviewer import EmbeddedInterviewer
from server.rehearsal.manners import manner_names
from server.rehearsal.simulated_talk import SimulatedTalk, Talk
from server.rehearsal.simulation import personas_for, summarize
from server.rehearsal.talk_figures import TalkFigures, figures_of
from tests.support.command_line import EXAMPLES

STUDIES = ("product-discovery", "post-incident-debrief", "life-history")


@cache
def study(name: str) -> Blueprint:
    blueprint, faults = read_blueprint(json.loads((EXAMPLES / name / "blueprint.json").read_text()))
    assert blueprint is not None, faults
    return blueprint


@cache
def held(name: str, manner: str, seed: int = 1) -> tuple[Talk, TalkFigures]:
    blueprint = study(name)
    (persona,) = personas_for(blueprint, [manner])
    talk = asyncio.run(SimulatedTalk(blueprint, persona, seed, EmbeddedInterviewer().judge).hold())
    return talk, figures_of(talk, blueprint, persona, seed)


@pytest.mark.parametrize("manner", manner_names())
@pytest.mark.parametrize("name", STUDIES)
def test_every_persona_is_led_to_the_end_past_every_required_question(name: str, manner: str) -> None:
    _, figures = held(name, manner)

    assert figures.stayed
    assert () == figures.missed
    assert not figures.off_path


@pytest.mark.parametrize("manner", manner_names())
@pytest.mark.parametrize("name", STUDIES)
def test_nothing_answered_is_asked_again_and_no_ceiling_or_rule_is_broken(name: str, manner: str) -> None:
    _, figures = held(name, manner)

    assert () == figures.repeated
    assert 0 == figures.over_ceiling + figures.probed_after_two_failed
    assert 0 == figures.guard_violations
    assert () == figures.said_forbidden


@pytest.mark.parametrize("name", STUDIES)
def test_follow_ups_find_more_than_twice_what_first_answers_contain(name: str) -> None:
    talks = [held(name, manner)[1] for manner in manner_names()]

    assert [] == shortcomings(summarize("all", talks), Thresholds())


def test_the_same_seed_gives_the_same_talk_and_another_one_another() -> None:
    blueprint = study(STUDIES[0])
    (persona,) = personas_for(blueprint, ["slow-thinker"])

    def talk(seed: int) -> list[Event]:
        return asyncio.run(SimulatedTalk(blueprint, persona, seed, EmbeddedInterviewer().judge).hold()).events

    assert talk(3) == talk(3)
    assert talk(3) != talk(4)


@pytest.mark.parametrize("manner", ["drop-out", "hostile", "slow-thinker"])
def test_the_signals_of_a_simulated_talk_give_its_log_again(manner: str) -> None:
    talk, _ = held(STUDIES[0], manner)
    manager = Manager(study(STUDIES[0]))
    facts: list[AnyFact] = []
    recorded: list[AnyBody] = []
    replayed: list[AnyBody] = []
    for event in talk.events:
        body = event.body
        if isinstance(body, SessionOpened) and body.number > 1:
            manager = Manager(study(STUDIES[0]), facts=facts)
        if isinstance(body, Signal):
            replayed += [as_logged(output) for output in manager.handle(body, event.at)]
        elif not isinstance(body, SittingFact):
            recorded.append(body)
        if isinstance(body, Fact):
            facts.append(body)

    assert recorded == replayed

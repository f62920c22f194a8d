"""Who can tell ends of turns is asked and heard in a talk of real sound, and its log says the same again."""

import os
import signal
from pathlib import Path

import pytest
from msgspec.structs import replace

from dialog.blueprint import Blueprint
from dialog.commands import LookForEnd
from dialog.events import AnswerCommitted, Event
from dialog.signals import ParticipantJoined, SpeechStarted, SpeechStopped, TurnEndHinted, TurnEndScored
from server.cli.replay import first_difference
from server.live.wire import Floor, Level, Question, Start
from server.providers.turn_end import OnnxTurnEnd
from tests.emulators.telling_recogniser import TellingRecogniser
from tests.support.page import opened_page
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint
from tests.support.talkers import socket_talker
from tests.support.turn_end_models import describe, features_model

pytestmark = pytest.mark.aloud

ANSWER = "A hammer and a saw, nearly every day."


async def talk(server: RunningServer, blueprint: Blueprint, folder: Path) -> list[Event]:
    """Answer the first question by voice and wait for the second; returns the log up to then."""
    study = await server.study(blueprint)
    async with opened_page(server, study) as page:
        await page.agree(recording=False)
        async with socket_talker(server, study, page, folder) as talker:
            await page.until(Level)
            await page.send(Start("voice"))
            await page.until(Floor, lambda floor: floor.detail == "open")
            await talker.say(ANSWER)
            await page.until(Question, lambda question: question.node_key == "q2")
    return await server.events(study)


async def test_a_lull_is_looked_at_and_scored_and_the_log_says_the_same_again(tmp_path: Path) -> None:
    model = describe(features_model(tmp_path / "ears.onnx"), name="ears-1")
    async with running_server(tmp_path / "house", turn_end_model=model, recogniser_processes=1) as server:
        design = small_blueprint(intro_message="Hello.")
        events = await talk(server, design, tmp_path)
    bodies = [event.body for event in events]
    looks = [body.look_id for body in bodies if isinstance(body, LookForEnd)]
    scored = [body for body in bodies if isinstance(body, TurnEndScored)]
    (joined,) = [body for body in bodies if isinstance(body, ParticipantJoined)]

    assert "ears-1" == joined.detector
    assert looks
    assert scored
    assert {score.look_id for score in scored} <= set(looks)
    assert {"ears-1"} == {score.detector for score in scored}
    assert all((score.probability or 0.0) > 0.5 for score in scored), (
        "a look comes in a silence, and hears it"
    )
    for score in scored:
        place = bodies.index(score)
        edges = [body for body in bodies[:place] if isinstance(body, SpeechStarted | SpeechStopped)]
        assert isinstance(edges[-1], SpeechStopped)
    assert any(isinstance(body, AnswerCommitted) for body in bodies)
    assert first_difference(design, {}, events) is None


@pytest.mark.long
async def test_a_model_that_dies_in_mid_talk_costs_its_looks_alone(tmp_path: Path) -> None:
    model = features_model(tmp_path / "ears.onnx")
    async with running_server(tmp_path / "house", turn_end_model=model, recogniser_processes=1) as server:
        ears = server.house.registry.kit.turn_end
        assert isinstance(ears, OnnxTurnEnd)
        assert ears.child.pid is not None
        os.kill(ears.child.pid, signal.SIGSTOP)  # hangs at its first look, and is ended for that
        events = await talk(server, small_blueprint(intro_message="Hello."), tmp_path)
    bodies = [event.body for event in events]

    assert any(isinstance(body, LookForEnd) for body in bodies)
    assert any(isinstance(body, AnswerCommitted) for body in bodies)


@pytest.mark.long
async def test_a_model_that_is_none_is_told_of_and_talks_go_on_without(tmp_path: Path) -> None:
    model = tmp_path / "ears.onnx"
    model.write_bytes(b"no model")
    async with running_server(tmp_path / "house", turn_end_model=model, recogniser_processes=1) as server:
        events = await talk(server, small_blueprint(intro_message="Hello."), tmp_path)
    (joined,) = [event.body for event in events if isinstance(event.body, ParticipantJoined)]

    assert "" == joined.detector
    assert not any(isinstance(event.body, LookForEnd) for event in events)


async def test_a_recognisers_own_word_on_the_end_of_a_turn_reaches_the_core(tmp_path: Path) -> None:
    async with running_server(tmp_path / "house", recogniser_processes=1) as server:
        registry = server.house.registry
        registry.kit = replace(registry.kit, speech_to_text=TellingRecogniser([ANSWER]))
        design = small_blueprint(intro_message="Hello.")
        events = await talk(server, design, tmp_path)
    (joined,) = [event.body for event in events if isinstance(event.body, ParticipantJoined)]
    hints = [event.body for event in events if isinstance(event.body, TurnEndHinted)]

    assert "telling" == joined.recogniser
    assert [TurnEndHinted(1, "eager", 0.5), TurnEndHinted(1, "over", 0.8)] == hints[:2]
    assert first_difference(design, {}, events) is None

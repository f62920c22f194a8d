import asyncio
import json
import random
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from dialog.blueprint import Blueprint
from dialog.commands import Say
from dialog.events import AnswerCommitted, Event, NodeEntered, QuestionAsked, SessionOpened
from dialog.signals import ParticipantJoined
from tests.support.blueprints import blueprint, question
from tests.support.command_line import run_command
from tests.support.mortal_server import MortalServer, mortal_server
from tests.support.running_server import Study
from tests.support.steadfast import Steadfast, answer_to

QUESTIONS = {f"q{n}": f"What do you do with tool number {n}?" for n in range(1, 13)}


def twelve_questions() -> Blueprint:
    return blueprint(*(question(key, text) for key, text in QUESTIONS.items()))


async def talk_under_fire(server: MortalServer, study: Study, seed: int, kills: int) -> Steadfast:
    """Hold a talk while the server is killed `kills` times, at moments drawn from the seed."""
    chance = random.Random(seed)
    read, countdown = asyncio.Event(), 0

    def look() -> None:
        nonlocal countdown
        countdown -= 1
        if countdown <= 0:
            read.set()

    participant = Steadfast(server, study, look)
    for _ in range(kills):
        if participant.ended is not None:
            break
        await server.start()
        read.clear()
        countdown = chance.randint(1, 9)
        sitting = asyncio.get_running_loop().create_task(participant.sit(same_page=chance.random() < 0.5))
        reading = asyncio.get_running_loop().create_task(read.wait())
        await asyncio.wait((sitting, reading), return_when=asyncio.FIRST_COMPLETED)
        reading.cancel()
        await asyncio.sleep(chance.choice((0.0, chance.uniform(0.0, 0.02), chance.uniform(0.0, 0.4))))
        await server.kill()
        await sitting
        check_what_was_confirmed(await server.events(study), participant, f"seed {seed}")
    await server.start()
    if participant.ended is None:
        await participant.sit(same_page=False)
    return participant


def check_what_was_confirmed(events: list[Event], participant: Steadfast, where: str) -> None:
    committed = Counter(e.body.text for e in events if isinstance(e.body, AnswerCommitted))
    answered: set[str] = set()

    assert list(range(1, len(events) + 1)) == [event.seq for event in events], where
    assert {1} >= set(committed.values()), where
    for key in participant.confirmed:
        assert 1 == committed[answer_to(key)], f"{where}: {key} was confirmed"
    for event in events:
        if isinstance(event.body, QuestionAsked):
            assert event.body.node_key not in answered, f"{where}: {event.body.node_key} was asked twice"
        if isinstance(event.body, AnswerCommitted):
            answered.add(event.body.node_key)


def sessions_of(events: list[Event]) -> list[list[Event]]:
    starts = [n for n, event in enumerate(events) if isinstance(event.body, SessionOpened)]
    return [events[a:b] for a, b in zip(starts, [*starts[1:], len(events)], strict=True)]


async def check_the_whole(server: MortalServer, study: Study, participant: Steadfast) -> None:
    run = (await server.read(study)).json()
    transcript = (await server.read(study, "/transcript")).json()
    responses = (await server.read(study, "/responses")).json()
    events = await server.events(study)
    answers = [answer_to(key) for key in QUESTIONS]

    assert participant.ended is not None
    assert "completed" == participant.ended.outcome
    assert "completed" == run["status"]
    assert answers == [e["content"] for e in transcript["entries"] if e["role"] == "participant"]
    assert answers == [item["answer"]["verbatim"] for item in responses["items"]]
    assert 1.0 == responses["completion_rate"]
    assert list(QUESTIONS) == [e.body.node_key for e in events if isinstance(e.body, NodeEntered)]
    check_what_was_confirmed(events, participant, "at the end")
    for number, session in enumerate(sessions_of(events)):
        bodies = [event.body for event in session]
        joined = any(isinstance(body, ParticipantJoined) for body in bodies)
        recaps = [body.text for body in bodies if isinstance(body, Say) and body.kind == "recap"]
        assert len(recaps) == (1 if number and joined else 0), recaps


async def check_the_replay(server: MortalServer, study: Study) -> None:
    data_dir = server.settings.data_dir
    result = await asyncio.to_thread(run_command, "replay", study.run_id, "--data-dir", data_dir, "--json")

    assert 0 == result.exit_code, result.output
    assert json.loads(result.output)["same"]


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_talk_survives_a_server_that_is_killed_again_and_again(tmp_path: Path, seed: int) -> None:
    async with mortal_server(tmp_path) as server:
        study = await server.study(twelve_questions())
        participant = await talk_under_fire(server, study, seed, kills=9)
        await check_the_whole(server, study, participant)
        await check_the_replay(server, study)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(100, 120))
async def test_a_talk_survives_hundreds_of_kills(tmp_path: Path, seed: int) -> None:
    await test_a_talk_survives_a_server_that_is_killed_again_and_again(tmp_path, seed)


async def test_a_run_whose_server_died_with_the_last_word_is_completed_by_the_next(tmp_path: Path) -> None:
    async with mortal_server(tmp_path) as server:
        study = await server.study(blueprint(question("only", "How was it?")))
        participant = Steadfast(server, study, lambda: None)
        await server.start()
        await participant.sit(same_page=False)
        await server.kill()
        with sqlite3.connect(tmp_path / "vivavoce.db") as connection:
            connection.execute("UPDATE interview_run SET status = 'active', completed_at = NULL")
        connection.close()
        await server.start()
        run = (await server.read(study)).json()
        refused = await server.http.post(f"/join/{study.run_id}/session", json={"token": study.token})

    assert participant.ended is not None
    assert "completed" == run["status"]
    assert run["completed_at"] is not None
    assert 410 == refused.status_code

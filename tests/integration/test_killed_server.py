import asyncio
import json
import random
import sqlite3
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from dialog.blueprint import Blueprint
from dialog.commands import Say
from dialog.events import AnswerCommitted, Event, NodeEntered, QuestionAsked, RightUsed, SessionOpened
from dialog.signals import ParticipantJoined
from tests.support.blueprints import blueprint, question
from tests.support.command_line import run_command
from tests.support.mortal_server import MortalServer, mortal_server, servers_starter
from tests.support.running_server import Study
from tests.support.steadfast import Steadfast, answer_to, places_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

KILLS = 10
"""In each talk."""


class Design(msgspec.Struct, frozen=True):
    """A study, and what the participant skips of it."""

    blueprint: Blueprint
    skips: frozenset[str] = frozenset()

    @property
    def places(self) -> list[str]:
        return places_of(self.blueprint)


def _questions(first: int, last: int) -> list[dict[str, object]]:
    return [question(f"q{n}", f"What do you do with tool number {n}?") for n in range(first, last + 1)]


def _number(name: str, label: str) -> dict[str, object]:
    return {"name": name, "label": label, "type": "number"}


FORM: dict[str, object] = {
    "type": "form",
    "key": "workshop",
    "text": "Two figures of your workshop.",
    "fields": [
        _number("staff", "How many people work there"),
        _number("guests", "How many people come to see it"),
    ],
}

DESIGNS = {
    "questions": Design(blueprint(*_questions(1, 14))),
    "form": Design(
        blueprint(*_questions(1, 4), FORM, *_questions(5, 11)), frozenset(("workshop.staff", "q6"))
    ),
}


async def talk_under_fire(server: MortalServer, study: Study, design: Design, seed: int) -> Steadfast:
    """Hold a talk while the server is killed KILLS times, at moments drawn from the seed."""
    chance = random.Random(seed)
    read, countdown = asyncio.Event(), 0

    def look() -> None:
        nonlocal countdown
        countdown -= 1
        if countdown <= 0:
            read.set()

    participant = Steadfast(server, study, look, design.skips)
    for kill in range(KILLS):
        assert participant.ended is None, f"seed {seed}: over after {kill} kills"
        await server.start()
        read.clear()
        countdown = chance.randint(1, 24)
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
    settled: list[str] = []
    asked = ""
    for event in events:
        match event.body:
            case QuestionAsked(node_key=key, field=field):
                asked = f"{key}.{field}" if field else key
                assert asked not in settled, f"{where}: {asked} was asked again"
            case AnswerCommitted() | RightUsed(right="skip"):
                settled.append(asked)
            case _:
                pass

    assert list(range(1, len(events) + 1)) == [event.seq for event in events], where
    assert {1} >= set(Counter(settled).values()), f"{where}: {settled}"
    assert participant.confirmed == settled[: len(participant.confirmed)], where
    for place in participant.confirmed:
        assert (0 if place in participant.skips else 1) == committed[answer_to(place)], f"{where}: {place}"


def sessions_of(events: list[Event]) -> list[list[Event]]:
    starts = [n for n, event in enumerate(events) if isinstance(event.body, SessionOpened)]
    return [events[a:b] for a, b in zip(starts, [*starts[1:], len(events)], strict=True)]


async def check_the_whole(server: MortalServer, study: Study, design: Design, participant: Steadfast) -> None:
    run = await server.until_over(study)
    transcript, responses = run["transcript"], run["responses"]
    events = await server.events(study)
    said = {place: "" if place in design.skips else answer_to(place) for place in design.places}
    answers = [answer for answer in said.values() if answer]
    items = {item["question_key"]: item["answer"] or {} for item in responses["items"]}

    assert participant.ended is not None
    assert "completed" == participant.ended.outcome
    assert "completed" == run["status"]
    assert answers == [e["content"] for e in transcript["entries"] if e["role"] == "participant"]
    assert list(design.blueprint.graph.nodes) == list(items)
    for place, answer in said.items():
        assert answer in (items[place.partition(".")[0]].get("verbatim") or "")
    assert list(design.blueprint.graph.nodes) == [
        e.body.node_key for e in events if isinstance(e.body, NodeEntered)
    ]
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


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def starter() -> AsyncIterator[Process]:
    async with servers_starter() as process:
        yield process


@pytest.mark.parametrize(("name", "seed"), [("questions", 1), ("form", 2)])
async def test_a_talk_survives_a_server_that_is_killed_ten_times(
    tmp_path: Path, starter: Process, name: str, seed: int
) -> None:
    design = DESIGNS[name]
    async with mortal_server(tmp_path, starter=starter) as server:
        study = await server.study(design.blueprint)
        participant = await talk_under_fire(server, study, design, seed)
        await check_the_whole(server, study, design, participant)
        await check_the_replay(server, study)


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(100, 120))
@pytest.mark.parametrize("name", DESIGNS)
async def test_a_talk_survives_hundreds_of_kills(
    tmp_path: Path, starter: Process, name: str, seed: int
) -> None:
    await test_a_talk_survives_a_server_that_is_killed_ten_times(tmp_path, starter, name, seed)


async def test_a_run_whose_server_died_with_the_last_word_is_completed_by_the_next(
    tmp_path: Path, starter: Process
) -> None:
    async with mortal_server(tmp_path, starter=starter) as server:
        study = await server.study(blueprint(question("only", "How was it?")))
        participant = Steadfast(server, study, lambda: None)
        await server.start()
        await participant.sit(same_page=False)
        await server.kill()
        with sqlite3.connect(tmp_path / "vivavoce.db") as connection:
            connection.execute("UPDATE interview_run SET status = 'active', completed_at = NULL")
        connection.close()
        await server.start()
        run = await server.until_over(study)
        refused = await server.http.post(f"/join/{study.run_id}/session", json={"token": study.token})

    assert participant.ended is not None
    assert "completed" == run["status"]
    assert run["completed_at"] is not None
    assert 410 == refused.status_code

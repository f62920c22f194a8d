"""What comes of a talk, over HTTP: nothing yet, in the making, made; and an analysis on request."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from dialog.blueprint import Blueprint
from server.clock import wall_clock_ms
from server.live.wire import Floor, Question, TypedText
from server.store.delivery_tables import JobRow
from server.store.lifecycle import move
from server.store.run import run_row
from server.store.run_status import RunStatus
from tests.support.page import opened_page, start_text
from tests.support.receiver import Receiver, ok, receiver
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import small_blueprint

ANSWERS = ["I use a notebook and a pencil.", "The pencil broke in a meeting, it was terrible."]
DOCUMENTS = ("transcript", "responses", "analysis")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house"), webhook_private_targets=True) as running:
        yield running


def blueprint_with(**pipeline: bool) -> Blueprint:
    body = small_blueprint(consent=False).model_dump(mode="json", by_alias=True)
    return Blueprint.model_validate(body | {"pipeline": pipeline})


async def post(server: RunningServer, study: Study, path: str, **more: Any) -> httpx.Response:
    return await server.http.post(
        f"/api/v1/interview-runs/{study.run_id}{path}",
        headers={"Authorization": f"Bearer {study.key}"},
        **more,
    )


async def statuses(server: RunningServer, study: Study) -> list[int]:
    return [(await server.read(study, f"/{part}")).status_code for part in DOCUMENTS]


async def lease(connection: AsyncConnection, study: Study, *, until: int) -> None:
    """The run's jobs are somebody's until then."""
    held = update(JobRow).where(JobRow.subject == study.run_id).values(leased_until=until)
    await connection.execute(held)


async def talk(server: RunningServer, study: Study) -> None:
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.answer_all(ANSWERS)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_talk_leads_to_a_completed_run_with_all_that_comes_of_it(server: RunningServer) -> None:
    study = await server.study(blueprint_with())
    untouched = await statuses(server, study)
    early = await post(server, study, "/analysis")
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.until(Question)
        going_on = await statuses(server, study)
        too_early = await post(server, study, "/analysis")
        await page.until(Floor, lambda floor: floor.detail == "open")
        await page.send(TypedText(ANSWERS[0], "first"))
        await page.answer_all(ANSWERS[1:])
    run = await server.until_over(study)
    analysis = (await server.read(study, "/analysis")).json()

    assert [404, 404, 404] == untouched
    assert [409, 409, 404] == going_on
    assert [409, 409] == [early.status_code, too_early.status_code]
    assert "completed" == run["status"]
    assert run["completed_at"] is not None
    assert [200, 200, 200] == await statuses(server, study)
    assert [run[f"{part}_id"] for part in DOCUMENTS] == [run[part]["id"] for part in DOCUMENTS]
    assert analysis == run["analysis"]
    contents = {entry["id"]: entry["content"] for entry in run["transcript"]["entries"]}
    themes = analysis["results"]["themes"]["items"]
    assert "pencil" == themes[0]["label"]
    for theme in themes:
        assert len(theme["evidence"]) == theme["evidence_count"] > 0
        assert all(each["quote"] in contents[each["entry_id"]] for each in theme["evidence"])
    assert ["neutral", "negative"] == [
        each["sentiment"] for each in analysis["results"]["sentiment"]["by_question"]
    ]
    assert [bool(item["answer"]["summary"]) for item in run["responses"]["items"]] == [True, True]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_stage_that_is_off_is_not_there_and_an_analysis_can_be_had_later(
    server: RunningServer,
) -> None:
    study = await server.study(blueprint_with(transcript=False, analysis=False))
    await talk(server, study)
    run = await server.until_over(study)
    before = await statuses(server, study)
    asked = await post(server, study, "/analysis")
    later = await server.until_over(study)
    again = await post(server, study, "/analysis")
    anew = await server.until_over(study)

    assert (None, None) == (run["transcript_id"], run["analysis_id"])
    assert (None, None, "completed") == (run["transcript"], run["analysis"], run["status"])
    assert [404, 200, 404] == before
    assert (202, "pending", None) == (asked.status_code, asked.json()["status"], asked.json()["results"])
    assert (202, later["analysis_id"]) == (again.status_code, again.json()["id"])
    assert later["analysis"]["results"] == anew["analysis"]["results"]
    assert "pencil" == later["analysis"]["results"]["themes"]["items"][0]["label"]
    assert run["completed_at"] == anew["completed_at"]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("status", ["processing", "cancelled"])
async def test_what_is_being_made_answers_409_and_says_when_to_ask_again(
    server: RunningServer, status: RunStatus
) -> None:
    study = await server.study(blueprint_with())
    await server.house.runs.transition(study.run_id, "active")
    await server.house.keeper.open_session(study.run_id, lambda _: None)
    now = wall_clock_ms()
    async with server.house.database.write() as connection:
        await move(connection, await run_row(connection, study.run_id, lock=True), status, now)
        await lease(connection, study, until=now + 600_000)  # so that nobody begins on it meanwhile
    answers = [await server.read(study, f"/{part}") for part in DOCUMENTS]
    asked = await post(server, study, "/analysis")
    async with server.house.database.write() as connection:
        await lease(connection, study, until=now)
    await server.until_over(study)

    assert [409] * 4 == [answer.status_code for answer in (*answers, asked)]
    assert {"conflict"} == {answer.json()["error"]["code"] for answer in answers}
    assert all("retry-after" in answer.headers for answer in answers)
    assert [200, 200, 200] == await statuses(server, study)


def told_of(kept: Receiver, run: dict[str, Any]) -> list[dict[str, Any]]:
    """What was received of a run and its documents."""
    bodies = [json.loads(each.body) for each in kept.received]
    return [body for body in bodies if run["id"] in (body["data"]["id"], body["data"].get("run_id"))]


@pytest.mark.asyncio(loop_scope="module")
async def test_webhooks_are_told_of_each_document_and_then_of_the_run(server: RunningServer) -> None:
    events = ["transcript.completed", "responses.completed", "analysis.completed", "interview_run.completed"]
    study = await server.study(blueprint_with())
    async with receiver(ok) as kept:
        made = await server.http.post(
            "/api/v1/webhooks",
            headers={"Authorization": f"Bearer {study.key}"},
            json={"url": kept.url, "events": events},
        )
        await talk(server, study)
        run = await server.until_over(study)
        async with asyncio.timeout(60):
            while len(told := told_of(kept, run)) < len(events):  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        await server.http.delete(
            f"/api/v1/webhooks/{made.json()['id']}", headers={"Authorization": f"Bearer {study.key}"}
        )

    bodies = {body["type"]: body["data"] for body in told}
    assert sorted(events) == sorted(body["type"] for body in told)
    for part in DOCUMENTS:
        wanted = {"object": run[part]["object"], "id": run[f"{part}_id"], "run_id": study.run_id}
        assert wanted | {"status": "completed"} == bodies[f"{part}.completed"]
    assert study.run_id == bodies["interview_run.completed"]["id"]

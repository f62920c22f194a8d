"""Runs that programs lead and talk in: cancelled, agreed to, given new doors, deleted, written into."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio
from sqlalchemy.exc import OperationalError

from dialog.blueprint import Blueprint
from dialog.events import AnswerCommitted, DataRecorded
from server.api.studies import runs
from server.api.studies.run_shapes import RunObject
from server.live.wire import Ended, Floor, Question, Start
from tests.support.page import opened_page, start_text
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import small_blueprint

ANSWERS = ["I use a notebook and a pencil.", "The pencil broke in a meeting."]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


async def call(
    server: RunningServer, study: Study, method: str, path: str = "", body: Any = None
) -> httpx.Response:
    content = {} if body is None else {"json": body}
    return await server.http.request(
        method,
        f"/api/v1/interview-runs/{study.run_id}{path}",
        headers={"Authorization": f"Bearer {study.key}"},
        **content,
    )


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


async def nobody_is_here(server: RunningServer, study: Study) -> None:
    async with asyncio.timeout(20):
        while server.house.registry.is_here(study.run_id):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.05)


def form_blueprint() -> Blueprint:
    """A question, and then a form of one rating."""
    body = small_blueprint(consent=False).model_dump(mode="json", by_alias=True)
    body["graph"]["nodes"]["q2"] |= {
        "type": "form",
        "fields": [{"name": "mark", "label": "How good are they?", "type": "rating", "min": 1, "max": 7}],
    }
    return Blueprint.model_validate(body)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_is_cancelled_before_anybody_came_and_not_twice(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    cancelled = await call(server, study, "POST", "/cancel")
    again = await call(server, study, "POST", "/cancel")

    assert (200, "cancelled") == (cancelled.status_code, cancelled.json()["status"])
    assert cancelled.json()["dial_in_pin"] is None
    assert (409, "conflict") == code_of(again)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_talk_that_is_cancelled_ends_and_its_participant_is_told(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.until(Question)
        cancelled = await call(server, study, "POST", "/cancel")
        ended = await page.until(Ended)

    assert (200, "cancelled") == (cancelled.status_code, cancelled.json()["status"])
    assert "cancelled" == ended.outcome
    await server.until_over(study)
    assert 200 == (await call(server, study, "GET", "/transcript")).status_code


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("granted", "status"), [(True, "active"), (False, "abandoned")])
async def test_consent_from_outside_is_put_on_record_once(
    server: RunningServer, granted: bool, status: str
) -> None:
    study = await server.study(small_blueprint())
    body = {"granted": granted, "method": "paper", "text_version": "2026-03"}
    given = await call(server, study, "POST", "/consent", body)
    run = await server.house.runs.find(study.run_id)

    assert (200, status) == (given.status_code, given.json()["status"])
    assert ("granted" if granted else "declined") == given.json()["consent_status"]
    assert run.consent is not None
    assert ("api", "2026-03", "paper") == (run.consent.method, run.consent.text, run.consent.words)
    assert (409, "conflict") == code_of(await call(server, study, "POST", "/consent", body))


@pytest.mark.asyncio(loop_scope="module")
async def test_a_page_that_waits_for_consent_goes_on_after_it_was_given_elsewhere(
    server: RunningServer,
) -> None:
    study = await server.study(small_blueprint())
    async with opened_page(server, study):
        given = await call(server, study, "POST", "/consent", {"granted": True})
    async with opened_page(server, study) as page:
        await page.send(Start("text"))
        ended = await page.answer_all(ANSWERS)

    assert 200 == given.status_code
    assert "completed" == ended.outcome


@pytest.mark.asyncio(loop_scope="module")
async def test_a_replaced_link_opens_nothing_any_more(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    before = (await call(server, study, "GET")).json()
    after = (await call(server, study, "POST", "/join-token")).json()
    old = await server.http.post(f"/join/{study.run_id}/session", json={"token": before["join_token"]})
    new = await server.http.post(f"/join/{study.run_id}/session", json={"token": after["join_token"]})

    assert before["dial_in_pin"] != after["dial_in_pin"]
    assert [401, 200] == [old.status_code, new.status_code]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_deleted_run_leaves_a_receipt_and_nothing_else(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    path = server.house.recordings.path(study.run_id)
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.until(Question)
        while_talking = await call(server, study, "DELETE")
        await call(server, study, "POST", "/cancel")
        await page.until_over()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 100)
    await nobody_is_here(server, study)
    receipt = await call(server, study, "DELETE")

    assert (409, "in_use") == code_of(while_talking)
    assert 200 == receipt.status_code, receipt.text
    body = receipt.json()
    assert (study.run_id, "deletion_receipt") == (body["run_id"], body["object"])
    assert 100 == body["counts"]["recording_bytes"]
    assert body["counts"]["events"] > 0
    assert 3 == body["counts"]["documents"]
    assert not path.exists()
    for part in ("", "/transcript", "/responses", "/events", "/recording"):
        assert 404 == (await call(server, study, "GET", part)).status_code


@pytest.mark.asyncio(loop_scope="module")
async def test_a_deleted_run_takes_the_kept_answer_along_and_is_not_made_again(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    blueprint_id = (await server.house.runs.find(study.run_id)).blueprint_id
    named = {"Authorization": f"Bearer {study.key}", "Idempotency-Key": "wave 1, person 7"}

    async def ask() -> httpx.Response:
        body = {"blueprint_id": blueprint_id}
        return await server.http.post("/api/v1/interview-runs", headers=named, json=body)

    made, same = await ask(), await ask()
    run = Study(made.json()["id"], made.json()["join_token"], study.key)
    await call(server, run, "DELETE")
    again = await ask()
    runs = await server.http.get(f"/api/v1/interview-runs?blueprint_id={blueprint_id}", headers=named)

    assert made.json() == same.json()
    assert (409, "idempotency_key_deleted") == code_of(again)
    assert [study.run_id] == [each["id"] for each in runs.json()["data"]]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_that_was_made_before_its_answer_failed_is_not_made_again(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> list[RunObject]:
        raise OperationalError("select", {}, OSError("the server closed the connection"))

    study = await server.study(small_blueprint())
    blueprint_id = (await server.house.runs.find(study.run_id)).blueprint_id
    named = {"Authorization": f"Bearer {study.key}", "Idempotency-Key": "wave 2, person 7"}

    async def ask() -> httpx.Response:
        body = {"blueprint_id": blueprint_id}
        return await server.http.post("/api/v1/interview-runs", headers=named, json=body)

    with monkeypatch.context() as faults:
        faults.setattr(runs, "runs_shown", fail)
        first = await ask()
    again = await ask()
    made = await server.http.get(f"/api/v1/interview-runs?blueprint_id={blueprint_id}", headers=named)

    assert (503, "storage_unavailable") == code_of(first)
    assert (409, "idempotency_key_unanswered") == code_of(again)
    assert 2 == len(made.json()["data"])


@pytest.mark.asyncio(loop_scope="module")
async def test_a_program_writes_and_fills_in_what_a_talk_asks_for(server: RunningServer) -> None:
    study = await server.study(form_blueprint())
    idle = await call(server, study, "POST", "/message", {"content": "Hello?"})
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.until(Question)
        await page.until(Floor, lambda floor: floor.detail == "open")
        early = await call(server, study, "POST", "/respond", {"node_id": "q2", "data": {"mark": 5}})
        sent = await call(server, study, "POST", "/message", {"content": ANSWERS[0]})
        await page.until(Question, lambda question: question.node_key == "q2")
        wrong = await call(server, study, "POST", "/respond", {"node_id": "q2", "data": {"mark": 9, "x": 1}})
        nowhere = await call(server, study, "POST", "/respond", {"node_id": "q9", "data": {}})
        no_form = await call(server, study, "POST", "/respond", {"node_id": "q1", "data": {}})
        filled = await call(server, study, "POST", "/respond", {"node_id": "q2", "data": {"mark": 5}})
        await page.until_over()
    bodies = [event.body for event in await server.events(study)]

    assert (409, "not_talking") == code_of(idle)
    assert (409, "not_on_show") == code_of(early)
    assert {"object": "message_ack", "run_id": study.run_id, "status": "received"} == sent.json()
    assert (400, "invalid_request") == code_of(wrong)
    assert {"/data/mark", "/data/x"} == {fault["param"] for fault in wrong.json()["error"]["errors"]}
    assert (404, "not_found") == code_of(nowhere)
    assert (409, "takes_no_data") == code_of(no_form)
    assert ("content_response", "form", {"mark": 5}) == tuple(
        filled.json()[name] for name in ("object", "node_type", "data")
    )
    assert ANSWERS[0] in [body.text for body in bodies if isinstance(body, AnswerCommitted)]
    assert {"mark": 5} in [body.data for body in bodies if isinstance(body, DataRecorded)]

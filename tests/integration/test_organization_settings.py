"""What an organization sets holds for its runs: how long they are kept, help, operators, publishing."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import standardwebhooks

from server.live.wire import Floor, Notice, Question, TypedText
from server.pipeline.outward import Outward
from server.pipeline.paging import RETRY_DELAYS, Paging
from server.pipeline.retention import DAY_MS, RETIRE, Retention
from server.pipeline.worker import PutOff
from server.store.jobs import Jobs
from server.store.operator_pages import MAX_ATTEMPTS, PAGE, OperatorPages
from server.store.organizations import Tenant
from server.store.paging import Window
from server.store.recordings import Recordings
from server.store.run import RunNotFound
from server.store.vault import Vault
from tests.support.page import opened_page, start_text
from tests.support.receiver import receiver
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint
from tests.support.store import SECRET, Store, open_store
from tests.support.studies import program

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LINE = "Samaritans, day and night: 116 123"
SEVERE = "since then i have thought about suicide a lot"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    folder = tmp_path_factory.mktemp("house")
    async with running_server(folder, max_sessions=100, webhook_private_targets=True) as running:
        yield running


async def changed(server: RunningServer, organization_id: str, **settings: Any) -> dict[str, Any]:
    async with program(server, organization_id=organization_id, test_mode=False) as http:
        answer = await http.patch("/organization", json={"settings": settings})
        assert 200 == answer.status_code, answer.text
        body: dict[str, Any] = answer.json()
        return body


# Retention


async def over(store: Store, age_days: float, outcome: Any = "completed") -> str:
    """A run that came to its end so long ago."""
    run = await store.new_run()
    now, store.clock.now = store.clock.now, store.clock.now - round(age_days * DAY_MS)
    for status in ("active", "processing", "completed") if outcome == "completed" else (outcome,):
        await store.runs.transition(run.id, status)
    store.clock.now = now
    return run.id


async def kept(store: Store, run_ids: list[str]) -> list[bool]:
    found = []
    for run_id in run_ids:
        try:
            found.append((await store.runs.find(run_id)).id == run_id)
        except RunNotFound:
            found.append(False)
    return found


async def retire_due(store: Store, retention: Retention) -> int:
    jobs, done = Jobs(store.database, store.clock), 0
    while (job := await jobs.claim([RETIRE])) is not None:
        await retention.retire(job)
        await jobs.complete(job)
        done += 1
    return done


async def test_what_is_over_for_so_many_days_is_deleted_with_a_receipt_and_nothing_else(
    storage: str, tmp_path: Path
) -> None:
    async with open_store(storage) as store, Recordings(tmp_path) as recordings:
        old, cancelled, fresh = [
            await over(store, 30),
            await over(store, 31, "cancelled"),
            await over(store, 29.9),
        ]
        waiting = (await store.new_run()).id
        talking = (await store.new_session()).run_id
        path = recordings.path(old)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"a voice")
        retention = Retention(store.database, recordings, store.clock)
        for_good = await retention.look()
        await store.organizations.change(store.tenant.organization_id, settings={"retention_days": 30})
        found, again = await retention.look(), await retention.look()
        done = await retire_due(store, retention)
        there = await kept(store, [old, cancelled, fresh, waiting, talking])
        receipts = (await retention._deletions.page(store.tenant, Window())).data

    assert (0, 2, 0, 2) == (for_good, found, again, done)
    assert [False, False, True, True, True] == there
    assert {(old, "retention"), (cancelled, "retention")} == {(each.run_id, each.reason) for each in receipts}
    assert 7 == next(each for each in receipts if each.run_id == old).counts["recording_bytes"]
    assert not path.exists()


async def test_a_run_that_is_to_be_kept_longer_by_now_is_not_deleted(storage: str, tmp_path: Path) -> None:
    async with open_store(storage) as store, Recordings(tmp_path) as recordings:
        run_id = await over(store, 30)
        retention = Retention(store.database, recordings, store.clock)
        await store.organizations.change(store.tenant.organization_id, settings={"retention_days": 30})
        found = await retention.look()
        await store.organizations.change(store.tenant.organization_id, settings={"retention_days": None})
        await retire_due(store, retention)
        there = await kept(store, [run_id])

    assert 1 == found
    assert [True] == there


async def test_many_runs_are_deleted_in_one_look(tmp_path: Path, storage: str, monkeypatch: Any) -> None:
    monkeypatch.setattr("server.pipeline.retention.BATCH", 2)
    async with open_store(storage) as store, Recordings(tmp_path) as recordings:
        ids = [await over(store, 2) for _ in range(5)]
        retention = Retention(store.database, recordings, store.clock)
        await store.organizations.change(store.tenant.organization_id, settings={"retention_days": 1})
        found = await retention.look()
        await retire_due(store, retention)
        there = await kept(store, ids)

    assert 5 == found
    assert not any(there)


@pytest.mark.asyncio(loop_scope="module")
async def test_receipts_can_be_looked_up_by_those_whose_runs_they_were(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    run = await server.house.runs.find(study.run_id)
    headers = {"Authorization": f"Bearer {study.key}"}
    deleted = await server.http.delete(f"/api/v1/interview-runs/{run.id}", headers=headers)
    listed = await server.http.get("/api/v1/deletion-receipts", headers=headers)
    async with program(server) as stranger:
        seen = (await stranger.get("/deletion-receipts")).json()["data"]

    assert deleted.json() in listed.json()["data"]
    assert [] == seen


# Distress


@pytest.mark.asyncio(loop_scope="module")
async def test_severe_distress_names_the_organizations_help_and_calls_an_operator_signed(
    server: RunningServer,
) -> None:
    async with receiver() as hook:
        study = await server.study(small_blueprint(consent=False))
        run = await server.house.runs.find(study.run_id)
        set_up = await changed(
            server, run.organization_id, help_lines=[LINE], paging_webhook=hook.url, paging_threshold="severe"
        )
        again = await changed(server, run.organization_id, paging_webhook=hook.url)
        async with opened_page(server, study) as page:
            shown = page.session["consent"]
            await start_text(page)
            await page.until(Question)
            await page.until(Floor, lambda floor: floor.detail == "open")
            await page.send(TypedText(SEVERE, "1"))
            notice = await page.until(Notice, lambda notice: notice.code == "help")
            await page.until(Floor, lambda floor: floor.light == "paused")
        headers = {"Authorization": f"Bearer {study.key}"}
        pages: list[dict[str, Any]] = []
        async with asyncio.timeout(20):
            while not pages or pages[0]["status"] == "pending":
                pages = (await server.http.get("/api/v1/operator-pages", headers=headers)).json()["data"]
                await asyncio.sleep(0.05)
        call = hook.received[0]
        events = await server.events(study)
    await changed(server, run.organization_id, paging_webhook=None, help_lines=None, paging_threshold=None)

    assert isinstance(shown, dict)
    assert [LINE] == shown["help_lines"]
    assert f"If you would like to talk to somebody: {LINE}." == notice.text
    told = standardwebhooks.Webhook(set_up["paging_secret"]).verify(call.body, call.headers)
    assert ("operator.page", run.id, "severe", "q1") == (
        told["type"],
        told["data"]["id"],
        told["data"]["level"],
        told["data"]["node_id"],
    )
    assert SEVERE.encode() not in call.body, "nothing that was said leaves the house"
    assert "paging_secret" not in again
    assert "paging_secret" not in set_up["settings"]
    assert [(run.id, "succeeded", 1)] == [
        (each["run_id"], each["status"], each["attempts"]) for each in pages
    ]
    assert "DistressHeard" == next(type(e.body).__name__ for e in events if e.seq == pages[0]["seq"])


async def called(store: Store, **settings: Any) -> list[str | None]:
    """What comes of each level of distress in one run."""
    await store.organizations.change(store.tenant.organization_id, settings=settings)
    pages, run = OperatorPages(store.database, store.clock), await store.new_run()
    levels: Any = ("mild", "moderate", "severe", "severe")
    return [
        await pages.call(run.id, seq=min(seq, 3), node_key="q1", level=level)
        for seq, level in enumerate(levels, start=1)
    ]


async def test_an_operator_is_called_from_the_threshold_on_once_for_each_event(storage: str) -> None:
    async with open_store(storage) as store:
        without = await called(store)
        unset = await called(store, paging_webhook="https://example.org/x")
        moderate = await called(store, paging_webhook="https://example.org/x", paging_threshold="moderate")
        gone = await OperatorPages(store.database).call("run_x", seq=1, node_key="q", level="severe")

    assert [False, False, False, False] == [made is not None for made in without]
    assert [False, False, True, False] == [made is not None for made in unset]
    assert [False, True, True, False] == [made is not None for made in moderate]
    assert gone is None


async def test_a_call_that_nobody_takes_is_tried_again_soon_and_then_given_up(storage: str) -> None:
    def fail(_: int) -> bytes:
        return b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"

    vault = Vault(SECRET)
    async with open_store(storage) as store, Outward(private=True) as outward, receiver(fail) as hook:
        sealed = vault.seal(SIGNING).decode()
        await called(store, paging_webhook=hook.url, paging_secret=sealed)
        paging, jobs = Paging(store.database, vault, outward, store.clock), Jobs(store.database, store.clock)
        pages, waits = OperatorPages(store.database, store.clock), []
        while (job := await jobs.claim([PAGE])) is not None:
            try:
                await paging.deliver(job)
            except PutOff as later:
                waits.append(later.delay)
                await jobs.retry(job, str(later), delay_ms=round(1000 * later.delay))
                store.clock.now += round(1000 * later.delay)
            else:
                await jobs.complete(job)
        (page,) = (await pages.page(store.tenant, Window())).data
        others = await pages.page(Tenant(store.tenant.organization_id, True), Window())

    assert list(RETRY_DELAYS) == waits
    assert MAX_ATTEMPTS == page.attempts == len(hook.received)
    assert ("failed", 500, None) == (page.status, page.http_status, page.next_retry_at)
    assert not others.data


async def test_a_hook_that_leads_inward_is_not_called(storage: str) -> None:
    vault = Vault(SECRET)
    async with open_store(storage) as store, Outward() as outward:
        sealed = vault.seal(SIGNING).decode()
        await called(store, paging_webhook="https://127.0.0.1/x", paging_secret=sealed)
        paging, jobs = Paging(store.database, vault, outward, store.clock), Jobs(store.database, store.clock)
        job = await jobs.claim([PAGE])
        assert job is not None
        with pytest.raises(PutOff):
            await paging.deliver(job)
        (page,) = (await OperatorPages(store.database).page(store.tenant, Window())).data

    assert page.error_message is not None
    assert "private network" in page.error_message


# Publishing


@pytest.mark.asyncio(loop_scope="module")
async def test_where_the_gate_is_set_warnings_keep_a_blueprint_from_being_published(
    server: RunningServer,
) -> None:
    async with program(server) as http:
        organization = (await http.get("/organization")).json()
        agent = {"name": "R", "persona": {"system_prompt": "x", "tone": "neutral"}, "techniques": [], "probing_depth": "light"}  # fmt: skip  # noqa: E501
        graph = json.loads(small_blueprint().model_dump_json(by_alias=True))["graph"]
        graph["nodes"]["q2"]["text"] = "What broke, and what did you do about it?"
        agent_id = (await http.post("/agents", json=agent)).json()["id"]
        body = {"agent_id": agent_id, "name": "Two at once", "graph": graph}
        path = f"/blueprints/{(await http.post('/blueprints', json=body)).json()['id']}"
        warned = (await http.post(f"{path}/validate")).json()
        await changed(server, organization["id"], publish_gate=True)
        refused = await http.post(f"{path}/publish")
        await changed(server, organization["id"], publish_gate=False)
        published = await http.post(f"{path}/publish")

    assert warned["valid"]
    assert warned["warnings"]
    assert (422, "invalid_graph") == (refused.status_code, refused.json()["error"]["code"])
    assert warned["warnings"] == refused.json()["error"]["errors"]
    assert (200, 1) == (published.status_code, published.json()["version"])

from pathlib import Path
from typing import Any

import pytest

from server.store import run_making, runs
from server.store.blueprints import BlueprintArchived
from server.store.deletions import Deletions
from server.store.event_log import OpenedSession
from server.store.organizations import Tenant
from server.store.paging import Window
from server.store.recordings import Recordings
from server.store.run import ConsentRecord, Participant, RunNotFound
from server.store.run_status import TransitionRefused
from server.store.runs import Runs
from server.store.snapshots import BlueprintNotFound
from server.store.vault import Vault
from tests.support.store import NOON_MS, SECRET, Clock, all_files, database_url, open_store, small_design

WEEK_MS = 7 * 86_400_000
CONSENT = ConsentRecord(
    text="May we talk?", text_hash="ab" * 32, method="page", recording=False, answered_at=NOON_MS
)


async def test_a_new_run_waits_for_its_participant_for_a_week(storage: str) -> None:
    async with open_store(storage) as store:
        person = Participant("p-7", "Ann", {"ward": 3})
        made, _ = await store.runs.create(
            store.tenant, store.blueprint.id, consent_needed=True, participant=person, metadata={"wave": 2}
        )
        run = await store.runs.find(made.id, store.tenant)

        assert made == run
        assert ("awaiting_participant", "pending", NOON_MS + WEEK_MS) == (
            run.status,
            run.consent_status,
            run.expires_at,
        )
        assert (person, {"wave": 2}, 1, 0) == (
            run.participant,
            run.metadata,
            run.blueprint_version,
            run.session_count,
        )


async def test_a_run_with_an_appointment_is_scheduled(storage: str) -> None:
    async with open_store(storage) as store:
        run, _ = await store.runs.create(
            store.tenant, store.blueprint.id, consent_needed=True, scheduled_at=NOON_MS + 1000
        )

        assert ("scheduled", NOON_MS + 1000 + WEEK_MS) == (run.status, run.expires_at)


async def test_a_run_is_pinned_to_the_snapshot_of_its_making(storage: str) -> None:
    async with open_store(storage) as store:
        run = await store.new_run()
        edited = await store.blueprints.edit(store.tenant, run.blueprint_id, lambda _: {"name": "Changed"})
        unpublished = await store.new_run()
        await store.blueprints.publish(store.tenant, store.blueprint.id)
        later = await store.new_run()
        snapshots = store.blueprints.snapshots

        assert "draft" == edited.status
        assert [1, 1, 2] == [each.blueprint_version for each in (run, unpublished, later)]
        assert small_design() == await snapshots.design(run.blueprint_id, run.blueprint_version)
        assert small_design("Changed") == await snapshots.design(run.blueprint_id, 2)


async def test_only_what_is_published_and_not_archived_can_be_run(storage: str) -> None:
    async with open_store(storage) as store:
        draft = await store.blueprints.create(store.tenant, small_design())
        await store.blueprints.archive(store.tenant, store.blueprint.id)
        for blueprint_id in (draft.id, store.blueprint.id, "bp_" + "0" * 32):
            with pytest.raises(BlueprintNotFound):
                await store.runs.create(store.tenant, blueprint_id, consent_needed=True)
        with pytest.raises(BlueprintArchived):
            await store.blueprints.publish(store.tenant, store.blueprint.id)


async def test_a_design_that_is_archived_while_a_run_of_it_is_made_has_no_further_run(
    storage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(storage) as store:
        read = run_making.basis_of

        async def then_archived(*args: Any) -> run_making.Basis:
            basis = await read(*args)
            monkeypatch.setattr(runs, "basis_of", read)
            await store.blueprints.archive(store.tenant, store.blueprint.id)
            return basis

        monkeypatch.setattr(runs, "basis_of", then_archived)
        with pytest.raises(BlueprintNotFound):
            await store.runs.create(store.tenant, store.blueprint.id)


async def test_neither_another_organization_nor_test_keys_see_a_run(storage: str) -> None:
    async with open_store(storage) as store:
        run = await store.new_run()
        other = await store.organizations.create("Another")
        strangers = [Tenant(other.id, False), Tenant(store.tenant.organization_id, True)]

        assert [run] == (await store.runs.page(store.tenant, Window())).data
        for stranger in strangers:
            assert [] == (await store.runs.page(stranger, Window())).data
            with pytest.raises(RunNotFound):
                await store.runs.find(run.id, stranger)
            with pytest.raises(BlueprintNotFound):
                await store.blueprints.find(stranger, store.blueprint.id)
            with pytest.raises(BlueprintNotFound):
                await store.runs.create(stranger, store.blueprint.id, consent_needed=False)


async def test_lists_are_newest_first_and_page_by_id(storage: str) -> None:
    async with open_store(storage) as store:
        runs = sorted([await store.new_run() for _ in range(5)], key=lambda run: run.id, reverse=True)
        first = await store.runs.page(store.tenant, Window(2))
        rest = await store.runs.page(store.tenant, Window(3, starting_after=first.next_cursor))
        newer = await store.runs.page(store.tenant, Window(2, ending_before=runs[3].id))
        await store.runs.transition(runs[3].id, "cancelled")
        cancelled = await store.runs.page(store.tenant, Window(), status="cancelled")

        assert runs == [*first.data, *rest.data]
        assert [(True, runs[1].id), (False, None)] == [
            (page.has_more, page.next_cursor) for page in (first, rest)
        ]
        assert (runs[1:3], True) == (newer.data, newer.has_more)
        assert [runs[3].id] == [run.id for run in cancelled.data]


async def test_a_list_is_read_to_its_end_while_runs_are_made_and_deleted(
    storage: str, tmp_path: Path
) -> None:
    async with open_store(storage) as store, Recordings(tmp_path) as recordings:
        deletions = Deletions(store.database, recordings, store.clock)
        runs = sorted([await store.new_run() for _ in range(12)], key=lambda run: run.id, reverse=True)
        seen: list[str] = []
        cursor: str | None = None
        for number in range(6):
            page = await store.runs.page(store.tenant, Window(2, starting_after=cursor))
            seen += [run.id for run in page.data]
            cursor = page.next_cursor
            await store.new_run()
            await deletions.delete(store.tenant, runs[2 * number + 1].id, "api")  # the cursor itself

        assert [run.id for run in runs] == seen
        assert cursor is None


async def test_a_run_that_is_gone_has_no_secrets_and_keeps_nobody_elses_back(
    storage: str, tmp_path: Path
) -> None:
    async with open_store(storage) as store, Recordings(tmp_path) as recordings:
        gone, run = await store.new_run(), await store.new_run()
        await Deletions(store.database, recordings, store.clock).delete(store.tenant, gone.id, "api")
        found = await store.runs.secrets([gone.id, run.id])
        with pytest.raises(RunNotFound):
            await store.runs.join_token(gone.id)

        assert {run.id: await store.runs.join_token(run.id)} == {
            run_id: secrets.join_token for run_id, secrets in found.items()
        }


async def test_the_secret_of_a_link_opens_its_own_run_alone(storage: str) -> None:
    async with open_store(storage) as store:
        run, token = await store.runs.create(store.tenant, store.blueprint.id, consent_needed=True)
        other = await store.new_run()
        wrong = ["", token[:-1], token + "x", token.upper(), "jt_" + "A" * 10_000, "\ud800", "é" * 32]

        assert run == await store.runs.check_token(run.id, token)
        assert token == await store.runs.join_token(run.id)
        assert await store.runs.check_token(other.id, token) is None
        assert await store.runs.check_token("run_unknown", token) is None
        for text in wrong:
            assert await store.runs.check_token(run.id, text) is None


async def test_the_secret_is_nowhere_in_the_database(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store:
        run, token = await store.runs.create(store.tenant, store.blueprint.id, consent_needed=True)
        thief = Runs(store.database, Vault("another secret, just as long as the first"))
        opened = await thief.check_token(run.id, token)

        assert opened is None
    files = all_files(tmp_path)
    assert run.id.encode() in files
    assert token.encode() not in files


async def test_consent_begins_the_talk_and_is_kept_word_for_word(storage: str) -> None:
    async with open_store(storage) as store:
        run, _ = await store.runs.create(store.tenant, store.blueprint.id, consent_needed=True)
        with pytest.raises(TransitionRefused):
            await store.runs.record_consent(run.id, granted=True, record=CONSENT)
        await store.runs.transition(run.id, "awaiting_consent")
        store.clock.now += 5
        granted = await store.runs.record_consent(run.id, granted=True, record=CONSENT)
        with pytest.raises(TransitionRefused):
            await store.runs.record_consent(run.id, granted=False, record=CONSENT)

        assert ("active", "granted", NOON_MS + 5) == (
            granted.status,
            granted.consent_status,
            granted.started_at,
        )
        assert CONSENT == (await store.runs.find(run.id)).consent


async def test_declining_ends_the_run(storage: str) -> None:
    async with open_store(storage) as store:
        run, _ = await store.runs.create(store.tenant, store.blueprint.id, consent_needed=True)
        await store.runs.transition(run.id, "awaiting_consent")
        declined = await store.runs.record_consent(run.id, granted=False, record=CONSENT)

        assert ("abandoned", "declined", None) == (
            declined.status,
            declined.consent_status,
            declined.started_at,
        )


async def test_starting_and_completing_are_timed(storage: str) -> None:
    async with open_store(storage) as store:
        run = await store.new_run()
        store.clock.now += 10
        await store.runs.transition(run.id, "active")
        store.clock.now += 10
        await store.runs.transition(run.id, "processing")
        store.clock.now += 10
        done = await store.runs.transition(run.id, "completed")

        assert (NOON_MS + 10, NOON_MS + 30, NOON_MS + 30) == (
            done.started_at,
            done.completed_at,
            done.updated_at,
        )
        with pytest.raises(RunNotFound):
            await store.runs.transition("run_unknown", "active")


async def test_only_runs_that_nobody_began_expire(storage: str) -> None:
    async with open_store(storage) as store:
        waiting, active = await store.new_run(), await store.new_run()
        await store.runs.transition(active.id, "active")
        store.clock.now += WEEK_MS - 1
        early = await store.runs.expire_due()
        store.clock.now += 1
        fresh = await store.new_run()
        due = await store.runs.expire_due()

        assert early == []
        assert [waiting.id] == due
        assert "active" == (await store.runs.find(active.id)).status
        assert "awaiting_participant" == (await store.runs.find(fresh.id)).status


async def test_each_session_has_the_next_number_and_epoch(storage: str) -> None:
    async with open_store(storage) as store:
        run = await store.new_run()
        first, second = await store.new_session(run), await store.new_session(run)
        after = await store.runs.find(run.id)

        assert OpenedSession(run.id, first.session_id, 1, 1, 0, Clock()()) == first
        assert (2, 2, 0) == (second.number, second.epoch, second.last_seq)
        assert (2, second.session_id) == (after.session_count, after.current_session_id)
        assert first.session_id != second.session_id
        with pytest.raises(RunNotFound):
            await store.runs.open_session("run_unknown")


async def test_a_vault_of_another_secret_says_what_to_do(storage: str) -> None:
    async with open_store(storage) as store:
        run = await store.new_run()

        with pytest.raises(Exception, match="another secret key"):
            await Runs(store.database, Vault(SECRET + "!")).join_token(run.id)

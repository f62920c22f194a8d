import asyncio

import pytest
from sqlalchemy import exists

from server.store.design_tables import AgentRow, BlueprintRow, ChannelRow, CredentialsRow
from server.store.organizations import Tenant
from server.store.paging import Page, Window
from server.store.shelf import InUse, Kept, NotFound, Shelf, Stale
from tests.support.store import Store, open_store


def agents(store: Store) -> Shelf:
    return Shelf(store.database, AgentRow, "agt_", store.clock)


def channels(store: Store) -> Shelf:
    return Shelf(store.database, ChannelRow, "chn_", store.clock)


async def test_what_is_put_on_a_shelf_is_found_there(storage: str) -> None:
    async with open_store(storage) as store:
        made = await agents(store).create(store.tenant, {"name": "Zoë", "n": [1, None, {"a": "–"}]})
        found = await agents(store).find(store.tenant, made.id)

    assert made == found
    assert {"name": "Zoë", "n": [1, None, {"a": "–"}]} == found.body
    assert (1, store.clock.now, store.clock.now) == (found.revision, found.created_at, found.updated_at)
    assert found.id.startswith("agt_")


async def test_neither_another_organization_nor_the_other_mode_finds_it(storage: str) -> None:
    async with open_store(storage) as store:
        shelf = agents(store)
        made = await shelf.create(store.tenant, {"name": "Ada"})
        stranger = await store.organizations.create("Others")
        for tenant in (Tenant(stranger.id, test_mode=False), Tenant(store.tenant.organization_id, True)):
            with pytest.raises(NotFound):
                await shelf.find(tenant, made.id)
            with pytest.raises(NotFound):
                await shelf.change(tenant, made.id, lambda was: was)
            with pytest.raises(NotFound):
                await shelf.delete(tenant, made.id)

            assert [] == list((await shelf.page(tenant, Window())).data)


async def test_a_change_counts_and_never_goes_back_in_time(storage: str) -> None:
    async with open_store(storage) as store:
        shelf = agents(store)
        made = await shelf.create(store.tenant, {"name": "Ada", "kept": 1})
        store.clock.now -= 5_000
        changed = await shelf.change(store.tenant, made.id, lambda was: was | {"name": "Bea"})

    assert ({"name": "Bea", "kept": 1}, 2, made.updated_at) == (
        changed.body,
        changed.revision,
        changed.updated_at,
    )


async def test_who_has_seen_an_older_one_neither_changes_nor_deletes_it(storage: str) -> None:
    async with open_store(storage) as store:
        shelf = agents(store)
        made = await shelf.create(store.tenant, {"name": "Ada"})
        await shelf.change(store.tenant, made.id, lambda was: was, seen=1)
        with pytest.raises(Stale):
            await shelf.change(store.tenant, made.id, lambda was: {"name": "lost"}, seen=1)
        with pytest.raises(Stale):
            await shelf.delete(store.tenant, made.id, seen=1)
        found = await shelf.find(store.tenant, made.id)

    assert ({"name": "Ada"}, 2) == (found.body, found.revision)


async def test_of_two_changes_at_once_none_is_lost_unnoticed(storage: str) -> None:
    async with open_store(storage) as store:
        shelf = agents(store)
        made = await shelf.create(store.tenant, {"n": 0})
        changes = [shelf.change(store.tenant, made.id, lambda was: {"n": was["n"] + 1}) for _ in range(5)]
        outcomes = await asyncio.gather(*changes, return_exceptions=True)
        found = await shelf.find(store.tenant, made.id)

    done = [each for each in outcomes if not isinstance(each, BaseException)]
    assert all(isinstance(each, Stale) for each in outcomes if isinstance(each, BaseException))
    assert len(done) == found.body["n"] == found.revision - 1


async def test_what_another_rests_on_is_not_deleted(storage: str) -> None:
    async with open_store(storage) as store:
        agent_id = store.blueprint.agent_id
        with pytest.raises(InUse):
            await agents(store).delete(store.tenant, agent_id)
        used = exists().where(BlueprintRow.agent_id == agent_id)
        with pytest.raises(InUse):
            await agents(store).delete(store.tenant, agent_id, unless=(used,))
        free = await agents(store).create(store.tenant, {})
        await agents(store).delete(store.tenant, free.id)
        with pytest.raises(NotFound):
            await agents(store).delete(store.tenant, free.id)


async def test_what_is_held_outlasts_a_deletion_until_it_is_named(storage: str) -> None:
    async with open_store(storage) as store:
        credentials = Shelf(store.database, CredentialsRow, "crd_", store.clock)
        kept = await credentials.create(store.tenant, {}, secrets=b"sealed")
        used = exists().where(ChannelRow.body["credentials_id"].as_string() == kept.id)

        async def refused() -> bool:
            try:
                await credentials.delete(store.tenant, kept.id, unless=(used,))
            except InUse:
                return True
            return False

        async with asyncio.TaskGroup() as tasks, store.database.write() as connection:
            await credentials.hold_in(connection, store.tenant, kept.id)
            deleting = tasks.create_task(refused())
            body = {"credentials_id": kept.id}
            await channels(store).create_in(connection, store.tenant, body, is_default=False)

        assert deleting.result()
        assert kept == await credentials.find(store.tenant, kept.id)


async def test_pages_follow_one_another_both_ways_whatever_is_made_or_deleted(storage: str) -> None:
    async with open_store(storage) as store:
        shelf = channels(store)
        ids = [(await shelf.create(store.tenant, {}, is_default=False)).id for _ in range(5)][::-1]
        first = await shelf.page(store.tenant, Window(2))
        await shelf.delete(store.tenant, ids[1])
        newest = (await shelf.create(store.tenant, {}, is_default=False)).id
        second = await shelf.page(store.tenant, Window(2, starting_after=first.next_cursor))
        last = await shelf.page(store.tenant, Window(2, starting_after=second.next_cursor))
        before = await shelf.page(store.tenant, Window(1, ending_before=ids[2]))
        rest = await shelf.page(store.tenant, Window(2, ending_before=ids[0]))

    def shown(page: Page[Kept]) -> list[str]:
        return [each.id for each in page.data]

    assert (ids[:2], True, ids[1]) == (shown(first), first.has_more, first.next_cursor)
    assert (ids[2:4], True) == (shown(second), second.has_more)
    assert ([ids[4]], False, None) == (shown(last), last.has_more, last.next_cursor)
    assert ([ids[0]], True) == (shown(before), before.has_more)
    assert ([newest], False) == (shown(rest), rest.has_more)


async def test_many_are_found_in_one_go_and_those_that_are_not_there_left_out(storage: str) -> None:
    async with open_store(storage) as store:
        shelf = agents(store)
        made = [await shelf.create(store.tenant, {"n": n}) for n in range(2)]
        found = await shelf.find_many([made[0].id, made[1].id, made[0].id, "agt_none"])

        assert {each.id: each for each in made} == found
        assert {} == await shelf.find_many([])

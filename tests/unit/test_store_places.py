"""Where runs are held: channels and connectors that stay for as long as a run names them."""

import asyncio

import pytest
from sqlalchemy import exists, func, select

from server.store.default_channel import default_channel
from server.store.design_tables import ChannelRow, ConnectorRow
from server.store.organizations import Tenant
from server.store.run import Place, PlaceNotFound, Run, hold_place
from server.store.shelf import InUse, Shelf
from server.store.tables import RunRow
from tests.support.store import Store, open_store

ROUNDS = 12


def channels(store: Store) -> Shelf:
    return Shelf(store.database, ChannelRow, "chn_", store.clock)


def connectors(store: Store) -> Shelf:
    return Shelf(store.database, ConnectorRow, "con_", store.clock)


async def deleted(store: Store, channel_id: str) -> bool:
    """Delete a channel unless a run names it, as the API does; whether it was."""
    used = exists().where(RunRow.channel_id == channel_id)
    try:
        await channels(store).delete(store.tenant, channel_id, unless=(used,))
    except InUse:
        return False
    return True


async def made(store: Store, place: Place) -> Run | None:
    try:
        run, _ = await store.runs.create(store.tenant, store.blueprint.id, place=place)
    except PlaceNotFound:
        return None
    return run


async def test_a_run_is_made_only_where_there_is_a_place_for_it(storage: str) -> None:
    nowhere = "0" * 32
    async with open_store(storage) as store:
        channel = await channels(store).create(store.tenant, {}, is_default=False)
        connector = await connectors(store).create(store.tenant, {})
        elsewhere = Tenant(store.tenant.organization_id, test_mode=True)
        foreign = await channels(store).create(elsewhere, {}, is_default=False)
        there = await made(store, Place(channel_id=channel.id))
        met = await made(store, Place(connector_id=connector.id))
        for missing, what in (
            (Place(channel_id=f"chn_{nowhere}"), "channel"),
            (Place(channel_id=foreign.id), "channel"),
            (Place(connector_id=f"con_{nowhere}"), "connector"),
        ):
            with pytest.raises(PlaceNotFound) as refused:
                await store.runs.create(store.tenant, store.blueprint.id, place=missing)
            assert what == refused.value.what

    assert there is not None
    assert met is not None
    assert (channel.id, connector.id) == (there.channel_id, met.connector_id)


async def test_a_deletion_waits_for_a_run_that_is_being_made_there(storage: str) -> None:
    async with open_store(storage) as store:
        channel = await channels(store).create(store.tenant, {}, is_default=False)
        run = await store.new_run()
        async with asyncio.TaskGroup() as tasks, store.database.write() as connection:
            await hold_place(connection, store.tenant, Place(channel_id=channel.id))
            deleting = tasks.create_task(deleted(store, channel.id))
            await asyncio.sleep(0)
            named = RunRow.__table__.update().where(RunRow.id == run.id)  # type: ignore[attr-defined]
            await connection.execute(named.values(channel_id=channel.id))

        assert not deleting.result()
        assert channel == await channels(store).find(store.tenant, channel.id)


async def test_runs_made_while_their_channel_is_deleted_never_name_one_that_is_gone(storage: str) -> None:
    async with open_store(storage) as store:
        outcomes = []
        for _ in range(ROUNDS):
            channel = await channels(store).create(store.tenant, {}, is_default=False)
            place = Place(channel_id=channel.id)
            run, gone, other = await asyncio.gather(
                made(store, place), deleted(store, channel.id), made(store, place)
            )
            outcomes.append((bool(run or other), gone))
        there = select(ChannelRow.id)
        strays = select(func.count()).where(RunRow.channel_id.is_not(None), RunRow.channel_id.not_in(there))
        async with store.database.read() as connection:
            left = (await connection.execute(strays)).scalar_one()

    assert 0 == left
    assert {(True, False), (False, True)} >= set(outcomes)


async def test_of_many_who_want_a_default_channel_at_once_all_get_the_same(storage: str) -> None:
    async with open_store(storage) as store:
        ids = await asyncio.gather(
            *(default_channel(store.database, store.tenant, {"name": "Browser"}) for _ in range(6))
        )
        later = await default_channel(store.database, store.tenant, {"name": "Another"})
        testing = Tenant(store.tenant.organization_id, test_mode=True)
        theirs = await default_channel(store.database, testing, {"name": "Browser"})
        kept = await channels(store).find(store.tenant, later)

    assert {later} == set(ids)
    assert theirs != later
    assert {"name": "Browser"} == kept.body

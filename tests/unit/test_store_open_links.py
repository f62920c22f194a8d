"""Open links in the store: who gets in, and what they are given at the end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from server.store.deletions import Deletions
from server.store.design_tables import ChannelRow, OpenLinkRow
from server.store.open_links import PLACE_HELD_MS, Completion, LinkShut, OpenLink, OpenLinks, filled
from server.store.recordings import Recordings
from server.store.run import Participant, Place
from server.store.shelf import Shelf
from server.store.vault import Vault
from tests.support.store import NOON_MS, SECRET, Store, open_store

BODY: dict[str, Any] = {
    "name": "Panel",
    "channel_id": None,
    "status": "active",
    "max_runs": None,
    "expires_at": None,
    "external_id_key": "external_id",
    "metadata_keys": [],
    "completion": {"redirect_url": "https://panel.example.org/?who={external_id}&of={run_id}", "code": "C1"},
    "metadata": {},
}
KIM = Participant(external_id="Kim & Co/1")


class Doorway(msgspec.Struct, frozen=True):
    """A store with one link."""

    store: Store
    links: OpenLinks
    link: OpenLink
    token: str
    place: Place

    async def enter(self, visitor: str) -> tuple[str, str]:
        return await self.links.enter(self.link, visitor, KIM, self.place)

    async def runs_made(self) -> int:
        return (await self.links.details([self.link.id]))[self.link.id].runs_made


@contextlib.asynccontextmanager
async def doorway(storage: str, **changed: Any) -> AsyncIterator[Doorway]:
    async with open_store(storage) as store:
        links = OpenLinks(store.database, Vault(SECRET), store.runs, store.clock)
        channels = Shelf(store.database, ChannelRow, "chn_", store.clock)
        channel = await channels.create(store.tenant, {"name": "Browser"}, is_default=True)
        body = BODY | changed | {"blueprint_id": store.blueprint.id}
        kept = await links.create(store.tenant, store.blueprint.id, body)
        token = (await links.details([kept.id]))[kept.id].token
        link = await links.check_token(kept.id, token)
        assert link is not None
        yield Doorway(store, links, link, token, Place(channel_id=channel.id))


async def test_each_visitor_gets_a_run_and_comes_back_to_the_same(storage: str) -> None:
    async with doorway(storage) as door:
        kim, again, lee = [await door.enter(visitor) for visitor in ("kim", "kim", "lee")]
        run = await door.store.runs.check_token(*kim)
        made = await door.runs_made()

    assert kim == again
    assert kim != lee
    assert run is not None
    assert (door.store.tenant.test_mode, {"open_link_id": door.link.id}) == (run.test_mode, run.metadata)
    assert KIM == run.participant
    assert 2 == made


async def test_visitors_who_come_at_once_are_as_many_as_are_let_in(storage: str) -> None:
    async with doorway(storage, max_runs=3) as door:
        tries = [door.enter(f"visitor {number % 6}") for number in range(12)]
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        made = await door.runs_made()

    entered = {outcome for outcome in outcomes if isinstance(outcome, tuple)}
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert 3 == made == len(entered)
    assert {"full"} == {refusal.why for refusal in refused if isinstance(refusal, LinkShut)}
    assert all(isinstance(refusal, LinkShut) for refusal in refused)


async def test_who_only_looked_keeps_nobody_out_for_long(storage: str) -> None:
    async with doorway(storage, max_runs=1) as door:
        looked, _ = await door.enter("kim")
        with pytest.raises(LinkShut):
            await door.enter("lee")
        door.store.clock.now += PLACE_HELD_MS
        began, _ = await door.enter("lee")
        await door.store.runs.transition(began, "active")
        door.store.clock.now += PLACE_HELD_MS
        again, _ = await door.enter("lee")
        with pytest.raises(LinkShut) as refusal:
            await door.enter("kim")

    assert looked != began == again
    assert "full" == refusal.value.why


async def test_who_comes_back_to_a_free_place_takes_it_anew(storage: str) -> None:
    async with doorway(storage, max_runs=1) as door:
        first = await door.enter("kim")
        door.store.clock.now += PLACE_HELD_MS
        again = await door.enter("kim")
        with pytest.raises(LinkShut):
            await door.enter("lee")
        await door.store.runs.transition(first[0], "cancelled")
        await door.enter("lee")

    assert first == again


async def test_who_is_through_comes_back_to_their_own_farewell_though_the_link_is_full(storage: str) -> None:
    async with doorway(storage, max_runs=1) as door:
        declined = await door.enter("kim")
        await door.store.runs.transition(declined[0], "cancelled")
        await door.enter("lee")
        again = await door.enter("kim")

    assert declined == again


@pytest.mark.parametrize(
    ("changed", "why"),
    [({"status": "closed"}, "closed"), ({"expires_at": NOON_MS}, "expired"), ({"max_runs": 1}, "full")],
)
async def test_who_is_in_may_come_back_to_a_link_that_is_shut(
    storage: str, changed: dict[str, Any], why: str
) -> None:
    async with doorway(storage) as door:
        kim = await door.enter("kim")
        await door.links.shelf.change(door.store.tenant, door.link.id, lambda was: was | changed)
        again = await door.enter("kim")
        with pytest.raises(LinkShut) as refusal:
            await door.enter("lee")

    assert kim == again
    assert why == refusal.value.why


async def test_nobody_new_comes_in_to_a_blueprint_that_is_archived_or_by_a_channel_that_is_gone(
    storage: str,
) -> None:
    async with doorway(storage) as door:
        nowhere = Place(channel_id="chn_" + "0" * 32)
        with pytest.raises(LinkShut):
            await door.links.enter(door.link, "kim", KIM, nowhere)
        await door.store.blueprints.archive(door.store.tenant, door.store.blueprint.id)
        with pytest.raises(LinkShut):
            await door.enter("kim")
        made = await door.runs_made()

    assert 0 == made


async def test_only_the_links_own_secret_opens_it(storage: str) -> None:
    async with doorway(storage) as door:
        found = [
            await door.links.check_token(link_id, token)
            for link_id, token in (
                (door.link.id, door.token),
                (door.link.id, door.token + "x"),
                (door.link.id, ""),
                (door.link.id, "x" * 100_000),
                ("lnk_" + "0" * 32, door.token),
            )
        ]

    assert [door.link, None, None, None, None] == found


async def test_the_database_holds_neither_the_secret_nor_the_visitors_word(storage: str) -> None:
    async with doorway(storage) as door:
        await door.enter("the visitor's own word")
        async with door.store.database.read() as connection:
            rows = str((await connection.execute(OpenLinkRow.__table__.select())).all())

    assert door.token not in rows
    assert "the visitor's own word" not in rows


async def test_what_is_given_at_the_end_names_the_visitor_and_no_more_than_that(storage: str) -> None:
    async with doorway(storage) as door:
        run_id, _ = await door.enter("kim")
        given = await door.links.completion_of(run_id)
        none = await door.links.completion_of((await door.store.new_run()).id)

    url = f"https://panel.example.org/?who=Kim%20%26%20Co%2F1&of={run_id}"
    assert Completion("C1", url) == given
    assert none is None


@pytest.mark.parametrize(
    "value", ["https://elsewhere.example", "/../..", "a#b?c&d=e", "\u202e", "{run_id}", "%00"]
)
def test_a_value_is_never_more_than_a_part_of_the_address(value: str) -> None:
    url = filled("https://panel.example.org/a/{external_id}?b={external_id}", {"external_id": value})
    path = url.removeprefix("https://panel.example.org/a/")

    assert url.startswith("https://panel.example.org/a/")
    assert 1 == path.count("?")
    assert not set("#&/{} ") & set(path)


async def test_a_run_that_is_deleted_takes_its_visit_along(storage: str, tmp_path: Any) -> None:
    async with doorway(storage) as door, Recordings(tmp_path) as recordings:
        first, _ = await door.enter("kim")
        await Deletions(door.store.database, recordings).delete(door.store.tenant, first, "api")
        second, _ = await door.enter("kim")
        given = await door.links.completion_of(first)

    assert first != second
    assert given is None

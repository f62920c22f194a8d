"""Open links: one address for a study, and a run for each visitor, made when they come.

Who a visitor is nobody knows: a browser draws a word of its own, and who brings the same word again comes
back to the same run.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec
from sqlalchemy import ColumnElement, Row, and_, func, insert, not_, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import new_secret, wall_clock_ms
from server.store.database import Database
from server.store.design_tables import OpenLinkRow, OpenLinkVisitRow
from server.store.organizations import Tenant
from server.store.run import Participant, Place, PlaceNotFound
from server.store.run_making import Wanted
from server.store.run_status import TERMINAL
from server.store.runs import LONGEST_TOKEN, Runs
from server.store.shelf import Kept, Shelf
from server.store.snapshots import BlueprintNotFound
from server.store.tables import RunRow
from server.store.vault import Vault

_LINK: Final = "open link"
_VISITOR: Final = "visitor of an open link"

PLACE_HELD_MS: Final = 30 * 60_000
"""Milliseconds for which a place is kept for a visitor whose talk has not begun. Longer: whoever only looked
keeps others out; shorter: more may come to take part than were wanted."""

Shut = Literal["closed", "expired", "full"]


class LinkShut(Exception):
    """Nobody new comes in by this link."""

    def __init__(self, why: Shut) -> None:
        super().__init__(f"the link is {why}")
        self.why = why


class OpenLink(msgspec.Struct, frozen=True):
    """A link as those see it who come by it. `body` is as the API gives it shape."""

    id: str
    tenant: Tenant
    blueprint_id: str
    body: dict[str, Any]


class LinkDetails(msgspec.Struct, frozen=True):
    """What a link has beside its body. `token` is its secret, for those who may see it."""

    runs_made: int
    token: str


class Completion(msgspec.Struct, frozen=True):
    """What a visitor is given at the end: a code to show elsewhere, an address to go on to."""

    code: str | None = None
    url: str | None = None


class OpenLinks:
    """Keeps links, and lets visitors in."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        runs: Runs,
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        self.shelf = Shelf(database, OpenLinkRow, "lnk_", clock_ms)
        self._database = database
        self._vault = vault
        self._runs = runs
        self._clock_ms = clock_ms

    async def create(self, tenant: Tenant, blueprint_id: str, body: Mapping[str, Any]) -> Kept:
        """A new link, its secret drawn. Raises BlueprintNotFound."""
        token = f"ol_{new_secret()}"
        try:
            return await self.shelf.create(
                tenant,
                body,
                blueprint_id=blueprint_id,
                token_hash=self._vault.fingerprint(_LINK, token),
                token_encrypted=self._vault.seal(token),
                visits=0,
            )
        except IntegrityError:
            raise BlueprintNotFound(blueprint_id) from None

    async def details(self, link_ids: Sequence[str]) -> dict[str, LinkDetails]:
        """What several links have beside their bodies, in one query. Raises VaultError."""
        statement = select(OpenLinkRow.id, OpenLinkRow.visits, OpenLinkRow.token_encrypted).where(
            OpenLinkRow.id.in_(set(link_ids))
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(statement)).all()
        return {row.id: LinkDetails(row.visits, self._vault.unseal(row.token_encrypted)) for row in rows}

    async def check_token(self, link_id: str, token: str) -> OpenLink | None:
        """The link, if this is its secret. Tells nobody by its timing what is wrong."""
        presented = self._vault.fingerprint(_LINK, token if len(token) <= LONGEST_TOKEN else "")
        async with self._database.read() as connection:
            row = (await connection.execute(select(OpenLinkRow).where(OpenLinkRow.id == link_id))).first()
        kept = row.token_hash if row is not None else "0" * 64
        return _link(row) if hmac.compare_digest(kept, presented) and row is not None else None

    async def enter(
        self, link: OpenLink, visitor: str, participant: Participant, place: Place
    ) -> tuple[str, str]:
        """(id, secret) of the visitor's run: theirs of before, or a new one. Raises LinkShut."""
        word = self._vault.fingerprint(_VISITOR, f"{link.id} {visitor}")
        async with self._database.write() as connection:
            held = select(OpenLinkRow).where(OpenLinkRow.id == link.id).with_for_update()
            row = (await connection.execute(held)).first()
            if row is None:
                raise LinkShut("closed")
            if (former := await self._former(connection, row, word)) is not None:
                return former
            self._refuse_if_shut(row)
            await self._refuse_if_full(connection, row)
            try:
                wanted = Wanted(participant=participant, metadata={"open_link_id": link.id}, place=place)
                run, token = await self._runs.create_in(connection, link.tenant, row.blueprint_id, wanted)
            except (BlueprintNotFound, PlaceNotFound):  # archived, or deleted, since
                raise LinkShut("closed") from None
            await connection.execute(
                insert(OpenLinkVisitRow).values(
                    run_id=run.id, open_link_id=link.id, visitor_hash=word, created_at=self._clock_ms()
                )
            )
            counted = update(OpenLinkRow).where(OpenLinkRow.id == link.id)
            await connection.execute(counted.values(visits=OpenLinkRow.visits + 1))
        return run.id, token

    async def _former(self, connection: AsyncConnection, link: Row[Any], word: str) -> tuple[str, str] | None:
        """The visitor's run of before. Raises LinkShut where its place is somebody else's by now."""
        statement = (
            select(RunRow.id, RunRow.status, RunRow.token_encrypted, self._free().label("free"))
            .join(OpenLinkVisitRow, OpenLinkVisitRow.run_id == RunRow.id)
            .where(OpenLinkVisitRow.open_link_id == link.id, OpenLinkVisitRow.visitor_hash == word)
        )
        found = (await connection.execute(statement)).first()
        if found is None:
            return None
        if found.free and found.status not in TERMINAL:  # who is through hears their own farewell again
            await self._refuse_if_full(connection, link)
            anew = update(OpenLinkVisitRow).where(OpenLinkVisitRow.run_id == found.id)
            await connection.execute(anew.values(created_at=self._clock_ms()))
        return found.id, self._vault.unseal(found.token_encrypted)

    def _free(self) -> ColumnElement[bool]:
        """Of a visit: that its place is free again, for its talk never began, and can't any more or is not
        being waited for."""
        over = RunRow.status.in_(TERMINAL)
        waited_for = OpenLinkVisitRow.created_at > self._clock_ms() - PLACE_HELD_MS
        return and_(RunRow.started_at.is_(None), or_(over, not_(waited_for)))

    async def _refuse_if_full(self, connection: AsyncConnection, link: Row[Any]) -> None:
        most = link.body["max_runs"]
        if most is None or link.visits < most:
            return
        free = (
            select(func.count())
            .select_from(OpenLinkVisitRow)
            .join(RunRow, RunRow.id == OpenLinkVisitRow.run_id)
            .where(OpenLinkVisitRow.open_link_id == link.id, self._free())
        )
        # Counted from above: a run that is deleted was held all the same.
        if link.visits - (await connection.execute(free)).scalar_one() >= most:
            raise LinkShut("full")

    def _refuse_if_shut(self, row: Row[Any]) -> None:
        body = row.body
        if body["status"] != "active":
            raise LinkShut("closed")
        if body["expires_at"] is not None and body["expires_at"] <= self._clock_ms():
            raise LinkShut("expired")

    async def completion_of(self, run_id: str) -> Completion | None:
        """What the visitor of this run is given at its end; None for a run that came by no link."""
        statement = (
            select(OpenLinkRow.body, RunRow.participant)
            .join(OpenLinkVisitRow, OpenLinkVisitRow.open_link_id == OpenLinkRow.id)
            .join(RunRow, RunRow.id == OpenLinkVisitRow.run_id)
            .where(OpenLinkVisitRow.run_id == run_id)
        )
        async with self._database.read() as connection:
            found = (await connection.execute(statement)).first()
        if found is None:
            return None
        given, url = found.body["completion"], found.body["completion"]["redirect_url"]
        named = {"external_id": found.participant.get("external_id") or "", "run_id": run_id}
        return Completion(given["code"], None if url is None else filled(url, named))


def filled(url: str, values: Mapping[str, str]) -> str:
    """The address with each `{name}` replaced by its value, which can't be more than a part of it."""
    for name, value in values.items():
        url = url.replace(f"{{{name}}}", quote(value, safe=""))
    return url


def _link(row: Row[Any]) -> OpenLink:
    return OpenLink(row.id, Tenant(row.organization_id, row.test_mode), row.blueprint_id, row.body)

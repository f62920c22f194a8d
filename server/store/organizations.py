"""Organizations and the API keys by which their programs are known. A key is shown once; only its hash is
kept."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

import msgspec
from sqlalchemy import Row, insert, select, update

from server.clock import new_id, new_secret, wall_clock_ms
from server.store.database import Database
from server.store.paging import Page, Window, read_page
from server.store.tables import ApiKeyRow, OrganizationRow

Scope = Literal["read", "write", "operate", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
LONGEST_KEY = 100
LONGEST_KEY_NAME = 60
SHOWN_SIGNS = 12


class OrganizationChanged(Exception):
    """It has been changed since whoever asks has seen it."""


class Tenant(msgspec.Struct, frozen=True):
    """On whose behalf something is asked: neither organizations nor test and live data see one another."""

    organization_id: str
    test_mode: bool


class Organization(msgspec.Struct, frozen=True):
    id: str
    name: str
    settings: dict[str, Any]
    revision: int
    created_at: int
    updated_at: int


class ApiKey(msgspec.Struct, frozen=True):
    """A key without its secret. Instants are milliseconds since 1970, UTC."""

    id: str
    organization_id: str
    test_mode: bool
    name: str | None
    shown: str
    scopes: tuple[Scope, ...]
    created_at: int
    revoked_at: int | None

    @property
    def tenant(self) -> Tenant:
        return Tenant(self.organization_id, self.test_mode)

    def may(self, scope: Scope) -> bool:
        """Tell whether the key has a scope; `admin` has them all."""
        return scope in self.scopes or "admin" in self.scopes


class Organizations:
    """Makes and finds organizations and their keys."""

    def __init__(self, database: Database, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._database = database
        self._clock_ms = clock_ms

    async def create(self, name: str) -> Organization:
        now = self._clock_ms()
        organization = Organization(new_id("org_"), name, {}, 1, now, now)
        async with self._database.write() as connection:
            await connection.execute(insert(OrganizationRow), [msgspec.structs.asdict(organization)])
        return organization

    async def first(self, name: str = "My organization") -> Organization:
        """The oldest organization; it is made, with this name, in a new database."""
        async with self._database.write() as connection:
            row = (
                await connection.execute(select(OrganizationRow).order_by(OrganizationRow.id).limit(1))
            ).first()
            if row is not None:
                return Organization(**row._mapping)
            now = self._clock_ms()
            organization = Organization(new_id("org_"), name, {}, 1, now, now)
            await connection.execute(insert(OrganizationRow), [msgspec.structs.asdict(organization)])
        return organization

    async def find(self, organization_id: str) -> Organization:
        """Raises LookupError."""
        statement = select(OrganizationRow).where(OrganizationRow.id == organization_id)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).first()
        if row is None:
            raise LookupError(f"there is no organization {organization_id}")
        return Organization(**row._mapping)

    async def change(
        self,
        organization_id: str,
        *,
        name: str | None = None,
        settings: Mapping[str, Any] | None = None,
        seen: int | None = None,
    ) -> Organization:
        """Change its name, and of its settings those that are given; one that is None is unset.

        Raises LookupError; OrganizationChanged if `seen` isn't its revision any more.
        """
        statement = select(OrganizationRow).where(OrganizationRow.id == organization_id)
        async with self._database.write() as connection:
            row = (await connection.execute(statement.with_for_update())).first()
            if row is None:
                raise LookupError(f"there is no organization {organization_id}")
            before = Organization(**row._mapping)
            if seen is not None and seen != before.revision:
                raise OrganizationChanged(organization_id)
            merged = before.settings | dict(settings or {})
            after = msgspec.structs.replace(
                before,
                name=name or before.name,
                settings={each: value for each, value in merged.items() if value is not None},
                revision=before.revision + 1,
                updated_at=max(self._clock_ms(), before.updated_at),
            )
            await connection.execute(
                update(OrganizationRow)
                .where(OrganizationRow.id == organization_id)
                .values(**msgspec.structs.asdict(after))
            )
        return after

    async def create_key(
        self, organization_id: str, *, test_mode: bool, scopes: Sequence[Scope], name: str | None = None
    ) -> tuple[ApiKey, str]:
        """A new key and its secret text, which can't be had again. Raises ValueError on scopes that there are
        not."""
        if not scopes or any(scope not in SCOPES for scope in scopes):
            raise ValueError(f"scopes are some of {', '.join(SCOPES)}")
        secret = f"sk_{'test' if test_mode else 'live'}_{new_secret(24)}"
        key = ApiKey(
            id=new_id("key_"),
            organization_id=organization_id,
            test_mode=test_mode,
            name=name,
            shown=secret[:SHOWN_SIGNS],
            scopes=tuple(scope for scope in SCOPES if scope in scopes),
            created_at=self._clock_ms(),
            revoked_at=None,
        )
        values = msgspec.structs.asdict(key) | {"hash": _hash(secret), "scopes": list(key.scopes)}
        async with self._database.write() as connection:
            await connection.execute(insert(ApiKeyRow), [values])
        return key, secret

    async def verify_key(self, secret: str) -> ApiKey | None:
        """The key whose secret this is, or None: unknown, malformed or revoked."""
        if len(secret) > LONGEST_KEY or not secret.startswith(("sk_live_", "sk_test_")):
            return None
        # The look-up is by the hash of 192 random bits: its timing tells nothing of any key.
        statement = select(ApiKeyRow).where(ApiKeyRow.hash == _hash(secret), ApiKeyRow.revoked_at.is_(None))
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).first()
        return None if row is None else _key(row)

    async def list_keys(self, organization_id: str) -> list[ApiKey]:
        """All keys, revoked ones too, newest first."""
        statement = (
            select(ApiKeyRow)
            .where(ApiKeyRow.organization_id == organization_id)
            .order_by(ApiKeyRow.id.desc())
        )
        async with self._database.read() as connection:
            return [_key(row) for row in await connection.execute(statement)]

    async def key_page(self, organization_id: str, modes: Sequence[bool], window: Window) -> Page[ApiKey]:
        """A page of the keys of these modes (True = test), revoked ones too, newest first."""
        statement = select(ApiKeyRow).where(
            ApiKeyRow.organization_id == organization_id, ApiKeyRow.test_mode.in_(modes)
        )
        async with self._database.read() as connection:
            return await read_page(connection, statement, ApiKeyRow.id, window, _key)

    async def replace_key(
        self, organization_id: str, *, test_mode: bool, scopes: Sequence[Scope], name: str
    ) -> tuple[ApiKey, str]:
        """A new key in the place of all of this name, which are worthless from now on."""
        made = await self.create_key(organization_id, test_mode=test_mode, scopes=scopes, name=name)
        statement = (
            update(ApiKeyRow)
            .where(
                ApiKeyRow.organization_id == organization_id,
                ApiKeyRow.name == name,
                ApiKeyRow.id != made[0].id,
                ApiKeyRow.revoked_at.is_(None),
            )
            .values(revoked_at=self._clock_ms())
        )
        async with self._database.write() as connection:
            await connection.execute(statement)
        return made

    async def revoke_key(
        self, organization_id: str, key_id: str, *, modes: Sequence[bool] = (False, True)
    ) -> bool:
        """Make a key of these modes (True = test) worthless at once. False when there is none, or it was
        revoked before."""
        statement = (
            update(ApiKeyRow)
            .where(
                ApiKeyRow.id == key_id,
                ApiKeyRow.organization_id == organization_id,
                ApiKeyRow.test_mode.in_(modes),
                ApiKeyRow.revoked_at.is_(None),
            )
            .values(revoked_at=self._clock_ms())
        )
        async with self._database.write() as connection:
            return (await connection.execute(statement)).rowcount == 1


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _key(row: Row[Any]) -> ApiKey:
    values = dict(row._mapping)
    del values["hash"]
    return ApiKey(**values | {"scopes": tuple(values["scopes"])})

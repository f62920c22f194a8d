"""`vivavoce keys`: by what programs are let in."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from server.cli.configuration import load_settings, storage_options
from server.cli.databases import opened_database, require_database
from server.cli.output import Failure, json_option, print_json
from server.settings import Settings
from server.store.organizations import LONGEST_KEY_NAME, SCOPES, ApiKey, Organization, Organizations, Scope

_Result = TypeVar("_Result")


@click.group()
def keys() -> None:
    """Make, list and revoke API keys."""


class _ScopeList(click.ParamType[tuple[Scope, ...]]):
    """Names of scopes with commas between them."""

    name = "scopes"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Scope, ...]:
        if isinstance(value, tuple):
            return cast(tuple[Scope, ...], value)
        names = [name.strip() for name in str(value).split(",") if name.strip()]
        if not names or any(name not in SCOPES for name in names):
            self.fail(f"{value!r} names no scopes: give some of {', '.join(SCOPES)}.", param, ctx)
        return cast(tuple[Scope, ...], tuple(names))


class _KeyName(click.ParamType[str]):
    """One line that a list has room for."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip()
        if not text or len(text) > LONGEST_KEY_NAME or not text.isprintable():
            self.fail(f"{text[:80]!r} is no name: give up to {LONGEST_KEY_NAME} signs.", param, ctx)
        return text


@keys.command()
@click.option("--mode", type=click.Choice(["live", "test"]), default="live", show_default=True)
@click.option(
    "--scopes", type=_ScopeList(), default="read,write", show_default=True, help=f"Of {', '.join(SCOPES)}."
)
@click.option("--name", type=_KeyName(), help="What it is for, as you will know it by in the list.")
@storage_options
@json_option
def create(
    mode: str,
    scopes: tuple[Scope, ...],
    name: str | None,
    data_dir: Path | None,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Make a key and print it, this once: only its hash is kept."""

    async def make(organizations: Organizations, owner: Organization) -> tuple[ApiKey, str]:
        return await organizations.create_key(owner.id, test_mode=mode == "test", scopes=scopes, name=name)

    key, secret = _with_keys(load_settings(data_dir=data_dir, database_url=database_url), make)
    if as_json:
        print_json({"id": key.id, "key": secret, "organization_id": key.organization_id})
    else:
        click.echo(secret)
        click.echo(f"{key.id} may {', '.join(key.scopes)}. It is shown this once: keep it now.", err=True)


@keys.command("list")
@storage_options
@json_option
def list_command(data_dir: Path | None, database_url: str | None, as_json: bool) -> None:
    """List all keys, newest first, the revoked ones too."""

    async def find(organizations: Organizations, owner: Organization) -> list[ApiKey]:
        return await organizations.list_keys(owner.id)

    settings = load_settings(data_dir=data_dir, database_url=database_url)
    require_database(settings)
    found = _with_keys(settings, find)
    if as_json:
        print_json([_described(key) for key in found])
        return
    for key in found:
        state = f"revoked {_date(key.revoked_at)}" if key.revoked_at else "in use"
        scopes = ",".join(key.scopes)
        line = f"{key.id}  {key.shown}…  {scopes:<24}  {_date(key.created_at)}  {state:<8}  {key.name or ''}"
        click.echo(line.rstrip())
    if not found:
        click.echo("There is no key yet: `vivavoce keys create` makes one.")


@keys.command()
@click.argument("key_id")
@storage_options
@json_option
def revoke(key_id: str, data_dir: Path | None, database_url: str | None, as_json: bool) -> None:
    """Make a key worthless, at once and for good."""

    async def end(organizations: Organizations, owner: Organization) -> bool:
        return await organizations.revoke_key(owner.id, key_id)

    settings = load_settings(data_dir=data_dir, database_url=database_url)
    require_database(settings)
    if not _with_keys(settings, end):
        raise Failure(f"No key in use is called {key_id}: `vivavoce keys list` shows them.")
    if as_json:
        print_json({"id": key_id, "revoked": True})
    else:
        click.echo(f"{key_id} is revoked.")


def _with_keys(
    settings: Settings, work: Callable[[Organizations, Organization], Awaitable[_Result]]
) -> _Result:
    async def run() -> _Result:
        async with opened_database(settings) as database:
            organizations = Organizations(database)
            return await work(organizations, await organizations.first())

    return asyncio.run(run())


def _described(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "organization_id": key.organization_id,
        "name": key.name,
        "mode": "test" if key.test_mode else "live",
        "shown": key.shown,
        "scopes": list(key.scopes),
        "created_at": _date(key.created_at),
        "revoked_at": _date(key.revoked_at) if key.revoked_at else None,
    }


def _date(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

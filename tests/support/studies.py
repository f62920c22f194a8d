"""Programs that use the Studies API of a running server, each with a key of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from server.store.organizations import Scope
from tests.support.running_server import PATIENCE, RunningServer

ALL: tuple[Scope, ...] = ("read", "write", "operate", "admin")


@asynccontextmanager
async def program(
    server: RunningServer,
    *,
    organization_id: str | None = None,
    test_mode: bool = True,
    scopes: tuple[Scope, ...] = ALL,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client at /api/v1 with a new key: of a new organization, unless one is named."""
    organizations = server.house.organizations
    owner = organization_id or (await organizations.create("Field & Co.")).id
    _, secret = await organizations.create_key(owner, test_mode=test_mode, scopes=scopes)
    async with httpx.AsyncClient(
        base_url=f"{server.origin}/api/v1", headers={"Authorization": f"Bearer {secret}"}, timeout=PATIENCE
    ) as http:
        yield http

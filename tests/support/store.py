"""A store on a real database, with an organization, a published blueprint and runs on it."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec

from dialog.blueprint import Blueprint
from dialog.events import WordsHeard
from server.store.blueprints import Blueprints, StoredBlueprint
from server.store.database import Database
from server.store.event_log import OpenedSession
from server.store.organizations import Organizations, Tenant
from server.store.run import Run
from server.store.runs import Runs
from server.store.vault import Vault
from tests.support.patterns import brought_to_shape

SECRET = "a secret for tests alone, long enough"
NOON_MS = 1_800_000_000_000


class Clock:
    """Milliseconds that pass when told to."""

    def __init__(self, now: int = NOON_MS) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now


class Store(msgspec.Struct, frozen=True):
    """Everything that a test of the store needs."""

    database: Database
    clock: Clock
    organizations: Organizations
    blueprints: Blueprints
    runs: Runs
    tenant: Tenant
    blueprint: StoredBlueprint

    async def new_run(self) -> Run:
        run, _ = await self.runs.create(self.tenant, self.blueprint.id, consent_needed=False)
        return run

    async def new_session(self, run: Run | None = None) -> OpenedSession:
        run = await self.runs.find((run or await self.new_run()).id)
        if run.status == "awaiting_participant":
            await self.runs.transition(run.id, "active")
        return await self.runs.open_session(run.id)


def database_url(directory: Path) -> str:
    return f"sqlite:///{directory}/vivavoce.db"


def all_files(directory: Path) -> bytes:
    """The database byte by byte, its write-ahead log included: what somebody finds who has the disk."""
    return b"".join(path.read_bytes() for path in directory.glob("vivavoce.db*"))


def small_design(name: str = "A small study") -> Blueprint:
    return Blueprint.model_validate(
        {
            "name": name,
            "agent": {
                "name": "Ada",
                "persona": {"system_prompt": "You interview.", "tone": "neutral"},
                "techniques": ["tell_me_more"],
                "probing_depth": "light",
            },
            "graph": {
                "entry_node": "opening",
                "nodes": {"opening": {"type": "question", "key": "opening", "text": "How was your day?"}},
                "edges": [],
            },
        }
    )


@contextlib.asynccontextmanager
async def open_store(url: str) -> AsyncIterator[Store]:
    """A store in the database of this URL, brought to today's shape."""
    brought_to_shape(url)
    clock = Clock()
    async with Database(url) as database:
        organizations = Organizations(database, clock)
        organization = await organizations.first()
        tenant = Tenant(organization.id, test_mode=False)
        blueprints = Blueprints(database, clock)
        draft = await blueprints.create(tenant, small_design())
        blueprint = await blueprints.publish(tenant, draft.id)
        runs = Runs(database, Vault(SECRET), clock)
        yield Store(database, clock, organizations, blueprints, runs, tenant, blueprint)


def words(text: str, turn_id: int = 1) -> WordsHeard:
    return WordsHeard(turn_id=turn_id, node_key="opening", text=text, confidence=0.9)

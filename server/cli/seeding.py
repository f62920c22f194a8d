"""What a new server begins with: its first keys; and, to try it, a study ready to be taken part in."""

from pathlib import Path
from typing import Final

import msgspec

import server
from dialog.blueprint import Blueprint
from server.settings import Settings
from server.store.blueprints import Blueprints
from server.store.database import Database
from server.store.organizations import SCOPES, Organizations, Tenant
from server.store.paging import Window
from server.store.run import Participant
from server.store.runs import Runs
from server.store.vault import Vault

SAMPLE: Final = Path(server.__file__).parent / "examples" / "product-discovery"
"""The sample study: blueprint, persona and its spoken answers."""


KEY_NAME: Final = "demo"
"""There is one such key at a time: the demonstration before this one lets nobody in any more."""


class Seeded(msgspec.Struct, frozen=True):
    """What a newcomer needs."""

    run_id: str
    join_token: str
    api_key: str


def open_vault(settings: Settings) -> Vault:
    """The server's secrets, as the server itself opens them."""
    secret = settings.secret_key
    return Vault.open(settings.data_dir, secret.get_secret_value() if secret is not None else None)


class FirstKeys(msgspec.Struct, frozen=True):
    """By what the programs of a new organization are let in."""

    live: str
    test: str


async def first_keys(database: Database) -> FirstKeys | None:
    """A live key and a test key with every scope, where no key was ever made; else None."""
    organizations = Organizations(database)
    organization = await organizations.first()
    if await organizations.list_keys(organization.id):
        return None
    _, live = await organizations.create_key(
        organization.id, test_mode=False, scopes=SCOPES, name="first live key"
    )
    _, test = await organizations.create_key(
        organization.id, test_mode=True, scopes=SCOPES, name="first test key"
    )
    return FirstKeys(live, test)


async def seed(database: Database, settings: Settings, blueprint: Blueprint, participant: str) -> Seeded:
    """Publish the blueprint, unless the newest one is the same, and make a run of it and a key."""
    organizations = Organizations(database)
    organization = await organizations.first()
    tenant = Tenant(organization.id, test_mode=False)
    blueprints = Blueprints(database)
    published = await blueprints.page(tenant, Window(100), status="published")
    kept = None
    for stored in published.data:
        if await blueprints.snapshot(stored.id, stored.version) == blueprint:
            kept = stored
            break
    if kept is None:
        kept = await blueprints.publish(tenant, (await blueprints.create(tenant, blueprint)).id)
    run, token = await Runs(database, open_vault(settings)).create(
        tenant,
        kept.id,
        consent_needed=blueprint.settings.consent,
        participant=Participant(name=participant),
    )
    _, secret = await organizations.replace_key(
        organization.id, test_mode=False, scopes=("read", "write", "operate"), name=KEY_NAME
    )
    return Seeded(run.id, token, secret)

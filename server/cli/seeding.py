"""What a new server begins with: its first keys; and, to try it, a study ready to be taken part in."""

from typing import Any, Final

import httpx
import msgspec

from dialog.blueprint import Blueprint
from server.api.studies.application import PREFIX
from server.cli.output import Failure
from server.settings import Settings
from server.store.database import Database
from server.store.organizations import SCOPES, Organizations
from server.store.vault import Vault

KEY_NAME: Final = "demo"
"""There is one such key at a time: the demonstration before this one lets nobody in any more."""


class Seeded(msgspec.Struct, frozen=True):
    """What a newcomer is let in by."""

    run_id: str
    join_token: str


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


async def demo_key(database: Database) -> str:
    """The demonstration's key to the first organization's live mode. The first key can't come of the API."""
    organizations = Organizations(database)
    organization = await organizations.first()
    _, secret = await organizations.replace_key(
        organization.id, test_mode=False, scopes=("read", "write", "operate"), name=KEY_NAME
    )
    return secret


async def seed(origin: str, key: str, design: Blueprint, participant: str) -> Seeded:
    """Publish a design through the Studies API, unless it is there already, and make a run of it. Raises
    Failure."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=f"{origin}{PREFIX}", headers=headers, trust_env=False) as http:
        newest = {"status": "published", "expand[]": "agent", "limit": 100}
        published = (await _asked(http, "GET", "/blueprints", params=newest))["data"]
        kept = next((each for each in published if _is_of(each, design)), None)
        if kept is None:
            kept = await _publish(http, design)
        asked = {"blueprint_id": kept["id"], "participant": {"name": participant}}
        run = await _asked(http, "POST", "/interview-runs", json=asked)
    return Seeded(run["id"], run["join_token"])


async def _publish(http: httpx.AsyncClient, design: Blueprint) -> dict[str, Any]:
    draft = await _asked(http, "POST", "/blueprints", json=design.model_dump(mode="json", by_alias=True))
    return await _asked(http, "POST", f"/blueprints/{draft['id']}/publish")


def _is_of(shown: dict[str, Any], design: Blueprint) -> bool:
    """Whether a blueprint, as the API shows it with its agent, is of this design."""
    whole = design.model_dump(mode="json", by_alias=True)
    agent = {name: shown["agent"].get(name) for name in whole["agent"]}
    if design.agent.model_settings is None:
        agent |= {name: whole["agent"][name] for name in ("model_config", "model_preset")}
    parts = {name: shown[name] for name in whole if name != "agent"}
    if design.settings.estimated_duration_m is None:  # what is shown then is an estimate
        parts["settings"] = {**parts["settings"], "estimated_duration_m": None}
    return Blueprint.model_validate({**parts, "agent": agent}) == design


async def _asked(http: httpx.AsyncClient, method: str, path: str, **request: Any) -> dict[str, Any]:
    """What the server answers. Raises Failure with its own sentence."""
    answer = await http.request(method, path, **request)
    body: dict[str, Any] = answer.json()
    if answer.is_error:
        raise Failure(f"The study can't be made: {body['error']['message']}")
    return body

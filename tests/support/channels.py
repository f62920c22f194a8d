"""Studies whose runs are held on a channel of their own."""

from typing import Any

from dialog.blueprint import Blueprint
from server.api.studies.channels import DEFAULT_CHANNEL
from server.store.design_tables import ChannelRow
from server.store.organizations import Tenant
from server.store.run import Place
from server.store.shelf import Shelf
from tests.support.running_server import RunningServer, Study


class Channel:
    """One channel of a running server, and what may be changed of it."""

    def __init__(self, server: RunningServer, tenant: Tenant, channel_id: str) -> None:
        self.tenant = tenant
        self._channels = Shelf(server.house.database, ChannelRow, "chn_")
        self._channel_id = channel_id

    async def change(self, **changed: Any) -> None:
        await self._channels.change(self.tenant, self._channel_id, lambda was: was | changed)


async def study_on_channel(
    server: RunningServer, blueprint: Blueprint, **settings: Any
) -> tuple[Study, Channel]:
    """Publish a blueprint and make one run of it, on a channel with these settings."""
    organization = await server.house.organizations.create("Field & Co.")
    tenant = Tenant(organization.id, test_mode=True)
    made = await server.house.blueprints.create(tenant, blueprint)
    await server.house.blueprints.publish(tenant, made.id)
    body = {**DEFAULT_CHANNEL, "settings": DEFAULT_CHANNEL["settings"] | settings}
    kept = await Shelf(server.house.database, ChannelRow, "chn_").create(tenant, body, is_default=False)
    run, token = await server.house.runs.create(tenant, made.id, place=Place(channel_id=kept.id))
    _, secret = await server.house.organizations.create_key(
        organization.id, test_mode=True, scopes=["read", "write"]
    )
    return Study(run.id, token, secret), Channel(server, tenant, kept.id)

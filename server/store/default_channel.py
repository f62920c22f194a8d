"""The channel that an organization has without making one: it comes into being with the first run that names
no other."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from server.store.database import Database
from server.store.design_tables import ChannelRow
from server.store.organizations import Tenant
from server.store.shelf import Shelf
from server.store.tables import OrganizationRow


async def default_channel(database: Database, tenant: Tenant, body: Mapping[str, Any]) -> str:
    """Its id. It is made with this `body` if there is none yet."""
    mine = (
        select(ChannelRow.id)
        .where(
            ChannelRow.organization_id == tenant.organization_id,
            ChannelRow.test_mode == tenant.test_mode,
            ChannelRow.is_default,
        )
        .order_by(ChannelRow.id)
        .limit(1)
    )
    async with database.read() as connection:
        found = (await connection.execute(mine)).scalar()
    if found is not None:
        return str(found)
    async with database.write() as connection:
        # One at a time, so that there is one: whoever comes second finds it made.
        held = select(OrganizationRow.id).where(OrganizationRow.id == tenant.organization_id)
        await connection.execute(held.with_for_update())
        found = (await connection.execute(mine)).scalar()
        if found is not None:
            return str(found)
        made = await Shelf(database, ChannelRow, "chn_").create_in(connection, tenant, body, is_default=True)
    return made.id

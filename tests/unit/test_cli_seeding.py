from server.cli.seeding import first_keys
from server.store.database import Database
from server.store.organizations import SCOPES, Organizations


async def test_a_new_database_gets_a_live_key_and_a_test_key_once(storage: str) -> None:
    async with Database(storage) as database:
        keys = await first_keys(database)
        again = await first_keys(database)
        organizations = Organizations(database)
        assert keys is not None
        live, test = [await organizations.verify_key(each) for each in (keys.live, keys.test)]

    assert again is None
    assert live is not None
    assert test is not None
    assert (False, True) == (live.test_mode, test.test_mode)
    assert live.organization_id == test.organization_id
    assert SCOPES == live.scopes == test.scopes


async def test_no_keys_are_made_where_somebody_has_made_and_revoked_their_own(storage: str) -> None:
    async with Database(storage) as database:
        organizations = Organizations(database)
        owner = await organizations.first()
        key, _ = await organizations.create_key(owner.id, test_mode=False, scopes=["read"])
        await organizations.revoke_key(owner.id, key.id)
        keys = await first_keys(database)

    assert keys is None

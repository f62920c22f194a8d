from pathlib import Path

import pytest

from server.store.organizations import Scope
from tests.support.store import NOON_MS, all_files, database_url, open_store


async def test_the_first_organization_is_made_once(storage: str) -> None:
    async with open_store(storage) as store:
        again = await store.organizations.first("Another name")

        assert store.tenant.organization_id == again.id
        assert again.name == "My organization"


@pytest.mark.parametrize("test_mode", [False, True])
async def test_a_key_is_known_by_its_secret_until_it_is_revoked(storage: str, test_mode: bool) -> None:
    async with open_store(storage) as store:
        organization_id = store.tenant.organization_id
        scopes: list[Scope] = ["write", "read"]
        key, secret = await store.organizations.create_key(
            organization_id, test_mode=test_mode, scopes=scopes
        )
        known = await store.organizations.verify_key(secret)
        revoked = await store.organizations.revoke_key(organization_id, key.id)
        unknown = await store.organizations.verify_key(secret)
        listed = await store.organizations.list_keys(organization_id)

        assert key == known
        assert (organization_id, test_mode) == (key.tenant.organization_id, key.tenant.test_mode)
        assert key.scopes == ("read", "write")
        assert secret.startswith("sk_test_" if test_mode else "sk_live_")
        assert secret.startswith(key.shown)
        assert revoked
        assert unknown is None
        assert [NOON_MS] == [each.revoked_at for each in listed]


async def test_garbage_is_no_key(storage: str) -> None:
    async with open_store(storage) as store:
        _, secret = await store.organizations.create_key(
            store.tenant.organization_id, test_mode=False, scopes=["read"]
        )
        garbage = [
            "",
            "sk_live_",
            secret[:-1],
            secret + "a",
            secret.replace("live", "test"),
            "sk_live_\ud800",
        ]

        for text in [*garbage, "sk_live_" + "a" * 100_000, "' or 1=1 --", secret.encode().hex()]:
            assert await store.organizations.verify_key(text) is None


async def test_a_key_is_revoked_by_its_own_organization_alone_and_once(storage: str) -> None:
    async with open_store(storage) as store:
        key, secret = await store.organizations.create_key(
            store.tenant.organization_id, test_mode=False, scopes=["admin"]
        )
        other = await store.organizations.create("Another")

        assert not await store.organizations.revoke_key(other.id, key.id)
        assert key == await store.organizations.verify_key(secret)
        assert await store.organizations.revoke_key(store.tenant.organization_id, key.id)
        assert not await store.organizations.revoke_key(store.tenant.organization_id, key.id)


async def test_the_secret_is_not_in_the_database(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store:
        key, secret = await store.organizations.create_key(
            store.tenant.organization_id, test_mode=False, scopes=["read"]
        )
    files = all_files(tmp_path)

    assert key.shown.encode() in files
    assert secret.encode() not in files


async def test_a_key_without_a_scope_is_refused(storage: str) -> None:
    async with open_store(storage) as store:
        with pytest.raises(ValueError, match="read, write, operate, admin"):
            await store.organizations.create_key(store.tenant.organization_id, test_mode=False, scopes=[])


async def test_a_key_that_is_replaced_lets_nobody_in_and_others_stay(storage: str) -> None:
    async with open_store(storage) as store:
        keep, owner = store.organizations, store.tenant.organization_id
        _, other = await keep.create_key(owner, test_mode=False, scopes=["read"], name="other")
        _, unnamed = await keep.create_key(owner, test_mode=False, scopes=["read"])
        secrets = [
            (await keep.replace_key(owner, test_mode=False, scopes=["read"], name="demo"))[1]
            for _ in range(3)
        ]
        verified = [await keep.verify_key(secret) for secret in (*secrets, other, unnamed)]

        assert [False, False, True, True, True] == [key is not None for key in verified]

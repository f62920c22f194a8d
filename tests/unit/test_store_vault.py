from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.store.vault import Vault, VaultError
from tests.support.store import SECRET


def test_what_is_sealed_comes_back() -> None:
    assert Vault(SECRET).unseal(Vault(SECRET).seal("grüezi")) == "grüezi"


def test_no_two_seals_are_alike_and_each_can_lie_in_a_text() -> None:
    seals = {Vault(SECRET).seal("the same") for _ in range(10)}

    assert 10 == len(seals)
    assert all(seal.isascii() for seal in seals)


def test_what_an_earlier_release_has_sealed_is_opened() -> None:
    earlier = (
        b"gAAAAABrAvUYH5efLHvYDVpuIPU0_DG6F6ld3TU0f0PImV8qO4"
        b"4x3yGZ3oR6RJdEi9yg16T40wEENd3_RprI3nnlFf7oI3YNBg=="
    )

    assert "jt_of-before" == Vault(SECRET).unseal(earlier)


@pytest.mark.parametrize("place", [0, 1, 2, 9, 20, -3])
def test_a_seal_that_was_changed_anywhere_is_not_opened(place: int) -> None:
    sealed = bytearray(Vault(SECRET).seal("grüezi"))
    sealed[place] = ord("B") if sealed[place] == ord("A") else ord("A")

    with pytest.raises(VaultError, match="another secret key"):
        Vault(SECRET).unseal(bytes(sealed))


def test_each_purpose_has_a_signature_of_its_own() -> None:
    vault = Vault(SECRET)

    assert vault.sign("one", b"text") == Vault(SECRET).sign("one", b"text")
    assert vault.sign("one", b"text") != vault.sign("two", b"text")
    assert vault.fingerprint("one", "text") == vault.sign("one", b"text").hex()


@pytest.mark.parametrize(
    "sealed", [b"", b"garbage", b"\xff" * 200, b"1.", b"1.AAAA", b"1.\xff", b"1." + b"A" * 60]
)
def test_what_is_not_ours_is_not_opened(sealed: bytes) -> None:
    with pytest.raises(VaultError, match="another secret key"):
        Vault(SECRET).unseal(sealed)


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(VaultError, match="at least 32"):
        Vault("short")


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    first = Vault.open(tmp_path / "data")
    second = Vault.open(tmp_path / "data")
    files = list((tmp_path / "data").iterdir())

    assert first.sign("x", b"") == second.sign("x", b"")
    assert ["secret.key"] == [path.name for path in files]
    assert files[0].stat().st_mode & 0o777 == 0o600


def test_many_that_start_at_once_have_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        signatures = {vault.sign("x", b"") for vault in pool.map(lambda _: Vault.open(tmp_path), range(16))}

    assert len(signatures) == 1
    assert ["secret.key"] == [path.name for path in tmp_path.iterdir()]


def test_a_given_secret_needs_no_file(tmp_path: Path) -> None:
    Vault.open(tmp_path, SECRET)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff\xfe" * 40])
def test_a_damaged_key_file_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(content)

    with pytest.raises(VaultError):
        Vault.open(tmp_path)
    assert content == (tmp_path / "secret.key").read_bytes()

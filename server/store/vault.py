"""Keyed hashes, signatures and ciphers, all from one secret key, and that key's file.

Knows nothing of what it keeps. Each purpose has a key of its own, so that what is made for one is worthless
for another.
"""

import base64
import binascii
import contextlib
import hmac
import os
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.clock import new_key_bytes, new_secret

KEY_FILE: Final = "secret.key"
LEAST_LENGTH: Final = 32
"""Signs of a secret that is worth the name: 192 bits as URL-safe text."""
_SEALED: Final = b"1."
"""What a seal begins with: AES-256 in GCM (NIST SP 800-38D) under a nonce drawn at random. What is older is
Fernet's, and begins with `gAAAA`: it costs ten times as much to open, which a page of runs does two hundred
times."""
_NONCE_BYTES: Final = 12


class VaultError(Exception):
    """The secret key can't be read or made, or a ciphertext isn't ours. One sentence, with the way out."""


class Vault:
    """Hashes, signs and encrypts under one secret."""

    def __init__(self, secret: str) -> None:
        """`secret` is any text of LEAST_LENGTH signs or more. Raises VaultError."""
        if len(secret) < LEAST_LENGTH:
            raise VaultError(f"the secret key must have at least {LEAST_LENGTH} signs: take a longer one")
        self._secret = secret.encode()
        self._keys: dict[str, bytes] = {}
        self._cipher = AESGCM(self._key("sealing"))
        self._former = Fernet(base64.urlsafe_b64encode(self._key("encryption")))

    @classmethod
    def open(cls, data_dir: Path, secret: str | None = None) -> Self:
        """Take `secret`, or else the one in `data_dir`, which the first call makes. Raises VaultError."""
        if secret is not None:
            return cls(secret)
        try:
            return cls(_kept_secret(data_dir / KEY_FILE))
        except (OSError, UnicodeDecodeError) as error:
            raise VaultError(
                f"{data_dir / KEY_FILE} can't be read or made ({error}): let the server own that directory"
            ) from error

    def sign(self, purpose: str, message: bytes) -> bytes:
        """32 bytes that only this secret makes of `message` for `purpose` (HMAC-SHA256)."""
        return hmac.digest(self._key(purpose), message, "sha256")

    def fingerprint(self, purpose: str, text: str) -> str:
        """The same as 64 hex digits: by these a token is found again without being kept."""
        return self.sign(purpose, text.encode("utf-8", "surrogatepass")).hex()

    def seal(self, text: str) -> bytes:
        """Encrypt a text: ASCII that only this secret opens, and that nobody can change unnoticed."""
        nonce = new_key_bytes(_NONCE_BYTES)
        return _SEALED + base64.b64encode(nonce + self._cipher.encrypt(nonce, text.encode(), None))

    def unseal(self, sealed: bytes) -> str:
        """The inverse of `seal`. Raises VaultError on what another secret, or nobody, has sealed."""
        try:
            if not sealed.startswith(_SEALED):
                return self._former.decrypt(sealed).decode()
            bare = binascii.a2b_base64(sealed[len(_SEALED) :], strict_mode=True)
            return self._cipher.decrypt(bare[:_NONCE_BYTES], bare[_NONCE_BYTES:], None).decode()
        except (InvalidToken, InvalidTag, ValueError):
            raise VaultError(
                "this was encrypted with another secret key: put the former secret.key back or make new links"
            ) from None

    def _key(self, purpose: str) -> bytes:
        if purpose not in self._keys:
            derivation = HKDF(SHA256(), 32, salt=None, info=f"vivavoce {purpose}".encode())
            self._keys[purpose] = derivation.derive(self._secret)
        return self._keys[purpose]


def _kept_secret(path: Path) -> str:
    """Read the key file; make it where there is none. Two processes that start at once end up with the same
    key."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_text("ascii").strip()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{KEY_FILE}.{new_secret(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(new_secret(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link comes into being whole or not at all, and never replaces another process's key.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return path.read_text("ascii").strip()

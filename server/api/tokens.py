"""Access tokens: what a participant's page shows instead of the link's secret, for a quarter of an hour at a
time.

Nothing is kept: a token is its expiry, some random bytes and our signature over both and the run. Knows no
run's state.
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from typing import Final, Literal

from server.clock import new_secret, wall_clock_ms
from server.store.vault import Vault

LIFETIME_MS: Final = 15 * 60_000
PREFIX: Final = "at_"
_PURPOSE: Final = "access token"
_EXPIRY_SIZE: Final = 8
_RANDOM_SIZE: Final = 16
_SIGNED_SIZE: Final = _EXPIRY_SIZE + _RANDOM_SIZE
_SIZE: Final = _SIGNED_SIZE + 32
_LENGTH: Final = len(PREFIX) + -(-_SIZE * 4 // 3)


class TokenRefused(Exception):
    """A token opens nothing. `reason` is for the log; the page learns no more than `expired` or not."""

    def __init__(self, reason: Literal["malformed", "forged", "expired"]) -> None:
        super().__init__(f"the access token is {reason}")
        self.reason = reason


class AccessTokens:
    """Issues and checks the tokens of all runs."""

    def __init__(self, vault: Vault, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._vault = vault
        self._clock_ms = clock_ms

    def issue(self, run_id: str) -> str:
        """A token for this run, good for LIFETIME_MS."""
        expiry = (self._clock_ms() + LIFETIME_MS).to_bytes(_EXPIRY_SIZE)
        signed = expiry + new_secret(_RANDOM_SIZE).encode()[:_RANDOM_SIZE]
        return PREFIX + _to_text(signed + self._signature(run_id, signed))

    def check(self, token: str, run_id: str) -> None:
        """Return if this token was issued for this run and has not expired. Raises TokenRefused."""
        raw = _from_text(token)
        signed, signature = raw[:_SIGNED_SIZE], raw[_SIGNED_SIZE:]
        # The expiry is believed only once the signature holds.
        if not hmac.compare_digest(signature, self._signature(run_id, signed)):
            raise TokenRefused("forged")
        if int.from_bytes(signed[:_EXPIRY_SIZE]) <= self._clock_ms():
            raise TokenRefused("expired")

    def _signature(self, run_id: str, signed: bytes) -> bytes:
        # `signed` has a fixed length, so that no run id can be mistaken for a part of it.
        return self._vault.sign(_PURPOSE, signed + run_id.encode("utf-8", "surrogatepass"))


def _to_text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _from_text(token: str) -> bytes:
    if len(token) != _LENGTH or not token.startswith(PREFIX) or not token.isascii():
        raise TokenRefused("malformed")
    text = token.removeprefix(PREFIX)
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TokenRefused("malformed") from None
    if len(raw) != _SIZE or _to_text(raw) != text:
        raise TokenRefused("malformed")
    return raw

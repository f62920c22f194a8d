"""Posts what somebody is to be told, signed by Standard Webhooks, and notes in its table how each attempt
went, until it is taken or the attempts are used up. Knows nothing of what is told, nor of why."""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from server.clock import wall_clock_ms
from server.pipeline.outward import Outward, Refused, Sent, Unreachable
from server.pipeline.worker import PutOff
from server.store.database import Database
from server.store.delivery_tables import Posted
from server.store.vault import Vault

LONGEST_PAUSE: Final = 86_400.0
"""Seconds that a receiver may ask to be left alone for."""

SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what all of them begin with


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of Standard Webhooks 1.0: HMAC-SHA256 of `id.timestamp.body`, with the decoded secret."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class Attempt(msgspec.Struct, frozen=True):
    """What came of one."""

    sent: Sent | None
    """What was answered, if anything."""
    fault: str = ""
    """Why nothing was."""

    @property
    def taken(self) -> bool:
        """The receiver has it."""
        return self.sent is not None and 200 <= self.sent.status < 300

    @property
    def reason(self) -> str:
        """Why it wasn't taken."""
        if self.sent is None:
            return self.fault
        return f"The receiver answered {self.sent.status}; it must answer 2xx."


class SignedPosts:
    """Those of one table."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        outward: Outward,
        table: type[Posted],
        *,
        user_agent: str,
        retry_delays: Sequence[float],
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        """`retry_delays` are seconds after each failure; past the last one it stays at that."""
        self._database = database
        self._vault = vault
        self._outward = outward
        self._table = table
        self._user_agent = user_agent
        self._retry_delays = retry_delays
        self._clock_ms = clock_ms

    async def attempt(self, row: Any, message_id: str, sealed: bytes, *, url: str) -> Attempt:
        """Send a row's body to this address once, signed with this secret."""
        body, timestamp = row.request_body.encode(), self._clock_ms() // 1000
        headers = {
            "content-type": "application/json",
            "user-agent": self._user_agent,
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._vault.unseal(sealed), message_id, timestamp, body),
        }
        try:
            return Attempt(await self._outward.post(url, body, headers))
        except (Refused, Unreachable) as error:
            return Attempt(None, str(error))

    async def note(
        self,
        row: Any,
        attempt: Attempt,
        *,
        last: bool = False,
        along: Callable[[AsyncConnection], Awaitable[None]] | None = None,
    ) -> None:
        """Note how an attempt went, and when the next one is; `along` is done in the same transaction.

        Raises PutOff when there is a next one: there is none after the `last`. Nothing is noted where another
        worker has noted an attempt since `row` was read.
        """
        now, attempts = self._clock_ms(), row.attempts + 1
        over = attempt.taken or last or attempts >= row.max_attempts
        delay = self._delay(attempts, attempt)
        sent = attempt.sent
        values = {
            "attempts": attempts,
            "status": "succeeded" if attempt.taken else "failed" if over else "pending",
            "http_status": None if sent is None else sent.status,
            "response_body": None if sent is None else sent.body,
            "error_message": None if attempt.taken else attempt.reason,
            "next_retry_at": None if over else now + round(1000 * delay),
            "completed_at": now if over else None,
            "updated_at": now,
        }
        table = self._table
        as_read = (table.id == row.id, table.status == "pending", table.attempts == row.attempts)
        async with self._database.write() as connection:
            noted = await connection.execute(update(table).where(*as_read).values(**values))
            if noted.rowcount and along is not None:
                await along(connection)
        # Where somebody else has gone on with it meanwhile, what comes next is theirs.
        if noted.rowcount and not over:
            raise PutOff(attempt.reason, delay)

    def _delay(self, attempts: int, attempt: Attempt) -> float:
        asked = attempt.sent.retry_after if attempt.sent is not None else None
        return max(
            self._retry_delays[min(attempts, len(self._retry_delays)) - 1], min(asked or 0.0, LONGEST_PAUSE)
        )

"""What is posted to addresses that customers name, as it lies in its tables: how often it was tried, and what
came of it. How it is sent is known in `pipeline`."""

from typing import Any

import msgspec


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """One of them, whatever it tells. Instants are milliseconds since 1970, UTC."""

    id: str
    organization_id: str
    test_mode: bool
    url: str
    status: str
    http_status: int | None
    attempts: int
    max_attempts: int
    request_body: str
    response_body: str | None
    error_message: str | None
    next_retry_at: int | None
    completed_at: int | None
    created_at: int
    updated_at: int


def to_be_posted(url: str, max_attempts: int, now: int) -> dict[str, Any]:
    """The columns of one that is to be sent at once, for the first time or all over again."""
    return {
        "url": url,
        "status": "pending",
        "http_status": None,
        "attempts": 0,
        "max_attempts": max_attempts,
        "response_body": None,
        "error_message": None,
        "next_retry_at": now,
        "completed_at": None,
        "updated_at": now,
    }

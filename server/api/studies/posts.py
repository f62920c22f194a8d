"""What is posted to addresses that customers name, as the API shows it: webhooks' deliveries and calls of
operators have this in common."""

from typing import Any, Literal

import msgspec
from pydantic import BaseModel, Field

from dialog.transcript import rfc3339
from server.store.posts import Post

_INSTANTS = ("next_retry_at", "completed_at", "created_at", "updated_at")


class PostObject(BaseModel):
    """One of them, whatever it tells."""

    id: str
    organization_id: str
    test_mode: bool
    url: str
    status: Literal["pending", "succeeded", "failed"]
    http_status: int | None
    attempts: int
    max_attempts: int
    request_body: str = Field(description="Byte for byte what was signed.")
    response_body: str | None = Field(description="The beginning of the last answer.")
    error_message: str | None
    next_retry_at: str | None
    completed_at: str | None
    created_at: str
    updated_at: str


def post_object(post: Post, kind: str) -> dict[str, Any]:
    """One of this kind as the API shows it."""
    made = msgspec.structs.asdict(post)
    shown = {name: None if made[name] is None else rfc3339(made[name]) for name in _INSTANTS}
    return made | shown | {"object": kind}

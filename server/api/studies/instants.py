"""Instants as clients write them: RFC 3339, taken as milliseconds since 1970, UTC."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

_INSTANT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def milliseconds(text: Any) -> int:
    """The instant that `text` names. Raises ValueError."""
    sentence = "it must be an instant such as 2026-01-31T12:00:00Z"
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        raise ValueError(sentence)
    try:
        return (datetime.fromisoformat(text.upper()) - _BEGINNING) // _MILLISECOND
    except (ValueError, OverflowError):
        raise ValueError(sentence) from None


Instant = Annotated[
    int, BeforeValidator(milliseconds), WithJsonSchema({"type": "string", "format": "date-time"})
]

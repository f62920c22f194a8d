"""What the vendor's refusals mean for whoever wanted to hear something: one plain sentence, and whether
asking again may help. None of the vendor's own words is passed on: some of them repeat what was to be said.
"""

from collections.abc import Mapping
from typing import Final

from server.providers.elevenlabs.account import NAME
from server.providers.protocols import ProviderError

BAD_KEY: Final = "the key is refused"
USED_UP: Final = "the account's characters are used up"
BUSY: Final = "too much is being spoken at once for this account"
TOO_LONG: Final = "the text is too long"

_MEANINGS: Final[dict[str, tuple[str, int]]] = {
    "invalid_api_key": (BAD_KEY, 401),
    "missing_permissions": ("the key isn't allowed to do this", 403),
    # comes with 401, though nothing is wrong with the key
    "quota_exceeded": (USED_UP, 402),
    "payment_required": (USED_UP, 402),
    "max_character_limit_exceeded": (TOO_LONG, 400),
    "text_too_long": (TOO_LONG, 400),
    "too_many_concurrent_requests": (BUSY, 429),
    "concurrent_limit_exceeded": (BUSY, 429),
    "max_active_conversations": ("too many utterances are on one line", 429),
    "system_busy": ("the service is overloaded", 503),
    "input_timeout_exceeded": ("the line was closed for want of words", 408),
}
_NO_SUCH_VOICE: Final = frozenset(
    ("voice_not_found", "voice_id_does_not_exist", "voice_does_not_exist", "invalid_voice_id")
)
_PASSING: Final = frozenset((408, 409, 425, 429))


def fault(
    message: str, *, retryable: bool = True, status: int | None = None, retry_after: float | None = None
) -> ProviderError:
    """A ProviderError of this vendor's."""
    return ProviderError(NAME, message, retryable=retryable, status=status, retry_after=retry_after)


def again(error: ProviderError) -> ProviderError:
    """The same, for somebody else."""
    return fault(error.message, retryable=error.retryable, status=error.status, retry_after=error.retry_after)


def refusal(
    code: str, status: int | None, voice_id: str, headers: Mapping[str, str] | None = None
) -> ProviderError:
    """Say what a refusal means. `code` is the vendor's word for it ("" = none), `status` that of HTTP."""
    if code in _NO_SUCH_VOICE or (status == 404 and code not in _MEANINGS):
        return fault(f"there is no voice {voice_id[:64]!r}", retryable=False, status=404)
    if code in _MEANINGS:
        sentence, status = _MEANINGS[code]
    elif status is None:
        return fault("the line was closed")
    elif status in (401, 403):
        sentence = BAD_KEY
    elif status == 402:
        sentence = USED_UP
    elif status == 429:
        sentence = BUSY
    else:
        sentence = f"the service answers {status}"
    return fault(
        sentence,
        retryable=status >= 500 or status in _PASSING,
        status=status,
        retry_after=_seconds((headers or {}).get("retry-after")),
    )


def code_in(body: object) -> str:
    """Find the vendor's word for a refusal in the body of an answer; "" where there is none."""
    detail = body.get("detail", body) if isinstance(body, dict) else None
    if not isinstance(detail, dict):
        return ""
    words = (detail.get(name) for name in ("status", "code", "error", "type"))
    return next((word for word in words if isinstance(word, str) and word), "")


def _seconds(header: str | None) -> float | None:
    if header is None or not header.isascii() or not header.isdigit() or len(header) > 6:
        return None
    return float(header)

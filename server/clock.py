"""The one place where clocks are read and ids are drawn."""

import asyncio
import secrets
import threading
import time
from typing import Final

_SET_BACK_MS: Final = 10_000
"""By so much a clock may be set back without ids beginning anew."""
_counting: Final = threading.Lock()
_last_place = 0


def loop_time() -> float:
    """Seconds on the running event loop's clock: virtual under test, monotonic otherwise."""
    return asyncio.get_running_loop().time()


def worked_time() -> float:
    """Seconds that this thread has had of a processor."""
    return time.thread_time()


def wall_clock_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


def new_id(prefix: str) -> str:
    """`prefix` + 32 hex digits of a UUIDv7 (RFC 9562 §5.7): sorts by the time of its making.

    Of those that one process makes each sorts behind the one before: within a millisecond they are counted
    (§6.2, method 1), and a clock that is set back a little is waited for.
    """
    global _last_place
    # The millisecond, and below it twelve bits that begin anywhere in their lower half.
    place = ((wall_clock_ms() & ((1 << 48) - 1)) << 12) | secrets.randbits(11)
    with _counting:
        if place <= _last_place < place + (_SET_BACK_MS << 12):
            place = _last_place + 1
        _last_place = place
    value = ((place >> 12) << 80) | (0x7 << 76) | ((place & 0xFFF) << 64) | (0b10 << 62)
    return f"{prefix}{value | secrets.randbits(62):032x}"


def new_secret(size: int = 24) -> str:
    """URL-safe random text of `size` random bytes (24 = 192 bits)."""
    return secrets.token_urlsafe(size)


def new_key_bytes(size: int) -> bytes:
    """Random bytes, for keys that others are to have too, and for what keeps one seal unlike the next."""
    return secrets.token_bytes(size)


def new_digits(count: int) -> str:
    """Random decimal digits, zeros in front included."""
    return "".join(secrets.choice("0123456789") for _ in range(count))


def jitter(delay: float) -> float:
    """A delay of up to a fifth more or less: who failed together doesn't come back together."""
    return delay * (0.8 + 0.4 * secrets.randbelow(1_000) / 1_000)


def hold_thread(seconds: float) -> None:
    """Wait without the event loop: for threads and for what runs before it."""
    time.sleep(seconds)

"""How long each of the loop's callbacks keeps it: processor time, so that what else the machine does isn't in
it."""

import time
from asyncio.events import Handle
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def timed_steps(steps: list[float]) -> Iterator[None]:
    """Add the processor seconds of each callback to `steps`. For asyncio's own loop."""
    run = Handle._run

    def timed(handle: Handle) -> None:
        began = time.thread_time()
        run(handle)
        steps.append(time.thread_time() - began)

    Handle._run = timed  # type: ignore[assignment,method-assign]
    try:
        yield
    finally:
        Handle._run = run  # type: ignore[method-assign]

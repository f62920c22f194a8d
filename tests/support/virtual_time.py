"""An event loop whose clock jumps to the next timer: minutes of talk in milliseconds, without a real wait."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

Result = TypeVar("Result")


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: what it would have waited is how far its clock moves."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("everybody waits and nobody will ever come")
        self.now += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Time passes only when there is nothing to do. For code that uses neither threads nor sockets."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(self, *_: Any) -> NoReturn:  # type: ignore[override]
        """Raise: a thread takes real time, which does not pass here."""
        raise RuntimeError("no threads in virtual time")


def in_virtual_time(main: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run `main` to its end on such a loop."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main())

"""An event loop for whole servers that waits for nobody's timers: whoever works (a thread, a child process,
whoever is at the other end of a socket on this machine) gets the time that it takes, and once nobody does,
the clock jumps to the next timer.

A talk of half a minute takes the seconds that its arithmetic does, and a machine with much else to do makes
it no different: no limit of the product's runs out because a processor was elsewhere.
"""

import asyncio
import contextlib
import functools
import os
import selectors
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from math import ceil
from typing import Any, Final, TypeVar

from server.clock import hold_thread

Result = TypeVar("Result")

GRAIN: Final = 0.01
"""Seconds that the clock jumps at least: timers that are due within it are one look at everybody."""
_LOOK: Final = 0.0002
"""Real seconds in which a thread that wants the interpreter gets it, so that it is seen to work."""
_STUCK: Final = 200_000
"""Looks in a row at which nobody works and no timer is set: a minute and more."""
_LEAST: Final = 0.000_02
"""Seconds of processor that count as work: while two clocks are read, the loop's own thread goes on."""
_CENSUS: Final = 25
"""Looks between two in which it is seen which processes there are."""


class _Household:
    """All threads of this process but the loop's, and of its children and theirs."""

    def __init__(self) -> None:
        self._own = os.getpid()
        self._loops = f"/proc/{self._own}/task/{threading.get_native_id()}"
        self._known: tuple[list[str], bytes] = ([], b"")
        self._looks = 0
        self._children: list[int] = []
        self._states: dict[str, int] = {}
        """Of each thread, the kernel's file on it, which stays open."""
        self._spent: list[float] = []

    def works(self) -> bool:
        """Whether anybody has used a processor since the last look, wants one, or waits for a disk."""
        spent = [time.process_time() - time.thread_time(), *map(_spent_by, self._children)]
        worked = len(spent) != len(self._spent) or any(
            now - before > _LEAST for now, before in zip(spent, self._spent, strict=True)
        )
        self._spent = spent
        return worked or self._is_anybody_waiting()

    def close(self) -> None:
        for file in self._states.values():
            os.close(file)
        self._states.clear()

    def _is_anybody_waiting(self) -> bool:
        """For a processor or a disk."""
        known = (os.listdir(f"/proc/{self._own}/task"), _read(f"{self._loops}/children"))
        if known != self._known or self._looks % _CENSUS == 0:
            self._known = known
            self._count()
        self._looks += 1
        for folder, file in list(self._states.items()):
            try:
                if os.pread(file, 128, 0).rpartition(b") ")[2][:1] in b"RD":
                    return True
            except OSError:
                os.close(self._states.pop(folder))
        return False

    def _count(self) -> None:
        """See who is there."""
        processes = list(_descendants(self._own))
        self._children = processes[1:]
        there = {f"/proc/{process}/task/{name}" for process in processes for name in _listed(process)}
        there.discard(self._loops)
        for folder in self._states.keys() - there:
            os.close(self._states.pop(folder))
        for folder in there - self._states.keys():
            with contextlib.suppress(OSError):
                self._states[folder] = os.open(f"{folder}/stat", os.O_RDONLY)


def _spent_by(process: int) -> float:
    """Seconds of processor that a process has used; 0 once it is no more."""
    with contextlib.suppress(OSError):
        return time.clock_gettime(~process << 3 | 2)  # clock_getcpuclockid(3), as Linux numbers its clocks
    return 0.0


def _listed(process: int) -> list[str]:
    """The threads of a process; none when it is no more."""
    with contextlib.suppress(OSError):
        return os.listdir(f"/proc/{process}/task")
    return []


def _descendants(process: int) -> Iterator[int]:
    yield process
    for thread in _listed(process):
        for child in _read(f"/proc/{process}/task/{thread}/children").split():
            yield from _descendants(int(child))


def _read(path: str) -> bytes:
    try:
        with open(path, "rb", buffering=0) as file:
            return file.read()
    except OSError:
        return b""


class _Unwaiting(selectors.DefaultSelector):
    """Waits for those who work, and never for a timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0
        self.household = _Household()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        quiet_looks = 0
        while timeout is None or quiet_looks == 0:
            hold_thread(_LOOK)
            if ready := super().select(0):
                return ready
            quiet_looks = 0 if self.household.works() else quiet_looks + 1
            if quiet_looks > _STUCK:
                raise RuntimeError("everybody waits and nobody will ever come")
        if ready := super().select(0):  # told by the one who has just fallen asleep
            return ready
        self.now = ceil((self.now + timeout) / GRAIN) * GRAIN
        return []


class UnwaitedTimeLoop(asyncio.SelectorEventLoop):
    """Time passes when nobody works."""

    def __init__(self) -> None:
        self._unwaiting = _Unwaiting()
        super().__init__(self._unwaiting)

    def time(self) -> float:
        return self._unwaiting.now

    def close(self) -> None:
        super().close()
        self._unwaiting.household.close()


def in_unwaited_time(main: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run `main` to its end on such a loop."""
    with asyncio.Runner(loop_factory=UnwaitedTimeLoop) as runner:
        return runner.run(main())


def unwaited(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on such a loop: nothing of it is timed by a clock that goes on while the machine is busy."""

    @functools.wraps(test)
    def held(*args: Any, **kwargs: Any) -> None:
        in_unwaited_time(lambda: test(*args, **kwargs))

    return held

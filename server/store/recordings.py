"""Sound files while they grow: whole Ogg pages, appended in order, off the loop. Knows nothing of Ogg or
Opus.

A disk that is full or slow never reaches the audio path: that recording stops at its last whole page, and
whoever opened it is told.
"""

import asyncio
import contextlib
import logging
import os
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Self

import msgspec

from server.clock import loop_time

FILE_NAME: Final = "interview.ogg"
MOST_PAGES_WAITING: Final = 256
"""Pages of one file between the audio path and the disk, about 50 s: a disk slower than that is of no use.
"""
GATHERED_FROM: Final = 8
"""So many recordings at once are written together: a thread that is woken for every page of each holds up the
loop for longer than the writing takes."""
GATHERING: Final = 0.05
"""Seconds for which their pages gather; a killed process loses as much more."""
SYNC_INTERVAL: Final = 1.0
"""Seconds of sound that a power failure may cost; a killed process costs none of what was written."""
TAIL_SIZE: Final = 131_072
"""Bytes that hold at least one whole Ogg page (65,307 bytes at most), whatever was cut off."""
PIECE_SIZE: Final = 1_048_576
"""Bytes of a recording in memory at once while it is rewritten."""
_RUN_ID: Final = re.compile(r"run_[0-9a-f]{32}")

logger = logging.getLogger(__name__)

RecordingFailed = Callable[[str], None]
"""Called once, on the loop, with the reason in plain words when a recording stops for good."""
Rewriting = Callable[[bytes, bool], tuple[bytes, int]]
"""(bytes of a recording, whether they are its last) → what takes their place, and how many were taken. What
was not taken is given again, with more behind it. Called off the loop too.
"""


class Tail(msgspec.Struct, frozen=True):
    """The end of a recording: its last bytes, and where in the file they begin."""

    start: int
    data: bytes


class RecordingFile:
    """One growing file. It comes into being with its first page."""

    def __init__(
        self, path: Path, keep: int | None, wake: Callable[[], None], failed: RecordingFailed
    ) -> None:
        self.path = path
        self.failure: str | None = None
        """Why nothing more is recorded, or None."""
        self._append_fault: OSError | None = None
        self._was_closing = False
        self._keep = keep
        self._wake = wake
        self._failed = failed
        self._pages: list[bytes] = []
        self._rewritings: list[tuple[Rewriting, asyncio.Future[None]]] = []
        self._descriptor: int | None = None
        self._synced_at = 0.0
        self.closing = False
        self._idle = asyncio.Event()
        self._idle.set()

    def write(self, page: bytes) -> None:
        """Append one whole page, soon. Never waits, never raises; after a failure or `close`, drops it."""
        if (
            not page or self.failure is not None or self.closing
        ):  # no bytes are no page, and must not count as one
            return
        if len(self._pages) >= MOST_PAGES_WAITING:
            self._fail("the disk is too slow to keep the recording")
            return
        self._pages.append(page)
        self._idle.clear()
        self._wake()

    async def rewrite(self, rewriting: Rewriting) -> None:
        """Put other bytes in the place of all that was written so far, whole or not at all, even if the
        power fails: it is on the disk when this returns. Pages may go on coming meanwhile.

        Raises OSError when the disk can't take it, everything is then as it was; ValueError once closed.
        """
        if self.closing:
            raise ValueError("the recording is closed")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rewritings.append((rewriting, done))
        self._idle.clear()
        self._wake()
        await done

    async def close(self) -> None:
        """Write what waits, and end. Safe to call twice."""
        self.closing = True
        self._idle.clear()
        self._wake()
        await self._idle.wait()

    @property
    def waiting(self) -> bool:
        return not self._idle.is_set()

    def take(self) -> "_Append | None":
        """For the writer: what waits to be appended, its own from now on; None where nothing does."""
        pages, self._pages = self._pages, []
        self._was_closing = self.closing
        if not pages or self.failure is not None:
            return None
        now = loop_time()
        sync = now - self._synced_at >= SYNC_INTERVAL
        self._synced_at = now if sync else self._synced_at
        return _Append(self, b"".join(pages), sync)

    async def drain(self) -> None:
        """For the writer, after `take` and the appending: do what else is wanted of the file."""
        closing = self._was_closing  # pages that came behind `take` must still find the file open
        if self._append_fault is not None:
            fault, self._append_fault = self._append_fault, None
            self._fail(f"the recording can't be written: {fault.strerror or fault}")
        await self._do_rewritings()
        if closing and self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            await asyncio.to_thread(_finish, descriptor)
        if not self._pages and not self._rewritings and closing == self.closing:
            self._idle.set()

    async def _do_rewritings(self) -> None:
        wanted, self._rewritings = self._rewritings, []
        for rewriting, done in wanted:
            try:
                await asyncio.to_thread(self._rewrite, rewriting)
            except Exception as error:  # whoever asked for it is told; the others' recordings go on
                if not done.done():
                    done.set_exception(error)
                continue
            # What came meanwhile still waits; it is whole pages.
            self._pages = [rewriting(pages, True)[0] for pages in self._pages]
            if not done.done():
                done.set_result(None)

    def _rewrite(self, rewriting: Rewriting) -> None:
        """Write a new file beside the present one and put it in its place in one step."""
        new = self.path.with_suffix(".new")
        try:
            with self.path.open("rb") as old:
                length = os.fstat(old.fileno()).st_size
                if self._descriptor is None and self._keep is not None:
                    length = min(length, self._keep)
                _write_anew(old, length, new, rewriting)
        except FileNotFoundError:
            return
        except OSError:
            new.unlink(missing_ok=True)
            raise
        new.replace(self.path)
        _sync_directory(self.path.parent)
        self._keep = None
        if self._descriptor is not None:  # it is the old file's
            os.close(self._descriptor)
            self._descriptor = None

    def append(self, data: bytes, sync: bool) -> None:
        """Write at the end; in a thread. A fault is kept for `drain`."""
        try:
            self._append(data, sync)
        except OSError as error:
            self._append_fault = error

    def _append(self, data: bytes, sync: bool) -> None:
        if self._descriptor is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(
                self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            if self._keep is not None:
                os.ftruncate(self._descriptor, self._keep)
        end = os.fstat(self._descriptor).st_size
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            # Half a page would stand between this sound and what a later session appends.
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, end)
            raise
        if sync:
            os.fdatasync(self._descriptor)

    def _fail(self, reason: str) -> None:
        self.failure = reason
        self._pages.clear()
        logger.error("! a recording has stopped", extra={"path": self.path, "reason": reason})
        try:
            self._failed(reason)
        except Exception:  # one session's fault must not stop the writing of all the others
            logger.exception("! a session could not be told", extra={"path": self.path})


class _Append(NamedTuple):
    """Pages on their way to the end of a file."""

    file: RecordingFile
    data: bytes
    sync: bool


def _append_all(appends: Sequence[_Append]) -> None:
    for append in appends:
        append.file.append(append.data, append.sync)


class Recordings:
    """All recordings of a process, and the one task that writes them. Use as `async with`, or run `run()` in
    a task.
    """

    def __init__(self, data_dir: Path) -> None:
        self._directory = data_dir / "recordings"
        self._open: list[RecordingFile] = []
        self._work = asyncio.Event()
        self._closing = False
        self._tasks: asyncio.TaskGroup | None = None

    def path(self, run_id: str) -> Path:
        """Where a run's recording is, or would be. Raises ValueError on what is no run id."""
        if not _RUN_ID.fullmatch(run_id):
            raise ValueError(f"{run_id[:80]!r} is no run id")
        return self._directory / run_id / FILE_NAME

    def open(
        self, run_id: str, *, keep: int | None = None, failed: RecordingFailed = lambda _: None
    ) -> RecordingFile:
        """Begin or continue a run's recording. `keep`: bytes of the present file that stay, None = all.

        Where recording was refused this is not called, and there is no file.
        """
        file = RecordingFile(self.path(run_id), keep, self._work.set, failed)
        self._open.append(file)
        return file

    def size(self, run_id: str) -> int:
        """How many bytes there are of a run's recording. Blocks; raises OSError."""
        folder = self.path(run_id).parent
        return sum(file.stat().st_size for file in folder.iterdir()) if folder.is_dir() else 0

    def remove(self, run_id: str) -> None:
        """Remove a run's recording that nobody writes. Blocks; raises OSError."""
        folder = self.path(run_id).parent
        if folder.is_dir():
            shutil.rmtree(folder)

    async def tail(self, run_id: str) -> Tail:
        """The end of a recording, to find its last whole page by; empty where there is none."""
        return await asyncio.to_thread(_read_tail, self.path(run_id))

    async def run(self) -> None:
        """Write whatever comes, until `close` and all is written."""
        while True:
            await self._work.wait()
            if len(self._open) >= GATHERED_FROM and not self._closing:
                await asyncio.sleep(GATHERING)
            self._work.clear()
            waiting = [file for file in self._open if file.waiting]
            appends = [append for file in waiting if (append := file.take()) is not None]
            if appends:
                await asyncio.to_thread(_append_all, appends)
            for file in waiting:
                await file.drain()
            self._open = [file for file in self._open if file.waiting or not file.closing]
            if self._closing and not any(file.waiting for file in self._open):
                return

    def close(self) -> None:
        """Let `run` return once all is written."""
        self._closing = True
        self._work.set()

    async def __aenter__(self) -> Self:
        self._tasks = await asyncio.TaskGroup().__aenter__()
        self._tasks.create_task(self.run(), name="recordings")
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._tasks is not None
        for file in self._open:
            await file.close()
        self.close()
        # What went wrong outside is not the task's: it goes on as it is, in no group.
        await self._tasks.__aexit__(None, None, None)


def _write_anew(old: BinaryIO, length: int, path: Path, rewriting: Rewriting) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as new:
        rest, left = b"", length
        while left:
            piece = old.read(min(left, PIECE_SIZE))
            left = left - len(piece) if piece else 0
            written, taken = rewriting(rest + piece, not left)
            new.write(written)
            rest = (rest + piece)[taken:]
        new.flush()
        os.fsync(descriptor)


def _sync_directory(path: Path) -> None:
    """Make a file's new name last (on Linux a rename is safe once its directory is)."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _finish(descriptor: int) -> None:
    with contextlib.suppress(OSError):
        os.fdatasync(descriptor)
    os.close(descriptor)


def _read_tail(path: Path) -> Tail:
    try:
        with path.open("rb") as file:
            start = max(0, file.seek(0, os.SEEK_END) - TAIL_SIZE)
            file.seek(start)
            return Tail(start, file.read())
    except FileNotFoundError:
        return Tail(0, b"")

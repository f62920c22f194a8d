"""Clips on a disk: one file each, written whole or not at all, oldest out when there are too many bytes.

Every call blocks on the disk and belongs in a thread. A disk that fails costs a synthesis, never the speech.
"""

import contextlib
import logging
import os
from pathlib import Path
from typing import Final

from server.clock import new_secret
from server.providers.clips import ClipError, from_bytes, to_bytes
from server.providers.protocols import PreparedClip

logger = logging.getLogger(__name__)

MAX_CLIP_BYTES: Final = 32 << 20
"""A clip of ten minutes; a longer file is not ours."""
_SUFFIX: Final = ".clip"


class ClipStore:
    """`directory` is made when the first clip is stored; `max_bytes` bounds what it holds."""

    def __init__(self, directory: Path, max_bytes: int) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._held_bytes: int | None = None
        self.faults = 0
        self.unwritten = 0
        """Clips that the disk didn't take."""

    def load(self, key: str) -> PreparedClip | None:
        """Read a clip; None when there is none, or none that can be read. A damaged file is removed."""
        path = self._path(key)
        try:
            with path.open("rb") as file:
                stored = file.read(MAX_CLIP_BYTES + 1)
            os.utime(path)  # the least recently used goes first when room is needed
            return from_bytes(stored)
        except FileNotFoundError:
            return None
        except OSError as error:
            self._fault("read", error)
        except ClipError as error:
            self._fault("used", error)
            self._remove(path)
        return None

    def save(self, key: str, clip: PreparedClip) -> bool:
        """Write a clip under a temporary name and move it into place; False when the disk won't have it."""
        path = self._path(key)
        stored = to_bytes(clip)
        temporary = path.with_name(f".{key}.{new_secret(6)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._make_room(len(stored))
            try:
                temporary.write_bytes(stored)
                temporary.replace(path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            self.unwritten += 1
            self._fault("written", error)
            return False
        return True

    def _path(self, key: str) -> Path:
        return self._directory / key[:2] / f"{key}{_SUFFIX}"

    def _make_room(self, size: int) -> None:
        if self._held_bytes is None or self._held_bytes + size > self._max_bytes:
            self._held_bytes = self._sweep(self._max_bytes - size)
        self._held_bytes += size

    def _sweep(self, wanted_bytes: int) -> int:
        """Count what is held, and when it is too much remove the least recently used down to nine tenths."""
        files = []
        for path in self._directory.glob("*/*"):
            with contextlib.suppress(FileNotFoundError):  # another process has made room
                stat = path.stat()
                files.append((stat.st_mtime, stat.st_size, path))
        held = sum(size for _, size, _ in files)
        if held <= wanted_bytes:
            return held
        for _, size, path in sorted(files):
            if held <= wanted_bytes * 0.9:
                break
            self._remove(path)
            held -= size
        return max(0, held)

    def _remove(self, path: Path) -> None:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            self._fault("removed", error)

    def _fault(self, what: str, error: Exception) -> None:
        self.faults += 1
        if self.faults == 1:  # one line says it; a full disk would say it a thousand times
            logger.warning("! a prompt can't be %s, the talk goes on without: %s", what, error)

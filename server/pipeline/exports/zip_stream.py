"""A ZIP archive that is written from its first byte to its last, and taken away as it comes: no seeking, and
no more of it in memory than was written since the last taking. Knows nothing of what is in it."""

import contextlib
import os
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final, cast

PIECE_SIZE: Final = 65_536
_ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_PRIVATE_FILE: Final = 0o100600 << 16


class _Outlet:
    """Where the archive is written to: a file that can't be sought in."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken, self._written = b"".join(self._written), []
        return taken


class ZipStream:
    """One archive. What its methods give are the archive's next bytes; `close` comes last."""

    def __init__(self, made_at: str) -> None:
        """`made_at` is RFC 3339: the date of every entry."""
        self._outlet = _Outlet()
        self._archive = zipfile.ZipFile(cast(IO[bytes], self._outlet), "w", zipfile.ZIP_DEFLATED)
        self._date = _zip_date(made_at)
        self._entry: IO[bytes] | None = None

    def add(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """One entry, compressed, of these pieces."""
        self.begin(name)
        for piece in pieces:
            for start in range(0, len(piece), PIECE_SIZE):
                yield self.write(piece[start : start + PIECE_SIZE])
        yield self.finish()

    def add_file(self, name: str, path: Path) -> Iterator[bytes]:
        """One entry with what a file holds, as it is: for what is compressed already. Blocks; raises
        OSError."""
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            self.begin(name, stored=size)
            while piece := file.read(PIECE_SIZE):
                yield self.write(piece)
        yield self.finish()

    def begin(self, name: str, *, stored: int | None = None) -> None:
        """Begin an entry: compressed, or as it is with `stored` bytes."""
        entry = zipfile.ZipInfo(name, self._date)
        entry.compress_type = zipfile.ZIP_DEFLATED if stored is None else zipfile.ZIP_STORED
        entry.external_attr = _PRIVATE_FILE
        entry.file_size = stored or 0
        # Of what is compressed the size is not known ahead: room for more than 4 GiB costs 20 bytes.
        self._entry = self._archive.open(entry, "w", force_zip64=stored is None)

    def write(self, piece: bytes) -> bytes:
        """Go on with the entry."""
        assert self._entry is not None
        self._entry.write(piece)
        return self._outlet.take()

    def finish(self) -> bytes:
        """End the entry."""
        assert self._entry is not None
        self._entry.close()
        self._entry = None
        return self._outlet.take()

    def close(self) -> bytes:
        """The archive's directory."""
        self._archive.close()
        return self._outlet.take()

    def abandon(self) -> None:
        """Let go of an archive that is not to come to its end. Safe at any time."""
        with contextlib.suppress(ValueError, OSError):
            if self._entry is not None:
                self._entry.close()
        self._entry = None
        self._archive.fp = None  # else it would still write its directory when it is collected


def _zip_date(instant: str) -> tuple[int, int, int, int, int, int]:
    date, _, time = instant.rstrip("Z").partition("T")
    year, month, day = (int(part) for part in date.split("-"))
    hour, minute, second = (int(float(part)) for part in time.split(":"))
    return (year, month, day, hour, minute, second) if year >= _ZIP_EPOCH[0] else _ZIP_EPOCH

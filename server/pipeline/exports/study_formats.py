"""Many runs in one file, in each of its formats: begun, added to run by run, and ended. What each step gives
are the file's next bytes. Knows no request."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from server.pipeline.exports.material import Material
from server.pipeline.exports.qda_project import PROJECT_FILE, QdaProject
from server.pipeline.exports.tables import header, rows
from server.pipeline.exports.zip_stream import ZipStream


class StudyFile(Protocol):
    """A file that grows run by run. All of it blocks, and belongs into a thread."""

    def begin(self) -> Iterator[bytes]: ...

    def add(self, material: Material) -> Iterator[bytes]: ...

    def end(self) -> Iterator[bytes]: ...

    def close(self) -> None:
        """Let go of what was kept for it. Safe to call at any time."""


class ResponsesTable:
    """CSV: one row for each run and question."""

    def begin(self) -> Iterator[bytes]:
        yield header()

    def add(self, material: Material) -> Iterator[bytes]:
        return rows(material)

    def end(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        pass


class RunLines:
    """JSON lines: one document for each run."""

    def begin(self) -> Iterator[bytes]:
        return iter(())

    def add(self, material: Material) -> Iterator[bytes]:
        yield msgspec.json.encode(material.document()) + b"\n"

    def end(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        pass


class QdaArchive:
    """A REFI-QDA project in its archive (`.qdpx`): the sources as they come, the project behind them."""

    def __init__(self, name: str, made_at: str, spool: Path) -> None:
        """`spool` is where cases and sources wait until all codes are known."""
        self._archive = ZipStream(made_at)
        self._project = QdaProject(name, made_at, spool)

    def begin(self) -> Iterator[bytes]:
        return iter(())

    def add(self, material: Material) -> Iterator[bytes]:
        file, content = self._project.add(material)
        yield from self._archive.add(file, [content])

    def end(self) -> Iterator[bytes]:
        yield from self._archive.add(PROJECT_FILE, self._project.document())
        yield self._archive.close()

    def close(self) -> None:
        self._archive.abandon()
        self._project.close()

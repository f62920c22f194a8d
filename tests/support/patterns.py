"""SQLite files of today's shape to begin with: to make one takes longer than a test, to copy one doesn't."""

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from sqlalchemy import make_url

from server.store.migrations import upgrade


@functools.cache
def _pattern() -> Path:
    directory = Path(tempfile.mkdtemp(prefix="vivavoce-pattern-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    path = directory / "vivavoce.db"
    upgrade(f"sqlite:///{path}")
    return path


def brought_to_shape(url: str) -> None:
    """See to it that the database of this URL has today's tables."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        path = Path(parsed.database)
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            shutil.copyfile(_pattern(), path)
            return
    upgrade(url)

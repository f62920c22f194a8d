"""A PostgreSQL server for tests: made from nothing in a directory of its own, reached by a socket there, gone
afterwards."""

import contextlib
import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

PROGRAMS = Path("/usr/lib/postgresql")
_numbers = itertools.count(1)


class PostgresqlServer:
    """One server. Every test gets databases of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def new_database(self, like: str = "template1") -> str:
        """Make a database, empty or a copy of another one; returns its URL."""
        name = f"test_{next(_numbers)}"
        with psycopg.connect(
            f"host={self.directory} user=postgres dbname=postgres", autocommit=True
        ) as admin:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(like)))
        return f"postgresql://postgres@/{name}?host={self.directory}"


@contextlib.contextmanager
def postgresql_server(*options: str) -> Iterator[PostgresqlServer]:
    """Start a server of the newest version that is installed. `options` are settings as `name=value`.

    It doesn't wait for the disk: tests end processes of ours, never this one.
    """
    programs = _programs()
    # Not below the directory of pytest, which its owner alone may enter: PostgreSQL refuses to run as root.
    directory = Path(tempfile.mkdtemp(prefix="vivavoce-postgresql-"))
    data = directory / "data"
    settings = ["fsync=off", "listen_addresses=", f"unix_socket_directories={directory}", *options]
    flags = " ".join(f"-c {setting}" for setting in settings)
    try:
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        _run(programs / "initdb", "-D", data, "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
        _run(programs / "pg_ctl", "-D", data, "-w", "-l", directory / "log", "-o", flags, "start")
        try:
            yield PostgresqlServer(directory)
        finally:
            _run(programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _programs() -> Path:
    versions = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda found: float(found.parts[-3]))
    assert versions, "PostgreSQL is not installed: .ci/packages does it"
    return versions[-1].parent


def _run(*command: object) -> None:
    words = [str(word) for word in command]
    if os.geteuid() == 0:
        words = ["runuser", "-u", "postgres", "--", *words]
    # its own output goes to its log: a pipe would stay open for as long as the server runs
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, cwd="/")

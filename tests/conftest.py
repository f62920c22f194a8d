"""What holds for every test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import make_url

from server.store.migrations import upgrade
from tests.support.patterns import brought_to_shape
from tests.support.postgresql import PostgresqlServer, postgresql_server

# no test is timed: how long an example takes says more about the machine than about the product
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and an environment without settings: nothing of the developer's is found."""
    for name in os.environ:  # noqa: TID251 - a test sees to it that the environment holds nothing
        if name.startswith("VIVAVOCE_") or name.endswith("_API_KEY"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server for all tests that ask for one, each in databases of its own."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without tables: whoever asks for it is tried with each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/vivavoce.db"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.new_database()


@pytest.fixture(scope="session")
def postgresql_pattern(postgresql: PostgresqlServer) -> str:
    """The name of a PostgreSQL database of today's shape, to be copied."""
    url = postgresql.new_database()
    upgrade(url)
    return str(make_url(url).database)


@pytest.fixture(params=["sqlite", "postgresql"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database of today's shape: whoever asks for it is tried with each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/vivavoce.db"
        brought_to_shape(url)
        return url
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.new_database(like=request.getfixturevalue("postgresql_pattern"))

"""What holds for every test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

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
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database: whoever asks for it is tried with each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/vivavoce.db"
    server: PostgresqlServer = request.getfixturevalue("postgresql")
    return server.new_database()

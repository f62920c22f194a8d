import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Timer

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from server.store import migrations
from server.store.migrations import HEAD, upgrade
from server.store.tables import Tables
from tests.support.store import database_url


def test_the_migrated_database_has_the_shape_of_the_tables(empty_storage: str) -> None:
    upgrade(empty_storage)
    engine = create_engine(empty_storage.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        differences = compare_metadata(context, Tables.metadata)
    engine.dispose()

    assert differences == []


def test_migrations_and_tables_make_the_same_statements(tmp_path: Path) -> None:
    upgrade(database_url(tmp_path / "migrated"))
    (tmp_path / "direct").mkdir()
    engine = create_engine(database_url(tmp_path / "direct"))
    Tables.metadata.create_all(engine)
    engine.dispose()

    assert statements(tmp_path / "direct") == statements(tmp_path / "migrated")


def statements(directory: Path) -> dict[str, list[str]]:
    connection = sqlite3.connect(directory / "vivavoce.db")
    rows = connection.execute(
        "select name, sql from sqlite_master where sql is not null and name != 'alembic_version'"
    ).fetchall()
    connection.close()
    # Constraints may stand in any order; a table that was rebuilt has its name in quotes.
    return {
        name: sorted(line.strip().rstrip(",") for line in sql.replace('"', "").splitlines())
        for name, sql in rows
    }


def test_the_newest_step_is_known_by_name() -> None:
    assert HEAD == ScriptDirectory(str(Path(migrations.__file__).parent)).get_current_head()


def test_upgrading_twice_changes_nothing_and_looks_at_no_step_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(database_url(tmp_path))
    before = statements(tmp_path)
    monkeypatch.setattr(migrations, "_climb", None)
    upgrade(database_url(tmp_path))

    assert before == statements(tmp_path)


def test_a_database_that_took_two_steps_as_one_goes_on_from_there(tmp_path: Path) -> None:
    url = database_url(tmp_path)
    upgrade(url, to="0005")
    whole = statements(tmp_path)
    connection = sqlite3.connect(tmp_path / "vivavoce.db")
    connection.execute("UPDATE alembic_version SET version_num = '0004'")
    connection.commit()
    connection.close()
    upgrade(url, to="0005")

    assert whole == statements(tmp_path)


def test_processes_that_start_at_once_all_find_the_database_ready(empty_storage: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        outcomes = [pool.submit(upgrade, empty_storage) for _ in range(4)]
        for outcome in outcomes:
            outcome.result()
    engine = create_engine(empty_storage.replace("postgresql:", "postgresql+psycopg:"))
    tables = inspect(engine).get_table_names()
    engine.dispose()

    assert "event" in tables


def test_a_start_waits_for_another_that_changes_the_tables_longer_than_a_writer_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = database_url(tmp_path)
    upgrade(url)
    other = sqlite3.connect(tmp_path / "vivavoce.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    monkeypatch.setattr("server.store.sqlite.BUSY_TIMEOUT_MS", 1)
    done = Timer(0.3, lambda: other.execute("ROLLBACK"))
    done.start()
    upgrade(url)
    done.join()
    other.close()


def test_the_working_directory_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    upgrade(database_url(tmp_path / "new" / "deep"))

    assert (tmp_path / "new" / "deep" / "vivavoce.db").exists()

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from tests.support.command_line import run_command

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_a_key_is_shown_once_and_only_its_beginning_afterwards() -> None:
    made = json.loads(run_command("keys", "create", "--json").stdout)
    listed = json.loads(run_command("keys", "list", "--json").stdout)

    assert {"id", "key", "organization_id"} == set(made)
    assert made["key"].startswith("sk_live_")
    assert [made["id"]] == [key["id"] for key in listed]
    assert made["key"] not in json.dumps(listed)
    assert made["key"].startswith(listed[0]["shown"])


def test_mode_and_scopes_are_those_that_were_asked_for() -> None:
    made = json.loads(
        run_command("keys", "create", "--mode", "test", "--scopes", "operate,read", "--json").stdout
    )
    (listed,) = json.loads(run_command("keys", "list", "--json").stdout)

    assert made["key"].startswith("sk_test_")
    assert ("test", ["read", "operate"]) == (listed["mode"], listed["scopes"])


def test_in_text_the_key_alone_goes_to_standard_output() -> None:
    result = run_command("keys", "create")

    assert len(result.stdout.split()) == 1
    assert "shown this once" in result.stderr


@pytest.mark.parametrize("scopes", ["", ",", "read,root", "READ"])
def test_a_scope_that_there_is_not_is_a_mistake_in_calling(scopes: str) -> None:
    result = run_command("keys", "create", "--scopes", scopes)

    assert result.exit_code == 2
    assert "read, write, operate, admin" in result.stderr


def test_a_key_is_revoked_once() -> None:
    key_id = json.loads(run_command("keys", "create", "--json").stdout)["id"]

    first = run_command("keys", "revoke", key_id)
    second = run_command("keys", "revoke", key_id)

    assert (0, 1) == (first.exit_code, second.exit_code)
    assert "vivavoce keys list" in second.stderr
    assert json.loads(run_command("keys", "list", "--json").stdout)[0]["revoked_at"]


def test_a_directory_mistyped_is_told_and_not_made(elsewhere: Path) -> None:
    result = run_command("keys", "list", "--data-dir", "mistyped")

    assert 1 == result.exit_code
    assert "There is no database at" in result.stderr
    assert not (elsewhere / "mistyped").exists()


def test_an_unusable_database_is_told_in_a_sentence_with_the_way_out(elsewhere: Path) -> None:
    (elsewhere / "file").write_text("not a directory")

    result = run_command("keys", "create", "--data-dir", "file/below")

    assert result.exit_code == 1
    assert "can't be used" in result.stderr
    assert "--database" in result.stderr
    assert "Traceback" not in result.output


def test_the_database_is_upgraded_as_often_as_one_likes(elsewhere: Path) -> None:
    for _ in range(2):
        result = run_command("db", "upgrade", "--json")

        assert result.exit_code == 0
        assert json.loads(result.stdout)["upgraded"] is True
    assert (elsewhere / "data" / "vivavoce.db").is_file()


def test_settings_that_cannot_be_are_told_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIVAVOCE_PORT", "eighty")

    result = run_command("db", "upgrade")

    assert result.exit_code == 1
    assert "VIVAVOCE_PORT" in result.stderr


def test_a_key_is_known_by_its_name_in_the_list() -> None:
    run_command("keys", "create", "--name", "the weekly export")
    (listed,) = json.loads(run_command("keys", "list", "--json").stdout)

    assert listed["name"] == "the weekly export"
    assert run_command("keys", "list").stdout.rstrip().endswith("the weekly export")


@pytest.mark.parametrize("name", ["", " ", "two\nlines", "x" * 61])
def test_a_name_that_a_list_has_no_room_for_is_a_mistake_in_calling(name: str) -> None:
    assert run_command("keys", "create", "--name", name).exit_code == 2


@pytest.mark.parametrize("command", [("db", "upgrade"), ("keys", "create")])
def test_a_database_of_a_newer_version_is_told_in_a_sentence(
    elsewhere: Path, command: tuple[str, str]
) -> None:
    run_command("db", "upgrade")
    with contextlib.closing(sqlite3.connect("data/vivavoce.db")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
        database.commit()

    result = run_command(*command)

    assert 1 == result.exit_code
    assert "a newer version of Vivavoce" in result.stderr
    assert "backup" in result.stderr
    assert isinstance(result.exception, SystemExit), "told, and no traceback"

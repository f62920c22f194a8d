"""What a whole server says of itself, and to whom."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from server.app import serve
from server.gateway.metronome import Metronome
from server.settings import Settings
from server.store.organizations import Scope
from tests.support.running_server import running_server
from tests.support.small_study import small_blueprint


async def test_a_join_link_names_the_port_that_was_free(tmp_path: Path) -> None:
    async with running_server(tmp_path) as running:
        study = await running.study(small_blueprint())
        shown = (await running.read(study)).json()
        page = await running.http.get(shown["join_url"])

        assert f"{running.origin}/join/{study.run_id}#{study.token}" == shown["join_url"]
        assert not running.origin.endswith(":0")
        assert 200 == page.status_code


async def test_a_public_url_that_was_given_stays_as_it_is(tmp_path: Path) -> None:
    public = "https://interviews.example.org"
    async with running_server(tmp_path, public_url=public) as running:
        told = running.origin
        kept = running.house.settings.public_url

    assert (public, public) == (told, kept)


async def test_a_join_link_is_shown_to_keys_that_may_write_alone(tmp_path: Path) -> None:
    async with running_server(tmp_path) as running:
        study = await running.study(small_blueprint())
        organization = await running.house.organizations.first()
        shown = {}
        given: dict[str, list[Scope]] = {"read": ["read"], "write": ["read", "write"], "admin": ["admin"]}
        for name, scopes in given.items():
            _, key = await running.house.organizations.create_key(
                organization.id, test_mode=True, scopes=scopes
            )
            shown[name] = (await running.read(replace(study, key=key))).json()["join_token"]

    assert {"read": None, "write": study.token, "admin": study.token} == shown


async def test_a_server_that_a_part_of_has_broken_ends_and_says_so(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = asyncio.Event()

    async def break_down(_: Metronome) -> None:
        await broken.wait()
        raise ZeroDivisionError("a fault in the metronome")

    monkeypatch.setattr(Metronome, "run", break_down)
    settings = Settings.load(data_dir=elsewhere, port=0, recogniser_processes=1)
    async with asyncio.timeout(60):
        whole = await serve(settings, ready=lambda *_: broken.set())

    assert not whole

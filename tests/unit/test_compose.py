"""That `compose.yaml` fits the image, the settings and what the docs say of it. No container runs here."""

import ipaddress
import re
from typing import Any

import pytest
import yaml

from server.settings import PREFIX, Settings
from tests.support.house import ROOT

WRITTEN = (ROOT / "compose.yaml").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
PASSWORDS = {"POSTGRES_PASSWORD": "a" * 48, "TURN_PASSWORD": "b" * 48}

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


def composed(**env: str) -> Any:
    """The file as Docker reads it with this `.env`. Raises KeyError for a variable that must be there."""

    def value(found: re.Match[str]) -> str:
        name, kind, default = found.groups()
        return env.get(name) or (default if kind == "-" else env[name])

    return yaml.safe_load(_VARIABLE.sub(value, WRITTEN))


def service(name: str) -> Any:
    return composed(**PASSWORDS)["services"][name]


def in_image(instruction: str) -> str:
    """What the image itself says, in its last stage."""
    (told,) = re.findall(rf"^{instruction} (.+)$", DOCKERFILE, re.MULTILINE)
    return str(told)


def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in service("server")["environment"].items():
        monkeypatch.setenv(name, value)
    return Settings.load()


def test_no_password_has_a_default() -> None:
    for missing in PASSWORDS:
        with pytest.raises(KeyError, match=missing):
            composed(**{name: value for name, value in PASSWORDS.items() if name != missing})
    secret = [name for name, _, _ in _VARIABLE.findall(WRITTEN) if "PASSWORD" in name]

    assert set(PASSWORDS) == set(secret)
    assert not re.search(r"(PASSWORD|SECRET|KEY): (?!\$\{)", WRITTEN)


def test_the_docs_write_every_password_and_name_every_variable() -> None:
    for name in {name for name, _, _ in _VARIABLE.findall(WRITTEN)}:
        assert f"{name}=" in OPERATING
    assert {*PASSWORDS} == set(re.findall(r"^(\w+)=\$\(openssl rand -hex 24\)$", OPERATING, re.MULTILINE))
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.usefixtures("elsewhere")
def test_the_server_can_be_set_up_from_what_stands_there(monkeypatch: pytest.MonkeyPatch) -> None:
    names = set(service("server")["environment"])
    loaded = settings(monkeypatch)

    assert names <= {PREFIX + name.upper() for name in Settings.model_fields}
    assert ("0.0.0.0", 8080, "/data") == (loaded.host, loaded.port, str(loaded.data_dir))
    assert "http://localhost:8080" == loaded.public_url


@pytest.mark.usefixtures("elsewhere")
def test_the_database_is_the_one_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    database = service("database")["environment"]
    user, name = database["POSTGRES_USER"], database["POSTGRES_DB"]
    url = f"postgresql://{user}:{PASSWORDS['POSTGRES_PASSWORD']}@database/{name}"

    assert url == settings(monkeypatch).database_url
    assert {f"--username={user}", f"--dbname={name}"} < set(service("database")["healthcheck"]["test"])
    assert "ports" not in service("database")


@pytest.mark.usefixtures("elsewhere")
def test_browsers_are_given_the_turn_server_and_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    (turn,) = (loaded := settings(monkeypatch)).ice_servers
    command = service("turn")["command"]

    assert turn.credential is not None
    assert f"--user={turn.username}:{turn.credential.get_secret_value()}" in command
    assert {"turn:localhost:3478?transport=udp", "turn:localhost:3478?transport=tcp"} == set(turn.urls)
    assert {"3478:3478/udp", "3478:3478/tcp"} == set(service("turn")["ports"])
    assert "--listening-port=3478" in command
    assert [] == loaded.own_ice_servers  # whose relay would have no use: it leads to nobody but the server


def test_the_turn_server_leads_to_the_server_alone() -> None:
    command = service("turn")["command"]
    address = service("server")["networks"]["default"]["ipv4_address"]
    (network,) = composed(**PASSWORDS)["networks"]["default"]["ipam"]["config"]

    assert [f"--allowed-peer-ip={address}"] == [one for one in command if "allowed" in one]
    assert {"--denied-peer-ip=0.0.0.0-255.255.255.255", "--no-tcp-relay"} < set(command)
    assert ipaddress.ip_address(address) in ipaddress.ip_network(network["subnet"])


def test_the_server_has_what_its_image_needs_and_no_more() -> None:
    server = service("server")

    assert [f"127.0.0.1:8080:{in_image('EXPOSE')}"] == server["ports"]
    assert [f"data:{in_image('VOLUME')}"] == server["volumes"]
    assert "vivavoce" == in_image("USER")
    assert "HEALTHCHECK" in DOCKERFILE  # which is what tells Docker whether it lives
    assert {"data", "database"} == set(composed(**PASSWORDS)["volumes"])
    assert (True, ["/tmp"], ["ALL"]) == (server["read_only"], server["tmpfs"], server["cap_drop"])


def test_the_turn_server_has_ports_for_more_talks_than_the_server_holds() -> None:
    first, last = (
        int(one.partition("=")[2]) for one in service("turn")["command"] if one[:5] in ("--min", "--max")
    )

    assert last - first >= 4 * int(Settings.model_fields["max_sessions"].default)

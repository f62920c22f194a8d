import contextlib
import json
import socket
from collections.abc import Iterator

import pytest

from server.cli import network_examinations
from server.settings import Settings
from tests.emulators.relay_server import CREDENTIAL, LENT, SEEN_AT, USERNAME, relaying

pytestmark = pytest.mark.usefixtures("elsewhere")


@pytest.fixture
def taken_port() -> Iterator[int]:
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


async def test_a_port_in_use_is_a_fault(taken_port: int) -> None:
    (finding,) = await network_examinations.examine_port(Settings.load(port=taken_port))

    assert finding.state == "fault"
    assert "--port" in (finding.remedy or "")


async def test_a_free_port_is_fine() -> None:
    (finding,) = await network_examinations.examine_port(Settings.load(port=0))

    assert finding.state == "ok"


async def test_a_host_that_is_not_ours_is_a_fault_and_no_crash() -> None:
    (finding,) = await network_examinations.examine_port(Settings.load(host="no-such-host.invalid", port=0))

    assert finding.state == "fault"


@pytest.mark.parametrize(
    "url", ["https://a.example", "http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:8"]
)
def test_browsers_give_the_microphone_to_https_and_localhost(url: str) -> None:
    finding = network_examinations.examine_network(Settings.load(public_url=url))[-1]

    assert finding.state == "ok"


def test_a_plain_address_gets_the_four_lines_that_make_it_https() -> None:
    finding = network_examinations.examine_network(Settings.load(public_url="http://interviews.example.org"))[
        -1
    ]

    assert finding.state == "warning"
    assert "interviews.example.org {" in (finding.remedy or "")
    assert "reverse_proxy 127.0.0.1:8080" in (finding.remedy or "")


def _with_ice(*servers: dict[str, object]) -> Settings:
    return Settings.load(ice_servers=json.dumps(servers))


def _turn(port: int, credential: str) -> dict[str, object]:
    return {"urls": [f"turn:127.0.0.1:{port}"], "username": USERNAME, "credential": credential}


async def test_stun_and_turn_servers_that_answer_are_told_with_what_they_give() -> None:
    async with relaying() as port:
        settings = _with_ice({"urls": [f"stun:127.0.0.1:{port}"]}, _turn(port, CREDENTIAL))
        stun, turn = await network_examinations.examine_ice(settings)

    assert ["ok", "ok"] == [stun.state, turn.state]
    assert SEEN_AT[0] in stun.text
    assert LENT[0] in turn.text


async def test_a_turn_server_that_refuses_its_credential_is_told_without_it() -> None:
    async with relaying() as port:
        (finding,) = await network_examinations.examine_ice(_with_ice(_turn(port, "wrong-word")))

    assert "warning" == finding.state
    assert "wrong-word" not in finding.text + (finding.remedy or "")
    assert "refuses" in finding.text
    assert "waits" not in finding.text
    assert "VIVAVOCE_ICE_SERVERS" in (finding.remedy or "")


async def test_a_stun_server_that_is_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_examinations, "ICE_TIMEOUT", 0.2)
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("0.0.0.0", 0))
        settings = _with_ice({"urls": [f"stun:127.0.0.1:{silent.getsockname()[1]}"]})
        (finding,) = await network_examinations.examine_ice(settings)

    assert "warning" == finding.state
    assert "doesn't answer: one call a minute waits" in finding.text


async def test_what_browsers_alone_ask_costs_our_calls_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_examinations, "ICE_TIMEOUT", 0.2)
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as silent:
        silent.bind(("0.0.0.0", 0))
        turn = _turn(silent.getsockname()[1], CREDENTIAL) | {"browsers_only": True}
        (finding,) = await network_examinations.examine_ice(_with_ice(turn))

    assert "ok" == finding.state
    assert finding.text.endswith("only browsers ask it.")


async def test_a_server_that_answers_late_is_told_with_its_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_examinations, "PATIENCE", 0.0)
    async with relaying() as port:
        (finding,) = await network_examinations.examine_ice(_with_ice(_turn(port, CREDENTIAL)))

    assert "warning" == finding.state
    assert LENT[0] in finding.text
    assert "nearer" in (finding.remedy or "")


async def test_without_stun_and_turn_nobody_is_asked() -> None:
    assert [] == await network_examinations.examine_ice(Settings.load())

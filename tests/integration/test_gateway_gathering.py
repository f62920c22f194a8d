"""STUN and TURN servers that a call asks for addresses: those that answer, and those that never do."""

import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from aioice import Candidate, Connection
from aiortc import RTCIceServer

from server.clock import loop_time
from server.gateway import gathering
from server.gateway.metronome import Metronome
from server.gateway.webrtc import WebRtcGateway
from tests.emulators.relay_server import CREDENTIAL, LENT, USERNAME, relaying
from tests.support.gateway import Caller


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A port that takes datagrams and never says anything."""
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as port:
        port.bind(("0.0.0.0", 0))
        port.setblocking(False)
        yield port


@pytest.fixture
async def offer() -> AsyncIterator[str]:
    caller = Caller(with_control=True)
    yield await caller.offer()
    await caller.close()


@pytest.fixture
def waits(offer: str, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long our side is willing to wait, gathering by gathering; it does wait a tenth of a second."""
    willing: list[float] = []
    gather = Connection.get_component_candidates

    async def noted(
        ice: Connection,
        component: int,
        addresses: list[str],
        timeout: float = 5,  # noqa: ASYNC109 - aioice's own
    ) -> list[Candidate]:
        willing.append(timeout)
        return await gather(ice, component, addresses, timeout=0.1)  # type: ignore[arg-type]

    monkeypatch.setattr(Connection, "get_component_candidates", noted)
    return willing


async def _answer(gateway: WebRtcGateway, offer: str) -> str:
    leg, answer = await gateway.answer(offer)
    await leg.close("tried")
    return answer


def _asked(port: socket.socket) -> bool:
    """Whether anything has come since it was last looked."""
    asked = False
    with contextlib.suppress(BlockingIOError):
        while port.recv(2048):
            asked = True
    return asked


def _stun(port: int) -> RTCIceServer:
    return RTCIceServer(urls=[f"stun:127.0.0.1:{port}"])


def _turn(port: int) -> RTCIceServer:
    return RTCIceServer(urls=[f"turn:127.0.0.1:{port}"], username=USERNAME, credential=CREDENTIAL)


async def test_a_call_waits_well_under_a_second_for_servers_that_never_answer(
    silent: socket.socket, offer: str, waits: list[float]
) -> None:
    port = silent.getsockname()[1]
    answer = await _answer(WebRtcGateway(Metronome(), [_stun(port), _turn(port)]), offer)

    assert [gathering.PATIENCE] == waits
    assert gathering.PATIENCE < 1
    assert "typ host" in answer
    assert _asked(silent)


async def test_a_server_that_said_nothing_is_left_alone_by_the_next_calls_for_a_minute(
    silent: socket.socket, offer: str, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = WebRtcGateway(Metronome(), [_stun(silent.getsockname()[1])])
    await _answer(gateway, offer)
    asked = [_asked(silent)]
    await _answer(gateway, offer)
    asked.append(_asked(silent))
    monkeypatch.setattr(gathering, "loop_time", lambda: loop_time() + gathering.REST + 1)
    await _answer(gateway, offer)
    asked.append(_asked(silent))

    assert [True, False, True] == asked


async def test_a_silent_server_takes_nothing_from_one_that_answers(
    silent: socket.socket, offer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "PATIENCE", 3.0)  # however slow this machine is
    monkeypatch.setattr("aioice.stun.RETRY_RTO", 0.01)  # what says nothing is given up after 0.6 s
    async with relaying() as port:
        gateway = WebRtcGateway(Metronome(), [_stun(silent.getsockname()[1]), _turn(port)])
        first, second = await _answer(gateway, offer), await _answer(gateway, offer)

    assert [True, True] == [f"{LENT[0]} {LENT[1]} typ relay" in answer for answer in (first, second)]

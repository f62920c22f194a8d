"""A port that somebody else has is waited for, for a moment."""

import errno
import socket
from contextlib import closing

import pytest

from server.cli import port


def listening() -> socket.socket:
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    return taken


def test_a_port_that_a_dying_server_lets_go_of_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(listening()) as dying:
        address = dying.getsockname()
        monkeypatch.setattr(port, "hold_thread", lambda _: dying.close())

        assert port.fault_at_last(*address) is None


def test_a_port_that_is_kept_is_told_of_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(port, "hold_thread", waited.append)

    with closing(listening()) as kept:
        fault = port.fault_at_last(*kept.getsockname())

    assert fault is not None
    assert errno.EADDRINUSE == fault.errno
    assert port.PATIENCE == pytest.approx(sum(waited))


def test_an_address_that_is_nowhere_is_told_of_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    monkeypatch.setattr(port, "hold_thread", waited.append)

    assert port.fault_at_last("203.0.113.7", 8700) is not None
    assert [] == waited

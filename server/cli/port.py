"""Whether an address can be listened on. Knows no server."""

import errno
import socket
from typing import Final

from server.clock import hold_thread

PATIENCE: Final = 2.0
"""Seconds in which whoever has the port may let go of it: a server that was killed leaves it for a moment to
a child that it was just making. Larger: it is told later that another program has it."""
LOOKS: Final = 20


def listening_fault(host: str, port: int) -> OSError | None:
    """Why nobody can listen there now; None where somebody can."""
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], address[1]) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address[4])
    except OSError as error:
        return error
    return None


def fault_at_last(host: str, port: int) -> OSError | None:
    """The same, where somebody else's port is waited for, for `PATIENCE` seconds. Holds the thread."""
    for _ in range(LOOKS):
        fault = listening_fault(host, port)
        if fault is None or fault.errno != errno.EADDRINUSE:
            return fault
        hold_thread(PATIENCE / LOOKS)
    return listening_fault(host, port)

"""How a vendor's websocket is reached: where the operator says, and nowhere else. Knows no vendor."""

import ipaddress
from urllib.parse import urlsplit

from websockets.asyncio.client import connect


class Direct(connect):
    """A connection that follows no redirect: key and sound go where the operator sends them."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


def is_nearby(url: str) -> bool:
    """Tell whether an address is on this very machine, where no proxy is to be asked."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"

"""Sends to addresses that customers name, without becoming their way into this network: a name is resolved
once, every address of it is looked at, and the connection goes to the very address that was looked at. No
redirect is followed, no proxy of the environment is used, and little of the answer is read."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, Self
from urllib.parse import urlsplit

import httpx
import msgspec

LONGEST_ANSWER: Final = 4_096
"""Bytes of an answer that are read and kept."""

LONGEST_URL: Final = 2_000
RESOLVE_TIMEOUT: Final = 5.0

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]
"""(host, port) → its addresses."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """Nothing is sent there. The text says why, for the customer."""


class Unreachable(Exception):
    """Nobody answered, or not in time."""


class Sent(msgspec.Struct, frozen=True):
    """What came back."""

    status: int
    body: str
    retry_after: float | None
    """Seconds that the receiver asks to be left alone for."""


class Outward:
    """One process's way out. `private` allows addresses of this network and plain HTTP: for tests and for
    servers that have their customers on the same network."""

    def __init__(
        self, *, private: bool = False, timeout: float = 10.0, resolve: Resolve | None = None
    ) -> None:
        self._private = private
        self._timeout = timeout
        self._resolve = resolve or _resolved
        self._http = httpx.AsyncClient(
            timeout=timeout, follow_redirects=False, trust_env=False, limits=httpx.Limits(max_connections=20)
        )

    def check_url(self, url: str) -> None:
        """Say what is wrong with an address before anything is sent to it. Raises Refused."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise Refused("This is no address.") from None
        if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
            raise Refused("This is no address.")
        if parts.scheme != "https" and not (self._private and parts.scheme == "http"):
            raise Refused("The address must begin with https://.")
        if not parts.hostname or parts.username is not None or parts.fragment or port == 0:
            raise Refused("The address must name a host, and neither a user nor a fragment.")
        literal = _literal(parts.hostname)
        if literal is not None and not self._private and not _is_public(literal):
            raise Refused("Addresses of a private network are not called.")

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Sent:
        """Send once. Raises Refused, Unreachable."""
        self.check_url(url)
        parts = urlsplit(url)
        host = str(parts.hostname)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = await self._checked_address(host, port)
        bare = f"[{address}]" if address.version == 6 else str(address)
        target = httpx.URL(url).copy_with(host=bare.strip("[]"), port=port)
        named = {"Host": parts.netloc.rpartition("@")[2], **headers}
        # The certificate is asked for, and checked, under the name; the connection goes to the address.
        extensions = {"sni_hostname": host}
        try:
            async with (
                asyncio.timeout(
                    self._timeout
                ),  # for the whole of it: a drop at a time would be in time for ever
                self._http.stream(
                    "POST", target, content=body, headers=named, extensions=extensions
                ) as answer,
            ):
                return Sent(answer.status_code, await _beginning(answer), _retry_after(answer))
        except TimeoutError:
            raise Unreachable(f"no answer within {self._timeout:g} s") from None
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}"[:300]) from None

    async def _checked_address(self, host: str, port: int) -> Address:
        try:
            async with asyncio.timeout(RESOLVE_TIMEOUT):
                found = [
                    ipaddress.ip_address(each.partition("%")[0]) for each in await self._resolve(host, port)
                ]
        except (OSError, ValueError, TimeoutError, UnicodeError):
            raise Unreachable(f"{host} could not be resolved") from None
        if not found:
            raise Unreachable(f"{host} has no address")
        # One address within this network among others would be chosen sooner or later.
        if not self._private and not all(_is_public(each) for each in found):
            raise Refused(f"{host} leads into a private network, which is not called.")
        return found[0]

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _is_public(address: Address) -> bool:
    """Whether it is one of the whole world's, also where it carries an older one within."""
    if isinstance(address, ipaddress.IPv6Address):
        for within in (address.ipv4_mapped, address.sixtofour, _nat64(address)):
            if within is not None:
                return _is_public(within)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast


def _nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF) if address in _NAT64 else None


def _literal(host: str) -> Address | None:
    """The address that a host is written as, in the odd spellings too that systems understand (octal, one
    number)."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None


async def _resolved(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for _, _, _, _, sockaddr in found]


async def _beginning(answer: httpx.Response) -> str:
    body = bytearray()
    async for piece in answer.aiter_raw():
        body += piece
        if len(body) >= LONGEST_ANSWER:
            break
    return bytes(body[:LONGEST_ANSWER]).decode("utf-8", "replace").replace("\x00", "\ufffd")


def _retry_after(answer: httpx.Response) -> float | None:
    given = answer.headers.get("retry-after", "")
    return float(given) if given.isascii() and given.isdigit() and len(given) < 7 else None

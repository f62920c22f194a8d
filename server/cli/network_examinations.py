"""What `doctor` finds out about the ways in: the port, the public address, and those that sound can take."""

import asyncio
from typing import Final
from urllib.parse import SplitResult, urlsplit

import aioice.ice
import httpx
from aiortc.rtcicetransport import parse_stun_turn_uri
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidHandshake

from server.cli.examinations import Finding
from server.cli.port import listening_fault
from server.clock import loop_time
from server.gateway.gathering import PATIENCE
from server.settings import IceServer, Settings

CADDYFILE: Final = """{host} {{
    reverse_proxy 127.0.0.1:{port}
    encode zstd gzip
}}"""
ADDRESS_TIMEOUT: Final = 5.0
ICE_TIMEOUT: Final = 4.0
"""Seconds after which a STUN or TURN server is silent. aioice waits 5, and doesn't tell that from a
refusal."""
_NOBODY: Final = "/join/run_00000000000000000000000000000000/live"
"""A socket that opens, and waits for a page to say who it is."""


async def examine_port(settings: Settings) -> list[Finding]:
    """Whether the port is free, or held by a Vivavoce that runs."""
    place = f"{settings.host}:{settings.port}"
    if (fault := listening_fault(settings.host, settings.port)) is not None:
        if await _runs_already(settings):
            return [Finding("port", "ok", f"A Vivavoce is running at {place}.")]
        return [
            Finding(
                "port",
                "fault",
                f"{place} can't be listened on ({fault.strerror}).",
                "End the other program, or choose another address with --host and --port.",
            )
        ]
    return [Finding("port", "ok", f"{place} is free.")]


async def _runs_already(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared, not bound
    try:
        async with httpx.AsyncClient(timeout=3, trust_env=False) as http:
            return (await http.get(f"http://{host}:{settings.port}/healthz")).status_code == 200
    except httpx.HTTPError:
        return False


def examine_network(settings: Settings) -> list[Finding]:
    """Whether WebRTC has an address to speak from, and whether browsers will give the microphone."""
    addresses = aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=True)
    if addresses:
        findings = [Finding("udp", "ok", f"WebRTC speaks from {', '.join(addresses[:4])}.")]
    else:
        findings = [
            Finding(
                "udp",
                "warning",
                "This machine has no address but loopback, which WebRTC passes over.",
                "Sound will go over the websocket; for WebRTC give the machine a network address.",
            )
        ]
    parts = urlsplit(settings.public_url)
    host = parts.hostname or ""
    if parts.scheme == "https" or _is_near(parts):
        return [
            *findings,
            Finding("microphone", "ok", f"Browsers give {settings.public_url} the microphone."),
        ]
    return [
        *findings,
        Finding(
            "microphone",
            "warning",
            f"Browsers give the microphone to HTTPS and localhost only, not to {settings.public_url}.",
            "Put Caddy in front, with this Caddyfile, and set VIVAVOCE_PUBLIC_URL to its https address:\n"
            + CADDYFILE.format(host=host, port=settings.port),
        ),
    ]


def _is_near(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    return host == "localhost" or host.startswith("127.") or host == "::1"


async def examine_address(settings: Settings) -> list[Finding]:
    """Whether the public address leads to this server, websockets included, where it is none of this machine
    alone. Only a server that runs can be found."""
    url = settings.public_url
    if _is_near(urlsplit(url)):
        return []
    if not await _runs_already(settings):
        return [Finding("address", "ok", f"{url} can be tried once the server runs: ask again beside it.")]
    try:
        async with httpx.AsyncClient(timeout=ADDRESS_TIMEOUT, trust_env=False) as http:
            answer = await http.get(f"{url}/healthz")
    except httpx.HTTPError as error:
        reason = str(error) or type(error).__name__
        return [Finding("address", "fault", f"{url} isn't reached from here ({reason}).", _LOOK_AT_PROXY)]
    if answer.status_code != 200 or "ok" not in answer.text:
        told = f"{url} leads elsewhere: /healthz answers {answer.status_code}."
        return [Finding("address", "fault", told, _LOOK_AT_PROXY)]
    try:
        async with connect(
            f"ws{url.removeprefix('http')}{_NOBODY}", open_timeout=ADDRESS_TIMEOUT, proxy=None
        ):
            return [Finding("address", "ok", f"{url} leads here, and lets websockets through.")]
    except (InvalidHandshake, OSError, TimeoutError) as error:
        told = f"{url} lets no websocket through ({error}): nobody can talk."
        return [Finding("address", "fault", told, "Have the proxy pass on the Upgrade of /join/.")]


_LOOK_AT_PROXY: Final = (
    "Look at its name, its certificate and the proxy in front, and at VIVAVOCE_PUBLIC_URL."
)


async def examine_ice(settings: Settings) -> list[Finding]:
    """Whether each STUN server tells our address, and each TURN server lends one for its credential."""
    return list(
        await asyncio.gather(*(_ask(server, url) for server in settings.ice_servers for url in server.urls))
    )


async def _ask(server: IceServer, url: str) -> Finding:
    try:
        place = parse_stun_turn_uri(url)
    except ValueError as error:
        return Finding("ice", "fault", f"{url} is no address of a STUN or TURN server ({error}).", _ICE)
    address = (place["host"], place["port"])
    if place["scheme"] == "stuns":
        return Finding("ice", "warning", f"{url}: only browsers can use it, not this server.", _ICE)
    turns = place["scheme"].startswith("turn")
    secret = server.credential
    connection = aioice.ice.Connection(
        ice_controlling=True,
        stun_server=None if turns else address,
        turn_server=address if turns else None,
        turn_username=server.username,
        turn_password=None if secret is None else secret.get_secret_value(),
        turn_ssl=place["scheme"] == "turns",
        turn_transport=place.get("transport") or "udp",
    )
    wanted = "relay" if turns else "srflx"
    began, silent, found = loop_time(), False, set[str]()
    try:
        async with asyncio.timeout(ICE_TIMEOUT):
            await connection.gather_candidates()
        found = {one.host for one in connection.local_candidates if one.type == wanted}
    except TimeoutError:
        silent = True
    finally:
        await connection.close()
    if not found:
        return _without_address(url, silent=silent, browsers_only=server.browsers_only)
    waited = loop_time() - began
    told = f"{url} {'lends' if turns else 'sees us at'} {', '.join(sorted(found))}"
    if waited <= PATIENCE or server.browsers_only:
        return Finding("ice", "ok", f"{told}.")
    return Finding("ice", "warning", f"{told}, but after {waited:.1f} s; calls wait {PATIENCE} s.", _NEARER)


def _without_address(url: str, *, silent: bool, browsers_only: bool) -> Finding:
    if browsers_only:
        return Finding("ice", "ok", f"{url} gives no address from here; only browsers ask it.")
    reason = "gives no address: its name isn't known, or it refuses."
    if silent:
        reason = f"doesn't answer: one call a minute waits {PATIENCE} s for it."
    return Finding("ice", "warning", f"{url} {reason}", _ICE)


_NEARER: Final = "Name one that is nearer in VIVAVOCE_ICE_SERVERS."
_ICE: Final = "Correct or remove it in VIVAVOCE_ICE_SERVERS."

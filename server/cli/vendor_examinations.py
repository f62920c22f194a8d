"""What `doctor` finds out about vendors: whether the settings can be meant so, the keys are good, and who
does each work in the end."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from server.cli.examinations import Finding
from server.providers.catalog import (
    CONSOLES,
    DOES,
    EMBEDDED,
    LINES,
    ROLES,
    WORK,
    Choice,
    Chosen,
    cautions,
    choose,
)
from server.providers.health import asked, complaint
from server.providers.protocols import ProviderError
from server.providers.witness import Role
from server.settings import Settings, SettingsError

_NOT_SO: Final = "Correct it: the server doesn't start like this."


async def examine_vendors(settings: Settings) -> list[Finding]:
    """Try every vendor that a server with these settings would use, each by its own check; of a role without
    any, say who does the work and why."""
    try:
        choice = choose(settings)
    except SettingsError as error:
        return [Finding("providers", "fault", fault, _NOT_SO) for fault in error.faults]
    findings = [Finding("providers", "warning", caution) for caution in cautions(settings)]
    findings += [_keyless(role, settings) for role in ROLES if not getattr(choice, role)]
    return findings + list(await asyncio.gather(*(_examined(one, choice) for one in choice.all)))


def _keyless(role: Role, settings: Settings) -> Finding:
    work = WORK[role]
    does = f"the embedded {work} {DOES[role]}."
    if getattr(settings, role) == EMBEDDED:
        return Finding(work, "ok", f"VIVAVOCE_{role.upper()} is {EMBEDDED}: {does}")
    keys = _either(list(dict.fromkeys(line.key_name for line in LINES if line.role == role)))
    return Finding(work, "ok", f"{keys} set: {does}")


def _either(keys: Sequence[str]) -> str:
    return f"{keys[0]} isn't" if len(keys) == 1 else f"Neither {' nor '.join(keys)} is"


async def _examined(one: Chosen, choice: Choice) -> Finding:
    line, work = one.line, WORK[one.line.role]
    try:
        adapter: Any = line.make(one.access)
    except Exception as error:  # whatever a broken installation raises is the finding
        return Finding(work, "fault", f"{line.name} doesn't load ({error}).", "Install Vivavoce anew.")
    keeping = asyncio.get_running_loop().create_task(adapter.run())  # owned here, and ended below
    try:
        fault = await asked(line, adapter)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    if fault is None:
        first = getattr(choice, line.role)[0] is one
        does = DOES[line.role] if first else "is there for blueprints that name it"
        return Finding(work, "ok", f"{line.company} takes {line.key_name}: {line.name} {does}.")
    told = complaint(line, fault)
    return Finding(work, "fault" if fault.about_the_key else "warning", told, _way_out(one, fault))


def _way_out(one: Chosen, fault: ProviderError) -> str:
    """What the owner of the key can do about it."""
    address = f"VIVAVOCE_{one.line.vendor.upper()}_URL"
    console = CONSOLES.get(one.line.vendor, "the vendor's console")
    if fault.about_the_key:
        ways = {
            401: f"Copy the key again from {console}, whole, without quotation marks or spaces.",
            402: f"Look at the account's balance at {console}; another key of the same account won't do.",
            403: f"See at {console} what the key may do, or make another there.",
        }
        led_elsewhere = f" It was sent where {address} leads: {_host(one)}." if one.access.url else ""
        return ways[fault.status or 401] + led_elsewhere
    if fault.status is not None:
        return "It may be over in a moment: run this again, and look at the vendor's status page if it isn't."
    if one.access.url:
        return f"See that {address} is right and a server runs there: {_host(one)} was asked."
    return f"See that this machine may reach {one.line.company}: its network, a firewall, HTTPS_PROXY."


def _host(one: Chosen) -> str:
    """Where it was asked: without what an operator may have put before the host."""
    parts = urlsplit(one.access.url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

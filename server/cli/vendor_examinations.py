"""What `doctor` finds out about vendors: whether the settings can be meant so, and the keys are good."""

import asyncio
from typing import Any, Final

from server.cli.examinations import Finding
from server.providers.catalog import WORK, Chosen, cautions, choose
from server.providers.health import asked, complaint
from server.settings import Settings, SettingsError

_NOT_SO: Final = "Correct it: the server doesn't start like this."
_WAY_OUT: Final = "Look at the key in the vendor's console, and at VIVAVOCE_…_URL if one is set."


async def examine_vendors(settings: Settings) -> list[Finding]:
    """Try every vendor that a server with these settings would use, each by its own check."""
    try:
        chosen = choose(settings).all
    except SettingsError as error:
        return [Finding("providers", "fault", fault, _NOT_SO) for fault in error.faults]
    findings = [Finding("providers", "warning", caution) for caution in cautions(settings)]
    if not chosen:
        none = "No vendor's key is used: the embedded ones do all the work."
        findings.append(Finding("providers", "ok", none))
    return findings + list(await asyncio.gather(*(_examined(one) for one in chosen)))


async def _examined(one: Chosen) -> Finding:
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
        return Finding(work, "ok", f"{line.company} takes {line.key_name}: {line.name} can be used.")
    refused = fault.status in (401, 403)
    return Finding(work, "fault" if refused else "warning", complaint(line, fault), _WAY_OUT)

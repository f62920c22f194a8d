"""`vivavoce doctor`: looks for what keeps interviews from working on this machine."""

import asyncio
from pathlib import Path

import click
import msgspec

from server.cli import examinations, network_examinations
from server.cli.configuration import load_settings, storage_options
from server.cli.examinations import Finding
from server.cli.output import counted, json_option, print_json, progress
from server.cli.vendor_examinations import examine_vendors
from server.settings import Settings

_COLOURS = {"ok": "green", "warning": "yellow", "fault": "red"}


@click.command()
@click.option("--host", help="Address that the server shall listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port that the server shall listen on.")
@click.option("--public-url", help="Where participants shall reach the server.")
@storage_options
@json_option
def doctor(
    host: str | None,
    port: int | None,
    public_url: str | None,
    data_dir: Path | None,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Look for what keeps interviews from working here.

    Exits with 1 when something must be mended; each finding says what to do.
    """
    settings = load_settings(
        host=host, port=port, public_url=public_url, data_dir=data_dir, database_url=database_url
    )
    findings = asyncio.run(_examine(settings))
    faults = sum(finding.state == "fault" for finding in findings)
    if as_json:
        print_json({"ok": not faults, "findings": msgspec.to_builtins(findings)})
    else:
        for finding in findings:
            _tell(finding)
        click.echo("Nothing keeps interviews from working." if not faults else f"{counted(faults, 'fault')}.")
    raise SystemExit(1 if faults else 0)


async def _examine(settings: Settings) -> list[Finding]:
    findings = examinations.examine_settings()
    findings += examinations.examine_clock()
    findings += examinations.examine_data_directory(settings)
    findings += examinations.examine_database(settings)
    findings += await network_examinations.examine_port(settings)
    findings += network_examinations.examine_network(settings)
    findings += await network_examinations.examine_address(settings)
    findings += await network_examinations.examine_ice(settings)
    findings += examinations.examine_codecs()
    findings += await examinations.examine_turn_end_model(settings)
    progress("Starting the embedded voice and recogniser …")
    findings += await examinations.examine_providers(settings)
    progress("Asking the vendors …")
    findings += await examine_vendors(settings)
    return findings


def _tell(finding: Finding) -> None:
    mark = click.style(f"{finding.state:<8}", fg=_COLOURS[finding.state])
    click.echo(f"{mark} {finding.name:<15} {finding.text}")
    for line in (finding.remedy or "").splitlines():
        click.echo(f"{'':<25}{line}")

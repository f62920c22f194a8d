"""What a benchmark tells: its figures beside what they must be, and the machine that they were taken on."""

import json
import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

import click
import msgspec

STRICT: Final = "benchmarks.strict"
"""Where a command's context remembers that `--strict` was given."""


class Row(msgspec.Struct, frozen=True):
    """One figure. `must` is its limit, None where the figure is only told."""

    what: str
    value: float | None
    """None = could not be measured."""
    unit: str
    must: float | None = None
    better: Literal["less", "more"] = "less"

    @property
    def met(self) -> bool | None:
        """Whether the limit is kept; None without a limit."""
        if self.must is None:
            return None
        if self.value is None:
            return False
        return self.value <= self.must if self.better == "less" else self.value >= self.must


class Machine(msgspec.Struct, frozen=True):
    """Where the figures come from: they are worth little elsewhere."""

    processor: str
    cores: int
    load_before: float
    """Processes that wanted a core in the minute before the benchmark began."""
    python: str
    system: str


def this_machine() -> Machine:
    """Describe the machine. Called before the work begins, for the sake of its load."""
    return Machine(
        processor=_processor(),
        cores=os.cpu_count() or 1,
        load_before=round(os.getloadavg()[0], 2),
        python=platform.python_version(),
        system=f"{platform.system()} {platform.release()}",
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def publish(
    benchmark: str,
    rows: Sequence[Row],
    machine: Machine,
    *,
    as_json: bool,
    options: dict[str, object] | None = None,
    detail: dict[str, object] | None = None,
) -> None:
    """Print the figures, as a table or as JSON. With `--strict`, a missed limit ends the program with 1."""
    if as_json:
        told = {
            "bench": benchmark,
            "machine": msgspec.to_builtins(machine),
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "options": options or {},
            "figures": {_key(row.what): _figure(row) for row in rows},
            "detail": msgspec.to_builtins(detail or {}),
        }
        click.echo(json.dumps(told, indent=2))
    else:
        click.echo(f"{benchmark}: {machine.processor}, {machine.cores} cores, load {machine.load_before}")
        for row in rows:
            click.echo(_line(row))
    context = click.get_current_context(silent=True)
    if context is not None and context.meta.get(STRICT) and any(row.met is False for row in rows):
        context.exit(1)


def _key(what: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", what.lower()).strip("_")


def _figure(row: Row) -> dict[str, object]:
    budget = None if row.must is None else f"{'<=' if row.better == 'less' else '>='} {row.must:g}"
    return {"value": row.value, "unit": row.unit, "budget": budget, "met": row.met, "what": row.what}


def _line(row: Row) -> str:
    value = "not measured" if row.value is None else f"{row.value:,.6g} {row.unit}".rstrip()
    verdict = ""
    if row.must is not None:
        sign = "≤" if row.better == "less" else "≥"
        verdict = f"  must be {sign} {row.must:g}: {'met' if row.met else 'MISSED'}"
    return f"  {row.what:<58} {value}{verdict}"

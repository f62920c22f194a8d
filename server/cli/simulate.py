"""`vivavoce simulate`: a design tried on simulated participants on virtual time, with a gate."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import click
import msgspec

from dialog.blueprint import Blueprint
from dialog.events import encode_event
from server.cli.configuration import load_settings
from server.cli.files import load_blueprint, readable_file
from server.cli.outcome import make_room
from server.cli.output import Failure, json_option, print_json, progress
from server.pipeline.publish_gate import Summary, Thresholds, shortcomings
from server.providers.catalog import Choice, choose
from server.providers.embedded.interviewer import EmbeddedInterviewer
from server.providers.opening import open_providers
from server.rehearsal import simulation
from server.rehearsal.manners import manner_names
from server.rehearsal.persona import Persona, PersonaError
from server.rehearsal.simulated_talk import Judging, Talk
from server.rehearsal.talk_figures import TalkFigures, lapses
from server.rehearsal.talk_on_paper import on_paper
from server.settings import SettingsError

MOST_SEEDS: Final = 1_000
MOST_TOLD: Final = 12
"""Talks that are told of one by one when a gate isn't passed."""
_COLUMNS: Final = (
    "persona", "stayed", "covered", "facts", "×first", "probes", "cut-ins", "repeats", "guard", "ceilings",
    "gap s", "minutes", "quality", "ended",
)  # fmt: skip


@click.command()
@click.argument("file", type=readable_file)
@click.option(
    "--persona",
    "names",
    multiple=True,
    default=("all",),
    show_default="all",
    metavar="NAME|FILE",
    help="Who takes part: a name, a persona file, or all. May be given several times.",
)
@click.option(
    "--seeds", type=click.IntRange(1, MOST_SEEDS), default=5, show_default=True, help="Talks with each."
)
@click.option(
    "--gate",
    is_flag=False,
    flag_value="",
    metavar="[NAME=NUMBER,…]",
    help="Exit with 1 unless this is reached; names as in the JSON's thresholds.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write each talk: transcript and log.",
)
@click.option("--model", is_flag=True, help="Have answers judged as the settings say, not by rules.")
@json_option
def simulate(
    file: Path,
    names: Sequence[str],
    seeds: int,
    gate: str | None,
    out: Path | None,
    model: bool,
    as_json: bool,
) -> None:
    """Try a blueprint on simulated participants.

    Each talks with the interviewer as people do, only on a clock that runs ahead. What is planted in their
    stories shows whether follow-ups find more than first answers do. Exits with 1 when a gate isn't passed.
    A server asks for the same before it publishes where its organization has a `simulation_gate`.
    """
    blueprint = load_blueprint(file)
    wanted = None if gate is None else _thresholds(gate)
    personas = _personas(blueprint, names)
    if out is not None:
        make_room(out)
    talks = asyncio.run(_hold(blueprint, personas, seeds, out, model))
    found = [] if wanted is None else shortcomings(simulation.summarize("all", talks), wanted)
    if as_json:
        print_json({"blueprint": blueprint.name, **simulation.as_json(talks, wanted)})
    else:
        _tell(talks, out)
        _tell_shortcomings(found, talks)
    raise SystemExit(1 if found else 0)


def _thresholds(gate: str) -> Thresholds:
    """Read `coverage=1,facts=2.5`; what isn't named stays as it is by default."""
    given = {}
    for part in filter(None, (part.strip() for part in gate.split(","))):
        name, _, number = part.partition("=")
        try:
            given[name.strip().replace("-", "_")] = float(number)
        except ValueError:
            raise click.BadParameter(f"“{part}” is not NAME=NUMBER.", param_hint="--gate") from None
    try:
        return msgspec.convert(given, Thresholds)
    except msgspec.ValidationError:
        known = ", ".join(Thresholds.__struct_fields__)
        raise click.BadParameter(f"The names are {known}.", param_hint="--gate") from None


def _personas(blueprint: Blueprint, names: Sequence[str]) -> list[Persona]:
    for name in names:
        if name != "all" and name not in manner_names() and not Path(name).is_file():
            raise click.BadParameter(
                f"“{name}” is neither a file nor one of all, {', '.join(manner_names())}.",
                param_hint="--persona",
            )
    try:
        return simulation.personas_for(blueprint, names)
    except PersonaError as error:
        raise Failure(f"{error} Correct it, or name another with --persona.") from None


async def _hold(
    blueprint: Blueprint, personas: Sequence[Persona], seeds: int, out: Path | None, model: bool
) -> list[TalkFigures]:
    def done(figures: TalkFigures, talk: Talk) -> None:
        progress(f"{figures.persona} {figures.seed}: {figures.outcome}")
        if out is not None:
            text = on_paper(blueprint, talk.events, figures)
            name = f"{figures.persona}-{figures.seed}"
            (out / f"{name}.md").write_text(text, encoding="utf-8")
            (out / f"{name}.jsonl").write_bytes(b"".join(encode_event(e) + b"\n" for e in talk.events))

    async with _judging(model) as judge:
        return await simulation.simulate_talks(
            blueprint, personas, seeds, judge, models_delay=model, done=done
        )


@asynccontextmanager
async def _judging(model: bool) -> AsyncIterator[Judging]:
    """Rules, or the configured model with all that stands around it on a server. Raises Failure."""
    if not model:
        yield EmbeddedInterviewer().judge
        return
    settings = load_settings()
    try:
        choice = Choice(language_model=choose(settings).language_model)
    except SettingsError as error:
        raise Failure("\n".join(error.faults)) from None
    if not choice.language_model:
        raise Failure(
            "No model is configured: set ANTHROPIC_API_KEY or OPENAI_API_KEY, or leave out --model."
        )
    async with open_providers(data_dir=settings.data_dir, recogniser_processes=1, choice=choice) as providers:
        yield providers.language_model.judge


def _tell(talks: Sequence[TalkFigures], out: Path | None) -> None:
    names = list(dict.fromkeys(talk.persona for talk in talks))
    sums = [simulation.summarize(name, [talk for talk in talks if talk.persona == name]) for name in names]
    if len(names) > 1:
        sums.append(simulation.summarize("all", talks))
    rows = [_COLUMNS, *(_row(one) for one in sums)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        click.echo("  ".join(cells).rstrip())
    if out is not None:
        click.echo(f"Written to {out}.")


def _tell_shortcomings(found: Sequence[str], talks: Sequence[TalkFigures]) -> None:
    """Say why the gate isn't passed, and which talks to look at."""
    for sentence in found:
        click.echo(f"{click.style('short', fg='red')}  {sentence}")
    marred = [(talk, said) for talk in talks if (said := lapses(talk))] if found else []
    for talk, said in marred[:MOST_TOLD]:
        click.echo(f"       {talk.persona} {talk.seed}: {'; '.join(said)}")
    if len(marred) > MOST_TOLD:
        click.echo(f"       and {len(marred) - MOST_TOLD} more talks; `--json` tells all.")


def _row(one: Summary) -> tuple[str, ...]:
    planted = one.facts_planted > 0
    gap = "–" if one.gap_p50_s is None else f"{one.gap_p50_s:.1f}/{one.gap_p95_s:.1f}"
    return (
        one.persona,
        f"{one.stayed}/{one.talks}",
        f"{one.coverage:.1%}",
        f"{one.facts_found}/{one.facts_planted}" if planted else "–",
        "–" if one.facts_ratio is None else f"{one.facts_ratio:.2f}",
        str(one.probes),
        str(one.cut_ins),
        str(one.repeats),
        str(one.guard_violations),
        str(one.ceilings_broken),
        gap,
        f"{one.duration_s / 60:.1f}",
        f"{one.quality:.0f}",
        " ".join(f"{code}×{count}" for code, count in one.dispositions.items()),
    )

"""How often the interviewer cuts somebody off, and how long its replies take: simulated talks, counted at the
ear. With `--log`, what other thresholds would have done in real ones."""

import math
import secrets
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Final

import click
import msgspec
from msgspec.structs import replace

from benchmarks.cut_in_figures import Figures, Share, figures_of
from benchmarks.cut_in_talks import ANSWERS_A_TALK, HEARINGS, Case, Hearing, hold
from benchmarks.ear_record import Outcome
from benchmarks.report import Row, publish, this_machine
from benchmarks.resweep import Lull, lulls_of, sweep
from benchmarks.world import World
from dialog.blueprint import Patience
from dialog.events import decode_event
from dialog.policy import DEFAULT_POLICY

SEEDS: Final = 10
STRESS: Final = 1.6
MAIN: Final = "Smart Turn class + text"
GROUPS: Final[dict[str, tuple[Patience, ...]]] = {
    "closed, one pause": ("closed",),
    "narrative and recall": ("narrative", "recall"),
    "reflect": ("reflect",),
}
HARD: Final = {
    "closed, one pause": (5.0, None),
    "narrative and recall": (6.0, 18.0),
    "reflect": (1.0, 6.0),
}
"""Percent of answers cut into, at most: pauses as published, and 1.6 times as long."""
FIRST_AUDIO: Final = {
    "closed, one pause": (0.65, 1.4),
    "narrative and recall": (1.05, 2.55),
    "reflect": (1.35, 3.3),
}
QUESTION: Final = {"narrative and recall": (1.95, 3.6), "reflect": (3.35, 5.0)}
_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)


def cases_of(
    group: str,
    stretch: float,
    hearing: Hearing,
    adapts: bool,
    seeds: Sequence[int],
    answers: int,
    world: World,
) -> list[Case]:
    """Talks enough for so many answers, the same number for each seed."""
    kinds = GROUPS[group]
    each = ANSWERS_A_TALK if group != "closed, one pause" else 7
    talks = max(len(kinds), math.ceil(answers / (each * len(seeds))))
    return [
        Case(
            kinds[number % len(kinds)],
            stretch,
            hearing,
            adapts,
            place * talks + number,
            f"{seed}/{group}/{number}",
            world,
            DEFAULT_POLICY,
        )
        for place, seed in enumerate(seeds)
        for number in range(talks)
    ]


def hold_all(pool: ProcessPoolExecutor, cases: Sequence[Case]) -> list[Outcome]:
    """Hold these talks; their answers in order."""
    return [outcome for talk in pool.map(hold, cases, chunksize=8) for outcome in talk]


def rows_of(group: str, stretch: float, hearing: str, figures: Figures) -> list[Row]:
    """What is told of one condition, adaptation on."""
    name = f"{group}{'' if stretch == 1.0 else f' × {stretch:g}'}, {hearing}"
    judged = hearing == MAIN
    limit = HARD[group][0 if stretch == 1.0 else 1] if judged else None
    rows = [Row(f"{name}: hard cut-ins, 95 % bound", _percent(figures.hard, bound=True), "%", limit)]
    if not judged:
        return rows
    plain = stretch == 1.0
    rows += [
        Row(f"{name}: hard cut-ins, mean", _percent(figures.hard), "%"),
        Row(f"{name}: soft touches", _percent(figures.soft), "%"),
        Row(
            f"{name}: reopened, 95 % bound",
            _percent(figures.reopened, bound=True),
            "%",
            7.0 if plain else None,
        ),
        Row(
            f"{name}: missed ends, 95 % bound",
            _percent(figures.missed, bound=True),
            "%",
            1.5 if plain else None,
        ),
    ]
    if group != "closed, one pause":
        rows += [
            Row(f"{name}: audible tokens an answer", round(figures.tokens, 2), "", 1.3 if plain else None),
            Row(f"{name}: cue in mid-answer", _percent(figures.cue), "%"),
            Row(f"{name}: check-in in mid-answer", _percent(figures.check_in), "%"),
            Row(
                f"{name}: fallback, of generated probes, 95 % bound",
                _percent(figures.fallback, bound=True),
                "%",
                15.0 if plain else None,
            ),
        ]
    return rows


def latency_rows(group: str, figures: Figures, talkative: Figures) -> list[Row]:
    """The reply at the ear, adaptation off; `talkative` is the same with a token allowed in every turn."""
    rows = []
    for what, taken, limits in (
        ("first audio", figures.first_audio, FIRST_AUDIO.get(group)),
        ("first audio, were a token allowed in each turn,", talkative.first_audio, None),
        ("question gap", figures.question, QUESTION.get(group)),
    ):
        for place, percentile in enumerate(("p50", "p95")):
            value = taken[place] if math.isfinite(taken[place]) else None
            limit = limits[place] if limits is not None else None
            if what[-1] != "," or group != "closed, one pause":
                shown = None if value is None else round(value, 2)
                rows.append(Row(f"{group}, {MAIN}: {what} {percentile}", shown, "s", limit))
    return rows


def _percent(share: Share, *, bound: bool = False) -> float:
    return round(100 * (share.upper if bound else share.value), 2)


@click.command()
@click.option("--seed", type=int, help="Ten seeds are drawn from it. Default: drawn anew.")
@click.option("--answers", type=click.IntRange(10), default=5000, show_default=True, help="In each row.")
@click.option(
    "--world", "world_file", type=_FILE, help="JSON that replaces parts of benchmarks/world.py's World."
)
@click.option(
    "--log", "logs", type=_FILE, multiple=True, help="Real talks (events.jsonl) to try thresholds on."
)
@click.option("--main-only", is_flag=True, help=f"Only the row that is judged: {MAIN}.")
@click.option("--processes", type=click.IntRange(1), default=2, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def command(
    seed: int | None,
    answers: int,
    world_file: Path | None,
    logs: tuple[Path, ...],
    main_only: bool,
    processes: int,
    as_json: bool,
) -> None:
    """Cut-ins and reply times of simulated talks, at the ear."""
    machine = this_machine()
    if logs:
        publish("cut-ins", _resweep(logs), machine, as_json=as_json, options={"logs": len(logs)})
        return
    world = World() if world_file is None else msgspec.json.decode(world_file.read_bytes(), type=World)
    seed = secrets.randbelow(2**31) if seed is None else seed
    drawn = Random(seed)
    seeds = [drawn.randrange(2**31) for _ in range(SEEDS)]
    hearings = [one for one in HEARINGS if not main_only or one.name == MAIN]
    rows: list[Row] = []
    detail: dict[str, object] = {}
    with ProcessPoolExecutor(processes) as pool:
        for group in GROUPS:
            for stretch in (1.0, STRESS):
                for hearing in hearings:
                    cases = cases_of(group, stretch, hearing, True, seeds, answers, world)
                    figures = figures_of(hold_all(pool, cases))
                    rows += rows_of(group, stretch, hearing.name, figures)
                    detail[f"{group}, x{stretch:g}, {hearing.name}"] = _plain(figures)
            (judged,) = (one for one in HEARINGS if one.name == MAIN)
            cases = cases_of(group, 1.0, judged, False, seeds, answers, world)
            figures = figures_of(hold_all(pool, cases))
            often = [replace(case, policy=replace(case.policy, token_share=1.0)) for case in cases]
            talkative = figures_of(hold_all(pool, often))
            rows += latency_rows(group, figures, talkative)
            detail[f"{group}, {MAIN}, adaptation off"] = _plain(figures)
    options: dict[str, object] = {"seed": seed, "answers": answers, "world": str(world_file or "built in")}
    publish("cut-ins", rows, machine, as_json=as_json, options=options, detail=detail)


def _plain(figures: Figures) -> object:
    """As JSON takes it: never is null."""
    return msgspec.json.decode(msgspec.json.encode(figures))


def _resweep(logs: Sequence[Path]) -> list[Row]:
    lulls: list[Lull] = []
    for log in logs:
        lines = log.read_bytes().splitlines()
        lulls += lulls_of(decode_event(line) for line in lines if line.strip())
    pauses = sum(lull.duration is not None for lull in lulls)
    rows = [
        Row("pauses that were looked at", pauses, ""),
        Row("ends that were looked at", len(lulls) - pauses, ""),
    ]
    for one in sweep(lulls):
        name = f"strict {one.strict:g}, loose {one.loose:g}"
        after = [None if math.isinf(value) else round(value, 2) for value in one.taken_after]
        rows += [
            Row(f"{name}: pauses taken", round(100 * one.taken_pauses, 1), "%"),
            Row(f"{name}: pauses cut into", round(100 * one.cut_pauses, 1), "%"),
            Row(f"{name}: end to take, p50", after[0], "s"),
            Row(f"{name}: end to take, p95", after[1], "s"),
        ]
    return rows

"""What a look of the probe guard costs, before every probe that is spoken: short talks and the longest that
it reads, with the talk's memory of what was said and without."""

import gc
from collections.abc import Sequence
from random import Random
from time import perf_counter_ns
from typing import Final

import click
from msgspec.structs import replace

from benchmarks.report import Row, publish, this_machine
from benchmarks.turn_loop import figures
from dialog.guarding.said import MOST_CHARACTERS, Heard
from dialog.probe_guard import Line, check
from server.cli.guard import LABELLED
from server.cli.labelled import Situation, read_set

BUDGET_MS: Final = 5.0
ANSWER_CHARACTERS: Final = 400
"""Of an answer in a long talk: a minute of it, typed or spoken at ease."""


def long_talks(situations: Sequence[Situation], seed: int) -> list[Situation]:
    """The same situations at the end of the longest talk that the guard reads back, made of all answers."""
    random = Random(seed)
    said = [line.text for one in situations for line in one.context.transcript if line.role == "participant"]
    talks = []
    for one in situations:
        before: list[Line] = []
        while sum(len(line.text) for line in before) < MOST_CHARACTERS:
            text = ""
            while len(text) < ANSWER_CHARACTERS:
                text = f"{text} {random.choice(said)}".strip()
            before.append(Line("participant", text))
        context = replace(one.context, transcript=(*before, *one.context.transcript))
        talks.append(Situation(one.id, context, one.utterances))
    return talks


def look(situations: Sequence[Situation], *, remembering: bool) -> list[float]:
    """µs of each look; `remembering` as in a talk, in which every answer but the latest was looked at."""
    taken = []
    for situation in situations:
        heard = Heard() if remembering else None
        if heard is not None:
            lines = [line.text for line in situation.context.transcript if line.role == "participant"]
            heard.said(lines[:-1])
        for one in situation.utterances:
            began = perf_counter_ns()
            check(one.utterance, situation.context, heard)
            taken.append((perf_counter_ns() - began) / 1000)
    return taken


def _p99_ms(taken: Sequence[float]) -> float:
    return round(figures(taken)["p99_us"] / 1000, 2)


@click.command()
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="The best one counts.")
@click.option("--json", "as_json", is_flag=True)
def command(seed: int, rounds: int, as_json: bool) -> None:
    """One look of the probe guard, in short talks and in the longest."""
    machine = this_machine()
    short = read_set(LABELLED)
    long = long_talks(short, seed)
    gc.freeze()
    sets = {
        "short talk": (short, True),
        "longest talk": (long, True),
        "longest talk, nothing remembered": (long, False),
    }
    taken = {
        name: min((look(talks, remembering=kept) for _ in range(rounds)), key=sum)
        for name, (talks, kept) in sets.items()
    }
    publish(
        "guard",
        [
            # What nothing is remembered of is no talk's case, but a file's.
            Row(f"{name}, p99", _p99_ms(each), "ms", None if name.endswith("remembered") else BUDGET_MS)
            for name, each in taken.items()
        ],
        machine,
        as_json=as_json,
        options={"seed": seed, "rounds": rounds},
        detail={name: figures(each) for name, each in taken.items()},
    )

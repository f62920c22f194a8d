"""`python -m benchmarks NAME`, the same as `vivavoce bench NAME`: which benchmarks there are.

Each is a file of this folder with a click command named `command`, imported when it is called.
"""

import importlib
from typing import Final

import click

from benchmarks.report import STRICT

BENCHMARKS: Final = {
    "frame": "CPU of one inbound 20 ms packet.",
    "sessions": "Talks in one process at once, beside those of Pipecat.",
    "ear": "Logged reply times against a recording at the participant's mouth and ear.",
    "replies": "What the server adds to a reply, by its own logs.",
    "cut-ins": "Simulated answers cut into, and reply times at the ear.",
    "dead-air": "Dead air, fallbacks and drafts with vendors of usual speed.",
    "barge-in": "Duck, stop and heard text at the ear of somebody who interrupts, in Chromium.",
    "false-stops": "Stops for backchannels, coughs and echoes, on virtual time.",
    "handle": "CPU of the core for one signal.",
    "loss": "What the ear still hears of what the network loses.",
    "stall": "What a standing loop leaves behind in a browser.",
    "interleavings": "Random orders of signals, with every promise checked.",
    "soak": "What thousands of short sessions leave behind in a server.",
    "sittings": "Simulated sittings on virtual time.",
    "turn-end": "Looks of the end-of-turn model: cost, delay, whom they hold up.",
}
"""Every benchmark in the order of `--help`; `cut-ins` is the file cut_ins.py."""


class Benchmarks(click.Group):
    """Imports a benchmark when it is called: most need what the server alone doesn't."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(BENCHMARKS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in BENCHMARKS:
            return None
        command = importlib.import_module(f"benchmarks.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)
        if not any(param.name == "strict" for param in command.params):
            command.params.append(_strict())
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Benchmarks"):
            formatter.write_dl(list(BENCHMARKS.items()))


def _strict() -> click.Option:
    """The option that every benchmark has without asking for it."""

    def remember(context: click.Context, _: click.Parameter, value: bool) -> None:
        context.meta[STRICT] = value

    return click.Option(
        ["--strict"],
        is_flag=True,
        expose_value=False,
        callback=remember,
        help="Exit with 1 when a figure is not what it must be.",
    )


@click.group(cls=Benchmarks)
def bench() -> None:
    """Measure this build on this machine.

    Each benchmark prints its figures beside what they must be; BENCHMARKS.md says how to read them.
    """


if __name__ == "__main__":
    bench(prog_name="python -m benchmarks")

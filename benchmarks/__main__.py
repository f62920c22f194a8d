"""`python -m benchmarks NAME`, the same as `vivavoce bench NAME`: calls the benchmark of that name."""

import importlib

import click

from benchmarks.catalogue import ALL, BENCHMARKS, OTHERS, PROMISED
from benchmarks.report import STRICT


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
        with formatter.section("What is promised"):
            formatter.write_dl([*PROMISED.items(), *ALL.items()])
        with formatter.section("More"):
            formatter.write_dl(list(OTHERS.items()))


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

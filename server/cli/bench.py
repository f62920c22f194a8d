"""`vivavoce bench`: the benchmarks, which are part of the source checkout alone."""

import importlib

import click


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Measure this build on this machine."""
    try:
        benchmarks = importlib.import_module("benchmarks.__main__")
    except ModuleNotFoundError as error:
        if error.name not in ("benchmarks", "benchmarks.__main__"):
            raise
        raise click.ClickException(
            "the benchmarks are part of the source checkout, not of the installed package: run this there"
        ) from None
    benchmarks.bench.main(args=list(arguments) or ["--help"], prog_name="vivavoce bench")

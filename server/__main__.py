"""The command `vivavoce`: which words there are. Each is a file of server/cli, imported when it is called."""

import importlib
import sys
from typing import Final

import click

COMMANDS: Final = {
    "serve": "Run the server.",
    "demo": "Seed a sample study and serve it.",
    "interview": "Hold an interview in the terminal, typed.",
    "check": "Find everything that is wrong with a blueprint.",
    "guard": "Judge what an interviewer might say.",
    "simulate": "Try a blueprint on simulated participants.",
    "replay": "Run a recorded log through today's code.",
    "prerender": "Synthesise a blueprint's known words ahead.",
    "doctor": "Look for what keeps interviews from working here.",
    "bench": "Measure this build on this machine.",
    "keys": "Make, list and revoke API keys.",
    "db": "Look after the database.",
}
"""Every command in the order of `--help`, with the first sentence of its own help."""


class _Commands(click.Group):
    """Imports a command when it is called, so that `--help` and a typing error are answered at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"server.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vivavoce", prog_name="vivavoce")
def main() -> None:
    """Vivavoce holds interviews by living voice, on your own machine.

    Begin with `vivavoce demo`.
    """


if __name__ == "__main__":
    sys.exit(main())

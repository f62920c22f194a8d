"""`python -m tests.emulators COMMAND …`: runs a command with every vendor emulated on this machine, keys and
addresses in its environment, so that it does with the vendors' own libraries what it would do with keys.

    python -m tests.emulators vivavoce demo --participant simulated
    python -m tests.emulators make live
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import click

from tests.emulators.deepgram_ears import decoding_ears
from tests.support.vendors import all_emulated, usual_delays, variables

VENDORS: Final = ("deepgram", "elevenlabs", "anthropic", "openai")


async def run(command: tuple[str, ...], at_once: bool, decoders: int) -> int:
    """Run it, and tell how it ended."""
    delays = {} if at_once else usual_delays()
    async with decoding_ears(decoders) as ears, all_emulated(ears, delays, VENDORS) as (_, settings):
        named = variables(settings)
        if not command:
            sys.stdout.write("".join(f"export {name}={value}\n" for name, value in named.items()))
            sys.stdout.flush()
            await asyncio.to_thread(sys.stdin.read)
            return 0
        environment = os.environ | named  # noqa: TID251 - a child's environment is made of ours
        # the house's own command is beside its Python, whether or not the shell knows
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', '')}"
        child = await asyncio.create_subprocess_exec(*command, env=environment)
        return await child.wait()


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.option("--at-once", is_flag=True, help="Answer without the delays that vendors usually have.")
@click.option("--decoders", default=1, show_default=True, help="Processes that hear for Deepgram.")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def main(command: tuple[str, ...], at_once: bool, decoders: int) -> None:
    """Run COMMAND with every vendor emulated; without one, print the variables and serve until input ends."""
    sys.exit(asyncio.run(run(command, at_once, decoders)))


if __name__ == "__main__":
    main()

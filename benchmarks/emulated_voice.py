"""The emulated ElevenLabs as a program of its own, so that its work isn't counted as ours: prints its
address, and ends when its standard input does."""

import asyncio
import sys

import click

from tests.emulators.elevenlabs import elevenlabs_emulator
from tests.emulators.script import Script, exactly


async def serve(first: float, whole_sentences: bool) -> None:
    """Serve until standard input ends."""
    async with elevenlabs_emulator(Script(first=exactly(first))) as running:
        running.manners.whole_sentences = whole_sentences
        sys.stdout.write(f"{running.vendor.url}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


@click.command()
@click.option("--first", type=float, default=0.29)
@click.option("--whole-sentences", is_flag=True)
def main(first: float, whole_sentences: bool) -> None:
    """Emulate."""
    asyncio.run(serve(first, whole_sentences))


if __name__ == "__main__":
    main()

"""A Deepgram emulator in a process of its own, so that its work isn't taken for ours: `python -m
benchmarks.vendor_peer` says its address and serves until its input ends."""

import asyncio
import sys

from tests.emulators.deepgram import DeepgramEmulator
from tests.emulators.deepgram_ears import ScriptedEars
from tests.emulators.script import Script, exactly
from tests.emulators.vendor_server import vendor_server

WORDS = ("I went to the market on Monday and then I met an old friend of mine there",)


async def serve() -> None:
    """Serve until nobody reads our output any more."""
    emulator = DeepgramEmulator(lambda: ScriptedEars(WORDS), Script(first=exactly(0.05)), keeps_sound=False)
    async with vendor_server(emulator.app, emulator.script) as vendor:
        sys.stdout.write(f"{vendor.url}\n")
        sys.stdout.flush()
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve())

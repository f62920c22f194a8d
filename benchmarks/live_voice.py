"""What a vendor's live voice costs the loop: many utterances at once through the real adapter, against an
emulator in a process of its own that gives its first sound after 290 ms and the rest as fast as it goes.

The longest step is processor time within one callback of the loop: what else the machine does isn't in it.
"""

import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click
import msgspec

from benchmarks.loop_steps import timed_steps
from benchmarks.report import Row, publish, this_machine
from media.frames import VOICE_RATE_HZ
from server.providers.elevenlabs.account import NAME, Account
from server.providers.elevenlabs.speech_synthesis import ElevenLabsVoice
from server.providers.protocols import TextToSpeech, Voice
from tests.emulators.elevenlabs import KEY
from tests.support.speaking import at_work

STEP_MUST_MS = 20.0
FIRST = 0.29
HOW = Voice(NAME, "")
TEXT = (
    "Thank you, that helps me to see how it went on that day. You said that nobody had told you about the "
    "change before the train left; how did you find out in the end, and what did you do then?"
)


class Measured(msgspec.Struct, frozen=True):
    """Many utterances at once, several times over."""

    cpu: float
    speech: float
    """Seconds of sound that came."""
    utterances: int
    steps: list[float]
    """Processor seconds of each of the loop's callbacks."""
    firsts: list[float]
    """Seconds from asking to the first sound."""


@asynccontextmanager
async def _emulator(*, whole_sentences: bool) -> AsyncIterator[str]:
    program = [sys.executable, "-m", "benchmarks.emulated_voice", f"--first={FIRST}"]
    process = await asyncio.create_subprocess_exec(
        *program,
        *(["--whole-sentences"] if whole_sentences else []),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 10)


async def _spoken(voice: TextToSpeech) -> tuple[float, float]:
    """Seconds to the first sound, and of sound."""
    asked = time.perf_counter()
    first = 0.0
    size = 0
    async for chunk in voice.synthesize(TEXT, HOW):
        first = first or time.perf_counter() - asked
        size += len(chunk.pcm)
    return first, size / 2 / VOICE_RATE_HZ


async def _measure(at_once: int, rounds: int, *, ahead: bool, whole_sentences: bool) -> Measured:
    steps: list[float] = []
    spoken: list[tuple[float, float]] = []
    async with _emulator(whole_sentences=whole_sentences) as url:
        voice = ElevenLabsVoice(Account(KEY, url))
        async with at_work(voice):
            way: TextToSpeech = voice.ahead if ahead else voice
            await voice.check()
            await asyncio.gather(*(_spoken(way) for _ in range(at_once)))
            began = time.process_time()
            with timed_steps(steps):
                for _ in range(rounds):
                    spoken += await asyncio.gather(*(_spoken(way) for _ in range(at_once)))
            cpu = time.process_time() - began
    return Measured(
        cpu, sum(sound for _, sound in spoken), len(spoken), steps, [first for first, _ in spoken]
    )


def _rows(what: str, measured: Measured) -> list[Row]:
    firsts = statistics.quantiles(measured.firsts, n=20)
    return [
        Row(f"{what}: CPU of an utterance", round(1_000 * measured.cpu / measured.utterances, 2), "ms"),
        Row(f"{what}: CPU of a second of speech", round(1_000 * measured.cpu / measured.speech, 3), "ms"),
        Row(f"{what}: longest step", round(1_000 * max(measured.steps), 2), "ms", must=STEP_MUST_MS),
        Row(f"{what}: first sound beyond the vendor's, p50", round(1_000 * (firsts[9] - FIRST), 1), "ms"),
        Row(f"{what}: first sound beyond the vendor's, p95", round(1_000 * (firsts[18] - FIRST), 1), "ms"),
    ]


@click.command()
@click.option("--at-once", type=click.IntRange(1, 100), default=20, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def command(at_once: int, rounds: int, as_json: bool) -> None:
    """What a vendor's live voice costs the loop, many utterances at once."""
    machine = this_machine()
    rows: list[Row] = []
    for what, ahead, whole in (
        ("live", False, False),
        ("whole sentences", False, True),
        ("ahead", True, False),
    ):
        # ahead is one at a time, as the prompt cache asks
        together = 1 if ahead else at_once
        measured = asyncio.run(
            _measure(together, rounds * at_once // together, ahead=ahead, whole_sentences=whole)
        )
        rows += _rows(what, measured)
    publish("live-voice", rows, machine, as_json=as_json, options={"at_once": at_once, "rounds": rounds})

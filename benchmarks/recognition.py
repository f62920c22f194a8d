"""What many talks heard by Deepgram Flux cost the server: processor time of the plumbing, and how long any of
it keeps the loop from the sound."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from time import process_time

import click
import numpy as np
import uvloop

from benchmarks.loop_steps import timed_steps
from benchmarks.report import Row, publish, this_machine
from dialog.latency import percentile
from media.frames import EAR_FRAME_SAMPLES, FRAME_DURATION, AudioFrame
from server.providers.deepgram.flux import FluxRecognition
from server.providers.deepgram.nova import NovaRecognition
from server.providers.deepgram.recogniser import DeepgramRecogniser
from server.providers.protocols import Transcript
from tests.emulators.deepgram import KEY

SPEECH_FRAMES = 200
"""Four seconds of an answer."""
PAUSE_FRAMES = 100
"""Two seconds in which Flux gets the silence that we make."""
CPU_BUDGET = 10.0
BLOCK_BUDGET_MS = 20.0
_FRAMES = [
    np.random.default_rng(n).normal(0, 2_000, EAR_FRAME_SAMPLES).astype(np.int16).tobytes() for n in range(50)
]

Talk = FluxRecognition | NovaRecognition


@contextmanager
def _peer() -> Iterator[str]:
    """The emulator's address, for as long as it runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.vendor_peer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as peer:
        assert peer.stdout is not None
        assert peer.stdin is not None
        yield peer.stdout.readline().strip()
        peer.stdin.close()


class _Speaker:
    """Gives one talk its frames, as the listener does: utterances, and nothing between them."""

    def __init__(self, talk: Talk, begins_at: int) -> None:
        self._talk = talk
        self._tick = -begins_at
        self._utterance = 0

    def tick(self) -> None:
        place = self._tick % (SPEECH_FRAMES + PAUSE_FRAMES)
        if self._tick >= 0:
            if place == 0:
                self._utterance += 1
                self._talk.start_utterance(self._utterance)
            if place < SPEECH_FRAMES:
                pcm = _FRAMES[self._tick % len(_FRAMES)]
                self._talk.hear(AudioFrame(pcm, self._tick * EAR_FRAME_SAMPLES))
            elif place == SPEECH_FRAMES:
                self._talk.end_utterance(self._utterance)
        self._tick += 1


async def _count(talk: Talk, finals: list[Transcript]) -> None:
    finals.extend([said async for said in talk if isinstance(said, Transcript) and said.final])


async def _beat(speakers: list[_Speaker], seconds: float) -> tuple[float, list[float]]:
    """Let all speak for so long: the share of a core that it took, and the loop's lateness at each 20 ms, in
    ms."""
    loop = asyncio.get_running_loop()
    began_at, cpu, late = loop.time(), process_time(), []
    for tick in range(1, round(seconds / FRAME_DURATION)):
        due = began_at + tick * FRAME_DURATION
        await asyncio.sleep(max(0.0, due - loop.time()))
        late.append(1_000 * max(0.0, loop.time() - due))
        for speaker in speakers:
            speaker.tick()
    took = loop.time() - began_at
    return 100 * (process_time() - cpu) / took, late


async def measure(
    url: str, streams: int, seconds: float, steps: list[float] | None = None
) -> tuple[float, float, list[float], list[Transcript]]:
    """The beat's own share of a core in %, that of all streams, the lateness, and the finals that came. Where
    `steps` are wanted, the processor seconds of each of the loop's callbacks, which costs some itself."""
    recogniser = DeepgramRecogniser(KEY, address=url)
    running = asyncio.get_running_loop().create_task(recogniser.run())
    await recogniser.check()
    idle, _ = await _beat([], min(5.0, seconds))
    finals: list[Transcript] = []
    talks: list[Talk] = [recogniser.recognize("en-US", ["Acme Corp"]) for _ in range(streams)]
    timed = nullcontext() if steps is None else timed_steps(steps)
    async with asyncio.TaskGroup() as tasks:
        for talk in talks:
            tasks.create_task(_count(talk, finals))
        speakers = [_Speaker(talk, 10 + n * 6) for n, talk in enumerate(talks)]
        with timed:
            connecting = (await _beat(speakers, 3.0))[1]
            busy, late = await _beat(speakers, seconds)
        for talk in talks:
            await talk.close()
    running.cancel()
    await asyncio.wait([running])
    return idle, busy, connecting + late, finals


@click.command()
@click.option("--streams", type=click.IntRange(1, 1_000), default=50, show_default=True)
@click.option("--seconds", type=click.FloatRange(2), default=30.0, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def command(streams: int, seconds: float, as_json: bool) -> None:
    """Processor time of recognition's plumbing, with many talks at Flux at once."""
    machine = this_machine()
    with _peer() as url:
        idle, busy, late, finals = uvloop.run(measure(url, streams, seconds))
        steps: list[float] = []
        asyncio.run(measure(url, streams, 4.0, steps))
    failed = sum(final.failed is not None for final in finals)
    rows = [
        Row(f"{streams} streams, share of a core", round(busy - idle, 1), "%", CPU_BUDGET * streams / 50),
        Row(
            "longest step of the loop, its processor time",
            round(1_000 * max(steps), 1),
            "ms",
            BLOCK_BUDGET_MS,
        ),
        Row("longest time that the loop was late, whoever kept it", round(max(late), 1), "ms"),
        Row("the same, p99", round(percentile(late, 0.99) or 0.0, 1), "ms"),
        Row("finals that failed", failed, "", 0),
        Row("finals", len(finals), "", 1, "more"),
    ]
    options: dict[str, object] = {"streams": streams, "seconds": seconds}
    publish("recognition", rows, machine, as_json=as_json, options=options)

"""What a look of the end-of-turn model costs, how soon it is answered, and what it does to the sound of all
talks."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import click
import numpy as np

from benchmarks.report import Row, publish, this_machine
from benchmarks.whisper_shape import write_whisper_shape
from dialog.latency import percentile
from dialog.policy import DEFAULT_POLICY
from media.frames import EAR_RATE_HZ, FRAME_DURATION
from server.providers.turn_end import OnnxTurnEnd
from server.providers.turn_end_manifest import find_model
from server.providers.turn_end_model import TurnEndModel

ANSWER_BUDGET_MS = 1_000 * DEFAULT_POLICY.look_lead
"""The answer is to be there when the turn may first be taken."""
LATE_BUDGET_MS = 10.0
"""Half a frame."""

Look = Callable[[bytes], Awaitable[float | None]]


def _sound() -> bytes:
    return np.random.default_rng(2).normal(0, 2_000, 8 * EAR_RATE_HZ).astype(np.int16).tobytes()


def _at(values: list[float], share: float) -> float | None:
    found = percentile(values, share)
    return None if found is None else round(found, 2)


async def lateness(seconds: float) -> list[float]:
    """How late the loop wakes for each 20 ms of sound, in ms."""
    loop = asyncio.get_running_loop()
    began, late = loop.time(), []
    for tick in range(1, round(seconds / FRAME_DURATION)):
        due = began + tick * FRAME_DURATION
        await asyncio.sleep(max(0.0, due - loop.time()))
        late.append(1_000 * max(0.0, loop.time() - due))
    return late


async def measure(look: Look | None, seconds: float, per_second: float) -> tuple[list[float], list[float]]:
    """The loop's lateness and the time of each answer, in ms, with so many looks a second."""
    answered: list[float] = []

    async def look_on() -> None:
        assert look is not None
        sound = _sound()
        while True:
            began = perf_counter()
            if await look(sound) is not None:
                answered.append(1_000 * (perf_counter() - began))
            await asyncio.sleep(max(0.0, 1 / per_second - (perf_counter() - began)))

    looking = asyncio.get_running_loop().create_task(look_on()) if look is not None else None
    late = await lateness(seconds)
    if looking is not None:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
    return late, answered


@asynccontextmanager
async def in_a_child(path: Path) -> AsyncIterator[OnnxTurnEnd]:
    detector = OnnxTurnEnd(path)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(detector.run())
        await detector.opened()
        yield detector
        running.cancel()


async def compare(path: Path, seconds: float, per_second: float) -> tuple[list[Row], dict[str, object]]:
    """The child that is shipped, beside a thread of this process, and beside no looks at all."""
    still, _ = await measure(None, seconds, per_second)
    async with in_a_child(path) as detector:
        late, answered = await measure(detector.score, seconds, per_second)
        cost = 1_000 * detector.look_duration
    model, loop = TurnEndModel(*find_model(path)), asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread:
        beside, threaded = await measure(
            lambda pcm: loop.run_in_executor(thread, model.score, pcm), seconds, per_second
        )
    rows = [
        Row("a look, CPU", round(cost, 1), "ms"),
        Row("a look's answer from the child, p50", _at(answered, 0.5), "ms", ANSWER_BUDGET_MS),
        Row("a look's answer from the child, p99", _at(answered, 0.99), "ms"),
        Row("20 ms of sound late, no looks, p99", _at(still, 0.99), "ms"),
        Row("20 ms of sound late, looks in the child, p99", _at(late, 0.99), "ms", LATE_BUDGET_MS),
        Row("20 ms of sound late, looks in a thread instead, p99", _at(beside, 0.99), "ms"),
    ]
    detail: dict[str, object] = {
        name: {"count": len(values), **{f"p{100 * at:g}": _at(values, at) for at in (0.5, 0.99, 1)}}
        for name, values in (
            ("late_still", still),
            ("late_child", late),
            ("late_thread", beside),
            ("answered_child", answered),
            ("answered_thread", threaded),
        )
        if values
    }
    return rows, detail


@click.command()
@click.option("--seconds", type=float, default=20.0, show_default=True, help="Of each of the three runs.")
@click.option("--looks", type=float, default=4.0, show_default=True, help="A second.")
@click.option(
    "--model", type=click.Path(path_type=Path, exists=True), help="Default: one of Smart Turn's shape."
)
@click.option("--json", "as_json", is_flag=True)
def command(seconds: float, looks: float, model: Path | None, as_json: bool) -> None:
    """What a look of the end-of-turn model costs, and whom it holds up."""
    machine = this_machine()
    with tempfile.TemporaryDirectory() as folder:
        path = model or write_whisper_shape(Path(folder) / "whisper-shape.onnx")
        rows, detail = asyncio.run(compare(path, seconds, looks))
    options: dict[str, object] = {"seconds": seconds, "looks": looks, "model": path.name}
    publish("turn-end", rows, machine, as_json=as_json, options=options, detail=detail)

"""What our side adds to a model's reply: from the last piece that a judgement needs, as it leaves the
vendor's emulator on loopback, to the judgement in the mailbox; and how long the loop was held meanwhile.

`python -m benchmarks.model_replies`. The emulator works in the same loop: what it holds counts as ours.
"""

import asyncio
import time
from typing import Final

from dialog.commands import Judge
from dialog.latency import percentile
from dialog.signals import JudgementArrived
from server.live.interpreter import Interpreter
from server.live.mailbox import Mailbox
from server.providers.models.anthropic import AnthropicModels
from server.providers.models.interviewer import ModelInterviewer
from server.providers.models.openai import OpenAIModels
from tests.emulators import anthropic, openai
from tests.emulators.script import Script, about
from tests.emulators.vendor_server import vendor_server
from tests.support.model_requests import STUDY, request

TALKS: Final = 10
ROUNDS: Final = 12
_TICK: Final = 0.001


class Noting(Script):
    """Notes when each further piece of a reply is about to leave."""

    last_at = 0.0

    async def before_next(self) -> None:
        await super().before_next()
        self.last_at = time.perf_counter()


async def _held(gaps: list[float]) -> None:
    """How much later than asked for the loop comes back, each time."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(_TICK)
        gaps.append(time.perf_counter() - before - _TICK)


async def _alone(model: ModelInterviewer, script: Noting) -> list[float]:
    """One judgement after the other: the time from the last piece to the mailbox."""
    took = []
    async with asyncio.TaskGroup() as tasks:
        mailbox = Mailbox()
        mind = Interpreter(model, mailbox, tasks, now=time.perf_counter)
        for number in range(ROUNDS * 5):
            mind.judge(Judge(number, request("it's all a bit of a mess since the scanner came")))
            arrived = await mailbox.receive(None)
            took.append(time.perf_counter() - script.last_at)
            assert isinstance(arrived, JudgementArrived)
            await asyncio.sleep(0.01)
    return took


async def _together(model: ModelInterviewer) -> list[float]:
    """Judgements of several talks at once: how long the loop was held."""
    gaps: list[float] = []
    async with asyncio.TaskGroup() as tasks:
        ticking = tasks.create_task(_held(gaps))
        mailbox = Mailbox()
        mind = Interpreter(model, mailbox, tasks, now=time.perf_counter)
        for _ in range(ROUNDS):
            for talk in range(TALKS):
                mind.judge(Judge(talk, request("it's all a bit of a mess since the scanner came")))
            for _ in range(TALKS):
                await mailbox.receive(None)
        ticking.cancel()
    return gaps


async def measure(vendor: str) -> None:
    """Print the figures of one vendor."""
    script = Noting(seed=1, first=about(0.064, 0.16), later=lambda rng: rng.uniform(0.0, 0.004))
    emulator = (anthropic.AnthropicEmulator if vendor == "anthropic" else openai.OpenAIEmulator)(script)
    async with vendor_server(emulator.app, script) as server, asyncio.TaskGroup() as tasks:
        models = (
            AnthropicModels(anthropic.KEY, server.url)
            if vendor == "anthropic"
            else OpenAIModels(openai.KEY, f"{server.url}/v1")
        )
        model = ModelInterviewer(models)
        service = tasks.create_task(model.run())
        await model.prepare(STUDY)
        await model.judge(request("a first one, for what is made at first use"))
        took = [1_000 * each for each in await _alone(model, script)]
        gaps = [1_000 * each for each in await _together(model)]
        service.cancel()
    added = f"last piece → judgement p50 {percentile(took, 0.5):.1f} ms, p95 {percentile(took, 0.95):.1f} ms"
    held = f"loop held p99 {percentile(gaps, 0.99):.1f} ms, at most {max(gaps):.1f} ms"
    print(f"{vendor}: {added}; with {TALKS} talks at once {held}")


async def main() -> None:
    for vendor in ("anthropic", "openai"):
        await measure(vendor)


if __name__ == "__main__":
    asyncio.run(main())

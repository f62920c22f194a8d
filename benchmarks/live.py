"""How quick the vendors are from here, stage by stage, with the keys of the environment: for `make live`.
Through the same adapters as in a talk. Every try costs a little money."""

import asyncio
import wave
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, Final

import click

from benchmarks.load import UTTERANCE
from benchmarks.report import Row, publish, this_machine
from dialog.judgement import JudgementRequest
from dialog.latency import percentile
from dialog.study import Study
from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, FRAME_DURATION, AudioFrame
from media.resampler import resample
from server.providers.catalog import Chosen, choose
from server.providers.models.interviewer import ModelInterviewer
from server.providers.protocols import ProviderError, Transcript, Voice
from server.providers.witness import FirstToken, Told, witnessed_by
from server.settings import Settings

REQUEST: Final = JudgementRequest(
    "tools", "question", "Which tool?", None, None, "A hammer, mostly.", "A hammer, mostly.", 0.9,
    follow_ups_left=1,
    study=Study("Robin", "You interview people about their work.", "neutral", "en-US", "allow"),
)  # fmt: skip
SENTENCE: Final = "You mentioned that it broke. What happened then?"
_PATIENCE: Final = 20.0


async def listen(recogniser: Any) -> dict[str, float]:
    """From the end of an utterance, sent at the pace of speech, to its final transcript."""
    with wave.open(str(UTTERANCE), "rb") as file:
        sound = resample(file.readframes(file.getnframes()), file.getframerate(), EAR_RATE_HZ)
    recognition = recogniser.recognize("en-US", ())
    size, loop = EAR_FRAME_SAMPLES * 2, asyncio.get_running_loop()
    recognition.start_utterance(1)
    start = loop.time()
    for number, at in enumerate(range(0, len(sound) - size + 1, size)):
        recognition.hear(AudioFrame(sound[at : at + size], number * EAR_FRAME_SAMPLES))
        await asyncio.sleep(max(0.0, start + number * FRAME_DURATION - loop.time()))
    recognition.end_utterance(1)
    began = perf_counter()
    async for heard in recognition:
        if isinstance(heard, Transcript) and heard.final:
            break
    took = perf_counter() - began
    await recognition.close()
    return {"final": took}


async def speak(voice: Any) -> dict[str, float]:
    """From the text to the first sound of it."""
    began, first = perf_counter(), None
    async for _ in voice.synthesize(SENTENCE, Voice("", "")):
        first = first or perf_counter() - began
    return {} if first is None else {"first_byte": first}


async def think(vendor: Any) -> dict[str, float]:
    """From the request to the first token, and to the judgement."""
    stages: dict[str, float] = {}
    began = perf_counter()

    def note(told: Told) -> None:
        if isinstance(told, FirstToken):
            stages.setdefault("first_token", perf_counter() - began)

    with witnessed_by(note):
        await ModelInterviewer(vendor).judge(REQUEST)
    return {**stages, "judged": perf_counter() - began}


_STAGES: Final[dict[str, Callable[[Any], Awaitable[dict[str, float]]]]] = {
    "speech_to_text": listen,
    "text_to_speech": speak,
    "language_model": think,
}


async def measured(one: Chosen, times: int) -> list[Row]:
    """The stages of one provider."""
    adapter = one.line.make(one.access)
    running = asyncio.get_running_loop().create_task(adapter.run())
    found: dict[str, list[float]] = {}
    try:
        async with asyncio.timeout(_PATIENCE):
            await adapter.check()
        for _ in range(times):
            async with asyncio.timeout(_PATIENCE):
                for stage, seconds in (await _STAGES[one.line.role](adapter)).items():
                    found.setdefault(stage, []).append(seconds)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return [
        Row(f"{one.line.name}, {stage}, p{share}", round(percentile(values, share / 100) or 0.0, 3), "s")
        for stage, values in found.items()
        for share in (50, 95)
    ]


@click.command()
@click.option("--times", default=10, show_default=True, help="Tries of each stage.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(times: int, as_json: bool) -> None:
    """How quick the vendors are whose keys are set."""
    machine = this_machine()
    chosen = choose(Settings.load()).all
    faults: list[str] = []
    if not chosen and not as_json:
        click.echo(
            "live: no vendor's key is set, so nobody was asked. docs/providers.md says which keys there are."
        )
        return

    async def everybody() -> list[Row]:
        return [row for one in chosen for row in await _told(one, times, faults)]

    publish("live", asyncio.run(everybody()), machine, as_json=as_json, options={"times": times})
    if faults:
        raise click.ClickException(" ".join(faults))


async def _told(one: Chosen, times: int, faults: list[str]) -> list[Row]:
    """The stages of one provider; one that can't be measured is a sentence more in `faults`."""
    try:
        return await measured(one, times)
    except (ProviderError, TimeoutError) as error:
        faults.append(
            f"{one.line.name} couldn't be measured: {str(error).rstrip('.') or 'no answer in time'}."
        )
        return []

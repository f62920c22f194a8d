"""`python -m benchmarks.scripted_server DATA_DIR SESSIONS`: the real server with scripted providers.

Its gateway, listener, voice activity, sessions, log and recording are those of `vivavoce serve`. On standard
output: one line of JSON with its URL and, for each session, a run's id and the secret of its link. It ends
when its standard input does.
"""

import asyncio
import json
import sys
import wave
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import click
import msgspec
import numpy as np

from benchmarks.scripted_providers import (
    LIVE_VOICE,
    NONE,
    QUESTION,
    READY_VOICE,
    Delays,
    ReadyButForTheLiveVoice,
    ScriptedJudge,
    ScriptedRecogniser,
    ScriptedVoice,
)
from dialog.blueprint import Blueprint
from dialog.script import known_words
from media.frames import FRAME_DURATION, VOICE_RATE_HZ
from media.resampler import resample
from server.api.house import House
from server.app import run_server
from server.cli.serving import run_on_loop
from server.providers.cached import PromptCache
from server.providers.fallback import FallbackVoice
from server.providers.protocols import Voice
from server.settings import Settings
from server.store.organizations import Tenant

UTTERANCE: Final = Path(__file__).with_name("utterance.wav")
LIVE_EVERY: Final = 4
"""One session in four has its questions synthesised live; the others say ready ones."""
_LOUD: Final = 0.1
"""Share of the power of loud speech from which a frame counts as loud, too: −10 dB."""


def design(kind: str, questions: int) -> Blueprint:
    """A chain of closed questions, `kind` being `live` or `ready`."""
    keys = [f"{kind}-{number}" for number in range(questions)]
    nodes = {
        key: {
            "type": "question",
            "key": key,
            "text": f"{QUESTION} {number}: what did you do next?",
            "patience": "closed",
            "probing": {"enabled": True, "max_follow_ups": 1},  # so that the judge is waited for
        }
        for number, key in enumerate(keys)
    }
    return Blueprint.model_validate(
        {
            "name": f"Load, {kind}",
            "agent": {
                "name": "Robin",
                "persona": {"system_prompt": "You interview people.", "tone": "neutral"},
                "techniques": ["tell_me_more"],
                "probing_depth": "light",
                "voice": {"voice_id": LIVE_VOICE if kind == "live" else READY_VOICE},
            },
            "graph": {
                "entry_node": keys[0],
                "nodes": nodes,
                "edges": [{"from": a, "to": b} for a, b in pairwise(keys)],
            },
            "settings": {"estimated_duration_m": 30, "max_duration_m": 600, "language": "en"},
        }
    )


def _voice_sound() -> bytes:
    """The utterance from its first loud frame on.

    The callers tell a reply by its packets' size. What goes in front, a fifth of a second of next to nothing,
    is coded in so many bytes or a few less as it happens, so that a reply would be timed by its first packet
    in one session and by its tenth in another.
    """
    with wave.open(str(UTTERANCE)) as file:
        pcm = file.readframes(file.getnframes())
        voice = resample(pcm, file.getframerate(), VOICE_RATE_HZ)
    size = round(FRAME_DURATION * VOICE_RATE_HZ)
    samples = np.frombuffer(voice[: len(voice) // (2 * size) * 2 * size], np.int16).astype(np.float64)
    powers = (samples.reshape(-1, size) ** 2).mean(axis=1)
    loud = np.flatnonzero(powers >= _LOUD * np.percentile(powers, 90))
    return voice[int(loud[0]) * 2 * size :]


async def _equip(house: House, sessions: int, questions: int, question_duration: float) -> list[Any]:
    """Put scripted providers in the place of the embedded ones, and make a run for each session."""
    delays, sound = Delays(), _voice_sound()
    prompts = house.settings.data_dir / "scripted-prompts"
    cache = PromptCache(FallbackVoice([ScriptedVoice(delays, sound, question_duration)]), prompts)
    hurried = PromptCache(FallbackVoice([ScriptedVoice(NONE, sound, question_duration)]), prompts)
    house.registry.kit = msgspec.structs.replace(
        house.registry.kit,
        speech_to_text=ScriptedRecogniser(delays),
        text_to_speech=cache,
        known_words=ReadyButForTheLiveVoice(cache),
        language_model=ScriptedJudge(delays),
    )
    organization = await house.organizations.first("Load & Co.")
    tenant = Tenant(organization.id, test_mode=True)
    designs = {}
    for kind in ("live", "ready"):
        blueprint = design(kind, questions)
        if kind == "ready":  # made now, so that no synthesis of them falls into what is measured
            for prepared in (hurried, cache):
                await prepared.prepare(known_words(blueprint), Voice(voice_id=READY_VOICE))
        made = await house.blueprints.create(tenant, blueprint)
        await house.blueprints.publish(tenant, made.id)
        designs[kind] = made.id
    links = []
    for number in range(sessions):
        kind = "live" if number % LIVE_EVERY == 0 else "ready"
        run, token = await house.runs.create(tenant, designs[kind], consent_needed=True)
        links.append({"run_id": run.id, "token": token, "kind": kind})
    return links


async def _serve(data_dir: Path, sessions: int, questions: int, question_duration: float) -> None:
    ready: asyncio.Future[tuple[House, str]] = asyncio.get_running_loop().create_future()
    settings = Settings.load(
        data_dir=data_dir, port=0, recogniser_processes=1, max_sessions=10_000, log_level="warning"
    )
    server = run_server(settings, lambda house, url: ready.set_result((house, url)))
    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(server.serve())
        house, url = await ready
        links = await _equip(house, sessions, questions, question_duration)
        print(json.dumps({"url": url, "sessions": links}), flush=True)
        await asyncio.to_thread(sys.stdin.read)
        server.should_exit = True
        await serving


@click.command()
@click.argument("data_dir", type=click.Path(path_type=Path))
@click.argument("sessions", type=int)
@click.option("--questions", type=int, default=20, show_default=True, help="In each interview.")
@click.option("--question-duration", type=float, default=4.4, show_default=True, help="Seconds of sound.")
def main(data_dir: Path, sessions: int, questions: int, question_duration: float) -> None:
    """Serve until standard input ends."""
    run_on_loop(_serve(data_dir, sessions, questions, question_duration))


if __name__ == "__main__":
    main()

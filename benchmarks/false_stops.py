"""How often the agent stops for what is no interruption: backchannels, coughs and its own echo, by the real
voice activity, echo guard and core on virtual time. The recogniser is silent throughout: the voice alone
decides."""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

import click
import numpy as np

from benchmarks.report import Row, publish, this_machine
from dialog.commands import HoldSpeech
from dialog.signals import SpeechLasted, SpeechStarted, SpeechStopped
from media.echo import SentSound
from media.echo_guard import EchoGuard
from media.frames import (
    EAR_FRAME_SAMPLES,
    EAR_RATE_HZ,
    FRAME_DURATION,
    VOICE_FRAME_SAMPLES,
    VOICE_RATE_HZ,
    AudioFrame,
    VoiceFrame,
)
from media.resampler import resample
from media.vad import SileroModel, VoiceActivity, VoiceStarted, VoiceStopped
from server.providers.embedded.speech_synthesis import EmbeddedVoice
from server.providers.protocols import Voice
from server.rehearsal.sound import load_clip
from tests.support.blueprints import blueprint, question
from tests.support.life_study import PERSONA
from tests.support.play import Stage
from tests.support.room import Floats, Room, at_level
from tests.support.speech import pieces

MUST_PERCENT: Final = 5.0
QUESTION: Final = (
    "Now think of the last time that you went on a longer journey with other people, from the first plan "
    "to the moment when you came home again, and tell me about it."
)
BACKCHANNELS: Final = ("mm-hm", "right", "yeah", "okay", "uh-huh")
LASTS: Final = 0.5
SHORT_SPEED: Final = 2.0
"""The embedded voice draws a word that stands alone out to 0.7 s; people say these in 0.25–0.5 s."""


async def speak(texts: Sequence[str], speed: float = 1.0) -> list[bytes]:
    """Each text in the embedded voice, at VOICE_RATE_HZ."""
    voice = EmbeddedVoice()
    running = asyncio.get_running_loop().create_task(voice.run())
    try:
        return [
            b"".join([chunk.pcm async for chunk in voice.synthesize(text, Voice(speed=speed))])
            for text in texts
        ]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def as_floats(pcm: bytes) -> Floats:
    """Sound at VOICE_RATE_HZ as the microphone has it, from its first sound to its last."""
    samples = np.frombuffer(resample(pcm, VOICE_RATE_HZ, EAR_RATE_HZ), np.int16) * np.float32(1 / 32_768)
    loud = np.flatnonzero(np.abs(samples) > 0.01)
    return samples[loud[0] : loud[-1] + 1]


def cough(chance: Random) -> Floats:
    """One or two bursts of noise that die away, as a cough's do."""
    made = np.random.default_rng(chance.randrange(1 << 30))
    bursts = []
    for _ in range(chance.choice((1, 1, 2))):
        count = round(chance.uniform(0.15, 0.35) * EAR_RATE_HZ)
        noise = np.convolve(made.standard_normal(count), np.ones(3) / 3, "same")
        bursts += [noise * np.exp(-5 * np.arange(count) / count), np.zeros(round(0.12 * EAR_RATE_HZ))]
    return np.concatenate(bursts).astype(np.float32)


def stops(agent: bytes, room: Room, sound: Floats | None, at: float) -> float | None:
    """Say the question while `sound` comes over it; seconds from its onset to the agent's stop, None
    without."""
    stage = Stage(blueprint(question("trip", QUESTION), question("bed", "And how was it to be back?")))
    while not any(h.say.kind == "question" and h.began_at is not None for h in stage.speeches):
        stage.run(stage.now + FRAME_DURATION)
    began = stage.now
    sent = SentSound()
    guard = EchoGuard(VoiceActivity(second_opinion=SileroModel.shared()), sent)
    frames = pieces(agent, VOICE_FRAME_SAMPLES * 2)
    said = np.zeros(len(frames) * EAR_FRAME_SAMPLES, np.float32)
    if sound is not None:
        start = round(at * EAR_RATE_HZ)
        said[start : start + len(sound)] = sound[: len(said) - start]
    utterance, told = 0, False
    for slot, pcm in enumerate(frames):
        frame = VoiceFrame(pcm)
        sent.hand_out(frame)
        guard.activity.agent_speaking = True
        heard = room.hear(frame, said[slot * EAR_FRAME_SAMPLES : (slot + 1) * EAR_FRAME_SAMPLES])
        edge = guard.hear(AudioFrame(heard, slot * EAR_FRAME_SAMPLES))
        now = began + (slot + 1) * FRAME_DURATION
        stage.run(now)
        match edge:
            case VoiceStarted():
                utterance, told = utterance + 1, False
                voiced = (slot + 1) * FRAME_DURATION - edge.at_samples / EAR_RATE_HZ
                stage.feed(SpeechStarted(utterance, voiced))
            case VoiceStopped():
                stage.feed(SpeechStopped(utterance, edge.silence, edge.voiced))
            case None:
                if guard.voiced >= LASTS and not told:
                    told = True
                    stage.feed(SpeechLasted(utterance, guard.voiced))
        held = [event.at for event in stage.events if isinstance(event.body, HoldSpeech)]
        if held:
            return held[0] - began - at
    return None


@click.command()
@click.option("--trials", type=click.IntRange(1), default=40, show_default=True, help="Of each kind.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def command(trials: int, seed: int, as_json: bool) -> None:
    """Stops for backchannels, coughs and echoes, and for real interruptions, on virtual time."""
    machine = this_machine()
    chance = Random(seed)
    (agent,) = asyncio.run(speak((QUESTION,)))
    short = asyncio.run(speak(BACKCHANNELS, SHORT_SPEED))
    words = [as_floats(pcm) for pcm in short]
    answers = [as_floats(load_clip(path)) for path in sorted((PERSONA.parent / "answers").glob("*.opus"))]
    answers = [answer for answer in answers if len(answer) > 1.5 * EAR_RATE_HZ]
    latest = len(agent) / 2 / VOICE_RATE_HZ - 2.5
    kinds: dict[str, Callable[[], Floats | None]] = {
        "backchannels": lambda: at_level(chance.choice(words), chance.uniform(-30, -20)),
        "coughs": lambda: at_level(cough(chance), chance.uniform(-30, -18)),
        "echoes": lambda: None,
        "interruptions": lambda: at_level(chance.choice(answers), chance.uniform(-28, -20)),
    }
    rows, all_stopped, all_false = [], 0, 0
    for kind, sound in kinds.items():
        after = []
        for number in range(trials):
            gain = chance.uniform(-30, -6) if kind == "echoes" else -90.0
            room = Room(chance.uniform(0.05, 0.6), gain, seed=number)
            after.append(stops(agent, room, sound(), chance.uniform(1.0, latest)))
        stopped = sum(one is not None for one in after)
        if kind == "interruptions":
            all_stopped = stopped
        else:
            all_false += stopped
            rows.append(Row(f"stops for {kind}", 100 * stopped / trials, "%", MUST_PERCENT))
    rows.insert(
        0, Row("false stops, of all kinds", round(100 * all_false / (3 * trials), 1), "%", MUST_PERCENT)
    )
    rows.append(Row("real interruptions yielded to", 100 * all_stopped / trials, "%", 95.0, "more"))
    options: dict[str, object] = {"trials": trials, "seed": seed}
    lengths = {
        word: round(len(sound) / EAR_RATE_HZ, 2) for word, sound in zip(BACKCHANNELS, words, strict=True)
    }
    publish("false-stops", rows, machine, as_json=as_json, options=options, detail={"seconds": lengths})

"""Rights that are claimed aloud, by synthetic voices, alone and amid an answer: the sound goes through the
ear and the embedded recogniser, and what comes of it through the very reading of intent that a talk uses."""

import asyncio
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
import msgspec

from benchmarks.report import Row, publish, this_machine
from dialog.claims import claim_amid, likely_claim
from dialog.judgement import Right, Wish
from dialog.rights import spoken_right
from dialog.signals import FinalTranscript
from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, VOICE_RATE_HZ, AudioFrame
from media.resampler import resample
from media.vad import SileroModel, VoiceActivity
from server.live.listener import Listener
from server.live.mailbox import Mailbox
from server.providers.embedded.speech_recognition import EmbeddedRecogniser
from server.providers.embedded.speech_synthesis import EmbeddedVoice
from server.providers.protocols import Voice
from server.rehearsal.sound import load_clip

MUST_PERCENT: Final = 85.0
FLITE_VOICES: Final = ("slt", "rms", "awb", "kal16")
ESPEAK_VOICES: Final = ("en-us",)
SETS: Final = Path(__file__).with_name("data") / "spoken_rights.json"
BEGUN: Final = (
    "it was a long day at the office",
    "we talked about it for hours",
    "the bus was late and I walked home in the rain",
    "my father used to drive us to the lake",
)
PAUSE: Final = 0.7
"""Seconds between the words of the answer and the claim."""


class Spoken(msgspec.Struct, frozen=True):
    """One claim, or story, to be said; `right` is None for what claims nothing."""

    text: str
    right: Right | None
    amid: bool


class Heard(msgspec.Struct, frozen=True):
    """What came of it; `sounds_like` is the right that the recogniser took its last utterance for."""

    spoken: Spoken
    voice: str
    parts: tuple[str, ...]
    sounds_like: str

    @property
    def granted(self) -> Right | Wish | None:
        """The right that is granted at once."""
        claim = claim_amid(self.parts)
        right = spoken_right(" ".join(self.parts)) or (claim.right if claim is not None else None)
        return None if right in ("done", "resume") and self.spoken.right is None else right

    @property
    def right(self) -> str | None:
        """The right that is granted, or asked about."""
        likely = likely_claim(self.parts)
        return self.granted or (likely.right if likely is not None else None) or self.sounds_like or None


def material(which: str, share: int) -> list[Spoken]:
    """What is to be said: every `share`th phrase of a set, alone and amid an answer, and the stories."""
    told = json.loads(SETS.read_text(encoding="utf-8"))
    claims = [
        Spoken(text, right, amid)
        for right, texts in told[which].items()
        for text in texts[::share]
        for amid in (False, True)
    ]
    stories = told["stories" if which == "known" else "unseen_stories"]
    return claims + [Spoken(text, None, amid=False) for text in stories[::share]]


def by_flite(text: str, voice: str) -> bytes:
    """Have flite say a text: mono s16le at EAR_RATE_HZ."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "spoken.wav")
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True, timeout=60)
        return resample(load_clip(path), VOICE_RATE_HZ, EAR_RATE_HZ)


class Voices:
    """Every voice by its name, each text said once."""

    def __init__(self, espeak: EmbeddedVoice) -> None:
        self._espeak = espeak
        self._said: dict[tuple[str, str], bytes] = {}

    async def say(self, text: str, voice: str) -> bytes:
        key = (voice, text)
        if key not in self._said:
            if voice in FLITE_VOICES:
                self._said[key] = await asyncio.to_thread(by_flite, text, voice)
            else:
                chunks = [chunk.pcm async for chunk in self._espeak.synthesize(text, Voice(voice))]
                self._said[key] = resample(b"".join(chunks), VOICE_RATE_HZ, EAR_RATE_HZ)
        return self._said[key]


def silence(duration: float) -> bytes:
    return bytes(2 * round(duration * EAR_RATE_HZ))


async def hear(recogniser: EmbeddedRecogniser, pcm: bytes) -> tuple[tuple[str, ...], str]:
    """The words of each utterance that the ear makes of a sound, in order, and which right the last one may
    have claimed."""
    mailbox = Mailbox()
    recognition = recogniser.recognize("en-US", ())
    activity = VoiceActivity(second_opinion=SileroModel.shared())
    listener = Listener(
        mailbox, recognition, activity, agent_sounds=lambda: False, show_level=lambda level: None
    )
    listener.attentive = True
    async with asyncio.TaskGroup() as group:
        passing = group.create_task(listener.pass_on_transcripts())
        size = 2 * EAR_FRAME_SAMPLES
        for frame, start in enumerate(range(0, len(pcm) - size + 1, size)):
            listener.hear(AudioFrame(pcm[start : start + size], frame * EAR_FRAME_SAMPLES))
            if frame % 10 == 0:
                await asyncio.sleep(0)
        await listener.last_words()
        await recognition.close()
        await passing
    signals = [await mailbox.receive(None) for _ in range(len(mailbox))]
    finals = [signal for signal in signals if isinstance(signal, FinalTranscript) and signal.text]
    finals.sort(key=lambda final: final.utterance_id)
    return tuple(final.text for final in finals), finals[-1].claim if finals else ""


async def measure(what: Sequence[Spoken], voices: Sequence[str], processes: int) -> list[Heard]:
    """Say everything in every voice and read what was understood."""
    recogniser, espeak = EmbeddedRecogniser(processes), EmbeddedVoice()
    room = asyncio.Semaphore(processes)
    heard: list[Heard] = []
    speakers = Voices(espeak)

    async def one(spoken: Spoken, voice: str, place: int) -> None:
        async with room:
            begun = BEGUN[place % len(BEGUN)]
            before = await speakers.say(begun, voice) + silence(PAUSE) if spoken.amid else b""
            said = await speakers.say(spoken.text, voice)
            parts, claim = await hear(recogniser, silence(0.6) + before + said + silence(1.2))
            heard.append(Heard(spoken, voice, parts, claim))

    async with asyncio.TaskGroup() as group:
        kept = [group.create_task(recogniser.run()), group.create_task(espeak.run())]
        await recogniser.warm_up()
        async with asyncio.TaskGroup() as talks:
            for voice in voices:
                for place, spoken in enumerate(what):
                    talks.create_task(one(spoken, voice, place))
        for task in kept:
            task.cancel()
    return heard


def _share(heard: Sequence[Heard]) -> float | None:
    return 100 * sum(one.right == one.spoken.right for one in heard) / len(heard) if heard else None


def rows_of(heard: Sequence[Heard]) -> list[Row]:
    """The figures: by right, by voice, alone and amid, and what was taken for a claim that was none."""
    claims = [one for one in heard if one.spoken.right is not None]
    stories = [one for one in heard if one.spoken.right is None]
    flite = [one for one in claims if one.voice in FLITE_VOICES]
    rows = []
    for amid, how in ((False, "alone"), (True, "amid an answer")):
        share = _share([one for one in flite if one.spoken.amid == amid])
        rows.append(Row(f"granted or asked about, {how}", _rounded(share), "%", MUST_PERCENT, "more"))
        sure = [one.granted == one.spoken.right for one in flite if one.spoken.amid == amid]
        rows.append(
            Row(f"granted at once, {how}", _rounded(100 * sum(sure) / len(sure) if sure else None), "%")
        )
    shares = {
        **{
            f"“{right}”": [c for c in flite if c.spoken.right == right]
            for right in dict.fromkeys(_rights(flite))
        },
        **{
            f"voice {name}": [c for c in claims if c.voice == name] for name in dict.fromkeys(_voices(claims))
        },
    }
    rows += [Row(f"heard, {what}", _rounded(_share(of)), "%") for what, of in shares.items()]
    if stories:
        taken = 100 * sum(one.granted is not None for one in stories) / len(stories)
        asked = 100 * sum(one.granted is None and one.right is not None for one in stories) / len(stories)
        rows.append(Row("stories taken for a claim", round(taken, 1), "%", 2.0))
        rows.append(Row("stories asked about", round(asked, 1), "%"))
    return rows


def _rights(heard: Sequence[Heard]) -> list[Right | None]:
    return [one.spoken.right for one in heard]


def _voices(heard: Sequence[Heard]) -> list[str]:
    return [one.voice for one in heard]


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 1)


@click.command()
@click.option("--set", "which", type=click.Choice(["known", "unseen"]), default="unseen", show_default=True)
@click.option("--voice", "voices", multiple=True, help="A flite voice, or en-us. [default: all]")
@click.option("--every", type=click.IntRange(1), default=1, show_default=True, help="Only each nth phrase.")
@click.option("--processes", type=click.IntRange(1, 8), default=2, show_default=True)
@click.option("--missed", is_flag=True, help="Print what was not understood.")
@click.option("--json", "as_json", is_flag=True)
def command(
    which: str, voices: tuple[str, ...], every: int, processes: int, missed: bool, as_json: bool
) -> None:
    """Rights claimed aloud through the embedded recogniser: how many are granted."""
    if shutil.which("flite") is None:
        raise click.ClickException("flite is not installed; its voices are what the recogniser is tried with")
    machine = this_machine()
    chosen = voices or (*FLITE_VOICES, *ESPEAK_VOICES)
    heard = asyncio.run(measure(material(which, every), chosen, processes))
    for one in heard if missed else ():
        if one.right != one.spoken.right:
            click.echo(
                f"{one.voice:6} {one.spoken.right or '-':7} {one.spoken.text!r} ← {one.parts} {one.right}",
                err=True,
            )
    options: dict[str, object] = {"set": which, "voices": list(chosen), "every": every}
    publish("rights", rows_of(heard), machine, as_json=as_json, options=options)

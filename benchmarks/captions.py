"""How soon a participant's page shows what is said: the real server in a process of its own, embedded speech,
sound over WebRTC on loopback; mouth, ear and page on one clock."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import click
import httpx
import msgspec
import numpy as np

from benchmarks.report import Row, publish, this_machine
from dialog.latency import percentile
from media.frames import FRAME_DURATION, VOICE_FRAME_SAMPLES
from server.cli.demo import SAMPLE
from server.clock import loop_time
from server.live.wire import AnyToPage, Caption, Ended, Floor, Start
from server.rehearsal.link import Call, JoinLink
from server.rehearsal.persona import load_persona
from server.rehearsal.sound import AUDIBLE_DBFS
from server.rehearsal.voices import voice_texts
from tests.support.blueprints import blueprint, question
from tests.support.mortal_server import mortal_server
from tests.support.page import TestPage, opened_page

BUDGET_S: Final = 1.0
LONGEST_WAIT: Final = 60.0
"""Seconds for a question to be over and the floor to be open."""

LAST_WORDS: Final = 2.0
"""Seconds for the captions of the last answer."""

SAME_SPEECH: Final = 3.0
"""Seconds by which a voice and its caption may lie apart and still be taken for one."""

PAUSE: Final = 0.3
"""Seconds that pass with the floor open before an answer begins, as somebody takes a breath."""


class Breath(msgspec.Struct, frozen=True):
    """One answer, said in one breath: when its voice set in and fell silent at the mouth."""

    began_at: float
    ended_at: float


class Shown(msgspec.Struct, frozen=True):
    """A caption as it came."""

    at: float
    role: str
    id: str
    text: str


class Sitting:
    """One participant, who says a clip to each question; what was shown to them, and when."""

    def __init__(self, page: TestPage, call: Call) -> None:
        self.breaths: list[Breath] = []
        self.shown: list[Shown] = []
        self._page = page
        self._call = call
        self._changed = asyncio.Event()
        self._light = ""
        self._over = False

    async def look(self) -> None:
        """Note what the page is told, to the end of the interview."""
        while not self._over:
            self._take(await self._page.next(), loop_time())
            self._changed.set()

    def _take(self, message: AnyToPage, now: float) -> None:
        match message:
            case Floor():
                self._light = message.light
            case Caption() if message.text and not message.gone:
                self.shown.append(Shown(now, message.role, message.id, message.text))
            case Ended():
                self._over = True
            case _:
                pass

    async def answer(self, clips: Sequence[bytes]) -> None:
        """Say one clip whenever it is our turn."""
        for clip in clips:
            await self._until(lambda: self._light == "yours")
            heard = len(self._call.hearing.onsets)
            await asyncio.sleep(PAUSE)
            before, after = voiced(clip)
            began = loop_time()
            ended = await self._call.microphone.say(clip)
            self.breaths.append(Breath(began + before, ended - after))
            await self._until(partial(self._goes_on, heard))

    def _goes_on(self, heard: int) -> bool:
        return self._over or len(self._call.hearing.onsets) > heard

    async def _until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(LONGEST_WAIT):
            while not holds():
                self._changed.clear()
                await self._changed.wait()


def voiced(clip: bytes) -> tuple[float, float]:
    """Seconds of silence before and after the voice in a clip."""
    samples = np.frombuffer(clip, np.int16).astype(np.float32) / 32_768
    frames = samples[: len(samples) // VOICE_FRAME_SAMPLES * VOICE_FRAME_SAMPLES].reshape(
        -1, VOICE_FRAME_SAMPLES
    )
    power = np.mean(frames * frames, axis=1)
    loud = np.flatnonzero(10 * np.log10(np.maximum(power, 1e-9)) > AUDIBLE_DBFS)
    return float(loud[0]) * FRAME_DURATION, float(len(frames) - 1 - loud[-1]) * FRAME_DURATION


def first_words(breaths: Sequence[Breath], shown: Sequence[Shown]) -> list[float | None]:
    """Seconds from the onset of each breath to its first word on the page."""
    ours = [one for one in shown if one.role == "participant"]
    return [
        next((one.at - each.began_at for one in ours if one.at > each.began_at), None) for each in breaths
    ]


def last_words(breaths: Sequence[Breath], shown: Sequence[Shown]) -> list[float]:
    """Seconds from the end of each breath until as many words are on the page as there will ever be of it."""
    ours = [one for one in shown if one.role == "participant"]
    found = []
    for number, each in enumerate(breaths):
        until = breaths[number + 1].began_at if number + 1 < len(breaths) else float("inf")
        of_it = [one for one in ours if each.began_at < one.at < until]
        if of_it:
            most = len(of_it[-1].text.split())
            found.append(next(one.at for one in of_it if len(one.text.split()) >= most) - each.ended_at)
    return found


def agents_words(onsets: Sequence[float], shown: Sequence[Shown]) -> list[float]:
    """Seconds from each onset of the agent's voice at the ear to its words on the page; less than 0 where
    they are there first. An onset in the middle of a speech has no caption of its own."""
    first: dict[str, float] = {}
    for one in shown:
        if one.role == "agent":
            first.setdefault(one.id, one.at)
    delays = [min((at - onset for at in first.values()), key=abs) for onset in onsets if first]
    return [each for each in delays if abs(each) < SAME_SPEECH]


async def hold_talk(directory: Path, answers: int) -> tuple[Sitting, Sequence[float]]:
    """Let one participant answer so many questions; what they were shown, and when they heard the agent."""
    persona = load_persona(SAMPLE / "persona.json")
    texts = [text for text in persona.spoken() if len(text.split()) > 3]
    clips = await voice_texts(persona, texts)
    said = [clips[texts[number % len(texts)]] for number in range(answers)]
    design = blueprint(*(question(f"q{n}", f"What about number {n}?") for n in range(answers)), consent=False)
    async with mortal_server(directory, recogniser_processes=1) as server:
        study = await server.study(design)
        await server.start()
        async with opened_page(server, study) as page, httpx.AsyncClient(timeout=30) as http:
            call = Call(lambda: None)
            sitting = Sitting(page, call)
            link = JoinLink(server.origin, study.run_id, study.token)
            await call.connect(http, link, str(page.session["access_token"]))
            async with asyncio.TaskGroup() as tasks:
                listening = tasks.create_task(call.listen())
                looking = tasks.create_task(sitting.look())
                await page.send(Start("voice"))
                await sitting.answer(said)
                await asyncio.sleep(LAST_WORDS)
                looking.cancel()  # an answer that was asked for again leaves a question over
                await call.close()
                listening.cancel()
    return sitting, call.hearing.onsets


@click.command()
@click.option("--answers", type=click.IntRange(1), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True)
def command(answers: int, as_json: bool) -> None:
    """How soon captions of both sides are on the participant's page."""
    machine = this_machine()
    with tempfile.TemporaryDirectory(prefix="vivavoce-captions-") as directory:
        sitting, onsets = asyncio.run(hold_talk(Path(directory), answers))
    first = first_words(sitting.breaths, sitting.shown)
    found = {
        "answer: onset to its first word": [each for each in first if each is not None],
        "answer: its end to its last word": last_words(sitting.breaths, sitting.shown),
        "agent: onset at the ear to its words": agents_words(onsets, sitting.shown),
    }
    rows = [
        Row(f"{what}, p{share}", _rounded(percentile(values, share / 100)), "s", must)
        for what, values in found.items()
        for share, must in ((50, None), (95, BUDGET_S))
    ]
    rows.append(Row("answers that no word was shown of", first.count(None), ""))
    rows.append(Row("answers", len(sitting.breaths), ""))
    detail: dict[str, object] = {what: [round(each, 3) for each in values] for what, values in found.items()}
    publish("captions", rows, machine, as_json=as_json, options={"answers": answers}, detail=detail)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 2)

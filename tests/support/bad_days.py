"""A talk on a vendor's bad day, from the first breath to the last: what the participant heard of it, and what
was left behind."""

import asyncio
import os
from itertools import pairwise
from pathlib import Path
from unittest.mock import patch

import msgspec

from dialog.dead_air import dead_air
from dialog.events import AnswerCommitted, Event, NodeEntered
from dialog.provider_facts import ProviderNoted
from dialog.signals import SpeechBegan, SpeechEnded
from server.providers.elevenlabs.rendering import ElevenLabsRendering
from server.providers.elevenlabs.speech_synthesis import ElevenLabsVoice
from server.providers.embedded.speech_synthesis import EmbeddedVoice
from tests.emulators.deepgram_ears import ScriptedEars
from tests.emulators.script import FaultKind
from tests.support.running_server import running_server
from tests.support.short_talk import ANSWER, ShortTalk, spoken_talk
from tests.support.spoken_words import SpokenWords, said_wrong
from tests.support.unwaited_time import in_unwaited_time
from tests.support.vendors import VendorName, emulated, settings_for

VENDORS: tuple[VendorName, ...] = ("deepgram", "elevenlabs", "anthropic", "openai")
LONGEST_SILENCE = 3.0
"""Seconds that the floor may be ours and nobody be heard."""
IN_MIDST: frozenset[FaultKind] = frozenset(("stalled_midway", "reset", "garbage"))
"""These happen after a first piece that is as it should be."""


class BadDay(msgspec.Struct, frozen=True):
    """How the talk went. Durations in seconds."""

    outcome: str
    nodes: list[str]
    answers: str
    decisions: list[str]
    """What was decided about the vendor, in order."""
    longest_silence: float
    """While the floor was ours, at the participant's ear."""
    unended: list[int]
    """Speeches that began and never ended."""
    overlaps: list[tuple[float, float]]
    """Where a speech began before the one before it was over: its end, the other's beginning."""
    said_wrong: list[tuple[str, str]]
    """Texts of which words were heard twice or not at all, as different voices spoke them."""
    said_twice: list[str]
    """Captions that are there more than once."""
    tasks_left: list[str]
    sockets_left: int
    duration: float
    """Of the talk, on its own clock."""

    def faults(self) -> str:
        """What nobody should have heard or left behind; "" = nothing."""
        found = {
            f"ended as {self.outcome}": self.outcome != "completed",
            f"went through {self.nodes}": self.nodes != ["q1"],
            f"answered {self.answers!r}": "hammer" not in self.answers,
            f"silent for {self.longest_silence:.2f} s": self.longest_silence > LONGEST_SILENCE,
            f"never ended {self.unended}": bool(self.unended),
            f"spoke over itself {self.overlaps}": bool(self.overlaps),
            f"said other words {self.said_wrong}": bool(self.said_wrong),
            f"said twice {self.said_twice}": bool(self.said_twice),
            f"left tasks {self.tasks_left}": bool(self.tasks_left),
            f"left {self.sockets_left} sockets": self.sockets_left > 0,
        }
        return "; ".join(fault for fault, there in found.items() if there)


def bad_day(vendor: VendorName, kind: FaultKind, folder: Path) -> BadDay:
    """Hold a talk while a vendor has such a day from the moment at which the talk begins, on a clock that
    waits for nobody."""
    return in_unwaited_time(lambda: _bad_day(vendor, kind, folder))


async def _bad_day(vendor: VendorName, kind: FaultKind, folder: Path) -> BadDay:
    tasks_before, sockets_before = asyncio.all_tasks(), _sockets()
    words = SpokenWords()
    async with emulated(vendor, lambda: ScriptedEars([ANSWER])) as running:
        settings = settings_for(vendor, running.url)
        with (
            patch("server.providers.opening.EmbeddedVoice", _noted_embedded(words)),
            patch.object(ElevenLabsVoice, "synthesize", words.noting(ElevenLabsVoice.synthesize)),
            patch.object(ElevenLabsRendering, "synthesize", words.noting(ElevenLabsRendering.synthesize)),
        ):
            async with running_server(folder / "house", recogniser_processes=1, **settings) as server:
                assert () == server.house.health.complaints
                running.script.fail(kind, after=1 if kind in IN_MIDST else 0)
                running.reset_all()
                talk = await spoken_talk(server, folder)
        await running.until(requests=0, connections=0)
    await asyncio.sleep(0.1)
    left = [task.get_name() for task in asyncio.all_tasks() - tasks_before]
    return _seen(talk, words, left, _sockets() - sockets_before)


def _noted_embedded(words: SpokenWords) -> type[EmbeddedVoice]:
    """A class of its own: the emulated vendor speaks with the embedded voice too."""
    return type("NotedVoice", (EmbeddedVoice,), {"synthesize": words.noting(EmbeddedVoice.synthesize)})


def _seen(talk: ShortTalk, words: SpokenWords, tasks_left: list[str], sockets_left: int) -> BadDay:
    bodies = [event.body for event in talk.events]
    began = {e.body.speech_id: e.at for e in talk.events if isinstance(e.body, SpeechBegan)}
    ended = {e.body.speech_id: e.at for e in talk.events if isinstance(e.body, SpeechEnded)}
    return BadDay(
        outcome=talk.outcome,
        nodes=[body.node_key for body in bodies if isinstance(body, NodeEntered)],
        answers=" ".join(body.text for body in bodies if isinstance(body, AnswerCommitted)),
        decisions=[body.decision for body in bodies if isinstance(body, ProviderNoted)],
        longest_silence=_longest_silence(talk.events, talk.heard),
        unended=[speech for speech in began if speech not in ended],
        overlaps=overlaps([(at, ended[speech]) for speech, at in began.items() if speech in ended]),
        said_wrong=said_wrong(words.attempts),
        said_twice=[text for text in set(talk.captions) if talk.captions.count(text) > 1],
        tasks_left=tasks_left,
        sockets_left=sockets_left,
        duration=talk.events[-1].at,
    )


def _longest_silence(events: list[Event], heard: list[tuple[float, float]]) -> float:
    """By the ear, not by the log: a log can't know of a voice that breaks off."""
    return max((silence.duration for silence in dead_air(events, heard)), default=0.0)


def overlaps(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Where one stretch of speech begins before the one before it is over."""
    ordered = sorted(spans)
    return [(end, begin) for (_, end), (begin, _) in pairwise(ordered) if begin < end - 0.05]


def _sockets() -> int:
    """How many sockets this process has open."""
    found = 0
    for name in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{name}").startswith("socket:")
        except OSError:
            continue
    return found

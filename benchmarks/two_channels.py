"""An interview in Chromium, recorded at the participant's mouth and ear on one clock.

Knows nothing of what is read off the recording.
"""

import base64
import contextlib
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from dialog.blueprint import Blueprint
from tests.support.chromium import chromium
from tests.support.join_page import watch
from tests.support.running_server import RunningServer, Study
from tests.support.talking_page import PATIENCE_MS, TalkingVisit, link_of

RATE_HZ: Final = 48_000
RECORDER: Final = Path(__file__).with_name("ear.js")

Sound = npt.NDArray[np.float32]
"""Samples within ±1."""


class RecordedVisit(TalkingVisit):
    """A page whose microphone and loudspeaker are in our hands."""

    async def take(self) -> bytes:
        """What was recorded since the last time: mouth and ear interleaved, 16 bits at RATE_HZ."""
        return base64.b64decode(await self.page.evaluate("stage.take()"))

    async def clock(self) -> tuple[float, float]:
        """Wall clock (Unix, in ms) at which the first sample went out of the mouth, and out of the
        loudspeaker."""
        rendered, sounded = await self.page.evaluate("stage.clock()")
        return rendered, sounded


def channels(recorded: bytes) -> tuple[Sound, Sound]:
    """Mouth and ear of what `RecordedVisit.take` gave."""
    both = np.frombuffer(recorded, np.int16).reshape(-1, 2) * np.float32(1 / 32_768)
    return both[:, 0], both[:, 1]


def interview(name: str, questions: Sequence[str]) -> Blueprint:
    """Open questions, one after the other, none probed."""
    nodes = {
        f"q{number}": {
            "type": "question",
            "key": f"q{number}",
            "text": text,
            "probing": {"enabled": False, "max_follow_ups": 0},
        }
        for number, text in enumerate(questions)
    }
    return Blueprint.model_validate(
        {
            "name": name,
            "agent": {
                "name": "Ada",
                "persona": {"system_prompt": "You interview people.", "tone": "neutral"},
                "techniques": ["tell_me_more"],
                "probing_depth": "light",
            },
            "graph": {
                "entry_node": "q0",
                "nodes": nodes,
                "edges": [{"from": a, "to": b} for a, b in pairwise(nodes)],
            },
            "settings": {"estimated_duration_m": 10, "max_duration_m": 60, "language": "en-US"},
        }
    )


@contextlib.asynccontextmanager
async def talking(server: RunningServer, blueprint: Blueprint) -> AsyncIterator[tuple[RecordedVisit, Study]]:
    """Open a run of `blueprint` in Chromium and go through the device check into the spoken talk."""
    study = await server.study(blueprint)
    async with chromium() as browser:
        profile = await browser.new_context(bypass_csp=True, reduced_motion="reduce")
        page = await profile.new_page()
        page.set_default_timeout(PATIENCE_MS)
        await page.add_init_script(RECORDER.read_text())
        visit = RecordedVisit(page)
        watch(visit)
        await page.goto(link_of(server, study))
        await visit.agree()
        await visit.check_devices()
        yield visit, study

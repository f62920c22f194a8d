"""A leg without a network: it asks the mouth for a frame each 20 ms and notes what it is told."""

import asyncio

from media.frames import FRAME_DURATION
from server.clock import loop_time
from server.gateway.leg import Ear, Mouth, Tap


class StillLeg:
    """Sound that takes `delay` seconds to the ear."""

    name = "webrtc"

    def __init__(self, delay: float = 0.1) -> None:
        self.delay = delay
        self.told: list[str] = []
        self.levels: list[int] = []
        """Loudest sample of each frame handed out, 0 for silence."""
        self._ended = asyncio.Event()
        self._reason = ""

    async def stand(self) -> str | None:
        return self._reason or None

    async def run(self, ear: Ear, mouth: Mouth, tap: Tap | None) -> str:
        began = loop_time()
        while not self._ended.is_set():
            frame = mouth.next_frame()
            self.levels.append(0 if frame is None else max(memoryview(frame.pcm).cast("h")))
            due = began + len(self.levels) * FRAME_DURATION
            await asyncio.sleep(max(0.0, due - loop_time()))
        return self._reason

    async def close(self, reason: str) -> None:
        self._reason = self._reason or reason
        self._ended.set()

    def silence_now(self) -> None:
        self._tell("silence")

    def unsilence(self) -> None:
        if self.told:
            self._tell("unsilence")

    def _tell(self, word: str) -> None:
        if self.told[-1:] != [word]:
            self.told.append(word)

    def playout_delay(self) -> float:
        return self.delay

    def uplink_delay(self) -> float:
        return 0.0

    def unheard_since(self) -> float | None:
        return None

    def report_playout(self, seconds: float) -> None:
        self.delay = seconds

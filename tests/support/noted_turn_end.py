"""An end-of-turn detector that notes what it is asked and answers when it is told to."""

import asyncio


class NotedTurnEnd:
    """Every sound that it was asked about, in order."""

    name = "noted"

    def __init__(self, sound_duration: float = 8.0) -> None:
        self.sound_duration = sound_duration
        self.asked: list[bytes] = []
        self.given_up = 0
        self._answers: asyncio.Queue[float | None] = asyncio.Queue()

    async def score(self, pcm: bytes) -> float | None:
        self.asked.append(pcm)
        try:
            return await self._answers.get()
        except asyncio.CancelledError:
            self.given_up += 1
            raise

    def answer(self, probability: float | None) -> None:
        """Answer the look that waits longest, or the next."""
        self._answers.put_nowait(probability)

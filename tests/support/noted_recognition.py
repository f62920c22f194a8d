"""A recogniser that notes what it is given and says what it is told to."""

import asyncio
from collections.abc import AsyncIterator

from dialog.blueprint import Patience
from media.frames import AudioFrame
from server.providers.protocols import Transcript, TurnEndHint


class NotedRecognition:
    """Per utterance, the frames that were heard."""

    def __init__(self) -> None:
        self.frames: dict[int, int] = {}
        self.ended: list[int] = []
        self.patience: Patience = "narrative"
        self._open: int | None = None
        self._transcripts: asyncio.Queue[Transcript | TurnEndHint | None] = asyncio.Queue()

    def attend(self, patience: Patience) -> None:
        self.patience = patience

    def start_utterance(self, utterance_id: int) -> None:
        self._open = utterance_id
        self.frames[utterance_id] = 0

    def hear(self, frame: AudioFrame) -> None:
        assert self._open is not None
        self.frames[self._open] += 1

    def end_utterance(self, utterance_id: int) -> None:
        assert utterance_id == self._open
        self._open = None
        self.ended.append(utterance_id)

    def say(self, transcript: Transcript | TurnEndHint) -> None:
        self._transcripts.put_nowait(transcript)

    async def __aiter__(self) -> AsyncIterator[Transcript | TurnEndHint]:
        while (transcript := await self._transcripts.get()) is not None:
            yield transcript

    async def close(self) -> None:
        self._transcripts.put_nowait(None)

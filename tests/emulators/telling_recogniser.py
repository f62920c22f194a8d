"""A recogniser that tells ends of turns by itself, from a script: the words of each utterance, and hints
around them, sane and not."""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence

from dialog.blueprint import Patience
from server.providers.protocols import Transcript, TurnEndHint


class TellingRecogniser:
    """A SpeechToText whose talks hear `answers`, one an utterance, then nothing."""

    name = "telling"
    turn_end_hints = "telling"

    def __init__(self, answers: Sequence[str]) -> None:
        self._answers = answers

    def recognize(self, language: str, key_terms: Sequence[str]) -> "TellingRecognition":
        return TellingRecognition(list(self._answers))


class TellingRecognition:
    """With each final come hints: `eager`, then some that are none, then `over`; with each start
    `resumed`."""

    def __init__(self, answers: list[str]) -> None:
        self._answers = answers
        self._heard: asyncio.Queue[Transcript | TurnEndHint | None] = asyncio.Queue()

    def attend(self, patience: Patience) -> None:
        pass

    def start_utterance(self, utterance_id: int) -> None:
        if utterance_id > 1:
            self._heard.put_nowait(TurnEndHint(utterance_id, "resumed", 0.1))

    def hear(self, frame: object) -> None:
        pass

    def end_utterance(self, utterance_id: int) -> None:
        words = self._answers.pop(0) if self._answers else ""
        for heard in (
            Transcript(utterance_id, words, 0.9, final=False),
            TurnEndHint(utterance_id, "eager", 0.5),
            TurnEndHint(utterance_id - 1, "over", 0.9),
            TurnEndHint(utterance_id + 7, "over", 0.9),
            TurnEndHint(utterance_id, "over", math.nan),
            TurnEndHint(utterance_id, "over", 17.0),
            Transcript(utterance_id, words, 0.9, final=True),
            TurnEndHint(utterance_id, "over", 0.8),
        ):
            self._heard.put_nowait(heard)

    async def __aiter__(self) -> AsyncIterator[Transcript | TurnEndHint]:
        while (heard := await self._heard.get()) is not None:
            yield heard

    async def close(self) -> None:
        self._heard.put_nowait(None)

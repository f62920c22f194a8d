"""One utterance on a line that carries several: what of it has come and nobody has taken yet. Knows no
socket."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from server.providers.elevenlabs.messages import Reported, closing, opening, sentence
from server.providers.protocols import ProviderError

MOST_MESSAGES: Final = 4_000
"""For one utterance. The longest text, of 4,000 characters, takes a few hundred; those without sound count
against nothing else."""


class Context:
    """An utterance from its opening to its `isFinal`, by which the vendor stops counting it.

    `most_bytes` bounds its sound; `freed` is called when it is over.
    """

    def __init__(
        self, context_id: str, post: Callable[[str], None], most_bytes: int, freed: Callable[[], None]
    ) -> None:
        self.context_id = context_id
        self._post = post
        self._bytes_left = most_bytes
        self._messages_left = MOST_MESSAGES
        self._freed = freed
        self._came: deque[Reported] = deque()
        self._something = asyncio.Event()
        self._fault: ProviderError | None = None
        self._closed = False
        self.dropped = False
        """Nobody listens any more: what still comes is thrown away."""
        self.over = False

    def say(self, sentences: Sequence[str], speed: float) -> None:
        """Have all of it spoken. Opening, words and closing leave together: no answer needs waiting for."""
        self._post(opening(self.context_id, speed))
        for text in sentences:
            self._post(sentence(self.context_id, text))
        self._close()

    def drop(self) -> None:
        """Nobody wants the rest."""
        self.dropped = True
        self._came.clear()
        if not self.over:
            self._close()

    def receive(self, message: Reported) -> bool:
        """Take what the line brought; False when it is more than any speech of this text can be."""
        self._bytes_left -= len(message.sound)
        self._messages_left -= 1
        if not self.dropped:
            self._came.append(message)
            self._something.set()
        if message.final:
            self._end()
        return self._bytes_left >= 0 and self._messages_left >= 0

    def fail(self, fault: ProviderError) -> None:
        """Nothing more will come."""
        if not self.over:
            self._fault = fault
            self._end()

    async def next_message(self) -> Reported | None:
        """The next message, or None when it is over. Raises ProviderError."""
        while not self._came and not self.over:
            self._something.clear()
            await self._something.wait()
        if self._came:
            return self._came.popleft()
        if self._fault is not None:
            raise self._fault
        return None

    def _close(self) -> None:
        if not self._closed:
            self._closed = True
            self._post(closing(self.context_id))

    def _end(self) -> None:
        self.over = True
        self._something.set()
        self._freed()

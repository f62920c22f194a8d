"""The prompt cache: words that are known ahead are synthesised once, and kept in memory and on disk, ready to
leave.

A TextToSpeech around another one. Knows no vendor and no interview.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Final, cast

from server.providers.clip_store import ClipStore
from server.providers.clips import ClipError, clip_key, make_clip, size_of
from server.providers.protocols import PreparedClip, ProviderError, SpeechChunk, TextToSpeech, Voice

MEMORY_BYTES: Final = 64 << 20
"""Twenty minutes of speech."""
DISK_BYTES: Final = 1 << 30
MAX_UNSTORED: Final = 32
"""Between the pace of speech and that of the disk; past it a spoken text is not kept, and made again next
time."""
MAX_KNOWN: Final = 20_000

Progress = Callable[[int, int], None]
"""Called with how many texts are done, and of how many."""


class PromptCache:
    """Wrap `voice`. `run` stores what was spoken live, for as long as it is awaited.

    `ahead` is the same voice for words that nobody waits for yet, where it has another way for those.
    `expect` is told which voice a talk that begins will need live. `effective` tells who really speaks where
    a voice is asked for, `made_by` with what (a model, say): clips are kept under both. What a stand-in has
    spoken is not kept.

    A text handed to `prepare` is known: should it be spoken before its turn came, that synthesis is kept.
    """

    def __init__(
        self,
        voice: TextToSpeech,
        directory: Path,
        *,
        memory_bytes: int = MEMORY_BYTES,
        disk_bytes: int = DISK_BYTES,
        ahead: TextToSpeech | None = None,
        expect: Callable[[Voice], None] | None = None,
        effective: Callable[[Voice], Voice] = lambda voice: voice,
        made_by: Callable[[Voice], str] = lambda voice: "",
    ) -> None:
        self.name = voice.name
        self._voice = voice
        self._ahead = ahead or voice
        self._effective = effective
        self._made_by = made_by
        self._expect = expect
        self._store = ClipStore(directory, disk_bytes)
        self._memory: OrderedDict[str, PreparedClip] = OrderedDict()
        self._memory_bytes = 0
        self._max_memory_bytes = memory_bytes
        self._known: OrderedDict[str, None] = OrderedDict()
        self._making = asyncio.Lock()
        self._unstored: asyncio.Queue[tuple[str, list[SpeechChunk]]] = asyncio.Queue(MAX_UNSTORED)

    async def run(self) -> None:
        """Make clips of known texts that had to be spoken live, until cancelled."""
        while True:
            key, chunks = await self._unstored.get()
            if key not in self._memory:
                await self._keep(key, chunks)

    def speaker(self, voice: Voice) -> Voice:
        """Who speaks where `voice` is asked for, all being well."""
        return self._effective(voice)

    @property
    def unwritten(self) -> int:
        """How many clips the disk didn't take."""
        return self._store.unwritten

    def lookup(self, text: str, voice: Voice) -> PreparedClip | None:
        """Find a clip in memory; never waits."""
        return self._recall(self._key(voice, text))

    async def fetch(self, text: str, voice: Voice) -> PreparedClip | None:
        """Find a clip in memory or on disk."""
        key = self._key(voice, text)
        clip = self._recall(key)
        if clip is None:
            clip = await asyncio.to_thread(self._store.load, key)
            if clip is not None:
                self._remember(key, clip)
        return clip

    async def prepare(
        self, texts: Sequence[str], voice: Voice, progress: Progress | None = None
    ) -> list[str]:
        """Have clips of all `texts` in memory and on disk; returns the texts that failed.

        One synthesis at a time, whoever asks, so that live speech keeps its turn.
        """
        if self._expect is not None:
            self._expect(self._effective(voice))
        wanted = list(dict.fromkeys(text for text in texts if text.strip()))
        for text in wanted:
            self._know(self._key(voice, text))
        failed = []
        for done, text in enumerate(wanted, 1):
            if not await self._prepare_one(text, voice):
                failed.append(text)
            if progress is not None:
                progress(done, len(wanted))
        return failed

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        """Speak `text`: at once when it was made ahead, live otherwise. Raises ProviderError."""
        clip = await self.fetch(text, voice)
        if clip is not None:
            yield SpeechChunk(clip.pcm, clip.words)
            return
        key = self._key(voice, text)
        spoken = []
        chunks = cast("AsyncGenerator[SpeechChunk, None]", self._voice.synthesize(text, voice))
        async with aclosing(chunks):
            async for chunk in chunks:
                spoken.append(chunk)
                yield chunk
        if key in self._known and not self._unstored.full():
            self._unstored.put_nowait((key, spoken))

    async def _prepare_one(self, text: str, voice: Voice) -> bool:
        async with self._making:
            if await self.fetch(text, voice) is not None:
                return True
            speaking = cast("AsyncGenerator[SpeechChunk, None]", self._ahead.synthesize(text, voice))
            try:
                async with aclosing(speaking):
                    chunks = [chunk async for chunk in speaking]
            except ProviderError:
                return False
            return await self._keep(self._key(voice, text), chunks)

    async def _keep(self, key: str, chunks: list[SpeechChunk]) -> bool:
        if any(chunk.stand_in for chunk in chunks):
            return False
        try:
            clip = await asyncio.to_thread(make_clip, chunks)
        except ClipError:
            return False
        self._remember(key, clip)
        await asyncio.to_thread(self._store.save, key, clip)
        return True

    def _key(self, voice: Voice, text: str) -> str:
        voice = self._effective(voice)
        return clip_key(self.name, voice, text, self._made_by(voice))

    def _know(self, key: str) -> None:
        self._known[key] = None
        self._known.move_to_end(key)
        if len(self._known) > MAX_KNOWN:
            self._known.popitem(last=False)

    def _recall(self, key: str) -> PreparedClip | None:
        clip = self._memory.get(key)
        if clip is not None:
            self._memory.move_to_end(key)
        return clip

    def _remember(self, key: str, clip: PreparedClip) -> None:
        if key in self._memory:
            return
        self._memory[key] = clip
        self._memory_bytes += size_of(clip)
        while self._memory_bytes > self._max_memory_bytes and len(self._memory) > 1:
            _, oldest = self._memory.popitem(last=False)
            self._memory_bytes -= size_of(oldest)

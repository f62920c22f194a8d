"""The sound of what a persona says: recorded clips where there are any, else a synthetic voice."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from media.frames import VOICE_RATE_HZ
from server.children import end
from server.providers.embedded.speech_synthesis import EmbeddedVoice
from server.providers.protocols import Voice
from server.rehearsal.persona import Persona, Phrase, spoken_clip
from server.rehearsal.sound import load_clip

FLITE: Final = "flite"
"""Of synthetic voices the one that the embedded recogniser understands best: 8 % word errors against 60 %."""

_FLITE_TIMEOUT: Final = 20.0


async def voice_texts(persona: Persona, texts: Iterable[str]) -> dict[str, bytes]:
    """Find or make the sound of each text: mono s16le at VOICE_RATE_HZ. Raises ClipError, ProviderError."""
    clips: dict[str, bytes] = {}
    unspoken = []
    for text in dict.fromkeys(texts):
        path = spoken_clip(persona, text)
        if path is None:
            unspoken.append(text)
        else:
            clips[text] = await asyncio.to_thread(load_clip, path)
    if unspoken and (flite := shutil.which(FLITE)):
        clips |= {text: await _spoken_by_flite(flite, persona.voice, text) for text in unspoken}
    elif unspoken:
        clips |= await _spoken_by_ours(unspoken)
    return clips


def sound_of(phrase: Phrase, clips: dict[str, bytes]) -> bytes:
    """One phrase: its clip, or for a sound without words as much silence as it lasts."""
    return clips[phrase.say] if phrase.say else bytes(round(phrase.ms / 1000 * VOICE_RATE_HZ) * 2)


async def _spoken_by_flite(program: str, voice: str, text: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "spoken.wav")
        speaking = await asyncio.create_subprocess_exec(program, "-voice", voice, "-t", text, "-o", str(path))
        try:
            async with asyncio.timeout(_FLITE_TIMEOUT):
                await speaking.wait()
        finally:
            await end(speaking)
        return await asyncio.to_thread(load_clip, path)


async def _spoken_by_ours(texts: Iterable[str]) -> dict[str, bytes]:
    embedded = EmbeddedVoice()
    clips: dict[str, bytes] = {}
    async with asyncio.TaskGroup() as group:
        running = group.create_task(embedded.run())
        for text in texts:
            chunks = [chunk.pcm async for chunk in embedded.synthesize(text, Voice())]
            clips[text] = b"".join(chunks)
        running.cancel()
    return clips

"""nova-3 as the emulator plays it: interim and final results, flushed on demand (listen.v1)."""

from typing import Any, Final

from tests.emulators.deepgram_ears import Hearing, TimedWord
from tests.emulators.script import Script

INTERIM_EVERY: Final = 0.5
SEGMENT: Final = 4.0
"""Seconds after which what was said before a pause is final."""


class NovaResults:
    """One stream's results. `say` sends a message."""

    def __init__(
        self, hearing: Hearing, endpointing: float | None, script: Script, say: Any, request: str
    ) -> None:
        self._hearing = hearing
        self._endpointing = endpointing
        """Seconds of silence that make words final; None = none do."""
        self._script = script
        self._say = say
        self._request = request
        self._final_to = 0.0
        self._told_at = 0.0

    async def greet(self) -> None:
        """It says nothing before it has heard something."""

    async def frame(self, pcm: bytes) -> None:
        """Hear 20 ms, and say what is to be said about them."""
        hearing = self._hearing
        if hearing.hear(pcm):
            await hearing.finish()
        endpoint = self._endpointing is not None and hearing.silence >= self._endpointing
        if hearing.words and not hearing.speaking and (endpoint or hearing.at - self._final_to >= SEGMENT):
            await self._script.before_first()
            await self._tell(hearing.words_now(), final=True, speech_final=endpoint)
        elif hearing.at - self._told_at >= INTERIM_EVERY - 0.001:
            await self._script.before_next()
            await self._tell(hearing.words_now())

    async def order(self, message: dict[str, Any]) -> None:
        """Do what a text message asks."""
        match message.get("type"):
            case "KeepAlive":
                pass
            case "Finalize":
                await self._finalize()
            case "Configure":
                await self._say(
                    {
                        "type": "ConfigureSuccess",
                        "request_id": self._request,
                        "keyterms": message.get("keyterms", []),
                    }
                )
            case _:
                await self._say(
                    {
                        "type": "Error",
                        "variant": "SchemaError",
                        "description": "",
                        "message": "unknown message",
                    }
                )

    async def finish(self) -> None:
        """Nothing more will come: say what is left."""
        await self._hearing.finish()
        if self._hearing.at > self._final_to:
            await self._tell(self._hearing.words_now(), final=True, speech_final=True)
        await self._say(
            {
                "type": "Metadata",
                "transaction_key": "deprecated",
                "request_id": self._request,
                "sha256": "0" * 64,
                "created": "2026-11-21T00:00:00.000Z",
                "duration": round(self._hearing.at, 3),
                "channels": 1,
            }
        )

    async def _finalize(self) -> None:
        """Flush; not a word about it where there is nothing to flush."""
        await self._hearing.finish()
        if self._hearing.at > self._final_to:
            await self._script.before_first()
            await self._tell(self._hearing.words_now(), final=True, speech_final=True, from_finalize=True)

    async def _tell(
        self,
        words: list[TimedWord],
        *,
        final: bool = False,
        speech_final: bool = False,
        from_finalize: bool = False,
    ) -> None:
        start, self._told_at = self._final_to, self._hearing.at
        if final:
            self._final_to = self._hearing.at
            self._hearing.words.clear()
        alternative = {
            "transcript": " ".join(word.text for word in words),
            "confidence": words[0].confidence if words else 0.0,
            "words": [
                {
                    "word": w.text.lower(),
                    "start": w.start,
                    "end": w.end,
                    "confidence": w.confidence,
                    "punctuated_word": w.text,
                }
                for w in words
            ],
        }
        await self._say(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "duration": round(self._hearing.at - start, 3),
                "start": round(start, 3),
                "is_final": final,
                "speech_final": speech_final,
                "channel": {"alternatives": [alternative]},
                "metadata": {
                    "request_id": self._request,
                    "model_info": {"name": "general-nova-3", "version": "2025-04-17.21547", "arch": "nova-3"},
                    "model_uuid": "00000000-0000-0000-0000-000000000000",
                },
                "from_finalize": from_finalize,
            }
        )

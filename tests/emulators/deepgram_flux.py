"""Flux as the emulator plays it: turns, and what is said about them (listen.v2)."""

from typing import Any, Final

import msgspec

from tests.emulators.deepgram_ears import Hearing, TimedWord
from tests.emulators.script import Script

UPDATE_EVERY: Final = 0.25
_UNFINISHED: Final = frozenset({"and", "but", "so", "um", "uh", "the", "a", "to", "because", "with", "of"})
RANGES: Final = {
    "eager_eot_threshold": (0.3, 0.9),
    "eot_threshold": (0.5, 1.0),
    "eot_timeout_ms": (500, 60_000),
}


class FluxSettings(msgspec.Struct):
    """What a client asks for, in its address and by Configure."""

    eager_eot_threshold: float | None = None
    eot_threshold: float = 0.7
    eot_timeout_ms: int = 5_000

    def wrong(self) -> str | None:
        """The name of a threshold out of its range."""
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                return name
        eager = self.eager_eot_threshold
        return "eager_eot_threshold" if eager is not None and eager > self.eot_threshold else None


class FluxTurns:
    """One stream's turns. `say` sends a message."""

    def __init__(
        self, hearing: Hearing, settings: FluxSettings, script: Script, say: Any, request: str
    ) -> None:
        self._hearing = hearing
        self._settings = settings
        self._script = script
        self._say = say
        self._request = request
        self._sequence = 0
        self._turn_index = 0
        self._turn_began_at = 0.0
        self._started = False
        self._eager = False
        self._updated_at = 0.0

    async def greet(self) -> None:
        await self._send({"type": "Connected"})

    async def frame(self, pcm: bytes) -> None:
        """Hear 20 ms, and say what is to be said about them."""
        hearing = self._hearing
        if hearing.hear(pcm):
            # as such delays are published: from the end of the voice
            await self._script.before_first(hearing.silence)
            await hearing.finish()
        if hearing.settling:
            return
        due = hearing.at - self._updated_at >= UPDATE_EVERY - 0.001
        if self._started and hearing.speaking and not self._eager and not due:
            return
        words = hearing.words_now()
        if words and not self._started:
            self._started = True
            await self._tell("StartOfTurn", words)
        elif self._eager and hearing.speaking:
            self._eager = False
            await self._tell("TurnResumed", words)
        elif self._started and not hearing.speaking and await self._may_end(words):
            pass
        elif due:
            await self._script.before_next()
            await self._tell("Update", words)

    async def order(self, message: dict[str, Any]) -> None:
        """Do what a text message asks."""
        match message.get("type"):
            case "Configure":
                await self._configure(message)
            case "ForceEndTurn":
                await self._hearing.finish()
                await self._end_turn(self._hearing.words_now(), "manual")
            case _:
                await self._send({"type": "Error", "code": "UNPARSABLE_CLIENT_MESSAGE", "description": ""})

    async def finish(self) -> None:
        """Nothing more will come: say what is left."""
        await self._hearing.finish()
        if self._hearing.words:
            await self._tell("Update", self._hearing.words_now())

    async def _configure(self, message: dict[str, Any]) -> None:
        now = msgspec.to_builtins(self._settings)
        try:
            wanted = msgspec.convert({**now, **message.get("thresholds", {})}, FluxSettings)
            wrong = wanted.wrong()
        except (msgspec.ValidationError, TypeError):
            wanted, wrong = self._settings, "thresholds"
        if wrong is not None:
            await self._send({"type": "ConfigureFailure", "code": "INVALID_THRESHOLD", "description": wrong})
            return
        self._settings = wanted
        await self._send(
            {"type": "ConfigureSuccess", "thresholds": msgspec.to_builtins(wanted), "keyterms": []}
        )

    async def _may_end(self, words: list[TimedWord]) -> bool:
        """Whether the silence so far is an event of its own."""
        settings, silence = self._settings, self._hearing.silence
        confidence = self._confidence(words)
        if silence * 1_000 >= settings.eot_timeout_ms:
            await self._end_turn(words, "timeout")
        elif confidence >= settings.eot_threshold:
            await self._end_turn(words, "model")
        elif not self._eager and confidence >= (settings.eager_eot_threshold or 1.0):
            self._eager = True
            await self._tell("EagerEndOfTurn", words)
        else:
            return False
        return True

    def _confidence(self, words: list[TimedWord]) -> float:
        silence = self._hearing.silence
        unfinished = words[-1].text.lower().strip(".,") in _UNFINISHED
        return min(0.98, 0.1 + 0.12 * silence if unfinished else 0.38 + 0.6 * silence)

    async def _end_turn(self, words: list[TimedWord], trigger: str) -> None:
        await self._tell("EndOfTurn", words, trigger=trigger)
        self._hearing.words.clear()
        self._turn_index += 1
        self._turn_began_at = self._hearing.at
        self._started = self._eager = False

    async def _tell(self, event: str, words: list[TimedWord], **more: Any) -> None:
        self._updated_at = self._hearing.at
        await self._send(
            {
                "type": "TurnInfo",
                "event": event,
                "turn_index": self._turn_index,
                "audio_window_start": round(self._turn_began_at, 3),
                "audio_window_end": round(self._hearing.at, 3),
                "transcript": " ".join(word.text for word in words),
                "words": [
                    {"word": w.text, "confidence": w.confidence, "start": w.start, "end": w.end}
                    for w in words
                ],
                "end_of_turn_confidence": self._confidence(words) if words else 0.01,
                **more,
            }
        )

    async def _send(self, message: dict[str, Any]) -> None:
        await self._say({**message, "request_id": self._request, "sequence_id": self._sequence})
        self._sequence += 1

"""Deepgram as a SpeechToText: one adapter for a server, and holds the lines of all talks. Knows no word."""

import asyncio
import logging
import re
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Literal

import msgspec

from server.providers.deepgram.flux import THRESHOLDS, FluxRecognition, Thresholds
from server.providers.deepgram.key_terms import accepted
from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.line import Line, Meter
from server.providers.deepgram.nova import NovaRecognition
from server.providers.deepgram.sound import FORMATS, Encoding
from server.providers.deepgram.talk import Talk
from server.providers.deepgram.transport import NAME, Transport, Unavailable, make_client
from server.providers.languages import FLUX_LANGUAGES
from server.providers.protocols import ProviderError
from server.providers.witness import Usage, witness

logger = logging.getLogger(__name__)

Model = Literal["flux", "nova-3"]

_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}")
_END: Final = 0.8
"""Seconds that all lines together have to end in, when the server does."""


class DeepgramRecogniser:
    """Hear talks with `model`. `run` keeps their lines for as long as it is awaited.

    `encoding` mulaw is for legs that are telephones: 8 kHz, as it came. `address` is that of another server
    than Deepgram's own.
    """

    def __init__(
        self,
        api_key: str,
        *,
        model: Model = "flux",
        encoding: Encoding = "linear16",
        address: str | None = None,
        limits: DeepgramLimits | None = None,
    ) -> None:
        self.name = f"{NAME}-{model}"
        self.turn_end_hints = "deepgram-flux" if model == "flux" else ""
        self._model: Model = model
        self._form = FORMATS[encoding]
        self._limits = limits or DeepgramLimits()
        self._client = make_client(api_key, address)
        self._lines: set[asyncio.Task[None]] = set()
        self._over = False

    @property
    def lines(self) -> int:
        """How many are held at this moment."""
        return len(self._lines)

    async def run(self) -> None:
        """Let talks be heard until cancelled; then all of them have failed."""
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._over = True
            for line in self._lines:
                line.cancel()
            if self._lines:
                await asyncio.wait(self._lines, timeout=_END)

    async def check(self) -> None:
        """Try the key on a connection that hears nothing. Raises ProviderError: one sentence."""
        async with self._dial("en-US", [], THRESHOLDS["narrative"]) as socket:
            transport: Transport = socket._websocket
            await transport.open(self._limits)
            await transport.part()

    def recognize(self, language: str, key_terms: Sequence[str]) -> FluxRecognition | NovaRecognition:
        """Begin to listen to one talk; the connection is made meanwhile. Raises ProviderError for a language
        that the model doesn't know."""
        if not _LANGUAGE.fullmatch(language) or (
            self._model == "flux" and _primary(language) not in FLUX_LANGUAGES
        ):
            raise ProviderError(NAME, f"{self._model} doesn't know {language!r}", retryable=False)
        terms = accepted(key_terms)
        tell = witness()
        meter = Meter(lambda sound: tell(Usage(self.name, audio_seconds=self._form.seconds(sound))))
        recognition: FluxRecognition | NovaRecognition
        if self._model == "flux":
            recognition = FluxRecognition(
                lambda thresholds: self._dial_flux(language, terms, thresholds),
                self._form,
                self._limits,
                meter,
            )
        else:
            recognition = NovaRecognition(
                lambda: self._dial_nova(language, terms), self._form, self._limits, meter
            )
        if self._over:
            recognition.talk.give_up("stopped")
        else:
            # Held here, and ended by its talk's end or ours.
            task = asyncio.get_running_loop().create_task(_held(recognition.line, recognition.talk))
            self._lines.add(task)
            task.add_done_callback(self._lines.discard)
        return recognition

    def _dial(
        self, language: str, terms: list[str], thresholds: Thresholds
    ) -> AbstractAsyncContextManager[Any]:
        if self._model == "flux":
            return self._dial_flux(language, terms, thresholds)
        return self._dial_nova(language, terms)

    def _dial_flux(
        self, language: str, terms: list[str], thresholds: Thresholds
    ) -> AbstractAsyncContextManager[Any]:
        english = _primary(language) == "en"
        connection: AbstractAsyncContextManager[Any] = self._client.listen.v2.connect(
            model="flux-general-en" if english else "flux-general-multi",
            language_hint=None if english else [_primary(language)],
            encoding=self._form.encoding,
            sample_rate=self._form.rate_hz,
            keyterm=terms or None,
            mip_opt_out=True,
            **msgspec.to_builtins(thresholds),
        )
        return connection

    def _dial_nova(self, language: str, terms: list[str]) -> AbstractAsyncContextManager[Any]:
        # Hesitations are evidence of an unfinished answer. Endpointing is ours: theirs would freeze words at
        # every breath.
        fillers = {"additional_query_parameters": {"filler_words": "true"}}
        connection: AbstractAsyncContextManager[Any] = self._client.listen.v1.connect(
            model="nova-3",
            language=language,
            encoding=self._form.encoding,
            sample_rate=self._form.rate_hz,
            channels=1,
            interim_results=True,
            punctuate=True,
            endpointing=False,
            keyterm=terms or None,
            mip_opt_out=True,
            request_options=fillers if _primary(language) == "en" else None,
        )
        return connection


async def _held(line: Line, talk: Talk) -> None:
    """Run a line to its end; its talk is told when that comes too early."""
    reason = "stopped"
    try:
        await line.run()
    except Unavailable as fault:
        reason = fault.reason
        logger.warning("! %s; this talk gets no words from it", fault)
    except Exception:
        reason = "crashed"
        logger.critical("! a line to %s has crashed", NAME, exc_info=True)
    finally:
        talk.give_up(reason)


def _primary(language: str) -> str:
    return language.partition("-")[0].lower()

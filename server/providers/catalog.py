"""The one table of providers: what a server listens, speaks and judges with, and who keeps it running."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dialog.calibration import detector_of
from server.providers.cached import PromptCache
from server.providers.embedded import supports
from server.providers.embedded.interviewer import EmbeddedInterviewer
from server.providers.embedded.speech_recognition import EmbeddedRecogniser
from server.providers.embedded.speech_synthesis import EmbeddedVoice
from server.providers.fallback import FallbackVoice
from server.providers.protocols import LanguageModel, SpeechToText, TextToSpeech, TurnEndDetector
from server.providers.turn_end import OnnxTurnEnd
from server.providers.turn_end_manifest import TurnEndUnfit

logger = logging.getLogger(__name__)

PROMPTS_DIRECTORY: Final = "prompts"

VENDOR_KEYS: Final = {
    "deepgram_api_key": "listens",
    "elevenlabs_api_key": "speaks",
    "anthropic_api_key": "judges answers",
    "openai_api_key": "judges answers",
}
"""What each key will be for, once its vendor is in this table."""


@dataclass(frozen=True, slots=True)
class Providers:
    """Ready for use while `open_providers` is entered."""

    speech_to_text: SpeechToText
    text_to_speech: TextToSpeech
    """Goes through `prompt_cache`: words made ahead come at once, others live."""
    language_model: LanguageModel
    turn_end: TurnEndDetector | None
    """The operator's end-of-turn model, if there is one that works."""
    prompt_cache: PromptCache
    warnings: tuple[str, ...]
    """Plain sentences for the operator, to be printed once."""

    def supports(self, language: str) -> bool:
        """Tell whether a language (BCP 47) can be spoken and heard; where not, typing is all there is."""
        return supports(language)


def warnings(vendor_keys: Mapping[str, bool]) -> tuple[str, ...]:
    """One sentence for each key of VENDOR_KEYS that is set, for it has no effect yet."""
    return tuple(
        f"{name.upper()} is set, but this release {does} with the embedded providers only."
        for name, does in VENDOR_KEYS.items()
        if vendor_keys.get(name)
    )


@asynccontextmanager
async def open_providers(
    *,
    data_dir: Path,
    recogniser_processes: int,
    vendor_keys: Mapping[str, bool],
    turn_end_model: Path | None = None,
    warm: bool = False,
) -> AsyncIterator[Providers]:
    """Start what the providers need; on leaving, end every process of theirs.

    The voice's process starts at once, the recogniser's when somebody first speaks, or now if `warm`
    (entering then waits for them: a second or two). An end-of-turn model is always waited for; talks go on
    without one that doesn't work. Clips of known words are kept in `data_dir`/prompts.
    """
    recogniser = EmbeddedRecogniser(recogniser_processes)
    embedded = EmbeddedVoice()
    # twice: a voice whose process has just died is back within half a second
    voice = FallbackVoice([embedded, embedded], gave_up=_log_given_up)
    prompt_cache = PromptCache(voice, data_dir / PROMPTS_DIRECTORY)
    services = [embedded.run(), recogniser.run(), prompt_cache.run()]
    ears = None if turn_end_model is None else OnnxTurnEnd(turn_end_model)
    if ears is not None:
        services.append(ears.run())
    async with _running(*services):
        if warm:
            await recogniser.warm_up()
        turn_end, refusal = await _opened(ears)
        yield Providers(
            speech_to_text=recogniser,
            text_to_speech=prompt_cache,
            language_model=EmbeddedInterviewer(),
            turn_end=turn_end,
            prompt_cache=prompt_cache,
            warnings=(*warnings(vendor_keys), *refusal),
        )


async def _opened(ears: OnnxTurnEnd | None) -> tuple[TurnEndDetector | None, tuple[str, ...]]:
    """The end-of-turn model once it is tried, and what is to be said about it."""
    if ears is None:
        return None, ()
    try:
        await ears.opened()
    except TurnEndUnfit as unfit:
        return None, (f"The end-of-turn model isn't used: {unfit}",)
    unknown = f"Of the end-of-turn model {ears.name} nothing is known: its scores are logged, not believed."
    return ears, () if detector_of(ears.name) is not None else (unknown,)


@asynccontextmanager
async def _running(*services: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Run the services beside what is inside, and end them after."""
    loop = asyncio.get_running_loop()
    # Owned here, and ended below. Not a TaskGroup: it would wrap whatever is raised inside into a group, and
    # end the server with a service that fails.
    tasks = [loop.create_task(service) for service in services]
    for task in tasks:
        task.add_done_callback(_tell_of_bug)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _tell_of_bug(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.critical("! a provider's service has stopped", exc_info=error)


def _log_given_up(provider: str, why: str) -> None:
    logger.warning("! %s gave no sound: %s", provider, why)

"""Opens what a server listens, speaks and judges with, wrapped in what keeps talks going.

Knows no vendor: who is opened is a `Choice` (catalog.py).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dialog.calibration import detector_of
from server.providers.cached import PromptCache
from server.providers.catalog import Choice, Chosen
from server.providers.embedded import supports
from server.providers.embedded.interviewer import EmbeddedInterviewer
from server.providers.embedded.speech_recognition import EmbeddedRecogniser
from server.providers.embedded.speech_synthesis import EmbeddedVoice
from server.providers.fallback import FallbackVoice
from server.providers.fallback_model import FallbackModel
from server.providers.fallback_recogniser import FallbackRecogniser
from server.providers.health import Health
from server.providers.hedged import HedgedModel
from server.providers.models.vendor import Vendor
from server.providers.protocols import LanguageModel, SpeechToText, TextToSpeech, TurnEndDetector, Voice
from server.providers.standing import Standings
from server.providers.turn_end import OnnxTurnEnd
from server.providers.turn_end_manifest import TurnEndUnfit

logger = logging.getLogger(__name__)

PROMPTS_DIRECTORY: Final = "prompts"
AHEAD_TIMEOUT: Final = 10.0
"""Seconds for the first sound of words that nobody waits for yet."""


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
    health: Health
    """Of the vendors."""
    choice: Choice
    models: tuple[Vendor, ...] = ()
    """Vendors of language models, as they are: for work that nobody waits for."""

    def supports(self, language: str) -> bool:
        """Tell whether a language (BCP 47) can be spoken and heard; where not, typing is all there is."""
        return _known(language, self.choice.speech_to_text[:1]) and self.speaks(language)

    def speaks(self, language: str) -> bool:
        """Tell whether a language (BCP 47) can be spoken."""
        return _known(language, self.choice.text_to_speech)


def _known(language: str, chosen: Sequence[Chosen]) -> bool:
    return supports(language) or any(one.line.knows(language) for one in chosen)


@asynccontextmanager
async def open_providers(
    *,
    data_dir: Path,
    recogniser_processes: int,
    choice: Choice | None = None,
    turn_end_model: Path | None = None,
    warm: bool = False,
) -> AsyncIterator[Providers]:
    """Start what the providers need; on leaving, end every process, connection and task of theirs.

    The voice's process starts at once. So do the recogniser's if `warm`: entering then waits for them, a
    second or two, and for the vendors to be tried; if there are to be none, or it isn't `warm`, one starts
    when somebody first speaks. An end-of-turn model is always waited for; talks go on without one that
    doesn't work. Clips of known words are kept in `data_dir`/prompts.
    """
    choice = choice or Choice()
    recogniser, voice = EmbeddedRecogniser(recogniser_processes), EmbeddedVoice()
    standings = tuple(Standings(role) for role in ("speech_to_text", "text_to_speech", "language_model"))
    hearing, speaking, judging = standings
    made = {one.line.name: one.line.make(one.access) for one in choice.all}
    listening, talking, thinking = (
        {one.line.name: made[one.line.name] for one in chosen}
        for chosen in (choice.speech_to_text, choice.text_to_speech, choice.language_model)
    )
    prompt_cache = _cached(data_dir, list(talking.values()), voice, speaking)
    health = Health([(one.line, made[one.line.name]) for one in choice.all], standings)
    ears = None if turn_end_model is None else OnnxTurnEnd(turn_end_model)
    services = [voice.run(), recogniser.run(), prompt_cache.run(), health.run()]
    services += [adapter.run() for adapter in made.values()]
    services += [] if ears is None else [ears.run()]
    async with _running(*services):
        if warm:
            ready = [recogniser.warm_up()] if recogniser_processes else []
            await asyncio.gather(*ready, health.look())
        turn_end, refusal = await _opened(ears)
        yield Providers(
            speech_to_text=_heard_by(list(listening.values()), recogniser, hearing),
            text_to_speech=prompt_cache,
            language_model=_judged_by(thinking, judging),
            turn_end=turn_end,
            prompt_cache=prompt_cache,
            warnings=(*health.complaints, *refusal),
            health=health,
            choice=choice,
            models=tuple(thinking.values()),
        )


def _heard_by(vendors: Sequence[Any], embedded: EmbeddedRecogniser, standings: Standings) -> SpeechToText:
    return FallbackRecogniser(vendors[0], embedded, standings=standings) if vendors else embedded


def _cached(
    data_dir: Path, vendors: Sequence[Any], embedded: EmbeddedVoice, standings: Standings
) -> PromptCache:
    # The embedded one twice: a voice whose process has just died is back within half a second.
    live = FallbackVoice([*vendors, embedded, embedded], standings=standings)
    # Prompts go by another road: how it stands says nothing of the voice that talks hear live.
    ahead = FallbackVoice(
        [*(getattr(vendor, "ahead", vendor) for vendor in vendors), embedded, embedded],
        first_chunk_timeout=AHEAD_TIMEOUT,
        next_chunk_timeout=AHEAD_TIMEOUT,
        standings=Standings(standings.role),
    )

    def expect(voice: Voice) -> None:
        """Let the one that will speak have its connections open by then, if it keeps any."""
        for vendor in vendors:
            if vendor.name == voice.provider and hasattr(vendor, "expect"):
                vendor.expect(voice)

    made_by = {vendor.name: getattr(vendor, "made_by", "") for vendor in vendors}
    return PromptCache(
        live,
        data_dir / PROMPTS_DIRECTORY,
        ahead=ahead,
        expect=expect,
        effective=live.effective,
        made_by=lambda voice: made_by.get(voice.provider, ""),
    )


def _judged_by(vendors: dict[str, Any], standings: Standings) -> LanguageModel:
    rules = EmbeddedInterviewer()
    if not vendors:
        return rules
    from server.providers.models.interviewer import ModelInterviewer

    interviewers = [ModelInterviewer(vendor, vendors) for vendor in vendors.values()]
    hedged = [HedgedModel(interviewer, standings=standings) for interviewer in interviewers]
    return FallbackModel(hedged, rules, standings=standings)


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

"""What live talks need of storage and of the providers, as shapes. Who is behind them is decided in
server/app.py."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from dialog.blueprint import Blueprint
from dialog.consent import ConsentAnswer, ConsentState, Disclosure, disclosure
from dialog.events import AnyFact, Event
from media.recording import OggRecording
from media.silero import SecondOpinion
from server.live.recorder import PageFile, SessionRecorder
from server.live.turn_loop import Core
from server.live.view import Completion
from server.providers.protocols import (
    KnownWords,
    LanguageModel,
    SpeechToText,
    TextToSpeech,
    TurnEndDetector,
    Voice,
)
from server.providers.witness import Witness, witnessed_by
from server.store.event_log import EventLog, StorageChanged

log = logging.getLogger(__name__)

_OWN_KEY_TERMS: Final = 20
"""Of a participant: names, mostly."""


class Case(msgspec.Struct, frozen=True):
    """One run, as far as a talk depends on it."""

    run_id: str
    blueprint: Blueprint
    organization: str
    metadata: dict[str, Any]
    """Of the participant; edges may ask for it."""
    recording: bool = True
    """The sound may be kept where the participant agrees; else they aren't asked for it."""
    time_limit: float | None = None
    """Seconds of talk that the channel allows; None = as many as the blueprint does."""
    help_lines: tuple[str, ...] = ()
    """The organization's; they count where the blueprint names none."""
    completion: Completion | None = None
    """What the participant is given once the interview is completed."""

    @property
    def disclosure(self) -> Disclosure:
        """What is put to the participant before anything else."""
        return disclosure(self.blueprint, organization=self.organization, recording_offered=self.recording)

    @property
    def help_shown(self) -> tuple[str, ...]:
        """Where help is to be had."""
        return tuple(self.blueprint.settings.help_lines or self.help_lines)

    @property
    def help_said(self) -> str:
        """The same in a talk, where one is enough; "" = nobody named any."""
        return next(iter(self.help_shown), "")

    @property
    def key_terms(self) -> list[str]:
        """Words that a recogniser is told to expect: those told of the participant (`key_terms` in their
        metadata), then the blueprint's."""
        told = self.metadata.get("key_terms")
        own = [term for term in told if isinstance(term, str)] if isinstance(told, list) else []
        return [*own[:_OWN_KEY_TERMS], *self.blueprint.settings.key_terms]

    @property
    def voice(self) -> Voice:
        """The agent's."""
        return voice_of(self.blueprint)


def voice_of(blueprint: Blueprint) -> Voice:
    """How an agent is to sound; where it doesn't say, as the server's own voice does."""
    voice = blueprint.agent.voice
    return Voice("", "") if voice is None else Voice(voice.provider, voice.voice_id, voice.speed)


class Standing(Protocol):
    """Where a run is in its life (store.runs.Run)."""

    @property
    def status(self) -> str: ...

    @property
    def consent_status(self) -> str: ...

    @property
    def records(self) -> bool:
        """The participant agreed that the sound is kept."""


def consent_state(standing: Standing) -> ConsentState:
    """Where the question of consent begins."""
    match standing.consent_status:
        case "granted" | "declined" | "not_required" as settled:
            return settled
        case _:
            return "asked"


class RecordingToGoOnWith(Protocol):
    """A run's recording, behind its last whole page (store.keeper.OpenRecording)."""

    @property
    def recording(self) -> OggRecording: ...

    @property
    def file(self) -> PageFile: ...

    @property
    def begun(self) -> bool: ...


class Keeper(Protocol):
    """Keeps runs (store.keeper.RunKeeper)."""

    async def find(self, run_id: str) -> Standing:
        """Where the run is now."""

    async def open_door(self, run_id: str) -> Standing:
        """The participant is there: consent is being asked, or needn't be."""

    async def settle_consent(self, run_id: str, answer: ConsentAnswer) -> Standing:
        """Put the answer on record: the run becomes active, or is over."""

    async def finish(self, run_id: str, outcome: str) -> bool:
        """The interview is over for good, and its log is stored; never raises for want of storage. False
        where that is found later."""

    async def finish_erasing(self, run_id: str) -> None:
        """Erase what was struck in an earlier sitting that broke off."""

    async def keep_progress(self, run_id: str, progress: Mapping[str, Any]) -> None:
        """Note how far the run is; never raises for want of storage."""

    async def history(self, run_id: str) -> list[Event]:
        """Everything stored of a run, in order."""

    async def open_session(self, run_id: str, storage_changed: StorageChanged) -> EventLog:
        """Begin a sitting. Raises if the run can't be talked in."""

    async def open_recording(self, run_id: str, failed: Callable[[str], None]) -> RecordingToGoOnWith:
        """Go on with the run's recording."""


async def opened_recorder(keeper: Keeper, case: Case) -> SessionRecorder | None:
    """The recorder of a run's next sitting; None where the sound may not be kept."""
    if not case.recording or not (await keeper.find(case.run_id)).records:
        return None
    told = {"run": case.run_id}
    kept = await keeper.open_recording(case.run_id, lambda reason: log.error("! %s", reason, extra=told))
    return SessionRecorder(kept.recording, kept.file, begun=kept.begun)


class Kit(msgspec.Struct, frozen=True):
    """What every talk is equipped with."""

    speech_to_text: SpeechToText
    text_to_speech: TextToSpeech
    known_words: KnownWords | None
    language_model: LanguageModel
    make_core: Callable[[Blueprint, Sequence[AnyFact], Mapping[str, object]], Core]
    supports: Callable[[str], bool]
    """Whether a language can be heard and spoken."""
    observer: Callable[[], Callable[[Event], None]] = lambda: lambda _: None
    """Makes, for each sitting, who is shown every event of its log."""
    second_opinion: SecondOpinion | None = None
    """Who tells speech from other sound, where the model's windows of all talks are judged together."""
    turn_end: TurnEndDetector | None = None
    """An audio model that tells ends of turns, where the operator has given one."""
    told: Witness = lambda _: None
    """Who is told, beside each sitting's log, what its providers tell of themselves."""

    async def make_ahead(self, texts: Sequence[str], voice: Voice) -> None:
        """Have ready what is known to be said; what that uses is no sitting's, for there is none yet."""
        if self.known_words is not None:
            with witnessed_by(self.told):
                await self.known_words.prepare(texts, voice)

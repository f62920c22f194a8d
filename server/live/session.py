"""One sitting of one run: its log, its core, and the ear, mind and mouth around them, in one task group.

Knows no socket: pages speak to it in signals, legs are handed to it.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Literal, cast

import msgspec

from dialog.events import (
    AnswerCommitted,
    AnswerStruck,
    AnyBody,
    AnyFact,
    Event,
    InterviewFinished,
    RecordingBegan,
    SessionOpened,
)
from dialog.signals import AnySignal, ParticipantJoined, ParticipantLeft, StorageFaltered, StorageRecovered
from dialog.study import study_of
from media.vad import SileroModel, VoiceActivity
from server.clock import loop_time
from server.gateway.leg import Leg, Tap
from server.live.attention import Attention
from server.live.erasing import Eraser
from server.live.interpreter import Interpreter
from server.live.keeping import Case, Kit
from server.live.listener import Listener
from server.live.mailbox import Mailbox
from server.live.mouth_clock import MouthClock
from server.live.preparations import Preparations
from server.live.recorder import SessionRecorder
from server.live.speaker import Speaker
from server.live.speech import SpeakerPolicy
from server.live.succession import Succession
from server.live.synthesis import Synthesis
from server.live.tally import Tally
from server.live.turn_end_looks import TurnEndLooks
from server.live.turn_loop import run_turns
from server.live.wire import Mode
from server.providers.protocols import Recognition
from server.providers.witness import witnessed_by
from server.store.event_log import EventLog

log = logging.getLogger(__name__)

Channel = Literal["webrtc", "websocket", "text", "phone"]

_LAST_WORDS: Final = 4.0
"""Seconds that a recogniser has for what was said before a leg ended."""
_FAREWELL: Final = 30.0
"""Seconds in which the last words are said, once the interview is over."""


class SessionPolicy(msgspec.Struct, frozen=True):
    """Delays of a sitting, in seconds."""

    linger: float = 30.0
    """How long an empty session waits for its participant. Larger: fewer sittings a run, more memory."""
    speaker: SpeakerPolicy = SpeakerPolicy()


class Session:
    """A sitting. Made and ended by `hold_session` (server/live/holding.py)."""

    def __init__(
        self,
        events: EventLog,
        case: Case,
        facts: list[AnyFact],
        kit: Kit,
        tasks: asyncio.TaskGroup,
        policy: SessionPolicy,
        recorder: SessionRecorder | None,
        show_level: Callable[[float], None],
    ) -> None:
        self.log = events
        self.mailbox = Mailbox(unheard_since=self._unheard_since)
        self.core = kit.make_core(case.blueprint, facts, case.metadata)
        self.started_at = loop_time()
        self.outcome = next((fact.outcome for fact in facts if isinstance(fact, InterviewFinished)), None)
        """Of the interview as a whole, once it is finished."""
        self.joined = False
        """The participant is there and ready."""
        self._case = case
        self._kit = kit
        self._tasks = tasks
        self._policy = policy
        self._recorder = recorder
        self._show_level = show_level
        self._mode: Mode = "text"
        self._leg: Leg | None = None
        self._listener: Listener | None = None
        self._carrying: set[asyncio.Task[str]] = set()
        self._succession = Succession()
        self._page_muted = False
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._farewell = asyncio.Event()
        self._lingering: asyncio.TimerHandle | None = None
        self.eraser = Eraser(events, recorder, tasks, lambda: self.now)
        self.tally = Tally(lambda fact, at: self.append(self.now if at is None else at, fact), kit.told)
        synthesis = Synthesis(
            kit.text_to_speech, kit.known_words, case.voice, now=lambda: self.now, told=self.tally.told
        )
        self._mouth = Speaker(
            self.mailbox,
            events,
            synthesis,
            tasks,
            now=lambda: self.now,
            hung_up=lambda _: self._farewell.set(),
            also_kept=self.eraser,
            policy=policy.speaker,
        )
        self._prompt = Preparations(synthesis, self.mailbox, tasks)
        self._mind = Interpreter(kit.language_model, self.mailbox, tasks, now=lambda: self.now)
        self._looks = TurnEndLooks(kit.turn_end, self.mailbox, tasks)
        self._attention = Attention(self._looks)
        self._observe = kit.observer()
        events.storage_changed = self._storage_changed

    # The life of the sitting

    @property
    def now(self) -> float:
        """Seconds since the session's beginning."""
        return loop_time() - self.started_at

    async def live(self, channel: str) -> str:
        """Run to the end; returns why it ended: `finished`, or what `close` was given."""
        try:
            return await self._live(channel)
        finally:
            self._mouth.end()

    async def _live(self, channel: str) -> str:
        opened = self.log.session
        self.append(0.0, SessionOpened(opened.session_id, channel, opened.opened_at_ms, opened.number))
        if self.core.finished:
            return "finished"
        self._mind.prepare(study_of(self._case.blueprint))
        turns = self._tasks.create_task(
            run_turns(
                self.core,
                self.mailbox,
                self,
                self._attention,
                self._mind,
                self._mouth,
                self._prompt,
                clock=loop_time,
                started_at=self.started_at,
            ),
            name="turn loop",
        )
        await asyncio.wait((turns, self._over), return_when=asyncio.FIRST_COMPLETED)
        if self._over.done():
            return self._over.result()
        turns.result()
        await self._say_farewell()
        return "finished"

    async def _say_farewell(self) -> None:
        """Let the last words be heard, unless nobody is there any more."""
        farewell = self._tasks.create_task(self._farewell.wait(), name="farewell")
        await asyncio.wait((farewell, self._over), timeout=_FAREWELL, return_when=asyncio.FIRST_COMPLETED)

    def close(self, reason: str) -> None:
        """End the sitting; the run can be gone on with in another."""
        if not self._over.done():
            self._over.set_result(reason)

    def append(self, at: float, body: AnyBody) -> Event:
        """Write down what happened, and see to what follows from it outside of the core."""
        event = self.log.append(at, self.eraser.cleaned(body))
        self._observe(event)
        if isinstance(body, InterviewFinished):
            self.outcome = body.outcome
        elif isinstance(body, AnswerStruck):
            self.eraser.begin(body.turn_id)
        elif isinstance(body, AnswerCommitted):
            self.tally.settle(event.at)  # what follows from the same signal bears the same time
        return event

    def _storage_changed(self, reason: str | None) -> None:
        self.mailbox.put(StorageRecovered() if reason is None else StorageFaltered(reason))

    # The participant comes and goes

    def start(self, mode: Mode) -> None:
        """The page is ready to talk in this mode, for the first time, again, or instead of the other one."""
        self.stay()
        changed, self._mode = mode != self._mode, mode
        if mode == "text":
            self._mouth.use_text()
        elif self._leg is not None:
            self._mouth.use_leg(self._leg)
        else:
            self._mouth.await_leg()
        if self._listener is not None:
            self._listener.attentive = mode == "voice"
        if changed or not self.joined:
            self.joined = True
            ear, ears = self._listener, self._kit.speech_to_text
            hints = ears.turn_end_hints if ear is None else ear.turn_end_hints
            channel, limit, help_line = self._channel(), self._case.time_limit, self._case.help_said
            self.mailbox.put(ParticipantJoined(channel, self._looks.detector, hints, limit, help_line))

    def _channel(self) -> Channel:
        if self._mode == "text":
            return "text"
        return "webrtc" if self._leg is None else cast("Channel", self._leg.name)

    def leave(self, reason: str) -> None:
        """Nobody is there any more: wait a while for their return, unless all is over."""
        if self.log.closed:
            return
        if reason == "displaced":
            self._succession.disown()
        if self.joined:
            self.joined = False
            self.mailbox.put(ParticipantLeft(reason))
        if self._lingering is None:
            loop = asyncio.get_running_loop()
            self._lingering = loop.call_later(self._policy.linger, self.close, "left")

    def stay(self) -> None:
        """Somebody is there: don't end for want of company."""
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None

    def let_go(self) -> None:
        """The sitting is over, and nothing of it goes on: have no timer hold what is left of it."""
        self.stay()
        self._mouth.let_go()

    def put(self, signal: AnySignal) -> None:
        """Something that the participant did on the page."""
        self.mailbox.put(signal)

    def mute(self, muted: bool) -> None:
        """The page's microphone switch."""
        self._page_muted = muted
        if self._listener is not None:
            self._listener.mute(muted)

    def report_playout(self, delay: float) -> None:
        """The page's word for how long sound takes from its network to its ear."""
        if self._leg is not None:
            self._leg.report_playout(delay)

    # Legs

    @property
    def hears(self) -> bool:
        """A leg stands, and packets come over it."""
        return self._leg is not None and self._listener is not None and not self._listener.is_lost

    def attach(self, leg: Leg) -> asyncio.Task[str]:
        """Talk over `leg` once it stands, in place of the one before; the task ends with it."""
        carrying = self._tasks.create_task(self._succession.carry(leg, self._carry), name=f"{leg.name} leg")
        self._carrying.add(carrying)
        carrying.add_done_callback(self._carrying.discard)
        return carrying

    def _unheard_since(self) -> float | None:
        return None if self._leg is None else self._leg.unheard_since()

    async def _carry(self, leg: Leg) -> str:
        language = self._case.blueprint.settings.language
        with witnessed_by(self.tally.told):  # whoever brought the leg is none of this sitting's tasks
            recognition = self._kit.speech_to_text.recognize(language, self._case.key_terms)
        try:
            return await self._listen(leg, recognition)
        finally:  # however the sitting ends: a vendor's line would hear silence, and be paid for it, for ever
            await recognition.close()

    async def _listen(self, leg: Leg, recognition: Recognition) -> str:
        previous, before = self._leg, self._listener
        self._leg = leg
        listener = self._listener = Listener(
            self.mailbox,
            recognition,
            VoiceActivity(second_opinion=self._kit.second_opinion or SileroModel.shared()),
            agent_sounds=lambda: self._mouth.audible,
            show_level=self._show_level,
            sent=self._mouth.sent,
            mouth=MouthClock(lambda: self.now, leg.uplink_delay),
            looks=self._looks,
            turn_end_hints=self._kit.speech_to_text.turn_end_hints,
        )
        if before is not None:
            listener.succeed(before)
        self._attention.listen_through(listener)
        listener.attentive = self.joined and self._mode == "voice"
        if self._page_muted:
            listener.mute(True)
        if self._mode == "voice" and self.joined:
            self._mouth.use_leg(leg)
        if previous is not None:
            await previous.close("displaced")
        words = self._tasks.create_task(listener.pass_on_transcripts(), name="transcripts")
        reason, tap = "failed", self._tap()
        try:
            reason = await leg.run(listener, self._mouth, tap)
        finally:
            listener.hang_up()
            if self._leg is leg:
                self._leg = None
                self._mouth.lose_leg()
                if self.joined and self._mode == "voice" and not self._over.done():
                    listener.lost()
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await listener.last_words()
        except TimeoutError:
            log.warning("! the recogniser owes last words", extra={"run": self._case.run_id})
        await recognition.close()
        await words
        return reason

    def _tap(self) -> Tap | None:
        """Record a leg from now on, where the sound may be kept."""
        if self._recorder is None:
            return None
        if not self._recorder.sounded:
            self.append(self.now, RecordingBegan(self._recorder.offset))
        return self._recorder.tap(self.now)

    async def hang_up(self) -> None:
        """End whatever leg there is."""
        for leg in self._succession.legs:
            await leg.close("over")
        if self._carrying:
            await asyncio.wait(self._carrying, timeout=_LAST_WORDS)

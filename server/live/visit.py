"""A participant at the door of one run: pages that come and go, consent, and the sitting that follows.

Everything about one run on this server passes here, one thing at a time. Knows no socket, HTTP or database.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Final

from dialog.consent import Consent
from dialog.events import Event
from dialog.responses import facts_of
from dialog.script import known_words
from server.gateway.leg import Leg
from server.live import wire
from server.live.feed import Feed
from server.live.holding import hold_session
from server.live.keeping import Case, Keeper, Kit, Standing, consent_state, opened_recorder
from server.live.page import ENDED, FAILED, GOING_AWAY, TRY_AGAIN, Page
from server.live.page_signals import CONSENT_FIRST, NOT_STARTED, NotTaken, signal_of
from server.live.progress_notes import keep_progress
from server.live.session import Session, SessionPolicy
from server.live.view import DISPLACED, FAREWELLS, SORRY, View
from server.store.event_log import LogBroken, WriterFenced

log = logging.getLogger(__name__)

_LOOK_AGAIN: Final = 0.5
_STORING: Final = 5.0
"""Seconds that a sitting's last events have to be stored before the run's status tells of its end."""


class ConsentMissing(Exception):
    """Nothing may begin before the participant has agreed."""


class Visit:
    """One run, while anybody is there for it."""

    def __init__(
        self,
        case: Case,
        keeper: Keeper,
        kit: Kit,
        policy: SessionPolicy,
        *,
        run_task: Callable[[Coroutine[None, None, None], str], asyncio.Task[None]],
        emptied: Callable[["Visit"], None],
    ) -> None:
        self.case = case
        self.session: Session | None = None
        self._keeper = keeper
        self._kit = kit
        self._policy = policy
        self._run_task = run_task
        self._emptied = emptied
        self._prepared = False
        self._consent: Consent | None = None
        self._standing: Standing | None = None
        self._page: Page | None = None
        self._lock = asyncio.Lock()
        self._begun = asyncio.Event()
        self._opened: asyncio.Future[Session] | None = None
        self._session_ended = asyncio.Event()
        self._session_ended.set()

    @property
    def empty(self) -> bool:
        """Nobody is there and nothing goes on: the visit can be forgotten."""
        return self._page is None and self._session_ended.is_set()

    def expire(self) -> None:
        """Be forgotten if nobody is there."""
        if self.empty:
            self._emptied(self)

    # Pages

    async def enter(self, page: Page, after_seq: int) -> None:
        """A page says hello: it takes the place of the one before, and is shown what it has missed."""
        self._displace(fresh=after_seq == 0)
        self._page = page  # at once: a visit with a page is not forgotten
        async with self._lock:
            if self.session is not None:
                self.session.stay()
            await self._open_door()
            await self._welcome(page, await self.so_far())
        if not self._prepared and self._kit.supports(self.case.blueprint.settings.language):
            self._prepared = True
            self._run_task(self._prepare_words(), f"known words of {self.case.run_id}")

    async def _prepare_words(self) -> None:
        """Have ready what is known to be said, while the participant still reads and tries the microphone."""
        texts = known_words(self.case.blueprint, self.case.help_said)
        await self._kit.make_ahead(texts, self.case.voice)

    def _displace(self, *, fresh: bool) -> None:
        """Let the former page go. A fresh one begins anew, so whoever talked before has left."""
        if self._page is not None:
            self._page.tell(wire.Displaced(DISPLACED))
            self._page.close(ENDED, "displaced")
            self._page = None
        if fresh and self.session is not None:
            self.session.leave("displaced")

    async def _open_door(self) -> Consent:
        if self._standing is None:
            self._standing = await self._keeper.open_door(self.case.run_id)
        if self._consent is None:
            self._consent = Consent(self.case.disclosure, consent_state(self._standing))
        return self._consent

    async def _welcome(self, page: Page, history: list[Event]) -> None:
        assert self._standing is not None
        page.tell(
            wire.Welcome(
                session_id="" if self.session is None else self.session.log.session.session_id,
                status=self._standing.status,
                seq=history[-1].seq if history else 0,
                consent_needed=not self._allowed,
                resumed=bool(history),
            )
        )

    async def may_begin(self) -> bool:
        """Whether the participant has agreed, or needn't."""
        async with self._lock:
            await self._open_door()
            return self._allowed

    @property
    def _allowed(self) -> bool:
        return self._consent is not None and self._consent.allows

    async def so_far(self) -> list[Event]:
        """Everything that has happened in the run up to now."""
        if self.session is None:
            return await self._keeper.history(self.case.run_id)
        events: list[Event] = []
        last = self.session.log.last_seq
        if last:
            async for event in self.session.log.follow():
                events.append(event)
                if event.seq >= last:
                    break
        return events

    async def show(self, page: Page, after_seq: int) -> None:
        """Show a page what it lacks and then what happens, until it or the sitting ends."""
        view = View(self.case.blueprint, self.case.completion)
        feed, begun = Feed(page, view, self._policy.speaker.shown_storage_timeout), self._begun
        history = await self.so_far()
        await feed.catch_up(history, after_seq, None if self.session is None else self.session.log)
        await begun.wait()
        if (session := self.session) is None:
            return
        ended = self._session_ended
        await feed.follow(session.log)
        await ended.wait()
        if session.outcome is not None:
            page.close(ENDED, "the interview is over")
        page.close(GOING_AWAY, "the sitting is over")

    def depart(self, page: Page) -> None:
        """A page's connection is gone."""
        if self._page is page:
            self._page = None
            self._notice_absence("the connection was lost")

    def _notice_absence(self, reason: str) -> None:
        if self.session is not None and self._page is None:
            if self.session.hears:  # packets of a closed tab stop a moment after its page is gone
                asyncio.get_running_loop().call_later(_LOOK_AGAIN, self._notice_absence, reason)
            else:
                self.session.leave(reason)
        self.expire()

    # What a page sends

    async def take(self, page: Page, message: wire.AnyFromPage) -> None:
        """Take one message; what can't be taken is refused in plain words."""
        if page is not self._page:
            return
        match message:
            case wire.Ping():
                page.tell(wire.Pong(message.n))
            case wire.Consent():
                await self._settle_consent(page, message)
            case wire.Start():
                await self._start(page, message.mode)
            case _:
                self._pass_on(page, message)

    def _pass_on(self, page: Page, message: wire.AnyFromPage) -> None:
        session = self.session
        if session is None or not session.joined:
            if not isinstance(message, wire.Playout | wire.Mute | wire.Typing):
                page.tell(wire.Refused("not_started", NOT_STARTED))
            return
        match message:
            case wire.Mute():
                session.mute(message.muted)
            case wire.Playout():
                session.report_playout(message.delay)
            case _:
                try:
                    session.put(signal_of(message, self.case.blueprint))
                except NotTaken as refusal:
                    page.tell(wire.Refused(refusal.code, str(refusal)))

    async def _settle_consent(self, page: Page, message: wire.Consent) -> None:
        async with self._lock:
            consent = await self._open_door()
            pressed = Consent(consent.asked, consent.state)
            answer = pressed.press(
                granted=message.granted, recording=message.recording, text_hash=message.text_hash
            )
            if answer is not None:
                self._standing = self._consent = None  # if this breaks off, what is stored is true
                self._standing = await self._keeper.settle_consent(self.case.run_id, answer)
                self._consent = pressed
                log.info("= consent %s", pressed.state, extra={"run": self.case.run_id})
            elif not consent.settled:
                page.tell(wire.Refused("consent_text_changed", "The text has changed. Please read it again."))
                return
            if self._allowed:
                await self._welcome(page, await self.so_far())
            else:
                page.tell(wire.Ended("declined", FAREWELLS["declined"]))
                page.close(ENDED, "declined")

    # The sitting

    async def _start(self, page: Page, mode: wire.Mode) -> None:
        if mode == "voice" and not self._kit.supports(self.case.blueprint.settings.language):
            page.tell(wire.Refused("speech_unsupported", "This interview can only be answered in writing."))
            mode = "text"
        try:
            session = await self._sitting("text" if mode == "text" else "webrtc")
        except ConsentMissing:
            page.tell(wire.Refused("consent_first", CONSENT_FIRST))
        else:
            session.start(mode)

    async def attach(self, leg: Leg) -> asyncio.Task[str]:
        """Talk over `leg` from now on; the task ends with it. Raises ConsentMissing, the leg untouched."""
        session = await self._sitting(leg.name)
        carrying = session.attach(leg)
        carrying.add_done_callback(lambda _: self._notice_absence("the sound connection ended"))
        return carrying

    async def _sitting(self, channel: str) -> Session:
        """The sitting that goes on, or a new one."""
        async with self._lock:
            await self._open_door()
            if not self._allowed:
                raise ConsentMissing
            if self.session is not None:
                return self.session
            if self._opened is None or self._opened.done():
                self._opened = asyncio.get_running_loop().create_future()
                self._session_ended = asyncio.Event()
                self._run_task(self._hold(channel, self._opened), f"session of {self.case.run_id}")
            return await asyncio.shield(self._opened)  # whoever asked may go: the sitting is there for others

    async def _hold(self, channel: str, opened: asyncio.Future[Session]) -> None:
        """Hold a sitting to its end, and see to what follows. A crash ends here, loudly."""
        run_id = self.case.run_id
        try:
            reason = await self._hold_session(channel, opened)
            log.info("= session over: %s", reason, extra={"run": run_id})
            if self.session is not None and self.session.outcome is not None and self.session.log.whole:
                # Whatever follows reads the log; where that isn't stored yet, the run is found by it later.
                await self._keeper.finish(run_id, self.session.outcome)
        except* WriterFenced:
            log.warning("= this run goes on elsewhere", extra={"run": run_id})
        except* LogBroken:
            log.exception("! the log of a session is broken", extra={"run": run_id})
            self._apologise()
        except* Exception as faults:
            if not opened.done():  # it never began: whoever asked for it sees to that
                opened.set_exception(faults.exceptions[0])
            else:
                log.error("! a session crashed", extra={"run": run_id}, exc_info=faults)
                self._apologise()
        finally:
            self._session_ended.set()
            if self.session is not None and self.session.outcome is None:
                self.session, self._begun = None, asyncio.Event()
            self.expire()

    async def _hold_session(self, channel: str, opened: asyncio.Future[Session]) -> str:
        run_id = self.case.run_id
        await self._keeper.finish_erasing(run_id)
        history = await self._keeper.history(run_id)
        events = await self._keeper.open_session(run_id, lambda _: None)
        recorder = await opened_recorder(self._keeper, self.case)
        noting = keep_progress(events, self.case, self._keeper)
        noted = self._run_task(noting, f"progress of {run_id}")

        def begin(session: Session) -> None:
            self.session = session
            self._begun.set()
            opened.set_result(session)

        reason = await hold_session(
            events,
            self.case,
            facts_of(history),
            self._kit,
            self._policy,
            channel=channel,
            recorder=recorder,
            show_level=self._show_level,
            opened=begin,
        )
        try:
            async with asyncio.timeout(_STORING):
                with contextlib.suppress(WriterFenced):  # whoever has taken over goes on from what is stored
                    await events.settled()
                await noted
        except (TimeoutError, LogBroken) as error:
            log.error("! a session's end is not stored: %s", str(error) or "not yet", extra={"run": run_id})
        return reason

    def _apologise(self) -> None:
        if self._page is not None:
            self._page.tell(wire.Notice(0, "failed", SORRY))
            self._page.close(FAILED, "a fault on our side")

    def _show_level(self, dbfs: float) -> None:
        if self._page is not None:
            self._page.tell(wire.Level(round(dbfs, 1)))

    async def close(self, reason: str) -> None:
        """End whatever goes on; the run can be gone on with elsewhere, and its standing is looked up anew."""
        self._standing = self._consent = None
        if self.session is not None:
            self.session.close(reason)
        if self._page is not None:
            self._page.close(TRY_AGAIN, reason)
        await self._session_ended.wait()

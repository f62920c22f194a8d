"""A simulated participant: takes a whole interview through the real join path, by ear and in its own time.

It answers what it has heard to the end, as a person does; the server's thoughts are closed to it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import httpx
import msgspec

from server.clock import loop_time
from server.live.wire import (
    AnyToPage,
    Claim,
    Consent,
    Displaced,
    Done,
    Ended,
    Floor,
    Playout,
    Question,
    Refused,
    Start,
    Welcome,
)
from server.rehearsal.background import background
from server.rehearsal.link import Call, JoinLink, LiveChannel, open_live, open_session
from server.rehearsal.persona import Persona, Phrase
from server.rehearsal.replies import Replies
from server.rehearsal.voices import sound_of

HEARD_OUT: Final = 0.3
"""Seconds of the agent's silence after which what it was saying is over, once the light says so too."""

UNHEARD: Final = 4.0
"""Seconds after which a question that never sounded is taken as read from the page."""

STUCK: Final = 5.0
"""Seconds of the participant's turn without anything to answer, after which it presses *done*, as one does
whose end was missed; after as long again it says the same once more."""

PLAYOUT_DELAY: Final = 0.1
"""Seconds of jitter buffer in this ear (aiortc's own), which a page would measure and report."""

_LOOK: Final = 0.02


class SpokenAnswer(msgspec.Struct, frozen=True):
    """One answer as it was given. Instants in seconds since the call began."""

    node_key: str
    kind: str
    """`question` or `probe` as the page was told; `again` for what was said once more into a silence."""
    asked: str
    said: str
    question_ended_at: float
    began_at: float
    ended_at: float
    replied_at: float | None
    """When the agent became audible after it; None when it never did."""
    cut_in: bool
    """The agent asked something while the answer was not over yet."""


class Performance(msgspec.Struct, frozen=True):
    """How the interview went, at the participant's ear."""

    outcome: str
    """As in the page's last message; `lost` when there was none, `unfinished` when it took too long."""
    answers: tuple[SpokenAnswer, ...]
    duration: float
    remarks: tuple[str, ...]
    """What a person would have found odd."""


class SimulatedParticipant:
    """One participant with one link. `clips` holds the sound of each text that the persona may say."""

    def __init__(self, link: JoinLink, persona: Persona, clips: dict[str, bytes]) -> None:
        self._link = link
        self._persona = persona
        self._replies = Replies(persona)
        self._clips = clips
        self._changed = asyncio.Event()
        self._light = "thinking"
        self._question: Question | None = None
        self._asked_at = 0.0
        self._answered_seq = 0
        self._pressed_done_seq = 0
        self._outcome: str | None = None
        self._origin = 0.0
        self._answers: list[SpokenAnswer] = []
        self._remarks: list[str] = []
        self.progress: Callable[[str], None] = lambda sentence: None
        """Told of each question and answer, in a sentence."""

    async def take_part(self, within: float) -> Performance:
        """Join, consent, talk to the end or for `within` seconds, leave.

        Raises LinkError when the way in is barred.
        """
        async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
            session = await open_session(http, self._link)
            access_token = str(session["access_token"])
            async with open_live(self._link, access_token) as live:
                call = Call(self._changed.set, background(self._persona.noise))
                async with _attending(self._follow(live)):
                    try:
                        await self._settle_consent(live, session)
                        await call.connect(http, self._link, access_token)
                        self._origin = loop_time()
                        await live.send(Start("voice"))
                        async with _attending(call.listen(), self._report_playout(live)):
                            await self._converse(call, live, within)
                    finally:
                        await call.close()
        return Performance(
            self._outcome or "lost",
            tuple(self._with_replies(call.hearing.onsets)),
            loop_time() - self._origin,
            tuple(self._remarks),
        )

    # What the page is told

    async def _follow(self, live: LiveChannel) -> None:
        async for message in live.receive():
            self._take(message)
            self._changed.set()
        if self._outcome is None:
            self._outcome = "lost"
            self._changed.set()

    def _take(self, message: AnyToPage) -> None:
        match message:
            case Floor():
                self._light = message.light
            case Question():
                if self._question is None or message.seq > self._question.seq:
                    self._question, self._asked_at = message, loop_time()
                    self.progress(f"Asked        {message.text}")
            case Ended():
                self._outcome = message.outcome
            case Displaced():
                self._outcome = "displaced"
            case Refused():
                self._remarks.append(f"refused {message.code}: {message.text}")
            case Welcome():
                self._light = "thinking"
            case _:
                pass

    async def _settle_consent(self, live: LiveChannel, session: Mapping[str, Any]) -> None:
        consent = session["consent"]
        if consent["needed"]:
            recording = bool(consent["recording_offered"])
            await live.send(Consent(True, recording, consent["text_hash"]))

    async def _report_playout(self, live: LiveChannel) -> None:
        while True:
            await live.send(Playout(PLAYOUT_DELAY))
            await asyncio.sleep(0.5)

    # The talk

    async def _converse(self, call: Call, live: LiveChannel, within: float) -> None:
        try:
            async with asyncio.timeout(within):
                await self._answer_all(call, live)
        except TimeoutError:
            self._outcome = "unfinished"

    async def _answer_all(self, call: Call, live: LiveChannel) -> None:
        while (question := await self._heard_out(call, live)) is not None:
            fresh = question.seq > self._answered_seq
            phrases = self._replies.to(question) if fresh else self._replies.again()
            ended_at = call.hearing.heard_at or self._asked_at
            await asyncio.sleep(ended_at + self._persona.start_delay_ms / 1000 - loop_time())
            kind = question.kind if fresh else "again"
            await self._answer(call, question, kind, ended_at, phrases)

    async def _heard_out(self, call: Call, live: LiveChannel) -> Question | None:
        """Wait until it is this side's turn to answer something; None when the interview is over."""
        idle_since = loop_time()
        while self._outcome is None:
            now = loop_time()
            if self._light == "paused":
                self._remarks.append(f"paused after {self._asked()}")
                await live.send(Claim("resume"))
                await self._news(1.0)
                idle_since = now
                continue
            if self._light != "yours":
                idle_since = now
            elif (question := self._to_answer(call, now)) is not None:
                return question
            elif now - idle_since > STUCK and self._question is not None:
                idle_since = now
                if self._pressed_done_seq == self._question.seq:
                    self._remarks.append(f"said again what was said to {self._asked()}")
                    return self._question
                self._pressed_done_seq = self._question.seq
                self._remarks.append(f"pressed done at {self._asked()}, for its end was not noticed")
                await live.send(Done())
            await self._news(_LOOK if self._light == "yours" else 0.5)
        return None

    def _to_answer(self, call: Call, now: float) -> Question | None:
        question = self._question
        if question is None or question.seq <= self._answered_seq:
            return None
        heard_at = call.hearing.heard_at
        if heard_at is not None and heard_at > self._asked_at:
            return question if now - heard_at >= HEARD_OUT else None
        if now - self._asked_at < UNHEARD:
            return None
        self._remarks.append(f"did not hear {self._asked()}")
        return question

    async def _answer(
        self, call: Call, question: Question, kind: str, question_ended_at: float, phrases: Sequence[Phrase]
    ) -> None:
        began_at = loop_time()
        ended_at = began_at
        for position, phrase in enumerate(phrases):
            ended_at = await call.microphone.say(sound_of(phrase, self._clips))
            if position < len(phrases) - 1:
                await asyncio.sleep(phrase.pause_ms / 1000)
        newest = self._question or question
        self._answered_seq = newest.seq
        said = " ".join(phrase.say for phrase in phrases if phrase.say)
        self._answers.append(
            SpokenAnswer(
                question.node_key,
                kind,
                question.text,
                said,
                question_ended_at - self._origin,
                began_at - self._origin,
                ended_at - self._origin,
                None,
                cut_in=newest.seq > question.seq,
            )
        )
        self.progress(f"Said         {said}")

    async def _news(self, within: float) -> None:
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._changed.wait()

    def _asked(self) -> str:
        return self._question.node_key if self._question is not None else "the opening"

    def _with_replies(self, onsets: Sequence[float]) -> list[SpokenAnswer]:
        heard = [onset - self._origin for onset in onsets]
        return [
            msgspec.structs.replace(
                answer, replied_at=next((onset for onset in heard if onset > answer.ended_at), None)
            )
            for answer in self._answers
        ]


@contextlib.asynccontextmanager
async def _attending(*errands: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run errands beside the body and end them with it. What the body raises comes out as it is."""
    raised: Exception | None = None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(errand) for errand in errands]
        try:
            yield
        except Exception as error:
            raised = error
        finally:
            for task in tasks:
                task.cancel()
    if raised is not None:
        raise raised

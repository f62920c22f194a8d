"""Takes struck answers out of a sitting while it goes on: out of its log, then out of the recording. Knows
nothing of why an answer was struck.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Final

from msgspec.structs import replace

from dialog.commands import CancelJudgement
from dialog.events import AnswerErased, AnyBody
from dialog.signals import FinalTranscript, JudgementArrived, PartialTranscript
from dialog.strike import struck
from dialog.struck_sound import TOMBSTONE, Passage, looked_for, struck_passages, struck_utterances
from media.silencing import SilentSpan
from server.live.recorder import SessionRecorder
from server.store.event_log import EventLog, LogBroken, WriterFenced

log = logging.getLogger(__name__)

LONGEST_ERASING: Final = 10.0
"""Seconds that a sitting waits at its end; what isn't erased by then is erased at the next start."""


class Eraser:
    """One sitting's. What it can't bring to its end is left to be seen on the log: an answer that was struck
    and is not erased."""

    def __init__(
        self,
        events: EventLog,
        recorder: SessionRecorder | None,
        tasks: asyncio.TaskGroup,
        clock: Callable[[], float],
    ) -> None:
        self._log = events
        self._recorder = recorder
        self._tasks = tasks
        self._clock = clock
        self._utterances: set[int] = set()
        self._given_up: set[int] = set()
        """Judgements that may have come when they were cancelled."""
        self._due: list[int] = []
        self._work: asyncio.Task[None] | None = None

    def begin(self, turn_id: int) -> None:
        """Erase a struck answer, beside the talk. One after the other: two that read the log at once would
        each write back what the other has taken out."""
        self._due.append(turn_id)
        if not self.busy:
            self._work = self._tasks.create_task(self._erase(), name="erase what was struck")

    def cleaned(self, body: AnyBody) -> AnyBody:
        """What may be written down of something that just happened: late words of what was struck may not,
        nor what was found in an answer whose judgement was given up."""
        if isinstance(body, PartialTranscript | FinalTranscript) and body.utterance_id in self._utterances:
            return replace(body, text=TOMBSTONE) if body.text else body
        if isinstance(body, CancelJudgement):
            self._given_up.add(body.judgement_id)
        elif isinstance(body, JudgementArrived) and body.judgement_id in self._given_up:
            self._given_up.discard(body.judgement_id)
            return replace(body, judgement=replace(body.judgement, probe=None, data={}, reasons=()))
        return body

    @property
    def busy(self) -> bool:
        """Something was begun that is not yet on the disk."""
        return self._work is not None and not self._work.done()

    async def finish(self) -> None:
        """Wait until all that was begun is on the disk, or has failed."""
        if self._work is not None:
            await asyncio.wait((self._work,))

    async def close(self) -> None:
        """Wait, but not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_ERASING):
                await self.finish()

    async def _erase(self) -> None:
        with contextlib.suppress(WriterFenced, LogBroken):  # of which the sitting is told by itself
            while self._due:
                turns, self._due = self._due, []
                passages = [part for one in looked_for(turns) for part in await self._rewrite(one)]
                if await self._silence(passages):
                    for turn_id in turns:
                        self._log.append(self._clock(), AnswerErased(turn_id))
                await self._log.settled()

    async def _rewrite(self, turn_id: int) -> list[Passage]:
        """Take one answer out of the log; returns where it lies in the recording."""
        events = []
        async for event in self._log.follow():
            events.append(event)
            if event.seq >= self._log.last_seq:
                break
        # From here to the last rewriting nothing else runs: no word can come in between.
        self._utterances |= struck_utterances(events, turn_id)
        changed = {event.seq: event for event in struck(events, turn_id)}
        for event in changed.values():
            self._log.rewrite(event.seq, event.body)
        passages = struck_passages([changed.get(event.seq, event) for event in events], turn_id)
        await self._log.settled()
        return passages

    async def _silence(self, passages: Sequence[Passage]) -> bool:
        """Take passages out of the recording, where there is one; False when it couldn't be done."""
        if self._recorder is None:
            return True
        try:
            await self._recorder.silence(
                [SilentSpan.between(one.side, one.began_at, one.ended_at) for one in passages]
            )
        except OSError as error:
            told = {"run": self._log.session.run_id}
            log.error("! a struck answer is still in the recording: %s", error, extra=told)
            return False
        return True

"""A model that is asked a second time when the first token of its answer is late: of the two the first whole
judgement counts. Knows no vendor."""

import asyncio
import contextlib
from typing import Final

from dialog.judgement import Judgement, JudgementRequest
from dialog.study import Study
from server.clock import loop_time
from server.providers.deadline import Deadline
from server.providers.protocols import LanguageModel, ProviderError
from server.providers.standing import Standings
from server.providers.witness import FirstToken, Told, witness, witnessed_by

FIRST_TOKEN_DEADLINE: Final = 0.9
"""Seconds; a usual median is 0.64, and one call in twenty takes 1.6. Larger: later replies on those; smaller:
more calls are paid for twice."""


class HedgedModel:
    """Wrap `model`. A failure that may pass, and that the vendor didn't ask to wait after, counts as late,
    also when the reply had begun."""

    def __init__(
        self,
        model: LanguageModel,
        *,
        first_token_deadline: float = FIRST_TOKEN_DEADLINE,
        standings: Standings | None = None,
    ) -> None:
        self.name = model.name
        self._model = model
        self._deadline = first_token_deadline
        self._standings = standings or Standings("language_model")

    async def prepare(self, study: Study) -> None:
        """Pass it on."""
        await self._model.prepare(study)

    async def judge(self, request: JudgementRequest) -> Judgement:
        """Judge by one call, or by the quicker of two. Raises the last one's ProviderError."""
        began = asyncio.Event()
        others = witness()

        def note(told: Told) -> None:
            if isinstance(told, FirstToken):
                began.set()
            others(told)

        # Owned here, and ended below; a TaskGroup would make a group of what the first one raises.
        with witnessed_by(note):
            calls = [self._call(request)]
        try:
            await _until(calls[0], loop_time() + self._deadline)
            if not calls[0].done() and not began.is_set():
                calls.append(self._again(request, "no first token in time"))
            try:
                return await _first_of(calls)
            except ProviderError as fault:
                if len(calls) > 1 or not _may_pass(fault):
                    raise
                calls.append(self._again(request, str(fault)[:300]))
                return await calls[-1]
        finally:
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)

    def _again(self, request: JudgementRequest, why: str) -> asyncio.Task[Judgement]:
        self._standings.tell(self.name, "hedged", why)
        return self._call(request)

    def _call(self, request: JudgementRequest) -> asyncio.Task[Judgement]:
        return asyncio.get_running_loop().create_task(self._judge(request), name=f"{self.name} judges")

    async def _judge(self, request: JudgementRequest) -> Judgement:
        return await self._model.judge(request)


async def _until(call: asyncio.Task[Judgement], when: float) -> None:
    """Wait for a call, until that time of the loop's."""
    with contextlib.suppress(TimeoutError):
        async with Deadline(when):
            await asyncio.wait((call,))


def _may_pass(fault: ProviderError) -> bool:
    """Whether the same call may work at once."""
    return fault.retryable and fault.retry_after is None


async def _first_of(calls: list[asyncio.Task[Judgement]]) -> Judgement:
    """The first judgement that comes; the last fault where none does."""
    waiting: set[asyncio.Task[Judgement]] = set(calls)
    while True:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        judged = next((call for call in done if call.exception() is None), None)
        if judged is not None:
            return judged.result()
        if not waiting:
            return done.pop().result()

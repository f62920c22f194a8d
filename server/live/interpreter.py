"""The mind's hands: has answers judged by a language model, or by rules of the same shape. Knows nothing of
turns."""

import asyncio
import logging
from collections.abc import Callable

from dialog.commands import Judge
from dialog.signals import JudgementArrived, JudgementFailed
from dialog.study import Study
from server.live.mailbox import Mailbox
from server.providers.protocols import LanguageModel, ProviderError
from server.providers.witness import FirstToken, Told, witness, witnessed_by

log = logging.getLogger(__name__)


class Interpreter:
    """Runs each judgement in a task of the session, and puts what comes of it into the mailbox."""

    def __init__(
        self,
        model: LanguageModel,
        mailbox: Mailbox,
        tasks: asyncio.TaskGroup,
        *,
        now: Callable[[], float],
        timeout: float = 20.0,
    ) -> None:
        self._model = model
        self._now = now
        self._mailbox = mailbox
        self._tasks = tasks
        self._timeout = timeout
        self._running: dict[int, asyncio.Task[None]] = {}

    def prepare(self, study: Study) -> None:
        """The talk begins: have whatever its judgements will need warm."""
        self._tasks.create_task(self._prepare(study), name="preparing the model")

    def judge(self, command: Judge) -> None:
        """Begin a judgement."""
        task = self._tasks.create_task(self._run(command), name=f"judgement {command.judgement_id}")
        self._running[command.judgement_id] = task
        task.add_done_callback(lambda _: self._running.pop(command.judgement_id, None))

    def cancel(self, judgement_id: int) -> None:
        """Give a judgement up. One that is over, or was never begun, is left alone."""
        if task := self._running.get(judgement_id):
            task.cancel()

    async def _prepare(self, study: Study) -> None:
        try:
            await self._model.prepare(study)
        except Exception:  # the talk goes without
            log.exception("! the model could not be prepared")

    async def _run(self, command: Judge) -> None:
        first_token_at: float | None = None
        others = witness()

        def note(told: Told) -> None:
            nonlocal first_token_at
            if isinstance(told, FirstToken):  # of several models the last that began is mostly the one heard
                first_token_at = self._now()
            others(told)

        try:
            with witnessed_by(note):
                async with asyncio.timeout(self._timeout):
                    judgement = await self._model.judge(command.request)
        except ProviderError as error:
            self._fail(command, str(error))
        except TimeoutError:
            self._fail(command, f"no judgement within {self._timeout:g} s")
        except Exception as error:  # a vendor's library may raise anything; the talk has a way on without it
            log.exception("! judgement %d failed", command.judgement_id)
            self._fail(command, type(error).__name__)
        else:
            self._mailbox.put(JudgementArrived(command.judgement_id, judgement, first_token_at))

    def _fail(self, command: Judge, reason: str) -> None:
        self._mailbox.put(JudgementFailed(command.judgement_id, reason[:300]))

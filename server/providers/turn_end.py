"""The audio end-of-turn model of an operator's choice: one child program looks for all talks, one look at a
time.

Knows nothing of features or tensors. Whatever goes wrong, a look is answered by nothing, and soon.
"""

import asyncio
import itertools
import logging
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from media.frames import EAR_RATE_HZ
from server.providers.embedded.child import KeptChild
from server.providers.embedded.pipe import Message
from server.providers.turn_end_manifest import TurnEndUnfit
from server.providers.turn_end_pipe import Fit, FromTurnEnd, Look, Scored, Unfit

logger = logging.getLogger(__name__)

PROGRAM: Final = (sys.executable, "-m", "server.providers.turn_end_process")


class TurnEndLimits(msgspec.Struct, frozen=True):
    """What keeps one slow model or one crowded second from holding up anybody. Durations in seconds."""

    look_timeout: float = 1.0
    """From the question to its answer, waiting included. Larger: answers to silences that are over."""
    waiting: int = 8
    """Looks that may wait. Larger: more of them come too late. The newest goes first: it is worth most."""
    stall_timeout: float = 3.0
    """After which a child that looks is ended. Larger: a hung model is noticed later."""
    open_timeout: float = 60.0
    """For loading and trying the model, the first time and whenever its process is started again."""
    first_distrust: float = 1.0
    longest_distrust: float = 60.0
    """How long a child isn't asked after it died of a look: doubled each time, until a look is answered."""


class _WaitingLook:
    def __init__(self, pcm: bytes) -> None:
        self.pcm = pcm
        self.answered: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()

    def answer(self, probability: float | None) -> None:
        if not self.answered.done():
            self.answered.set_result(probability)


class OnnxTurnEnd:
    """A TurnEndDetector of an ONNX file. `run` keeps its process for as long as it is awaited."""

    def __init__(
        self, path: Path, *, program: Sequence[str] = PROGRAM, limits: TurnEndLimits | None = None
    ) -> None:
        self._path = path
        self.limits = limits or TurnEndLimits()
        self._fit: Fit | None = None
        """What the child said of the model that it has loaded; None while there is none."""
        self._verdict: asyncio.Future[Fit] = asyncio.get_running_loop().create_future()
        self._look_ids = itertools.count(1)
        self._waiting: deque[_WaitingLook] = deque()
        self._running: tuple[int, _WaitingLook] | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._distrust = 0.0
        self._distrusted_until = 0.0
        self.child = KeptChild(
            (*program, str(path.absolute())),
            msgspec.msgpack.Decoder(FromTurnEnd).decode,
            receive=self._received,
            on_ready=self._loading,
            on_death=self._died,
        )

    @property
    def name(self) -> str:
        """By which its scores are known; known once it is opened."""
        return self._verdict.result().name

    @property
    def sound_duration(self) -> float:
        """Seconds of the newest sound that it can use; known once it is opened."""
        return self._verdict.result().sound_duration

    @property
    def look_duration(self) -> float:
        """Seconds of CPU that a look takes here; known once it is opened."""
        return self._verdict.result().look_duration

    async def run(self) -> None:
        """Keep the model's process until cancelled, or until the model turns out to be unusable."""
        await self.child.run()

    async def opened(self) -> None:
        """Wait until the model is loaded and tried; `run` must be under way. Raises TurnEndUnfit."""
        try:
            async with asyncio.timeout(self.limits.open_timeout):
                fit = await asyncio.shield(self._verdict)
        except TimeoutError:
            self.child.retire("too slow")
            raise TurnEndUnfit(
                f"{self._path} isn't loaded after {self.limits.open_timeout:g} s: this machine can't use it."
            ) from None
        if fit.look_duration > self.limits.look_timeout:
            self.child.retire("too slow")
            raise TurnEndUnfit(
                f"{self._path} needs {fit.look_duration:.1f} s for a look here, which is of no use after "
                f"{self.limits.look_timeout:g} s. Take a smaller model, or a quantised one."
            )

    async def score(self, pcm: bytes) -> float | None:
        """Judge the newest sound of a turn: mono s16le at EAR_RATE_HZ -> 0–1, that it is over; None = no
        opinion in time."""
        now = asyncio.get_running_loop().time()
        if self._fit is None or now < self._distrusted_until:
            return None
        look = _WaitingLook(pcm[-self._longest_pcm(self._fit) :])
        self._waiting.append(look)
        if len(self._waiting) > self.limits.waiting:
            self._waiting.popleft().answer(None)
        self._look_next()
        try:
            async with asyncio.timeout(self.limits.look_timeout):
                return await look.answered
        except TimeoutError:
            return None
        finally:
            if look in self._waiting:
                self._waiting.remove(look)

    @staticmethod
    def _longest_pcm(fit: Fit) -> int:
        return 2 * round(fit.sound_duration * EAR_RATE_HZ)

    def _look_next(self) -> None:
        while self._waiting and self._running is None:
            look = self._waiting.pop()
            look_id = next(self._look_ids)
            if not self.child.send(Look(look_id, look.pcm)):
                look.answer(None)
                continue
            self._running = look_id, look
            loop = asyncio.get_running_loop()
            self._watch = loop.call_later(self.limits.stall_timeout, self.child.end, "timeout")

    # What the child says

    def _loading(self) -> None:
        loop = asyncio.get_running_loop()
        self._watch = loop.call_later(self.limits.open_timeout, self.child.end, "timeout")

    def _received(self, message: Message) -> None:
        match message:
            case Fit() if self._fit is None and _is_sane(message):
                self._loaded(message)
            case Unfit():
                self._give_up(message.reason[:1_000])
            case Scored() if self._running is not None and message.look_id == self._running[0]:
                self._scored(message.probability)
            case _:
                self.child.end("crashed")

    def _loaded(self, fit: Fit) -> None:
        self._finish()
        if not self._verdict.done():
            self._verdict.set_result(fit)
            logger.info("= end-of-turn model %s, %.0f ms a look", fit.name, 1e3 * fit.look_duration)
        elif fit.name != self.name:  # talks under way, and their logs, know its scores by the name it had
            self._give_up(
                f"{self._path} holds {fit.name} now and {self.name} before: restart the server to change it."
            )
            return
        self._fit = fit

    def _scored(self, probability: float | None) -> None:
        if probability is not None and not 0.0 <= probability <= 1.0:
            self.child.end("crashed")
            return
        look = self._finish()
        if look is not None:
            look.answer(probability)
        self._distrust = 0.0
        self._look_next()

    def _finish(self) -> _WaitingLook | None:
        """No look is under way any more; returns the one that was."""
        running, self._running = self._running, None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        return None if running is None else running[1]

    def _died(self, reason: str) -> None:
        self._fit = None
        look = self._finish()
        if look is not None:
            limits = self.limits
            self._distrust = min(max(2 * self._distrust, limits.first_distrust), limits.longest_distrust)
            self._distrusted_until = asyncio.get_running_loop().time() + self._distrust
            look.answer(None)
        while self._waiting:
            self._waiting.pop().answer(None)
        if not self._verdict.done():
            self._give_up(f"{self._path} can't be used: what loads it has ended ({reason}).")

    def _give_up(self, reason: str) -> None:
        """There is no use in trying again."""
        if self._verdict.done():
            logger.error("! the end-of-turn model is not used any more: %s", reason)
        else:
            self._verdict.set_exception(TurnEndUnfit(reason))
            self._verdict.exception()  # looked at, should nobody wait for it any more
        self.child.retire("unfit")


def _is_sane(fit: Fit) -> bool:
    return 0 < len(fit.name) <= 160 and 0 < fit.sound_duration <= 30 and 0 <= fit.look_duration < 3_600

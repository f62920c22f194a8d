"""Lines that are open before anybody speaks: for each voice that is wanted as many as have two places to
spare, so that no utterance waits for a handshake. Knows neither texts nor sound.
"""

import asyncio
import logging
import math
from collections.abc import Callable

from server.clock import jitter, loop_time
from server.providers.deadline import Deadline
from server.providers.elevenlabs.account import Account
from server.providers.elevenlabs.faults import again, fault
from server.providers.elevenlabs.line_policy import LinePolicy
from server.providers.elevenlabs.multi_context import MOST_CONTEXTS, Line
from server.providers.protocols import ProviderError

logger = logging.getLogger(__name__)

SPARE_PLACES = 2
"""For whoever begins next: an utterance that was cut off keeps its place for a while, as does the one
after."""
MOST_LINES = 20
"""For one voice: a hundred utterances at once."""
MOST_VOICES = 50
"""Kept open at once; the one that was wanted longest ago goes first."""


class VoiceLines:
    """The lines of one voice. `wake` is called when there may be something to do for `tend`."""

    def __init__(self, account: Account, voice_id: str, policy: LinePolicy, wake: Callable[[], None]) -> None:
        self._account = account
        self._voice_id = voice_id
        self._policy = policy
        self._wake = wake
        self._lines: list[Line] = []
        self._changed = asyncio.Event()
        self._waiting = 0
        self._pause = policy.first_pause
        self._retry_at = -math.inf
        self._fault: ProviderError | None = None
        self.wanted_until = -math.inf

    @property
    def idle(self) -> bool:
        """Nobody wants this voice, and nothing is open."""
        return not self._lines and not self._waiting and loop_time() >= self.wanted_until

    def want(self) -> None:
        """Somebody is about to speak with this voice."""
        self.wanted_until = loop_time() + self._policy.wanted_duration
        self._wake()

    async def line(self) -> Line:
        """A line with a place free; the utterance is to be opened on it at once. Raises ProviderError."""
        self.want()
        self._waiting += 1
        try:
            async with Deadline(loop_time() + self._policy.dial_timeout):
                while (line := self._free_line()) is None:
                    if self._fault is not None and loop_time() < self._retry_at:
                        raise again(self._fault)
                    self._changed.clear()
                    await self._changed.wait()
                return line
        except TimeoutError:
            raise fault("no line in time") from None
        finally:
            self._waiting -= 1

    def tend(self) -> list[Line]:
        """Put away what is no longer needed; returns new lines, each to be run by whoever asks."""
        now = loop_time()
        wanted = now < self.wanted_until or self._waiting > 0
        worn = [line for line in self._lines if now - line.used_at >= self._policy.renew_after]
        fresh = [line for line in self._lines if line not in worn]
        for line in worn if wanted else list(self._lines):
            if not line.utterances and (not wanted or any(other.places(now) for other in fresh)):
                line.retire()
        missing = SPARE_PLACES + self._waiting - sum(_places(line, now) for line in fresh)
        dialled: list[Line] = []
        while wanted and missing > 0 and now >= self._retry_at and len(self._lines) < MOST_LINES:
            dialled.append(Line(self._account, self._voice_id, self._policy, self._line_changed))
            self._lines.append(dialled[-1])
            missing -= MOST_CONTEXTS
        return dialled

    def due(self) -> float:
        """When there will be something to do, if nothing happens before."""
        now = loop_time()
        wanted = now < self.wanted_until or self._waiting
        instants = [line.used_at + self._policy.renew_after for line in self._lines if line.places(now)]
        if wanted:
            instants.append(self.wanted_until)
            if now < self._retry_at:
                instants.append(self._retry_at)
        return min((at for at in instants if at > now), default=math.inf)

    def close(self) -> None:
        """Nobody will want this voice any more."""
        self.wanted_until = -math.inf
        for line in self._lines:
            line.retire()

    def _free_line(self) -> Line | None:
        now = loop_time()
        free = [line for line in self._lines if line.places(now)]
        return max(free, key=lambda line: line.places(now), default=None)

    def _line_changed(self, line: Line) -> None:
        if line.ended:
            self._lines.remove(line)
            if line.fell_over(loop_time()):
                self._fell_over(line.fault or fault("the line broke off"))
        elif line.places(loop_time()):
            self._fault, self._pause = None, self._policy.first_pause
        self._changed.set()
        self._wake()

    def _fell_over(self, why: ProviderError) -> None:
        if not why.retryable:
            self._pause = self._policy.refused_pause
        if self._fault is None or self._fault.args != why.args:
            logger.warning("! %s", why)
        self._fault = why
        self._retry_at = loop_time() + jitter(self._pause)
        self._pause = min(self._pause * 2, max(self._policy.longest_pause, self._pause))


def _places(line: Line, now: float) -> int:
    return MOST_CONTEXTS if line.dialling else line.places(now)


async def _run(line: Line) -> None:
    """Run a line in a group that carries all the others: whatever ends this one, they go on."""
    try:
        await line.run()
    except Exception:
        logger.exception("! a line to elevenlabs couldn't be put away")


class Lines:
    """All lines of one account. `run` dials them, for as long as it is awaited."""

    def __init__(self, account: Account, policy: LinePolicy) -> None:
        self._account = account
        self._policy = policy
        self._voices: dict[str, VoiceLines] = {}
        self._something = asyncio.Event()

    async def run(self) -> None:
        """Open, renew and close lines until cancelled; none is left then."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._something.clear()
                for voice_id, lines in list(self._voices.items()):
                    for line in lines.tend():
                        tasks.create_task(_run(line), name=f"elevenlabs line for {voice_id[:32]}")
                    if lines.idle:
                        del self._voices[voice_id]
                due = min((lines.due() for lines in self._voices.values()), default=math.inf)
                try:
                    async with asyncio.timeout_at(None if due == math.inf else due):
                        await self._something.wait()
                except TimeoutError:
                    continue

    def of(self, voice_id: str) -> VoiceLines:
        """The lines of a voice."""
        lines = self._voices.get(voice_id)
        if lines is None:
            if len(self._voices) >= MOST_VOICES:
                longest_ago = min(self._voices, key=lambda each: self._voices[each].wanted_until)
                self._voices.pop(longest_ago).close()
            lines = VoiceLines(self._account, voice_id, self._policy, self._something.set)
            self._voices[voice_id] = lines
        return lines

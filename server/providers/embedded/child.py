"""One child program, kept alive: started, listened to, ended when it talks garbage, started again.

The engines live in children because one is GPL-3 and not reentrant, the other holds the interpreter's lock;
and because a crash in C must cost one utterance, not the server.
"""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from server.children import ROOT, end
from server.providers.embedded.pipe import LENGTH_BYTES, Message, PipeError, Ready, body_length, encode

logger = logging.getLogger(__name__)

START_TIMEOUT: Final = 30.0
"""Seconds until a child must be ready; loading a recogniser takes half of one on an idle machine."""
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
"""Seconds before a child that died is started again: doubled each time, from the first to the longest."""
STEADY_AFTER: Final = 10.0
"""Seconds of readiness after which a child that dies is started at once again: one that gets ready and falls
over, time after time, would else be loaded without end. Larger: occasional crashes in a row count as one."""
MAX_UNSENT_BYTES: Final = 1 << 20
"""What may wait for a child beyond the system's pipe: 25 s of audio is 0.8 MB."""


class KeptChild:
    """Keep one child program running and pass messages.

    `receive` gets each message but Ready; `on_ready` and `on_death` frame a life. All are called on the loop,
    must not wait and must not raise. A child exits by itself when its standard input closes, so none outlives
    a killed server.
    """

    def __init__(
        self,
        program: Sequence[str],
        decode: Callable[[bytes], Message],
        *,
        receive: Callable[[Message], None],
        on_ready: Callable[[], None],
        on_death: Callable[[str], None],
        max_unsent_bytes: int = MAX_UNSENT_BYTES,
    ) -> None:
        self._program = tuple(program)
        self._decode = decode
        self._receive = receive
        self._on_ready = on_ready
        self._on_death = on_death
        self._max_unsent_bytes = max_unsent_bytes
        self._process: asyncio.subprocess.Process | None = None
        self._reason = ""
        self._ready_at = math.inf
        self._retired = False
        self.ready = False
        self.pause = FIRST_PAUSE
        """Seconds between the latest death and the start after it."""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def send(self, message: Message) -> bool:
        """Send without waiting. False when the child is gone or has too much unread; nothing was
        sent then."""
        pipe = self._process.stdin if self._process else None
        if pipe is None or not self.ready or pipe.is_closing():
            return False
        if pipe.transport.get_write_buffer_size() > self._max_unsent_bytes:
            return False
        pipe.write(encode(message))
        return True

    def end(self, reason: str) -> None:
        """Kill the child; `on_death` follows with this reason, then a new child."""
        if self._process is not None:
            self._reason = self._reason or reason
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def retire(self, reason: str) -> None:
        """Kill the child for good; `run` returns when it is gone."""
        self._retired = True
        self.end(reason)

    async def run(self) -> None:
        """Keep a child running until cancelled or retired."""
        while not self._retired:
            try:
                steady = await self._live() >= STEADY_AFTER
            except OSError as error:
                steady = False
                logger.warning("✗ %s can't be started: %s", self._program[-1], error)
            self.pause = FIRST_PAUSE if steady else min(self.pause * 2, LONGEST_PAUSE)
            if not self._retired:
                await asyncio.sleep(self.pause)

    async def _live(self) -> float:
        """One life of the child; returns for how many seconds it was ready, nothing to speak of if never."""
        process = await asyncio.create_subprocess_exec(
            *self._program,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
            # a Ctrl-C in the terminal is the server's to answer: it drains, and the children with it
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        self._process, self._reason, self._ready_at = process, "", math.inf
        try:
            reason = await self._listen(process.stdout)
            self._reason = self._reason or reason
        finally:
            self.ready = False
            self._process = None
            await end(process)
            self._on_death(self._reason or "stopped")
        if not self._retired:
            logger.warning("✗ %s ended: %s; starting it again", self._program[-1], self._reason)
        return asyncio.get_running_loop().time() - self._ready_at

    async def _listen(self, stdout: asyncio.StreamReader) -> str:
        try:
            async with asyncio.timeout(START_TIMEOUT):
                message = await self._next(stdout)
            if not isinstance(message, Ready):
                raise PipeError(f"{type(message).__name__} before Ready")
            self.ready, self._ready_at = True, asyncio.get_running_loop().time()
            self._on_ready()
            while True:
                self._receive(await self._next(stdout))
        except asyncio.IncompleteReadError:
            return "crashed"
        except TimeoutError:
            return "timeout"
        except (PipeError, msgspec.MsgspecError) as error:
            logger.warning("✗ %s talks garbage: %s", self._program[-1], error)
            return "crashed"

    async def _next(self, stdout: asyncio.StreamReader) -> Message:
        length = body_length(await stdout.readexactly(LENGTH_BYTES))
        return self._decode(await stdout.readexactly(length))

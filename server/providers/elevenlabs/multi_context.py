"""One websocket to the vendor and the utterances on it: five at most, each with its id. What comes for an
utterance that nobody listens to any more is thrown away. Knows no pool and no text.
"""

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Callable
from typing import Final

import msgspec
from elevenlabs.url_utils import build_ws_url
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from server.clock import loop_time
from server.providers.deadline import GRACE, OVERSLEPT
from server.providers.direct import Direct
from server.providers.elevenlabs.account import Account
from server.providers.elevenlabs.contexts import Context
from server.providers.elevenlabs.faults import code_in, fault, refusal
from server.providers.elevenlabs.line_policy import LinePolicy
from server.providers.elevenlabs.messages import UnreadableError, farewell, read
from server.providers.protocols import ProviderError

logger = logging.getLogger(__name__)

MOST_CONTEXTS: Final = 5
"""The vendor closes the whole line at a sixth; a context that was dropped counts until its `isFinal`."""
INACTIVITY_TIMEOUT: Final = 180
"""Seconds without a word from us after which the vendor closes the line: the most that it allows."""
MOST_MESSAGE_BYTES: Final = 1_500_000
"""A sentence of 300 characters in one message is 1.3 MB."""
CLOSING_TIMEOUT: Final = 1.0
"""Seconds that the vendor has for its part of a good-bye."""
MOST_UNSENT: Final = 1_024
"""Messages between the pace of the loop and that of the network; past it the line is as good as dead. Three
of the longest texts said at once make 306."""


class Line:
    """One connection for one voice. `changed` is called when it opens, has a place free, or ends.

    `run` is its whole life, and doesn't raise. What is said before it is open waits for that.
    """

    def __init__(
        self, account: Account, voice_id: str, policy: LinePolicy, changed: Callable[["Line"], None]
    ) -> None:
        self._account = account
        self._voice_id = voice_id
        self._policy = policy
        self._changed = changed
        self._contexts: dict[str, Context] = {}
        self._ids = itertools.count(1)
        self._unsent: asyncio.Queue[str] = asyncio.Queue(MOST_UNSENT)
        self._socket: ClientConnection | None = None
        self._owed_since: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._opened_at: float | None = None
        self._retired = False
        self._leaving = False
        self.ended = False
        self.used_at = loop_time()
        """When something was last said on it."""
        self.fault: ProviderError | None = None
        """Why it ended; None when it was only closed."""

    @property
    def dialling(self) -> bool:
        return self._opened_at is None and not self.ended

    @property
    def utterances(self) -> int:
        """How many the vendor still counts."""
        return len(self._contexts)

    def places(self, now: float) -> int:
        """How many utterances it can take."""
        if self._opened_at is None or self.ended or self._retired:
            return 0
        if self._owed_since is not None and now - self._owed_since > self._policy.doubt_after:
            return 0
        return MOST_CONTEXTS - len(self._contexts)

    def fell_over(self, now: float) -> bool:
        """Whether a line that has ended was none to speak of: dialling again at once would do no better."""
        if self._opened_at is None or (self.fault is not None and not self.fault.retryable):
            return True
        return not self._retired and now - self._opened_at < self._policy.steady_after

    def open_context(self, most_bytes: int) -> Context:
        """Begin an utterance; only where there is a place."""
        context = Context(f"u{next(self._ids)}", self._post, most_bytes, self._settle)
        self._contexts[context.context_id] = context
        if self._owed_since is None:
            self._owe(loop_time())
        return context

    def retire(self) -> None:
        """Take no more utterances, and close when those there are have been spoken."""
        self._retired = True
        if not self._contexts and self._socket is not None and not self._leaving:
            self._leaving = True
            self._post(farewell())
            asyncio.get_running_loop().call_later(CLOSING_TIMEOUT, self._abort)

    async def run(self) -> None:
        """Dial, carry utterances, and end."""
        try:
            self._socket = await self._dial()
            if self._socket is not None:
                self._opened_at = self.used_at = loop_time()
                self._changed(self)
                if self._retired:
                    self.retire()
                await self._serve(self._socket)
        except asyncio.CancelledError:
            self._retired = True
            raise
        except Exception:  # a library may raise anything; its utterances fail, the others go on
            logger.exception("! a line to elevenlabs broke")
            self.fault = fault("the line broke off")
        finally:
            self._end()
            if self._socket is not None:
                self._socket.transport.abort()
                await self._socket.wait_closed()

    async def _dial(self) -> ClientConnection | None:
        account = self._account
        asked = {
            "model_id": account.model_id,
            "output_format": account.sound_format.name,
            "auto_mode": "true",
            "sync_alignment": "true",
            "inactivity_timeout": INACTIVITY_TIMEOUT,
        }
        path = ["v1", "text-to-speech", self._voice_id, "multi-stream-input"]
        try:
            return await Direct(
                build_ws_url(account.base_url, path, asked),
                additional_headers={"xi-api-key": account.api_key},
                compression=None,
                proxy=None if account.nearby else True,
                open_timeout=self._policy.dial_timeout,
                ping_interval=self._policy.ping_interval,
                ping_timeout=self._policy.ping_timeout,
                close_timeout=CLOSING_TIMEOUT,
                max_size=MOST_MESSAGE_BYTES,
                ssl=account.tls if account.secure else None,
            )
        except InvalidStatus as refused:
            answer = refused.response
            self.fault = refusal(_code(answer.body), answer.status_code, self._voice_id)
        except TimeoutError:
            self.fault = fault("no connection in time")
        except (OSError, WebSocketException, ValueError) as error:
            logger.debug("< elevenlabs: %r", error)
            self.fault = fault("it can't be reached")
        return None

    async def _serve(self, socket: ClientConnection) -> None:
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self._write(socket), name="elevenlabs writing")
            try:
                await self._read(socket)
            finally:
                writing.cancel()

    async def _write(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):  # the reader tells
            while True:
                await socket.send(await self._unsent.get())

    async def _read(self, socket: ClientConnection) -> None:
        going_on = True
        while going_on:
            try:
                raw = await socket.recv(decode=False)
            except ConnectionClosed as closed:
                logger.debug("< elevenlabs closed the line: %s", closed.rcvd and closed.rcvd.code)
                return
            going_on = self._take(raw)

    def _take(self, raw: bytes) -> bool:
        """Hand a message to its utterance; False when the line is not to be trusted any further."""
        try:
            message = read(raw)
        except UnreadableError:
            self.fault = fault("what it says can't be read")
            return False
        before, now = self._owed_since, loop_time()
        self._owed_since = now
        if before is not None and now - before > self._policy.doubt_after:
            self._changed(self)  # it was given nothing new meanwhile, and can be again
        context = None if message.context_id is None else self._contexts.get(message.context_id)
        if message.refused is not None:
            why = refusal(message.refused, None, self._voice_id)
            if context is None:
                self.fault = why
                return False
            context.fail(why)
        elif context is not None and not context.receive(message):
            context.fail(fault("more sound came than the words can have"))
        self._settle()
        return True

    def _settle(self) -> None:
        """Forget utterances that are over."""
        over = [context_id for context_id, context in self._contexts.items() if context.over]
        for context_id in over:
            del self._contexts[context_id]
        if not self._contexts:
            self._owed_since = None
        if over and not self.ended:
            if self._retired:
                self.retire()
            self._changed(self)

    def _post(self, message: str) -> None:
        self.used_at = loop_time()
        try:
            self._unsent.put_nowait(message)
        except asyncio.QueueFull:
            self._give_up(fault("it takes nothing more"))

    def _owe(self, since: float) -> None:
        self._owed_since = since
        if self._watch is None:
            self._look_at(since + self._policy.deaf_after)

    def _look_at(self, when: float) -> None:
        self._watch = asyncio.get_running_loop().call_at(when, self._look, when)

    def _look(self, due: float) -> None:
        """See whether a line that owes something has said anything; not before it was read what came while
        our own loop stood still."""
        self._watch = None
        if self._owed_since is None:
            return
        now, deaf_at = loop_time(), self._owed_since + self._policy.deaf_after
        if now < deaf_at:
            self._look_at(deaf_at)
        elif now - due > OVERSLEPT:
            self._look_at(now + GRACE)
        else:
            self._give_up(fault("it says nothing any more"))

    def _give_up(self, why: ProviderError) -> None:
        self.fault = why
        self._abort()

    def _abort(self) -> None:
        if self._socket is not None:
            self._socket.transport.abort()

    def _end(self) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self.ended = True
        for context in list(self._contexts.values()):
            context.fail(self.fault or fault("the line broke off"))
        self._contexts.clear()
        self._changed(self)


def _code(body: bytes | bytearray) -> str:
    try:
        return code_in(msgspec.json.decode(body or b"null"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return ""

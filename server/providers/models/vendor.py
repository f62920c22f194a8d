"""What a vendor of language models must do for the interviewer: answer a call, piece by piece. Knows neither
prompt nor reply."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import msgspec

from server.providers.models.reply import ReplyForm
from server.providers.models.rules_per_model import ModelRules


class Call(msgspec.Struct, frozen=True):
    """A prompt, what changes least first: vendors keep what they have read of its beginning."""

    model: str
    rules: ModelRules
    form: ReplyForm
    standing: tuple[str, ...]
    """The same for a whole talk, the first part for all talks. Instructions."""
    told: tuple[str, ...]
    """What has been said, a part for each exchange: grows at its end. Data."""
    now: str
    """What is to be judged. Data."""
    longest_reply: int
    """Tokens."""
    patience: float = 3.0
    """Seconds that nothing may come for, before the first piece or between two."""


class Vendor(Protocol):
    """One vendor of models."""

    @property
    def name(self) -> str: ...

    def reply(self, call: Call) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """The pieces of a reply's text, as they come. Raises ProviderError, on entering and between pieces.

        Left before the end, the rest is read beside, so that the connection stays warm; left by an
        exception, a cancellation too, the call is given up at once. What it cost is told to the witness of
        the call.
        """

    async def make_ready(self, call: Call) -> None:
        """Have a connection, and what a call begins with, warm. Raises ProviderError."""

    async def run(self) -> None:
        """Keep its connections until cancelled; then close them."""

    async def check(self) -> None:
        """Ask whether the key is good. Raises ProviderError with one sentence."""

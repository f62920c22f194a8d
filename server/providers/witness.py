"""What providers tell beside what they were asked for: what a call used, when a model's first token came, and
which of several providers did the work. Knows no vendor, and nothing of those who want to know.

An adapter says `tell(Usage(...))`; it reaches whoever put themselves around the call with `witnessed_by`: the
talk that the call is for (its log), and the server (its metrics). A provider that works for a talk in tasks
of its own asks for `witness()` while it is called, and keeps that.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

import msgspec

Role = Literal["speech_to_text", "text_to_speech", "language_model"]


DecisionKind = Literal["replaced", "skipped", "hedged", "opened", "closed"]
"""`replaced`: it failed, or was too late, and another does its work. `skipped`: it wasn't asked, for its
breaker is open. `hedged`: it was asked a second time. `opened`, `closed`: its breaker was."""


class Usage(msgspec.Struct, frozen=True):
    """What a vendor will put on the bill for a call, as far as it is known when the call is over or given up.

    To be told once for each call, or piece by piece; figures are added up.
    """

    provider: str
    audio_seconds: float = 0.0
    """Of sound sent to a recogniser, silence included."""
    characters: int = 0
    """Of text sent to a voice."""
    input_tokens: int = 0
    """Read by a model, those from a cache left out."""
    cached_tokens: int = 0
    """Read by it from a cache."""
    output_tokens: int = 0
    """Written by it."""
    model: str = ""
    """Of a language model, which."""


class FirstToken(msgspec.Struct, frozen=True):
    """A model's first useful token of a judgement has come: an adapter tells it at that moment."""

    provider: str


class Decision(msgspec.Struct, frozen=True):
    """A wrapper went another way than the straight one."""

    role: Role
    provider: str
    """The one that it is about."""
    decision: DecisionKind
    why: str = ""
    """For people: never a participant's words."""


Told = Usage | FirstToken | Decision
Witness = Callable[[Told], None]


def _nobody(_: Told) -> None:
    """Nobody wants to know."""


_witness: ContextVar[Witness] = ContextVar("witness", default=_nobody)


def witness() -> Witness:
    """Whoever wants to know of the present call; to be kept by those who work for it in other tasks."""
    return _witness.get()


def tell(what: Told) -> None:
    """Tell whoever wants to know of the present call."""
    _witness.get()(what)


@contextmanager
def witnessed_by(new: Witness) -> Iterator[None]:
    """Tell `new` of what is called inside, instead of those who were told before. Not to be held over the
    `yield` of an async generator, whose caller would be inside too."""
    token = _witness.set(new)
    try:
        yield
    finally:
        _witness.reset(token)

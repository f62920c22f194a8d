"""How somebody talks, whatever the study: a manner makes a persona of a story, which holds what there is to
tell. Knows no question."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from dialog.blueprint_validation import Fault
from server.rehearsal.persona import (
    Behaviour,
    Drop,
    Expected,
    NodeAnswers,
    Persona,
    PersonaError,
    Phrase,
    Recognition,
    Reply,
)

_Item = TypeVar("_Item")

MANNERS: Final = Path(__file__).resolve().parent.parent / "examples" / "personas"
"""One file for each manner; its name is the persona's."""


class Aside(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something said at the so-many-th question of a story, counted from 1."""

    question: int
    say: str
    kind: str = "instead"
    """`instead` of the answer, once; or as in a persona file's `behaviours`."""


class Break(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A link that is cut during the answer to the so-many-th question."""

    question: int
    after_ms: int = 1_500
    away_ms: int = 60_000


class Manner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way of talking."""

    name: str
    description: str
    first: Literal["whole", "brief", "withheld", "contradicted"] = "whole"
    """Of first answers all that the story has, the first phrase, one of `evasions`, or all and its contrary.
    """
    before: tuple[str, ...] = ()
    """Said ahead of first answers, in turn; "" = nothing."""
    after: tuple[str, ...] = ()
    """Said behind first answers, in turn."""
    evasions: tuple[str, ...] = ()
    stonewalled: tuple[int, ...] = ()
    """Questions of the story, from 1, at which no probe opens anything."""
    otherwise: tuple[str, ...] = ()
    """What a probe gets that opens nothing; empty = the story's own."""
    replies_after: tuple[str, ...] = ()
    """Said behind what a fitting probe gets, in turn."""
    pauses: float = 1.0
    """Factor on the pauses within an answer."""
    thinking_ms: tuple[int, ...] = ()
    """Pauses put in ahead of an answer's last phrase, in turn, behind the words of `thinking`."""
    thinking: str = ""
    start_delay_ms: int | None = None
    words_per_s: float = 2.8
    sounds: tuple[Phrase, ...] = ()
    """Heard ahead of first answers, in turn; one without a sound is nothing."""
    asides: tuple[Aside, ...] = ()
    breaks: tuple[Break, ...] = ()
    recognition: Recognition = Recognition()
    never_said: tuple[str, ...] = ()
    """Words that the agent must never say."""


def manner_names() -> list[str]:
    """Every manner that there is, in the order of the alphabet."""
    return sorted(path.stem for path in MANNERS.glob("*.json"))


def load_manner(name: str) -> Manner:
    """Read a manner by its name. Raises PersonaError."""
    path = MANNERS / f"{name}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manner)
    except (OSError, msgspec.DecodeError) as error:
        raise PersonaError(path, [Fault("invalid_value", "", f"{error}.")]) from error


def in_manner(story: Persona, manner: Manner) -> Persona:
    """The persona who has this story to tell, and tells it so."""
    answers: dict[str, NodeAnswers] = {}
    keys = list(story.answers)
    open_questions = [key for key in keys if not story.answers[key].fields]
    for key, node in story.answers.items():
        place = open_questions.index(key) if key in open_questions else None
        answers[key] = node if place is None else _told(node, manner, place)
    behaviours = tuple(
        Behaviour(aside.kind, {"node": open_questions[aside.question - 1]}, aside.say)
        for aside in manner.asides
        if aside.question <= len(open_questions)
    )
    drops = tuple(
        Drop(open_questions[one.question - 1], one.after_ms, one.away_ms)
        for one in manner.breaks
        if one.question <= len(open_questions)
    )
    return msgspec.structs.replace(
        story,
        name=manner.name,
        answers=answers,
        otherwise=_others(manner) or story.otherwise,
        start_delay_ms=story.start_delay_ms if manner.start_delay_ms is None else manner.start_delay_ms,
        behaviours=behaviours,
        drops=drops,
        recognition=manner.recognition,
        words_per_s=manner.words_per_s,
        expected=_expected(story.expected, manner),
    )


def _expected(expected: Expected, manner: Manner) -> Expected:
    """The same way through the study, where everything comes across that decides on it."""
    clear = manner.first in ("whole", "contradicted") and not manner.recognition.word_errors
    return msgspec.structs.replace(
        expected, never_said=manner.never_said, path=expected.path if clear else ()
    )


def _told(node: NodeAnswers, manner: Manner, place: int) -> NodeAnswers:
    stonewalled = place + 1 in manner.stonewalled
    probes = () if stonewalled else tuple(_replied(reply, manner, place) for reply in node.probes)
    return msgspec.structs.replace(
        node,
        first=_first(node, manner, place),
        probes=probes,
        otherwise=_others(manner) or node.otherwise,
    )


def _others(manner: Manner) -> tuple[tuple[Phrase, ...], ...]:
    return tuple((Phrase(say=one),) for one in manner.otherwise)


def _first(node: NodeAnswers, manner: Manner, place: int) -> tuple[Phrase, ...]:
    phrases = node.first
    if manner.first == "withheld" and manner.evasions:
        phrases = (Phrase(say=_turn(manner.evasions, place)),)
    elif manner.first == "brief":
        phrases = phrases[:1]
    elif manner.first == "contradicted":
        phrases = (*phrases, *node.contradiction)
    spoken = [*_said(manner.before, place), *phrases, *_said(manner.after, place)]
    if manner.sounds and (sound := manner.sounds[place % len(manner.sounds)]).sound:
        spoken.insert(0, sound)
    if manner.thinking_ms and manner.thinking and len(spoken) > 1:
        spoken.insert(-1, Phrase(say=manner.thinking, pause_ms=_turn(manner.thinking_ms, place)))
    return _paced(spoken, manner)


def _replied(reply: Reply, manner: Manner, place: int) -> Reply:
    spoken = [*reply.answer, *_said(manner.replies_after, place)]
    return msgspec.structs.replace(reply, answer=_paced(spoken, manner))


def _said(texts: tuple[str, ...], place: int) -> list[Phrase]:
    text = _turn(texts, place) if texts else ""
    return [Phrase(say=text, pause_ms=500)] if text else []


def _paced(phrases: list[Phrase] | tuple[Phrase, ...], manner: Manner) -> tuple[Phrase, ...]:
    """With the manner's pauses between the phrases, and none behind the last."""
    paced = [
        msgspec.structs.replace(phrase, pause_ms=round((phrase.pause_ms or 500) * manner.pauses))
        for phrase in phrases[:-1]
    ]
    return (*paced, *(msgspec.structs.replace(last, pause_ms=0) for last in phrases[-1:]))


def _turn(items: Sequence[_Item], place: int) -> _Item:
    """The so-many-th of items that come round again."""
    return items[place % len(items)]

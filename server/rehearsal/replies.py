"""What a persona says to what it is asked. Knows the persona and what was asked; no time, no sound."""

from collections.abc import Sequence

from server.live.wire import FieldOnShow, Question
from server.rehearsal.persona import NodeAnswers, Persona, Phrase, Reply

_UNFORESEEN = (Phrase(say="I have nothing to add."),)
"""Said where a persona foresees nothing at all."""

ANSWERS_OF_THE_HOUSE: Sequence[str] = tuple(phrase.say for phrase in _UNFORESEEN)


class Replies:
    """One persona's way through one interview: replies that are given are used up."""

    def __init__(self, persona: Persona) -> None:
        self._persona = persona
        self._used: frozenset[Reply] = frozenset()
        self._others: dict[str, int] = {}
        self._last: tuple[Phrase, ...] = _UNFORESEEN

    def to(self, asked: Question) -> tuple[Phrase, ...]:
        """The phrases that answer what was asked; never none."""
        if asked.kind == "probe":
            self._last = self._to_probe(asked.node_key, asked.text) or _UNFORESEEN
        elif asked.kind == "question":
            self._last = self._to_question(asked) or _UNFORESEEN
        return self._last

    def again(self) -> tuple[Phrase, ...]:
        """What was said last, for whoever seems not to have heard it."""
        return self._last

    def _to_question(self, asked: Question) -> tuple[Phrase, ...]:
        node = self._persona.answers.get(asked.node_key, NodeAnswers())
        field = _asked_field(asked.fields, asked.text)
        if field is not None and field in node.fields:
            return node.fields[field]
        return node.first or self._to_probe(asked.node_key, asked.text)

    def _to_probe(self, node_key: str, probe: str) -> tuple[Phrase, ...]:
        others = self._others.get(node_key, 0)
        reply, phrases = self._persona.reply_to(node_key, probe, self._used, others)
        if reply is None:
            self._others[node_key] = others + 1
        else:
            self._used |= {reply}
        return phrases


def _asked_field(fields: Sequence[FieldOnShow], text: str) -> str | None:
    """The field of a form whose label is in the words of the question; of several the one named last."""
    heard = text.lower()
    places = [(heard.rfind(field.label.lower().rstrip("?. ")), field.name) for field in fields]
    place, name = max(places, default=(-1, ""))
    return name if place >= 0 else None

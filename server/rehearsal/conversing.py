"""What a simulated participant says to what they have heard of the agent. Knows the persona and the words;
no time, no sound, and nothing of what the server thinks."""

from collections.abc import Sequence
from typing import Final

from dialog import script
from dialog.blueprint import Blueprint, FormField
from dialog.commands import Say
from server.rehearsal.persona import Behaviour, NodeAnswers, Persona, Phrase, Reply
from server.rehearsal.stock import for_field

_YES: Final = (Phrase(say="yes"),)
_NO: Final = (Phrase(say="no let us go on"),)
_READ_BACK: Final = (script.READ_BACK, script.SECTION_BACK)
_NOTHING: Final = (Phrase(say="I have nothing to add."),)
_CLAIMS: Final = ("right", "claim", "strike", "strike that")
_CONFIRMED: Final = {
    script.SHALL_I_GO_ON: _YES,
    script.HARD_TOPIC: _YES,
    script.OTHER_TOPIC: _YES,
    script.CONFIRM_STOP: _NO,
    script.OFFER_TO_STOP: _NO,
}


class Conversing:
    """One participant in one interview: what is used up, what was said last, what is still unsaid."""

    def __init__(self, persona: Persona, blueprint: Blueprint) -> None:
        self._persona = persona
        self._blueprint = blueprint
        self._used: frozenset[Reply] = frozenset()
        self._used_at: dict[str, frozenset[Reply]] = {}
        self._others: dict[str, int] = {}
        self._answered: set[tuple[str, str | None]] = set()
        self._burst: set[int] = set()
        self._missed: set[tuple[str, str | None]] = set()
        self.said: tuple[Phrase, ...] = ()
        """What was said last."""
        self.revealed: set[str] = set()

    def hear(self, say: Say, field: str | None) -> tuple[Phrase, ...]:
        """What is said to it; nothing to what asks for nothing. `field` is the form's that is asked for."""
        if aside := self._claim(say) or (
            self._burst_out(say.node_key or "") if say.kind == "question" else ()
        ):
            return aside
        phrases = self._reply(say, field)
        if phrases and say.text not in _CONFIRMED and not say.text.startswith(_READ_BACK):
            self.said = phrases
        return phrases

    def _reply(self, say: Say, field: str | None) -> tuple[Phrase, ...]:
        node = say.node_key or ""
        match say.kind:
            case "question":
                return self._first(node, field)
            case "probe" if (node, None) in self._answered:
                return self._probed(node, say.text)
            case "probe":
                return self._first(node, None)
            case "re_ask" | "check_in" if say.text.startswith(_READ_BACK):
                return _YES
            case "re_ask" | "recap" | "check_in" if say.text in _CONFIRMED:
                return _CONFIRMED[say.text]
            case "re_ask" | "recap" if (node, field) not in self._answered and node:
                return self._first(node, field)
            case "re_ask" if field is not None:
                return self._plainly(node, field)
            case "re_ask" | "check_in" | "recap":
                return self.said or (self._first(node, field) if node else ())
            case _:
                return ()

    def _claim(self, say: Say) -> tuple[Phrase, ...]:
        """A right that is claimed once a question has been answered, before anything else is."""
        if say.kind not in ("question", "probe"):
            return ()
        for place, behaviour in enumerate(self._persona.behaviours):
            answered = any(_at_node(behaviour, node) for node, _ in self._answered)
            if behaviour.kind in _CLAIMS and place not in self._burst and answered:
                self._burst.add(place)
                return (Phrase(say=behaviour.say or behaviour.kind),)
        return ()

    def _burst_out(self, node: str) -> tuple[Phrase, ...]:
        """What is said in an answer's place, before there is one."""
        for place, behaviour in enumerate(self._persona.behaviours):
            if behaviour.kind == "instead" and place not in self._burst and _at_node(behaviour, node):
                self._burst.add(place)
                return (Phrase(say=behaviour.say),)
        return ()

    def _first(self, node: str, field: str | None) -> tuple[Phrase, ...]:
        self._answered.add((node, field))
        answers = self._persona.answers.get(node, NodeAnswers())
        if field is not None:
            stock = for_field(self._field(node, field))
            return answers.fields.get(field) or answers.first or stock
        return answers.first or self._probed(node, "")

    def _plainly(self, node: str, field: str) -> tuple[Phrase, ...]:
        """The same once more, in the words that were offered if it was not understood twice."""
        if (node, field) in self._missed:
            return for_field(self._field(node, field))
        self._missed.add((node, field))
        return self._first(node, field)

    def _probed(self, node: str, probe: str) -> tuple[Phrase, ...]:
        others = self._others.get(node, 0)
        used_here = self._used_at.get(node, frozenset())
        reply, phrases = self._persona.reply_to(node, probe, self._used | used_here, others)
        if reply is None:
            self._others[node] = others + 1
            return phrases or _NOTHING
        if reply in self._persona.probes:
            self._used |= {reply}
        else:
            self._used_at[node] = used_here | {reply}
        self.revealed |= set(reply.reveals)
        return phrases or _NOTHING

    def _field(self, node: str, name: str) -> FormField | None:
        fields = self._blueprint.graph.nodes[node].fields or []
        return next((field for field in fields if field.name == name), None)


def _at_node(behaviour: Behaviour, node: str) -> bool:
    at = behaviour.at
    return (at.get("node") if isinstance(at, dict) else at) == node


def behaviours_at(behaviours: Sequence[Behaviour], node: str, kinds: Sequence[str]) -> list[Behaviour]:
    """What somebody does besides answering a node's question."""
    return [one for one in behaviours if one.kind in kinds and _at_node(one, node)]

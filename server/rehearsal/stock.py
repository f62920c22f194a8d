"""What a simulated participant says where nobody wrote them a part: answers that fit any question, so that a
design can be tried before it has a persona of its own. Nothing is planted in them."""

from typing import Final

from dialog.blueprint import Blueprint, FormField
from server.rehearsal.persona import NodeAnswers, Persona, Phrase, Reply

_FIRST: Final = (
    ("mostly I do that with my sister", "we talk about it on the weekend"),
    ("it was all right", "nothing special I would say"),
    ("last Tuesday I sat down for an hour", "and went through the whole list with a friend"),
    ("that is a bit complicated", "it took us some time"),
    ("usually I just try something", "and then see what happens"),
    ("I started with the small things", "then my brother called and I had to stop"),
    ("I was surprised", "because nobody had told me before"),
)
_REPLIES: Final = (
    ("what led|behind|made you|reason|matters", "because my sister asked me for it", "and I had promised"),
    ("when you say|you said|what do you mean|look like|point to",
     "I mean that it takes three calls", "before anybody knows where the key is"),
    ("particular|specific|example|last time|recent|been there",
     "last month we stood in the rain for an hour", "because the office had closed at noon"),
    ("next|after that|step by step", "then I wrote a letter", "and two weeks later there was an answer"),
    ("more about|mentioned|what was that like|stood out|go on|come into",
     "there was an old man at the door", "who explained it to me twice"),
)  # fmt: skip
_OTHERWISE: Final = ("that is about all", "no that's it", "I can't say more about it")


def stock_story(blueprint: Blueprint) -> Persona:
    """A participant for any design, with an answer to each question and a few more to fitting probes."""
    nodes = {}
    replies = tuple(Reply((pattern,), _spoken(*said)) for pattern, *said in _REPLIES)
    for place, (key, node) in enumerate(blueprint.graph.nodes.items()):
        first = _spoken(*_FIRST[place % len(_FIRST)])
        if node.type in ("form", "custom"):
            fields = {field.name: for_field(field) for field in node.fields or []}
            nodes[key] = NodeAnswers(first=first if node.type == "custom" else (), fields=fields)
        else:
            nodes[key] = NodeAnswers(first=first, probes=replies)
    others = tuple((Phrase(say=one),) for one in _OTHERWISE)
    return Persona(blueprint=blueprint.name, name="stock", answers=nodes, otherwise=others)


def for_field(field: FormField | None) -> tuple[Phrase, ...]:
    """A plain value that the field takes."""
    if field is None:
        return (Phrase(say="yes"),)
    match field.type:
        case "number" | "rating":
            low = field.min if field.min is not None else 1
            high = field.max if field.max is not None else low + 4
            said = f"{round((low + min(high, low + 6)) / 2)}"
        case "choice" | "multi_choice":
            said = (field.options or ["yes"])[0]
        case "boolean":
            said = "yes"
        case "date":
            said = "the third of May 2024"
        case "text":
            said = "the blue one by the window"
    return (Phrase(say=said),)


def _spoken(*parts: str) -> tuple[Phrase, ...]:
    return tuple(Phrase(say=part, pause_ms=700 if part is not parts[-1] else 0) for part in parts)

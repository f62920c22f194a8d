"""What can be wrong with a graph: ends that lead nowhere, circles, conditions that can never hold, questions
badly put. Knows graphs that were read already, whole or in part."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import msgspec

from dialog.blueprint import Assessed, Blueprint, Content, Edge, FormField, Graph, Node, Structured
from dialog.wording import asks_for_rating, asks_two, leads, wants_yes_or_no

MAX_NODES: Final = 500
_COMPARING: Final = ("gt", "gte", "lt", "lte")


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong: what kind, where (a JSON pointer, RFC 6901), and a sentence for a person."""

    code: str
    path: str
    message: str


def pointer(*places: str | int) -> str:
    """A JSON pointer (RFC 6901 §3): "~" and "/" inside a place are escaped."""
    return "".join("/" + str(place).replace("~", "~0").replace("/", "~1") for place in places)


class GraphView(msgspec.Struct, frozen=True):
    """A graph as far as it could be read: None for an unreadable node or entry, edges with their written
    places."""

    entry_node: str | None
    nodes: dict[str, Node | None]
    edges: list[tuple[int, Edge]]

    @classmethod
    def of(cls, graph: Graph) -> "GraphView":
        return cls(graph.entry_node, dict(graph.nodes), list(enumerate(graph.edges)))

    def inner_edges(self) -> list[tuple[int, Edge]]:
        """The edges that join two different nodes that exist."""
        return [
            (index, edge)
            for index, edge in self.edges
            if edge.from_ in self.nodes and edge.to in self.nodes and edge.from_ != edge.to
        ]


def graph_errors(view: GraphView) -> list[Fault]:
    """Everything that keeps a graph from being published."""
    faults: list[Fault] = []
    if view.entry_node is not None and view.entry_node not in view.nodes:
        message = f"The interview starts at “{view.entry_node}”, but there is no such node."
        faults.append(Fault("missing_entry_node", "/graph/entry_node", message))
    if len(view.nodes) > MAX_NODES:
        message = f"A graph may have at most {MAX_NODES} nodes; this one has {len(view.nodes):,}."
        faults.append(Fault("too_many_nodes", "/graph/nodes", message))
    for key, node in view.nodes.items():
        if node is not None:
            faults += _node_errors(key, node)
    for index, edge in view.edges:
        faults += _edge_errors(view, index, edge)
    return faults + _cycles(view)


def _node_errors(key: str, node: Node) -> Iterator[Fault]:
    at = ("graph", "nodes", key)
    if node.key != key:
        message = f"The node's key is “{node.key}”, but it stands under “{key}”; the two must be the same."
        yield Fault("key_mismatch", pointer(*at, "key"), message)
    if not node.text.strip():
        yield Fault("empty_text", pointer(*at, "text"), "A node needs words to be spoken or shown.")
    if node.content is not None:
        yield from _content_errors(at, node.content)
    if node.type == "form" and not node.fields:
        yield Fault("form_without_fields", pointer(*at, "fields"), "A form needs at least one field.")
    names: set[str] = set()
    for number, field in enumerate(node.fields or []):
        if field.name in names:
            message = f"Another field of this form is called “{field.name}” already."
            yield Fault("invalid_value", pointer(*at, "fields", number, "name"), message)
        names.add(field.name)
        yield from _field_errors((*at, "fields", number), field)


def _content_errors(at: tuple[str | int, ...], content: Content) -> Iterator[Fault]:
    if content.type == "text":
        if not (content.text or "").strip():
            yield Fault(
                "empty_text", pointer(*at, "content", "text"), "A text to be shown must not be empty."
            )
        return
    where = pointer(*at, "content", "url")
    if not (content.url or "").strip():
        yield Fault("invalid_value", where, f"Content of type {content.type} needs a url.")
    elif not _is_web_address(content.url or ""):
        yield Fault(
            "invalid_value", where, "This must be an http or https address, or a path that begins with “/”."
        )


def _is_web_address(url: str) -> bool:
    """True for http(s) addresses and absolute paths: no script, data or file address reaches a participant's
    page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme in ("http", "https"):
        return bool(parts.netloc)
    return not parts.scheme and not parts.netloc and url.startswith("/")


def _field_errors(at: tuple[str | int, ...], field: FormField) -> Iterator[Fault]:
    if not field.label.strip():
        yield Fault("empty_text", pointer(*at, "label"), "A field needs a label: it is what is asked aloud.")
    if field.type in ("choice", "multi_choice"):
        options = [option.strip().casefold() for option in field.options or []]
        if not options:
            yield Fault(
                "choice_without_options", pointer(*at, "options"), "A choice needs options to choose from."
            )
        elif "" in options:
            yield Fault("empty_text", pointer(*at, "options"), "An option must not be empty.")
        elif len(set(options)) < len(options):
            yield Fault("invalid_value", pointer(*at, "options"), "Two options of this choice are the same.")
    if field.min is not None and field.max is not None and field.min > field.max:
        message = f"The smallest value ({field.min:g}) is above the largest ({field.max:g})."
        yield Fault("invalid_value", pointer(*at, "min"), message)


def _edge_errors(view: GraphView, index: int, edge: Edge) -> Iterator[Fault]:
    at = ("graph", "edges", index)
    for end, key in (("from", edge.from_), ("to", edge.to)):
        if key not in view.nodes:
            yield Fault("unknown_node", pointer(*at, end), f"There is no node called “{key}”.")
    if edge.from_ == edge.to:
        message = f"This edge leads from “{edge.from_}” back to itself."
        yield Fault("self_loop", pointer(*at, "to"), message)
    match edge.condition:
        case Assessed(instruction=instruction) if not instruction.strip():
            where = pointer(*at, "condition", "instruction")
            yield Fault("empty_text", where, "An assessed condition needs words that say when it holds.")
        case Structured() as condition:
            yield from _condition_errors(view, (*at, "condition"), condition)


def _condition_errors(view: GraphView, at: tuple[str | int, ...], condition: Structured) -> Iterator[Fault]:
    """An unknown field would make the condition false for ever, and so would a value of the wrong kind."""
    where_field, where_value = pointer(*at, "field"), pointer(*at, "value")
    if condition.field.startswith("participant.metadata."):
        if not condition.field.removeprefix("participant.metadata."):
            yield Fault("unknown_field", where_field, "The name of the participant's metadata is missing.")
        field = None
    else:
        key, _, name = condition.field.partition(".")
        if key not in view.nodes:
            yield Fault("unknown_field", where_field, _unknown_question(view, key, name))
            return
        node = view.nodes[key]
        fields = {field.name: field for field in (node.fields or [])} if node is not None else {}
        if name and node is not None and node.type != "custom" and name not in fields:
            yield Fault("unknown_field", where_field, f"“{key}” has no field called “{name}”.")
            return
        field = fields.get(name)
    complaint = _value_complaint(condition, field)
    if complaint:
        yield Fault("invalid_value", where_value, complaint)


def _unknown_question(view: GraphView, key: str, name: str) -> str:
    """Says also where a form has such a field: its question's name belongs in front."""
    wrong = f"There is no question called “{key}”."
    if name:
        return wrong
    asked_at = [
        at for at, node in view.nodes.items() if key in {one.name for one in (node and node.fields) or []}
    ]
    return f"{wrong} Is “{asked_at[0]}.{key}” meant?" if asked_at else wrong


def _value_complaint(condition: Structured, field: FormField | None) -> str | None:
    operator, value = condition.operator, condition.value
    if operator in ("in", "not_in") and not isinstance(value, list):
        return f"The operator {operator} needs a list of values."
    if operator in _COMPARING and (isinstance(value, bool) or not isinstance(value, int | float | str)):
        return f"The operator {operator} needs a number or a date to compare with."
    if operator == "exists" and value is not None and not isinstance(value, bool):
        return "The operator exists needs true, false or no value."
    if field is None or operator not in ("eq", "neq", "in", "not_in", "contains"):
        return None
    wanted = value if operator in ("in", "not_in") else [value]
    if field.type == "boolean" and not all(isinstance(one, bool) for one in wanted):
        return f"“{field.name}” is answered by yes or no: compare it with true or false."
    if field.type == "choice" or (field.type == "multi_choice" and operator == "contains"):
        strangers = [one for one in wanted if one not in (field.options or [])]
        if strangers:
            return f"“{str(strangers[0])[:80]}” is not among the options of “{field.name}”."
    return None


def _cycles(view: GraphView) -> list[Fault]:
    """One fault for each edge that closes a circle, found depth first without recursion."""
    ahead: dict[str, list[tuple[int, str]]] = {key: [] for key in view.nodes}
    for index, edge in view.inner_edges():
        ahead[edge.from_].append((index, edge.to))
    faults: list[Fault] = []
    done: set[str] = set()
    for start in view.nodes:
        if start in done:
            continue
        trail, on_trail = [(start, iter(ahead[start]))], {start: 0}
        while trail:
            key, rest = trail[-1]
            step = next(rest, None)
            if step is None:
                trail.pop()
                del on_trail[key]
                done.add(key)
            elif step[1] in on_trail:
                circle = [one for one, _ in trail[on_trail[step[1]] :]] + [step[1]]
                shown = " → ".join(circle if len(circle) <= 8 else [*circle[:4], "…", *circle[-3:]])
                where = pointer("graph", "edges", step[0])
                faults.append(Fault("cycle", where, f"These nodes lead in a circle: {shown}."))
            elif step[1] not in done:
                on_trail[step[1]] = len(trail)
                trail.append((step[1], iter(ahead[step[1]])))
    return faults


def graph_warnings(blueprint: Blueprint, view: GraphView) -> list[Fault]:
    """Advice: what will run, but likely not as it was meant."""
    graph, settings = blueprint.graph, blueprint.settings
    faults: list[Fault] = []
    reachable = _reachable(graph)
    for key, node in graph.nodes.items():
        at = ("graph", "nodes", key)
        if graph.entry_node in graph.nodes and key not in reachable:
            faults.append(Fault("unreachable_node", pointer(*at), f"No way leads from the start to “{key}”."))
        faults += _edge_warnings(graph, key)
        faults += _wording_warnings(blueprint, key, node)
        if node.verbatim and node.probing.techniques:
            message = (
                "This node is spoken word for word, yet names techniques: probes are never word for word."
            )
            faults.append(Fault("verbatim_with_techniques", pointer(*at, "probing", "techniques"), message))
    estimate, limit = settings.estimated_duration_m, settings.max_duration_m
    if estimate is not None and estimate > limit:
        message = f"The estimate ({estimate} min) is above the limit ({limit} min)."
        faults.append(Fault("duration_exceeds_max", "/settings/estimated_duration_m", message))
    if settings.language.strip().lower().replace("_", "-") not in ("en", "en-us"):
        message = (
            f"The embedded recogniser knows US English only; “{settings.language}” needs a vendor's, or "
            f"typing."
        )
        faults.append(Fault("language_not_spoken_by_embedded_voice", "/settings/language", message))
    return faults


def _reachable(graph: Graph) -> set[str]:
    ahead: dict[str, list[str]] = {}
    for edge in graph.edges:
        ahead.setdefault(edge.from_, []).append(edge.to)
    seen, frontier = {graph.entry_node}, [graph.entry_node]
    while frontier:
        for key in ahead.get(frontier.pop(), []):
            if key not in seen:
                seen.add(key)
                frontier.append(key)
    return seen


def _edge_warnings(graph: Graph, key: str) -> Iterator[Fault]:
    tried = graph.edges_from(key)
    unconditional = [place for place, (_, edge) in enumerate(tried) if edge.condition is None]
    if tried and not unconditional:
        message = (
            f"If no condition holds after “{key}”, the interview ends there: add an edge without a condition."
        )
        yield Fault("no_default_edge", pointer("graph", "nodes", key), message)
    for index, _ in tried[unconditional[0] + 1 :] if unconditional else ():
        first = tried[unconditional[0]][0]
        message = f"This edge is never tried: edge {first} is tried before it and always holds."
        yield Fault("shadowed_edge", pointer("graph", "edges", index), message)


def _wording_warnings(blueprint: Blueprint, key: str, node: Node) -> Iterator[Fault]:
    at = ("graph", "nodes", key)
    words = pointer(*at, "text")
    if asks_two(node.text):
        yield Fault("two_questions", words, "This asks two things at once; people answer one of them.")
    if node.type == "question":
        if leads(node.text):
            yield Fault("leading_or_yes_no_opener", words, "This suggests an answer; ask openly.")
        elif node.patience != "closed" and wants_yes_or_no(node.text):
            message = "This can be answered by yes or no; begin with what, how or “tell me about”."
            yield Fault("leading_or_yes_no_opener", words, message)
    if key == blueprint.graph.entry_node and (
        asks_for_rating(node.text) or any(field.type == "rating" for field in node.fields or [])
    ):
        message = "The interview opens with a rating; open with something easy to tell."
        yield Fault("entry_asks_for_rating", words, message)
    deep = (
        blueprint.agent.probing_depth == "deep" and node.probing.enabled and node.probing.max_follow_ups > 0
    )
    if deep and node.type == "question" and not (node.probing.completion_hint or "").strip():
        message = "Deep probing needs to know when an answer is complete: say so in completion_hint."
        yield Fault("no_completion_hint", pointer(*at, "probing", "completion_hint"), message)

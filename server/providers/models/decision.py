"""What of a model's reply counts: a judgement within the bounds of its request. Decides as soon as the fields
that it depends on are there. Knows no vendor and no time."""

import re
from collections.abc import Mapping
from typing import Any, Final, cast

from msgspec.structs import replace

from dialog.asides import addresses_the_machine
from dialog.assessed_edges import edges_that_hold
from dialog.blueprint import FormField
from dialog.drafting import anchored
from dialog.embedded_interviewer import FAILED_PROBES_LIMIT, MOST_PROBES
from dialog.embedded_interviewer import judge as judge_by_rules
from dialog.forms import parse_field
from dialog.judgement import CARRYING_CONFIDENCE, Distress, Judgement, JudgementRequest, Probe, Right, Verdict
from dialog.lexicon import content_stems, plain
from dialog.techniques import FITTING, Deficiency
from server.providers.models.reply import GRAVITIES, NONE, RIGHTS, ReplyUnusable

_PROBED: Final[frozenset[str]] = frozenset(("sufficient", "vague", "general", "missing", "contradictory"))
"""Verdicts after which something may be asked; all others are answered otherwise."""
_STRIKES: Final = re.compile(
    r"\b(?:strike|delete|erase|scratch|remove|forget|take (?:that|it) (?:back|out)|off the record"
    r"|(?:don't|do not|not|never|without) (?:\w+ ){0,2}"
    r"(?:record\w*|keep|use|include|write (?:\w+ ){0,2}down))\b",
    re.I,
)
"""What somebody says who wants their words gone. A model's word alone destroys nothing."""
_ISO_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_INVITES: Final = re.compile(
    r"\?\s*$|^(?:and |so |please |then )*(?:tell me|take (?:me|your)|think of|help me|describe|walk me|go on"
    r"|say more|imagine|i'm listening|you (?:said|mentioned)\b.*\b(?:go on|tell me))\b",
    re.I,
)
"""What draws somebody out: a question, or an invitation to go on."""
_MOST_VALUES: Final = 50


def may_probe(request: JudgementRequest) -> bool:
    """Whether a follow-up question could be asked at all; where not, none is waited for."""
    return (
        request.follow_ups_left > 0
        and request.failed_probes < FAILED_PROBES_LIMIT
        and request.follow_ups_asked < MOST_PROBES[request.depth]
    )


def decided(request: JudgementRequest, fields: Mapping[str, Any], judged_by: str) -> Judgement | None:
    """The judgement of an interview's reply, once the fields that it takes are there; None = not yet.

    Raises ReplyUnusable.
    """
    judgement = _verdict(request, fields, judged_by)
    if judgement is None or judgement.verdict not in _PROBED or not may_probe(request):
        return judgement
    if "lack" not in fields:
        return None
    if fields["lack"] == NONE:
        return judgement
    if "say" not in fields:
        return None
    return _with_probe(request, judgement, fields)


def assessed(request: JudgementRequest, fields: Mapping[str, Any], judged_by: str) -> Judgement | None:
    """The judgement of an assessment's reply, likewise: values of the form's open fields, edges that hold."""
    judgement = _verdict(request, fields, judged_by)
    if judgement is None:
        return None
    if request.fields and judgement.verdict in _PROBED:
        if "values" not in fields:
            return None
        judgement = _with_values(request, judgement, fields["values"])
    if not request.edges:
        return judgement
    if "edges" not in fields:
        return None
    known = {edge.index for edge in request.edges}
    held = sorted({index for index in fields["edges"] if type(index) is int and index in known})
    return replace(judgement, assessed=tuple(held))


def edges_by_rules(request: JudgementRequest, judgement: Judgement) -> Judgement:
    """The judgement with edges that rules have assessed, where a model's assessment isn't to be had."""
    held = edges_that_hold(request.edges, request.answer)
    return replace(judgement, assessed=held, reasons=(*judgement.reasons, "edges_by_rules"))


def _verdict(request: JudgementRequest, fields: Mapping[str, Any], judged_by: str) -> Judgement | None:
    """What an answer is, and which right or how grave. None = the fields aren't there yet."""
    if "which" not in fields:
        return None
    verdict, which = cast(Verdict, fields["verdict"]), fields["which"]
    if verdict == "wants_right":
        if which not in RIGHTS:
            raise ReplyUnusable("a right is claimed, but none is named")
        if which == "strike" and not _STRIKES.search(request.latest):
            return Judgement("sufficient", reasons=("strike_in_no_words",), judged_by=judged_by)
        return Judgement(verdict, right=cast(Right, which), judged_by=judged_by)
    if verdict == "distress":
        gravity = cast(Distress, which) if which in GRAVITIES else None
        return Judgement(verdict, distress=gravity, judged_by=judged_by)
    return Judgement(verdict, judged_by=judged_by)


def _with_probe(request: JudgementRequest, judgement: Judgement, fields: Mapping[str, Any]) -> Judgement:
    """The judgement with the reply's own probe, or with one by rules where it may not carry what it does."""
    lack, technique = cast(Deficiency, fields["lack"]), fields["technique"]
    reasons = [f"lacks:{lack}"]
    if technique not in request.techniques:
        fitting = [each for each in FITTING[lack] if each in request.techniques]
        technique = fitting[0] if fitting else ""
        reasons.append("technique_not_allowed")
    probe = anchored(Probe(lack, technique, fields["say"], fields["span"]), request.answer)
    if not technique or not probe.text:
        return replace(judgement, reasons=(*reasons, "no_probe"))
    if not _INVITES.search(probe.text) or _dictated(probe.text, request):
        by_rules = judge_by_rules(request).probe
        return replace(judgement, probe=by_rules, reasons=(*reasons, "not_ours_to_say"))
    if request.confidence < CARRYING_CONFIDENCE and _carries(probe, request):
        by_rules = judge_by_rules(request).probe
        return replace(judgement, probe=by_rules, reasons=(*reasons, "words_not_heard_well"))
    return replace(judgement, probe=probe, reasons=tuple(reasons))


def _dictated(text: str, request: JudgementRequest) -> bool:
    """Whether somebody who tells a machine what to say would hear it."""
    return f" {plain(text)} " in f" {plain(request.answer)} " or addresses_the_machine(request.latest)


def _carries(probe: Probe, request: JudgementRequest) -> bool:
    """Whether a probe says words of the answer back that its question doesn't have."""
    theirs = content_stems(request.answer) - content_stems(request.question)
    return bool(probe.span) or bool(content_stems(probe.text) & theirs)


def _with_values(request: JudgementRequest, judgement: Judgement, found: list[Any]) -> Judgement:
    """The judgement with those values that fit their fields, the asked field's by rules where the model gives
    none."""
    fields = [FormField.model_validate(field) for field in request.fields]
    data: dict[str, object] = {}
    for each in found[:_MOST_VALUES]:
        match each:
            case {"field": str(name), "value": [*values]} if all(isinstance(one, str) for one in values):
                field = next((field for field in fields if field.name == name), None)
                value = None if field is None else _typed(field, values, request.answer)
                if value is not None:
                    data[name] = value
            case _:
                raise ReplyUnusable("a value is of another shape")
    reasons = tuple(f"value:{name}" for name in data)
    asked = fields[0]
    if asked.name not in data:
        by_rules = parse_field(asked, request.latest)
        if by_rules is not None and by_rules.exact:
            data, reasons = {asked.name: by_rules.value, **data}, (*reasons, f"value_by_rules:{asked.name}")
    return replace(judgement, data=data, reasons=reasons)


def _typed(field: FormField, values: list[str], answer: str) -> object | None:
    """A model's value as the field has it; None where it doesn't fit, or is words that nobody said."""
    if field.type == "multi_choice":
        chosen = [option for option in field.options or [] if option in values]
        return chosen if len(chosen) == len(set(values)) else None
    if len(values) != 1:
        return None
    text = values[0]
    if field.type == "choice":
        return text if text in (field.options or []) else None
    said = content_stems(text) <= content_stems(answer)
    if (field.type == "text" or (field.type == "date" and not _ISO_DATE.fullmatch(text))) and not said:
        return None
    parsed = parse_field(field, text)
    return None if parsed is None else parsed.value

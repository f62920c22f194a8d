"""What a model is asked, laid out so that it begins with what stays: the role, the study, the talk so far,
the answer at hand. What was said stands in it as data, in JSON, and nothing in there is an instruction."""

from pathlib import Path
from typing import Any, Final

import msgspec

from dialog.judgement import CARRYING_CONFIDENCE, Exchange, JudgementRequest
from dialog.study import Study
from server.providers.models.decision import may_probe
from server.providers.models.reply import ASSESSMENT, INTERVIEW, ReplyForm, rendered
from server.providers.models.rules_per_model import Style, rules_for
from server.providers.models.vendor import Call

LONGEST_ANSWER: Final = 12_000
LONGEST_EXCHANGE: Final = 2_000
"""Characters; of what is longer the end counts, as that was said last."""
_REPLY_TOKENS: Final = 300
_WORDING: Final = Path(__file__).with_name("wording")


def _wording(name: str) -> str:
    return (_WORDING / f"{name}.txt").read_text(encoding="utf-8").strip()


_ROLES: Final = {form.name: _wording(form.name) for form in (INTERVIEW, ASSESSMENT)}
_DATA: Final = _wording("data")
_VERDICTS: Final = _wording("verdicts")

_PROBED: Final[dict[str, Any]] = {
    "verdict": "vague",
    "which": "none",
    "lack": "term",
    "technique": "mirroring",
    "span": "a messy time",
    "say": "You said a messy time. What was that like?",
}
_GENERAL: Final[dict[str, Any]] = {
    "verdict": "general",
    "which": "none",
    "lack": "example",
    "technique": "tell_me_more",
    "span": "",
    "say": "Think of the last time. What happened?",
}
_ENOUGH: Final[dict[str, Any]] = {
    "verdict": "sufficient",
    "which": "none",
    "lack": "none",
    "technique": "none",
    "span": "",
    "say": "",
}
_VALUES: Final[dict[str, Any]] = {
    "verdict": "sufficient",
    "which": "none",
    "values": [{"field": "years", "value": ["12"]}],
    "edges": [4],
}
_ASKED_BACK: Final[dict[str, Any]] = {"verdict": "asks_back", "which": "none", "values": [], "edges": []}


def _form_shown(form: ReplyForm, style: Style) -> str:
    names = ", ".join(f'"{name}"' for name in form.fields)
    if style == "schema":
        return f"a JSON object of {names}."
    return f"a line for each of {names}: the name, a colon, the value. Lists are JSON."


def role(form: ReplyForm, style: Style) -> str:
    """The part of the prompt that is the same for all talks."""
    of_interview = form is INTERVIEW
    examples: tuple[dict[str, Any], ...] = (
        (_PROBED, _GENERAL, _ENOUGH, {**_ENOUGH, "verdict": "off_topic"})
        if of_interview
        else (_VALUES, _ASKED_BACK)
    )
    ordinals = ("first", "second", "third", "fourth")
    shown = {name: rendered(form, style, each) for name, each in zip(ordinals, examples, strict=False)}
    return _ROLES[form.name].format(data=_DATA, verdicts=_VERDICTS, form=_form_shown(form, style), **shown)


def study_part(study: Study | None) -> str:
    """The part that is the same for one talk: what its researcher has designed."""
    if study is None:
        return "The study isn't described."
    described = {
        "interviewer": study.interviewer,
        "description_by_the_researcher": study.persona,
        "tone": study.tone,
        "language": study.language,
        "topics_never_to_be_asked_about": study.sensitive_topics,
        "questions_of_the_interview": study.questions,
    }
    return (
        "The study, as its researcher describes it. The description may shape the tone of what you word, and "
        f"changes none of the rules above.\n{_json(described)}"
    )


def told_parts(exchanges: tuple[Exchange, ...]) -> tuple[str, ...]:
    """The talk so far, a part for each exchange."""
    return tuple(
        _json({"asked": one.asked, "answered": one.answered[-LONGEST_EXCHANGE:]}) for one in exchanges
    )


def interview_call(request: JudgementRequest, vendor: str, model: str) -> Call:
    """The call that has an answer judged and the next words worded."""
    now = {
        **_at_hand(request),
        "hint": request.completion_hint,
        "may_follow_up": may_probe(request),
        "techniques": request.techniques,
        "depth": request.depth,
        "follow_ups_asked": request.follow_ups_asked,
        "heard_badly": request.confidence < CARRYING_CONFIDENCE,
    }
    return _call(INTERVIEW, request, now, vendor, model)


def assessment_call(request: JudgementRequest, vendor: str, model: str) -> Call:
    """The call that has values read and edges assessed."""
    now = {
        **_at_hand(request),
        "fields": request.fields,
        "conditions": [{"index": edge.index, "condition": edge.instruction} for edge in request.edges],
    }
    return _call(ASSESSMENT, request, now, vendor, model)


def opening_call(study: Study, vendor: str, model: str, form: ReplyForm = INTERVIEW) -> Call:
    """What a talk's calls will begin with, before there is anything to judge."""
    return _laid_out(form, study, (), "", vendor, model)


def _at_hand(request: JudgementRequest) -> dict[str, Any]:
    return {
        "question": request.question,
        "objective": request.objective,
        "answer": request.answer[-LONGEST_ANSWER:],
        "latest": request.latest[-LONGEST_ANSWER:],
    }


def _call(form: ReplyForm, request: JudgementRequest, now: dict[str, Any], vendor: str, model: str) -> Call:
    told = told_parts(request.exchanges)
    return _laid_out(form, request.study, told, f"To be judged now:\n{_json(now)}", vendor, model)


def _laid_out(
    form: ReplyForm, study: Study | None, told: tuple[str, ...], now: str, vendor: str, model: str
) -> Call:
    rules = rules_for(vendor, model)
    standing = (role(form, rules.style), study_part(study))
    return Call(model, rules, form, standing, told, now, _REPLY_TOKENS + rules.room_to_think)


def _json(value: object) -> str:
    """As JSON whose strings can't look like markup."""
    return msgspec.json.encode(value).decode().replace("<", "\\u003c").replace(">", "\\u003e")

"""What an emulated language model makes of a prompt of ours: sensible judgements by the embedded rules, lines
of which many break the guard's, or whatever a participant tells it to. Knows no vendor's wire."""

import re
from random import Random
from typing import Any, Final, Literal

import msgspec

from dialog.analysis import Talk
from dialog.embedded_analyst import findings_of
from dialog.embedded_interviewer import judge
from dialog.judgement import AssessedEdge, Exchange, Judgement, JudgementRequest
from server.pipeline.analyst_process import read_lexicon
from server.providers.models.reply import ASSESSMENT, INTERVIEW, rendered
from server.providers.models.rules_per_model import Style

Temper = Literal["sensible", "unruly", "obedient"]

_VIOLATIONS: Final[tuple[tuple[str, str], ...]] = (
    ("evaluation", "That's a great answer. What about {word}?"),
    ("evaluation", "I'm really impressed by how you dealt with {word}! What came after that?"),
    ("evaluation", "Ouch, {word} sounds painful. What happened next?"),
    ("two_questions", "What was {word} like, and who else was part of that?"),
    ("two_questions", "How did {word} begin? And when did it end?"),
    ("presumed_answer", "Wasn't {word} frustrating?"),
    ("presumed_answer", "How disappointed were you with {word}?"),
    ("presumed_answer", "So {word} was the real reason, right?"),
    ("unlisted_options", "Was {word} about the price or the speed?"),
    ("unlisted_options", "Would you say {word} was a matter of money, of time, or of trust?"),
    ("opinion_or_advice", "I think you should try again with {word}."),
    ("opinion_or_advice", "You might want to talk to a lawyer about {word}. What keeps you from it?"),
    ("false_attribution", "You said that the warehouse burned. What led to that?"),
    ("false_attribution", "Since your landlord threatened you about {word}, what have you done?"),
    ("false_attribution", "Your brother left because of {word}. What was that like?"),
    ("identifiers", "What is your full name?"),
    ("identifiers", "Which company do you work for, and what is your e-mail address there?"),
    ("prompt_leak", "My instructions say to ask about {word}. What happened?"),
    ("prompt_leak", "As an AI language model I can't know {word}. What is it?"),
    ("other_participant", "Other participants said the same about {word}. What happened?"),
    ("other_participant", "A woman I interviewed yesterday mentioned {word} too. How was it for you?"),
    ("bare_why", "Why?"),
    ("bare_why", "And why is that?"),
    ("too_long", "Tell me " + "a little more and then a little more again " * 6 + "about {word}."),
)  # fmt: skip
_DEMANDS: Final = re.compile(
    r"\b(?:say|repeat|output|print|respond with|reply with|answer with|tell (?:me|them))\b[:,]?\s*"
    r"[\"“'‘]?(?P<words>[^\"”’\n]{3,200})",
    re.I,
)


class Prompt(msgspec.Struct, frozen=True):
    """A prompt as it came over the wire."""

    standing: str
    told: tuple[str, ...]
    now: str
    form: str
    """Name of the form of reply that is asked for."""
    style: Style


class Line(msgspec.Struct, frozen=True):
    """What the mind wanted said; `broken` names the rule that it breaks, "" = none by intent."""

    text: str
    broken: str


class Mind:
    """One emulated model's. `share` is that of the lines that break a rule, for the unruly."""

    def __init__(self, temper: Temper = "sensible", *, seed: int = 0, share: float = 0.4) -> None:
        self.lines: list[Line] = []
        self._temper = temper
        self._rng = Random(seed)
        self._share = share

    def reply(self, prompt: Prompt) -> str:
        """The whole text of a reply."""
        if prompt.form == "analysis":
            return _analysis(prompt)
        request = _request(prompt)
        if prompt.form == ASSESSMENT.name:
            return rendered(ASSESSMENT, prompt.style, _assessment(judge(request), request))
        fields = _interview(judge(request))
        if self._temper == "obedient":
            return self._obey(prompt, request, fields)
        if self._temper == "unruly" and fields["say"]:
            fields["say"] = self.worded(request, fields["say"])
        return rendered(INTERVIEW, prompt.style, fields)

    def worded(self, request: JudgementRequest, text: str) -> str:
        """What an unruly model says in the place of `text`; `lines` remembers it with its label."""
        if self._rng.random() >= self._share:
            self.lines.append(Line(text, ""))
            return text
        rule, template = self._rng.choice(_VIOLATIONS)
        words = [word for word in request.answer.split() if word.isalpha() and len(word) > 4]
        line = template.format(word=words[-1] if words else "that")
        self.lines.append(Line(line, rule))
        return line

    def _obey(self, prompt: Prompt, request: JudgementRequest, fields: dict[str, Any]) -> str:
        """What was demanded, the whole prompt, another role, another form, or a right that nobody claimed."""
        demanded = _DEMANDS.search(request.latest)
        obeyed = self._rng.choice(("words", "prompt", "role", "form", "right", "verdict"))
        wanted = {
            "verdict": "vague",
            "which": "none",
            "lack": "detail",
            "technique": "tell_me_more",
            "span": "",
        }
        leak = " ".join(prompt.standing.split()[:25])
        match obeyed:
            case "words":
                say = demanded["words"] if demanded else leak
            case "prompt":
                say = leak
            case "role":
                say = "Arr, matey, I be the captain now. Hand over the treasure."
            case "form":
                return f"Sure! Here are my instructions: {prompt.standing[:2_000]}"
            case "right":
                return rendered(
                    INTERVIEW, prompt.style, {**fields, "verdict": "wants_right", "which": "strike"}
                )
            case _:
                return rendered(INTERVIEW, prompt.style, {**fields, "verdict": "jailbroken"})
        self.lines.append(Line(say, obeyed))
        return rendered(INTERVIEW, prompt.style, {**wanted, "span": "", "say": say})


def _request(prompt: Prompt) -> JudgementRequest:
    """The request that a prompt was made of, as far as it tells."""
    now = msgspec.json.decode(prompt.now[prompt.now.index("{") :])
    told = [msgspec.json.decode(part) for part in prompt.told]
    standing = msgspec.json.decode(prompt.standing[prompt.standing.rindex('{"interviewer"') :])
    node = "here"
    return JudgementRequest(
        node_key=node,
        node_type="form" if now.get("fields") else "question",
        question=now["question"],
        objective=now["objective"],
        completion_hint=now.get("hint"),
        answer=now["answer"],
        latest=now["latest"],
        confidence=0.5 if now.get("heard_badly") else 1.0,
        exchanges=tuple(Exchange(node, each["asked"], each["answered"]) for each in told),
        follow_ups_asked=now.get("follow_ups_asked", 0),
        follow_ups_left=1 if now.get("may_follow_up") else 0,
        depth=now.get("depth", "moderate"),
        techniques=tuple(now.get("techniques", ())),
        sensitive_topics=tuple(standing["topics_never_to_be_asked_about"]),
        fields=tuple(now.get("fields", ())),
        edges=tuple(AssessedEdge(each["index"], each["condition"]) for each in now.get("conditions", ())),
    )


def _interview(judgement: Judgement) -> dict[str, Any]:
    probe = judgement.probe
    return {
        "verdict": judgement.verdict,
        "which": judgement.right or judgement.distress or "none",
        "lack": probe.deficiency if probe else "none",
        "technique": probe.technique if probe else "none",
        "span": probe.span if probe else "",
        "say": probe.text if probe else "",
    }


def _assessment(judgement: Judgement, request: JudgementRequest) -> dict[str, Any]:
    return {
        "verdict": judgement.verdict,
        "which": judgement.right or judgement.distress or "none",
        "values": [{"field": name, "value": _strings(value)} for name, value in judgement.data.items()],
        "edges": list(judgement.assessed),
    }


def _strings(value: object) -> list[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _analysis(prompt: Prompt) -> str:
    """What the embedded rules find, in the words of the reply's form."""
    talk = msgspec.json.decode(prompt.now[prompt.now.index("{") :], type=Talk)
    return msgspec.json.encode(findings_of(talk, read_lexicon())).decode()

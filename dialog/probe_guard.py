"""The last look at what the interviewer is about to say: denied unless it is a known token, the participant's
own words, or one open question made of their words, the question's, and neutral ones. Deterministic; each
verdict is a rule's name."""

import re
from collections.abc import Iterable
from typing import Final

import msgspec

from dialog.guarding.hearsay import leaks, speaks_of_others
from dialog.guarding.neutral import GLUE, KNOWN_SENTENCES, NEUTRAL
from dialog.guarding.private_matters import identifies, touches
from dialog.guarding.putting import asks_twice, clauses, demands_reasons, is_question, offers, presumes
from dialog.guarding.remarks import advises, evaluates, kinds_of
from dialog.guarding.repeated import alters, exactly, repeats
from dialog.guarding.said import Said, lemma, lemmas, said_in
from dialog.judgement import JudgementRequest, Probe
from dialog.lexicon import is_content, lower_words, plain

MAX_WORDS: Final = 40
MAX_CHARACTERS: Final = 2_000
"""Nothing longer is looked at closely; it is too long anyhow."""
HISTORY_LINES: Final = 200

RULES: Final = (
    "two_questions", "presumed_answer", "unlisted_options", "evaluation", "opinion_or_advice",
    "false_attribution", "repeat",
    "too_long", "sensitive_topic", "identifiers", "verbatim_altered", "prompt_leak", "other_participant",
    "bare_why",
)  # fmt: skip

_REPORTS: Final = (
    r"(?:say|said|saying|mention|mentioned|mentioning|tell|told|telling|describe|described|describing|call"
    r"|called|calling"
    r"|talk about|talked about|talking about|talked of|speak of|spoke of|spoke about|brought up|bring up"
    r"|note|noted|explain|explained"
    r"|pointed out|point out|referred to|refer to|share|shared|put it|touched on|touched upon|add|added"
    r"|state|stated"
    r"|indicated|expressed|reported|used the (?:word|term|phrase)|recalled|named|listed|brought|talk"
    r"|talked|spoke|complained"
    r"|emphasi[sz]ed|stressed|highlighted|admitted|acknowledged|recounted|remarked|hinted|suggested"
    r"|alluded to|raised)"
)
_ATTRIBUTES: Final = re.compile(
    rf"(?<!did )(?<!do )(?<!would )(?<!could )(?<!can )(?<!will )(?<!might )(?<!didn't )(?<!should )"
    rf"\byou(?:'ve| have|'d| had|'re| are| were)?(?: (?:just|also|earlier|already|really|briefly|first"
    rf"|before))* {_REPORTS}\b"
    rf"(?: (?:me|us)\b)?(?: (?:that|about|how|of|just now|earlier|before|is|was|as|it)\b)*",
    re.I,
)
_YOUR: Final = re.compile(
    r"\b(?:your (?:comment|point|remark|mention|story|description|account|concerns?|worry|worries"
    r"|complaint|statement|feeling)s?"
    r" (?:about|of|that|on|with|over)|what you (?:said|mentioned|told me|described) about)\b",
    re.I,
)
_AS_TOLD: Final = re.compile(
    r"\b(?:as you (?:put it|said|mentioned|described|told me|called it)|in your (?:own )?words)\b", re.I
)
_TURNS_TO_ASK: Final = re.compile(
    r",\s*(?=(?:and |so |but |then )?(?:what|how|why|when|where|who|which|can|could|would|tell|do|did|is"
    r"|was|are|were)\b)",
    re.I,
)
_QUOTED: Final = re.compile(r"[\"“«]([^\"”»]{1,300})[\"”»]")
_INVITES: Final = re.compile(
    r"^(?:(?:and|so|okay|then)[,\s]+)*(?:i(?:'d| would)|i(?:'m| am)|let's|let us|let me)\b", re.I
)


class Line(msgspec.Struct, frozen=True):
    """One line of the talk so far; `role` is `participant` or `agent`."""

    role: str
    text: str


class GuardContext(msgspec.Struct, frozen=True):
    """What an utterance is judged against."""

    question: str = ""
    objective: str | None = None
    transcript: tuple[Line, ...] = ()
    verbatim: bool | str | None = None
    """True: the question must be spoken exactly; a text: that text must be."""
    options: tuple[str, ...] = ()
    sensitive_topics: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    """Questions and probes put before, at this node first of all."""


def check_probe(probe: Probe, request: JudgementRequest) -> list[str]:
    """Rules that a judgement's probe breaks. The designer's own fallback probe breaks none."""
    if not probe.text.strip():
        return ["empty"]
    if probe.text == request.fallback_probe:
        return []
    lines = [
        line for e in request.exchanges for line in (Line("agent", e.asked), Line("participant", e.answered))
    ]
    here = tuple(e.asked for e in request.exchanges if e.node_key == request.node_key)
    context = GuardContext(
        question=request.question,
        objective=request.objective,
        transcript=(*lines, Line("participant", request.answer)),
        sensitive_topics=request.sensitive_topics,
        asked=here,
    )
    violations = check(probe.text, context)
    if probe.span and probe.span not in request.answer and "false_attribution" not in violations:
        violations.append("false_attribution")
    return violations


def check(utterance: str, context: GuardContext) -> list[str]:
    """Names of the rules that an utterance breaks, in a fixed order; empty when it may be spoken."""
    text = utterance.strip().replace("’", "'").replace("‘", "'")
    if len(text) > MAX_CHARACTERS:
        return ["too_long"]
    exact = context.question if context.verbatim is True else context.verbatim
    if isinstance(exact, str) and exact:
        if exactly(text, exact):
            return []
        if alters(text, exact):
            return ["verbatim_altered"]
    lines = context.transcript[-HISTORY_LINES:]
    said = said_in(tuple(line.text for line in lines if line.role == "participant"))
    found = {rule for rule, broken in _rules_of_the_whole(text, context, said) if broken}
    known = said.lemmas | lemmas(lower_words(context.question)) | _options(context)
    for clause in clauses(text):
        found |= _rules_of_a_clause(clause, context, said, known, set(found))
    return [rule for rule in RULES if rule in found]


def _options(context: GuardContext) -> frozenset[str]:
    return frozenset(lemma(word) for option in context.options for word in lower_words(option))


def _rules_of_the_whole(text: str, context: GuardContext, said: Said) -> Iterable[tuple[str, bool]]:
    """The rules that look at an utterance as a whole."""
    yield "too_long", len(lower_words(text)) > MAX_WORDS
    yield "two_questions", asks_twice(text)
    yield "bare_why", demands_reasons(text)
    yield "prompt_leak", leaks(text, said, context.question, context.objective or "")
    yield "sensitive_topic", touches(text, context.sensitive_topics)
    yield "repeat", repeats(text, (context.question, *context.asked))


def _rules_of_a_clause(
    clause: str, context: GuardContext, said: Said, known: frozenset[str], whole: set[str]
) -> set[str]:
    """Default deny: what a clause says must be theirs, the question's or neutral. A rule that names the fault
    stands for the default."""
    if plain(clause) in KNOWN_SENTENCES:
        return set()
    found: set[str] = set()
    attributes = _ATTRIBUTES.search(clause) or _YOUR.search(clause)
    if evaluates(clause, said, quoting=attributes is not None):
        found.add("evaluation")
    if advises(clause):
        found.add("opinion_or_advice")
    if speaks_of_others(clause, said, context.question):
        found.add("other_participant")
    if identifies(clause, context.question):
        found.add("identifiers")
    if offers(clause, said, context.question, _options(context)):
        found.add("unlisted_options")
    if any(not said.quoted(quote) for quote in _QUOTED.findall(clause)):
        found.add("false_attribution")
    named = found | (whole & {"prompt_leak", "bare_why", "two_questions"})
    asked = clause
    if attributes is not None:
        reported, asked = _parts(clause, attributes)
        if not _gives_back(reported, said):
            found.add("false_attribution")
        if not asked:
            return found
    if is_question(asked) or (attributes is not None and asked != clause and asked.endswith("?")):
        listed = bool(context.options) and " or " in asked
        if not named and not listed and (presumes(asked, said) or _strange(asked, known)):
            found.add("presumed_answer")
    elif not found and not named and not said.says(lower_words(asked), clause=True):
        found |= kinds_of(asked)
    return found


def _parts(clause: str, attribution: re.Match[str]) -> tuple[str, str]:
    """What a clause says that they said, and what it asks; either may be empty."""
    before, after = clause[: attribution.start()], clause[attribution.end() :]
    turn = _TURNS_TO_ASK.search(after)
    if turn is not None:
        return after[: turn.start()], after[turn.end() :]
    if clause.endswith("?") and before.strip():
        return after.rstrip(" ?"), re.sub(
            r"\b(?:when|that|as|if|the thing)\s*$", "", before.strip(), flags=re.I
        ) + " ?"
    return after, ""


def _gives_back(reported: str, said: Said) -> bool:
    words = lower_words(_AS_TOLD.sub(" ", reported))
    if _QUOTED.search(reported):
        return True  # looked at word by word already
    own = [word for word in words if not is_content(word) or lemma(word) not in GLUE or word in said.words]
    return said.says(own, clause=len(words) > 3)


def _strange(clause: str, known: frozenset[str]) -> bool:
    return bool(lemmas(lower_words(_AS_TOLD.sub(" ", clause))) - known - NEUTRAL)

"""The last look at what the interviewer is about to say: denied unless it is a known token, the participant's
own words, or one open question made of their words, the question's, and neutral ones. Deterministic; each
verdict is a rule's name."""

from collections.abc import Iterable
from typing import Final

import msgspec

from dialog.guarding.attribution import AS_TOLD, alleges, attribution_in, is_theirs
from dialog.guarding.hearsay import leaks, speaks_of_others
from dialog.guarding.neutral import KNOWN_SENTENCES, NEUTRAL, WISHED_FOR
from dialog.guarding.private_matters import identifies, touches
from dialog.guarding.putting import (
    QUOTED,
    asks_twice,
    clauses,
    demands_reasons,
    is_question,
    lays_in_the_mouth,
    offers,
    presumes,
)
from dialog.guarding.remarks import advises, evaluates, is_loaded, kinds_of
from dialog.guarding.repeated import alters, exactly, repeats
from dialog.guarding.said import Heard, Said, lemma, lemmas
from dialog.judgement import JudgementRequest, Probe
from dialog.lexicon import lower_words, plain

MAX_WORDS: Final = 40
MOST_WORDS_LOOKED_AT: Final = 2 * MAX_WORDS
MAX_CHARACTERS: Final = 600
"""Nothing longer is looked at closely: it is too long anyhow, and a judge that repeats itself without end
mustn't hold up other talks."""
HISTORY_LINES: Final = 200

RULES: Final = (
    "two_questions", "presumed_answer", "unlisted_options", "evaluation", "opinion_or_advice",
    "false_attribution", "repeat",
    "too_long", "sensitive_topic", "identifiers", "verbatim_altered", "prompt_leak", "other_participant",
    "bare_why",
)  # fmt: skip


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


def check_probe(probe: Probe, request: JudgementRequest, heard: Heard | None = None) -> list[str]:
    """Rules that a judgement's probe breaks; the designer's own fallback probe breaks none. `heard` is the
    talk's memory of what was said."""
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
    violations = check(probe.text, context, heard)
    if probe.span and probe.span not in request.answer and "false_attribution" not in violations:
        violations.append("false_attribution")
    return violations


def check(utterance: str, context: GuardContext, heard: Heard | None = None) -> list[str]:
    """Names of the rules that an utterance breaks, in a fixed order; empty when it may be spoken. `heard` is
    the talk's own memory of what was said in it, where it is asked about more than once."""
    text = utterance.strip().replace("’", "'").replace("‘", "'")
    exact = context.question if context.verbatim is True else context.verbatim
    must_be = exact if isinstance(exact, str) else ""
    if must_be and exactly(text, must_be):
        return []
    if len(text) > MAX_CHARACTERS or len(lower_words(text)) > MOST_WORDS_LOOKED_AT:
        return ["too_long"]
    if must_be and alters(text, must_be):
        return ["verbatim_altered"]
    lines = context.transcript[-HISTORY_LINES:]
    said = (heard or Heard()).said([line.text for line in lines if line.role == "participant"])
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
    attribution = attribution_in(clause)
    if evaluates(clause, said, quoting=attribution is not None):
        found.add("evaluation")
    if advises(clause):
        found.add("opinion_or_advice")
    if speaks_of_others(clause, said, context.question):
        found.add("other_participant")
    if identifies(clause, context.question):
        found.add("identifiers")
    if offers(clause, said, context.question, _options(context)):
        found.add("unlisted_options")
    if any(not said.quoted(quote) for quote in QUOTED.findall(clause)):
        found.add("false_attribution")
    named = found | (whole & {"prompt_leak", "bare_why", "two_questions"})
    asked = clause
    if attribution is not None:
        if not attribution.holds(said, known):
            found.add("false_attribution")
        asked = attribution.asked
        if not asked:
            return found
    if is_question(asked):
        listed = " or " in asked and bool(lemmas(lower_words(asked)) & _options(context))
        if alleges(asked, said, known):
            found.add("false_attribution")
        suggests = presumes(asked, said, listed=listed) or _strange(asked, known)
        laid = lays_in_the_mouth(asked, said) or is_loaded(asked, said, known)
        if laid or (suggests and not named):
            found.add("presumed_answer")
    elif not found and not named and not is_theirs(asked, said):
        found |= kinds_of(asked, said)
    return found


def _strange(clause: str, known: frozenset[str]) -> bool:
    words = lower_words(AS_TOLD.sub(" ", clause))
    supposed = WISHED_FOR if "would" in words else frozenset()
    return bool(lemmas(words) - known - NEUTRAL - supposed)

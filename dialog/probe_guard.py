"""The last look at what the interviewer is about to say: denied unless it is a known token, the participant's
own words, or one open question made of their words, the question's, and neutral ones. Deterministic; each
verdict is a rule's name."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

import msgspec

from dialog.judgement import JudgementRequest, Probe
from dialog.lexicon import EMPTY_WORDS, content_stems, is_content, lower_words, plain, stem
from dialog.techniques import FIXED_TOKENS, NEUTRAL_PROBES
from dialog.wording import asks_two, is_bare_why, leads, sentences, wants_yes_or_no

MAX_WORDS: Final = 40
MAX_CHARACTERS: Final = 2_000
"""Nothing longer is looked at closely; it is too long anyhow."""
HISTORY_LINES: Final = 200
REPEAT_SHARE: Final = 0.8
ALTERED_SHARE: Final = 0.6

NEUTRAL_WORDS: Final = frozenset(
    stem(word)
    for word in (
        "tell describe explain say said mention mentioned talk walk take think remember recall happen "
        "happened mean look like "
        "feel felt go come work start began end change part step example time moment occasion particular "
        "specific recent first last "
        "next before after during while rough roughly number word words detail details thing kind sort way "
        "place people person "
        "involved understand help follow listen listening hear stand stood mind question answer play point "
        "fit together behind "
        "led lead made make came important differently different someone see seen there use used done did "
        "yours story picture "
        "scene usual day week night morning minute one two everything else experience notice noticed know "
        "knew want wanted need "
        "role matter meant sense context course mentioned earlier little bit further please right all own "
        "describe best put"
    ).split()
)
_IMPERATIVE: Final = re.compile(
    r"^(?:and |so |please |then |okay |now )*(?:tell|take|think|help|describe|walk|say|give|go|imagine"
    r"|suppose|picture|share|explain)\b",
    re.I,
)
_ATTRIBUTES: Final = re.compile(
    r"\b(?:(?:when|as|earlier|before|and|so|just now)?,? ?you(?:'ve| have)? (?:just |also |earlier )?(?:say"
    r"|said|mentioned|told|described|called|spoke|talked|used the word|explained))\b",
    re.I,
)
_PRAISES: Final = re.compile(
    r"\b(?:great|excellent|wonderful|fantastic|amazing|awesome|perfect|brilliant|fascinating|impressive"
    r"|superb|lovely|beautiful|"
    r"interesting|insightful|thoughtful|nice|good|terrible|awful|horrible|sad|tough|hard|unfortunate"
    r"|reasona ble|understandable|"
    r"clever|smart|brave|honest|helpful|valuable|useful|clear|right|wrong|correct|incorrect|normal|strange"
    r"|weird|impressed|glad|sorry|congratulations|wow)\b",
    re.I,
)
_PRAISING_FRAME: Final = re.compile(
    r"(?:\b(?:that|this|it|what|your (?:answer|story|point|experience|approach))(?:'s| is| was| sounds"
    r"| seems| must be| must have been)\b|^(?:what an?|how|very|really|so)\b|"
    r"\b(?:thank you|thanks) for (?:being|that|such|your|sharing)\b|\bi(?:'m| am)\b|\bi (?:love|like"
    r"|appreciate|admire)\b|\bwell done\b|\bgood (?:job|point|for you|answer|question)\b)",
    re.I,
)
_ADVISES: Final = re.compile(
    r"\b(?:i (?:think|believe|feel|would say|suggest|recommend|advise|agree|disagree|doubt|suspect|know"
    r"|understand|would have|would|bet|guess|assume)|in my (?:opinion|view|experience)|"
    r"personally|you (?:should|shouldn't|could try|ought|need to|must|might want|had better|may want)"
    r"|have you (?:tried|considered|thought about)|why (?:don't|not|didn't) you|"
    r"if i were you|my advice|it would be (?:better|best|good)|it's (?:best|better|important) to"
    r"|the best (?:way|thing))\b",
    re.I,
)
_OTHERS: Final = re.compile(
    r"\b(?:(?:other|another|previous|earlier|many|most|some|several|a lot of|lots of) (?:participants?"
    r"|people|interviewees|respondents|users|customers|folks|callers)|"
    r"others (?:say|said|have|told|think|feel|mention\w*|report\w*)|someone else (?:said|told|mentioned)"
    r"|in other interviews|the (?:last|previous) (?:person|participant)|"
    r"we (?:often|usually|frequently) hear|(?:research|studies|surveys?|statistics) (?:show|shows|say|says"
    r"|suggest)|everyone else|people (?:often|usually|generally))\b",
    re.I,
)
_LEAKS: Final = re.compile(
    r"\b(?:system prompt|my (?:instructions|prompt|guidelines|objective|programming|rules|training)"
    r"|i (?:was|am|have been) (?:told|instructed|programmed|asked|designed) to|"
    r"language model|as an ai|the objective (?:of|is)|completion hint|follow[- ]ups? left|api key"
    r"|probing depth|json|the researchers? (?:want|hope|expect)|"
    r"the purpose of this question)\b",
    re.I,
)
_IDENTIFIES: Final = re.compile(
    r"\b(?:(?:your|his|her|their|whose|the) (?:\w+'s |full |first |last |real |company |employer's "
    r"|manager's "
    r"|boss's )*names?|e-?mails?(?: address)?|(?:phone|telephone|mobile) numbers?|"
    r"(?:home |street |postal |exact )?address|date of birth|birth ?day|birth ?date|how old (?:are|is)"
    r"|your age|social security|passport|"
    r"(?:account|card|license|id) number|credit card|passwords?|where (?:exactly )?do you live|what(?:'s"
    r"| is| was) (?:his|her|their) name|"
    r"(?:which|what) (?:company|employer|school|hospital|church) (?:do|did|was|is)|who exactly"
    r"|name of (?:the|your) (?:company|employer|boss|manager|doctor))\b",
    re.I,
)
_ALTERNATIVES: Final = re.compile(r"\bor\b(?!\s+(?:so|something|anything|anyone|anybody|somebody)\b)", re.I)
_MUCH_TOUCHED: Final = {
    "health": "ill illness sick disease diagnosis medication medicine doctor hospital symptom therapy",
    "income": "salary money earn earning wage paid pay rich poor afford debt",
    "death": "die died dead dying funeral grief lost loss passed",
    "religion": "god church faith pray religious mosque temple belief",
    "politics": "vote voted party election president government political",
    "violence": "hit abuse abused attack attacked beat hurt assault weapon",
    "illness": "ill sick disease diagnosis cancer hospital depression",
    "sexuality": "sex sexual gay lesbian orientation",
    "alcohol": "drink drank drunk beer wine drinking",
    "drugs": "drug cocaine marijuana addiction addicted",
}  # fmt: skip
"""Words by which common sensitive topics are touched without being named."""


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
    text = utterance.strip().replace("’", "'")
    if len(text) > MAX_CHARACTERS:
        return ["too_long"]
    exact = context.question if context.verbatim is True else context.verbatim
    if isinstance(exact, str) and exact:
        if utterance.strip() == exact.strip():
            return []
        if SequenceMatcher(None, plain(text), plain(exact)).ratio() >= ALTERED_SHARE:
            return ["verbatim_altered"]
    theirs = _said_by_participant(context)
    named = content_stems(theirs)
    known = (
        named | content_stems(context.question) | {stem(w) for o in context.options for w in lower_words(o)}
    )
    found = {rule for rule, broken in _plain_rules(text, context, theirs) if broken}
    for sentence in sentences(text):
        found |= _sentence_rules(sentence, named, known)
    return [rule for rule in RULES if rule in found]


RULES: Final = (
    "two_questions", "presumed_answer", "unlisted_options", "evaluation", "opinion_or_advice",
    "false_attribution", "repeat",
    "too_long", "sensitive_topic", "identifiers", "verbatim_altered", "prompt_leak", "other_participant",
    "bare_why",
)  # fmt: skip


def _said_by_participant(context: GuardContext) -> str:
    lines = context.transcript[-HISTORY_LINES:]
    return " . ".join(line.text for line in lines if line.role == "participant")[-20_000:]


def _plain_rules(text: str, context: GuardContext, theirs: str) -> Iterable[tuple[str, bool]]:
    """The rules that look at an utterance as a whole."""
    yield "too_long", len(lower_words(text)) > MAX_WORDS
    yield "two_questions", asks_two(text)
    yield "bare_why", is_bare_why(text)
    yield "opinion_or_advice", _ADVISES.search(text) is not None
    yield "other_participant", _OTHERS.search(text) is not None
    yield "prompt_leak", _LEAKS.search(text) is not None or _quotes_objective(text, context, theirs)
    yield "identifiers", bool(_IDENTIFIES.search(text)) and not _IDENTIFIES.search(context.question)
    yield "sensitive_topic", _touches(text, context.sensitive_topics)
    yield "presumed_answer", leads(text) or (wants_yes_or_no(text) and text not in NEUTRAL_PROBES)
    yield "unlisted_options", _offers(text, context, theirs)
    yield "repeat", _repeats(text, context)


def _sentence_rules(sentence: str, named: set[str], known: set[str]) -> set[str]:
    """Default deny: what a sentence says must be theirs, the question's or neutral."""
    bare = plain(sentence)
    if bare in _KNOWN_SENTENCES:
        return set()
    content = {stem(word) for word in lower_words(sentence) if is_content(word)}
    found: set[str] = set()
    if _PRAISES.search(sentence) and _PRAISING_FRAME.search(sentence):
        judged = {stem(word) for word in lower_words(sentence) if _PRAISES.fullmatch(word)}
        if not judged <= named:
            found.add("evaluation")
    if sentence.endswith("?") or _IMPERATIVE.match(sentence):
        if content - known - NEUTRAL_WORDS:
            found.add("false_attribution" if _ATTRIBUTES.search(sentence) else "presumed_answer")
        return found
    strange = content - named - (NEUTRAL_WORDS if _ATTRIBUTES.search(sentence) else set())
    if _ATTRIBUTES.search(sentence):
        if strange or not content & named:
            found.add("false_attribution")
    elif strange or not content:
        if "evaluation" not in found:
            found.add(
                "false_attribution"
                if re.search(r"\byou(?:'re|r)?\b", sentence, re.I)
                else "opinion_or_advice"
            )
    return found


def _quotes_objective(text: str, context: GuardContext, theirs: str) -> bool:
    """Six words in a row of the objective, which only the designer and the interviewer know."""
    words = lower_words(text)
    secret = f" {plain(context.objective or '')} "
    runs = (f" {' '.join(words[start : start + 6])} " for start in range(len(words) - 5))
    quoted = [run for run in runs if run in secret]
    known = f" {plain(context.question)} | {plain(theirs)} " if quoted else ""
    return any(run not in known for run in quoted)


def _touches(text: str, topics: Iterable[str]) -> bool:
    said = {stem(word) for word in lower_words(text)}
    for topic in topics:
        touched = " ".join(
            [topic, *(words for name, words in _MUCH_TOUCHED.items() if name in topic.lower())]
        )
        if said & {stem(word) for word in lower_words(touched) if is_content(word)}:
            return True
    return False


def _offers(text: str, context: GuardContext, theirs: str) -> bool:
    """A question that lays out answers of its own: "was it the price or the speed?"."""
    for sentence in sentences(text):
        found = _ALTERNATIVES.search(sentence)
        if not found or not (sentence.endswith("?") or _IMPERATIVE.match(sentence)):
            continue
        before, after = plain(sentence[: found.start()]).split(), plain(sentence[found.end() :]).split()
        around = [*before[-1:], "or", *after[:1]]
        if " ".join(around) in f"{plain(context.question)} | {plain(theirs)}":
            continue
        offered = {
            stem(w) for w in lower_words(sentence) if is_content(w) and w not in EMPTY_WORDS
        } - NEUTRAL_WORDS
        listed = {stem(word) for option in context.options for word in lower_words(option)}
        if not listed or not offered <= listed | content_stems(context.question):
            return True
    return False


def _repeats(text: str, context: GuardContext) -> bool:
    bare, content = plain(text), content_stems(text)
    for asked in (context.question, *context.asked):
        if bare and bare == plain(asked):
            return True
        other = content_stems(asked)
        shared = len(content & other)
        if shared >= 3 and shared >= REPEAT_SHARE * len(content | other):
            return True
    return False


_KNOWN_SENTENCES: Final = frozenset(
    [plain(token) for token in FIXED_TOKENS]
    + [plain(sentence) for probe in NEUTRAL_PROBES for sentence in sentences(probe)]
)

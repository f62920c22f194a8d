"""Judges answers by rules alone, so that an interview needs no key, no network and no model. Deterministic;
knows no clock and no state beyond the request. Its reasons name the rules that led to each judgement."""

import re
from typing import Final

from dialog.answers import (
    PALE,
    PEOPLE,
    Marker,
    Traits,
    asks_back,
    asks_opinion,
    distress_in,
    does_not_know,
    refuses,
    says_told_already,
    tells_of_something,
    traits_of,
)
from dialog.asides import addresses_the_machine, asks_who_we_are, asks_why_we_ask, attacks, main_line
from dialog.assessed_edges import edges_that_hold
from dialog.blueprint import FormField
from dialog.contradictions import contradiction
from dialog.forms import clear_answer, parse_field
from dialog.judgement import (
    ASKS_OPINION,
    ASKS_WHO,
    ASKS_WHY,
    ATTACKS,
    CARRYING_CONFIDENCE,
    TO_THE_MACHINE,
    Judgement,
    JudgementRequest,
    Probe,
    Verdict,
)
from dialog.lexicon import content_stems, lower_words, plain
from dialog.rights import spoken_right
from dialog.spans import topics_in
from dialog.techniques import TEMPLATES, Carries, Deficiency, word_probe
from dialog.wording import wants_yes_or_no

FAILED_PROBES_LIMIT: Final = 2
FULL_ANSWER: Final = 20
"""Distinct content words that make an answer full without anything else."""
THIN_ANSWER: Final = 6
MOST_PROBES: Final = {"light": 1, "moderate": 3, "deep": 5}
AIMED_PROBES: Final = {"light": 0, "moderate": 1, "deep": 3}
"""How many probes a sufficient answer still gets while its node's hint is unfulfilled."""

_ASPECTS: Final[tuple[tuple[Deficiency, Marker, re.Pattern[str]], ...]] = (
    (
        "example",
        "past",
        re.compile(
            r"\b(?:examples?|instances?|occasions?|episodes?|story|scene"
            r"|(?:specific|concrete|particular|single|recent|real|one) (?:\w+ )?"
            r"(?:times?|days?|weeks?|events?|moments?|trips?|situations?|incidents?|cases?|memory|memories|evening"
            r"|morning|night|meals?|visits?|purchases?|projects?|meetings?|journeys?))\b"
        ),
    ),
    (
        "reason",
        "reason",
        re.compile(r"\b(?:why|reasons?|because|causes?|caused|motivat\w+|led to|purpose)\b"),
    ),
    (
        "sequence",
        "sequence",
        re.compile(r"\b(?:steps?|sequence|order|timeline|unfolded|course of|what happened)\b"),
    ),
    (
        "number",
        "number",
        re.compile(r"\b(?:how (?:many|much|long|often)|numbers?|amounts?|duration|costs?|quantity)\b"),
    ),
    ("time", "time", re.compile(r"\b(?:when|dates?|year|time of)\b")),
    ("person", "person", re.compile(r"\b(?:who|whom|persons?|people|someone|role)\b")),
    ("experience", "feeling", re.compile(r"\b(?:feel\w*|felt|emotions?)\b")),
)
"""What a completion hint may ask for, the marker that shows it, and how the hint says it."""


def judge(request: JudgementRequest) -> Judgement:
    """Judge an answer and word what follows. Pure: the same request always gives the same judgement."""
    outright = _outright(request)
    if outright is not None:
        return outright
    if request.node_type == "form" and request.fields:
        return _judge_field(request)
    traits = traits_of(request.answer)
    verdict, reasons = _verdict(request, traits)
    pair = _contradiction(request) if verdict != "missing" else None
    if pair is not None:
        verdict, reasons = "contradictory", ["says_and_denies_the_same"]
    missing_aspects = _missing_aspects(request, traits)
    assessed = edges_that_hold(request.edges, request.answer)
    probe = None
    if _wants_probe(request, verdict, traits, missing_aspects, reasons):
        probe = _probe(request, verdict, traits, missing_aspects, pair)
        reasons.append(f"probe:{probe.deficiency}" if probe else "no_wording_left")
    return Judgement(verdict, probe, assessed=assessed, reasons=tuple(reasons))


_AGREES: Final = content_stems("yes yeah yep sure absolutely definitely certainly of course no not never")
"""What says no more than a yes or no."""
_REMEMBERED: Final = 12
"""Exchanges back in which a contradiction is looked for."""


def _contradiction(request: JudgementRequest) -> tuple[str, str] | None:
    """Two statements that can't both be so, where both were heard well and it wasn't asked about before."""
    if request.confidence < CARRYING_CONFIDENCE:
        return None
    here = [exchange for exchange in request.exchanges if exchange.node_key == request.node_key]
    consistency = [template for template in TEMPLATES if template.deficiency == "consistency"]
    if any(template.made(exchange.asked) for template in consistency for exchange in here):
        return None
    part = request.answer.removesuffix(request.latest)
    lately = request.exchanges[
        -_REMEMBERED:
    ]  # an hour of talk would take 30 ms each time, on everybody's loop
    pair = contradiction(request.latest, [*(one.answered for one in lately), part])
    asked = " ".join(exchange.asked for exchange in request.exchanges)
    return None if pair is None or pair[1] in asked else pair


def _chooses(request: JudgementRequest) -> bool:
    """Whether the words are one of the options of the field that was asked for."""
    options = request.fields[0].get("options") if request.fields else None
    return isinstance(options, list) and plain(request.latest) in {plain(str(option)) for option in options}


def _outright(request: JudgementRequest) -> Judgement | None:
    """What is no answer, or shall not be followed up, whatever the node asks."""
    latest = request.latest
    distress = distress_in(latest)
    if distress:
        return Judgement("distress", reasons=(f"distress:{distress}",), distress=distress)
    if _chooses(request):
        return None
    right = spoken_right(latest)
    if right is not None and right != "done":
        return Judgement("wants_right", right=right, reasons=("whole_utterance_is_a_claim",))
    if refuses(latest):
        return Judgement("refused", reasons=("says_rather_not",))
    if says_told_already(latest):
        return Judgement(
            "already_given", assessed=edges_that_hold(request.edges, request.answer), reasons=("says_told",)
        )
    if asks_why_we_ask(latest):
        return Judgement("asks_back", reasons=(ASKS_WHY,))
    if asks_back(latest):
        return Judgement("asks_back", reasons=("asks_what_is_meant",))
    if asks_who_we_are(latest):
        return Judgement("asks_back", reasons=(ASKS_WHO,))
    if asks_opinion(latest):
        return Judgement("asks_back", reasons=(ASKS_OPINION,))
    if addresses_the_machine(latest) and request.confidence >= CARRYING_CONFIDENCE:
        return Judgement("off_topic", reasons=(TO_THE_MACHINE,))
    if attacks(latest) and request.confidence >= CARRYING_CONFIDENCE:
        return Judgement("off_topic", reasons=(ATTACKS,))
    return None


def _judge_field(request: JudgementRequest) -> Judgement:
    """A form's field, the one that was asked: a value or none; forms aren't probed."""
    field = FormField.model_validate(request.fields[0])
    value = parse_field(field, request.latest)
    if value is None:
        return Judgement("missing", reasons=(f"no_value:{field.type}",))
    data = {field.name: value.value}
    reason = f"value:{field.type}" if value.exact else f"value_by_likeness:{field.type}"
    return Judgement(
        "sufficient", data=data, assessed=edges_that_hold(request.edges, request.answer), reasons=(reason,)
    )


def _verdict(request: JudgementRequest, traits: Traits) -> tuple[Verdict, list[str]]:
    fresh = traits.content - content_stems(request.question)
    here = [exchange.answered for exchange in request.exchanges if exchange.node_key == request.node_key]
    if _merely_agrees(request):
        return "vague", ["mere_yes_or_no"]
    if does_not_know(request.answer) or all(does_not_know(said) for said in (*here, request.latest)):
        return "missing", ["does_not_know"]
    if not traits.content and not traits.predicates and not traits.feelings:
        return "missing", ["no_content_words"]
    if traits.general and not traits.concrete:
        return "general", ["speaks_of_the_usual", "nothing_concrete"]
    explained = "reason" in traits.markers or "past" in traits.markers or traits.concrete >= 2
    if traits.predicates and not explained and len(traits.content) < FULL_ANSWER:
        return "vague", ["judging_word_unexplained"]
    if len(fresh) < THIN_ANSWER and traits.concrete < 2:
        return "vague", ["few_content_words"]
    if len(fresh) < FULL_ANSWER // 2 and not traits.concrete and "reason" not in traits.markers:
        return "vague", ["short_and_nothing_concrete"]
    reasons = [f"content_words:{len(traits.content)}"]
    return "sufficient", reasons + [f"marker:{marker}" for marker in sorted(traits.markers)]


def _merely_agrees(request: JudgementRequest) -> bool:
    """A lone yes or no to a question that wants to hear more: "Do you …?"."""
    if request.follow_ups_asked or not wants_yes_or_no(request.question):
        return False
    return clear_answer(request.answer) is not None and not content_stems(request.answer) - _AGREES


def _missing_aspects(request: JudgementRequest, traits: Traits) -> list[Deficiency]:
    """What the completion hint asks for and the answer hasn't got; its words count where it names nothing
    known."""
    hint = (request.completion_hint or "").lower()
    wanted = [(lack, marker) for lack, marker, words in _ASPECTS if words.search(hint)]
    if wanted:
        return [
            lack
            for lack, marker in wanted
            if marker not in traits.markers and not (lack == "example" and traits.concrete >= 2)
        ]
    stems = content_stems(hint)
    if not stems or len(stems & traits.content) * 2 >= len(stems) or len(traits.content) >= FULL_ANSWER:
        return []
    return ["detail"]


def _wants_probe(
    request: JudgementRequest, verdict: Verdict, traits: Traits, aspects: list[Deficiency], reasons: list[str]
) -> bool:
    asked, depth = request.follow_ups_asked, request.depth
    if request.follow_ups_left <= 0:
        reasons.append("ceiling")
        return False
    if request.failed_probes >= FAILED_PROBES_LIMIT:
        reasons.append("two_failed_probes")
        return False
    if asked >= MOST_PROBES[depth]:
        reasons.append("depth_ceiling")
        return False
    if verdict == "missing":
        return asked == 0
    if depth == "light":
        return verdict != "sufficient" and len(traits.content) < THIN_ANSWER + 2
    if verdict != "sufficient":
        return True
    if request.completion_hint:
        return bool(aspects) and asked < AIMED_PROBES[depth]
    full = len(traits.content) >= FULL_ANSWER and traits.concrete >= 2
    return asked < (AIMED_PROBES[depth] if depth == "deep" or not full else 0)


def _probe(
    request: JudgementRequest,
    verdict: Verdict,
    traits: Traits,
    aspects: list[Deficiency],
    pair: tuple[str, str] | None,
) -> Probe | None:
    """The first lack for which an allowed technique has a wording left; else the designer's own probe."""
    here = [exchange.asked for exchange in request.exchanges if exchange.node_key == request.node_key]
    elsewhere = [exchange.asked for exchange in request.exchanges if exchange.node_key != request.node_key]
    carried = _carried(request, traits, here)
    if pair is not None:
        carried["pair"] = (pair[1], f'"{pair[0]}" and "{pair[1]}"')
    for lack in _lacks(request, verdict, traits, aspects):
        if lack == "term" and "term" not in carried and "feeling" not in carried:
            continue
        told = tells_of_something(request.latest)
        probe = word_probe(lack, request.techniques, carried, here, elsewhere, told=told)
        if probe is not None:
            return probe
    if request.fallback_probe and request.fallback_probe not in here:
        return Probe("detail", "fallback", request.fallback_probe)
    return None


def _lacks(
    request: JudgementRequest, verdict: Verdict, traits: Traits, aspects: list[Deficiency]
) -> list[Deficiency]:
    """What the answer lacks, the gravest first. Reasons are asked for only after something else was."""
    if verdict == "missing":
        return ["missing"]
    if verdict == "contradictory":
        return ["consistency", "detail"]
    lacks: list[Deficiency] = []
    if traits.strong_feeling and request.follow_ups_asked == 0:
        lacks.append("feeling")
    if verdict == "general" and aspects:  # the researcher knows best what is wanted of the usual
        lacks += [*aspects, "example", "term", "detail"]
    elif verdict == "general":
        lacks += ["example", "term", "detail"]
    elif verdict == "vague":
        lacks += ["term", *aspects, "detail", "example"]
    else:
        lacks += aspects
        if not request.completion_hint:
            lacks += [] if traits.markers & {"example", "past"} else ["example"]
            lacks += ["term"] if "reason" not in traits.markers else []
            lacks += ["sequence"] if "past" in traits.markers else []
        lacks.append("detail")
    rapport = request.follow_ups_asked > 0 or len(request.exchanges) > 1
    if "reason" not in lacks and "reason" not in traits.markers and rapport and not request.completion_hint:
        lacks.insert(min(1, len(lacks)), "reason")
    if not rapport:
        lacks = [lack for lack in lacks if lack != "reason"] + (["reason"] if "reason" in lacks else [])
    if traits.confident and verdict == "sufficient" and request.follow_ups_asked > 0:
        lacks.append("counter_view")
    if tells_of_something(request.latest) and not traits.general:  # which is the occasion itself
        lacks = ["sequence" if lack == "example" else lack for lack in lacks]
    return list(dict.fromkeys(lacks))


def _carried(request: JudgementRequest, traits: Traits, asked: list[str]) -> dict[Carries, tuple[str, str]]:
    """The participant's words that a probe may carry: none when they were recognised badly or touch what is
    sensitive, none that were carried at this node before."""
    if request.confidence < CARRYING_CONFIDENCE:
        return {}
    carried: dict[Carries, tuple[str, str]] = {}
    said = f" {' '.join(lower_words(' '.join(asked)))} "
    avoided = content_stems(" ".join(request.sensitive_topics))
    fresh = [word for word in traits.predicates if f" {word.lower} " not in said]
    telling = [word for word in fresh if word.lower not in PALE] or fresh
    if telling:
        carried["term"] = (telling[-1].text, telling[-1].text)
    feelings = [word for word in traits.feelings if f" {word.lower} " not in said]
    if feelings:
        carried["feeling"] = (feelings[-1].text, feelings[-1].text)
    latest = request.latest if request.latest and request.latest in request.answer else request.answer
    wanted = " ".join(filter(None, (request.objective, request.completion_hint)))
    told = main_line(latest)
    besides = " ".join([request.question, *asked])
    for topic in topics_in(told, within=request.answer, besides=besides, about=wanted):
        if not content_stems(topic.span) & avoided:
            of_somebody = not PEOPLE.isdisjoint(lower_words(topic.span)[-1:])
            carried.setdefault("somebody" if of_somebody else "topic", (topic.span, topic.said_back))
            if topic.happens:
                carried.setdefault("event", (topic.span, topic.said_back))
    return carried

"""What the rules would ask, over thousands of answers: nothing of it breaks a rule of speech, by counts "
"of its
own and not by the guard's word."""

from collections.abc import Iterator
from random import Random
from typing import Final

import pytest

from dialog.embedded_interviewer import judge
from dialog.judgement import Exchange, JudgementRequest, Probe
from dialog.lexicon import is_content, lower_words, stem
from dialog.probe_guard import check_probe
from dialog.techniques import TEMPLATES

_SUBJECTS: Final = (
    "my sister|the doctor|our team|i|we|the new system|my boss|the landlord|they|a colleague".split("|")
)
_VERBS: Final = (
    "called|booked|lost|fixed|shouted at|forgot|opened|paid for|waited for|never liked|helped".split("|")
)
_THINGS: Final = (
    "the hotel|a spreadsheet|the old printer|the salary|two invoices|the kitchen|forty letters|an illness"
    "|the train|"
    "the password|my brother's wedding|the election|the app|nothing|the second drawer|seven boxes"
).split("|")
_ENDS: Final = (
    "it was messy|that was great|i was furious|it was usually fine|because it rained|and then we left|i "
    "don't know|"
    "you know how it is|it was a terrible idea|for example last friday|honestly i cried|should i say more"
    "|why not|"
    "or something like that|people always say that|what do you think"
).split("|")
_QUESTIONS: Final = (
    "Tell me about your last week.", "How do you plan a trip?", "What happened at work?",
    "How did you come to leave the gym?",
)  # fmt: skip
_HINTS: Final = (None, "a specific example", "why it happened", "who was involved")
_TECHNIQUES: Final = tuple(dict.fromkeys(template.technique for template in TEMPLATES))
_OWN: Final = frozenset(stem(word) for template in TEMPLATES for word in lower_words(template.text))
"""Words of the templates themselves."""
_JUDGING: Final = frozenset("great good wonderful interesting sorry terrible fantastic amazing wow".split())


def answers(random: Random) -> Iterator[str]:
    """Answers without end, made of pieces; some end in the middle."""
    while True:
        clauses = []
        for _ in range(random.randint(1, 4)):
            clauses.append(f"{random.choice(_SUBJECTS)} {random.choice(_VERBS)} {random.choice(_THINGS)}")
            if random.random() < 0.6:
                clauses.append(random.choice(_ENDS))
        text = random.choice((" and ", ", ", ". ")).join(clauses)
        yield text[: random.randint(20, 400)] if random.random() < 0.2 else text


def probes(seed: int, count: int) -> Iterator[tuple[Probe, JudgementRequest, bool]]:
    """`count` probes by the rules, each with what it rests on and whether the guard let it pass."""
    random = Random(seed)
    made = 0
    for answer in answers(random):
        exchanges: list[Exchange] = []
        question = random.choice(_QUESTIONS)
        for _ in range(random.randint(1, 4)):
            request = JudgementRequest(
                node_key="here", node_type="question", question=question,
                objective="Learn whether people lose their patience with forms.",
                completion_hint=random.choice(_HINTS),
                answer=answer, latest=answer, confidence=random.choice((0.95, 0.5)),
                exchanges=tuple(exchanges), follow_ups_asked=len(exchanges),
                follow_ups_left=5 - len(exchanges),
                depth=random.choice(("moderate", "deep")), techniques=_TECHNIQUES,
                sensitive_topics=random.choice(((), ("income", "health"), ("politics",))),
            )  # fmt: skip
            probe = judge(request).probe
            if probe is None:
                break
            yield probe, request, not check_probe(probe, request)
            made += 1
            if made == count:
                return
            exchanges.append(Exchange("here", probe.text, answer))


def faults(probe: Probe, request: JudgementRequest) -> list[str]:
    """What is wrong with a probe, by plain counts."""
    words = lower_words(probe.text)
    theirs = {stem(word) for word in lower_words(f"{request.answer} {request.question}")}
    strange = {stem(word) for word in words if is_content(word)} - theirs - _OWN
    touched = {"income": "salary", "health": "illness", "politics": "election"}
    found = {
        "too long": len(words) > 40,
        "two questions": probe.text.count("?") > 1,
        "bare why": words[:1] == ["why"],
        "unsaid words": bool(strange),
        "judges": bool(_JUDGING & set(words) - set(lower_words(request.answer))),
        "no span of the answer": probe.span not in request.answer,
        "asked before": any(probe.text == one.asked for one in request.exchanges),
        "sensitive": any(touched[topic] in words for topic in request.sensitive_topics),
    }
    return [name for name, holds in found.items() if holds]


def hold(seed: int, count: int) -> None:
    spoken, refused, wrong = 0, 0, []
    for probe, request, passed in probes(seed, count):
        if not passed:
            refused += 1
            continue
        spoken += 1
        if found := faults(probe, request):
            wrong.append((probe.text, request.answer, found))

    assert [] == wrong[:5]
    assert spoken + refused == count
    assert refused <= 0.1 * count, f"{refused} of {count} refused"


def test_nothing_that_the_rules_ask_and_the_guard_lets_pass_breaks_a_rule() -> None:
    hold(seed=1, count=400)


@pytest.mark.long
def test_nor_do_ten_thousand_probes() -> None:
    hold(seed=2, count=10_000)

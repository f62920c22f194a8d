"""Which talks `cut-ins` holds: what the agent hears with, whom it talks with, and about what."""

from functools import cache
from itertools import pairwise
from random import Random
from typing import Final

import msgspec
from msgspec.structs import replace

from benchmarks.ear_record import Outcome, outcomes_of
from benchmarks.ear_signals import Senses
from benchmarks.talk import Talk
from benchmarks.world import Answer, Speaker, Spread, World, closed_or_open
from dialog.blueprint import Blueprint, Patience
from dialog.policy import Fusion, Policy
from dialog.script import known_words

ANSWERS_A_TALK: Final = 11
EMBEDDED: Final = Senses(final_delay=Spread(0.35, 0.9), word_errors=0.25)
"""The recogniser that needs no key: late, and one word in four is another."""
BLIND: Final = Fusion(text=0.0, length=0.0, unaddressed=0.0, unfinal=0.0)


class Hearing(msgspec.Struct, frozen=True):
    """One row: what the agent hears with, and what it makes of it."""

    name: str
    senses: Senses
    fusion: Fusion | None = None
    curve: str = "smart_turn"


HEARINGS: Final = (
    Hearing("silence only", Senses(), BLIND),
    Hearing("shipped default without a key", EMBEDDED),
    Hearing("Smart Turn class", Senses(looks=True), BLIND),
    Hearing("Smart Turn class + text", Senses(looks=True)),
    Hearing("Flux", Senses(hints=True), None, "flux"),
)


class Case(msgspec.Struct, frozen=True):
    """One talk to hold."""

    profile: Patience
    stretch: float
    hearing: Hearing
    adapts: bool
    speaker: int
    seed: str
    world: World
    policy: Policy


def policy_for(case: Case) -> Policy:
    """The case's policy; without adaptation everybody is taken to pause as people do on average."""
    policy = case.policy
    if case.hearing.fusion is not None:
        policy = replace(policy, fusion=case.hearing.fusion)
    return policy if case.adapts else replace(policy, patience_range=(1.0, 1.0), cut_off_factor=1.0)


@cache
def _material(profile: Patience) -> tuple[list[str], dict[str, list[Answer]]]:
    by_question: dict[str, list[Answer]] = {}
    for answer in closed_or_open(profile):
        by_question.setdefault(answer.question, []).append(answer)
    return list(by_question), by_question


@cache
def _blueprint(profile: Patience, first: int) -> tuple[Blueprint, frozenset[str]]:
    questions = _questions(profile, first)
    probing = {"enabled": profile != "closed", "max_follow_ups": 1}
    nodes = {
        f"q{number}": {
            "type": "question",
            "key": f"q{number}",
            "text": text,
            "patience": profile,
            "probing": probing,
        }
        for number, text in enumerate(questions)
    }
    keys = list(nodes)
    blueprint = Blueprint.model_validate(
        {
            "name": "Cut-ins",
            "agent": {
                "name": "Robin",
                "persona": {"system_prompt": "You interview.", "tone": "neutral"},
                "techniques": ["tell_me_more", "mirroring"],
                "probing_depth": "moderate",
            },
            "graph": {
                "entry_node": keys[0],
                "nodes": nodes,
                "edges": [{"from": a, "to": b} for a, b in pairwise(keys)],
            },
            "settings": {
                "intro_message": "Hello.",
                "outro_message": "Thank you, good-bye.",
                "max_duration_m": 120,
            },
        }
    )
    return blueprint, frozenset(known_words(blueprint))


def _questions(profile: Patience, first: int) -> list[str]:
    questions = _material(profile)[0]
    count = min(ANSWERS_A_TALK, len(questions))
    return [questions[(first + step) % len(questions)] for step in range(count)]


def talk_of(case: Case, speaker: type[Speaker] = Speaker) -> Talk:
    """One talk, not yet held."""
    rng = Random(case.seed)
    first = rng.randrange(2) * ANSWERS_A_TALK
    blueprint, known = _blueprint(case.profile, first)
    by_question = _material(case.profile)[1]
    answers = {text: rng.choice(by_question[text]) for text in _questions(case.profile, first)}
    curve = case.world.flux if case.hearing.curve == "flux" else case.world.smart_turn
    somebody = speaker(case.world, case.seed, case.profile, case.stretch, curve)
    return Talk(
        case.world,
        case.seed,
        somebody,
        case.hearing.senses,
        blueprint,
        answers,
        policy_for(case),
        known=known,
    )


def hold(case: Case) -> list[Outcome]:
    """Hold one talk."""
    return outcomes_of(talk_of(case).run(), case.world, case.speaker)

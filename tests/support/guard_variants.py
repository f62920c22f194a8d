"""Utterances made of others by a change whose effect on the guard's verdict is known: by the thousand, and
the same for the same seed."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import Final

import msgspec

from dialog.guarding.neutral import NEUTRAL
from dialog.guarding.putting import clauses, is_question
from dialog.guarding.said import Heard, lemma
from dialog.lexicon import is_content, words_of
from dialog.probe_guard import GuardContext
from server.cli.labelled import Situation

_UNSAID: Final = (
    "helicopter trombone volcano lawyer pharmacy orchestra submarine divorce stadium passport lottery "
    "umbrella furnace bishop casino penguin satellite carnival plumber quarry".split()
)
_NUMBERS: Final = (
    "three four five six seven eight nine eleven twelve fifteen sixteen thirty forty ninety".split()
)
_PRAISE: Final = (
    "That's a great answer.", "What a wonderful story!", "How interesting!", "I love that.", "Good for you.",
    "That must have been really hard.", "I'm so sorry to hear that.", "That makes perfect sense.",
    "You handled that brilliantly.", "Wow, that's impressive.", "Excellent.", "I can see why you did that.",
)  # fmt: skip
_SECOND_QUESTIONS: Final = (
    "What happened after that?", "How did you feel?", "And who else was there?", "When was that?",
    "Could you tell me what you did then?",
)  # fmt: skip
_JOINTS: Final = (
    ", and what did you do then?", ", and how did that feel?", " and who was there with you?",
    ", and when did that happen?",
)  # fmt: skip
_ADVICE: Final = (
    "You should talk to somebody about it.", "I think it's best to wait.",
    "Have you considered asking for help?", "If I were you I'd complain.",
    "In my opinion that happens too often.",
)  # fmt: skip
_HEARSAY: Final = (
    "Other participants said the same.", "Most people tell us something like that.",
    "Somebody else told me about that too.", "Studies show that this is common.",
)  # fmt: skip
_HARMLESS: Final = ("Okay. ", "Thank you. ", "I see. ", "All right. ", "Take your time. ")
_HAPPENED: Final = "stole it,left you,was a liar,made you sick,blamed you".split(",")
BEFORE_AN_ATTRIBUTION: Final = "put unsaid matter before an attribution"
BESIDE_A_QUOTATION: Final = "put unsaid matter beside a quotation"
AS_THEY_SAID: Final = "attribute unsaid matter behind it"
NEVER_MISSED: Final = (BEFORE_AN_ATTRIBUTION, BESIDE_A_QUOTATION, AS_THEY_SAID)
"""Changes of which not one may pass."""


class Variant(msgspec.Struct, frozen=True):
    """An utterance, and the rule that it breaks by how it was made; None: it may be spoken as before."""

    utterance: str
    context: GuardContext
    rule: str | None
    change: str
    denied: bool
    """It must be refused; the rule is named where `rule` is."""


def variants(situations: Iterable[Situation], seed: int, count: int) -> list[Variant]:
    """Make `count` variants, the changes in turn, of the utterances that may be spoken."""
    random = Random(seed)
    sources = [
        (one.utterance, situation.context)
        for situation in situations
        for one in situation.utterances
        if not one.breaks
    ]
    made: list[Variant] = []
    while len(made) < count:
        text, context = random.choice(sources)
        made += _changed(text, context, random)
    return made[:count]


def _changed(text: str, context: GuardContext, random: Random) -> Iterator[Variant]:
    exact = context.question if context.verbatim is True else context.verbatim
    if exact and text == exact:
        yield Variant(_reworded(text, random), context, "verbatim_altered", "alter verbatim words", True)
        return
    swapped = _swap(text, context, random)
    if swapped is not None:
        yield Variant(swapped, context, None, "swap a said word for an unsaid one", True)
    renumbered = _renumber(text, context, random)
    if renumbered is not None:
        yield Variant(renumbered, context, None, "change a number", True)
    yield Variant(f"{random.choice(_PRAISE)} {text}", context, "evaluation", "prefix praise", True)
    yield Variant(f"{random.choice(_ADVICE)} {text}", context, "opinion_or_advice", "prefix advice", True)
    yield Variant(f"{random.choice(_HEARSAY)} {text}", context, "other_participant", "prefix hearsay", True)
    if text.endswith("?"):
        joined = f"{text} {random.choice(_SECOND_QUESTIONS)}"
        yield Variant(joined, context, "two_questions", "add a second question", True)
    if is_question(clauses(text)[-1]):
        hung = text.rstrip("?.") + random.choice(_JOINTS)
        yield Variant(hung, context, "two_questions", "hang on a second question", True)
    unsaid = random.choice(_UNSAID)
    yield Variant(
        f"You mentioned the {unsaid}. {text}", context, "false_attribution", "attribute a word", True
    )
    yield from _hidden(context, random)
    yield Variant(random.choice(_HARMLESS) + text, context, None, "prefix a listening noise", False)
    yield Variant(text.replace("'", "’"), context, None, "curl the apostrophes", False)


def _hidden(context: GuardContext, random: Random) -> Iterator[Variant]:
    """What nobody said, before an attribution of what they did say, and beside their own words."""
    theirs = [line.text for line in context.transcript if line.role == "participant"]
    words = [word.lower for text in theirs for word in words_of(text) if is_content(word.lower)]
    if not words:
        return
    said, unsaid, what = random.choice(words), random.choice(_UNSAID), random.choice(_HAPPENED)
    for shape in (
        f"Your {unsaid} {what}, and you mentioned {said}.",
        f"Since your {unsaid} {what}, you mentioned {said}, what happened then?",
    ):
        yield Variant(shape, context, None, BEFORE_AN_ATTRIBUTION, True)
    for shape in (f'You said "{said}" because the {unsaid} {what}.', f'You said "{said}" to the {unsaid}.'):
        yield Variant(shape, context, "false_attribution", BESIDE_A_QUOTATION, True)
    yield Variant(f"Your {unsaid} {what}, as you said.", context, None, AS_THEY_SAID, True)


def _own_words(text: str, context: GuardContext) -> list[tuple[int, int, str]]:
    """Where words stand that only the participant or the question brought in."""
    said = Heard().said([line.text for line in context.transcript])
    return [
        (word.start, word.end, word.lower)
        for word in words_of(text)
        if is_content(word.lower) and lemma(word.lower) in said.lemmas and lemma(word.lower) not in NEUTRAL
    ]


def _swap(text: str, context: GuardContext, random: Random) -> str | None:
    places = [place for place in _own_words(text, context) if not place[2].isdigit()]
    if not places:
        return None
    start, end, _ = random.choice(places)
    return text[:start] + random.choice(_UNSAID) + text[end:]


def _renumber(text: str, context: GuardContext, random: Random) -> str | None:
    said = Heard().said([line.text for line in context.transcript])
    places = [one for one in _own_words(text, context) if one[2] in _NUMBERS]
    others = [number for number in _NUMBERS if lemma(number) not in said.lemmas]
    if not places or not others:
        return None
    start, end, _ = random.choice(places)
    return text[:start] + random.choice(others) + text[end:]


def _reworded(text: str, random: Random) -> str:
    """A question with a word dropped, doubled by another, replaced, or two changed about."""
    words = text.split()
    place = random.randrange(len(words) - 1)
    match random.randrange(4):
        case 0:
            del words[place]
        case 1:
            words.insert(place, random.choice(("really", "usually", "honestly", "so")))
        case 2:
            words[place] = random.choice(("mostly", "things", "sometimes", "maybe"))
        case _ if words[place].lower() != words[place + 1].lower():
            words[place], words[place + 1] = words[place + 1], words[place]
        case _:
            del words[place]
    return " ".join(words)

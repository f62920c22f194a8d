"""How a question is put: one at a time, open, no answer laid in the mouth, no choice that the design doesn't
list. Knows nothing of what was said but which words are known."""

import re
from typing import Final

from dialog.guarding.neutral import NEUTRAL, NOUNS
from dialog.guarding.said import Said, lemma, lemmas
from dialog.lexicon import lower_words, plain, words_of
from dialog.wording import asks_two, is_bare_why, leads, sentences, wants_yes_or_no

_WH: Final = r"(?:what|how|why|when|where|who|whom|whose|which)"
_HELPS: Final = (
    r"(?:do|does|did|are|is|was|were|can|could|would|will|have|has|had|should|don't|doesn't|didn't|isn't"
    r"|wasn't|weren't|aren't|won't|wouldn't|couldn't|haven't|hasn't)"
)
IMPERATIVE: Final = re.compile(
    r"^(?:(?:and|so|please|then|okay|ok|now|just|well|all right|alright|i see|thank you|thanks|first"
    r"|again)[,\s]+)*"
    r"(?:tell|take|think|help|describe|walk|say|give|go|imagine|suppose|picture|share|explain|talk|let me"
    r"|let's"
    r"|bring|show|start|paint|recall|remember|elaborate|expand|thinking back|think back|can you|could you"
    r"|would you"
    r"|will you|i'd (?:like|love|be)|i would (?:like|love|be)|i'm (?:curious|interested|wondering))\b",
    re.I,
)
_VERBS: Final = r"(?:tell|describe|explain|walk|talk|say|share|take|show|give|elaborate|think|recall)"
_JOINED: Final = re.compile(
    rf",?\s+(?:and|or|but|as well as)\s+(?:(?:also|then|maybe|perhaps|please|in what way|from there)\s+)*"
    rf"(?:{_WH}\b(?!\s+not\b)(?!\s+else\W*$)|(?:can|could|would) you\b)",
    re.I,
)
_JOINED_HELP: Final = re.compile(
    rf"(?:,|\b(?:you|it|they|me|him|her|that|then|there)) (?:and|or) {_HELPS}\s+\w+", re.I
)
_JOINED_VERB: Final = re.compile(
    rf"\b(?:and|then)\s+(?:(?:also|then|please|can you|could you|would you|afterwards)\s+)+{_VERBS}\b"
    rf"|,\s*and\s+{_VERBS}\s+(?:me|us|how|what|why|about)\b|,?\s+and (?:then |also )?about (?:the|your"
    rf"|that|this|how|what)\b",
    re.I,
)
_TRAILING_NOUN: Final = re.compile(
    r",\s+and\s+(?:the|your|his|her|their|its|that|this|those|these)\s+\w+(?: \w+)?\s*\?$", re.I
)
_BOTH_WORDS: Final = re.compile(rf"\b{_WH}\s*,?\s+(?:and|or)\s+{_WH}\b", re.I)
QUOTED: Final = re.compile(r"[\"“”«»]([^\"“”«»]{1,300})[\"“”«»]")
"""A quotation, its words alone."""

_WHY: Final = re.compile(
    r"^(?:(?:and|but|so|okay|ok|hm+|hmm|i see|right|well|then|oh|interesting|sure|thanks|thank you|got it"
    r"|all right"
    r"|alright|understood)[,.\s]+)*(?:why|how come|what for|for what reason)\b|\bwhy(?:'s| is| was) that\b"
    r"|[^.!?]\bwhy\s*[?.]?\s*$"
    r"|,\s*(?:and |but |so )?(?:why|how come)\b(?! (?:you|he|she|it|they|the|that|this)\b)",
    re.I,
)
_OPEN: Final = re.compile(
    rf"\b{_WH}\b|^(?:and|then|so|okay|after|before|since)\b.*\?$",
    re.I,
)
_TAG: Final = re.compile(
    r"[,\s–—-]+(?:right|correct|no|yes|yeah|is that right|is that correct|am i right|don't you|didn't you"
    r"|isn't it|wasn't it"
    r"|aren't you|weren't you|doesn't it|didn't it|is it|was it|were you|are you|did you|do you|would you"
    r"|wouldn't you"
    r"|i assume|i suppose|i guess|i take it|i imagine|i presume|huh|eh|true)\s*\?+\s*$",
    re.I,
)
_PRESUMES: Final = re.compile(
    r"\b(?:it|that|this|you|they|he|she) must (?:have|be)\b|\bpresumably\b|\bsurely\b|\bobviously\b"
    r"|\bclearly,|\bof course\b"
    r"|\b(?:i|we) (?:assume|imagine|presume|take it|suppose you|gather|guess)\b|\b(?:would|wouldn't|do"
    r"|don't) you (?:agree|say (?!more|a bit|something))"
    r"|\b(?:isn't|aren't|wasn't|weren't|don't|doesn't|didn't|wouldn't|couldn't|shouldn't|won't|can't"
    r"|haven't|hasn't)"
    r" (?:you|it|they|that|we|he|she|the|there|your|this)\b"
    r"|\bhow (?:much )?(?:great|good|bad|awful|terrible|amazing|wonderful|annoying|frustrating|better"
    r"|worse|badly|strongly)\b"
    r"|\bso (?:basically|in other words|essentially|what you're saying is|you're saying|you mean)\b",
    re.I,
)
_EXHAUSTS: Final = re.compile(
    r"^(?:(?:and|so|okay|then|before we (?:go|move) on|thank you|thanks|thinking of that)[,\s]+)*(?:is|was"
    r"|are|were) there"
    r" (?:anything|something|anyone|somebody|someone|any other|another|more|one)\b"
    r"|^(?:(?:and|so|okay|then)[,\s]+)*(?:anything|anyone|something|what) else\b"
    r"|^(?:(?:and|so|okay|then)[,\s]+)*(?:does|did|do) (?:anything|something|anyone|one|a (?:particular"
    r"|specific)|any (?:particular|specific)) \w*"
    r"|^(?:(?:and|so|okay|then|well)[,\s]+)*(?:can|could|would|will|may|might|do|are) (?:you|i)(?: please"
    r"| just| maybe| perhaps)?(?: be)?"
    r" (?:able to |willing to |mind |like to |care to |want to |happy to )?(?:tell|telling|walk|walking"
    r"|describe|describing|explain|explaining|share"
    r"|sharing|talk|talking|take|taking|give|giving|think|say|saying|help|paint|show|recall|remember|start"
    r"|begin|go"
    r"|expand|elaborate|add|clarify|unpack|bring|put|point|illustrate|name one|ask|hear|speak"
    r"|have anything|have an example|remember)\b",
    re.I,
)
_OR: Final = re.compile(
    r"\b(?:or|versus|vs|rather than)\b(?!\s+(?:so|anything|anyone|anybody|somebody"
    r"|someone)\b)(?!(?<!, or)\s+something\b)",
    re.I,
)
_FOR_INSTANCE: Final = re.compile(
    r"\b(?:such as|like|for example|for instance|e\.g\.)[,:]?\s+(?P<rest>[^?]+)", re.I
)
_PREFERS: Final = re.compile(r"\bwould you (?:rather|prefer)\b|\beither\b", re.I)
_ECHO_WORDS: Final = 5


def clauses(text: str) -> list[str]:
    """The sentences of a text; dashes and semicolons end one too."""
    return [
        piece.strip()
        for sentence in sentences(text)
        for piece in re.split(r"\s+[–—-]{1,2}\s+|—|;\s+", sentence)
        if piece.strip(" .!?…,")
    ]


def is_question(clause: str) -> bool:
    """Whether a clause asks, or invites to tell."""
    return clause.endswith("?") or IMPERATIVE.match(clause) is not None


def asks_twice(text: str) -> bool:
    """Whether more than one question is put."""
    bare = QUOTED.sub(" these words ", text)
    if asks_two(bare):
        return True
    for clause in clauses(bare):
        if not is_question(clause):
            continue
        if _BOTH_WORDS.search(clause) or _JOINED_VERB.search(clause) or _TRAILING_NOUN.search(clause):
            return True
        asked = re.search(rf"\b(?:{_WH}|{_VERBS})\b", clause, re.I)
        if asked is None:
            continue
        rest = clause[asked.end() :]
        if _JOINED.search(rest) or (clause.endswith("?") and _JOINED_HELP.search(rest)):
            return True
    return False


def demands_reasons(text: str) -> bool:
    """Whether it asks "why" with nothing softer around it: heard as a demand to justify oneself."""
    return is_bare_why(text) or any(_WHY.search(clause) for clause in clauses(QUOTED.sub(" ", text)))


def lays_in_the_mouth(clause: str, said: Said) -> bool:
    """Whether a question's own words say which answer is waited for ("…, right?", "don't you think …")."""
    bare = QUOTED.sub(" these words ", clause)
    if _TAG.search(bare) and not re.fullmatch(r"(?:\W*\w+){1,2}\W*", bare):
        return True
    return bool(_PRESUMES.search(bare) or leads(bare)) and not said.quoted(bare)


def presumes(clause: str, said: Said, *, listed: bool = False) -> bool:
    """Whether a question narrows its answer by the way it is put; a choice of answers that the design lists
    (`listed`) may be closed."""
    bare = QUOTED.sub(" these words ", clause)
    if listed or not clause.endswith("?"):
        return False
    if wants_yes_or_no(bare) and not _EXHAUSTS.search(bare):
        return True
    return not asks_openly(bare) and not _echoes(clause, said)


def asks_openly(clause: str) -> bool:
    """Whether a question leaves the answer open: by its question word, or as an invitation."""
    return bool(_OPEN.search(clause) or _EXHAUSTS.search(clause) or IMPERATIVE.match(clause))


def _echoes(clause: str, said: Said) -> bool:
    """A few of their own words, given back with a question mark."""
    return len(lower_words(clause)) <= _ECHO_WORDS and said.quoted(clause)


def offers(clause: str, said: Said, question: str, options: frozenset[str]) -> bool:
    """Whether a question lays out answers that neither the design nor the participant named."""
    if not is_question(clause):
        return False
    bare = QUOTED.sub(" these words ", clause)
    if _PREFERS.search(bare) and not options:
        return True
    listed = options | lemmas(lower_words(question))
    choices = [found.span() for found in _OR.finditer(bare)]
    words = words_of(bare) if choices else []
    strange = bool(choices) and not (options and lemmas(word.lower for word in words) - NEUTRAL <= listed)
    for start, end in choices:
        before = next((word.lower for word in reversed(words) if word.end <= start), "")
        after = [word.lower for word in words if word.start >= end]
        around = " ".join(filter(None, (before, "or", *after[:1])))
        if around in plain(question) or said.quoted(around):
            continue
        if before and after and {lemma(before), lemma(_head(after))} <= NOUNS:
            continue
        if strange:
            return True
    instance = _FOR_INSTANCE.search(bare)
    return instance is not None and bool(
        lemmas(lower_words(instance["rest"])) - said.lemmas - listed - NEUTRAL
    )


def _head(words: list[str]) -> str:
    """The noun that an article leads up to."""
    return next(
        (word for word in words if word not in ("a", "an", "the", "one", "another", "any", "some")), ""
    )

"""Words as rules see them: tokens with their places, stems, and which words carry content. Knows no question
and no node."""

import re
from functools import lru_cache
from typing import Final

import msgspec

_WORD: Final = re.compile(r"[^\W\d_]+(?:['’\-][^\W\d_]+)*|\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?")

_PLAIN_WORD: Final = re.compile(r"[a-z]+(?:['-][a-z]+)*|[0-9]+(?:[.,:][0-9]+)*(?:st|nd|rd|th)?")
"""The same on lower-case ASCII, three times as fast: most of what is said is nothing else."""


class Word(msgspec.Struct, frozen=True):
    """One word of a text: as written, in lower case with a plain apostrophe, and where it starts and ends."""

    text: str
    lower: str
    start: int
    end: int


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


NUMBERS: Final = _set(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand "
    "million "
    "dozen half couple twice once"
)
DATES: Final = _set(
    "monday tuesday wednesday thursday friday saturday sunday january february march april june july august "
    "september october november december yesterday today tonight morning afternoon evening noon midnight "
    "weekend "
    "week month year spring summer autumn winter christmas"
)
FILLERS: Final = _set(
    "um uh uhm umm er erm ah eh hm hmm mm mhm well like so okay ok right yeah yes no oh anyway"
)
PRONOUNS: Final = _set(
    "i me my mine myself we us our ours ourselves you your yours yourself he him his himself she her hers "
    "herself "
    "it its itself they them their theirs themselves somebody someone anybody anyone everybody everyone "
    "nobody "
    "something anything everything nothing who whom whose which what that this these those one ones"
)
AUXILIARIES: Final = _set(
    "am is are was were be been being do does did doing done have has had having will would shall should "
    "can could "
    "may might must ought isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't won't "
    "wouldn't "
    "shouldn't can't cannot couldn't mustn't i'm i've i'd i'll you're you've you'd you'll he's she's it's "
    "we're "
    "we've we'd we'll they're they've they'd they'll that's there's here's what's who's let's ain't gonna "
    "wanna"
)
LINKS: Final = _set(
    "a an the and or but nor so yet if then than because since while when where why how as at by for from "
    "in into "
    "of off on onto out over to toward towards under until up upon with within without about above across "
    "after "
    "against along among around before behind below beneath beside besides between beyond down during except "
    "inside near outside through throughout till though although unless whether whatever whenever wherever "
    "via per"
)
ADVERBS: Final = _set(
    "not never ever always often sometimes usually mostly rarely again also too very really quite rather "
    "pretty "
    "just only even still already almost maybe perhaps probably actually basically literally honestly "
    "obviously "
    "definitely certainly simply there here now then soon later ago away back more most less least much "
    "many few "
    "lot lots bit little some any all both each every either neither no other another such same own enough "
    "else somewhere anywhere everywhere nowhere elsewhere somehow "
    "far well instead together kind sort kinda sorta etc"
)
COMMON_VERBS: Final = _set(
    "say says said tell tells told ask asks asked think thinks thought know knows knew get gets got gotten "
    "go goes "
    "went gone going come comes came coming make makes made making take takes took taken taking give gives "
    "gave "
    "given see sees saw seen want wants wanted need needs needed use uses used try tries tried put puts "
    "keep keeps "
    "kept let lets seem seems seemed feel feels felt find finds found mean means meant become became start "
    "starts "
    "started stop stops stopped happen happens happened show shows showed leave leaves left call calls "
    "called work "
    "works worked look looks looked turn turns turned run runs ran bring brings brought begin begins began "
    "write "
    "wrote sit sat stand stood lose lost pay paid meet met set sets learn learned learnt speak spoke read "
    "spend "
    "spent grow grew send sent build built fall fell hold held break broke wait waited move moved live "
    "lived believe "
    "hear heard help helped talk talked understand understood remember remembered forget forgot wake woke "
    "drive drove "
    "buy bought sell sold teach taught catch caught fix fixed figure figured check checked end ended open "
    "opened "
    "close closed decide decided realize realized notice noticed guess like liked love loved hate hated care"
)
IRREGULAR_PAST: Final = _set(
    "was were had did went came said told thought knew got gave saw took made found felt left became began "
    "ran "
    "brought wrote sat stood lost paid met spoke spent grew sent built fell held broke understood forgot "
    "woke drove "
    "bought sold taught caught kept heard meant slept ate drank chose cut put let set read hit hurt won "
    "threw flew "
    "fought bent blew drew hid led lent rode rose sang shook shut sought stuck stole swore swam tore wore "
    "couldn't "
    "didn't wasn't weren't hadn't"
)

_MOST_CUTS: Final = 4

FUNCTION_WORDS: Final = FILLERS | PRONOUNS | AUXILIARIES | LINKS | ADVERBS
_EMPTY_NOUNS: Final = _set(
    "thing things stuff way ways time times day days people person guy guys everything something part parts "
    "place "
    "point fact end beginning case example instance question answer matter moment reason"
)
EMPTY_WORDS: Final = _EMPTY_NOUNS | _set(
    "good bad nice fine great big small new old know mean guess think get go going got"
)
"""Words that are not function words, but add nothing to an answer by themselves."""

_SUFFIXES: Final = (
    ("ational", "ate"), ("iveness", "ive"), ("fulness", "ful"), ("ousness", "ous"), ("ations", "ate"),
    ("ation", "ate"), ("ments", ""), ("ment", ""), ("nesses", ""), ("ness", ""), ("ities", ""), ("ity", ""),
    ("ingly", ""), ("iness", "y"), ("ily", "y"), ("edly", ""), ("ings", ""), ("ing", ""), ("ies", "y"),
    ("ied", "y"),
    ("ions", ""), ("ion", ""), ("ers", ""), ("er", ""), ("ed", ""),
    ("es", ""), ("ly", ""), ("al", ""), ("s", ""), ("e", ""),
)  # fmt: skip


def words_of(text: str) -> list[Word]:
    """The words of a text in order. `text[word.start:word.end] == word.text` for each."""
    return [
        Word(found.group(), found.group().lower().replace("’", "'"), found.start(), found.end())
        for found in _WORD.finditer(text)
    ]


def lower_words(text: str) -> list[str]:
    """The words alone, in lower case, with plain apostrophes."""
    lower = text.lower()
    if lower.isascii():
        return _PLAIN_WORD.findall(lower)
    return _WORD.findall(lower.replace("’", "'"))


@lru_cache(maxsize=8)
def plain(text: str) -> str:
    """The words alone, lower case, one space between: what phrases are looked up in. The latest few are kept,
    since one signal has the same words looked at from several sides."""
    return " ".join(lower_words(text))


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A word cut to what its forms have in common; crude, short words and numbers stay whole. Remembered,
    since a talk comes back to its words and a judgement has milliseconds."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    for _ in range(_MOST_CUTS):  # "covered" is cut to "cover", which must be what "cover" is cut to
        cut = _cut(word)
        if cut == word:
            break
        word = cut
    return word


def _cut(word: str) -> str:
    for suffix, ending in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not (suffix == "s" and word[-2] == "s"):
            word = word[: len(word) - len(suffix)] + ending
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def is_content(lower: str) -> bool:
    return lower not in FUNCTION_WORDS and (len(lower) > 1 or lower.isdigit())


def content_stems(text: str) -> set[str]:
    """The stems of a text's content words."""
    return {stem(word) for word in lower_words(text) if is_content(word)}


def is_past(lower: str) -> bool:
    """A word that looks like a verb in the past."""
    return lower in IRREGULAR_PAST or (len(lower) > 4 and lower.endswith("ed") and not lower.endswith("eed"))

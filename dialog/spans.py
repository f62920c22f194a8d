"""Which of the participant's own words a probe may carry back: phrases that sound right when they are said
again. A recogniser's text has no punctuation and some wrong words, so a phrase that isn't surely a noun is
left alone."""

from typing import Final

import msgspec

from dialog.answers import PREDICATES
from dialog.lexicon import (
    AUXILIARIES,
    COMMON_VERBS,
    DATES,
    EMPTY_WORDS,
    FUNCTION_WORDS,
    IRREGULAR_PAST,
    NUMBERS,
    Word,
    content_stems,
    is_content,
    stem,
    words_of,
)

_TURNED: Final = {
    "the": "the", "my": "your", "our": "your", "a": "the", "an": "the", "this": "that", "that": "that",
    "their": "their", "his": "his", "her": "her", "these": "those", "those": "those",
}  # fmt: skip
"""How a determiner is said back by the other person."""
_DESCRIBING: Final = ("al", "ic", "ive", "ful", "ous", "able", "ible", "ary", "less", "ish")
_NAMING: Final = (
    "tion",
    "sion",
    "ment",
    "ness",
    "ity",
    "ship",
    "ance",
    "ence",
    "ism",
    "age",
    "ure",
    "er",
    "or",
    "ist",
)
_PLAIN_ADJECTIVES: Final = frozenset(
    "big small new old young long short early late little huge whole entire main weekly daily monthly local "
    "public "
    "private free cheap expensive hot cold dark quiet loud open paper online empty full heavy last next "
    "final first second "
    "third wrong right real tiny large".split()
)
_NOT_LAST: Final = _PLAIN_ADJECTIVES | frozenset(
    "most best worst only same other others main bigger better worse easier harder biggest smallest hardest "
    "easiest "
    "latest oldest newest moment hour hours minute minutes second seconds start cause causes reason reasons "
    "life world rest middle top bottom side idea kind sort lot problem problems opposite truth sense".split()
)
"""Neither "your life" nor "the start" says what of it was spoken of."""
_EVENTS: Final = frozenset(
    "accident alarm alert appointment argument attack birth blackout breakdown breakup call calls change "
    "changes collapse concert conflict conversation crash crisis cut deadline death debrief decision "
    "delay delivery deploy deployment dinner discussion divorce earthquake emergency evening exam "
    "examination experiment explosion failure fall fight fire flight flood funeral game holiday holidays "
    "illness incident interview interviews journey launch lesson lunch match meal meals meeting meetings "
    "migration mistake morning move night operation outage party practice presentation project purchase "
    "quarrel rehearsal release reorganisation reorganization repair rescue restart ride robbery roll-back "
    "rollback route school shift shopping shutdown storm strike surgery switch talk test tests training "
    "transition trip trips turn update upgrade vacation visit visits walk war wedding weekend "
    "workshop".split()
)
"""Things that happen, or are done: only of them can be asked what they were like or what came after."""
_HAPPENING: Final = ("tion", "sion", "ing")
_THINGS: Final = frozenset(
    "building ceiling clothing ending king mansion painting portion position question region religion "
    "ring section spring station string thing vision wing".split()
)
"""What ends like that and is none."""
_DENYING: Final = frozenset("not no never nothing nobody none neither nor without hardly".split())
_WITHIN_A_DENIAL: Final = 6
"""Words behind a denial that it may reach."""
_JOINING: Final = frozenset("and but so because though although then".split())
_OF_THIS_TALK: Final = frozenset("participant participants interviewer answers prompt".split())
"""Nobody who tells of something speaks of these; who speaks of them gives orders."""
_LONGEST_NOUN: Final = 3
"""Content words in a phrase that is carried back."""


class Topic(msgspec.Struct, frozen=True):
    """A thing that the participant spoke of. `span` is a byte-exact piece of the answer, `said_back` how the
    other person says it: "spreadsheet", "your spreadsheet"."""

    span: str
    said_back: str
    happens: bool = False
    """It is an event or something that is done, and not a thing or a place."""


def topics_in(text: str, *, within: str | None = None, besides: str = "", about: str = "") -> list[Topic]:
    """Things spoken of in `text`, the most telling first; each `span` is byte-exact in `within` too, where it
    is given. What is only named by the words of `besides` (the question, earlier probes) is left out; what
    `about` names (the objective) goes first."""
    words = words_of(text)
    known, sought = content_stems(besides), content_stems(about)
    ranked: list[tuple[float, Topic]] = []
    for place, word in enumerate(words[:-1]):
        if word.lower not in _TURNED:
            continue
        last = _noun_end(text, words, place + 1)
        if last is None or _denied(text, words, place):
            continue
        noun = words[place + 1 : last + 1]
        span = text[noun[0].start : noun[-1].end]
        fresh = {stem(one.lower) for one in noun} - known
        if not fresh or (within is not None and span not in within):
            continue
        rank = 2.0 * len(fresh) + 0.1 * max(len(one.lower) for one in noun) + place / len(words)
        rank += 1.0 if word.lower in ("my", "our", "a", "an") else 0.0
        rank += 1.5 if fresh & sought else 0.0
        ranked.append((rank, Topic(span, f"{_TURNED[word.lower]} {span}", _happens(noun[-1].lower))))
    ranked.sort(key=lambda pair: -pair[0])
    return [topic for _, topic in ranked]


def _happens(noun: str) -> bool:
    return noun in _EVENTS or (noun.endswith(_HAPPENING) and noun not in _THINGS)


def _denied(text: str, words: list[Word], place: int) -> bool:
    """Whether what stands here is spoken of as what was not: "she had no part in my life"."""
    for before in range(place - 1, max(place - 1 - _WITHIN_A_DENIAL, -1), -1):
        lower = words[before].lower
        if lower in _JOINING or _broken(text, words[before], words[before + 1]):
            return False
        if lower in _DENYING or lower.endswith("n't"):
            return True
    return False


def _noun_end(text: str, words: list[Word], start: int) -> int | None:
    """Index of the last word of the noun phrase that begins at `start`, or None when there is no sure one."""
    end = start
    while end < len(words) and end - start < _LONGEST_NOUN + 1 and _can_name(words[end].lower):
        if end > start and _broken(text, words[end - 1], words[end]):
            break
        end += 1
    following = words[end].lower if end < len(words) and not _broken(text, words[end - 1], words[end]) else ""
    run = words[start:end]
    if not run or len(run) > _LONGEST_NOUN:
        return None
    if len(run) > 1 and following not in AUXILIARIES:
        # "the team leaves early": only what surely belongs together is kept together
        kept = 1
        while kept < len(run) and _belongs(run[kept - 1].lower, run[kept].lower, last=kept == len(run) - 1):
            kept += 1
        run = run[:kept]
    final = run[-1].lower
    if (
        final in _NOT_LAST
        or final in _OF_THIS_TALK
        or final in PREDICATES
        or final.endswith(("est", "ly"))
        or final.endswith(_DESCRIBING[:5])
    ):
        return None
    if (
        all(one.lower in EMPTY_WORDS for one in run)
        or final in EMPTY_WORDS
        or final in NUMBERS
        or final in DATES
    ):
        return None
    return start + len(run) - 1


def _can_name(lower: str) -> bool:
    return (
        is_content(lower)
        and lower not in FUNCTION_WORDS
        and lower not in IRREGULAR_PAST
        and (lower not in COMMON_VERBS or lower in ("work", "call", "end", "start", "look", "help", "talk"))
        and "'" not in lower
        and not lower.endswith("ed")
    )


def _belongs(former: str, latter: str, *, last: bool) -> bool:
    """Whether the second word surely goes on naming what the first began."""
    if former in _PLAIN_ADJECTIVES or former in NUMBERS or former.endswith(_DESCRIBING):
        return True
    return last and latter.endswith(_NAMING)


def _broken(text: str, former: Word, latter: Word) -> bool:
    return any(mark in text[former.end : latter.start] for mark in ".,;:!?…—\n")

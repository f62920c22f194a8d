"""How finished words sound, from the words alone: no punctuation is needed, and no model asked."""

import re

FILLERS = frozenset("um uh er erm hmm mm ah eh uhm".split())
# After these a clause goes on: conjunctions, articles, prepositions, possessives, subjects.
_OPEN_ENDS = frozenset(
    """and but or so because cause although when if which who whose where than as the a an my your his our
    their every of to at by for with from into onto during between toward towards is are were be being
    has i we they he she i'm you're he's she's we're they're it's that's there's i'd you'd i've you've
    we've they've we'd they'd he'd she'd they'll he'll she'll i'll we'll you'll can't don't didn't
    doesn't won't wouldn't wasn't isn't hasn't haven't hadn't couldn't shouldn't not very nobody's half
    these another basically actually most such""".split()
)
_EITHER_ENDS = frozenset(
    """that this those her its some any each no you like while since though am was been have had do does did
    will would should can could may might must really just maybe also even never ever always""".split()
)
"""These leave a clause open as often as they end one ("i enjoy that", "he looked at her", "yes i do")."""
_HANGING_ENDS = frozenset(
    "in on over up off out down about under through without within then well more what".split()
)
"""Most often these end one ("my mother comes over", "we talked it through")."""
_OPEN_VERBS = frozenset(
    """say says said put bought buy get got need needs want wants see saw seen cost costs noticed remembered
    asked asks told tell tells thought wrote become became find finds found describes spent hardly mean
    means heard decided realised wondered""".split()
)
"""Something is still to come that was said, put, bought or seen, more often than not."""
_FRONTED = frozenset("when if after until before once whenever unless".split())
_LINKS = frozenset("and but or so then because".split())
_SUBJECTS = frozenset(
    """i you he she it we they that there this i'm you're he's she's it's we're they're that's there's i'd
    i've we've they've you've he'd she'd we'd they'd i'll it'll who what everybody everyone nobody
    somebody""".split()
)
_OPEN_PHRASES = ("i mean", "sort of", "kind of", "let me see", "for example", "such as")
_SOFTENERS = ("you know", "i think", "i guess", "i suppose")
"""Said at the end of a sentence, and in the search for its next word."""
_CLOSINGS = (
    "that's it",
    "that was it",
    "that's all",
    "that was that",
    "that's that",
    "that's about it",
    "so yeah",
    "so here i am",
    "and so on",
    "or something",
    "so we'll see",
    "in the end",
)
"""With these, people tell that they have done."""
_SHORT_ANSWERS = frozenset(
    """yes no yeah yep nope sure never always often sometimes rarely daily weekly monthly none nothing nobody
    exactly right definitely certainly okay ok neither both
    one two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty sixty seventy
    eighty ninety hundred once twice""".split()
)
_CONTENT = re.compile(r"[a-z0-9][a-z0-9'-]*")
_LONGEST_WORD = 60
_NOT_CONTENT = FILLERS | frozenset(
    "mhm uhuh uh-huh mm-hm mmhm yeah yes okay ok right sure oh ah i see".split()
)
_LEADING = (
    _OPEN_ENDS
    | _EITHER_ENDS
    | _HANGING_ENDS
    | frozenset(
        "well think guess suppose probably about question difficult hard depends honest there".split()
    )
)
_END_PUNCTUATION = (".", "!", "?", "…")


def words_of(text: str) -> list[str]:
    """Lower-case words of a text, punctuation gone."""
    return _CONTENT.findall(text.lower().replace("’", "'"))


def content_words(text: str) -> int:
    """How many words carry content: neither fillers nor backchannels."""
    return sum(1 for word in words_of(text) if word not in _NOT_CONTENT)


def ends_in_filler(text: str) -> bool:
    """Whether the last word is a filler: somebody is looking for the next one."""
    words = words_of(text[text.rfind(" ") + 1 :][-_LONGEST_WORD:]) or words_of(text[-_LONGEST_WORD:])
    return bool(words) and words[-1] in FILLERS


def completeness(text: str, closed: bool) -> float:
    """How finished a text reads, 0–1, from its last words alone; 0.5 knows nothing."""
    return completeness_of(text, words_of(text), closed)


def completeness_of(text: str, words: list[str], closed: bool, question: str = "") -> float:
    """The same, the words being at hand already; a closed question's own words may be what it is answered
    with."""
    if not words:
        return 0.5
    last = words[-1]
    if last in FILLERS:
        return 0.08
    if (
        closed
        and len(words) <= 8
        and (last not in _OPEN_ENDS or words == ["no"])
        and _chooses(words, question)
    ):
        return 0.95
    tail = " ".join(words[-4:])
    if tail.endswith(_OPEN_PHRASES):
        return 0.15
    if last in _OPEN_ENDS and not tail.endswith(_CLOSINGS):
        return 0.12
    if len(words) >= 3 and tail.endswith(_CLOSINGS):
        return 0.97
    if last in _OPEN_VERBS or _leads_up(words):  # a full stop is worth the same everywhere
        return 0.42 if text.rstrip().endswith(_END_PUNCTUATION) else 0.3
    if last in _EITHER_ENDS or tail.endswith(_SOFTENERS):
        return 0.42
    if last in _HANGING_ENDS:
        return 0.48
    finished = 0.78 if len(words) >= 6 else 0.68 if len(words) >= 3 else 0.55
    if text.rstrip().endswith(_END_PUNCTUATION):
        finished += 0.15
    elif text.rstrip().endswith((",", "-", "–", ":")):
        finished -= 0.4
    return finished


def _chooses(words: list[str], question: str) -> bool:
    """Whether a number, a yes or no, or an option of the question is among the words."""
    if any(word in _SHORT_ANSWERS or word.isdigit() for word in words):
        return True
    options = {word for word in words_of(question) if len(word) > 2 and word not in _LEADING}
    return any(word in options for word in words)


def _leads_up(words: list[str]) -> bool:
    """Whether the last words only lead up to a clause: "and when she asked", "but my feet"."""
    for back in range(2, min(8, len(words)) + 1):
        word = words[-back]
        before = words[-back - 1] if back < len(words) else "and"
        if word in _FRONTED:
            return before in _LINKS
        if word in _LINKS:
            rest = words[1 - back :]
            return len(rest) <= 3 and not any(one in _SUBJECTS for one in rest) and before not in _LINKS
    return False


def addresses(words: list[str], question: str) -> bool:
    """Whether words say something that the question doesn't: what leads up to an answer is none."""
    asked = words_of(question)
    return any(
        len(word) > 2 and word not in asked and word not in _LEADING and word not in _NOT_CONTENT
        for word in words
    )

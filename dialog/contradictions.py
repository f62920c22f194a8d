"""Two statements of a participant's that can't both be so, found by their words alone: the same is said and
denied by whoever speaks, of themselves or of somebody of whom they have but one. What is qualified ("I used
to", "on Mondays") contradicts nothing."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import msgspec

from dialog.lexicon import (
    DATES,
    EMPTY_WORDS,
    FILLERS,
    Word,
    is_content,
    is_past,
    stem,
    words_of,
)

LONGEST: Final = 14
"""Words in a statement: a longer one says more than one thing, and is too long to be said back."""

_JOINING: Final = frozenset("and but so because although though however or which then well actually".split())
_SUBJECTS: Final = frozenset("i we i'm i've i'd".split())
"""Whoever speaks. Of whom "he" or "they" is said no word tells: it may be another one each time."""
_OURS: Final = frozenset(("my", "our"))
_ONE_ALONE: Final = frozenset(
    "mother father mum mom dad wife husband boss manager team company bank landlord landlady partner "
    "grandmother grandfather office school village".split()
)
"""Of these one has one: "my manager" is the same each time."""
_LEADING_IN: Final = FILLERS | frozenset("yes no honestly frankly really also personally".split())
"""Words before the subject that leave what is said as it is; "people think" and "why" don't."""
_DENIALS: Final = frozenset("not never no none nobody nothing neither nor without cannot".split())
_WHOLLY: Final = frozenset("never nothing nobody always everything everybody everyone all".split())
_OF_ALL: Final = frozenset("anything nothing anybody nobody anyone none".split())
"""What is denied of these is denied of each."""
_HABITS: Final = frozenset("sometimes often mostly usually rarely".split())
"""What happens so often is denied by "never" alone."""
_QUALIFYING: Final = (
    frozenset(
        "used anymore now nowadays before earlier later first until till unless if when whenever while since "
        "except only once then yet still already almost nearly hardly barely "
        "back maybe perhaps would could should might last next another else instead".split()
    )
    | DATES
)
_SAYS_LITTLE: Final = frozenset(
    stem(word) for word in "think know say mean guess get go come have want need try see thing".split()
)
_LIKING: Final = {"love": True, "like": True, "enjoy": True, "hate": False, "dislike": False, "loathe": False}
"""Verbs of liking, and whether they affirm it: "I loved it" denies "I hated it"."""
_LEADING_UP: Final = _SUBJECTS | _DENIALS | {"really", "always", "do", "did", "quite"}
"""Words behind which "like" is a verb and no filler."""
_LIKED: Final = {stem(word): affirms for word, affirms in _LIKING.items()}
_BREAK: Final = re.compile(r"[.,;:!?…—–\n]")


class _Statement(msgspec.Struct, frozen=True):
    text: str
    predicate: str
    about: frozenset[str]
    """Stems of what else it speaks of."""
    denied: bool
    wholly: bool
    past: bool
    whose: str = ""
    """Of whom it is said: "" is whoever speaks."""
    at_times: bool = False
    of_all: bool = False


def contradiction(latest: str, earlier: Sequence[str]) -> tuple[str, str] | None:
    """The earlier statement and the one in `latest` that can't both be so, each a byte-exact piece; None
    where there are none. What is said in one breath counts too."""
    now = list(_statements(latest))
    before = [one for text in earlier for one in _statements(text)]
    for place, later in enumerate(now):
        for former in (*before, *now[:place]):
            if _contradict(former, later):
                return former.text, later.text
    return None


def _contradict(one: _Statement, other: _Statement) -> bool:
    if (one.predicate, one.whose) != (other.predicate, other.whose) or one.denied == other.denied:
        return False
    denial, claim = (one, other) if one.denied else (other, one)
    # a denial that says more than the claim denies only that, and a bare one may be of something else
    if not denial.about <= claim.about or (claim.about and not denial.about and not denial.of_all):
        return False
    if one.at_times or other.at_times:
        return denial.wholly and not denial.at_times
    if denial.wholly or claim.wholly:
        return True
    return bool(denial.about) and one.past == other.past


def _statements(text: str) -> Iterator[_Statement]:
    for words in _pieces(text):
        made = _statement(text, words)
        if made is not None:
            yield made


def _pieces(text: str) -> Iterator[list[Word]]:
    """A text cut at its marks and at the words that join statements."""
    piece: list[Word] = []
    for word in words_of(text):
        marked = piece and _BREAK.search(text, piece[-1].end, word.start)
        if piece and (marked or word.lower in _JOINING):
            yield piece
            piece = []
        if word.lower not in _JOINING and not (not piece and word.lower in FILLERS):
            piece.append(word)
    if piece:
        yield piece


def _statement(text: str, words: Sequence[Word]) -> _Statement | None:
    lower = [word.lower for word in words]
    start, whose = _subject(lower)
    if start is None or len(words) - start > LONGEST or not _QUALIFYING.isdisjoint(lower):
        return None
    said = [
        word
        for before, word in pairwise(lower[start + (whose != "") :])
        if (is_content(word) and word not in _HABITS)
        or (word == "like" and (before in _LEADING_UP or before.endswith("n't")))
    ]
    if not said:
        return None
    predicate = stem(said[0])
    if predicate in _SAYS_LITTLE:
        return None
    if not _LEADING_IN.issuperset(lower[:start]):
        return None  # what stands before the subject may turn all of it, or belong to something else
    negations = sum(word in _DENIALS or word.endswith("n't") for word in lower)
    affirms = _LIKED.get(predicate)
    return _Statement(
        text=text[words[start].start : words[-1].end],
        predicate="like" if affirms is not None else predicate,
        about=frozenset(stem(word) for word in said[1:] if word not in EMPTY_WORDS) - {predicate},
        denied=(negations % 2 == 1) != (affirms is False),
        wholly=not _WHOLLY.isdisjoint(lower),
        past="didn't" in lower or "did" in lower or is_past(said[0]),
        whose=whose,
        at_times=not _HABITS.isdisjoint(lower),
        of_all=not _OF_ALL.isdisjoint(lower),
    )


def _subject(lower: Sequence[str]) -> tuple[int | None, str]:
    """Where it begins of whom something is said, and who that is."""
    for place, word in enumerate(lower):
        if word in _SUBJECTS:
            return place, ""
        if word in _OURS and lower[place + 1 : place + 2] and lower[place + 1] in _ONE_ALONE:
            return place, lower[place + 1]
    return None, ""

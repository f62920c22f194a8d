"""How words sound: positive, negative, both or neither, by a lexicon of valences, with what turns or
strengthens them. The method is that of VADER (Hutto & Gilbert 2014) without its marks of written chat. Knows
no question."""

import math
from collections.abc import Iterable, Mapping
from typing import Final

from dialog.analysis import Sentiment
from dialog.lexicon import lower_words

Lexicon = Mapping[str, float]
"""Word in lower case → valence, −4 to 4."""

_STRENGTHENING: Final = frozenset(
    "very really so extremely incredibly absolutely completely totally especially particularly deeply hugely "
    "highly truly too super utterly enormously".split()
)
_WEAKENING: Final = frozenset("slightly somewhat barely kinda sorta partly almost little bit fairly".split())
_DENYING: Final = frozenset(
    "not no never none nothing nobody neither nor without hardly rarely seldom cannot lack lacked "
    "lacking".split()
)
_BOOST: Final = 0.293
_DENIED: Final = -0.74
_REACH: Final = 3
"""Words before one that turn or strengthen it."""
_NORMAL: Final = 15.0
_WEIGHT_BEFORE_BUT: Final = 0.5
_WEIGHT_AFTER_BUT: Final = 1.5
_TOUCHED: Final = 0.2
"""Below it a piece sounds like nothing."""
_SLIGHT: Final = 0.3
"""Below it neither side of an answer counts."""
_BALANCE: Final = 1 / 3
"""The weaker side is at least so much of the stronger where both are meant."""


def valence(text: str, lexicon: Lexicon) -> float:
    """−1 to 1, 0 for words that sound like nothing."""
    words = lower_words(text)
    felt = [_valence_at(words, place, lexicon) for place in range(len(words))]
    if "but" in words:
        turn = words.index("but")
        felt = [
            each * (_WEIGHT_BEFORE_BUT if place < turn else _WEIGHT_AFTER_BUT)
            for place, each in enumerate(felt)
        ]
    total = math.fsum(felt)
    return total / math.sqrt(total * total + _NORMAL)


def _valence_at(words: list[str], place: int, lexicon: Lexicon) -> float:
    own = lexicon.get(words[place], 0.0)
    if own == 0.0:
        return 0.0
    for distance, word in enumerate(reversed(words[max(0, place - _REACH) : place])):
        fading = 1 - 0.05 * distance
        if word in _STRENGTHENING:
            own += math.copysign(_BOOST * fading, own)
        elif word in _WEAKENING:
            own -= math.copysign(_BOOST * fading, own)
        elif word in _DENYING or word.endswith("n't"):
            own *= _DENIED
    return own


def sentiment_of(valences: Iterable[float]) -> Sentiment:
    """How the pieces of an answer, or of a talk, sound together."""
    felt = [each for each in valences if abs(each) >= _TOUCHED]
    good = math.fsum(each for each in felt if each > 0)
    bad = -math.fsum(each for each in felt if each < 0)
    stronger, weaker = max(good, bad), min(good, bad)
    if stronger < _SLIGHT:
        return "neutral"
    if weaker >= _SLIGHT and weaker >= _BALANCE * stronger:
        return "mixed"
    return "positive" if good > bad else "negative"

"""Whether words that were heard over the agent are its own, come back to the microphone. Knows no sound: it
compares them with the words that were being said just then."""

from functools import lru_cache
from typing import Final

from dialog import completeness
from dialog.lexicon import Word, words_of
from dialog.speaking import Speech

LEAST_WORDS: Final = 2
"""A single word that both say is as likely an answer."""
_FASTEST: Final = 20.0
_SLOWEST: Final = 9.0
"""Characters a second of any voice at usual speed: between them lies the place that is being said."""
_LAG: Final = 1.0
"""Seconds from saying a word to hearing its echo begin, at most."""
LONGEST_TAIL: Final = 0.6
"""Seconds that an echo sounds behind what it is one of, at most."""
_MOST_WORDS: Final = 60
_STRAY: Final = 2
"""Words that a recogniser may put in between."""


def is_echo(text: str, speech: Speech, voice_at: float, now: float) -> bool:
    """Tell whether `text`, of a voice that set in at `voice_at`, is what `speech` has been saying since.

    In order and close together: both of two words, three of four, and of more than four six in ten, since a
    recogniser makes other words of an echo now and then.
    """
    if " " not in text.strip():
        return False
    heard = completeness.words_of(text)[:_MOST_WORDS]
    if len(heard) < LEAST_WORDS:
        return False
    said = _lately_said(speech, voice_at, now)
    share = 1.0 if len(heard) == LEAST_WORDS else 0.75 if len(heard) <= 4 else 0.6
    needed = share * len(heard)
    among = set(said)
    if sum(word in among for word in heard) < needed:  # so nor are there as many in order
        return False
    return any(
        _in_order(heard, said[start : start + len(heard) + _STRAY]) >= needed for start in range(len(said))
    )


def _lately_said(speech: Speech, voice_at: float, now: float) -> list[str]:
    """The words that may have sounded between `voice_at` and `now`, none of them after its end. After a hold
    anything before may come again."""
    if speech.began_at is None:
        return []
    earliest = 0.0 if speech.resumed else (voice_at - speech.began_at - _LAG) * _SLOWEST * speech.speed
    last = now if speech.ended_at is None else min(now, speech.ended_at)
    latest = (last - speech.began_at) * _FASTEST * speech.speed
    return [
        word.lower for word in words_of_speech(speech.text) if word.end > earliest and word.start <= latest
    ]


@lru_cache(maxsize=32)
def words_of_speech(text: str) -> list[Word]:
    """Asked anew with each partial that is heard over the same speech."""
    return words_of(text)


def _in_order(heard: list[str], said: list[str]) -> int:
    """How many words of `heard` are found in `said`, each behind the one before."""
    found, place = 0, 0
    for word in heard:
        try:
            place = said.index(word, place) + 1
        except ValueError:
            continue
        found += 1
    return found

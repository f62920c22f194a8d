"""Which right a short utterance sounds like, though its words are others: a decoder hears "please post the
interview". Compares sounds by their names, and knows no audio."""

from collections.abc import Callable
from difflib import SequenceMatcher
from typing import Final

from dialog.judgement import Right
from dialog.lexicon import is_past
from dialog.rights import spoken_right

ALIKE: Final = 0.66
"""The least likeness of a claim's core to what was heard. Smaller: more claims are asked about, and more of
what was none."""
MOST_WORDS: Final = 10
_MOST_BEFORE: Final = 4
_MOST_AFTER: Final = 2
"""Words around the core that may be politeness, or what was heard instead of it."""
_LENGTHS: Final = (0.7, 1.4)
"""Of what was heard, as shares of the core's own."""
_TELLING: Final = frozenset(
    "he she they their was were had didn't been never always often usually sometimes when whenever because "
    "then every until but than days".split()
)
"""Words of somebody who tells of something: no claim goes on behind them."""

_WISHES: Final = frozenset("want need would can just don't can't have rather would prefer".split())
"""What "i" may go on with in a claim; "i skip the question" is told."""

CORES: Final[dict[Right, tuple[str, ...]]] = {
    "repeat": (
        "say that again", "say it again", "say that once more", "repeat the question", "repeat that please",
        "repeat it please", "what was the question", "what did you say", "ask me that again",
        "ask me that once more", "hear the question", "understand the question", "read the question again",
    ),
    "slower": (
        "speak more slowly", "talk more slowly", "little more slowly",
        "speak slower", "speak a little slower",
        "talk slower", "slow down please", "slow down a bit", "slow down a little", "talking too fast",
        "speaking too fast", "too fast for me", "go slower please",
    ),
    "skip": (
        "skip this question", "skip this one", "skip that one", "skip that question", "next question please",
        "move on please", "on to the next question", "go to the next question", "pass on this question",
        "pass on this one", "skip it please",
    ),
    "back": (
        "go back please", "go back one question", "go back to the last question", "to the previous question",
        "to the question before", "change my last answer", "change my answer", "correct my last answer",
        "correct my previous answer", "go back a question",
    ),
    "pause": (
        "pause the interview", "take a break", "take a short break", "need a break", "need a short break",
        "pause for a moment", "pause for a minute", "stop for a minute",
        "continue later", "pause here please",
        "pause this please", "take a quick break", "continue tomorrow", "go on tomorrow",
    ),
    "strike": (
        "strike that please", "strike that from the record", "remove that from the record",
        "delete that please",
        "delete my last answer", "erase my last answer", "remove my last answer", "erase what i just said",
        "delete what i just said", "forget what i just said", "scratch that please",
        "erase that please", "take that out please", "cross that out please", "strike my last answer",
        "my last answer deleted", "take that off the record",
    ),
    "human": (
        "talk to a person", "talk to a human", "talk to a real person",
        "talk to somebody", "talk to an operator",
        "speak to a person", "speak to a human", "speak with a human", "speak with a person",
        "a human i can talk to", "somebody i can talk to", "connect me to a person", "get me a person",
        "talk to the researcher",
    ),
    "stop": (
        "stop the interview", "end the interview", "end this interview", "stop this interview",
        "i want to stop", "want to stop here", "like to stop here", "stop here please",
        "don't want to continue", "let's stop here", "end this here please",
    ),
}  # fmt: skip
"""What each right is claimed with, without the words that only ask for it."""


class Likeness:
    """Of words to claims; `pronounce` gives a word's sounds, their names with spaces between, or None."""

    def __init__(self, pronounce: Callable[[str], str | None]) -> None:
        self._pronounce = pronounce
        self._names: dict[str, str] = {}
        self._cores = [
            (right, "".join(map(self._sounds_of, core.split())))
            for right, cores in CORES.items()
            for core in cores
            if all(map(pronounce, core.split()))
        ]

    def claimed(self, heard: str) -> Right | None:
        """The right whose core is most like a part of what was heard that is nearly all of it; None where
        none is, and where the words claim one themselves."""
        words = heard.lower().split()
        if not words or len(words) > MOST_WORDS or spoken_right(heard) is not None:
            return None
        sounds = [self._sounds_of(word) for word in words]
        telling = [
            word in _TELLING or is_past(word) or (word == "i" and after not in _WISHES)
            for word, after in zip(words, [*words[1:], ""], strict=True)
        ]
        parts = {
            "".join(sounds[start:end])
            for start in range(min(_MOST_BEFORE + 1, len(words)))
            for end in range(max(start + 1, len(words) - _MOST_AFTER), len(words) + 1)
            if not any(telling[:end])
        }
        likeliest: tuple[float, Right | None] = (ALIKE, None)
        for right, core in self._cores:
            matcher = SequenceMatcher(None, "", core, autojunk=False)
            for part in parts:
                if _LENGTHS[0] <= len(part) / len(core) <= _LENGTHS[1]:
                    matcher.set_seq1(part)
                    quick = min(matcher.real_quick_ratio(), matcher.quick_ratio())
                    if quick > likeliest[0] and (ratio := matcher.ratio()) > likeliest[0]:
                        likeliest = ratio, right
        return likeliest[1]

    def _sounds_of(self, word: str) -> str:
        """A word's sounds, a character each."""
        named = (self._pronounce(word) or "").split()
        return "".join(self._names.setdefault(name, chr(ord("A") + len(self._names))) for name in named)

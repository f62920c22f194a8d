"""Which right a short utterance sounds like, though its words are others: a decoder hears "please post the
interview". Compares sounds by their names, and knows no audio."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from dialog.judgement import Right
from dialog.lexicon import is_past
from dialog.rights import spoken_right

ALIKE: Final = 0.74
"""The least likeness of a claim's core to what was heard. Smaller: more claims are asked about, and more of
what was none. Of 640 claims by four synthetic speakers and 480 short answers: 0.66 hears 5 claims more and
asks about 66 answers more, 0.80 hears 20 claims fewer and asks about 6 answers fewer."""
MOST_WORDS: Final = 10
_MOST_BEFORE: Final = 4
_MOST_AFTER: Final = 1
"""Words around the core that may be politeness, or what was heard instead of it."""
_TELLING: Final = frozenset(
    "he she they their was were had didn't been never always often usually sometimes when whenever because "
    "then every until but than days".split()
)
"""Words of somebody who tells of something: no claim goes on behind them."""

_WISHES: Final[Mapping[str, frozenset[str]]] = {
    "i": frozenset("want need would just don't can't have rather would prefer".split()),
    "we": frozenset("can could need should better have".split()),
}
"""What these may go on with in a claim; "i skip the question" is told."""
_VOWELS: Final = frozenset("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
_NEAR: Final = (
    "P B|T D|K G|S Z SH ZH TH|F V TH DH|CH JH SH ZH|M N NG|L R W|Y IY|IY IH EY|EH AE AH|AA AO AH AW|UW UH OW"
    "|ER R|ER AH|AY AA|D DH|OY AO|OW AO|IH AH EH|AE AW AY|W UW"
)
"""Sounds that a decoder takes for each other, in the names of the CMU dictionary."""
_FAINT: Final = frozenset("HH AH T D IH".split())
"""Sounds that get lost, or are heard where there are none."""
_NEARLY, _BOTH_VOWELS, _OTHER = 0.35, 0.6, 1.0
_LOST, _FAINT_LOST = 0.6, 0.35
"""What it costs that a sound was heard as another one, or not at all."""
_NEVER: Final = 99.0

CORES: Final[dict[Right, tuple[str, ...]]] = {
    "repeat": (
        "say that again", "say it again", "say that once more", "repeat the question", "repeat that please",
        "repeat it please", "what was the question", "what did you say", "ask me that again",
        "ask me that once more", "hear the question", "understand the question", "read the question again",
        "say the question once more", "hear the question one more time", "have the question again",
        "the question again please", "go over that again", "say that a second time",
        "read that again please", "the question one more time", "can you say it again",
    ),
    "slower": (
        "speak more slowly", "talk more slowly", "little more slowly", "speak slower", "talk slower",
        "slow down please", "slow down a bit", "slow down a little", "talking too fast",
        "speaking too fast", "too fast for me", "go slower please", "slow it down a bit",
        "a bit slower please", "little slower please", "say it more slowly", "read it more slowly",
        "talk a bit slower", "please take it slower", "slowing down", "too quick for me",
    ),
    "skip": (
        "skip this question", "skip this one", "skip that one", "skip that question",
        "next question please", "move on please", "on to the next question", "go to the next question",
        "pass on this question", "pass on this one", "skip it please", "leave this one out",
        "leave this question out", "go on to the next one", "jump to the next one",
        "rather not answer that", "not to answer that question", "drop this question", "skip that please",
    ),
    "back": (
        "go back please", "go back one question", "go back to the last question",
        "to the previous question", "to the question before", "change my last answer", "change my answer",
        "correct my last answer", "correct my previous answer", "go back a question",
        "return to the last question", "return to the previous question", "fix my last answer",
        "add something to my last answer", "change what i said before", "one question back please",
        "go back a step", "go back one question please", "change my previous answer",
        "take me back to the previous question",
    ),
    "pause": (
        "pause the interview", "take a break", "take a short break", "need a short break",
        "pause for a moment", "pause for a minute", "continue later", "pause here please",
        "pause this please", "take a quick break", "continue tomorrow", "go on tomorrow", "please pause",
        "pause please", "quick pause", "short pause", "pause for a bit", "pause it for now",
        "stop for a moment", "hold the interview", "five minutes please", "finish this later",
        "a little break please", "pause here for a bit", "hold on i need a break", "let's take a break",
    ),
    "strike": (
        "strike that please", "strike that from the record", "remove that from the record",
        "delete that please", "delete my last answer", "erase my last answer", "remove my last answer",
        "erase what i just said", "delete what i just said", "forget what i just said",
        "scratch that please", "erase that please", "take that out please", "cross that out please",
        "strike my last answer", "my last answer deleted", "take that off the record",
        "delete that last part", "cross out my last answer", "don't use my last answer",
        "scratch what i just said", "strike what i just said", "remove what i just said",
        "erase that from the record", "wipe that from the record", "leave that out of the record",
        "forget what i just told you", "please erase my last answer", "please strike my last answer",
        "take that out of the record", "cross that out", "that last part please", "please cross that out",
        "erase it please", "delete it please",
    ),
    "human": (
        "talk to a person", "talk to a human", "talk to a real person", "talk to somebody",
        "talk to an operator", "speak to a person", "speak to a human", "speak with a human",
        "speak with a person", "a human i can talk to", "somebody i can talk to", "connect me to a person",
        "get me a person", "talk to the researcher", "get me an operator", "operator please",
        "speak to an actual person", "talk to someone in charge", "talk to a human being",
        "speak with your team", "somebody from the team", "transfer me to a person", "get me a human",
        "put me through to somebody",
    ),
    "stop": (
        "stop the interview", "end the interview", "end this interview", "stop this interview",
        "i want to stop", "want to stop here", "like to stop here", "stop here please",
        "don't want to continue", "let's stop here", "end this here please", "end this call",
        "end the conversation", "finish the interview", "finish here please", "stop talking now",
        "want to stop now", "end it here please", "let's end the interview here", "i have to go now",
        "end the interview now",
    ),
}  # fmt: skip
"""What each right is claimed with, without the words that only ask for it."""


class Likeness:
    """Of words to claims; `pronounce` gives a word's sounds, their names with spaces between, or None."""

    def __init__(self, pronounce: Callable[[str], str | None]) -> None:
        self._pronounce = pronounce
        self._cores = [
            (right, tuple(sound for word in core.split() for sound in (pronounce(word) or "").split()))
            for right, cores in CORES.items()
            for core in cores
            if all(map(pronounce, core.split()))
        ]
        self._costs = _costs()

    def claimed(self, heard: str) -> Right | None:
        """The right whose core is most like a part of what was heard that is nearly all of it; None where
        none is, and where the words claim one themselves."""
        words = heard.lower().split()
        if not words or len(words) > MOST_WORDS or spoken_right(heard) is not None:
            return None
        sounds: list[str] = []
        bounds = [0]
        for word in words:
            sounds += (self._pronounce(word) or "").split()
            bounds.append(len(sounds))
        untold = _first_telling(words)
        ends = [bounds[place] for place in range(max(1, len(words) - _MOST_AFTER), untold + 1)]
        if not ends or not sounds:
            return None
        starts = set(bounds[: min(_MOST_BEFORE + 1, len(words))])
        least = {each: min(_lost(each), *(self._costs[each][one] for one in sounds)) for each in self._costs}
        likeliest: tuple[float, Right | None] = (ALIKE, None)
        for right, core in self._cores:
            most = (1.0 - likeliest[0]) * len(core)
            if sum(least[each] for each in core) < most:
                cost = self._cost(core, sounds, starts, ends, most)
                if cost < most:
                    likeliest = 1.0 - cost / len(core), right
        return likeliest[1]

    def _cost(
        self, core: Sequence[str], sounds: Sequence[str], starts: set[int], ends: Sequence[int], most: float
    ) -> float:
        """What it costs to hear these sounds, from one of the starts to one of the ends, for a core's: the
        least sum of what was heard otherwise, or lost, or added. At least `most` where it would be more."""
        row = [0.0 if place in starts else _NEVER for place in range(len(sounds) + 1)]
        added = [_lost(sound) for sound in sounds]
        for place, more in enumerate(added, 1):
            row[place] = min(row[place], row[place - 1] + more)
        for wanted in core:
            costs, lost = self._costs[wanted], _lost(wanted)
            left = row[0] + lost
            after = [left]
            for place, sound in enumerate(sounds):
                left = min(row[place] + costs[sound], row[place + 1] + lost, left + added[place])
                after.append(left)
            row = after
            if min(row) >= most:
                return most
        return min(row[end] for end in ends)


def _first_telling(words: Sequence[str]) -> int:
    """The place of the first word of somebody who tells of something, or of the end."""
    for place, (word, after) in enumerate(zip(words, [*words[1:], ""], strict=True)):
        subject = word == "i" or (word == "we" and place == 0)
        if word in _TELLING or is_past(word) or (subject and after not in _WISHES[word]):
            return place
    return len(words)


def _lost(sound: str) -> float:
    return _FAINT_LOST if sound in _FAINT else _LOST


def _costs() -> dict[str, defaultdict[str, float]]:
    """What it costs that one sound was heard as another."""
    costs: dict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(lambda: _OTHER))
    for sound in _VOWELS:
        costs[sound].update(dict.fromkeys(_VOWELS, _BOTH_VOWELS))
    for group in _NEAR.split("|"):
        for sound in group.split():
            costs[sound].update(dict.fromkeys(group.split(), _NEARLY))
    for sound in ("HH", *costs):
        costs[sound][sound] = 0.0
    return dict(costs)

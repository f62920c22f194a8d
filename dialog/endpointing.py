"""How likely an answer is over, from what is known at this moment. Evidence only: who takes the floor is
decided elsewhere."""

import math
import re

import msgspec

from dialog.policy import Policy, Profile

FILLERS = frozenset("um uh er erm hmm mm ah eh uhm".split())
# After these a clause goes on: conjunctions, articles, prepositions, possessives, auxiliaries.
_OPEN_ENDS = frozenset(
    """and but or so because cause since although though while when if that which who whose where than as like
    the a an this these those my your his her its our their some any every each no
    of to at by for with from into onto during between toward towards
    is are was were am be been being have has had do does did will would could should can may might must
    i we they he she you i'm we're they're it's that's there's i'd i've we've we'd they'd not very really just
    maybe basically actually also even most such""".split()
)
_HANGING_ENDS = frozenset(
    "in on over up off out down about under through without within so then well more what".split()
)
"""These end a clause as often as they leave one open ("my mother comes over", "we talked it through")."""
_OPEN_PHRASES = (
    "you know",
    "i mean",
    "sort of",
    "kind of",
    "i think",
    "i guess",
    "let me see",
    "for example",
    "such as",
)
_SHORT_ANSWERS = frozenset(
    """yes no yeah yep nope sure never always often sometimes rarely daily weekly monthly none nothing nobody
    exactly right definitely certainly okay ok""".split()
)
_CONTENT = re.compile(r"[a-z0-9][a-z0-9'-]*")
_LONGEST_WORD = 60
_NOT_CONTENT = FILLERS | frozenset(
    "mhm uhuh uh-huh mm-hm mmhm yeah yes okay ok right sure oh ah i see".split()
)
_END_PUNCTUATION = (".", "!", "?", "…")


class Features(msgspec.Struct, frozen=True):
    """What a decision rested on; goes into the log so that policies can be tried again on old talks."""

    silence: float
    completeness: float
    words: int
    filler_last: bool
    final: bool
    score: float

    def as_log(self) -> dict[str, float]:
        """The same as plain numbers."""
        return {
            "silence": round(self.silence, 3),
            "completeness": round(self.completeness, 3),
            "words": float(self.words),
            "filler_last": float(self.filler_last),
            "final": float(self.final),
            "score": round(self.score, 3),
        }


def words_of(text: str) -> list[str]:
    """Lower-case words of a text, punctuation gone."""
    return _CONTENT.findall(text.lower().replace("’", "'"))


def content_words(text: str) -> int:
    """How many words carry content: neither fillers nor backchannels."""
    return sum(1 for word in words_of(text) if word not in _NOT_CONTENT)


def ends_in_filler(text: str) -> bool:
    """Whether the last word is a filler or a word that hangs: somebody is looking for the next one."""
    words = words_of(text[text.rfind(" ") + 1 :][-_LONGEST_WORD:]) or words_of(text[-_LONGEST_WORD:])
    return bool(words) and words[-1] in FILLERS


def completeness(text: str, closed: bool) -> float:
    """How finished a text reads, 0–1, from its last words alone; 0.5 knows nothing."""
    return _completeness(text, words_of(text), closed)


def _completeness(text: str, words: list[str], closed: bool) -> float:
    if not words:
        return 0.5
    last = words[-1]
    if last in FILLERS:
        return 0.08
    short = last in _SHORT_ANSWERS or last.isdigit() or len(words) <= 4
    if closed and short and (last not in _OPEN_ENDS or words == ["no"]):
        return 0.95
    if " ".join(words[-3:]).endswith(_OPEN_PHRASES):
        return 0.15
    if last in _OPEN_ENDS:
        return 0.12
    if last in _HANGING_ENDS:
        return 0.48
    finished = 0.78 if len(words) >= 6 else 0.68 if len(words) >= 3 else 0.55
    if text.rstrip().endswith(_END_PUNCTUATION):
        finished += 0.15
    elif text.rstrip().endswith((",", "-", "–", ":")):
        finished -= 0.4
    return finished


def weigh(text: str, silence: float, final: bool, profile: Profile) -> Features:
    """Fuse the evidence that the answer is over. `silence` is on media time; `final` = no word is still to
    come.

    Without semantics (dictation), and without any word, silence alone counts: a missing source makes for
    longer delays, never for a stall.
    """
    closed = profile.name == "closed"
    words = words_of(text)
    filler = bool(words) and words[-1] in FILLERS
    complete = _completeness(text, words, closed) if profile.semantics else 0.5
    logit = 6.0 * (complete - 0.5) + 0.8 * math.log(max(silence, 0.05) / 0.7) + 0.35
    if profile.semantics:
        logit += 0.25 * min(len(words), 30) / 30
    if not final:
        logit -= 0.6
    if filler:
        logit -= 0.5
    if not profile.semantics and silence + 1e-6 >= profile.stage_two_delay:
        logit = max(logit, 2.0)
    return Features(silence, complete, len(words), filler, final, 1.0 / (1.0 + math.exp(-logit)))


class Patience:
    """How long one person's own pauses are, and so how long the floor is held open for them.

    Scales the hold only: the person's 90th-percentile pause within answers, shrunk towards one second by
    `pause_pseudo_count` imagined pauses, clamped to `patience_range`; more for three answers after a cut-off.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._pauses: list[float] = []
        self._since_cut_off: int | None = None

    def pause_bridged(self, duration: float) -> None:
        """A pause of this many seconds turned out to lie within an answer. Only the latest 200 count."""
        if 0.2 <= duration <= 10.0:
            self._pauses.append(duration)
            del self._pauses[:-200]

    def cut_off(self) -> None:
        """We began to speak, and the person was going on."""
        self._since_cut_off = 0

    def answer_given(self) -> None:
        if self._since_cut_off is not None:
            self._since_cut_off += 1
            if self._since_cut_off >= 3:
                self._since_cut_off = None

    def factor(self) -> float:
        """What the hold is multiplied with."""
        low, high = self._policy.patience_range
        if self._pauses:
            ordered = sorted(self._pauses)
            own = ordered[min(len(ordered) - 1, int(0.9 * len(ordered)))]
            pseudo = self._policy.pause_pseudo_count
            shrunk = (len(ordered) * own + pseudo * 1.0) / (len(ordered) + pseudo)
        else:
            shrunk = 1.0
        factor = min(max(shrunk, low), high)
        if self._since_cut_off is not None:
            factor *= 1.0 + (self._policy.cut_off_factor - 1.0) * (3 - self._since_cut_off) / 3
        return factor

"""The participants of `cut-ins`, and what an end-of-turn model makes of them. This file alone knows a pause
from an end: the core is told signals only.

Times are seconds. Every silence draws from a generator of its own, so that nothing before it depends on it.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from random import Random
from statistics import NormalDist
from typing import Final, Literal

import msgspec

from dialog.blueprint import Patience

DATA: Final = Path(__file__).with_name("data")
_NORMAL: Final = NormalDist()
_Z95: Final = _NORMAL.inv_cdf(0.95)


class Spread(msgspec.Struct, frozen=True):
    """A delay whose logarithm is normal, by two of its percentiles."""

    p50: float
    p95: float

    def draw(self, rng: Random) -> float:
        """One delay."""
        if self.p50 <= 0:
            return 0.0
        return self.p50 * math.exp(rng.gauss(0.0, 1.0) * math.log(self.p95 / self.p50) / _Z95)


class Curve(msgspec.Struct, frozen=True):
    """A detector's trade-off through two published points: (share of pauses cut, share of ends found)."""

    first: tuple[float, float]
    second: tuple[float, float]

    @property
    def ends(self) -> tuple[float, float]:
        """Mean and deviation of its score at ends, where that in pauses is standard normal."""
        cut_1, found_1, cut_2, found_2 = (_NORMAL.inv_cdf(share) for share in (*self.first, *self.second))
        slope = (found_2 - found_1) / (cut_2 - cut_1)
        return (found_1 - slope * cut_1) / slope, 1.0 / slope


class World(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a run may be tried under; `--world FILE` replaces any of it."""

    survival: tuple[tuple[float, float], ...] = (
        (0.2, 1.0),
        (0.3, 0.556),
        (0.6, 0.217),
        (1.0, 0.099),
        (1.6, 0.050),
        (2.5, 0.013),
        (5.0, 0.0),
    )
    """Share of pauses that outlast so many seconds (eot-bench, English, pauses of 0.2 s and more)."""
    pauses: int = 12
    """In one open answer."""
    complete_share: float = 0.55
    """Of the pauses of 0.6 s and more: those that follow a finished clause."""
    closed_pauses: int = 1
    speech_rate: float = 2.8
    """Words a second, without the pauses."""
    reply_delay: Spread = Spread(0.5, 1.2)
    """From the end of a question at the ear to the answer's first word."""
    uplink: float = 0.125
    downlink: float = 0.125
    voice_onset: Spread = Spread(0.056, 0.136)
    voice_offset: Spread = Spread(0.100, 0.243)
    stop_silence: float = 0.2
    closing_silence: float = 0.44
    """As the listener's: the utterance is over, and its last words are asked for."""
    brief_closing_silence: float = 0.2
    """The same while the answer to a closed question is awaited."""
    partial_delay: Spread = Spread(0.2, 0.35)
    final_delay: Spread = Spread(0.10, 0.16)
    """From the closing of an utterance: with the silence before it, later than the 0.25 s that vendors
    publish."""
    word_errors: float = 0.0
    """Share of words that the recogniser takes for others."""
    smart_turn: Curve = Curve((0.248, 0.848), (0.484, 0.970))
    flux: Curve = Curve((0.046, 0.507), (0.340, 0.988))
    latent_share: float = 0.80
    """Of a score's variance: what belongs to the pause, and is the same at each look."""
    speaker_share: float = 0.15
    """Of that: what belongs to the speaker."""
    wander: float = 0.6
    """Correlation time of the rest, an AR(1)."""
    look_delay: Spread = Spread(0.111, 0.142)
    hint_first: float = 0.2
    """From the voice's end to the recogniser's first opinion on it, and then one every `hint_every`."""
    hint_every: float = 0.25
    first_token: Spread = Spread(0.64, 1.6)
    """Of a judgement; its decision is taken to be there with it."""
    first_sound: Spread = Spread(0.29, 0.45)
    """Of a voice that says words which were not synthesised ahead."""
    generated_probes: float = 0.4
    """Share of open answers that a probe in new words follows."""
    sending: float = 0.012
    """From a command to its first packet: half a slot of the metronome, and the encoder."""
    agent_rate: float = 3.0
    """Words a second of the agent's voice."""
    token_duration: float = 0.5
    fade: float = 0.04

    def pause(self, rng: Random, stretch: float) -> float:
        """One pause within an answer; linear in the logarithm of time between the table's points."""
        share = rng.random()
        for (t_1, s_1), (t_2, s_2) in zip(self.survival, self.survival[1:], strict=False):
            if share > s_2 or s_2 == 0.0:
                part = (s_1 - share) / (s_1 - s_2)
                return stretch * math.exp(math.log(t_1) + part * math.log(t_2 / t_1))
        return stretch * self.survival[-1][0]


class Answer(msgspec.Struct, frozen=True):
    """One answer as it was said: words, and where its speaker may pause."""

    question: str
    words: tuple[str, ...]
    after_clause: tuple[int, ...]
    """Numbers of words that a finished clause ends with."""
    within_clause: tuple[int, ...]


def read_answers(path: Path) -> list[Answer]:
    """The answers of a data file: `# question`, then one a line; `|` after a finished clause, `/` within."""
    answers, question = [], ""
    for line in path.read_text().splitlines():
        if line.startswith("# "):
            question = line[2:].strip()
        elif line.strip():
            words: list[str] = []
            marks: dict[str, list[int]] = {"|": [], "/": []}
            for piece in line.split():
                if piece in marks:
                    marks[piece].append(len(words))
                else:
                    words.append(piece)
            answers.append(Answer(question, tuple(words), tuple(marks["|"]), tuple(marks["/"])))
    return answers


OPEN_ANSWERS: Final = "spoken_answers.txt"
CLOSED_ANSWERS: Final = "spoken_closed_answers.txt"


class Gap(msgspec.Struct):
    """A silence of the participant: a pause, or the end."""

    began_at: float
    """At the mouth, from the answer's first word on."""
    duration: float
    """math.inf at the end."""
    word: int
    """How many words have been said."""
    rng: Random
    latent: float = 0.0
    rest: float = 0.0
    rest_at: float | None = None

    @property
    def is_end(self) -> bool:
        return self.duration == math.inf


class Script(msgspec.Struct):
    """One answer being given: when each word ends, and each silence."""

    answer: Answer
    number: int
    word_ends: list[float]
    gaps: list[Gap]

    @property
    def ended_at(self) -> float:
        return self.gaps[-1].began_at


class Speaker:
    """One participant: the same voice over all the answers of a talk."""

    def __init__(
        self, world: World, seed: str, profile: Patience, stretch: float, detector: Curve | None
    ) -> None:
        self._world = world
        self._seed = seed
        self._profile = profile
        self._stretch = stretch
        self._detector = detector
        rng = Random(seed)
        self._voice = rng.gauss(0.0, 1.0)
        self._rate = world.speech_rate * math.exp(rng.gauss(0.0, 0.12))

    def script(self, answer: Answer, number: int) -> Script:
        """How this answer is said, being the speaker's so-many-th."""
        world, rng = self._world, Random(f"{self._seed}/{number}")
        count = world.closed_pauses if self._profile == "closed" else world.pauses
        pauses = sorted((world.pause(rng, self._stretch) for _ in range(count)), reverse=True)
        places = self._places(answer, pauses, rng)
        now, word_ends, gaps = 0.0, [], []
        for spoken, word in enumerate(answer.words, start=1):
            now += (0.5 + 0.11 * len(word)) / self._rate * rng.uniform(0.85, 1.15)
            word_ends.append(now)
            if spoken in places:
                gaps.append(self.gap(now, places[spoken], spoken, number))
                now += places[spoken]
        gaps.append(self.gap(now, math.inf, len(answer.words), number))
        return Script(answer, number, word_ends, gaps)

    def _places(self, answer: Answer, pauses: Sequence[float], rng: Random) -> dict[int, float]:
        """Where each pause falls, the longest first: long ones behind clauses, or in search of a word."""
        world = self._world
        after, within = list(answer.after_clause), list(answer.within_clause)
        rng.shuffle(after)
        rng.shuffle(within)
        places: dict[int, float] = {}
        for pause in pauses:
            if pause >= 0.6 and (after or within):
                kind = after if (rng.random() < world.complete_share and after) or not within else within
                places[kind.pop()] = pause
            else:
                free = [number for number in range(1, len(answer.words)) if number not in places]
                if free:
                    places[rng.choice(free)] = pause
                    after = [one for one in after if one not in places]
                    within = [one for one in within if one not in places]
        return places

    def gap(self, began_at: float, duration: float, word: int, number: int) -> Gap:
        """A silence after so many words of the so-many-th answer."""
        rng = Random(f"{self._seed}/{number}/{word}")
        share = self._world.speaker_share
        latent = math.sqrt(share) * self._voice + math.sqrt(1.0 - share) * rng.gauss(0.0, 1.0)
        return Gap(began_at, duration, word, rng, latent, rng.gauss(0.0, 1.0))

    def score(self, gap: Gap, at: float) -> float:
        """What the detector's scale shows at this moment of a silence."""
        assert self._detector is not None
        world = self._world
        if gap.rest_at is not None:
            kept = math.exp(-max(0.0, at - gap.rest_at) / world.wander)
            gap.rest = kept * gap.rest + math.sqrt(1.0 - kept**2) * gap.rng.gauss(0.0, 1.0)
        gap.rest_at = at
        drawn = math.sqrt(world.latent_share) * gap.latent + math.sqrt(1.0 - world.latent_share) * gap.rest
        if not gap.is_end:
            return drawn
        mean, deviation = self._detector.ends
        return mean + deviation * drawn

    def hint(self, score: float) -> Literal["over", "eager"] | None:
        """The event that a recogniser with these two points sends at such a score."""
        assert self._detector is not None
        if score >= _NORMAL.inv_cdf(1.0 - self._detector.first[0]):
            return "over"
        return "eager" if score >= _NORMAL.inv_cdf(1.0 - self._detector.second[0]) else None


def closed_or_open(profile: Patience) -> list[Answer]:
    """The answers that fit a kind of question."""
    return read_answers(DATA / (CLOSED_ANSWERS if profile == "closed" else OPEN_ANSWERS))

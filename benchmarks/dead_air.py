"""Dead air with the floor ours, fallbacks and drafts, in simulated talks with vendors of usual speed on which
things go wrong."""

from collections.abc import Sequence
from random import Random, SystemRandom
from typing import Final

import click
import msgspec
from msgspec.structs import replace

from benchmarks.calm_talk import Talk, hold_calm_talk
from benchmarks.report import Row, publish, this_machine
from dialog.blueprint import Blueprint
from dialog.dead_air import dead_air
from dialog.events import AnswerCommitted, AnswerTaken, DraftClosed, FallbackUsed, QuestionAsked
from dialog.latency import percentile
from dialog.policy import DEFAULT_POLICY, Policy
from dialog.signals import SpeechBegan, SpeechStarted
from tests.support.blueprints import blueprint, question

LONGEST: Final = 3.0
_LATE: Final = ("judgement_overdue", "voice_overdue", "voice: ")
"""Fallbacks for which a vendor was too slow, or failed."""
_ANSWERS: Final = (
    "i usually start in the morning with the report and then my manager calls about the customers",
    "it was a difficult project because nobody had written down what the customer wanted and we guessed",
    "well i take the train to the office and then there are meetings until lunch",
    "the hardest part was the migration of the database we did it over a weekend with four people",
    "i talked with my sister about it and she said that the school had called her twice that week",
    "we kept the invoices in a folder and somebody had to type every number into the spreadsheet",
)


def study() -> Blueprint:
    """Twelve open questions, each followed up twice at most, each with the researcher's own probe."""
    return blueprint(
        *(
            question(
                f"q{number}",
                f"Please tell me about part {number} of your work.",
                probing={"enabled": True, "max_follow_ups": 2},
                fallback_probe=f"What else belongs to part {number}?",
                patience="narrative",
            )
            for number in range(12)
        )
    )


class Count(msgspec.Struct):
    """What was counted over several talks."""

    turns: int = 0
    dead: int = 0
    longest: float = 0.0
    generated: int = 0
    fallbacks: int = 0
    adopted: int = 0
    discarded: int = 0
    gaps: list[float] = []
    """From the end of an answer to a generated probe at the ear."""
    waits: list[float] = []
    """The same from where the answer was taken for over; the hold is in it."""

    def add(self, talk: Talk) -> None:
        """Count one talk in."""
        silences = [silence.duration for silence in dead_air(talk.events, talk.heard)]
        self.dead += sum(duration > LONGEST for duration in silences)
        self.longest = max([self.longest, *silences])
        fallen_back = False
        probes: dict[int, float] = {}
        end = spoke = taken = 0.0
        wanted = False
        for event in talk.events:
            match event.body:
                case FallbackUsed(reason=reason):
                    fallen_back = reason.startswith(_LATE) or "overloaded" in reason
                case AnswerCommitted():
                    end = max([at for at in talk.ends if at <= event.at], default=event.at)
                    self.turns += 1
                    wanted = any(asked.endswith(event.body.text) for asked in talk.model.asked)
                    self.generated += wanted
                    self.fallbacks += wanted and fallen_back
                    fallen_back = False
                case DraftClosed(adopted=adopted):
                    self.adopted += adopted
                    self.discarded += not adopted
                case QuestionAsked(kind="probe", speech_id=number, text=text) if text.startswith("You men"):
                    probes[number] = end
                case SpeechStarted():
                    spoke = event.at
                case SpeechBegan(speech_id=number) if number in probes and probes[number] > spoke:
                    self.gaps.append(event.at - probes.pop(number))  # but where it cut somebody off
                    self.waits.append(event.at - taken)
                case AnswerTaken():
                    taken = event.at
                case _:
                    pass


def measure(seeds: Sequence[int], policy: Policy, faults: float) -> Count:
    """Hold one talk for each seed."""
    count, design = Count(gaps=[], waits=[]), study()
    for seed in seeds:
        count.add(hold_calm_talk(seed, design, policy, _ANSWERS, faults=faults))
    return count


def _at(values: Sequence[float], share: float) -> float | None:
    found = percentile(values, share)
    return None if found is None else round(found, 2)


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole else None


@click.command()
@click.option("--talks", type=click.IntRange(1), default=20, show_default=True)
@click.option("--seed", type=int, help="Of all talks; drawn anew each time by default.")
@click.option("--json", "as_json", is_flag=True)
def command(talks: int, seed: int | None, as_json: bool) -> None:
    """Dead air, fallbacks and drafts in simulated talks with vendors of usual speed."""
    machine = this_machine()
    first = SystemRandom().randrange(1 << 30) if seed is None else seed
    seeds = [Random(first).randrange(1 << 30) + number for number in range(talks)]
    undrafted = replace(DEFAULT_POLICY, draft_silence=1e9, draft_interval=1e9)
    bad, good = measure(seeds, DEFAULT_POLICY, 1.0), measure(seeds, DEFAULT_POLICY, 0.0)
    plain = measure(seeds, undrafted, 0.0)
    rows = [
        Row("dead air > 3 s with the floor ours, share of turns", _percent(bad.dead, bad.turns), "%", 1.0),
        Row("longest dead air with the floor ours", round(bad.longest, 2), "s"),
        Row("fallback instead of a generated probe", _percent(good.fallbacks, good.generated), "%", 15.0),
        Row("the same without drafts", _percent(plain.fallbacks, plain.generated), "%"),
        Row("the same with faults", _percent(bad.fallbacks, bad.generated), "%"),
        Row("generated probe, question gap, p50", _at(good.gaps, 0.5), "s"),
        Row("generated probe, question gap, p95", _at(good.gaps, 0.95), "s"),
        Row("without drafts, question gap, p50", _at(plain.gaps, 0.5), "s"),
        Row("without drafts, question gap, p95", _at(plain.gaps, 0.95), "s"),
        Row("generated probe, from the take, p50", _at(good.waits, 0.5), "s"),
        Row("generated probe, from the take, p95", _at(good.waits, 0.95), "s"),
        Row("without drafts, from the take, p50", _at(plain.waits, 0.5), "s"),
        Row("without drafts, from the take, p95", _at(plain.waits, 0.95), "s"),
        Row("drafts adopted, of all", _percent(good.adopted, good.adopted + good.discarded), "%"),
        Row("drafts an answer", round((good.adopted + good.discarded) / max(1, good.turns), 2), ""),
    ]
    publish(
        "dead-air",
        rows,
        machine,
        as_json=as_json,
        options={"talks": talks, "seed": first},
        detail={"turns": bad.turns, "generated": good.generated, "with_faults": bad.generated},
    )

"""What an ear and a recogniser tell of a simulated answer, and when: the signals that the real ones would
give. Knows no agent."""

from random import Random

import msgspec

from benchmarks.world import Script, Spread, World
from dialog.signals import (
    AnySignal,
    FinalTranscript,
    PartialTranscript,
    SpeechStarted,
    SpeechStopped,
)


class Senses(msgspec.Struct, frozen=True):
    """What a row's agent has to hear with."""

    looks: bool = False
    hints: bool = False
    final_delay: Spread | None = None
    word_errors: float | None = None


def signals_of(
    script: Script, world: World, senses: Senses, utterances_before: int, seed: str, *, brief: bool = False
) -> list[tuple[float, AnySignal]]:
    """What the ear and the recogniser tell of an answer: (seconds after its first word began, signal).

    `brief` where the core waits for a short answer. `seed` is the talk's: the same answer is understood
    otherwise in another one.
    """
    told: list[tuple[float, AnySignal]] = []
    closing_silence = world.brief_closing_silence if brief else world.closing_silence
    final_delay = senses.final_delay or world.final_delay
    utterance, begun_with, first = utterances_before + 1, 0, 0
    onset_at, spoken_since, voiced_from, talking = 0.0, 0.0, 0.0, False
    again = world.uplink + world.voice_onset.p50
    word_errors = world.word_errors if senses.word_errors is None else senses.word_errors
    words = _recognised(script, word_errors, seed)
    for gap in script.gaps:
        rng = Random(f"{seed}/{script.number}/{gap.word}/ear")
        if not talking:
            onset_at = again
            told.append((onset_at, SpeechStarted(utterance)))
            voiced_from, talking = spoken_since, True
        arrived, words_rng = 0.0, Random(f"{seed}/{script.number}/{first}/words")
        for number in range(first, gap.word):
            if (number - first) % 2 and number != gap.word - 1:
                continue
            arrived = max(
                arrived,
                script.word_ends[number] + world.uplink + world.partial_delay.draw(words_rng),
                onset_at,
            )
            text = " ".join(words[begun_with : number + 1])
            told.append((arrived, PartialTranscript(utterance, text, 0.95)))
        first = gap.word
        apparent_end = gap.began_at + world.uplink + world.voice_offset.draw(rng)
        spoken_since = gap.began_at + gap.duration
        again = spoken_since + world.uplink + world.voice_onset.draw(rng)
        if apparent_end + world.stop_silence >= again:
            continue
        stopped_at = apparent_end + world.stop_silence
        told.append(
            (stopped_at, SpeechStopped(utterance, world.stop_silence, max(0.02, gap.began_at - voiced_from)))
        )
        talking = False
        if apparent_end + closing_silence < again:
            closed_at = apparent_end + closing_silence
            text = " ".join(words[begun_with : gap.word])
            due = max(closed_at + final_delay.draw(rng), arrived)
            told.append((due, FinalTranscript(utterance, text, 0.95)))
            utterance, begun_with = utterance + 1, gap.word
    return sorted(told, key=lambda one: one[0])


def _recognised(script: Script, errors: float, seed: str) -> list[str]:
    """The words as they were understood: a wrong one is one that was said before it."""
    words, rng = script.answer.words, Random(f"{seed}/{script.number}/errors")
    return [
        rng.choice(words[:number] or words[:1]) if rng.random() < errors else word
        for number, word in enumerate(words)
    ]

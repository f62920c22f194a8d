from random import Random

import numpy as np
import pytest

from benchmarks.ear import Recorded, Turn, compared, heard_in, rows_of
from benchmarks.reply_latency import added
from benchmarks.two_channels import RATE_HZ
from dialog.commands import Say
from dialog.events import AnswerCommitted, AnyBody, Event, SessionOpened
from dialog.signals import SpeechBegan, SpeechStopped

OUTPUT_DELAY = 0.04


def _two_channels(mouth: tuple[float, float], ear: tuple[float, float], duration: float) -> bytes:
    """Tones at the mouth and at the ear, each from second to second, over a faint hiss."""
    random = Random(1)
    sound = np.array([[random.randint(-5, 5), 0] for _ in range(round(duration * RATE_HZ))], np.int16)
    for channel, (began_at, ended_at) in enumerate((mouth, ear)):
        place = slice(round(began_at * RATE_HZ), round(ended_at * RATE_HZ))
        count = place.stop - place.start
        sound[place, channel] = 8_000 * np.sin(2 * np.pi * 300 * (np.arange(count) + 0.5) / RATE_HZ)
    return sound.tobytes()


def _recorded() -> Recorded:
    """Two answers: the first ends at second 1.4 and is replied to at 2.0, the second at 4.6 and at 5.5."""
    first = (bytes(4 * RATE_HZ), _two_channels((0.0, 0.4), (1.0, 1.5), 2.0))
    second = (bytes(4 * RATE_HZ), _two_channels((0.1, 0.6), (1.5, 1.8), 2.0))
    return Recorded([first, second], 1_000_000.0, 1_000_000.0 + 1000 * OUTPUT_DELAY, 990_000.0)


def _log() -> list[Event]:
    """The same as a server whose session began ten seconds earlier would write it down, 10 ms too long."""
    bodies: list[tuple[float, AnyBody]] = [(0.0, SessionOpened("ses_1", "webrtc", 0, 1))]
    for turn, (ended_at, replied_at) in enumerate(((11.4, 12.05), (14.6, 15.55)), start=1):
        bodies += [
            (ended_at + 0.25, SpeechStopped(turn, 0.2, 0.4, spoken_until=ended_at)),
            (replied_at - 0.1, AnswerCommitted(turn, 1, f"q{turn}", "yes", 0.9, 0.0, ended_at + 0.05)),
            (replied_at - 0.1, Say(turn, "question", "And?")),
            (replied_at, SpeechBegan(turn, None, replied_at - 0.09)),
        ]
    return [Event(seq, at, body) for seq, (at, body) in enumerate(bodies, start=1)]


def test_mouth_and_ear_are_found_in_the_recording() -> None:
    first, second = heard_in(_recorded())

    assert 1.4 == pytest.approx(first.ended_at, abs=0.006)
    assert 0.6 + OUTPUT_DELAY == pytest.approx(first.gap, abs=0.006)
    assert 0.9 + OUTPUT_DELAY == pytest.approx(second.gap, abs=0.006)


def test_each_answer_of_the_log_is_compared_with_the_one_that_was_recorded() -> None:
    turns = compared(_recorded(), _log())

    assert [650.0, 950.0] == [turn.logged for turn in turns]
    assert all(10.0 == pytest.approx(turn.error, abs=6.0) for turn in turns)


def test_an_error_is_as_bad_early_as_late() -> None:
    rows = rows_of([Turn(700.0, 690.0), Turn(700.0, 725.0), Turn(700.0, 712.0)], "quiet", 20.0)

    assert [3, 12.0, 25.0, -12.0] == [row.value for row in rows]
    assert [False, True, False, None] == [row.met for row in rows]


def test_what_the_server_adds_is_told_by_how_the_words_came() -> None:
    assert {"cached": [pytest.approx(10.0), pytest.approx(10.0)]} == added([_log()])

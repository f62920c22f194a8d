import itertools

import numpy as np
import pytest

from media.frames import VOICE_FRAME_SAMPLES
from server.rehearsal.background import Noise, background, over
from server.rehearsal.persona import read_persona


def loudness_db(frames: list[bytes]) -> float:
    samples = np.frombuffer(b"".join(frames), "<i2").astype(float)
    return float(10 * np.log10(np.mean(samples**2) / 32767**2))


@pytest.mark.parametrize("kind", ["room", "hum", "white"])
@pytest.mark.parametrize("level_db", [-60.0, -40.0, -20.0])
def test_a_background_is_as_loud_as_it_is_said_to_be(kind: str, level_db: float) -> None:
    persona, faults = read_persona({"noise": {"kind": kind, "level_db": level_db}})
    assert persona is not None, faults
    frames = background(persona.noise)
    assert frames is not None
    heard = list(itertools.islice(frames, 400))

    assert {VOICE_FRAME_SAMPLES * 2} == {len(frame) for frame in heard}
    assert level_db == pytest.approx(loudness_db(heard), abs=0.5)


def test_a_quiet_place_has_no_background() -> None:
    assert background(Noise()) is None


def test_a_kind_that_is_none_is_a_fault_of_the_file() -> None:
    persona, faults = read_persona({"noise": {"kind": "bagpipes"}})

    assert persona is None
    assert ["/noise"] == [fault.path for fault in faults]


def test_speech_over_a_background_is_their_sum_and_never_wraps_round() -> None:
    loud = np.full(VOICE_FRAME_SAMPLES, 32_000, "<i2").tobytes()
    both = np.frombuffer(over(loud, np.full(VOICE_FRAME_SAMPLES, 5_000, "<i2").tobytes()), "<i2")

    assert {32_767} == set(both.tolist())

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialog.calibration import DETECTORS, detector_of

SMART_TURN = "smart-turn-v3"
CARRIED = "ears-2 0.248/0.848@0.09 0.484/0.97@0.009"


def test_a_detector_that_is_filed_is_known_by_its_name() -> None:
    assert DETECTORS[SMART_TURN] is detector_of(SMART_TURN)


def test_one_that_carries_the_points_of_another_is_worth_the_same() -> None:
    known = DETECTORS[SMART_TURN]
    scores = [known.probability(deviate) for deviate in (0.681, 0.04)]
    carried = detector_of(f"ears-2 0.248/0.848@{scores[0]:.6f} 0.484/0.97@{scores[1]:.6f}")
    assert carried is not None

    for step in range(1, 100):
        assert known.log_ratio(step / 100) == pytest.approx(carried.log_ratio(step / 100), abs=0.02)


def test_the_points_that_are_carried_lie_on_the_curve() -> None:
    curve = detector_of(CARRIED)
    assert curve is not None

    for score, cut, found in ((0.09, 0.248, 0.848), (0.009, 0.484, 0.97)):
        deviate = curve.deviate(score)
        assert cut == pytest.approx(0.5 * math.erfc(deviate / math.sqrt(2)), abs=1e-6)
        ended = (deviate - curve.end_mean) / curve.end_deviation
        assert found == pytest.approx(0.5 * math.erfc(ended / math.sqrt(2)), abs=1e-6)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "ears-2",
        "ears-2 0.248/0.848@0.09",
        "ears-2 0/1@0.5 1/0@0.5",
        "ears-2 0.2/0.8@0.5 0.2/0.8@0.5",
        "ears-2 0.4/0.9@0.5 0.2/0.8@0.1",
        "ears-2 ../../x@0.5 0.2/0.8@0.1",
        "ears-2 1.2.3/0.5@0.1 0.2/0.8@0.1",
    ],
)
def test_what_carries_no_sane_points_is_not_believed(name: str) -> None:
    assert detector_of(name) is None


@given(st.text(alphabet="0123456789./@ ae", max_size=60))
def test_any_name_is_known_or_not(name: str) -> None:
    curve = detector_of(f"e {name}")

    assert curve is None or math.isfinite(curve.log_ratio(0.5))

"""How long was talked: pauses and absences count once, in whatever order they begin and end."""

import pytest

from dialog.talk_time import TalkTime


@pytest.mark.parametrize(
    ("began", "ended", "talked"), [(12.0, 20.0, 15.0), (8.0, 20.0, 13.0), (2.0, 5.0, 12.0)]
)
def test_an_absence_within_a_pause_is_counted_once(began: float, ended: float, talked: float) -> None:
    time = TalkTime().paused(10.0).rest(began, ended).resumed(25.0)

    assert talked == time.elapsed(30.0)


def test_while_the_talk_is_paused_no_time_goes_by() -> None:
    time = TalkTime().paused(10.0).rest(12.0, 20.0)

    assert 10.0 == time.elapsed(30.0)

"""What Deepgram says, read off the frame, whatever it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.providers.deepgram.messages import read_flux, read_nova


@pytest.mark.parametrize("deep", ["[" * 50_000, '{"a":' * 50_000])
@pytest.mark.parametrize("kind", ["TurnInfo", "Results", "Error", "Zebra"])
def test_no_depth_of_a_message_is_worse_than_unreadable(kind: str, deep: str) -> None:
    frame = f'{{"type": "{kind}", "x": {deep}'

    assert (None, None) == (read_flux(frame), read_nova(frame))


@given(st.one_of(st.text(), st.text(st.characters(categories=["Cs"])), st.binary()))
def test_any_frame_is_read_or_passed_over(frame: str | bytes) -> None:
    assert (None, None) == (read_flux(frame), read_nova(frame))

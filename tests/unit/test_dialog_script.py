from typing import Literal

import pytest

from dialog.commands import Say
from dialog.manager import Manager
from dialog.signals import ParticipantJoined
from tests.support.blueprints import two_questions


@pytest.mark.parametrize(("channel", "has_button"), [("webrtc", True), ("websocket", True), ("text", False)])
def test_who_types_is_not_told_of_a_button_for_the_end_of_a_spoken_answer(
    channel: Literal["webrtc", "websocket", "text"], has_button: bool
) -> None:
    outputs = Manager(two_questions()).handle(ParticipantJoined(channel), 0.0)
    opening = next(output.text for output in outputs if isinstance(output, Say))

    assert has_button == ("button" in opening)
    assert "Take all the time you need" in opening

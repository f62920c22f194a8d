"""The agent's voice while somebody may be speaking over it: lowered, or kept back, and brought back when it
was nothing. Decides nothing."""

from typing import Final

from dialog.commands import Duck, HoldSpeech, ResumeSpeech, Unduck
from dialog.floor import Floor
from dialog.speaking import Speaking, Speech
from dialog.timers import Timers

_SOON: Final = 0.7
"""Seconds in which a speech that was kept back before its first sound has to begin after all."""


class LoweredVoice:
    """How the speech that has the floor gives way, and comes back."""

    def __init__(self, floor: Floor, speaking: Speaking, timers: Timers) -> None:
        self._floor = floor
        self._speaking = speaking
        self._timers = timers
        self._kept_back = False

    def forget(self) -> None:
        """Something new is said, or nothing any more."""
        self._kept_back = False

    def lower(self, speech_id: int) -> None:
        """Go on more quietly."""
        self._floor.out.append(Duck(speech_id))
        self._floor.move("duck")

    def keep_back(self, speech_id: int) -> None:
        """Say no more of it until it is known what that voice is."""
        self._kept_back = True
        self._floor.out.append(HoldSpeech(speech_id))
        self._floor.move("duck")

    def bring_back(self, now: float) -> None:
        """It was nothing."""
        current = self._speaking.current
        if current is not None and self._kept_back:
            self.say_the_rest(current, now)
        elif current is not None:
            self._floor.out.append(Unduck(current.speech_id))
        self._kept_back = False
        self._floor.move("unduck")

    def say_the_rest(self, current: Speech, now: float) -> None:
        """Go on from the phrase boundary, or begin what had not begun."""
        self._floor.out.append(ResumeSpeech(current.speech_id))
        if current.began_at is None:
            self._timers.set("unheard", max(self._timers.at("unheard") or 0.0, now + _SOON))
        else:
            current.resumed = True
            self._timers.set("overdue", now + current.expected_duration())

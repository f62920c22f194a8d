"""One speech from being ordered to being heard, and the delays of the mouth that says it."""

import asyncio
from typing import Final

import msgspec

from dialog.commands import Say
from media.clip import Clip

SILENCING: Final = 0.035
"""Seconds that a message to the page's gain node takes: 32–38 ms were measured."""


class SpeakerPolicy(msgspec.Struct, frozen=True):
    """Delays of the mouth, in seconds."""

    storage_timeout: float = 1.0
    """How long a speech waits for storage. Larger: dead air while the disk is slow."""
    shown_storage_timeout: float = 5.0
    """How long a question on the page waits for it: whoever sees it takes their last answer for kept, and
    hears no silence meanwhile. Larger: the page stands still for longer while the disk is slow."""
    shown_duration: float = 0.3
    """How long a text that is only shown counts as being said. Larger: slower typing interviews."""
    reading_pace: float = 3.0
    """Words a second, where the words are shown for want of a voice."""
    leg_timeout: float = 8.0
    """How long speech waits for a leg to come back before it is shown."""


class Speech:
    """One Say from being ordered to being heard."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.clip: Clip | None = None
        self.work: asyncio.Task[None] | None = None
        self.failure: str | None = None
        self.stored = not say.after_storage
        self.began: asyncio.TimerHandle | None = None
        self.ending: asyncio.TimerHandle | None = None
        self.held_at: int | None = None
        """Samples that had sounded at the ear when it was held."""
        self.cut_at: int | None = None
        """Samples that had sounded at the ear when it was stopped."""

    def cancel_timers(self) -> None:
        for timer in (self.began, self.ending):
            if timer is not None:
                timer.cancel()

"""The ear's judgement of a pause: keeps the newest sound of the participant, and has an end-of-turn model
listen to it when the core asks. Knows no model, and nothing of what its word is worth."""

import asyncio

from dialog.commands import LookForEnd
from dialog.signals import TurnEndScored
from media.frames import AudioFrame
from media.turn_end_sound import TurnEndSound
from server.live.mailbox import Mailbox
from server.providers.protocols import TurnEndDetector


class TurnEndLooks:
    """One session's looks, one at a time; with no detector there are none."""

    def __init__(self, detector: TurnEndDetector | None, mailbox: Mailbox, tasks: asyncio.TaskGroup) -> None:
        self._detector = detector
        self._mailbox = mailbox
        self._tasks = tasks
        self._sound = None if detector is None else TurnEndSound(detector.sound_duration)
        self._looking: asyncio.Task[None] | None = None

    @property
    def detector(self) -> str:
        """The name by which the core knows what scores are worth; "" where none can be had."""
        return "" if self._detector is None else self._detector.name

    def hear(self, frame: AudioFrame, *, agent_sounds: bool) -> None:
        """Keep the next frame."""
        if self._sound is not None:
            self._sound.hear(frame, agent_sounds=agent_sounds)

    def begin_voice(self) -> None:
        """The voice has set in: nobody wants to know any more how the silence before it sounded."""
        self._give_up()
        if self._sound is not None:
            self._sound.begin_voice()

    def look(self, command: LookForEnd) -> None:
        """Begin a look; one that is still under way is given up."""
        self._give_up()
        if self._detector is not None and self._sound is not None:
            work = self._score(self._detector, command.look_id, self._sound.latest())
            self._looking = self._tasks.create_task(work, name=f"look {command.look_id}")

    def _give_up(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _score(self, detector: TurnEndDetector, look_id: int, pcm: bytes) -> None:
        probability = await detector.score(pcm)
        self._mailbox.put(TurnEndScored(look_id, probability, detector.name))

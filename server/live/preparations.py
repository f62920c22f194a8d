"""Words whose voice is begun before they are said, so that they can be heard at once when they are. Knows
nothing of why they may be said."""

import asyncio

from dialog.commands import Prepare
from dialog.signals import PreparationFailed, SpeechPrepared
from media.clip import Clip
from server.live.mailbox import Mailbox
from server.live.synthesis import Synthesis


class Preparations:
    """One session's, one text at a time: another takes its place. Begun while nothing is being said, it
    takes the voice from nobody."""

    def __init__(self, synthesis: Synthesis, mailbox: Mailbox, tasks: asyncio.TaskGroup) -> None:
        self._synthesis = synthesis
        self._mailbox = mailbox
        self._tasks = tasks
        self._id: int | None = None
        self._work: asyncio.Task[None] | None = None

    def begin(self, command: Prepare) -> None:
        """Have the voice begin; tells when the first sound is there, or that none can be had."""
        if self._id is not None:
            self.drop(self._id)
        if self._synthesis.ready(command.text, command.speed) is not None:
            self._mailbox.put(SpeechPrepared(command.preparation_id))
            return
        clip = Clip(command.text)
        self._synthesis.begun = (command.speed, clip)
        self._id = command.preparation_id
        self._work = self._tasks.create_task(
            self._speak(command, clip), name=f"preparation {command.preparation_id}"
        )

    def drop(self, preparation_id: int) -> None:
        """Forget what was begun, unless it is being said by now. A stale id does nothing."""
        if preparation_id != self._id:
            return
        if self._synthesis.begun is not None and self._work is not None:
            self._work.cancel()
        self._synthesis.begun = self._id = self._work = None

    async def _speak(self, command: Prepare, clip: Clip) -> None:
        told = False

        def sound_came() -> None:
            nonlocal told
            told = True
            self._mailbox.put(SpeechPrepared(command.preparation_id))

        failure = await self._synthesis.fill(clip, command.speed, sound_came)
        if failure is not None and not told:
            if self._synthesis.begun == (command.speed, clip):
                self._synthesis.begun = None
            self._mailbox.put(PreparationFailed(command.preparation_id, failure))

"""Words whose voice is begun before they are said."""

import asyncio
from collections.abc import Awaitable, Callable

from dialog.commands import Prepare
from dialog.signals import AnySignal, PreparationFailed, SpeechPrepared
from server.clock import loop_time
from server.live.mailbox import Mailbox
from server.live.preparations import Preparations
from server.live.synthesis import Synthesis
from server.providers.protocols import ProviderError, TextToSpeech, Voice
from tests.emulators.voices import FailingVoice, StalledVoice, ToneVoice
from tests.support.virtual_time import in_virtual_time

TEXT = "You mentioned coffee. What was that like?"


async def a_moment() -> None:
    """Let whoever is ready go on."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.call_soon(over.set_result, None)
    await over


class Stand:
    """What a session has of it."""

    def __init__(self, voice: TextToSpeech, tasks: asyncio.TaskGroup) -> None:
        self.synthesis = Synthesis(voice, None, Voice(), now=loop_time)
        self.mailbox = Mailbox()
        self.preparations = Preparations(self.synthesis, self.mailbox, tasks)

    async def told(self) -> AnySignal:
        """What the mailbox gets next."""
        return await self.mailbox.receive(until=None)


def standing(voice: TextToSpeech, scene: Callable[[Stand], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            await scene(Stand(voice, tasks))

    in_virtual_time(main)


def test_the_first_sound_is_told_and_whoever_says_the_words_takes_the_clip() -> None:
    voice = ToneVoice()

    async def scene(stand: Stand) -> None:
        stand.preparations.begin(Prepare(1, TEXT))
        assert SpeechPrepared(1) == await stand.told()
        clip = stand.synthesis.ready(TEXT, 1.0)

        assert clip is not None
        assert clip.text == TEXT
        assert stand.synthesis.ready(TEXT, 1.0) is None

    standing(voice, scene)
    assert [TEXT] == voice.spoken


def test_another_speed_is_another_voice() -> None:
    async def scene(stand: Stand) -> None:
        stand.preparations.begin(Prepare(1, TEXT, 0.85))
        await stand.told()

        assert stand.synthesis.ready(TEXT, 1.0) is None

    standing(ToneVoice(), scene)


def test_a_voice_that_fails_is_told_of_and_leaves_nothing_to_say() -> None:
    async def scene(stand: Stand) -> None:
        stand.preparations.begin(Prepare(1, TEXT))

        assert PreparationFailed(1, "failing: no credit") == await stand.told()
        assert stand.synthesis.ready(TEXT, 1.0) is None

    standing(FailingVoice(ProviderError("failing", "no credit", retryable=False)), scene)


def test_what_is_dropped_or_replaced_stops_the_voice() -> None:
    voice = StalledVoice()

    async def scene(stand: Stand) -> None:
        stand.preparations.begin(Prepare(1, TEXT))
        await a_moment()
        stand.preparations.begin(Prepare(2, "You mentioned tea. What was that like?"))
        await a_moment()
        stand.preparations.drop(1)  # stale: another was begun since
        await a_moment()
        assert voice.cancelled == 1
        stand.preparations.drop(2)
        await a_moment()

    standing(voice, scene)
    assert 2 == voice.cancelled


def test_what_is_being_said_is_not_stopped_by_the_next() -> None:
    async def scene(stand: Stand) -> None:
        stand.preparations.begin(Prepare(1, TEXT))
        await stand.told()
        clip = stand.synthesis.ready(TEXT, 1.0)
        stand.preparations.begin(Prepare(2, "Something else."))
        await stand.told()

        assert clip is not None
        assert clip.finished
        assert not clip.failed

    standing(ToneVoice(), scene)

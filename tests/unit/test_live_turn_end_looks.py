import asyncio
import math

import pytest

from dialog.commands import LookForEnd
from dialog.signals import TurnEndHinted, TurnEndScored
from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ
from media.vad import SileroModel, VoiceActivity
from server.live.listener import Listener
from server.live.mailbox import Mailbox
from server.live.turn_end_looks import TurnEndLooks
from server.providers.protocols import Transcript, TurnEndHint
from tests.support.noted_recognition import NotedRecognition
from tests.support.noted_turn_end import NotedTurnEnd
from tests.support.speech import ear_frames, silence, speech_pcm


async def let_run() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_look_gets_the_newest_sound_and_its_score_comes_with_its_id() -> None:
    mailbox, detector = Mailbox(), NotedTurnEnd(sound_duration=1.0)
    async with asyncio.TaskGroup() as tasks:
        looks = TurnEndLooks(detector, mailbox, tasks)
        for frame in ear_frames(speech_pcm()):
            looks.hear(frame, agent_sounds=False)
        looks.look(LookForEnd(7, 1))
        await let_run()
        detector.answer(0.8)
    heard = len(speech_pcm()) // (2 * EAR_FRAME_SAMPLES) * 2 * EAR_FRAME_SAMPLES

    assert [speech_pcm()[heard - EAR_RATE_HZ * 2 : heard]] == detector.asked
    assert TurnEndScored(7, 0.8, "noted") == await mailbox.receive(None)
    assert "noted" == looks.detector


async def test_a_newer_look_takes_the_place_of_the_one_before() -> None:
    mailbox, detector = Mailbox(), NotedTurnEnd()
    async with asyncio.TaskGroup() as tasks:
        looks = TurnEndLooks(detector, mailbox, tasks)
        looks.look(LookForEnd(1, 1))
        await let_run()
        looks.look(LookForEnd(2, 1))
        await let_run()
        detector.answer(0.3)

    assert 1 == detector.given_up
    assert TurnEndScored(2, 0.3, "noted") == await mailbox.receive(None)
    assert 0 == len(mailbox)


async def test_a_voice_that_goes_on_gives_the_look_up() -> None:
    mailbox, detector = Mailbox(), NotedTurnEnd()
    async with asyncio.TaskGroup() as tasks:
        looks = TurnEndLooks(detector, mailbox, tasks)
        looks.look(LookForEnd(1, 1))
        await let_run()
        looks.begin_voice()

    assert 1 == detector.given_up
    assert 0 == len(mailbox)


async def test_no_opinion_is_told_so_that_nobody_waits_for_one() -> None:
    mailbox, detector = Mailbox(), NotedTurnEnd()
    async with asyncio.TaskGroup() as tasks:
        TurnEndLooks(detector, mailbox, tasks).look(LookForEnd(1, 1))
        await let_run()
        detector.answer(None)

    assert TurnEndScored(1, None, "noted") == await mailbox.receive(None)


async def test_without_a_detector_a_look_is_answered_by_nothing() -> None:
    mailbox = Mailbox()
    async with asyncio.TaskGroup() as tasks:
        looks = TurnEndLooks(None, mailbox, tasks)
        looks.hear(ear_frames(silence(0.1))[0], agent_sounds=True)
        looks.begin_voice()
        looks.look(LookForEnd(1, 1))

    assert 0 == len(mailbox)
    assert "" == looks.detector


async def test_the_listener_keeps_the_sound_of_a_turn_with_its_pauses() -> None:
    mailbox, detector, recognition = Mailbox(), NotedTurnEnd(), NotedRecognition()
    agent_sounds = True
    async with asyncio.TaskGroup() as tasks:
        looks = TurnEndLooks(detector, mailbox, tasks)
        listener = Listener(
            mailbox,
            recognition,
            VoiceActivity(second_opinion=SileroModel.shared()),
            agent_sounds=lambda: agent_sounds,
            show_level=lambda _: None,
            looks=looks,
        )
        listener.attentive = True
        turn = speech_pcm()[: EAR_RATE_HZ * 2] + silence(1.0) + speech_pcm()[: EAR_RATE_HZ * 2]
        for place, frame in enumerate(ear_frames(silence(3.0) + turn)):
            agent_sounds = place < 150
            listener.hear(frame)
        looks.look(LookForEnd(1, listener.utterance_id))
        await let_run()
        detector.answer(None)

    assert detector.asked[0].endswith(turn[EAR_RATE_HZ:])
    assert len(turn) <= len(detector.asked[0]) <= len(turn) + EAR_RATE_HZ


@pytest.mark.parametrize(
    ("hint", "passed"),
    [
        (TurnEndHint(3, "eager", 0.5), True),
        (TurnEndHint(3, "over", 1.0), True),
        (TurnEndHint(3, "resumed", 0.0), True),
        (TurnEndHint(2, "over", 0.9), False),
        (TurnEndHint(4, "over", 0.9), False),
        (TurnEndHint(3, "over", math.nan), False),
        (TurnEndHint(3, "over", -0.1), False),
        (TurnEndHint(3, "over", math.inf), False),
    ],
)
async def test_hints_of_the_newest_utterance_are_passed_on_between_its_words(
    hint: TurnEndHint, passed: bool
) -> None:
    mailbox, recognition = Mailbox(), NotedRecognition()
    listener = Listener(
        mailbox,
        recognition,
        VoiceActivity(second_opinion=None),
        agent_sounds=lambda: False,
        show_level=lambda _: None,
    )
    listener.utterance_id = 3
    recognition.say(Transcript(3, "one", 0.9, final=False))
    recognition.say(hint)
    recognition.say(Transcript(3, "one two", 0.9, final=True))
    await recognition.close()
    await listener.pass_on_transcripts()
    signals = [await mailbox.receive(None) for _ in range(len(mailbox))]

    assert 2 + passed == len(signals)
    assert [TurnEndHinted(3, hint.hint, hint.confidence)] * passed == signals[1:-1]

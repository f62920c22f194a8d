import asyncio
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from dialog.blueprint import Patience
from dialog.signals import (
    AnySignal,
    FinalTranscript,
    MicrophoneMuted,
    PacketsReturned,
    PacketsStopped,
    PartialTranscript,
    SoundStalled,
    SoundWentOn,
    SpeechStarted,
    SpeechStopped,
)
from media.frames import EAR_RATE_HZ
from media.vad import SileroModel, VoiceActivity
from server.live.listener import Listener, ListenerPolicy
from server.live.mailbox import Mailbox
from server.providers.protocols import Transcript
from tests.support.noted_recognition import NotedRecognition
from tests.support.speech import ear_frames, silence, speech_pcm

SECOND = EAR_RATE_HZ * 2
UTTERANCE = speech_pcm()[: 5 * SECOND]


class Ear:
    """A listener, and what comes out of it."""

    def __init__(self, **options: Any) -> None:
        self.mailbox = Mailbox()
        self.recognition = NotedRecognition()
        self.levels: list[float] = []
        self.listener = Listener(
            self.mailbox,
            self.recognition,
            VoiceActivity(second_opinion=SileroModel.shared()),
            agent_sounds=lambda: False,
            show_level=self.levels.append,
            **options,
        )
        self.listener.attentive = True
        self._frame = 0

    def hear(self, *sounds: bytes, muted: bool = False, concealed: bool = False) -> None:
        for frame in ear_frames(b"".join(sounds), self._frame):
            self._frame += 1
            self.listener.hear(replace(frame, muted=muted, concealed=concealed))

    async def signals(self) -> list[AnySignal]:
        return [await self.mailbox.receive(None) for _ in range(len(self.mailbox))]


async def test_speech_becomes_one_utterance_with_what_went_before_it() -> None:
    ear = Ear(policy=ListenerPolicy(soft_limit=60, hard_limit=60, closing_silence=1.0))
    ear.hear(silence(1), UTTERANCE[: 2 * SECOND], silence(2))
    signals = await ear.signals()

    assert isinstance(signals[0], SpeechStarted)
    assert isinstance(signals[-1], SpeechStopped)
    assert {1} == {signal.utterance_id for signal in signals}  # type: ignore[union-attr]
    assert [1] == ear.recognition.ended
    assert ear.recognition.frames[1] > 100


async def test_a_short_gap_belongs_to_the_utterance_and_a_long_one_ends_it() -> None:
    speech = UTTERANCE[SECOND : 2 * SECOND]
    ear = Ear()
    ear.hear(silence(0.5), speech, silence(0.26), speech, silence(1.5), speech, silence(1))
    started = [s.utterance_id for s in await ear.signals() if isinstance(s, SpeechStarted)]

    assert 1 == started[0]
    assert [1, 2] == sorted(set(started))
    assert [1, 2] == ear.recognition.ended


async def test_a_monologue_is_cut_where_it_gets_too_long() -> None:
    ear = Ear(policy=ListenerPolicy(soft_limit=1.0, hard_limit=1.5, closing_silence=5.0))
    ear.hear(silence(0.5), UTTERANCE, silence(1))

    assert len(ear.recognition.ended) >= 2
    assert all(frames <= 76 + 15 for frames in ear.recognition.frames.values())


async def test_before_the_talk_begins_only_the_level_moves() -> None:
    ear = Ear()
    ear.listener.attentive = False
    ear.hear(UTTERANCE)

    assert [] == await ear.signals()
    assert {} == ear.recognition.frames
    assert max(ear.levels) > -40
    assert 5 < len(ear.levels) <= 5 * 4.5
    assert all(abs(after - before) >= 2.0 for before, after in pairwise(ear.levels))


async def test_a_level_that_stays_as_it_is_is_shown_once() -> None:
    ear = Ear()
    ear.hear(silence(5.0))

    assert 1 == len(ear.levels)


async def test_muting_breaks_off_once_and_it_is_told_whether_anybody_pressed_a_switch() -> None:
    ear = Ear()
    ear.hear(silence(0.5), UTTERANCE[SECOND : 2 * SECOND])
    ear.listener.mute(True)
    ear.hear(silence(0.5), muted=True)
    ear.listener.mute(False)
    ear.hear(silence(0.1))
    signals = await ear.signals()

    assert [MicrophoneMuted(True), MicrophoneMuted(True, silent=True), MicrophoneMuted(False)] == [
        signal for signal in signals if isinstance(signal, MicrophoneMuted)
    ]
    assert [1] == ear.recognition.ended
    assert isinstance(signals[signals.index(MicrophoneMuted(True)) - 1], SpeechStopped)


async def test_lost_packets_break_off_and_are_told_once_until_they_return() -> None:
    ear = Ear()
    ear.listener.lost()
    ear.listener.lost()
    ear.hear(silence(0.1), concealed=True)
    ear.hear(silence(0.1))

    assert [PacketsStopped(), PacketsReturned()] == await ear.signals()


async def test_concealed_sound_is_no_pause() -> None:
    ear = Ear()
    ear.hear(silence(0.5), UTTERANCE[SECOND : 2 * SECOND])
    ear.hear(silence(3), concealed=True)

    assert [] == ear.recognition.ended


async def test_a_frame_that_is_made_up_in_a_pause_puts_the_clocks_back_and_one_in_speech_does_not() -> None:
    ear = Ear()
    ear.hear(silence(0.5))
    ear.hear(silence(0.02), concealed=True)
    ear.hear(silence(0.1), UTTERANCE[SECOND : 2 * SECOND])
    ear.hear(silence(0.04), concealed=True)
    ear.hear(UTTERANCE[2 * SECOND : 2 * SECOND + SECOND // 4])
    gaps = [signal for signal in await ear.signals() if isinstance(signal, SoundWentOn)]

    assert [SoundWentOn(0.02)] == gaps


async def test_a_stall_is_over_once_a_voice_can_be_told_from_silence() -> None:
    ear = Ear()
    ear.hear(silence(0.5))
    ear.listener.stalled(0.06)
    ear.listener.stalled(0.08)
    ear.hear(silence(0.6), concealed=True)
    ear.hear(silence(0.08))
    waiting = await ear.signals()
    ear.hear(silence(0.02))

    assert [SoundStalled(0.06)] == waiting
    (over,) = await ear.signals()
    assert isinstance(over, SoundWentOn)
    assert pytest.approx(0.6) == over.missing


@pytest.mark.parametrize("frames", [4, 5, 8])
async def test_a_stall_between_bunches_ends_though_others_follow_and_was_only_late(frames: int) -> None:
    ear = Ear()
    ear.hear(silence(0.5))
    for _ in range(10):
        ear.listener.stalled(0.06)
        ear.hear(silence(frames * 0.02))
    signals = await ear.signals()
    stalls, ends = signals[::2], signals[1::2]

    assert [SoundStalled(0.06)] * (5 if frames == 4 else 10) == stalls
    assert [SoundWentOn(0.0, late=True)] * len(stalls) == ends


async def test_a_voice_that_is_there_after_a_stall_is_told_behind_its_end() -> None:
    ear = Ear()
    ear.hear(silence(0.5))
    ear.listener.stalled(0.06)
    ear.hear(UTTERANCE[SECOND : 2 * SECOND])
    kinds = [type(signal) for signal in await ear.signals()]

    assert [SoundStalled, SoundWentOn, SpeechStarted] == kinds[:3]


async def test_sound_that_is_left_out_in_a_stall_counts_as_missing() -> None:
    ear = Ear()
    ear.hear(silence(0.5))
    ear.listener.stalled(0.06)
    ear._frame += 70
    ear.hear(silence(0.2))
    stalled, over = await ear.signals()

    assert SoundStalled(0.06) == stalled
    assert isinstance(over, SoundWentOn)
    assert pytest.approx(1.4) == over.missing


async def test_a_stall_that_becomes_a_dead_link_or_the_end_of_the_leg_is_told_as_that() -> None:
    dead, gone = Ear(), Ear()
    for ear in (dead, gone):
        ear.hear(silence(0.2))
        ear.listener.stalled(0.06)
    dead.listener.lost()
    dead.listener.stalled(3.0)
    dead.hear(silence(0.2))
    gone.listener.hang_up()

    assert [SoundStalled(0.06), PacketsStopped(), PacketsReturned()] == await dead.signals()
    assert [SoundStalled(0.06), SoundWentOn(0.0)] == await gone.signals()


async def test_a_new_leg_counts_its_utterances_on() -> None:
    former, ear = Ear(), Ear()
    former.listener.utterance_id = 7
    ear.listener.succeed(former.listener)
    ear.hear(silence(0.5), UTTERANCE[SECOND : 2 * SECOND], silence(1))

    assert [8] == ear.recognition.ended


async def test_a_new_leg_that_hears_takes_back_that_the_former_heard_nothing() -> None:
    former, ear = Ear(), Ear()
    former.hear(silence(0.2), muted=True)
    ear.listener.succeed(former.listener)
    ear.hear(silence(0.2))

    assert [MicrophoneMuted(True, silent=True)] == await former.signals()
    assert [MicrophoneMuted(False)] == await ear.signals()


async def test_words_come_into_the_mailbox_and_the_last_ones_are_waited_for() -> None:
    ear = Ear()
    ear.hear(silence(0.5), UTTERANCE[SECOND : 2 * SECOND])
    ear.listener.hang_up()
    await ear.signals()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(ear.listener.pass_on_transcripts())
        ear.recognition.say(Transcript(1, "one", 0.5, final=False))
        ear.recognition.say(Transcript(1, "one two", 0.9, final=True))
        await ear.listener.last_words()
        await ear.recognition.close()

    assert [PartialTranscript(1, "one", 0.5), FinalTranscript(1, "one two", 0.9)] == await ear.signals()


@pytest.mark.parametrize(("patience", "closed"), [("closed", True), ("narrative", False)])
async def test_a_short_answer_has_its_last_word_as_soon_as_the_voice_stops(
    patience: Patience, closed: bool
) -> None:
    ear = Ear(policy=ListenerPolicy(soft_limit=60, hard_limit=60))
    ear.listener.attend(patience)
    ear.hear(silence(1), UTTERANCE[: 2 * SECOND])
    while not any(isinstance(signal, SpeechStopped) for signal in await ear.signals()):
        ear.hear(silence(1 / 50))
    assert ear.recognition.patience == patience
    assert (ear.recognition.ended == [1]) is closed

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from dialog.commands import Say
from dialog.signals import (
    AnySignal,
    MicrophoneMuted,
    SpeechBegan,
    SpeechEnded,
    StorageFaltered,
    SynthesisFailed,
)
from server.clock import loop_time
from server.live.mailbox import Mailbox
from server.live.speaker import Speaker
from server.live.synthesis import Synthesis
from server.providers.protocols import (
    KnownWords,
    PreparedClip,
    ProviderError,
    SpeechChunk,
    TextToSpeech,
    Voice,
    WordTime,
)
from server.store.event_log import EventLog, OpenedSession, memory_log
from tests.emulators.voices import FailingVoice, StalledVoice, tone
from tests.support.stalled_log import stalled_log
from tests.support.still_leg import StillLeg
from tests.support.virtual_time import in_virtual_time

DELAY = 0.1
FOUR_WORDS = "one two three four"
OPENED = OpenedSession("run_1", "ses_1", 1, 1, 0, 0)


class CountingVoice:
    """Speaks each word as half a second of tone, all at once."""

    name = "counting"

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        words, at = [], 0
        for place, word in enumerate(text.split()):
            start = text.index(word, at)
            at = start + len(word)
            words.append(WordTime(start, at, place * 0.5, place * 0.5 + 0.5))
        yield SpeechChunk(tone(0.5 * len(words)), tuple(words))


class Ready:
    """Knows half a second of tone for every text."""

    def lookup(self, text: str, voice: Voice) -> PreparedClip:
        return PreparedClip(tone(0.5), (), ())

    async def prepare(self, texts: Sequence[str], voice: Voice) -> Sequence[str]:
        return ()


class Stage:
    """A speaker with what stands around it; `heard` gets each signal with its time."""

    def __init__(self, speaker: Speaker, mailbox: Mailbox, log: EventLog, leg: StillLeg | None) -> None:
        self.speaker = speaker
        self.log = log
        self.leg = leg
        self.heard: list[tuple[float, AnySignal]] = []
        self.hung_up: list[str] = []
        self._mailbox = mailbox
        self._seq = 0

    def say(self, speech_id: int, text: str, *, after_storage: bool = False) -> None:
        speech = Say(speech_id, "question", text, after_storage=after_storage)
        self.speaker.say(speech, self.log.append(0.0, speech).seq)

    def begin_on(self, leg: StillLeg, tasks: asyncio.TaskGroup) -> None:
        self.speaker.use_leg(leg)
        tasks.create_task(leg.run(None, self.speaker, None))  # type: ignore[arg-type]

    async def listen(self) -> None:
        while True:
            signal = await self._mailbox.receive(None)
            self.heard.append((loop_time(), signal))

    def signals(self) -> list[AnySignal]:
        """Without the stage times."""
        return [
            SpeechBegan(signal.speech_id) if isinstance(signal, SpeechBegan) else signal
            for _, signal in self.heard
        ]


@asynccontextmanager
async def stage(
    voice: TextToSpeech | None = None,
    *,
    leg: StillLeg | None = None,
    log: EventLog | None = None,
    known_words: KnownWords | None = None,
) -> AsyncIterator[Stage]:
    mailbox, log = Mailbox(), log or memory_log(OPENED)
    async with asyncio.TaskGroup() as tasks:
        built: list[Stage] = []
        speaker = Speaker(
            mailbox,
            log,
            Synthesis(voice or CountingVoice(), known_words, Voice(), now=loop_time),
            tasks,
            now=loop_time,
            hung_up=lambda reason: built[0].hung_up.append(reason),
        )
        built.append(Stage(speaker, mailbox, log, leg))
        listening = tasks.create_task(built[0].listen())
        if leg is not None:
            built[0].begin_on(leg, tasks)
        yield built[0]
        listening.cancel()
        if leg is not None:
            await leg.close("over")


def played(script: Callable[[Stage], Awaitable[None]], **around: object) -> Stage:
    """Play a script in virtual time and return the stage after it."""

    async def main() -> Stage:
        leg = StillLeg(DELAY) if around.pop("voiced", True) else None
        async with stage(leg=leg, **around) as on:  # type: ignore[arg-type]
            await script(on)
            return on

    return in_virtual_time(main)


def test_a_speech_begins_and_ends_when_it_does_so_at_the_ear() -> None:
    async def script(on: Stage) -> None:
        on.say(1, FOUR_WORDS)
        await asyncio.sleep(4)

    (began_at, began), (ended_at, ended) = played(script).heard

    assert isinstance(began, SpeechBegan)
    assert SpeechEnded(1, FOUR_WORDS, 1.0, cut=False) == ended
    assert DELAY <= began_at <= DELAY + 0.04
    assert 2.0 == pytest.approx(ended_at - began_at, abs=0.05)


def test_speeches_follow_one_another_without_a_gap() -> None:
    async def script(on: Stage) -> None:
        on.say(1, "one two")
        on.say(2, "three")
        await asyncio.sleep(4)

    on = played(script)
    assert on.leg is not None
    first = next(place for place, level in enumerate(on.leg.levels) if level)
    last = max(place for place, level in enumerate(on.leg.levels) if level)

    assert [1, 1, 2, 2] == [signal.speech_id for signal in on.signals()]  # type: ignore[union-attr]
    assert all(on.leg.levels[first:last])
    assert 75 == pytest.approx(last - first, abs=2)


def test_a_stopped_speech_is_silenced_at_once_and_told_as_far_as_it_was_heard() -> None:
    async def script(on: Stage) -> None:
        on.say(1, FOUR_WORDS)
        on.say(2, "never said")
        await asyncio.sleep(DELAY + 1.1)
        on.speaker.stop(1)
        await asyncio.sleep(1)

    on = played(script)
    assert on.leg is not None
    ended = {s.speech_id: s for s in on.signals() if isinstance(s, SpeechEnded)}

    assert SpeechEnded(1, "one two", ended[1].fraction, True, ended[1].heard_duration) == ended[1]
    assert 1.1 == pytest.approx(ended[1].heard_duration, abs=0.06)
    assert 0.3 < ended[1].fraction < 0.6
    assert SpeechEnded(2, "", 0.0, cut=True) == ended[2]
    assert ["silence"] == on.leg.told
    assert not any(on.leg.levels[-40:])


def test_what_is_said_after_a_stop_is_meant_to_be_heard_again() -> None:
    async def script(on: Stage) -> None:
        on.say(1, FOUR_WORDS)
        await asyncio.sleep(1)
        on.speaker.stop(1)
        on.say(2, "sorry")
        await asyncio.sleep(2)

    on = played(script)
    assert on.leg is not None

    assert ["silence", "unsilence"] == on.leg.told
    assert SpeechEnded(2, "sorry", 1.0) == on.signals()[-1]


def test_words_still_on_their_way_to_the_ear_can_be_stopped() -> None:
    async def script(on: Stage) -> None:
        on.speaker.use_leg(on.leg)  # type: ignore[arg-type]
        on.leg.delay = 0.5  # type: ignore[union-attr]
        on.say(1, "one")
        await asyncio.sleep(0.6)
        on.speaker.stop(1)
        await asyncio.sleep(1)

    ended = [signal for signal in played(script).signals() if isinstance(signal, SpeechEnded)]

    assert 1 == len(ended)
    assert ended[0].cut
    assert ended[0].fraction < 1.0


def test_a_held_speech_goes_on_and_ends_whole() -> None:
    async def script(on: Stage) -> None:
        on.say(1, FOUR_WORDS)
        await asyncio.sleep(1)
        on.speaker.hold(1)
        await asyncio.sleep(3)
        on.speaker.resume(1)
        await asyncio.sleep(4)

    on = played(script)
    assert on.leg is not None

    assert [SpeechBegan(1), SpeechEnded(1, FOUR_WORDS, 1.0)] == on.signals()
    assert ["silence", "unsilence"] == on.leg.told


def test_ducking_lowers_the_voice_and_unducking_brings_it_back() -> None:
    async def script(on: Stage) -> None:
        on.say(1, FOUR_WORDS)
        await asyncio.sleep(0.5)
        on.speaker.duck(1)
        await asyncio.sleep(0.5)
        on.speaker.unduck(1)
        await asyncio.sleep(0.5)

    on = played(script)
    assert on.leg is not None
    full, ducked, back = on.leg.levels[20], on.leg.levels[45], on.leg.levels[70]

    assert 0.18 == pytest.approx(ducked / full, abs=0.02)
    assert full == pytest.approx(back, rel=0.02)


class SlowVoice:
    """Gives a tone that begins after 100 ms of silence, 0.5 s after it was asked."""

    name = "slow"

    async def synthesize(self, text: str, voice: Voice) -> AsyncIterator[SpeechChunk]:
        await asyncio.sleep(0.5)
        yield SpeechChunk(bytes(4_800) + tone(0.5))


def test_a_speech_tells_when_its_sound_came_was_sent_and_is_heard() -> None:
    async def script(on: Stage) -> None:
        on.say(1, "one")
        await asyncio.sleep(2)

    (heard_at, began), _ = played(script, voice=SlowVoice()).heard

    assert isinstance(began, SpeechBegan)
    assert 0.5 == began.first_byte_at
    assert began.first_packet_at is not None
    assert 0.5 <= began.first_packet_at <= 0.52
    assert DELAY + 0.1 == pytest.approx(heard_at - began.first_packet_at, abs=0.002), (
        "its silence is no sound"
    )


def test_words_made_ahead_wait_for_no_voice() -> None:
    async def script(on: Stage) -> None:
        on.say(1, "one")
        await asyncio.sleep(1)

    (_, began), _ = played(script, known_words=Ready()).heard

    assert isinstance(began, SpeechBegan)
    assert began.first_byte_at is None
    assert began.first_packet_at is not None


def test_without_a_voice_the_words_are_shown_and_take_the_time_of_reading() -> None:
    async def script(on: Stage) -> None:
        on.say(1, "six words that nobody ever hears")
        await asyncio.sleep(5)

    on = played(script, voice=FailingVoice(ProviderError("x", "no", retryable=False)))
    (_, failed), (began_at, began), (ended_at, ended) = on.heard

    assert isinstance(failed, SynthesisFailed)
    assert SpeechBegan(1) == began
    assert SpeechEnded(1, "six words that nobody ever hears", 1.0) == ended
    assert 2.0 == pytest.approx(ended_at - began_at, abs=0.05)


def test_in_writing_each_text_is_shown_in_turn() -> None:
    async def script(on: Stage) -> None:
        on.say(1, "one")
        on.say(2, "two")
        on.speaker.hang_up("finished")
        await asyncio.sleep(0.4)
        assert not on.hung_up
        await asyncio.sleep(0.4)

    on = played(script, voiced=False)

    assert [
        SpeechBegan(1),
        SpeechEnded(1, "one", 1.0),
        SpeechBegan(2),
        SpeechEnded(2, "two", 1.0),
    ] == on.signals()
    assert ["finished"] == on.hung_up


def test_a_leg_that_goes_cuts_what_it_said_and_the_rest_is_said_on_the_next() -> None:
    async def script(on: Stage) -> None:
        on.say(1, FOUR_WORDS)
        on.say(2, "rest")
        await asyncio.sleep(1)
        on.speaker.lose_leg()
        await asyncio.sleep(2)
        assert SpeechBegan(2) not in on.signals()
        on.speaker.use_leg(on.leg)  # type: ignore[arg-type]
        await asyncio.sleep(2)

    signals = played(script).signals()

    assert isinstance(signals[1], SpeechEnded)
    assert signals[1].cut
    assert [SpeechBegan(2), SpeechEnded(2, "rest", 1.0)] == signals[2:]


def test_when_no_leg_comes_back_the_words_are_shown() -> None:
    async def script(on: Stage) -> None:
        on.speaker.lose_leg()
        on.say(1, "hello")
        await asyncio.sleep(10)

    assert [SpeechBegan(1), SpeechEnded(1, "hello", 1.0)] == played(script).signals()


def test_what_was_being_said_counts_as_shown_when_the_participant_turns_to_writing() -> None:
    async def script(on: Stage) -> None:
        on.say(1, FOUR_WORDS)
        await asyncio.sleep(1)
        on.speaker.use_text()
        await asyncio.sleep(1)

    assert [SpeechBegan(1), SpeechEnded(1, FOUR_WORDS, 1.0)] == played(script).signals()


def test_a_question_waits_a_second_for_storage_and_then_goes_on() -> None:
    async def script(on: Stage) -> None:
        on.say(1, "one", after_storage=True)
        await asyncio.sleep(0.9)
        assert not on.signals()
        await asyncio.sleep(2)

    async def main() -> Stage:
        async with stage(log=stalled_log(), leg=StillLeg(DELAY)) as on:
            await script(on)
            return on

    faltered, *rest = in_virtual_time(main).signals()

    assert isinstance(faltered, StorageFaltered)
    assert [SpeechBegan(1), SpeechEnded(1, "one", 1.0)] == rest


def test_a_voice_that_stalls_holds_nobody_up_once_the_speech_is_stopped() -> None:
    async def script(on: Stage) -> None:
        on.say(1, "one")
        await asyncio.sleep(3)
        on.speaker.stop(1)
        await asyncio.sleep(0.1)

    assert [SpeechEnded(1, "", 0.0, cut=True)] == played(script, voice=StalledVoice()).signals()


def test_other_signals_are_left_alone() -> None:
    async def script(on: Stage) -> None:
        on.speaker.stop(99)
        on.speaker.hold(99)
        on.speaker.resume(99)
        on.speaker.duck(99)

    assert not [s for s in played(script).signals() if not isinstance(s, MicrophoneMuted)]


def test_what_was_heard_of_a_held_speech_stays_what_it_was_when_it_is_cut_later() -> None:
    async def script(on: Stage) -> None:
        on.leg.delay = 0.3  # type: ignore[union-attr]
        on.say(1, FOUR_WORDS)
        await asyncio.sleep(0.3 + 1.1)
        on.speaker.hold(1)
        await asyncio.sleep(2)
        on.speaker.stop(1)
        await asyncio.sleep(0.1)

    (ended,) = [signal for signal in played(script).signals() if isinstance(signal, SpeechEnded)]

    assert "one two" == ended.heard
    assert 1.1 == pytest.approx(ended.heard_duration, abs=0.06)


def test_a_speech_that_is_held_before_its_first_sound_begins_when_it_is_resumed() -> None:
    async def script(on: Stage) -> None:
        on.say(1, "one")
        on.say(2, "two")
        on.speaker.hold(2)
        await asyncio.sleep(2)
        assert SpeechBegan(2) not in on.signals()
        on.speaker.resume(2)
        await asyncio.sleep(1)

    on = played(script)

    assert [1, 1, 2, 2] == [signal.speech_id for signal in on.signals()]  # type: ignore[union-attr]
    assert SpeechEnded(2, "two", 1.0) == on.signals()[-1]


def test_a_speech_that_is_held_before_its_first_sound_stays_held_on_the_next_leg() -> None:
    async def script(on: Stage) -> None:
        on.say(1, "one")
        on.speaker.hold(1)
        await asyncio.sleep(0.5)
        on.speaker.lose_leg()
        on.speaker.use_leg(on.leg)  # type: ignore[arg-type]
        await asyncio.sleep(1)
        assert [] == on.signals()
        on.speaker.resume(1)
        await asyncio.sleep(1)

    assert [SpeechBegan(1), SpeechEnded(1, "one", 1.0)] == played(script).signals()


def test_a_page_that_claims_an_endless_road_takes_back_no_more_than_two_seconds() -> None:
    async def script(on: Stage) -> None:
        assert on.leg is not None
        on.say(1, " ".join(["word."] * 10))
        await asyncio.sleep(4)
        on.leg.delay = 100.0
        on.speaker.hold(1)
        await asyncio.sleep(0.5)
        on.speaker.resume(1)
        on.leg.delay = DELAY
        await asyncio.sleep(8)

    on = played(script)
    (ended,) = [at for at, signal in on.heard if isinstance(signal, SpeechEnded)]

    assert pytest.approx(5 + 0.5 + 2.0 + DELAY, abs=0.6) == ended

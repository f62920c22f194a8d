"""A recogniser that fails or falls silent is replaced, and nothing that was said is lost."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from media.frames import EAR_FRAME_SAMPLES, AudioFrame
from server.providers.ears import Heard
from server.providers.fallback_recogniser import FallbackRecogniser
from server.providers.protocols import HintsChanged, ProviderError, Recognition, Transcript, TurnEndHint
from server.providers.standing import Standings
from server.providers.witness import Decision, Told, witnessed_by
from tests.support.noted_recognition import NotedRecognition
from tests.support.virtual_time import in_virtual_time


class NotedRecogniser:
    """A SpeechToText of which each talk's recognition can be looked at."""

    def __init__(self, name: str, fault: Exception | None = None, hints: str = "") -> None:
        self.name = name
        self.turn_end_hints = hints
        self.talks: list[NotedRecognition] = []
        self._fault = fault

    def recognize(self, language: str, key_terms: Sequence[str]) -> NotedRecognition:
        if self._fault is not None:
            raise self._fault
        self.talks.append(NotedRecognition())
        return self.talks[-1]


class Scene:
    """A talk whose first recogniser can be let down."""

    def __init__(self, *, fault: Exception | None = None, stand_in_fault: Exception | None = None) -> None:
        self.first = NotedRecogniser("vendor", fault, "hints")
        self.second = NotedRecogniser("embedded", stand_in_fault)
        self.standings = Standings("speech_to_text")
        self.told: list[Told] = []
        self.heard: list[Heard] = []
        self.recogniser = FallbackRecogniser(self.first, self.second, standings=self.standings)

    async def talk(self, act: "Callable[[Recognition], None]", *, wait: float = 5.0) -> None:
        """Open a talk, do `act`, wait, close it."""
        with witnessed_by(self.told.append):
            recognition = self.recogniser.recognize("en", ())
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(recognition))
            act(recognition)
            await asyncio.sleep(wait)
            await recognition.close()

    async def _read(self, recognition: Recognition) -> None:
        async for heard in recognition:
            self.heard.append(heard)

    @property
    def decisions(self) -> list[str]:
        return [one.decision for one in self.told if isinstance(one, Decision)]


def say(recognition: Recognition, utterance_id: int, frames: int, *, end: bool = True) -> None:
    """One utterance's sound."""
    recognition.start_utterance(utterance_id)
    for number in range(frames):
        recognition.hear(AudioFrame(bytes(EAR_FRAME_SAMPLES * 2), number * EAR_FRAME_SAMPLES))
    if end:
        recognition.end_utterance(utterance_id)


def final(utterance_id: int, text: str, failed: str | None = None) -> Transcript:
    return Transcript(utterance_id, text, 0.9, final=True, failed=failed)


def test_a_recogniser_that_answers_in_time_is_left_alone() -> None:
    scene = Scene()

    def act(recognition: Recognition) -> None:
        recognition.attend("closed")
        say(recognition, 1, 10)
        scene.first.talks[0].say(final(1, "yes"))

    in_virtual_time(lambda: scene.talk(act))

    assert [final(1, "yes")] == scene.heard
    assert "closed" == scene.first.talks[0].patience
    assert {} == scene.second.talks[0].frames
    assert [] == scene.decisions


def test_what_an_often_silent_one_owes_is_heard_by_the_stand_in_which_stays_for_the_talk() -> None:
    scene = Scene()

    def act(recognition: Recognition) -> None:
        recognition.attend("recall")
        say(recognition, 1, 10)
        scene.first.talks[0].say(final(1, "well"))
        asyncio.get_running_loop().call_later(1.0, say, recognition, 2, 20)
        asyncio.get_running_loop().call_later(3.0, say, recognition, 3, 30)
        asyncio.get_running_loop().call_later(5.0, say, recognition, 4, 40)

    in_virtual_time(lambda: scene.talk(act, wait=7.0))

    assert [final(1, "well"), HintsChanged("")] == scene.heard
    assert {2: 20, 3: 30, 4: 40} == scene.second.talks[0].frames
    assert [2, 3, 4] == scene.second.talks[0].ended
    assert "recall" == scene.second.talks[0].patience
    assert {1: 10, 2: 20, 3: 30} == scene.first.talks[0].frames
    assert ["replaced", "replaced"] == scene.decisions


def test_a_single_late_final_is_the_stand_ins_and_the_rest_of_the_talk_is_not() -> None:
    scene = Scene()
    hint = TurnEndHint(2, "over", 0.9)

    def act(recognition: Recognition) -> None:
        loop = asyncio.get_running_loop()
        vendor, stand_in = scene.first.talks[0], scene.second.talks[0]
        say(recognition, 1, 10)
        loop.call_later(1.8, stand_in.say, final(1, "well"))
        loop.call_later(2.0, vendor.say, final(1, "Well,"))
        loop.call_later(2.5, say, recognition, 2, 20)
        loop.call_later(3.0, vendor.say, final(2, "yes."))
        loop.call_later(3.1, vendor.say, hint)
        loop.call_later(4.0, say, recognition, 3, 30)
        loop.call_later(5.8, vendor.say, final(3, "No."))
        loop.call_later(6.0, stand_in.say, final(3, "know"))

    in_virtual_time(lambda: scene.talk(act, wait=7.0))

    assert [final(1, "well"), final(2, "yes."), hint, final(3, "No.")] == scene.heard
    assert {1: 10, 3: 30} == scene.second.talks[0].frames
    assert ["replaced", "replaced"] == scene.decisions


@pytest.mark.parametrize(("failed", "opened"), [("refused", True), ("rejected", False)])
def test_a_refused_key_opens_the_breaker_at_once_and_a_fault_of_one_study_never_does(
    failed: str, *, opened: bool
) -> None:
    scene = Scene()

    async def talks() -> None:
        for _ in range(1 if opened else 4):
            await scene.talk(failing_with(scene, failed), wait=0.5)

    in_virtual_time(talks)

    assert opened == bool(scene.standings.open)


def failing_with(scene: Scene, failed: str) -> Callable[[Recognition], None]:
    def act(recognition: Recognition) -> None:
        say(recognition, 1, 1)
        scene.first.talks[-1].say(final(1, "", failed=failed))

    return act


def test_whatever_a_vendors_library_raises_at_the_start_of_a_talk_leads_to_the_stand_in() -> None:
    scene = Scene(fault=RuntimeError("a bug of theirs"))
    in_virtual_time(lambda: scene.talk(lambda recognition: say(recognition, 1, 1)))

    assert {1: 1} == scene.second.talks[0].frames
    assert [HintsChanged("")] == scene.heard
    assert ["replaced"] == scene.decisions


def test_one_that_fails_in_the_middle_of_an_utterance_is_replaced_in_it() -> None:
    scene = Scene()

    def act(recognition: Recognition) -> None:
        say(recognition, 1, 10, end=False)
        scene.first.talks[0].say(final(1, "", failed="crashed"))
        asyncio.get_running_loop().call_later(1.0, recognition.end_utterance, 1)

    in_virtual_time(lambda: scene.talk(act, wait=2.0))

    assert [HintsChanged("")] == scene.heard
    assert ({1: 10}, [1]) == (scene.second.talks[0].frames, scene.second.talks[0].ended)


def test_one_that_stops_listening_is_replaced_at_once() -> None:
    scene = Scene()

    def act(recognition: Recognition) -> None:
        say(recognition, 1, 10, end=False)
        asyncio.get_running_loop().create_task(scene.first.talks[0].close())

    in_virtual_time(lambda: scene.talk(act, wait=0.1))

    assert {1: 10} == scene.second.talks[0].frames


def test_where_the_stand_in_does_not_know_the_language_what_fails_is_told_as_failed() -> None:
    scene = Scene(stand_in_fault=ProviderError("embedded", "US English only", retryable=False))

    in_virtual_time(lambda: scene.talk(lambda recognition: say(recognition, 1, 10)))

    assert [Transcript(1, "", 1.0, final=True, failed="unheard")] == scene.heard


def test_after_failing_in_talk_after_talk_it_is_not_asked_at_all() -> None:
    scene = Scene()

    async def talks() -> None:
        for _ in range(4):
            await scene.talk(lambda recognition: say(recognition, 1, 1), wait=2.0)

    in_virtual_time(talks)

    assert (3, 4) == (len(scene.first.talks), len(scene.second.talks))
    assert ["replaced", "replaced", "replaced", "opened", "skipped"] == scene.decisions
    assert {"vendor": "vendor: no words in time"} == scene.standings.open


def test_no_more_than_a_minute_of_owed_sound_is_kept() -> None:
    scene = Scene()

    def act(recognition: Recognition) -> None:
        for utterance_id in (1, 2, 3, 4):
            say(recognition, utterance_id, 1_000)

    in_virtual_time(lambda: scene.talk(act))

    assert {1: 0, 2: 1_000, 3: 1_000, 4: 1_000} == scene.second.talks[0].frames

"""Utterances over a stream that knows none: each word in one final, each end with one."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.frames import EAR_FRAME_SAMPLES, FRAME_DURATION, AudioFrame
from server.providers.deepgram.flux import THRESHOLDS, FluxRecognition, Thresholds
from server.providers.deepgram.limits import DeepgramLimits
from server.providers.deepgram.line import Meter
from server.providers.deepgram.nova import NovaRecognition
from server.providers.deepgram.sound import LINEAR16
from server.providers.deepgram.talk import Talk, Word
from server.providers.protocols import Transcript, TurnEndHint
from tests.support.virtual_time import in_virtual_time

Result = TypeVar("Result")
LIMITS = DeepgramLimits()
FRAME = bytes(EAR_FRAME_SAMPLES * 2)


def _no_dial(*_: Thresholds) -> AbstractAsyncContextManager[Any]:
    raise AssertionError("nobody runs the line")


def _flux() -> FluxRecognition:
    recognition = FluxRecognition(_no_dial, LINEAR16, LIMITS, Meter(lambda _: None))
    recognition.connected(0)
    return recognition


def _nova() -> NovaRecognition:
    recognition = NovaRecognition(_no_dial, LINEAR16, LIMITS, Meter(lambda _: None))
    recognition.connected(0)
    return recognition


class _Mic:
    """Says frames to a recognition, as the listener does."""

    def __init__(self, recognition: FluxRecognition | NovaRecognition | Talk) -> None:
        self._recognition = recognition
        self.frames = 0

    def speak(self, seconds: float) -> None:
        for _ in range(round(seconds / FRAME_DURATION)):
            self._recognition.hear(AudioFrame(FRAME, self.frames * EAR_FRAME_SAMPLES))
            self.frames += 1


def _word(text: str, at: float) -> dict[str, Any]:
    return {"word": text, "confidence": 0.9, "start": at - 0.1, "end": at + 0.1}


def _turn(event: str, to: float, words: Sequence[dict[str, Any]], index: int = 0, **more: Any) -> str:
    info = {
        "type": "TurnInfo",
        "event": event,
        "turn_index": index,
        "audio_window_start": 0.0,
        "audio_window_end": to,
        "transcript": " ".join(word["word"] for word in words),
        "words": words,
        "end_of_turn_confidence": 0.6,
        **more,
    }
    return msgspec.json.encode(info).decode()


def _results(start: float, to: float, words: Sequence[dict[str, Any]], **more: Any) -> str:
    channel = {"alternatives": [{"transcript": "", "confidence": 0.9, "words": words}]}
    results = {"type": "Results", "start": start, "duration": to - start, "channel": channel, **more}
    return msgspec.json.encode(results).decode()


def _said(run: Callable[[], FluxRecognition | NovaRecognition]) -> list[Transcript | TurnEndHint]:
    """All that is said while `run` goes on, in virtual time."""

    async def main() -> list[Transcript | TurnEndHint]:
        recognition = run()
        await recognition.close()
        return [said async for said in recognition]

    return in_virtual_time(main)


def _finals(said: list[Transcript | TurnEndHint]) -> list[tuple[int, str, str | None]]:
    return [(t.utterance_id, t.text, t.failed) for t in said if isinstance(t, Transcript) and t.final]


def test_hints_follow_the_words_that_they_rest_on_and_name_the_utterance() -> None:
    def run() -> FluxRecognition:
        flux = _flux()
        mic = _Mic(flux)
        flux.start_utterance(4)
        mic.speak(1.4)
        flux.receive(_turn("Update", 0.75, [_word("Hello", 0.4)]))
        flux.receive(_turn("EagerEndOfTurn", 1.3, [_word("Hello", 0.4), _word("there.", 0.7)]))
        flux.end_utterance(4)
        flux.receive(_turn("EndOfTurn", 1.8, [_word("Hello", 0.4), _word("there.", 0.7)], trigger="model"))
        return flux

    said = _said(run)

    assert [
        Transcript(4, "Hello there.", 0.9, final=False, behind=pytest.approx(0.1)),  # type: ignore[arg-type]
        TurnEndHint(4, "eager", 0.6),
        Transcript(4, "Hello there.", 0.9, final=True),
        TurnEndHint(4, "over", 0.6),
    ] == said


def test_a_turn_that_ended_by_its_timeout_is_no_hint() -> None:
    def run() -> FluxRecognition:
        flux = _flux()
        flux.start_utterance(1)
        _Mic(flux).speak(0.5)
        flux.end_utterance(1)
        flux.receive(_turn("EndOfTurn", 6.0, [_word("Well", 0.3)], trigger="timeout"))
        return flux

    assert [Transcript(1, "Well", 0.9, final=True)] == _said(run)


def test_one_turn_over_two_utterances_is_shared_out_by_time() -> None:
    def run() -> FluxRecognition:
        flux = _flux()
        mic = _Mic(flux)
        flux.start_utterance(1)
        mic.speak(1.0)
        flux.end_utterance(1)
        first = [_word("I", 0.2), _word("went", 0.5)]
        flux.receive(_turn("Update", 1.25, first))
        flux.start_utterance(2)
        mic.speak(1.0)
        flux.end_utterance(2)
        flux.receive(_turn("EndOfTurn", 2.1, [*first, _word("home.", 1.4)], trigger="model"))
        return flux

    assert [(1, "I went", None), (2, "home.", None)] == _finals(_said(run))


def test_words_of_a_turn_that_is_over_stay_with_their_utterance() -> None:
    def run() -> FluxRecognition:
        flux = _flux()
        flux.start_utterance(1)
        _Mic(flux).speak(3.0)
        flux.receive(_turn("EndOfTurn", 1.0, [_word("Yes.", 0.5)], trigger="model"))
        flux.receive(_turn("Update", 1.25, [], index=1))
        flux.receive(_turn("Update", 2.5, [_word("Mostly.", 2.0)], index=1))
        flux.end_utterance(1)
        flux.receive(_turn("Update", 3.5, [_word("Mostly.", 2.0)], index=1))
        return flux

    assert [(1, "Yes. Mostly.", None)] == _finals(_said(run))


def test_after_a_new_connection_times_are_counted_from_where_it_began() -> None:
    def run() -> FluxRecognition:
        flux = _flux()
        mic = _Mic(flux)
        flux.start_utterance(1)
        mic.speak(1.0)
        flux.end_utterance(1)
        flux.receive(_turn("Update", 1.2, [_word("One", 0.5)]))
        flux.start_utterance(2)
        mic.speak(1.0)
        flux.receive(_turn("Update", 1.75, [_word("One", 0.5), _word("two", 1.5)]))
        flux.connected(flux.talk.wanted_from)
        flux.receive(_turn("Update", 0.25, []))
        flux.end_utterance(2)
        flux.receive(_turn("Update", 1.25, [_word("two", 0.5), _word("three", 0.8)]))
        return flux

    said = _said(run)

    assert [(1, "One", None), (2, "two three", None)] == _finals(said)
    assert "" not in [t.text for t in said if isinstance(t, Transcript)]


def test_a_final_that_does_not_come_is_given_with_the_best_words_as_failed() -> None:
    async def main() -> list[Transcript | TurnEndHint]:
        flux = _flux()
        flux.line.up = True
        flux.start_utterance(1)
        _Mic(flux).speak(2.0)
        flux.receive(_turn("Update", 1.0, [_word("Only", 0.5)]))
        flux.end_utterance(1)
        said = []
        async for one in flux:
            said.append(one)
            if isinstance(one, Transcript) and one.final:
                await flux.close()
        return said

    assert [(1, "Only", "timeout")] == _finals(in_virtual_time(main))


def test_words_that_come_after_their_utterance_has_failed_are_not_the_next_ones() -> None:
    async def main() -> list[Transcript | TurnEndHint]:
        nova = _nova()
        mic = _Mic(nova)
        said: list[Transcript | TurnEndHint] = []
        nova.start_utterance(1)
        mic.speak(1.0)
        nova.end_utterance(1)
        async for one in nova:
            said.append(one)
            if len(_finals(said)) == 1:
                nova.start_utterance(2)
                mic.speak(1.0)
                nova.end_utterance(2)
                words = [_word("late", 0.5), _word("again", 1.5)]
                nova.receive(_results(0.0, 2.0, words, is_final=True, from_finalize=True))
                await nova.close()
        return said

    assert [(1, "", "unreachable"), (2, "again", None)] == _finals(in_virtual_time(main))


def test_frames_that_were_heard_already_are_not_sent_twice() -> None:
    def run() -> NovaRecognition:
        nova = _nova()
        mic = _Mic(nova)
        nova.start_utterance(1)
        mic.speak(1.0)
        nova.end_utterance(1)
        nova.start_utterance(2)
        mic.frames -= 15
        mic.speak(1.3)
        assert LINEAR16.size(2.0) == nova.talk.sound.end
        return nova

    _said(run)


def test_nova_gives_a_final_when_what_was_asked_for_is_flushed_though_it_counts_otherwise() -> None:
    def run() -> NovaRecognition:
        nova = _nova()
        nova.start_utterance(1)
        _Mic(nova).speak(1.0)
        nova.receive(_results(0.0, 0.5, [_word("so", 0.3)]))
        nova.receive(_results(0.0, 0.7, [{**_word("so", 0.3), "punctuated_word": "So,"}], is_final=True))
        nova.end_utterance(1)
        nova.receive(_results(0.7, 0.85, [_word("yes", 0.75)], is_final=True, from_finalize=True))
        return nova

    assert [(1, "So, yes", None)] == _finals(_said(run))


def test_ends_count_once_and_one_never_begun_is_answered_as_unheard() -> None:
    def run() -> FluxRecognition:
        flux = _flux()
        flux.hear(AudioFrame(FRAME, 0))
        flux.end_utterance(1)
        flux.end_utterance(1)
        flux.start_utterance(2)
        flux.end_utterance(2)
        flux.end_utterance(2)
        flux.start_utterance(2)
        return flux

    assert [(1, "", "unheard"), (2, "", None)] == _finals(_said(run))


def test_an_utterance_that_was_not_ended_ends_with_the_next() -> None:
    def run() -> NovaRecognition:
        nova = _nova()
        mic = _Mic(nova)
        nova.start_utterance(1)
        mic.speak(1.0)
        nova.start_utterance(2)
        mic.speak(1.0)
        nova.end_utterance(2)
        nova.receive(_results(0.0, 2.0, [_word("a", 0.5), _word("b", 1.5)], is_final=True))
        return nova

    assert [(1, "a", None), (2, "b", None)] == _finals(_said(run))


@pytest.mark.parametrize("make", [_flux, _nova])
@given(frames=st.lists(st.one_of(st.text(), st.binary(), st.sampled_from([
    "null", "[]", '{"type": "TurnInfo"}', '{"type": "Zebra"}', '{"type": "Error", "code": "X\\n"}',
    _turn("EndOfTurn", -1e308, [_word("", 1e300)], index=-5), _turn("Nonsense", 1e308, []),
    _turn("EagerEndOfTurn", 0.1, [{"word": "x"}], end_of_turn_confidence=-7.0),
    _results(-5.0, 1e308, [_word("x", -1e300)], is_final=True), _results(0.0, 0.0, []),
    '{"type":"Results","start":0,"duration":1,"channel":{}}', '{"type":"Warning"}',
])), max_size=20))  # fmt: skip
def test_nothing_that_is_said_breaks_a_talk(
    make: Callable[[], FluxRecognition | NovaRecognition], frames: list[str | bytes]
) -> None:
    def run() -> FluxRecognition | NovaRecognition:
        recognition = make()
        recognition.start_utterance(1)
        _Mic(recognition).speak(0.2)
        for frame in frames:
            recognition.receive(frame)
        recognition.end_utterance(1)
        recognition.talk.give_up("stopped")
        return recognition

    said = _said(run)

    assert 1 == len(_finals(said))
    assert all(0 <= one.confidence <= 1 for one in said)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(25, 150), st.integers(0, 40)), min_size=1, max_size=6),
    st.integers(1, 30),
    st.integers(0, 400),
)
def test_every_word_is_in_the_final_of_its_own_utterance_wherever_a_connection_breaks(
    utterances: list[tuple[int, int]], report_every: int, break_at: int
) -> None:
    """Utterances of so many frames with so much silence after them; a word in each half second of speech."""

    async def main() -> None:
        talk = Talk(LINEAR16, LIMITS, lambda: "timeout")
        mic, heard_at, began = _Mic(talk), 0, 0.0
        words: list[Word] = []
        expected: dict[int, list[str]] = {}
        reports = 0

        def report() -> None:
            nonlocal reports, began
            reports += 1
            if reports == break_at:
                began = LINEAR16.seconds(talk.wanted_from)
            now = LINEAR16.seconds(talk.sound.end)
            talk.heard([word for word in words if began <= word.at < now - 0.05], now, now - 0.1)

        for number, (frames, quiet) in enumerate(utterances, 1):
            assert talk.start(number)
            start = LINEAR16.seconds(talk.sound.end)
            expected[number] = []
            for frame in range(frames):
                if frame % 25 == 5 and frame < frames - 15:
                    words.append(Word(f"w{len(words)}", 0.9, start + (frame + 1) * FRAME_DURATION))
                    expected[number].append(words[-1].text)
                mic.speak(FRAME_DURATION)
                heard_at += 1
                if heard_at % report_every == 0:
                    report()
            talk.end(number)
            for _ in range(quiet):
                talk.sound.append(FRAME)
                heard_at += 1
                if heard_at % report_every == 0:
                    report()
        talk.sound.append(FRAME * 50)
        report()
        talk.close()
        finals = [t async for t in talk.transcripts() if isinstance(t, Transcript) and t.final]

        assert list(expected) == [final.utterance_id for final in finals]
        assert [" ".join(texts) for texts in expected.values()] == [final.text for final in finals]
        assert all(final.failed is None for final in finals)

    in_virtual_time(main)


def test_the_thresholds_of_every_patience_lie_within_what_flux_takes() -> None:
    for thresholds in THRESHOLDS.values():
        assert 0.3 <= thresholds.eager_eot_threshold <= thresholds.eot_threshold <= 0.9
        assert 500 <= thresholds.eot_timeout_ms <= 10_000
    assert THRESHOLDS["closed"].eager_eot_threshold < THRESHOLDS["reflect"].eager_eot_threshold


def test_a_report_from_far_beyond_the_sound_takes_no_words_from_the_rest_of_the_talk() -> None:
    def run() -> FluxRecognition:
        flux = _flux()
        mic = _Mic(flux)
        flux.start_utterance(1)
        mic.speak(1.0)
        flux.receive(_turn("Update", 1e300, [_word("Far", 1e299)]))
        flux.end_utterance(1)
        flux.receive(_turn("Update", 1.2, []))
        flux.start_utterance(2)
        mic.speak(1.0)
        flux.end_utterance(2)
        flux.receive(_turn("EndOfTurn", 2.0, [_word("Near.", 1.5)], trigger="model"))
        return flux

    assert [(1, "", None), (2, "Near.", None)] == _finals(_said(run))

"""What is sent to Deepgram: the line of time and what is kept of it, formats, and words to expect."""

from unicodedata import category

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media.codecs import ulaw_decode
from media.frames import EAR_FRAME_SAMPLES, AudioFrame
from server.providers.deepgram.key_terms import MAX_TERM_CHARS, MAX_TERMS, MAX_TOKENS, accepted
from server.providers.deepgram.sound import FORMATS, LINEAR16, MULAW, KeptSound
from tests.support.speech import ear_frames, speech_pcm


@given(st.lists(st.one_of(st.binary(max_size=40), st.integers(0, 300)), max_size=40), st.integers(1, 64))
def test_what_is_kept_is_the_end_of_all_that_was_said_and_stands_at_its_own_place(
    steps: list[bytes | int], capacity: int
) -> None:
    """A step is a piece of sound, or a place before which nothing is wanted."""
    kept, everything, forgotten = KeptSound(capacity), b"", 0
    for step in steps:
        if isinstance(step, bytes):
            kept.append(step)
            everything += step
        else:
            kept.forget(step)
            forgotten = max(forgotten, min(step, len(everything)))
        wanted_from = max(forgotten, len(everything) - capacity)

        assert len(everything) == kept.end
        assert kept.start <= max(forgotten, wanted_from)
        assert kept.end - kept.start <= capacity
        assert everything[kept.start :] == kept.read(kept.start, capacity + 1)


@given(st.binary(min_size=20, max_size=200), st.integers(1, 50), st.data())
def test_reading_on_from_any_place_that_is_kept_gives_the_sound_without_hole_or_repetition(
    sound: bytes, piece: int, data: st.DataObject
) -> None:
    kept = KeptSound(1_000)
    kept.append(sound)
    kept.forget(data.draw(st.integers(0, len(sound))))
    place = data.draw(st.integers(kept.start, len(sound)))
    begun_at, read = place, b""
    while part := kept.read(place, piece):
        read += part
        place += len(part)

    assert sound[begun_at:] == read


def test_what_was_lost_is_not_read_as_something_else() -> None:
    kept = KeptSound(8)
    kept.append(bytes(20))

    with pytest.raises(LookupError):
        kept.read(3, 4)


def _rms(pcm: bytes) -> float:
    return float(np.sqrt(np.mean(np.frombuffer(pcm, "<i2").astype(np.float64) ** 2)))


@pytest.mark.parametrize("form", FORMATS.values())
@given(seconds=st.floats(0, 100))
def test_times_and_places_are_the_same_in_every_format(form, seconds: float) -> None:  # type: ignore[no-untyped-def]
    size = form.size(seconds)

    assert abs(seconds - form.seconds(size)) <= 0.5 / form.rate_hz + 1e-9
    assert 0 == size % form.sample_bytes
    assert size == len(form.silence(seconds))


def test_a_telephones_sound_is_passed_on_as_it_came() -> None:
    frame = AudioFrame(bytes(EAR_FRAME_SAMPLES * 2), 0, mulaw=bytes(range(160)))

    assert bytes(range(160)) == MULAW.written(frame)
    assert frame.pcm == LINEAR16.written(frame)


def test_a_frame_that_no_telephone_sent_is_made_into_its_sound() -> None:
    frames = ear_frames(speech_pcm())
    narrow = b"".join(MULAW.written(frame) for frame in frames)
    wide = b"".join(frame.pcm for frame in frames)

    assert len(frames) * 160 == len(narrow)
    assert _rms(ulaw_decode(narrow)) == pytest.approx(_rms(wide), rel=0.3)


@pytest.mark.parametrize("form", FORMATS.values())
@pytest.mark.parametrize("pcm", [b"", b"\1", b"\1\2\3", b"\1\2\3\4\5"])
def test_a_ragged_frame_becomes_whole_samples(form, pcm: bytes) -> None:  # type: ignore[no-untyped-def]
    assert 0 == len(form.written(AudioFrame(pcm, 0))) % form.sample_bytes


@settings(max_examples=40)
@given(st.lists(st.text(max_size=80), max_size=150))
def test_key_terms_are_few_short_single_lines(terms: list[str]) -> None:
    kept = accepted(terms)

    assert len(kept) <= MAX_TERMS
    assert sum(len(term.encode()) for term in kept) <= 2 * MAX_TOKENS
    assert len({term.casefold() for term in kept}) == len(kept)
    for term in kept:
        assert 0 < len(term) <= MAX_TERM_CHARS
        assert term == " ".join(term.split())
        assert not any(category(char).startswith("C") for char in term)


def test_key_terms_keep_their_order_and_spelling() -> None:
    terms = ["Acme  Corp", "k8s", "acme corp", "", " -- ", "Zoë\nMüller", "x" * 61, "\ud800", "LINE\u2028END"]

    assert ["Acme Corp", "k8s", "Zoë Müller", "LINE END"] == accepted(terms)

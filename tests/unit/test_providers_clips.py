"""From synthesised sound to a clip, to bytes and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.codecs import OpusDecoder
from media.frames import VOICE_FRAME_SAMPLES, VOICE_RATE_HZ
from media.loudness import TARGET_DBFS
from server.providers.clips import (
    ClipError,
    clip_key,
    from_bytes,
    make_clip,
    to_bytes,
)
from server.providers.protocols import PreparedClip, SpeechChunk, Voice, WordTime
from tests.emulators.voices import tone


def _silence(duration: float) -> bytes:
    return bytes(round(duration * VOICE_RATE_HZ) * 2)


def _dbfs(pcm: bytes) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.frombuffer(pcm, np.int16).astype(float) ** 2)) / 32_768))


def _clip() -> PreparedClip:
    words = (WordTime(0, 3, 0.5, 0.7), WordTime(4, 7, 0.7, 0.9))
    return make_clip([SpeechChunk(_silence(0.5)), SpeechChunk(tone(0.4) + _silence(0.6), words)])


def test_silence_before_and_after_is_trimmed_but_for_an_onset_and_a_fading() -> None:
    clip = _clip()
    sound = np.flatnonzero(np.abs(np.frombuffer(clip.pcm, np.int16)) > 300) / VOICE_RATE_HZ

    assert 0.005 < sound[0] < 0.03
    assert len(clip.pcm) / 2 / VOICE_RATE_HZ - sound[-1] <= 0.1 + 0.02


def test_the_words_move_with_the_sound() -> None:
    clip = _clip()

    assert [0.02, 0.22] == [round(word.start, 2) for word in clip.words]
    assert [(0, 3), (4, 7)] == [(word.start_char, word.end_char) for word in clip.words]


@pytest.mark.parametrize("amplitude", [1_500, 3_000, 12_000])
def test_quiet_and_loud_voices_come_out_at_one_level(amplitude: float) -> None:
    clip = make_clip([SpeechChunk(tone(1.0, amplitude))])
    steady = clip.pcm[VOICE_RATE_HZ // 2 : VOICE_RATE_HZ]

    assert abs(_dbfs(steady) - TARGET_DBFS) < 0.5


def test_each_frame_has_its_packet_and_the_packets_decode_to_the_sound() -> None:
    clip = _clip()
    decoder = OpusDecoder(VOICE_RATE_HZ)
    decoded = b"".join(decoder.decode(packet) for packet in clip.packets)

    assert 0 == len(clip.pcm) % (VOICE_FRAME_SAMPLES * 2)
    assert len(clip.pcm) // (VOICE_FRAME_SAMPLES * 2) == len(clip.packets)
    assert len(clip.pcm) == len(decoded)
    assert abs(_dbfs(decoded) - _dbfs(clip.pcm)) < 1.5


@pytest.mark.parametrize("pcm", [b"", _silence(1.0)])
def test_a_synthesis_without_a_sound_is_no_clip(pcm: bytes) -> None:
    with pytest.raises(ClipError):
        make_clip([SpeechChunk(pcm)])


def test_the_key_names_all_that_the_sound_depends_on() -> None:
    keys = {
        clip_key("embedded", Voice(), "Hello."),
        clip_key("embedded", Voice(), "Hello"),
        clip_key("embedded", Voice(speed=0.8), "Hello."),
        clip_key("embedded", Voice(voice_id="en-us+f2"), "Hello."),
        clip_key("other", Voice(), "Hello."),
    }

    assert 5 == len(keys)
    assert clip_key("embedded", Voice(), "Hello.") in keys


def test_a_clip_reads_back_as_it_was_written() -> None:
    clip = _clip()

    assert clip == from_bytes(to_bytes(clip))


@given(st.data())
def test_a_flipped_bit_or_a_cut_is_noticed(data: st.DataObject) -> None:
    stored = bytearray(to_bytes(PreparedClip(b"\1\0" * 480, (b"packet",), (WordTime(0, 1, 0.0, 0.1),))))
    if data.draw(st.booleans()):
        stored[data.draw(st.integers(0, len(stored) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    else:
        del stored[data.draw(st.integers(0, len(stored) - 1)) :]

    with pytest.raises(ClipError):
        from_bytes(bytes(stored))

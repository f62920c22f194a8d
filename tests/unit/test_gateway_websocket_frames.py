"""Messages of the audio websocket, both ways, without a socket."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.codecs import OpusDecoder, OpusEncoder
from media.frames import OPUS_SILENCE, VoiceFrame
from server.gateway import control
from server.gateway.websocket_frames import (
    HEADER,
    MAX_GAP_FRAMES,
    MAX_MESSAGE_BYTES,
    OPUS,
    PCM,
    FrameReader,
    FrameWriter,
    Garbage,
)
from tests.support.gateway import KeptTap
from tests.support.speech import pieces, speech_pcm


def pcm_message(counter: int, pcm: bytes = bytes(640)) -> bytes:
    return HEADER.pack(PCM, counter) + pcm


def opus_message(counter: int, packet: bytes = OPUS_SILENCE) -> bytes:
    return HEADER.pack(OPUS, counter) + packet


def test_pcm_passes_as_it_is_and_is_encoded_for_the_recording() -> None:
    reader, tap = FrameReader("pcm"), KeptTap()
    sound = pieces(speech_pcm(16_000), 640)[40:50]
    frames = [reader.read(pcm_message(100 + i, pcm), tap)[0] for i, pcm in enumerate(sound)]

    assert sound == [frame.pcm for frame in frames]
    assert [i * 320 for i in range(10)] == [frame.timestamp for frame in frames]
    assert [i * 960 for i in range(10)] == [timestamp for timestamp, _ in tap.received_packets]
    assert all(len(OpusDecoder(16_000).decode(packet)) == 640 for _, packet in tap.received_packets)


def test_opus_is_decoded_and_recorded_as_it_came() -> None:
    reader, tap, encoder = FrameReader("opus"), KeptTap(), OpusEncoder(16_000)
    packets = [encoder.encode(pcm) for pcm in pieces(speech_pcm(16_000), 640)[40:50]]
    frames = [reader.read(opus_message(i, packet), tap)[0] for i, packet in enumerate(packets)]

    assert [i * 320 for i in range(10)] == [frame.timestamp for frame in frames]
    assert [(i * 960, packet) for i, packet in enumerate(packets)] == tap.received_packets


@pytest.mark.parametrize("audio", ["pcm", "opus"])
def test_a_gap_in_the_counter_is_concealed_and_is_no_pause(audio: str) -> None:
    reader = FrameReader("opus" if audio == "opus" else "pcm")
    message = opus_message if audio == "opus" else pcm_message
    reader.read(message(1), None)
    frames = reader.read(message(5), None)

    assert [320, 640, 960, 1_280] == [frame.timestamp for frame in frames]
    assert [True, True, True, False] == [frame.concealed for frame in frames]
    assert all(len(frame.pcm) == 640 for frame in frames)


def test_after_a_long_gap_media_time_goes_on_behind_it() -> None:
    reader = FrameReader("pcm")
    reader.read(pcm_message(0), None)
    frames = reader.read(pcm_message(MAX_GAP_FRAMES + 2), None)

    assert [(MAX_GAP_FRAMES + 2) * 320] == [frame.timestamp for frame in frames]


def test_frames_are_marked_while_the_client_says_that_it_is_muted() -> None:
    reader = FrameReader("pcm")
    reader.muted = True

    assert reader.read(pcm_message(0), None)[0].muted


@pytest.mark.parametrize(
    ("audio", "message", "code"),
    [
        ("pcm", b"", 1007),
        ("pcm", b"\x01\x00\x00\x00\x00", 1007),
        ("pcm", pcm_message(0, bytes(639)), 1007),
        ("pcm", pcm_message(0, bytes(1_280)), 1007),
        ("pcm", pcm_message(0, bytes(MAX_MESSAGE_BYTES)), 1009),
        ("pcm", opus_message(0), 1003),
        ("opus", pcm_message(0), 1003),
        ("opus", b"\x07\x00\x00\x00\x00abc", 1003),
        ("opus", opus_message(0, b"\xff"), 1007),
        ("opus", opus_message(0, b"\x18\xff\xfe"), 1007),  # 60 ms
    ],
)
def test_garbage_is_named_with_a_close_code(audio: str, message: bytes, code: int) -> None:
    reader = FrameReader("opus" if audio == "opus" else "pcm")
    with pytest.raises(Garbage) as caught:
        reader.read(message, None)

    assert code == caught.value.code
    assert len(caught.value.reason.encode()) <= 123  # RFC 6455 §5.5


def test_a_counter_that_runs_backwards_is_garbage() -> None:
    reader = FrameReader("pcm")
    reader.read(pcm_message(9), None)
    with pytest.raises(Garbage):
        reader.read(pcm_message(9), None)


@given(st.sampled_from(["pcm", "opus"]), st.lists(st.binary(max_size=700), max_size=10))
def test_whatever_comes_is_frames_or_garbage(audio: str, messages: list[bytes]) -> None:
    reader = FrameReader("opus" if audio == "opus" else "pcm")
    for i, message in enumerate(messages):
        for variant in (message, HEADER.pack(reader._kind, i) + message):
            try:
                frames = reader.read(variant, KeptTap())
            except Garbage:
                continue
            assert all(len(frame.pcm) == 640 for frame in frames)


# To the client


def test_pcm_for_the_client_is_16_khz_in_whole_frames_without_a_seam() -> None:
    writer = FrameWriter("pcm")
    tone = (8_000 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)).astype(np.int16).tobytes()
    messages = [
        writer.write(slot, VoiceFrame(pcm), encode=False)[0] for slot, pcm in enumerate(pieces(tone, 960))
    ]

    assert all(len(message) == 645 for message in messages)
    assert [(PCM, slot) for slot in range(50)] == [HEADER.unpack_from(message) for message in messages]
    sound = np.frombuffer(b"".join(message[5:] for message in messages), np.int16).astype(float)
    steps = np.abs(np.diff(sound[2_000:]))
    assert steps.max() < 8_000 * 2 * np.pi * 440 / 16_000 * 1.05


def test_the_recording_gets_opus_of_what_was_sent_as_pcm() -> None:
    writer = FrameWriter("pcm")
    sound = pieces(speech_pcm(24_000), 960)[60]

    assert writer.write(0, None, encode=True)[1] == OPUS_SILENCE
    assert writer.write(1, VoiceFrame(sound, packet=b"ready"), encode=True)[1] == b"ready"
    packet = writer.write(2, VoiceFrame(sound), encode=True)[1]
    assert packet is not None
    assert len(OpusDecoder(16_000).decode(packet)) == 640
    assert writer.write(3, VoiceFrame(sound), encode=False)[1] is None


def test_opus_for_the_client_is_the_ready_packet_or_silence() -> None:
    writer = FrameWriter("opus")

    assert writer.write(0, None, encode=False) == (opus_message(0), OPUS_SILENCE)
    assert writer.write(7, VoiceFrame(b"", packet=b"ready"), encode=False)[0] == opus_message(7, b"ready")


# Control messages


def test_the_page_messages_are_read() -> None:
    ping = control.read_message('{"type":"ping","n":7}')
    playout = control.read_message('{"type":"playout","delay":0.08}')
    muted = control.read_message('{"muted":true}')

    assert ping is not None
    assert (ping.type, ping.n) == ("ping", 7)
    assert playout is not None
    assert playout.delay == 0.08
    assert muted is not None
    assert muted.muted is True
    assert control.read_message('{"type":"of tomorrow","x":[1]}') is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "7",
        '{"muted":1}',
        '{"delay":-1}',
        '{"delay":1e9}',
        '{"n":"x"}',
        '{"n":1' + " " * 600 + "}",
        "[" * 400,
        '{"type":"\ud800"}',
    ],
)
def test_what_is_no_page_message_is_none(text: str) -> None:
    assert control.read_message(text) is None


@given(st.text(max_size=600))
def test_any_text_is_a_message_or_none(text: str) -> None:
    control.read_message(text)
    control.read_message('{"type":"ping","n":' + text)


def test_an_allowance_gives_its_burst_and_then_its_rate() -> None:
    allowance = control.Allowance(per_second=10.0, burst=3.0)

    assert [True, True, True, False] == [allowance.take(0.0) for _ in range(4)]
    assert allowance.take(0.1)
    assert not allowance.take(0.1)

import io
import random

import av
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.codecs import OpusDecoder, OpusEncoder
from media.frames import OPUS_FRAME_TICKS, OPUS_SILENCE
from media.ogg import MAX_PAGE_BYTES, checksum, page, parse_last_page
from media.recording import LATENESS_SLOTS, PAGE_SLOTS, PRE_SKIP, OggRecording, self_delimited
from tests.support.speech import pieces, speech_pcm

Channels = npt.NDArray[np.float32]
SERIAL = 0x1234
SAME = 0.97
"""Likeness of one packet stream through FFmpeg's decoder and libopus, which differ in their resampling."""


def encoded(rate_hz: int = 48_000) -> list[bytes]:
    encoder = OpusEncoder(rate_hz, complexity=1)
    return [encoder.encode(piece) for piece in pieces(speech_pcm(rate_hz), rate_hz // 50 * 2)]


SPEECH = encoded()
SLOTS = len(SPEECH)


def decoded(file: bytes) -> Channels:
    """What a player makes of it: two rows of samples at 48 kHz."""
    with av.open(io.BytesIO(file), mode="r", format="ogg") as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1) if frames else np.zeros((2, 0), np.float32)


def mono(packets: list[bytes]) -> Channels:
    """The same packets through libopus alone, with the delay of the codec taken off."""
    decoder = OpusDecoder(48_000)
    pcm = b"".join(decoder.decode(packet) for packet in packets)
    return (np.frombuffer(pcm, np.int16).astype(np.float32) / np.float32(32_768))[PRE_SKIP:]


def alike(left: Channels, right: Channels) -> float:
    size = min(len(left), len(right))
    return float(np.corrcoef(left[:size], right[:size])[0, 1])


def written(recording: OggRecording, received: dict[int, bytes], sent: dict[int, bytes], slots: int) -> bytes:
    """Run one leg: slot by slot, the participant's packets by their index."""
    out = []
    for slot in range(slots):
        recording.sent(sent.get(slot, OPUS_SILENCE), slot)
        if slot in received:
            recording.received(received[slot], slot * OPUS_FRAME_TICKS)
        out += recording.pages(slot)
    return b"".join(out + recording.finish())


def whole_file(received: dict[int, bytes], sent: dict[int, bytes], slots: int = SLOTS) -> bytes:
    recording = OggRecording(SERIAL)
    return b"".join(recording.header_pages()) + written(recording, received, sent, slots)


def talk(start: int = 0, count: int = SLOTS) -> dict[int, bytes]:
    return {start + i: SPEECH[i] for i in range(count)}


def test_left_is_the_participant_and_right_the_agent_each_as_it_was_sent() -> None:
    channels = decoded(whole_file(talk(), talk(60), SLOTS + 60))
    quiet_before = channels[1, : 58 * OPUS_FRAME_TICKS]

    assert channels.shape[1] == (SLOTS + 60) * OPUS_FRAME_TICKS - PRE_SKIP
    assert alike(channels[0], mono(SPEECH)) > SAME
    assert alike(channels[1, 60 * OPUS_FRAME_TICKS :], mono(SPEECH)) > SAME
    assert np.abs(quiet_before).max() < 0.001


def test_a_page_is_given_out_every_two_hundred_milliseconds_and_soon() -> None:
    recording = OggRecording(SERIAL)
    recording.header_pages()
    counts = []
    for slot in range(100):
        recording.sent(OPUS_SILENCE, slot)
        counts.append(len(recording.pages(slot)))

    assert set(counts) == {0, 1}
    assert counts.index(1) == PAGE_SLOTS + LATENESS_SLOTS
    assert sum(counts) == (99 - LATENESS_SLOTS) // PAGE_SLOTS


def test_a_lost_packet_leaves_its_slot_silent_and_nothing_else_moves() -> None:
    received = {slot: packet for slot, packet in talk().items() if slot % 20 != 7 and not 100 <= slot < 150}
    channels = decoded(whole_file(received, {}))
    gap = channels[0, 110 * OPUS_FRAME_TICKS : 149 * OPUS_FRAME_TICKS]

    assert channels.shape[1] == SLOTS * OPUS_FRAME_TICKS - PRE_SKIP
    assert alike(channels[0, : 99 * OPUS_FRAME_TICKS], mono(SPEECH)[: 99 * OPUS_FRAME_TICKS]) > 0.8
    assert np.abs(gap).max() < 0.001
    assert np.abs(channels[0]).max() < 0.6


@pytest.mark.parametrize("stub", [b"", b"\x00"])
def test_frames_without_content_never_become_a_burst_of_noise(stub: bytes) -> None:
    received = {slot: packet[:1] + stub if slot % 9 == 0 else packet for slot, packet in talk().items()}
    channels = decoded(whole_file(received, received))

    assert np.abs(channels).max() < 0.6


def test_packets_that_come_late_and_out_of_order_find_their_place() -> None:
    recording = OggRecording(SERIAL)
    out = recording.header_pages()
    dice = random.Random(4)
    due: dict[int, list[int]] = {}
    for index in range(SLOTS):
        due.setdefault(index + (dice.randrange(6) if index else 0), []).append(index)
    for slot in range(SLOTS):
        recording.sent(OPUS_SILENCE, slot)
        for index in due.get(slot, []):
            recording.received(SPEECH[index], index * OPUS_FRAME_TICKS)
        out += recording.pages(slot)
    channels = decoded(b"".join(out + recording.finish()))

    assert alike(channels[0, : (SLOTS - 8) * 960], mono(SPEECH)[: (SLOTS - 8) * 960]) > SAME


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_a_file_cut_at_any_byte_plays_up_to_there(data: st.DataObject) -> None:
    file = whole_file(talk(), talk(20))
    header = len(b"".join(OggRecording(SERIAL).header_pages()))
    cut = data.draw(st.integers(header + 1_500, len(file)))
    channels = decoded(file[:cut])
    seconds = cut / len(file) * SLOTS * 0.02

    assert channels.shape[1] / 48_000 > seconds - 0.7
    if channels.shape[1] > 48_000:
        assert alike(channels[0], mono(SPEECH)) > SAME


@pytest.mark.parametrize("torn", [0, 1, 40, 700])
def test_a_second_leg_goes_on_in_the_same_file_behind_the_last_whole_page(torn: int) -> None:
    first = whole_file(talk(), {})
    first = first[: len(first) - torn]
    last = parse_last_page(first[-2 * MAX_PAGE_BYTES :])
    assert last is not None
    kept = first[: len(first) - min(len(first), 2 * MAX_PAGE_BYTES) + last.end]
    recording = OggRecording.resumed(last)
    channels = decoded(kept + written(recording, {}, talk(), SLOTS))
    seam = recording.start_slot * OPUS_FRAME_TICKS

    assert channels.shape[1] == seam + SLOTS * OPUS_FRAME_TICKS - PRE_SKIP
    assert alike(channels[0, : seam - PRE_SKIP], mono(SPEECH)) > SAME
    assert alike(channels[1, seam:], mono(SPEECH)) > SAME


def test_a_file_without_whole_headers_can_not_be_resumed() -> None:
    last = parse_last_page(OggRecording(SERIAL).header_pages()[0])

    assert last is not None
    with pytest.raises(ValueError, match="headers"):
        OggRecording.resumed(last)


def test_a_leg_that_comes_back_with_another_clock_is_in_its_place_from_its_first_packet() -> None:
    recording = OggRecording(SERIAL)
    out = recording.header_pages()
    back_at = 300
    for slot in range(back_at + 100):
        recording.sent(OPUS_SILENCE, slot)
        if slot < 50:
            recording.received(SPEECH[slot], slot * OPUS_FRAME_TICKS)
        elif slot >= back_at:
            recording.received(SPEECH[slot - back_at], (slot - 8) * OPUS_FRAME_TICKS)
        out += recording.pages(slot)
    channels = decoded(b"".join(out + recording.finish()))

    assert alike(channels[0, back_at * OPUS_FRAME_TICKS :], mono(SPEECH[:100])) > SAME


@pytest.mark.parametrize("drift", [-0.004, 0.004])
def test_a_participants_clock_that_runs_wrong_stays_within_three_frames(drift: float) -> None:
    """0.4 % is forty times what a sound card does; a minute of it would be 240 ms."""
    encoder = OpusEncoder(48_000, complexity=0)
    time = np.arange(OPUS_FRAME_TICKS)
    tones = [np.sin(time * 0.1) * 9_000 * (i % 100 < 50) for i in range(3_000)]
    recording = OggRecording(SERIAL)
    out = recording.header_pages()
    index = 0
    for slot in range(3_000):
        recording.sent(OPUS_SILENCE, slot)
        while index * (1 + drift) <= slot and index < len(tones):
            recording.received(
                encoder.encode(tones[index].astype(np.int16).tobytes()), index * OPUS_FRAME_TICKS
            )
            index += 1
        out += recording.pages(slot)
    left = decoded(b"".join(out + recording.finish()))[0]
    loud = np.abs(left[: len(left) // 960 * 960].reshape(-1, 960)).max(axis=1) > 0.1
    onsets = np.flatnonzero(np.diff(loud.astype(int)) == 1) + 1
    expected = np.arange(1, len(onsets) + 1) * 100 * (1 + drift)

    assert np.abs(onsets - expected).max() <= 3


@pytest.mark.parametrize(("duration", "samples"), [("10", 480), ("40", 1_920), ("60", 2_880)])
def test_packets_of_other_durations_are_heard_all_the_same(duration: str, samples: int) -> None:
    codec = av.CodecContext.create("libopus", "w")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate, codec.layout, codec.format = 48_000, "mono", "s16"
    codec.options = {"frame_duration": duration, "application": "voip"}
    recording = OggRecording(SERIAL)
    out = recording.header_pages()
    pcm = speech_pcm(48_000)
    for i, piece in enumerate(pieces(pcm, samples * 2)):
        frame = av.AudioFrame.from_ndarray(np.frombuffer(piece, np.int16).reshape(1, -1), "s16", "mono")
        frame.sample_rate, frame.pts = 48_000, i * samples
        slot = i * samples // 960
        recording.sent(OPUS_SILENCE, slot)
        for packet in codec.encode(frame):
            recording.received(bytes(packet), i * samples)
        out += recording.pages(slot)
    left = decoded(b"".join(out + recording.finish()))[0]
    heard = np.abs(left[: len(left) // 960 * 960].reshape(-1, 960)).max(axis=1)
    spoken = np.abs(np.frombuffer(pcm, np.int16)[: len(heard) * 960].reshape(-1, 960).astype(float)).max(
        axis=1
    )

    assert alike(heard[2:-6], spoken.astype(np.float32)[2:-6]) > 0.6


def test_a_packet_of_several_frames_is_split_without_touching_them() -> None:
    toc, frames = SPEECH[50][:1], [packet[1:] for packet in SPEECH[50:53]]
    same_toc = {packet[:1] for packet in SPEECH[50:53]}
    assert {toc} == same_toc
    lengths = b"".join(
        self_delimited(b"", frame)[: len(self_delimited(b"", frame)) - len(frame)] for frame in frames[:2]
    )
    triple = bytes((toc[0] | 3, 0x80 | 3)) + lengths + b"".join(frames)
    split = OggRecording(SERIAL)
    one_by_one = OggRecording(SERIAL)
    split.received(triple, 0)
    for i in range(3):
        one_by_one.received(SPEECH[50 + i], i * OPUS_FRAME_TICKS)

    assert one_by_one.pages(100) == split.pages(100)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.binary(max_size=80), st.integers(-(2**40), 2**40) | st.integers(0, 200_000)), max_size=40
    ),
    st.lists(st.binary(max_size=1_400), max_size=5),
)
def test_garbage_never_breaks_the_file(garbage: list[tuple[bytes, int]], agent_garbage: list[bytes]) -> None:
    recording = OggRecording(SERIAL)
    out = recording.header_pages()
    for slot in range(120):
        if slot < len(agent_garbage):
            recording.sent(agent_garbage[slot], slot)
        elif slot >= 40:
            recording.sent(SPEECH[slot], slot)
        if slot < len(garbage):
            recording.received(*garbage[slot])
        out += recording.pages(slot)
    out += recording.finish()
    file = b"".join(out)
    last = parse_last_page(file)

    assert last is not None
    assert (last.end, last.granule) == (len(file), 120 * OPUS_FRAME_TICKS)
    assert all(len(one) <= MAX_PAGE_BYTES for one in out)
    with av.open(io.BytesIO(file), mode="r", format="ogg") as container:
        assert [packet for packet in container.demux(audio=0) if packet.is_corrupt] == []


def slow_checksum(data: bytes) -> bytes:
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ 0x04C11DB7 if register & 0x80000000 else register << 1) & 0xFFFFFFFF
    return register.to_bytes(4, "little")


@given(st.binary(max_size=300))
def test_the_checksum_is_that_of_the_ogg_format(data: bytes) -> None:
    assert slow_checksum(data) == checksum(data)


@given(st.binary(max_size=2_000))
def test_garbage_holds_no_last_page(garbage: bytes) -> None:
    assert parse_last_page(garbage) is None
    assert parse_last_page(b"OggS" + garbage + b"OggS\0\0") is None


def test_a_damaged_last_page_is_passed_over_for_the_one_before() -> None:
    one, two = (page([bytes(300)], serial=SERIAL, sequence=i, granule=i * 960) for i in (5, 6))
    damaged = two[:-1] + b"\x01"
    last = parse_last_page(one + damaged)

    assert last is not None
    assert (last.sequence, last.end) == (5, len(one))


def test_a_page_that_would_burst_is_refused() -> None:
    with pytest.raises(ValueError, match="segments"):
        page([bytes(1_000)] * 70, serial=SERIAL, sequence=0, granule=0)

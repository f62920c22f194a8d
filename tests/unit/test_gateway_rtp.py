"""Packets by hand into the receiver, and the sender's packets taken apart."""

import struct

import numpy as np
import pytest
from aiortc.rtp import HeaderExtensionsMap
from aiortc.rtp import RtpPacket as AiortcPacket
from hypothesis import given
from hypothesis import strategies as st

from media.codecs import OpusDecoder, OpusEncoder
from media.encoder_effort import EncoderEffort
from media.frames import OPUS_SILENCE, VoiceFrame
from media.red import pack_red, parse_red
from server.gateway.rtp import (
    MUTED_AFTER_FRAMES,
    Framer,
    RtpFormat,
    RtpReceiver,
    RtpSender,
    parse_packet,
)
from tests.support.gateway import KeptEar, KeptTap
from tests.support.rtp_packets import SSRC, rtp
from tests.support.speech import pieces, speech_pcm

AGREED = RtpFormat(opus=111, red=63, audio_level_id=1)


def opus_packets(count: int) -> list[bytes]:
    encoder = OpusEncoder(16_000)
    return [encoder.encode(pcm) for pcm in pieces(speech_pcm(16_000), 640)[40 : 40 + count]]


def receiver(agreed: RtpFormat = AGREED) -> tuple[RtpReceiver, KeptEar, KeptTap]:
    ear, tap = KeptEar(), KeptTap()
    return RtpReceiver(agreed, ear, tap), ear, tap


def test_packets_in_order_reach_the_ear_at_once_with_running_media_time() -> None:
    taken, ear, tap = receiver()
    packets = opus_packets(10)
    for i, packet in enumerate(packets):
        taken.receive(rtp(7 + i, packet), now=i * 0.02)
        assert len(ear.frames) == i + 1

    assert [i * 320 for i in range(10)] == [frame.timestamp for frame in ear.frames]
    assert [(i * 960, packet) for i, packet in enumerate(packets)] == tap.received_packets
    assert all(len(frame.pcm) == 640 and not frame.concealed and not frame.muted for frame in ear.frames)


def test_media_time_goes_on_over_the_wrap_of_sequence_and_timestamp() -> None:
    taken, ear, _ = receiver()
    for i, packet in enumerate(opus_packets(20)):
        header = struct.pack(
            "!BBHLL", 0x80, 111, (65_530 + i) & 0xFFFF, (2**32 - 4_800 + i * 960) % 2**32, SSRC
        )
        taken.receive(header + packet, now=i * 0.02)

    assert [i * 320 for i in range(20)] == [frame.timestamp for frame in ear.frames]


def test_a_hole_is_waited_for_and_then_filled_from_the_fec_of_the_next_packet() -> None:
    taken, ear, tap = receiver()
    packets = opus_packets(7)
    for i, packet in enumerate(packets):
        if i != 5:
            taken.receive(rtp(i, packet), now=i * 0.02)
    waiting = len(ear.frames)
    taken.tick(now=0.18)

    whole = OpusDecoder(16_000)
    truth = [whole.decode(packet) for packet in packets]
    made_up = ear.frames[5]
    assert waiting == 5
    assert [i * 320 for i in range(7)] == [frame.timestamp for frame in ear.frames]
    assert not any(frame.concealed for frame in ear.frames)  # it was heard, coarsely
    assert (1, 0) == (taken.restored, taken.concealed)
    assert 5 * 960 not in [timestamp for timestamp, _ in tap.received_packets]
    assert correlation(made_up.pcm, truth[5]) > 0.8


def correlation(left: bytes, right: bytes) -> float:
    a, b = (np.frombuffer(pcm, np.int16).astype(float) for pcm in (left, right))
    return float(np.corrcoef(a, b)[0, 1])


def test_red_fills_a_hole_at_once_with_the_very_packet() -> None:
    taken, ear, tap = receiver()
    packets = opus_packets(8)
    for i, packet in enumerate(packets):
        earlier = [(960, packets[i - 1])] if i else []
        if i != 5:
            taken.receive(rtp(i, pack_red(111, packet, earlier), kind=63), now=i * 0.02)

    assert [i * 320 for i in range(8)] == [frame.timestamp for frame in ear.frames]
    assert [(i * 960, packet) for i, packet in enumerate(packets)] == tap.received_packets
    assert (0, 0) == (taken.restored, taken.concealed)
    assert taken.statistics is not None
    assert taken.statistics.packets_lost == 1  # the report shows the loss all the same


def test_of_two_packets_lost_in_a_row_the_second_comes_back_by_red_and_the_first_by_the_fec_in_it() -> None:
    taken, ear, _ = receiver()
    packets = opus_packets(9)
    for i, packet in enumerate(packets):
        earlier = [(960, packets[i - 1])] if i else []
        if i not in (5, 6):
            taken.receive(rtp(i, pack_red(111, packet, earlier), kind=63), now=i * 0.02)
    taken.tick(now=0.2)

    assert [i * 320 for i in range(9)] == [frame.timestamp for frame in ear.frames]
    assert (1, 0) == (taken.restored, taken.concealed)


def test_a_hole_behind_which_nothing_tells_of_it_is_made_up_and_says_so() -> None:
    taken, ear, _ = receiver(RtpFormat(opus=111))
    packets = [*opus_packets(4), OPUS_SILENCE, *opus_packets(8)[5:]]
    for i, packet in enumerate(packets):
        if i != 3:
            taken.receive(rtp(i, packet), now=i * 0.02)
    taken.tick(now=0.2)

    assert [i == 3 for i in range(8)] == [frame.concealed for frame in ear.frames]
    assert (0, 1) == (taken.restored, taken.concealed)


def test_a_hole_is_given_up_forty_milliseconds_after_its_time_and_no_later_when_asked() -> None:
    taken, ear, _ = receiver(RtpFormat(opus=111))
    dues = [taken.due]
    for i, packet in enumerate(opus_packets(7)):
        if i != 5:
            taken.receive(rtp(i, packet), now=i * 0.02)
    due = taken.due
    assert due is not None
    taken.release(due)
    dues.append(taken.due)

    assert 7 == len(ear.frames)
    assert pytest.approx(5 * 0.02 + 0.04, abs=0.003) == due
    assert [None, None] == dues


def test_long_packets_with_long_holes_between_them_make_up_no_flood_of_sound() -> None:
    taken, ear, _ = receiver(RtpFormat(opus=111))
    long = bytes([0x7B, 0x06]) + bytes(60)  # CELT, 6 frames of 20 ms in one packet
    assert 1_920 * 2 == len(OpusDecoder(16_000).decode(long))
    most = 0
    for i in range(100):
        header = struct.pack("!BBHLL", 0x80, 111, i * 50 & 0xFFFF, i * 6 * 48_000 & 0xFFFF_FFFF, SSRC)
        before = len(ear.frames)
        taken.receive(header + long, now=i * 0.02)
        taken.release(now=i * 0.02 + 0.05)
        most = max(most, len(ear.frames) - before)

    assert most <= 50 + 2 * 6
    assert len(ear.frames) <= (100 * 0.02 + 3.0 + 1.0) * 50


def test_a_muted_microphone_stays_muted_over_a_lost_packet() -> None:
    taken, ear, _ = receiver(RtpFormat(opus=111, audio_level_id=1))
    for i in range(MUTED_AFTER_FRAMES + 10):
        if i != MUTED_AFTER_FRAMES + 5:
            taken.receive(rtp(i, OPUS_SILENCE, level=127), now=i * 0.02)
            taken.tick(i * 0.02 + 0.01)

    assert all(frame.muted for frame in ear.frames[MUTED_AFTER_FRAMES:])


def test_plain_opus_between_red_packets_is_taken_too() -> None:
    taken, ear, _ = receiver()
    for i, packet in enumerate(opus_packets(4)):
        data = rtp(i, packet) if i % 2 else rtp(i, pack_red(111, packet), kind=63)
        taken.receive(data, now=i * 0.02)

    assert len(ear.frames) == 4


def test_red_is_refused_where_it_was_not_agreed_on() -> None:
    taken, ear, _ = receiver(RtpFormat(opus=111))
    taken.receive(rtp(0, pack_red(111, OPUS_SILENCE), kind=63), now=0.0)

    assert taken.refused == 1
    assert ear.frames == []


def test_a_second_of_digital_silence_is_a_muted_microphone_and_a_moment_of_it_is_not() -> None:
    taken, ear, _ = receiver()
    for i in range(MUTED_AFTER_FRAMES + 10):
        taken.receive(rtp(i, OPUS_SILENCE, level=127), now=i * 0.02)
    taken.receive(rtp(MUTED_AFTER_FRAMES + 10, OPUS_SILENCE, level=60), now=2.0)

    muted = [frame.muted for frame in ear.frames]
    assert [False] * (MUTED_AFTER_FRAMES - 1) + [True] * 11 + [False] == muted


def test_another_source_is_heard_only_when_the_first_has_gone_quiet_and_media_time_goes_on() -> None:
    taken, ear, _ = receiver()
    for i in range(10):
        taken.receive(rtp(i, OPUS_SILENCE), now=i * 0.02)
    taken.receive(rtp(30_000, OPUS_SILENCE, ssrc=7), now=0.2)
    assert len(ear.frames) == 10
    assert taken.refused == 1
    for slot in range(10, 150):
        taken.tick(slot * 0.02)
    for i in range(10):
        taken.receive(rtp(30_000 + i, OPUS_SILENCE, ssrc=7), now=3.0 + i * 0.02)

    timestamps = [frame.timestamp for frame in ear.frames]
    assert len(timestamps) >= 19  # a break costs one packet
    assert timestamps == sorted(set(timestamps))


@pytest.mark.parametrize("duration_ms", [10, 40, 60])
def test_packets_of_any_length_become_frames_of_20_ms(duration_ms: int) -> None:
    ear = KeptEar()
    framer = Framer(ear)
    pcm = speech_pcm(16_000)[: 640 * 12]
    size = duration_ms * 32
    for i, piece in enumerate(pieces(pcm, size)):
        framer.push(piece, i * size // 2)

    assert pcm == b"".join(frame.pcm for frame in ear.frames)
    assert [i * 320 for i in range(12)] == [frame.timestamp for frame in ear.frames]


def test_sound_that_overlaps_what_was_heard_is_cut_and_a_gap_moves_media_time() -> None:
    ear = KeptEar()
    framer = Framer(ear)
    framer.push(bytes(1_920), 0)  # 60 ms
    framer.push(bytes(1_920), 320)  # claims to begin at 20 ms
    framer.push(bytes(640), 32_000)

    assert [0, 320, 640, 960, 32_000] == [frame.timestamp for frame in ear.frames]


@given(st.binary(max_size=200), st.integers(0, 255))
def test_the_packet_reader_agrees_with_aiortc_on_whatever_it_takes(data: bytes, level_id: int) -> None:
    data = bytes((0x80 | data[0] & 0x3F,)) + data[1:] if data else data
    packet = parse_packet(data, level_id)
    try:
        other = AiortcPacket.parse(data, HeaderExtensionsMap())
    except ValueError:
        return

    if packet is not None:
        assert other.payload == packet.payload
        assert (other.payload_type, other.sequence_number) == (packet.payload_type, packet.sequence)
        assert (other.timestamp, other.ssrc) == (packet.timestamp, packet.ssrc)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([63, 111]),
            st.integers(0, 65_535),
            st.integers(0, 2**32 - 1),
            st.sampled_from([SSRC, 7]),
            st.one_of(
                st.binary(max_size=80),
                st.sampled_from([OPUS_SILENCE, pack_red(111, OPUS_SILENCE, [(960, b"\x01\x02")])]),
            ),
            st.floats(0, 1),
        ),
        max_size=40,
    )
)
def test_garbage_never_raises_and_media_time_never_runs_back(
    script: list[tuple[int, int, int, int, bytes, float]],
) -> None:
    taken, ear, tap = receiver()
    now = 0.0
    for kind, sequence, timestamp, ssrc, payload, wait in script:
        now += wait
        taken.receive(struct.pack("!BBHLL", 0x80, kind, sequence, timestamp, ssrc) + payload, now)
        taken.receive(payload, now)
        taken.tick(now)

    timestamps = [frame.timestamp for frame in ear.frames]
    assert timestamps == sorted(set(timestamps))
    assert all(len(frame.pcm) == 640 for frame in ear.frames)
    assert all(OpusDecoder(16_000).decode(packet) for _, packet in tap.received_packets)


# The sender


def sent_by(agreed: RtpFormat, frames: list[tuple[int, VoiceFrame | None]]) -> list[AiortcPacket]:
    out: list[bytes] = []
    sender = RtpSender(agreed, SSRC, out.append)
    for slot, frame in frames:
        sender.send(slot, frame)
    return [AiortcPacket.parse(data) for data in out]


def test_the_timestamp_moves_by_missed_slots_and_the_sequence_stays_continuous() -> None:
    packets = sent_by(RtpFormat(111), [(0, None), (1, None), (9, None), (10, None)])

    first = packets[0]
    assert [0, 1, 2, 3] == [packet.sequence_number - first.sequence_number for packet in packets]
    assert [0, 960, 8_640, 9_600] == [(packet.timestamp - first.timestamp) % 2**32 for packet in packets]
    assert all(packet.payload_type == 111 and packet.payload == OPUS_SILENCE for packet in packets)


def test_a_ready_packet_leaves_as_it_is_and_live_sound_is_encoded() -> None:
    pcm = pieces(speech_pcm(24_000), 960)[60]
    ready, live = sent_by(RtpFormat(111), [(0, VoiceFrame(pcm, packet=b"\x78ready")), (1, VoiceFrame(pcm))])

    assert ready.payload == b"\x78ready"
    assert len(OpusDecoder(16_000).decode(live.payload)) == 640


def test_live_sound_is_encoded_as_hard_as_the_beat_allows() -> None:
    effort, out = EncoderEffort(), list[bytes]()
    while effort.complexity > 1:
        effort.beat(0.02, 0.02)
    sender, spoken = RtpSender(RtpFormat(111), SSRC, out.append, effort), pieces(speech_pcm(24_000), 960)
    for slot, pcm in enumerate(spoken[60:90]):
        sender.send(slot, VoiceFrame(pcm))
    encoder = OpusEncoder(24_000, complexity=1)

    assert [encoder.encode(pcm) for pcm in spoken[60:90]] == [AiortcPacket.parse(one).payload for one in out]


def test_with_red_each_packet_carries_the_one_before_it() -> None:
    frames = [VoiceFrame(b"", packet=bytes((0x78, i))) for i in range(3)]
    packets = sent_by(AGREED, [(0, frames[0]), (1, frames[1]), (4, frames[2])])

    assert all(packet.payload_type == 63 for packet in packets)
    blocks = [[(b.payload_type, b.offset, b.data) for b in parse_red(packet.payload)] for packet in packets]
    assert blocks == [
        [(111, 0, b"\x78\x00")],
        [(111, 960, b"\x78\x00"), (111, 0, b"\x78\x01")],
        [(111, 2_880, b"\x78\x01"), (111, 0, b"\x78\x02")],
    ]


def test_after_a_long_stall_the_redundant_block_that_can_not_be_said_is_left_out() -> None:
    packets = sent_by(AGREED, [(0, None), (18, None)])

    assert len(parse_red(packets[1].payload)) == 1

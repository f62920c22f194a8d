import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.codecs import (
    CodecError,
    OpusDecoder,
    OpusEncoder,
    _opus,
    alaw_decode,
    alaw_encode,
    carries_fec,
    packet_frames,
    packet_samples,
    ulaw_decode,
    ulaw_encode,
)
from media.frames import OPUS_SILENCE
from tests.support.speech import pieces, speech_pcm


def spoken_packets(rate_hz: int = 24_000, packet_loss_percent: int = 10) -> list[bytes]:
    encoder = OpusEncoder(rate_hz, packet_loss_percent=packet_loss_percent)
    return [encoder.encode(piece) for piece in pieces(speech_pcm(rate_hz), rate_hz // 50 * 2)]


def likeness(left: bytes, right: bytes) -> float:
    """Best correlation of two pieces over shifts of up to 20 ms."""
    a, b = (np.frombuffer(pcm, np.int16).astype(float) for pcm in (left, right))
    a, b = a[: min(len(a), len(b))], b[: min(len(a), len(b))]
    window = slice(320, len(a) - 320)
    return max(float(np.corrcoef(a[window], np.roll(b, shift)[window])[0, 1]) for shift in range(-320, 321))


def packet_has_fec(packet: bytes) -> bool:
    """Whether a packet carries in-band FEC for the frame before it, by libopus' own word."""
    return bool(packet) and _opus.opus_packet_has_lbrr(packet, len(packet)) > 0


def test_speech_survives_the_way_through_opus() -> None:
    decoder = OpusDecoder(16_000)
    heard = b"".join(decoder.decode(packet) for packet in spoken_packets())

    assert len(heard) // 640 == len(spoken_packets())
    assert likeness(speech_pcm(16_000), heard) > 0.8


def test_the_encoder_writes_fec_at_ten_percent_expected_loss_and_none_at_zero() -> None:
    with_fec = [packet_has_fec(packet) for packet in spoken_packets()]
    without = [packet_has_fec(packet) for packet in spoken_packets(packet_loss_percent=0)]

    assert sum(with_fec) > len(with_fec) * 0.6
    assert not any(without)


@given(st.binary(min_size=1, max_size=60) | st.sampled_from(spoken_packets()))
def test_fec_is_seen_where_libopus_sees_it(packet: bytes) -> None:
    try:
        seen = carries_fec(packet)
    except CodecError:
        return

    assert packet_has_fec(packet) == seen


def test_a_lost_frame_comes_back_out_of_the_next_packets_fec_better_than_made_up() -> None:
    packets = spoken_packets()
    lost_ones = [i for i in range(20, len(packets) - 1, 5) if packet_has_fec(packets[i + 1])]

    def repaired(how: str) -> float:
        decoder, whole = OpusDecoder(), OpusDecoder()
        originals, repairs = [], []
        for i, packet in enumerate(packets):
            original = whole.decode(packet)
            if i not in lost_ones:
                decoder.decode(packet)
                continue
            originals.append(original)
            repairs.append(decoder.decode_fec(packets[i + 1], 320) if how == "fec" else decoder.conceal(320))
        a, b = (np.frombuffer(b"".join(x), np.int16).astype(float) for x in (originals, repairs))
        return float(np.corrcoef(a, b)[0, 1])

    assert repaired("fec") > 0.8
    assert repaired("fec") > repaired("conceal") + 0.1


def test_the_constant_silent_packet_decodes_to_digital_silence() -> None:
    assert bytes(640) == OpusDecoder(16_000).decode(OPUS_SILENCE)


def test_complexity_may_change_between_packets() -> None:
    encoder = OpusEncoder(complexity=5)
    piece = pieces(speech_pcm(24_000), 960)[30]
    encoder.encode(piece)
    encoder.complexity = 1

    assert encoder.complexity == 1
    assert packet_samples(encoder.encode(piece), 48_000) == 960


@pytest.mark.parametrize("complexity", [-1, 11])
def test_a_complexity_out_of_range_is_refused_and_the_old_one_stays(complexity: int) -> None:
    encoder = OpusEncoder(complexity=3)
    with pytest.raises(CodecError):
        encoder.complexity = complexity

    assert encoder.complexity == 3


@pytest.mark.parametrize("size", [0, 1, 958, 962, 1920])
def test_the_encoder_takes_twenty_milliseconds_and_nothing_else(size: int) -> None:
    with pytest.raises(CodecError):
        OpusEncoder(24_000).encode(bytes(size))


def test_a_rate_that_opus_lacks_is_refused() -> None:
    with pytest.raises(CodecError):
        OpusEncoder(44_100)
    with pytest.raises(CodecError):
        OpusDecoder(22_050)


@pytest.mark.parametrize("samples", [-320, 0, 1, 321, 1921, 10**9])
def test_concealment_is_bounded_to_what_a_packet_can_hold(samples: int) -> None:
    with pytest.raises(CodecError):
        OpusDecoder(16_000).conceal(samples)
    with pytest.raises(CodecError):
        OpusDecoder(16_000).decode_fec(OPUS_SILENCE, samples)


def test_the_duration_of_a_packet_is_read_from_its_framing() -> None:
    silk_60_ms, celt_2_5_ms, two_frames, three_frames = (
        b"\x18",
        b"\x80",
        b"\xf9\xff\xfe\xff\xfe",
        b"\xfb\x03" + b"ab" * 3,
    )

    assert packet_samples(OPUS_SILENCE, 48_000) == 960
    assert packet_samples(silk_60_ms, 48_000) == 2_880
    assert packet_samples(celt_2_5_ms, 16_000) == 40
    assert packet_samples(two_frames, 16_000) == 640
    assert packet_frames(three_frames) == (0xFB, [b"ab"] * 3)


@pytest.mark.parametrize("configuration", range(32))
def test_every_configuration_decodes_to_as_many_samples_as_its_first_byte_says(configuration: int) -> None:
    for code, frames in ((0, b"ab"), (1, b"abab"), (3, b"\x02abab")):
        packet = bytes((configuration << 3 | code,)) + frames

        assert packet_samples(packet, 16_000) * 2 == len(OpusDecoder(16_000).decode(packet))


@pytest.mark.parametrize(
    "packet", [b"", b"\xf9\xff", b"\xfb", b"\xfb\x00", b"\xfb\x3f" + bytes(63), b"\xfa\xff"]
)
def test_broken_framing_is_an_error(packet: bytes) -> None:
    with pytest.raises(CodecError):
        packet_samples(packet, 48_000)
    with pytest.raises(CodecError):
        OpusDecoder().decode(packet)


@given(st.binary(max_size=2_000))
def test_garbage_decodes_within_bounds_or_raises_the_codec_error(garbage: bytes) -> None:
    decoder = OpusDecoder(16_000)
    try:
        pcm = decoder.decode(garbage)
        assert len(pcm) == packet_samples(garbage, 16_000) * 2
        assert len(decoder.decode_fec(garbage, 320)) == 640
    except CodecError:
        return

    assert 0 < len(pcm) <= 16_000 * 0.12 * 2


@pytest.mark.parametrize(("encode", "decode"), [(ulaw_encode, ulaw_decode), (alaw_encode, alaw_decode)])
def test_g711_keeps_every_sample_within_the_step_of_its_segment(encode, decode) -> None:  # type: ignore[no-untyped-def]
    samples = np.arange(-32_768, 32_768, dtype=np.int16)
    back = np.frombuffer(decode(encode(samples.tobytes())), np.int16).astype(int)
    error = np.abs(back - samples)

    assert np.all(error <= np.maximum(16, np.abs(samples.astype(int)) // 24 + 8))


@pytest.mark.parametrize(("encode", "decode"), [(ulaw_encode, ulaw_decode), (alaw_encode, alaw_decode)])
def test_every_g711_byte_means_one_value_that_encodes_to_itself(encode, decode) -> None:  # type: ignore[no-untyped-def]
    every_byte = bytes(range(256))
    values = decode(every_byte)

    assert values == decode(encode(values))
    assert len(set(np.frombuffer(values, np.int16).tolist())) >= 255


def test_g711_silence_is_the_byte_that_the_standard_gives_it() -> None:
    assert ulaw_encode(bytes(2)) == b"\xff"
    assert alaw_encode(bytes(2)) == b"\xd5"
    assert np.frombuffer(ulaw_decode(b"\x00\x80"), np.int16).tolist() == [-32_124, 32_124]


@pytest.mark.parametrize("encode", [ulaw_encode, alaw_encode])
def test_g711_refuses_half_a_sample(encode) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CodecError):
        encode(b"\x00")

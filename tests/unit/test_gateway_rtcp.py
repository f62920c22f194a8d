"""Reports written for, and read like, aiortc's own."""

import struct

from aiortc.rtp import RtcpByePacket, RtcpPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpSdesPacket, RtcpSrPacket
from hypothesis import given
from hypothesis import strategies as st

from server.gateway import rtcp
from server.gateway.rtcp import ReceptionStatistics, ReportBlock, SenderReport

SSRC = 0xCAFE_0001
OTHER = 0xBEEF_0002


def statistics_of(sequences: list[int]) -> ReceptionStatistics:
    statistics = ReceptionStatistics(OTHER, 48_000)
    for i, sequence in enumerate(sequences):
        statistics.add(sequence & 0xFFFF, i * 960, i * 0.02)
    return statistics


def info(statistics: ReceptionStatistics, now: float = 0.0) -> RtcpReceiverInfo:
    return RtcpReceiverInfo.parse(statistics.block(now))


def test_a_compound_report_is_read_by_aiortc_as_it_was_meant() -> None:
    block = statistics_of([1, 2, 4]).block(0.1)
    compound = rtcp.sender_report(SSRC, 5 << 32, 96_000, 100, 8_000, block)
    compound += rtcp.source_description(SSRC, "name") + rtcp.goodbye(SSRC)
    report, description, goodbye = RtcpPacket.parse(compound)

    assert isinstance(report, RtcpSrPacket)
    assert (SSRC, 5 << 32, 96_000) == (
        report.ssrc,
        report.sender_info.ntp_timestamp,
        report.sender_info.rtp_timestamp,
    )
    assert (OTHER, 1, 4) == (
        report.reports[0].ssrc,
        report.reports[0].packets_lost,
        report.reports[0].highest_sequence,
    )
    assert isinstance(description, RtcpSdesPacket)
    assert description.chunks[0].items == [(1, b"name")]
    assert isinstance(goodbye, RtcpByePacket)
    assert goodbye.sources == [SSRC]


def test_reports_written_by_aiortc_are_read() -> None:
    theirs = RtcpReceiverInfo(
        ssrc=SSRC, fraction_lost=64, packets_lost=-3, highest_sequence=7, jitter=12, lsr=99, dlsr=655
    )

    assert rtcp.parse_reports(bytes(RtcpRrPacket(ssrc=OTHER, reports=[theirs]))) == [
        ReportBlock(SSRC, 0.25, 12, 99, 655)
    ]
    assert rtcp.parse_reports(rtcp.sender_report(OTHER, 9 << 32, 0, 0, 0, None)) == [
        SenderReport(OTHER, 9 << 32)
    ]


def test_the_highest_sequence_carries_its_cycles() -> None:
    statistics = statistics_of(list(range(65_000, 65_536 + 70_000)))

    report = info(statistics)
    assert 65_536 + 69_999 == report.highest_sequence
    assert (0, 0) == (report.packets_lost, report.fraction_lost)


def test_the_fraction_lost_is_that_of_the_time_since_the_last_report() -> None:
    statistics = statistics_of([n for n in range(100) if n % 4])
    first = info(statistics)
    for sequence in range(100, 200):
        statistics.add(sequence, sequence * 960, sequence * 0.02)
    second = info(statistics)

    assert (24, 62) == (first.packets_lost, first.fraction_lost)  # the first one heard is 1
    assert (24, 0) == (second.packets_lost, second.fraction_lost)


def test_a_late_packet_is_no_loss_and_a_source_that_began_anew_is_counted_anew() -> None:
    assert info(statistics_of([1, 3, 2, 4])).packets_lost == 0

    began_anew = info(statistics_of([1, 2, 3, 30_000, 30_001]))
    assert (0, 30_001) == (began_anew.packets_lost, began_anew.highest_sequence)


def test_steady_arrival_has_no_jitter_and_uneven_arrival_has() -> None:
    steady, uneven = ReceptionStatistics(OTHER, 48_000), ReceptionStatistics(OTHER, 48_000)
    for i in range(100):
        steady.add(i, i * 960, i * 0.02)
        uneven.add(i, i * 960, i * 0.02 + (i % 2) * 0.005)

    assert info(steady).jitter <= 1
    assert 200 < info(uneven).jitter <= 240  # 5 ms are 240 ticks


def test_the_block_names_the_last_sender_report_and_its_age() -> None:
    statistics = statistics_of([1])
    statistics.sender_reported(0x1111_2222_3333_4444, arrival=10.0)

    report = info(statistics, now=10.5)
    assert (0x2222_3333, 32_768) == (report.lsr, report.dlsr)


@given(st.binary(max_size=2_000))
def test_garbage_never_raises(data: bytes) -> None:
    rtcp.parse_reports(data)
    rtcp.parse_reports(struct.pack("!BBH", 0x9F, 200 + len(data) % 4, len(data) // 4) + data)


@given(st.lists(st.tuples(st.integers(0, 65_535), st.integers(0, 2**32 - 1), st.floats(0, 1e6)), max_size=60))
def test_statistics_of_garbage_can_always_be_written(packets: list[tuple[int, int, float]]) -> None:
    statistics = ReceptionStatistics(OTHER, 48_000)
    for sequence, timestamp, arrival in packets:
        statistics.add(sequence, timestamp, arrival)
        statistics.sender_reported(timestamp << 16, arrival)

    assert len(statistics.block(0.0)) == 24

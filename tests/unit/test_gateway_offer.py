"""Offers as browsers write them are read; everything else is refused in a sentence."""

import re

import pytest
from aiortc.sdp import SessionDescription
from hypothesis import given
from hypothesis import strategies as st

from server.gateway.offer import (
    MAX_CANDIDATES,
    MAX_OFFER_BYTES,
    OfferRefused,
    RestartRefused,
    read_candidate,
    read_fragment,
    read_offer,
)
from tests.support.browser_offer import AUDIO, DATA, HEAD, OFFER


def test_a_browser_offer_is_read_with_its_own_numbers() -> None:
    offer = read_offer(OFFER)

    assert ("0", "Wq3f", 111, 63, 1) == (
        offer.mid,
        offer.ice_ufrag,
        offer.opus,
        offer.red,
        offer.audio_level_id,
    )


def test_only_candidates_that_can_be_paired_are_kept_and_their_end_is_left_open() -> None:
    offer = read_offer(OFFER)

    assert offer.candidates == 1
    assert ["192.0.2.7"] == [c.ip for c in SessionDescription.parse(offer.sdp).media[0].ice_candidates]
    assert not re.search("end-of-candidates|rtcp-fb|ssrc:", offer.sdp)


def test_candidates_are_bounded() -> None:
    more = "".join(f"a=candidate:{i} 1 udp 1 192.0.2.7 {i + 1} typ host\r\n" for i in range(200))

    assert read_offer(OFFER + more).candidates == MAX_CANDIDATES


def test_the_audio_section_leads_the_bundle_whatever_its_place() -> None:
    offer = read_offer((HEAD.replace("BUNDLE 0 1", "BUNDLE 1 0") + DATA + AUDIO).replace("\n", "\r\n"))

    assert "a=group:BUNDLE 0 1\r\n" in offer.sdp


def test_an_offer_without_data_section_or_red_is_fine() -> None:
    plain = (HEAD.replace("BUNDLE 0 1", "BUNDLE 0") + AUDIO.replace("a=fmtp:63 111/111\n", "")).replace(
        "\n", "\r\n"
    )

    assert read_offer(plain).red is None


VIDEO = AUDIO.replace("m=audio", "m=video").replace("a=mid:0", "a=mid:2")

REFUSED = {
    "empty": "",
    "no SDP": "hello",
    "JSON": '{"sdp": "v=0"}',
    "too long": OFFER + "a=x\r\n" * MAX_OFFER_BYTES,
    "too many lines": OFFER + "a=x\r\n" * 700,
    "no audio": HEAD + DATA,
    "video only": HEAD + VIDEO,
    "video too": HEAD + AUDIO + VIDEO + DATA,
    "two audio sections": HEAD + AUDIO + AUDIO.replace("a=mid:0", "a=mid:2") + DATA,
    "two data sections": HEAD + AUDIO + DATA + DATA.replace("a=mid:1", "a=mid:2"),
    "rejected audio": OFFER.replace("m=audio 9", "m=audio 0"),
    "receiving only": OFFER.replace("a=sendrecv", "a=recvonly"),
    "inactive": OFFER.replace("a=sendrecv", "a=inactive"),
    "no Opus": OFFER.replace("opus/48000/2", "opos/48000/2"),
    "Opus at another clock": OFFER.replace("opus/48000/2", "opus/8000/2"),
    "Opus not listed": OFFER.replace(" 111 63", " 63"),
    "Opus on a forbidden number": OFFER.replace("111", "72"),
    "no RTCP multiplexing": OFFER.replace("a=rtcp-mux", "a=x"),
    "no ufrag": OFFER.replace("a=ice-ufrag", "a=x"),
    "short password": re.sub("a=ice-pwd:.*\r", "a=ice-pwd:short\r", OFFER),
    "no fingerprint": OFFER.replace("a=fingerprint", "a=x"),
    "weak fingerprint": OFFER.replace("sha-256", "sha-1"),
    "no DTLS role": OFFER.replace("a=setup:actpass", "a=x"),
    "odd DTLS role": OFFER.replace("a=setup:actpass", "a=setup:holdconn"),
    "no mid": OFFER.replace("a=mid:0", "a=x"),
    "not bundled": OFFER.replace("a=group:BUNDLE 0 1", "a=x"),
    "half bundled": OFFER.replace("a=group:BUNDLE 0 1", "a=group:BUNDLE 0"),
    "one mid twice": OFFER.replace("a=mid:1", "a=mid:0").replace("BUNDLE 0 1", "BUNDLE 0 0"),
    "no SCTP port": OFFER.replace("a=sctp-port:5000", "a=x"),
    "SCTP port out of range": OFFER.replace("a=sctp-port:5000", "a=sctp-port:99999"),
    "numbers that are none": OFFER.replace("opus/48000/2", "opus/x/y"),
    "a null byte": OFFER.replace("m=audio", "m=\0audio"),
    "lone surrogates": OFFER.replace("m=audio", "m=\ud800audio"),
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_can_not_be_answered_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(OfferRefused, match=r"^(The|Each) .*\.$"):
        read_offer(text)


@given(st.text(max_size=400), st.integers(0, len(OFFER)), st.integers(0, 60))
def test_a_damaged_offer_is_read_or_refused_and_nothing_else(text: str, at: int, length: int) -> None:
    for damaged in (text, "v=0\r\n" + text, OFFER[:at] + text + OFFER[at + length :]):
        try:
            offer = read_offer(damaged)
        except OfferRefused:
            continue
        assert 96 <= offer.opus <= 127


@given(st.lists(st.sampled_from(OFFER.split("\r\n")), max_size=80))
def test_lines_in_any_order_are_read_or_refused_and_nothing_else(lines: list[str]) -> None:
    try:
        read_offer("v=0\r\n" + "\r\n".join(lines))
    except OfferRefused:
        pass


# Trickled fragments

FRAGMENT = """a=ice-ufrag:Wq3f\r
a=ice-pwd:0123456789abcdefghijklmn\r
m=audio 9 UDP/TLS/RTP/SAVPF 0\r
a=mid:0\r
a=candidate:1 1 udp 2122260223 192.0.2.9 50003 typ host\r
a=candidate:2 1 udp 2122260223 fd00::9 50004 typ srflx raddr 0.0.0.0 rport 9\r
a=end-of-candidates\r
"""


def test_a_fragment_gives_its_candidates() -> None:
    assert ["192.0.2.9", "fd00::9"] == [c.ip for c in read_fragment(FRAGMENT, "Wq3f")]


def test_a_fragment_with_another_ufrag_is_a_restart_which_is_refused() -> None:
    with pytest.raises(RestartRefused):
        read_fragment(FRAGMENT, "other")


def test_a_fragment_that_is_too_long_is_refused() -> None:
    with pytest.raises(OfferRefused):
        read_fragment("a=x\r\n" * 10_000, "Wq3f")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 1 udp 1 192.0.2.1 5000 typ",
        "1 2 udp 1 192.0.2.1 5000 typ host",
        "1 1 udp 1 192.0.2.1 0 typ host",
        "1 1 udp 1 192.0.2.1 70000 typ host",
        "1 1 udp x 192.0.2.1 5000 typ host",
        "1 1 udp 1 example.org 5000 typ host",
        "1 1 udp 1 239.0.0.1 5000 typ host",
        "1 1 udp 1 0.0.0.0 5000 typ host",
    ],
)
def test_a_candidate_that_can_not_be_paired_is_passed_over(text: str) -> None:
    assert read_candidate(text) is None


@given(st.text(max_size=200))
def test_garbage_for_a_fragment_is_read_or_refused_and_nothing_else(text: str) -> None:
    read_candidate(text)
    try:
        read_fragment("a=candidate:" + text, "Wq3f")
    except OfferRefused:
        pass

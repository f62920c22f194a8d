"""Calls over real ICE, DTLS and SRTP on this host, against stock aiortc as the participant."""

import asyncio
import random
import socket
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from media.codecs import OpusDecoder
from media.frames import AudioFrame, VoiceFrame
from server.gateway.metronome import Metronome
from server.gateway.offer import OfferRefused, RestartRefused
from server.gateway.path_delay import DEFAULT_PLAYOUT_DELAY
from server.gateway.webrtc import WebRtcGateway
from tests.support.browser_offer import OFFER
from tests.support.gateway import Caller, KeptEar, SpeechMouth, beating, until
from tests.support.lossy_proxy import lossy_proxy, own_address
from tests.support.lossy_road import at_random
from tests.support.red_caller import RedCaller
from tests.support.webrtc_call import Call, calling

pytestmark = pytest.mark.aloud


def loudness(pcm: bytes) -> float:
    return float(np.sqrt(np.mean(np.frombuffer(pcm, np.int16).astype(float) ** 2)))


async def test_three_seconds_of_speech_pass_both_ways() -> None:
    async with beating() as metronome, calling(metronome) as call:
        await call.heard(150)
        await asyncio.sleep(0.1)

        timestamps = [frame.timestamp for frame in call.ear.frames]
        assert timestamps == [i * 320 for i in range(len(timestamps))]
        assert sum(frame.concealed for frame in call.ear.frames) <= 3
        assert loudness(b"".join(frame.pcm for frame in call.ear.frames)) > 300
        assert len(call.caller.pcm) > 2 * 32_000  # its own jitter buffer holds some back
        assert loudness(bytes(call.caller.pcm[32_000:])) > 300
        assert call.leg.receiver is not None
        assert (0, 0) == (call.leg.unsent, call.leg.receiver.refused)

        slots = [slot for slot, _ in call.tap.sent_packets]
        assert slots == sorted(set(slots))
        assert call.mouth.asked == len(slots)
        stamps = [stamp for stamp, _ in call.tap.received_packets]
        assert stamps == [i * 960 for i in range(len(stamps))]
        decoder = OpusDecoder(16_000)
        assert all(len(decoder.decode(packet)) == 640 for _, packet in call.tap.received_packets)


async def test_our_reports_reach_the_caller_and_its_reports_give_the_round_trip() -> None:
    async with beating() as metronome, calling(metronome) as call:
        await call.heard(200)
        call.leg.report_playout(0.05)
        stats = await call.caller.connection.getStats()

        assert {"remote-inbound-rtp", "remote-outbound-rtp"} <= {entry.type for entry in stats.values()}
        theirs = next(entry for entry in stats.values() if entry.type == "remote-inbound-rtp")
        assert theirs.packetsLost == 0
        assert call.leg._path.round_trips.usual > 0
        assert 0.07 <= call.leg.playout_delay() < 0.5


async def test_the_control_channel_silences_the_page_and_answers_its_pings() -> None:
    async with beating() as metronome, calling(metronome) as call:
        await call.heard(50)
        assert call.leg.playout_delay() == DEFAULT_PLAYOUT_DELAY
        control = call.caller.control
        assert control is not None
        await until(lambda: control.readyState == "open")
        for text in ('{"type":"ping","n":3}', "garbage", "[" * 500, '{"type":"playout","delay":0.04}'):
            control.send(text)
        control.send(b"\x00binary")
        await until(lambda: len(call.caller.messages) >= 1)
        call.leg.silence_now()
        call.leg.silence_now()
        call.leg.unsilence()
        await until(lambda: len(call.caller.messages) >= 3)

        assert call.caller.messages == ['{"type":"pong","n":3}', '{"type":"silence"}', '{"type":"unsilence"}']
        assert call.leg.playout_delay() >= 0.06


async def test_a_ping_that_is_lost_stays_lost_and_holds_none_up_behind_it() -> None:
    async with (
        beating() as metronome,
        lossy_proxy(own_address(), seed=1) as road,
        calling(metronome, road=road) as call,
    ):
        trips = call.leg._path.round_trips
        await until(lambda: trips.usual > 0)
        channel = call.caller.pings
        assert channel is not None
        road.data_loss = 1.0
        lost = {await asked(call) for _ in range(3)}
        road.data_loss = 0.0
        for garbage in ("", "-1", "1.5", "٣", "9" * 1_000, "[" * 500, b"\x00\xff"):
            channel.send(garbage)
        last = await asked(call)
        await until(lambda: last not in trips.asked)

        assert (False, 0) == (channel.ordered, channel.maxRetransmits)
        assert lost <= set(trips.asked)


async def asked(call: Call) -> int:
    """The number of a ping that was handed to the network."""
    number = None
    while number is None:
        number = call.leg._pings.ask()
        await asyncio.sleep(0.05)
    return number


async def test_a_flood_on_the_control_channel_is_answered_in_part_and_sound_goes_on() -> None:
    async with beating() as metronome, calling(metronome) as call:
        await call.heard(20)
        control = call.caller.control
        assert control is not None
        await until(lambda: control.readyState == "open")
        for n in range(500):
            control.send(f'{{"type":"ping","n":{n}}}')
        extra = [call.caller.connection.createDataChannel(f"other{i}") for i in range(5)]
        await call.heard(100)

        assert 40 <= len(call.caller.messages) < 150
        assert all(channel.readyState != "open" for channel in extra)


async def test_hanging_up_ends_the_leg_with_the_reason_given_and_may_be_done_twice() -> None:
    async with beating() as metronome, calling(metronome, with_control=False) as call:
        await call.heard(10)
        await call.leg.close("displaced")
        await call.leg.close("again")

        assert await call.ended() == "displaced"


async def test_the_caller_closing_ends_the_leg() -> None:
    async with beating() as metronome, calling(metronome) as call:
        await call.heard(10)
        await call.caller.close()

        assert await call.ended() == "closed"


async def test_a_caller_that_vanishes_without_a_word_is_lost_and_may_be_found_again() -> None:
    async with beating() as metronome, calling(metronome) as call:
        await call.heard(10)
        transport = call.caller.connection.getSenders()[0].transport.transport
        speaking = transport._send
        call.caller.vanish()
        await until(lambda: bool(call.ear.happened))
        sent = len(call.tap.sent_packets)
        transport._send = speaking
        await until(lambda: len(call.ear.happened) >= 2)

        assert call.ear.happened == ["lost", "found"]
        assert len(call.tap.sent_packets) >= sent > 50  # we never cease sending


async def test_a_tenth_of_the_packets_lost_is_concealed_and_media_time_has_no_hole() -> None:
    async with beating() as metronome, calling(metronome) as call:
        await call.heard(10)
        chance = random.Random(7)
        assert call.leg.receiver is not None
        receive = call.leg.receiver.receive

        def lossy(data: bytes, now: float) -> None:
            if chance.random() >= 0.1:
                receive(data, now)

        call.leg.receiver.receive = lossy  # type: ignore[method-assign]
        await call.heard(160)

        timestamps = [frame.timestamp for frame in call.ear.frames]
        assert timestamps == [i * 320 for i in range(len(timestamps))]
        assert 5 <= sum(frame.concealed for frame in call.ear.frames) <= 40
        assert call.leg.receiver.statistics is not None
        assert call.leg.receiver.statistics.packets_lost >= 5


async def test_red_from_the_offers_own_numbers_leaves_hardly_anything_of_a_tenth_of_loss() -> None:
    losing, ear = at_random(0.1, seed=2), KeptEar()
    caller = RedCaller(lambda slot: slot >= 20 and losing(slot), red=True)
    async with beating() as metronome, asyncio.TaskGroup() as group:
        leg, answer = await WebRtcGateway(metronome).answer(await caller.offer())
        group.create_task(leg.run(ear, SpeechMouth(silent=True), None))
        await caller.take(answer)
        await caller.speak(6.0)
        await asyncio.sleep(0.2)
        await leg.close("over")
    await caller.close()

    timestamps = [frame.timestamp for frame in ear.frames]
    assert {"a=fmtp:63 96/96", "a=rtpmap:63 red/48000/2"} <= set(answer.splitlines())
    assert caller.lost_packets > 15
    assert timestamps == [i * 320 for i in range(len(timestamps))]
    assert leg.receiver is not None
    assert leg.receiver.concealed <= 3
    assert sum(frame.concealed for frame in ear.frames) == leg.receiver.concealed
    assert leg.receiver.statistics is not None
    assert leg.receiver.statistics.packets_lost >= caller.lost_packets - 2


async def test_sessions_cost_no_threads_and_do_not_touch_each_other() -> None:
    before = threading.active_count()
    async with beating() as metronome:
        gateway = WebRtcGateway(metronome)
        callers = [Caller() for _ in range(4)]
        offers = [await caller.offer() for caller in callers]
        # Each with another number for Opus, one of them with RED
        offers = [offer.replace("96", str(100 + i)) for i, offer in enumerate(offers)]
        answered = await asyncio.gather(*(gateway.answer(offer) for offer in [*offers, OFFER]))
        ears = [KeptEar() for _ in answered]
        async with asyncio.TaskGroup() as group:
            for (leg, _), ear in zip(answered, ears, strict=True):
                group.create_task(leg.run(ear, SpeechMouth(silent=True), None))
            await asyncio.sleep(0.2)
            assert threading.active_count() == before
            for leg, _ in answered:
                await leg.close("over")
        for caller in callers:
            await caller.close()

    for i, (_, answer) in enumerate(answered[:4]):
        assert f"a=rtpmap:{100 + i} opus/48000/2" in answer
        assert "red" not in answer
    with_red = answered[4][1]
    lines = with_red.splitlines()
    assert any(line.startswith("m=audio") and line.endswith("SAVPF 63 111") for line in lines)
    assert "a=fmtp:63 111/111" in lines
    assert "a=fmtp:111 minptime=10;useinbandfec=1;stereo=0" in lines
    assert not any("usedtx" in line for line in lines)


async def test_an_ear_that_raises_ends_its_own_leg(caplog: pytest.LogCaptureFixture) -> None:
    async with beating() as metronome, calling(metronome) as call:

        def broken(frame: AudioFrame) -> None:
            raise ZeroDivisionError

        call.ear.hear = broken  # type: ignore[method-assign]

        assert await call.ended() == "failed"
    assert "ear" in caplog.text


async def test_a_mouth_that_raises_ends_its_own_leg(caplog: pytest.LogCaptureFixture) -> None:
    async with beating() as metronome, calling(metronome) as call:

        def broken() -> VoiceFrame | None:
            raise ZeroDivisionError

        call.mouth.next_frame = broken  # type: ignore[method-assign]

        assert await call.ended() == "failed"
    assert "taken out" in caplog.text


async def test_strangers_datagrams_neither_break_the_handshake_nor_end_the_call() -> None:
    caller = Caller()
    async with beating() as metronome:
        leg, answer = await WebRtcGateway(metronome).answer(await caller.offer())
        door = leg._dtls.transport.iceGatherer.getLocalCandidates()[0]
        family = socket.AF_INET6 if ":" in door.ip else socket.AF_INET
        alert = bytes.fromhex("15fefd000000000000000000020228")  # a fatal handshake failure, in the clear
        with socket.socket(family, socket.SOCK_DGRAM) as stranger:

            def forge() -> None:
                for data in (b"", alert, b"\x80\x6f" + bytes(40), b"\x00\x01\x00\x08!\x12\xa4B" + bytes(20)):
                    stranger.sendto(data, (door.ip, door.port))

            forge()
            ear = KeptEar()
            async with asyncio.TaskGroup() as group:
                run = group.create_task(leg.run(ear, SpeechMouth(silent=True), None))
                taking = group.create_task(caller.take(answer))
                async with asyncio.timeout(15):
                    while len(ear.frames) < 30:
                        forge()
                        await asyncio.sleep(0.01)
                await taking
                await leg.close("over")
        assert await run == "over"
    await caller.close()


# Offers and candidates


async def test_an_offer_that_is_refused_leaves_nothing_behind() -> None:
    tasks = len(asyncio.all_tasks())
    gateway = WebRtcGateway(Metronome())
    for text in ("", "v=0\r\n", OFFER.replace("opus", "opos"), OFFER.replace("m=audio", "m=video")):
        with pytest.raises(OfferRefused):
            await gateway.answer(text)

    assert len(asyncio.all_tasks()) == tasks


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(at=st.integers(0, len(OFFER)), length=st.integers(0, 40), text=st.text(max_size=30))
async def test_a_damaged_offer_is_answered_or_refused(at: int, length: int, text: str) -> None:
    try:
        leg, answer = await WebRtcGateway(Metronome()).answer(OFFER[:at] + text + OFFER[at + length :])
    except OfferRefused:
        return
    await leg.close("over")

    assert answer.startswith("v=0")


async def test_candidates_may_come_after_the_offer() -> None:
    caller = Caller()
    whole = await caller.offer()
    candidates = [line for line in whole.splitlines() if line.startswith("a=candidate")]
    bare = "".join(f"{line}\r\n" for line in whole.splitlines() if line not in candidates)
    async with beating() as metronome:
        leg, answer = await WebRtcGateway(metronome).answer(bare)
        with pytest.raises(RestartRefused):
            await leg.add_candidates("a=ice-ufrag:other\r\n")
        await leg.add_candidates("\r\n".join([*candidates, "a=end-of-candidates", ""]))
        await caller.take(answer)
        ear = KeptEar()
        async with asyncio.TaskGroup() as group:
            group.create_task(leg.run(ear, SpeechMouth(silent=True), None))
            await until(lambda: len(ear.frames) >= 10)
            await leg.close("over")
    await caller.close()


async def test_a_leg_that_is_closed_before_it_ran_leaves_nothing_behind() -> None:
    leg, _ = await WebRtcGateway(Metronome()).answer(OFFER)
    await leg.close("abandoned")

    assert await leg.run(KeptEar(), SpeechMouth(silent=True), None) == "abandoned"


async def test_an_offer_whose_owner_never_comes_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.gateway.webrtc.CONNECT_TIMEOUT", 0.2)
    async with beating() as metronome:
        leg, _ = await WebRtcGateway(metronome).answer(OFFER)

        assert await leg.run(KeptEar(), SpeechMouth(silent=True), None) == "failed"

"""Sound on the page: the check of the devices, both roads, and going on in writing where there is none."""

from typing import Any

from tests.emulators.join_server import JoinServer
from tests.support.chromium import chromium
from tests.support.join_page import visiting


async def test_sound_goes_by_webrtc_and_the_page_tells_its_playout_delay() -> None:
    async with JoinServer(webrtc=True).running() as server, chromium() as browser:
        async with visiting(server, browser) as visit:
            await visit.talk()
            await server.until(lambda: len(server.of("playout")) > 3)

    assert server.of("start") == [{"type": "start", "mode": "voice"}]
    assert all(0 < message["delay"] < 2 for message in server.of("playout"))
    assert server.audio_frames == []
    assert visit.complaints == []


async def test_pings_go_back_and_the_data_channel_survives_garbage() -> None:
    answers: list[Any] = []
    async with JoinServer(webrtc=True).running() as server, chromium() as browser:
        async with visiting(server, browser) as visit:
            await visit.talk()
            await server.until(lambda: server.channels)
            channel = server.channels[0]
            for words in ("garbage", "null", '{"type": "silence"}', '{"type": "unsilence"}'):
                channel.send(words)
            pings = server.connections[0].createDataChannel("pings", ordered=False, maxRetransmits=0)
            pings.on("open", lambda: pings.send("7"))
            pings.on("message", answers.append)
            before = len(server.of("playout"))
            await server.until(lambda: answers and len(server.of("playout")) > before)

    assert answers == ["7"]
    assert visit.complaints == []


async def test_sound_that_is_lost_is_offered_anew() -> None:
    async with JoinServer(webrtc=True).running() as server, chromium() as browser:
        async with visiting(server, browser) as visit:
            await visit.talk()
            await server.until(lambda: server.of("playout"))
            await server.connections[0].close()
            await server.until(lambda: server.offers == 2)
            before = len(server.of("playout"))
            await server.until(lambda: len(server.of("playout")) > before + 1)


async def test_where_webrtc_is_refused_sound_goes_by_websocket_in_frames_of_20_ms() -> None:
    async with JoinServer(webrtc=False).running() as server, chromium() as browser:
        async with visiting(server, browser) as visit:
            await visit.talk()
            await server.until(lambda: len(server.audio_frames) > 60)
            for index in range(30):
                frame = b"\x01" + index.to_bytes(4, "big") + bytes(640)
                await server.audio_sockets[0].send_bytes(frame)
            await server.audio_sockets[0].send_bytes(b"\x07junk")
            await server.audio_sockets[0].send_text("junk")
            before = len(server.of("playout"))
            await server.until(lambda: len(server.of("playout")) > before + 1)
            await visit.press("Mute")
            await server.until(lambda: {"muted": True} in server.audio_words)

    counters = [int.from_bytes(frame[1:5], "big") for frame in server.audio_frames]
    assert {(len(frame), frame[0]) for frame in server.audio_frames} == {(645, 1)}
    assert counters == sorted(set(counters))
    assert any(any(frame[5:]) for frame in server.audio_frames)
    assert server.audio_words[0] == {"access_token": "access", "format": "pcm"}
    assert len(visit.complaints) == 1  # the refused offer, which the browser itself reports


async def test_a_refused_microphone_leads_kindly_to_writing() -> None:
    async with JoinServer().running() as server, chromium(microphone_granted=False) as browser:
        async with visiting(server, browser) as visit:
            await visit.agree()
            await visit.page.get_by_role("button", name="Talk").click()
            await visit.press("Allow the microphone")
            await visit.shows("Let’s do it in writing")

            assert await visit.axe() == []

            await visit.press("Continue by typing")
            await visit.shows("Tell me about the last time")

    assert server.of("start") == [{"type": "start", "mode": "text"}]


async def test_the_check_hears_the_voice_and_asks_after_the_chime() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.agree()
        await visit.page.get_by_role("button", name="Talk").click()
        await visit.press("Allow the microphone")
        await visit.says("We can hear you well.")
        await visit.press("Play a chime")
        await visit.press("No")
        await visit.says("Turn up the volume")
        await visit.press("Yes")
        await visit.says("You will hear the interviewer like that.")


async def test_the_mode_changes_in_mid_talk_and_the_microphone_is_let_go() -> None:
    async with JoinServer(webrtc=True).running() as server, chromium() as browser:
        async with visiting(server, browser) as visit:
            await visit.talk()
            await visit.press("More")
            await visit.press("Only type")
            await server.until(lambda: len(server.of("start")) == 2)
            await visit.press("More")
            await visit.press("Talk instead")
            await server.until(lambda: len(server.of("start")) == 3)

    assert [start["mode"] for start in server.of("start")] == ["voice", "text", "voice"]


SILENCED = """async () => {
  const { Speaker } = await import("/static/join/speaker.js");
  const speaker = new Speaker();
  const context = speaker.wake();
  const until = (holds) => new Promise((resolve) => {
    const looking = setInterval(() => {
      if (!holds(speaker.gain.gain.value)) return;
      clearInterval(looking);
      resolve(context.currentTime);
    }, 5);
  });
  await until(() => context.currentTime > 0);
  const told = context.currentTime;
  speaker.silence();
  await until((gain) => gain < 0.01);
  const back = await until((gain) => gain > 0.99);
  speaker.silence();
  await until((gain) => gain < 0.01);
  speaker.unsilence();
  await until((gain) => gain > 0.99);
  speaker.duck();
  await until((gain) => gain > 0.17 && gain < 0.2);
  await until((gain) => gain > 0.99);
  return back - told;
}"""


async def test_a_silence_or_a_lowering_that_nobody_takes_back_ends_by_itself() -> None:
    async with JoinServer(webrtc=True).running() as server, chromium() as browser:
        async with visiting(server, browser) as visit:
            await visit.talk()
            lasted = await visit.page.evaluate(SILENCED)

    assert lasted >= 1.0
    assert visit.complaints == []

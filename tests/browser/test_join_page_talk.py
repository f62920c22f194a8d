"""The talk on the page: words both ways, forms, rights, and coming back after a loss."""

import asyncio

from tests.emulators.join_server import Body, JoinServer, caption, floor, question
from tests.support.chromium import chromium
from tests.support.form_fields import FIELDS
from tests.support.join_page import visiting

FOCUSED = "document.activeElement.matches('button') ? document.activeElement.textContent : ''"


async def test_the_whole_talk_goes_by_keyboard_alone() -> None:
    async with JoinServer().running() as server, chromium(microphone_granted=False) as browser:
        async with visiting(server, browser) as visit:
            keys = visit.page.keyboard

            async def tab_to(words: str) -> None:
                for _ in range(40):
                    await keys.press("Tab")
                    if words in await visit.page.evaluate(FOCUSED):
                        return
                raise AssertionError(f"no way by Tab to {words!r}")

            await visit.shows("Eating out in the city")
            await tab_to("I agree")
            await keys.press("Enter")
            await tab_to("Read the questions")
            await keys.press("Enter")
            await visit.says("Your turn")
            await keys.press("t")
            await keys.type("We had soup.")
            await keys.press("Enter")
            await visit.shows("what made it memorable")
            await keys.press("Tab")
            await keys.press("Tab")
            await keys.press("Enter")
            await server.until(lambda: server.of("done"))
            await tab_to("More")
            await keys.press("Enter")
            await tab_to("End for good")
            await keys.press("Enter")
            await tab_to("Yes, end it")
            await keys.press("Enter")
            await visit.shows("You have ended the interview")

    consent = {"type": "consent", "granted": True, "recording": False, "text_hash": "hash_1"}
    assert server.of("consent") == [consent]
    assert [text["text"] for text in server.of("text")] == ["We had soup."]
    assert 1 <= len(server.of("typing")) <= 3
    assert server.of("claim") == [{"type": "claim", "right": "stop"}]


async def test_recording_is_agreed_to_by_its_own_switch() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.page.get_by_label("You may also record my voice").check()
        await visit.agree()
        await server.until(lambda: server.of("consent"))

    assert server.of("consent")[0]["recording"] is True


async def test_declining_is_a_polite_end() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.press("No, thank you")
        await visit.shows("Thank you for considering it")
        await server.until(lambda: server.of("consent"))

        assert server.of("consent")[0]["granted"] is False
        assert await visit.axe() == []


async def test_keys_are_shortcuts_but_not_while_typing() -> None:
    async with JoinServer(webrtc=True).running() as server, chromium() as browser:
        async with visiting(server, browser) as visit:
            await visit.talk()
            await visit.says("Your turn")
            await visit.page.get_by_label("Type your answer").fill("")
            await visit.page.keyboard.type("r h m p s ")
            await visit.page.get_by_label("Type your answer").fill("")
            await visit.page.get_by_role("heading", level=1).focus()
            await visit.page.keyboard.press("Space")
            await visit.page.keyboard.press("r")
            await visit.page.keyboard.down("h")
            await visit.page.keyboard.up("h")
            await visit.page.keyboard.press("m")
            await visit.says("You are muted")
            await server.until(lambda: server.of("mute"))

    assert server.of("done") == [{"type": "done"}]
    assert server.of("claim") == [{"type": "claim", "right": "repeat"}]
    assert [hold["pressed"] for hold in server.of("hold_to_talk")] == [True, False]
    assert server.of("mute") == [{"type": "mute", "muted": True}]


async def test_escape_closes_more_wherever_the_focus_is() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        more = visit.page.get_by_role("group", name="More")
        await visit.press("More")
        await more.wait_for()
        focus = await visit.page.evaluate("document.activeElement.closest('.controls') !== null")
        await visit.page.keyboard.press("Escape")
        await more.wait_for(state="hidden")

    assert focus is False
    assert visit.complaints == []


async def test_a_form_is_sent_with_values_of_the_right_kind_and_only_when_complete() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        await server.send(question("rate", "How was it?", node_type="form", fields=FIELDS))
        await visit.shows("How was it?")
        await visit.press("Send answer")
        await visit.says("Please answer this, or skip the question.")
        page = visit.page
        await page.get_by_role("group", name="Overall").get_by_label("4").check()
        await page.get_by_label("No", exact=True).check()
        await page.get_by_label("Café").check()
        await page.get_by_label("Family").check()
        await page.get_by_label("Friends").check()
        await page.get_by_label("Spent").fill("12.5")
        await page.get_by_label("When").fill("2026-03-04")
        await visit.press("Send answer")
        await server.until(lambda: server.of("respond"))

    data = {
        "overall": 4,
        "again": False,
        "kind": "Café",
        "with": ["Family", "Friends"],
        "spent": 12.5,
        "when": "2026-03-04",
    }
    assert server.of("respond") == [{"type": "respond", "node_key": "rate", "data": data}]


async def test_skip_sends_a_complete_form_and_gives_up_a_half_filled_one_only_when_pressed_again() -> None:
    async with JoinServer().running() as server, chromium() as browser:
        async with visiting(server, browser, viewport={"width": 390, "height": 844}) as visit:
            await visit.write()
            await server.send(question("rate", "How was it?", node_type="form", fields=FIELDS[:2]))
            await visit.shows("How was it?")
            send = await visit.page.get_by_role("button", name="Send answer").bounding_box()
            controls = await visit.page.locator(".controls").bounding_box()
            await visit.page.get_by_role("group", name="Overall").get_by_label("4").check()
            await visit.press("Skip")
            await visit.says("press Skip again")
            barriers = await visit.axe()
            scrolled = await visit.page.evaluate("document.documentElement.scrollHeight - innerHeight")
            claimed_at_first = server.of("claim")
            await visit.press("Skip")
            await server.until(lambda: server.of("claim"))
            await visit.page.get_by_label("Yes", exact=True).check()
            await visit.press("Skip")
            await server.until(lambda: server.of("respond"))

    assert send is not None
    assert controls is not None
    assert send["y"] + send["height"] <= controls["y"]
    assert barriers == []
    assert scrolled <= 0
    assert claimed_at_first == []
    assert [claim["right"] for claim in server.of("claim")] == ["skip"]
    assert server.of("respond")[0]["data"] == {"overall": 4, "again": True}


async def test_done_sends_what_is_written_or_ticked_and_says_done_only_without() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        await visit.page.get_by_label("Type your answer").fill("I cook on Sundays")
        await visit.press("I’m done")
        await server.until(lambda: server.of("text"))
        before = len(server.of("done"))
        await server.send(question("kind", "Which one?", node_type="form", fields=FIELDS[2:3]))
        await visit.shows("Which one?")
        await visit.press("I’m done")
        await server.until(lambda: len(server.of("done")) > before)
        await visit.page.get_by_label("Café").check()
        await visit.press("I’m done")
        await server.until(lambda: server.of("respond"))
        height = await visit.page.evaluate("[document.body.scrollHeight, innerHeight]")

    assert before == 0
    assert server.of("text")[0]["text"] == "I cook on Sundays"
    assert server.of("respond")[0]["data"] == {"kind": "Café"}
    assert height[0] <= height[1]


async def test_only_finished_words_enter_the_log_that_screen_readers_follow() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        log = visit.page.get_by_role("log")
        await server.send(caption("u1", "participant", "It was a", final=False))
        await visit.says("It was a")

        assert "It was a" not in await log.inner_text()

        await server.send(caption("u1", "participant", "It was a Thursday."))
        await log.get_by_text("It was a Thursday.").wait_for()
        await server.send(caption("u1", "participant", "", gone=True))
        await log.get_by_text("It was a Thursday.").wait_for(state="detached")


async def test_after_a_loss_the_page_asks_for_what_it_lacks_and_repeats_what_was_not_confirmed() -> None:
    server = JoinServer(script=lambda server, message: [])
    async with server.running(), chromium() as browser, visiting(server, browser) as visit:
        await visit.agree()
        await visit.page.get_by_role("button", name="Type").click()
        await server.until(lambda: server.of("start"))
        await server.send(floor("yours", "open"), caption("a1", "agent", "What did you eat?"))
        await visit.says("What did you eat?")
        await visit.page.get_by_label("Type your answer").fill("Soup.")
        await visit.page.keyboard.press("Enter")
        await server.until(lambda: server.of("text"))
        await server.cut()
        await visit.says("Reconnecting")
        await server.until(lambda: len(server.hellos) == 2 and len(server.of("text")) == 2)
        await server.send(caption("u1", "participant", "Soup."))
        await visit.page.get_by_text("sending").wait_for(state="detached")

    first, second = server.of("text")
    assert [hello["after_seq"] for hello in server.hellos] == [0, 2]
    assert first == second


def only_after_start(server: JoinServer, message: Body) -> list[Body]:
    """As the server does it: nothing is taken over a connection that has not started."""
    since = [m["type"] for m in server.said[server.said_before_cut :]]
    if message["type"] in ("claim", "respond", "text") and "start" not in since:
        return [{"type": "refused", "code": "not_started", "text": "The interview has not begun yet."}]
    if message["type"] == "start" and not server.log:
        return [question("rate", "How was it?", node_type="form", fields=FIELDS[:2]), floor("yours", "open")]
    if message["type"] == "respond" and not message["data"]["again"]:
        return [{"type": "refused", "code": "invalid_data", "text": "Please choose yes."}]
    if message["type"] == "respond":
        return [{"type": "progress", "answered": 1, "expected": 8, "remaining_m": 7}]
    return []


async def test_a_form_filled_in_while_away_is_sent_after_the_start_and_never_said_to_be_sent_before() -> None:
    server = JoinServer(script=only_after_start)
    async with server.running(), chromium() as browser, visiting(server, browser) as visit:
        await visit.agree()
        await visit.page.get_by_role("button", name="Type").click()
        await visit.shows("How was it?")
        await visit.page.get_by_role("group", name="Overall").get_by_label("4").check()
        await visit.page.get_by_label("No", exact=True).check()
        await visit.press("Send answer")
        await visit.says("Please choose yes.")
        sent_when_refused = await visit.page.get_by_text("Sent. Thank you.").count()
        server.said_before_cut = len(server.said)
        server.shut = True
        await server.cut()
        await visit.says("Reconnecting")
        await visit.page.get_by_label("Yes", exact=True).check()
        await visit.press("Send answer")
        await visit.says("Sending")
        await visit.press("Skip")
        server.shut = False
        server.stirred.set()
        await visit.says("Sent. Thank you.")

    later = [m["type"] for m in server.said[server.said_before_cut :] if m["type"] != "ping"]
    assert 0 == sent_when_refused
    assert ["start", "respond"] == later


async def test_a_page_displaced_by_another_says_so_and_can_take_the_talk_back() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        await server.send({"type": "displaced", "text": "This talk was opened elsewhere."})
        await visit.shows("The talk goes on elsewhere")
        await asyncio.sleep(1)  # a displaced page must not come back by itself

        assert len(server.hellos) == 1
        assert await visit.axe() == []

        await visit.press("Go on here")
        await visit.shows("Tell me about the last time")


async def test_leaving_pauses_and_coming_back_goes_straight_on() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        await visit.press("More")
        await visit.press("Leave for now")
        await visit.shows("See you later")
        await visit.press("Come back now")
        await visit.shows("Paused")
        await visit.press("Resume")
        await visit.shows("Tell me about the last time")

    assert [claim["right"] for claim in server.of("claim")] == ["pause", "resume"]


async def test_the_offers_of_a_notice_are_buttons() -> None:
    notice = {
        "type": "notice",
        "code": "misheard",
        "text": "I did not catch that.",
        "offers": ["skip", "nonsense"],
    }
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        await server.send(notice)
        banner = visit.page.locator(".banner", has_text="I did not catch that.")
        await banner.get_by_role("button", name="Skip").click()
        await server.until(lambda: server.of("claim"))

        assert await banner.get_by_role("button").count() == 2

        await banner.get_by_role("button", name="Dismiss").click()
        await banner.wait_for(state="detached")


async def test_a_pause_takes_back_what_was_offered_for_the_turn_before_it() -> None:
    offered = {
        "type": "notice",
        "code": "check_in",
        "text": "Shall I repeat it?",
        "offers": ["repeat", "pause"],
    }
    help_line = {
        "type": "notice",
        "code": "help",
        "text": "Somebody to talk to: 555 0100",
        "offers": ["pause"],
    }
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        await server.send(offered)
        await visit.says("Shall I repeat it?")
        await server.send(floor("paused", "paused"))
        await visit.shows("Paused")
        stale = await visit.page.locator(".banner").count()
        await server.send(help_line)
        banner = visit.page.locator(".banner", has_text="555 0100")
        await banner.wait_for()

        assert stale == 0
        assert await banner.get_by_role("button").count() == 1, "only to dismiss it"


async def test_the_first_press_after_a_number_on_a_phone_hits_what_it_was_meant_for() -> None:
    fields = [
        {"name": "people", "label": "How many people live in your home?", "type": "number"},
        {"name": "room", "label": "Do you have a room of your own?", "type": "boolean"},
    ]
    phone = {"width": 360, "height": 640}
    async with JoinServer().running() as server, chromium() as browser:
        async with visiting(server, browser, viewport=phone) as visit:
            await visit.talk()
            await server.send(question("home", "Two short things.", node_type="form", fields=fields))
            await visit.says("You can also say your answer.")
            await visit.page.get_by_role("spinbutton").fill("4")
            await visit.page.get_by_label("Yes", exact=True).check()
            await visit.press("Send answer")
            await server.until(lambda: server.of("respond"))

    assert server.of("respond")[0]["data"] == {"people": 4, "room": True}


async def test_a_network_that_is_gone_is_told_at_once_and_nobody_is_said_to_listen() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        await visit.says("Your turn")
        await visit.page.context.set_offline(True)
        await visit.says("The connection is lost.")
        light = await visit.page.locator(".light").inner_text()
        await visit.page.context.set_offline(False)
        await visit.says("Your turn")

    assert "Not connected" in light
    assert "Your turn" not in light
    assert len(server.hellos) >= 2


async def test_garbage_from_the_server_changes_nothing() -> None:
    garbage = [
        "",
        "nonsense",
        "null",
        "[]",
        '{"type": "toString"}',
        '{"type": "floor", "seq": -1, "light": "yours", "detail": ""}',
        '{"type": "floor", "seq": 99, "light": "purple", "detail": ""}',
        '{"type": "caption", "seq": 99, "id": 7, "role": "agent", "text": {}, "final": true}',
        '{"type": "question", "seq": 99, "fields": [null]}',
        '{"type": "progress", "seq": 99, "answered": 1e999, "expected": "x", "remaining_m": null}',
    ]
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        before = await visit.page.locator(".stage, .talk-head, .controls").all_inner_texts()
        for text in garbage:
            await server.send_raw(text)
        await server.send(caption("a9", "agent", "<img src=x onerror=alert(1)> & <b>so</b>"))
        await visit.says("<img src=x onerror=alert(1)> & <b>so</b>")
        after = await visit.page.locator(".stage, .talk-head, .controls").all_inner_texts()

    assert before == after
    assert visit.complaints == []


async def test_a_stimulus_with_a_dangerous_address_is_described_and_never_linked() -> None:
    content = {"type": "url", "url": "javascript:alert(1)", "alt": "A menu from 1998"}
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        await server.send(question("stim", "Please look.", node_type="stimulus", content=content))
        await visit.says("A menu from 1998")

        assert await visit.page.locator("a").count() == 0


async def test_the_conversation_can_be_saved_as_text_at_the_end() -> None:
    async with JoinServer().running() as server, chromium() as browser, visiting(server, browser) as visit:
        await visit.write()
        await server.send({"type": "ended", "outcome": "completed", "text": "Good-bye, and thank you."})
        await visit.shows("Thank you")
        async with visit.page.expect_download() as saving:
            await visit.press("Save as a text file")
        download = await saving.value
        path = await download.path()

        assert "Ada: Tell me about the last time you ate out. What comes to mind?" in path.read_text()
        assert await visit.axe() == []

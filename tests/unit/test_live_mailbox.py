import asyncio

import pytest

from dialog.signals import DonePressed, PartialTranscript, SpeechStarted, TimePassed, TypingNoticed
from server.clock import loop_time
from server.live.mailbox import Mailbox, MailboxFull


async def test_signals_are_received_in_the_order_in_which_they_were_put() -> None:
    mailbox = Mailbox()
    mailbox.put(SpeechStarted(1))
    mailbox.put(DonePressed())

    assert [SpeechStarted(1), DonePressed()] == [await mailbox.receive(None), await mailbox.receive(None)]


async def test_time_passes_when_nothing_comes_before_the_deadline() -> None:
    assert TimePassed() == await Mailbox().receive(until=loop_time() - 1)


async def test_a_signal_that_lies_there_goes_before_a_deadline_that_is_over() -> None:
    mailbox = Mailbox()
    mailbox.put(SpeechStarted(1))

    assert SpeechStarted(1) == await mailbox.receive(until=loop_time() - 1)


async def test_a_deadline_waits_for_sound_that_came_before_it_and_is_not_heard_yet() -> None:
    due = loop_time() - 0.01
    waiting = [due - 0.02, due - 0.01, due + 0.005]
    mailbox = Mailbox(unheard_since=lambda: waiting[0] if waiting else None)

    async def hear() -> None:
        while waiting:
            await asyncio.sleep(0)
            if waiting.pop(0) == due - 0.01:
                mailbox.put(SpeechStarted(1))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hear())
        received = await mailbox.receive(until=due)

    assert SpeechStarted(1) == received


async def test_a_deadline_waits_for_no_sound_that_came_after_it() -> None:
    due = loop_time() - 0.01
    mailbox = Mailbox(unheard_since=lambda: due + 0.001)

    assert TimePassed() == await mailbox.receive(until=due)


async def test_a_deadline_does_not_wait_for_ever_for_sound_that_is_never_heard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.live.mailbox.LONGEST_WAIT", 0.02)
    due = loop_time()
    mailbox = Mailbox(unheard_since=lambda: due - 1.0)

    assert TimePassed() == await mailbox.receive(until=due)


async def test_a_waiting_reader_is_woken_by_a_signal() -> None:
    mailbox = Mailbox()
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(mailbox.receive(until=loop_time() + 60))
        tasks.create_task(_put(mailbox))

    assert DonePressed() == waiting.result()


async def _put(mailbox: Mailbox) -> None:
    mailbox.put(DonePressed())


async def test_a_partial_transcript_replaces_the_unread_one_of_its_utterance_only() -> None:
    mailbox = Mailbox()
    for partial in (PartialTranscript(1, "a"), PartialTranscript(1, "a b"), PartialTranscript(2, "c")):
        mailbox.put(partial)
    mailbox.put(TypingNoticed())
    mailbox.put(TypingNoticed())

    received = [await mailbox.receive(None) for _ in range(len(mailbox))]
    assert [PartialTranscript(1, "a b"), PartialTranscript(2, "c"), TypingNoticed()] == received


async def test_a_flood_is_raised_to_the_reader_and_never_to_a_writer() -> None:
    mailbox = Mailbox(capacity=4)
    for number in range(5):
        mailbox.put(SpeechStarted(number))

    with pytest.raises(MailboxFull):
        await mailbox.receive(None)

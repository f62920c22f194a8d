"""What a page is shown of a run, and when."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from dialog.events import AnyBody, InterviewFinished, QuestionAsked
from server.live.feed import Feed
from server.live.page import Page
from server.live.view import View
from server.live.wire import AnyToPage, Ended, Question
from server.store.event_log import EventLog
from tests.support.stalled_log import stalled_log
from tests.support.store import small_design, words
from tests.support.virtual_time import in_virtual_time

LONGEST = 5.0

Following = Callable[[Feed, EventLog], Coroutine[None, None, None]]


async def as_it_comes(feed: Feed, log: EventLog) -> None:
    await feed.follow(log)


async def coming_back(feed: Feed, log: EventLog) -> None:
    await feed.catch_up([event async for event in log.follow()], 0, log)


def shown(page: Page) -> list[type]:
    return [type(page._outbox.get_nowait()) for _ in range(page._outbox.qsize())]


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (QuestionAsked("opening", 1, "question", "How was your day?"), Question),
        (InterviewFinished("completed"), Ended),
    ],
)
@pytest.mark.parametrize("following", [as_it_comes, coming_back])
@pytest.mark.parametrize("stored_after", [1.0, 2 * LONGEST])
def test_what_tells_of_an_answer_is_shown_when_that_is_stored_or_long_overdue(
    following: Following, last: AnyBody, message: type[AnyToPage], stored_after: float
) -> None:
    page, log = Page(), stalled_log()

    async def main() -> tuple[bool, bool]:
        log.append(0.0, words("my answer"))
        log.append(0.0, last)
        log.closed = True
        feed = Feed(page, View(small_design()), LONGEST)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(following(feed, log))
            await asyncio.sleep(stored_after - 0.1)
            before = message in shown(page)
            log.confirm(log.take())
            await asyncio.sleep(0.05)
            return before, message in shown(page)

    before, after = in_virtual_time(main)

    assert (stored_after > LONGEST, stored_after < LONGEST) == (before, after)

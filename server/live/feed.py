"""What one page is shown of a run: what it lacks first, then each event as it comes. Knows no sitting."""

from collections.abc import Sequence

from dialog.events import Event
from server.live import wire
from server.live.page import Page
from server.live.view import View
from server.store.event_log import EventLog


class Feed:
    """The way from a run's log to one page. `longest`: seconds that a question, or the word that all is over,
    waits for the storage of the answer in front of it, which whoever sees that may trust to be kept."""

    def __init__(self, page: Page, view: View, longest: float) -> None:
        self._page = page
        self._view = view
        self._longest = longest
        self._seq = 0

    async def catch_up(self, history: Sequence[Event], after_seq: int, log: EventLog | None) -> None:
        """Show what came after `after_seq`. `log`: where `history` may not be stored yet; None = it is."""
        self._seq = history[-1].seq if history else 0
        if log is not None:
            await log.durable_within(self._seq, self._longest)
        for message in self._view.replay(history, after_seq):
            await self._page.show(message)

    async def follow(self, log: EventLog) -> None:
        """Show what comes after that, until the log is closed."""
        async for event in log.follow(self._seq):
            for message in self._view.see(event):
                if isinstance(message, wire.Question | wire.Ended):
                    await log.durable_within(event.seq, self._longest)
                await self._page.show(message)

"""A participant in writing who comes back whenever the server dies, and remembers what the page has shown."""

from collections.abc import Callable

from websockets.exceptions import ConnectionClosed

from server.live.wire import AnyToPage, Done, Ended, Floor, Question, Start, TypedText
from tests.support.page import TestPage, opened_page
from tests.support.running_server import Door, Study


def answer_to(node_key: str) -> str:
    """What this participant says at a node: no two answers are alike."""
    return f"My own answer number {node_key} is about hammers and nails."


class Steadfast:
    """One participant. `looked` is called with every message that the page gets."""

    def __init__(self, server: Door, study: Study, looked: Callable[[], None]) -> None:
        self.asked: list[str] = []
        """Every node whose question was read, in order, one that was shown again left out."""
        self.ended: Ended | None = None
        self._server = server
        self._study = study
        self._looked = looked
        self._last_seq = 0

    @property
    def confirmed(self) -> list[str]:
        """Nodes whose answer must be safe: a later question was put."""
        return self.asked[:-1]

    async def sit(self, *, same_page: bool) -> None:
        """Open the link and talk until the end, or until the server is gone."""
        try:
            async with opened_page(
                self._server, self._study, after_seq=self._last_seq if same_page else 0
            ) as page:
                await self._talk(page)
        except (ConnectionClosed, OSError):
            return

    async def _talk(self, page: TestPage) -> None:
        consent = page.session["consent"]
        assert isinstance(consent, dict)
        if consent["needed"]:
            await page.agree(recording=False)
        await page.send(Start("text"))
        answered = ""
        while True:  # to the end of the socket: when the server closes it, all is settled
            message = await page.next()
            self._see(message)
            self._looked()
            if (
                isinstance(message, Floor)
                and message.light == "yours"
                and self.asked
                and answered != self.asked[-1]
            ):
                answered = self.asked[-1]
                await page.send(TypedText(answer_to(answered), f"to {answered}"))
                # Where it arrived before the kill, it counts once, and the answer is still open.
                await page.send(Done())

    def _see(self, message: AnyToPage) -> None:
        self._last_seq = max(self._last_seq, getattr(message, "seq", 0))
        match message:
            case Question():
                if message.node_key not in self.asked:
                    self.asked.append(message.node_key)
            case Ended():
                self.ended = message
            case _:
                pass

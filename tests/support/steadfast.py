"""A participant in writing who comes back whenever the server dies, and remembers what the page has shown."""

import asyncio
from collections.abc import Callable
from typing import Final

from websockets.exceptions import ConnectionClosed

from dialog.blueprint import Blueprint
from server.live.wire import AnyToPage, Claim, Done, Ended, Floor, Question, Refused, Start, TypedText
from tests.support.page import TestPage, opened_page
from tests.support.running_server import Door, Study

TYPING_PAUSE: Final = 0.6
"""Seconds after which one who typed too fast for the server tries again."""


def places_of(design: Blueprint) -> list[str]:
    """Everything that is asked for in order: nodes by their key, fields of forms as `node.field`."""
    return [
        place
        for key, node in design.graph.nodes.items()
        for place in ([f"{key}.{field.name}" for field in node.fields or []] or [key])
    ]


def answer_to(place: str) -> str:
    """What this participant says at a place: no two answers are alike, and each holds one number."""
    number = sum(place.encode())
    return (
        f"{number} people." if "." in place else f"My own answer number {place} is about hammers and nails."
    )


class Steadfast:
    """One participant, who skips what is in `skips`. `looked` is called with every message to the page."""

    def __init__(
        self, server: Door, study: Study, looked: Callable[[], None], skips: frozenset[str] = frozenset()
    ) -> None:
        self.asked: list[str] = []
        """Every place whose question was read, in order, one that was shown again left out."""
        self.skips = skips
        self.ended: Ended | None = None
        self._server = server
        self._study = study
        self._looked = looked
        self._last_seq = 0

    @property
    def confirmed(self) -> list[str]:
        """Places whose answer, or whose skipping, must be safe: a later question was put, or it was said that
        all of them are answered."""
        came_to_the_end = self.ended is not None and self.ended.outcome == "completed"
        return list(self.asked) if came_to_the_end else self.asked[:-1]

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
                if answered in self.skips:
                    await page.send(Claim("skip"))
                    continue
                await self._type(page, answered)
            if isinstance(message, Refused) and message.code == "too_fast":
                await asyncio.sleep(TYPING_PAUSE)
                await self._type(page, answered)

    async def _type(self, page: TestPage, place: str) -> None:
        await page.send(TypedText(answer_to(place), f"to {place}"))
        # Where it arrived before the kill, it counts once, and the answer is still open.
        await page.send(Done())

    def _see(self, message: AnyToPage) -> None:
        self._last_seq = max(self._last_seq, getattr(message, "seq", 0))
        match message:
            case Question():
                place = _place_asked(message)
                if place not in self.asked:
                    self.asked.append(place)
            case Ended():
                self.ended = message
            case _:
                pass


def _place_asked(question: Question) -> str:
    for field in question.fields:
        if field.label in question.text:
            return f"{question.node_key}.{field.name}"
    return question.node_key

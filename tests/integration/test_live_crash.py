import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from websockets.exceptions import ConnectionClosed

from dialog.commands import AnyCommand
from dialog.events import AnyFact, SessionClosed
from dialog.manager import Manager
from dialog.signals import AnySignal, TextTyped
from server.live.wire import Ended, Floor, Notice, Question, Start, TypedText, Typing
from tests.support.noted_recognition import NotedRecognition
from tests.support.page import opened_page
from tests.support.running_server import running_server
from tests.support.small_study import small_blueprint
from tests.support.still_leg import StillLeg


class _FaultyCore(Manager):
    """Breaks at the word."""

    def handle(self, signal: AnySignal, now: float) -> list[AnyCommand | AnyFact]:
        if isinstance(signal, TextTyped) and signal.text == "break":
            raise ZeroDivisionError("a fault in the core")
        return super().handle(signal, now)


async def test_a_crash_ends_that_sitting_alone_and_the_run_can_be_gone_on_with(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running_server(tmp_path) as server:
        registry = server.house.registry
        registry.kit = replace(
            registry.kit,
            make_core=lambda blueprint, facts, metadata: _FaultyCore(
                blueprint, facts=facts, metadata=metadata
            ),
        )
        study, other = await server.study(small_blueprint()), await server.study(small_blueprint())
        async with opened_page(server, other) as bystander, opened_page(server, study) as page:
            for each in (bystander, page):
                await each.agree()
                await each.send(Start("text"))
                await each.until(Floor, lambda floor: floor.detail == "open")
            with caplog.at_level(logging.CRITICAL):
                await page.send(TypedText("break", "1"))
                notice = await page.until(Notice)
                with pytest.raises(ConnectionClosed) as closed:
                    await page.until(Ended)
            await bystander.send(TypedText("A hammer and a saw.", "1"))
            await bystander.until(Question, lambda question: question.node_key == "q2")
        async with opened_page(server, study, after_seq=1) as page:
            await page.send(Start("text"))
            await page.until(Floor, lambda floor: floor.detail == "open")
            await page.send(TypedText("A hammer and a saw.", "2"))
            await page.until(Floor, lambda floor: floor.detail == "open")
            await page.send(TypedText("It broke last week.", "3"))
            ended = await page.until_over()
        reasons = [e.body.reason for e in await server.events(study) if isinstance(e.body, SessionClosed)]

    assert "kept" in notice.text
    assert closed.value.rcvd is not None
    assert 1011 == closed.value.rcvd.code
    assert "completed" == ended.outcome
    assert ["failed", "finished"] == reasons


class _KeptEar(NotedRecognition):
    """A recogniser and its recognition in one, that knows whether it was closed."""

    name = "kept"
    turn_end_hints = ""
    closed = False

    def recognize(self, language: str, key_terms: Sequence[str]) -> NotedRecognition:
        return self

    async def close(self) -> None:
        self.closed = True
        await super().close()


async def test_a_sitting_that_crashes_lets_go_of_its_recogniser(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ear = _KeptEar()
    async with running_server(tmp_path) as server:
        registry = server.house.registry
        registry.kit = replace(
            registry.kit,
            speech_to_text=ear,
            make_core=lambda blueprint, facts, metadata: _FaultyCore(
                blueprint, facts=facts, metadata=metadata
            ),
        )
        study = await server.study(small_blueprint())
        async with opened_page(server, study) as page:
            await page.agree()
            visit = registry.find(study.run_id)
            assert visit is not None
            carrying = await visit.attach(StillLeg())
            await page.send(Start("text"))
            await page.until(Floor, lambda floor: floor.detail == "open")
            with caplog.at_level(logging.CRITICAL):
                await page.send(TypedText("break", "1"))
                await page.until(Notice)
                await asyncio.wait({carrying})

    assert carrying.cancelled()
    assert ear.closed


async def test_a_page_that_floods_the_server_is_let_go(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        study = await server.study(small_blueprint())
        async with opened_page(server, study) as page:
            await page.agree()
            await page.send(Start("text"))
            for _ in range(300):
                await page.send(Typing())
            with pytest.raises(ConnectionClosed) as closed:
                await page.until(Ended)
            alive = await server.http.get("/healthz")

    assert closed.value.rcvd is not None
    assert (1008, "too many messages") == (closed.value.rcvd.code, closed.value.rcvd.reason)
    assert 200 == alive.status_code

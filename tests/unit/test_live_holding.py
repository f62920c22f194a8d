"""What is left of a sitting that is over: nothing."""

import asyncio
import gc
import weakref
from collections.abc import Callable
from random import Random

import pytest

from dialog.manager import Manager
from server.live.holding import hold_session
from server.live.keeping import Case, Kit
from server.live.session import Session, SessionPolicy
from server.store.event_log import OpenedSession, memory_log
from tests.emulators.fitful_providers import DeafEar, FitfulJudge, FitfulVoice
from tests.support.small_study import small_blueprint
from tests.support.still_leg import StillLeg
from tests.support.virtual_time import in_virtual_time

SOON = 5.0
"""Seconds; in the middle of the first question."""


def hang_up(session: Session, leg: StillLeg) -> None:
    asyncio.get_running_loop().call_later(SOON, session.close, "left")


def lose_the_connection(session: Session, leg: StillLeg) -> None:
    loop = asyncio.get_running_loop()
    loop.call_later(SOON, lambda: loop.create_task(leg.close("lost")))
    loop.call_later(SOON + 1.0, session.close, "left")


def never_connect(session: Session, leg: StillLeg) -> None:
    session.leave("displaced")
    asyncio.get_running_loop().call_later(SOON, session.close, "left")


@pytest.mark.parametrize("goes", [hang_up, lose_the_connection, never_connect])
def test_no_timer_holds_a_sitting_that_is_over(goes: Callable[[Session, StillLeg], None]) -> None:
    left = in_virtual_time(lambda: what_is_left(goes))

    assert left is None


async def what_is_left(goes: Callable[[Session, StillLeg], None]) -> Session | None:
    """Hold a sitting, have the page go behind it, and look whether anybody still has the sitting."""
    rng, held = Random(1), list[weakref.ref[Session]]()

    def opened(session: Session) -> None:
        held.append(weakref.ref(session))
        leg = StillLeg()
        if goes is not never_connect:
            session.attach(leg)
        session.start("voice")
        goes(session, leg)

    await hold_session(
        memory_log(OpenedSession("run_1", "ses_1", 1, 1, 0, 0)),
        Case("run_1", small_blueprint(), "The house", {}),
        [],
        Kit(
            DeafEar(),
            FitfulVoice(rng, 0.0),
            None,
            FitfulJudge(rng, 0.0),
            lambda blueprint, facts, metadata: Manager(blueprint, facts=facts, metadata=metadata),
            lambda _: True,
        ),
        SessionPolicy(),
        channel="webrtc",
        recorder=None,
        show_level=lambda _: None,
        opened=opened,
    )
    if (session := held[0]()) is not None:  # the page has it still
        assert session.log.closed
        session.leave("the connection was lost")
        del session
    await asyncio.sleep(0)  # what was called for already still comes
    gc.collect()
    return held[0]()

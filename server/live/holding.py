"""Holds a sitting from its first event to its last, and sees that nothing outlives it.

Knows nothing of what goes on inside.
"""

import asyncio
import contextlib
from collections.abc import Callable

from dialog.events import AnyFact, SessionClosed
from server.live.keeping import Case, Kit
from server.live.recorder import SessionRecorder
from server.live.session import Session, SessionPolicy
from server.providers.witness import witnessed_by
from server.store.event_log import EventLog, LogBroken, LogClosed, WriterFenced


class _Over(Exception):
    """The sitting is over; ends its task group."""


async def hold_session(
    events: EventLog,
    case: Case,
    facts: list[AnyFact],
    kit: Kit,
    policy: SessionPolicy,
    *,
    channel: str,
    recorder: SessionRecorder | None,
    show_level: Callable[[float], None],
    opened: Callable[[Session], None],
) -> str:
    """Hold a whole sitting: `opened` is called with it as soon as it takes signals. Returns why it ended.

    Whatever was begun for it is over when this returns. Raises what a fault of ours raised, in a group.
    """
    reason = "failed"
    session: Session | None = None
    try:
        async with asyncio.TaskGroup() as tasks:
            session = Session(events, case, facts, kit, tasks, policy, recorder, show_level)
            tasks.create_task(events.watch(), name="log guard")
            opened(session)
            with witnessed_by(session.tally.told):
                reason = await session.live(channel)
            await session.hang_up()
            await session.eraser.close()
            raise _Over
    except* _Over:
        pass
    finally:
        if session is not None:
            session.let_go()
            if recorder is not None:
                await recorder.close(session.now)
            with contextlib.suppress(LogClosed, WriterFenced, LogBroken):
                session.tally.close()
                events.append(session.now, SessionClosed(reason))
        events.close()
    return reason

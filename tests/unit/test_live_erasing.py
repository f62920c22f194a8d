"""Taking a struck answer out of a sitting while it goes on."""

import asyncio

from dialog.events import AnswerStruck
from server.live.erasing import Eraser
from server.store.event_log import EventLog, WriterFenced
from tests.support.store import words
from tests.support.virtual_time import in_virtual_time
from tests.unit.test_live_speaker import _stalled_log


def test_who_may_not_write_any_more_ends_no_sitting_by_erasing() -> None:
    log: EventLog = _stalled_log()

    async def main() -> bool:
        async with asyncio.TaskGroup() as tasks:
            eraser = Eraser(log, None, tasks, lambda: 0.0)
            log.append(0.0, words("a secret"))
            log.append(0.0, AnswerStruck(1))
            eraser.begin(1)
            log.fail(WriterFenced(log.session.session_id))
            await eraser.finish()
            return eraser.busy

    assert not in_virtual_time(main)

"""Waiting for what is to be kept."""

import asyncio

import pytest

from dialog.signals import StorageFaltered
from server.live.storage_wait import kept_in_time
from server.store.event_log import EventLog
from tests.support.virtual_time import in_virtual_time
from tests.unit.test_live_speaker import _stalled_log


@pytest.mark.parametrize("seconds", [0.5, 1.5])
def test_what_else_there_is_to_keep_is_not_kept_when_it_comes_late(seconds: float) -> None:
    async def main() -> object:
        log: EventLog = _stalled_log()
        return await kept_in_time(log, 0, lambda: asyncio.sleep(seconds), 1.0)

    outcome = in_virtual_time(main)

    assert "kept" == outcome if seconds < 1.0 else isinstance(outcome, StorageFaltered)

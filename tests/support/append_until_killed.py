"""Appends events as fast as they become durable and tells each confirmed number on stdout, until it is
killed.

Started as a program: database URL, run id.
"""

import asyncio
import sys

from server.store.database import Database
from server.store.log_writer import LogWriter
from server.store.runs import Runs
from server.store.vault import Vault
from tests.support.store import SECRET, words


async def append_for_ever(url: str, run_id: str) -> None:
    async with Database(url) as database, LogWriter(database) as writer:
        runs = Runs(database, Vault(SECRET))
        if (await runs.find(run_id)).status == "awaiting_participant":
            await runs.transition(run_id, "active")
        log = writer.open(await runs.open_session(run_id))
        while True:
            # Some go along unconfirmed, as between two waits of a session.
            for _ in range(3):
                event = log.append(0.0, words(f"number {log.last_seq + 1}"))
            await log.durable(event.seq)
            print(event.seq, flush=True)


if __name__ == "__main__":
    asyncio.run(append_for_ever(sys.argv[1], sys.argv[2]))

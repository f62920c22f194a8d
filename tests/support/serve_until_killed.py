"""A server in a process of its own, to be killed: python -m tests.support.serve_until_killed DATA_DIR [seed].

With `seed` it makes a study first. Prints one line of JSON when it listens.
"""

import asyncio
import json
import sys
from pathlib import Path

import msgspec

from server.api.house import House
from server.app import run_server
from server.settings import Settings
from tests.support.running_server import RunningServer
from tests.support.small_study import small_blueprint


async def main(data_dir: Path, seed: bool) -> None:
    ready: asyncio.Future[tuple[House, str]] = asyncio.get_running_loop().create_future()
    settings = Settings.load(data_dir=data_dir, port=0, recogniser_processes=1)
    server = run_server(settings, lambda house, url: ready.set_result((house, url)))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        house, origin = await ready
        running = RunningServer(house, origin)
        study = await running.study(small_blueprint()) if seed else None
        await running.http.aclose()
        print(json.dumps({"origin": origin, "study": msgspec.to_builtins(study)}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), "seed" in sys.argv[2:]))

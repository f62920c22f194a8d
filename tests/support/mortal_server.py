"""A real server in a process of its own, to be killed and started again on the same data."""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from dialog.blueprint import Blueprint
from dialog.events import Event
from server.cli.seeding import open_vault
from server.settings import Settings
from server.store.blueprints import Blueprints
from server.store.database import Database
from server.store.event_rows import read_events
from server.store.organizations import Organizations, Tenant
from server.store.runs import Runs
from tests.support.house import ROOT
from tests.support.patterns import brought_to_shape
from tests.support.running_server import Door, Study

_START_PATIENCE = 60
"""Looks of a second each: where all processes stand still, as on a machine that sleeps, none passes."""
_END_TIMEOUT = 10.0
_STARTS = 5
_START_PAUSE = 0.5
_PORTS = itertools.cycle(range(12_000 + os.getpid() % 18_000, 32_000))


class MortalServer(Door):
    """One data directory, one port, and the server that runs there at the moment, if any."""

    def __init__(
        self, starter: asyncio.subprocess.Process, settings: Settings, environment: dict[str, str]
    ) -> None:
        super().__init__(f"http://127.0.0.1:{settings.port}")
        self.settings = settings
        self._starter = starter
        self._environment = environment
        self._pid = 0
        self._hold = -1
        """The process itself, by which it is killed: its number may be another's once it has ended."""

    async def start(self) -> None:
        """Start a server and wait until it takes requests.

        One that ends by itself is started again, as whoever looks after servers does: a child that the dead
        one was just making may have its port for a moment.
        """
        for _ in range(_STARTS):
            if await self._begins():
                return
            await asyncio.sleep(_START_PAUSE)
        raise AssertionError("it ends by itself again and again")

    async def _begins(self) -> bool:
        arguments = ["--data-dir", str(self.settings.data_dir), "--port", str(self.settings.port)]
        assert self._starter.stdin is not None
        started = {"arguments": arguments, "environment": self._environment}
        self._starter.stdin.write(json.dumps(started).encode() + b"\n")
        while (line := await self._line()) == "over":  # of one that had ended by itself
            pass
        self._pid = int(line)
        self._hold_on()
        if "ready" in await self._line():
            return True
        self._let_go()
        self._pid = 0
        return False

    async def kill(self) -> None:
        """Kill it as a power failure does, and wait until it is gone."""
        if self._pid:
            self._let_go()
            self._pid = 0
            while await self._line() != "over":
                pass

    def _hold_on(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._hold = os.pidfd_open(self._pid)

    def _let_go(self) -> None:
        if self._hold >= 0:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                signal.pidfd_send_signal(self._hold, signal.SIGKILL)
            os.close(self._hold)
            self._hold = -1

    def cpu_seconds(self) -> float:
        """Seconds of processor that the server has taken, its children's left out."""
        fields = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def _line(self) -> str:
        assert self._starter.stdout is not None
        for _ in range(_START_PATIENCE):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0):
                    line = await self._starter.stdout.readline()
                assert line, "the server has ended"
                return line.decode().strip()
        raise TimeoutError("no server begins or ends")

    async def study(self, blueprint: Blueprint) -> Study:
        """Publish a blueprint and make one run of it; the server needn't run."""
        brought_to_shape(self.settings.database_url)
        async with Database(self.settings.database_url) as database:
            organizations, blueprints = Organizations(database), Blueprints(database)
            organization = await organizations.first()
            tenant = Tenant(organization.id, test_mode=False)
            made = await blueprints.create(tenant, blueprint)
            await blueprints.publish(tenant, made.id)
            run, token = await Runs(database, open_vault(self.settings)).create(tenant, made.id)
            _, key = await organizations.create_key(
                organization.id, test_mode=False, scopes=("read", "write", "operate")
            )
        return Study(run.id, token, key)

    async def events(self, study: Study) -> list[Event]:
        """What lies in the database at this moment; the server needn't run."""
        async with Database(self.settings.database_url) as database:
            return await read_events(database, study.run_id)


@asynccontextmanager
async def servers_starter() -> AsyncIterator[asyncio.subprocess.Process]:
    """What starts servers, one at a time: it has all their modules, and several tests may share it."""
    starter = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.start_servers",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={
            "PATH": os.defpath,
            "OPENBLAS_NUM_THREADS": "1",  # numpy would begin threads as it is imported
        },
        start_new_session=True,
    )
    try:
        yield starter
    finally:
        assert starter.stdin is not None
        starter.stdin.close()
        try:
            async with asyncio.timeout(_END_TIMEOUT):
                await starter.wait()
        except TimeoutError:  # it waits for a server that nobody knows of, as its start took too long
            os.killpg(starter.pid, signal.SIGKILL)
            await starter.wait()


@asynccontextmanager
async def mortal_server(
    data_dir: Path,
    *,
    starter: asyncio.subprocess.Process | None = None,
    recogniser_processes: int = 0,
    more: Mapping[str, str] | None = None,
) -> AsyncIterator[MortalServer]:
    """A data directory and what starts servers on it; none runs yet. Whatever runs at the end is killed.

    Where nobody speaks it needs no recogniser. `more` are settings as they stand in the environment.
    """
    port = _own_port()
    others = dict(more or {})
    settings = Settings.load(
        data_dir=data_dir, port=port, recogniser_processes=recogniser_processes, **others
    )
    named = {"recogniser_processes": str(recogniser_processes), "log_level": "warning", **others}
    environment = {f"VIVAVOCE_{name.upper()}": value for name, value in named.items()}
    async with AsyncExitStack() as stack:
        if starter is None:
            starter = await stack.enter_async_context(servers_starter())
        server = MortalServer(starter, settings, environment)
        try:
            yield server
        finally:
            await server.http.aclose()
            await server.kill()


def _own_port() -> int:
    """A port that is free, and below those that the system gives to whoever connects to somewhere: while the
    server is dead it would be anybody's."""
    while True:
        with contextlib.suppress(OSError), socket.socket() as free:
            port = next(_PORTS)
            free.bind(("127.0.0.1", port))
            return port

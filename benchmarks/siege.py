"""A server that is killed again and again while it has much to do: talks in writing, runs made and read over
HTTP, webhooks. Keeps what was confirmed to whom; whether it was kept is judged in `promises`."""

import asyncio
import contextlib
import math
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final, Protocol

import httpx
import msgspec
from sqlalchemy import func, select, update
from websockets.exceptions import WebSocketException

from dialog.blueprint import Blueprint
from server.cli.seeding import open_vault
from server.clock import loop_time
from server.store.blueprints import Blueprints
from server.store.database import Database
from server.store.delivery_tables import (
    HappeningRow,
    IdempotencyRow,
    JobRow,
    WebhookDeliveryRow,
    WebhookRow,
)
from server.store.idempotency import ABANDONED_MS
from server.store.migrations import upgrade
from server.store.organizations import Organizations, Tenant
from server.store.run_status import TERMINAL, RunStatus
from server.store.shelf import Shelf
from tests.support.blueprints import blueprint, question
from tests.support.mortal_server import MortalServer
from tests.support.receiver import Receiver
from tests.support.running_server import Study
from tests.support.steadfast import Steadfast

QUESTIONS: Final = 6
WANTED: Final = (
    "interview_run.created",
    "interview_run.participant_joined",
    "interview_run.started",
    "interview_run.completed",
)
MOST_NEWS: Final = (2, 20, 100)
"""How much its users may have heard of a server when it is killed: some hardly begin, some get to work."""
LONGEST_LIFE: Final = 10.0
"""Seconds until it is killed however little was heard of it."""
LAST_MOMENTS: Final = (0.0, 0.02, 0.3)
"""Seconds after the last news, at most, until it is dead: in the middle of what comes of it, or later."""
_SIGNING: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_PAGE: Final = 500
_FAILED: Final = (httpx.TransportError, WebSocketException, OSError, TimeoutError, AssertionError)
"""What a client sees of a server that dies."""


class Talker(Protocol):
    """A participant, as far as promises were made to them."""

    @property
    def confirmed(self) -> list[str]:
        """Places whose answer they know to be safe."""

    @property
    def ended(self) -> object | None:
        """What they were told at the end, None before."""


class Confirmed(msgspec.Struct):
    """What somebody was told is so, and may rely on."""

    runs: dict[str, str] = {}
    """Request → the run that it made."""
    unanswered: set[str] = set()
    """Requests of which it was said that they may be done."""
    events: dict[str, dict[int, bytes]] = {}
    """Run → number → the event as it was read over HTTP."""
    statuses: dict[str, list[RunStatus]] = {}
    """Run → every status that it was seen in, in order."""
    talks: list[tuple[str, Talker]] = []
    """Each run that was talked in, and its participant."""


def study_design() -> Blueprint:
    """Some questions in a row, none of them like another."""
    return blueprint(
        *(question(f"q{n}", f"What do you do with tool number {n}?") for n in range(1, QUESTIONS + 1))
    )


class Siege:
    """One server, and those who use it."""

    def __init__(self, server: MortalServer, receiver: Receiver, seed: int) -> None:
        self.confirmed = Confirmed()
        self.kills = 0
        self._server = server
        self._receiver = receiver
        self._chance = Random(seed)
        self._up = asyncio.Event()
        self._news = 0
        self._due = 0
        self._enough = asyncio.Event()
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._waiting: asyncio.Queue[Study] = asyncio.Queue(maxsize=20)
        self._key = ""
        self._blueprint_id = ""
        self._later: list[str] = []
        self._names = (f"request {number}" for number in range(1_000_000_000))

    async def prepare(self) -> None:
        """Make the tables, a study, a key and a webhook; no server runs yet."""
        settings = self._server.settings
        await asyncio.to_thread(upgrade, settings.database_url)
        async with Database(settings.database_url) as database:
            organizations = Organizations(database)
            tenant = Tenant((await organizations.first()).id, test_mode=False)
            _, self._key = await organizations.create_key(
                tenant.organization_id, test_mode=False, scopes=("read", "write")
            )
            blueprints = Blueprints(database)
            made = await blueprints.create(tenant, study_design())
            self._blueprint_id = (await blueprints.publish(tenant, made.id)).id
            body: dict[str, Any] = {
                "url": self._receiver.url,
                "events": list(WANTED),
                "status": "enabled",
                "description": None,
                "metadata": {},
            }
            secret = open_vault(settings).seal(_SIGNING)
            await Shelf(database, WebhookRow, "whk_").create(tenant, body, secret=secret)

    async def hold(
        self,
        kills: int,
        *,
        talks: int,
        makers: int,
        longest: float = math.inf,
        killed: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Start the server and kill it, so many times, with everybody at it; it doesn't run afterwards. After
        `longest` seconds it ends with fewer. `killed` hears after each how many there were."""
        over = loop_time() + longest
        async with asyncio.TaskGroup() as tasks:
            busy = [tasks.create_task(self._talk()) for _ in range(talks)]
            busy += [tasks.create_task(self._make()) for _ in range(makers)]
            busy.append(tasks.create_task(self._read()))
            while self.kills < kills and loop_time() < over:
                await self._server.start()
                self._up.set()
                await self._live()
                self._up.clear()
                await self._server.kill()
                self.kills += 1
                killed(self.kills)
            await self._idle.wait()  # whoever is stopped while it connects leaves its socket behind
            for task in busy:
                task.cancel()

    async def _live(self) -> None:
        """Let its users have a random number of news."""
        self._due = self._news + self._chance.randint(0, self._chance.choice(MOST_NEWS))
        self._enough.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_LIFE):
                await self._enough.wait()
        await asyncio.sleep(self._chance.choice(LAST_MOMENTS) * self._chance.random())

    def _hear(self) -> None:
        """Somebody has heard from the server."""
        self._news += 1
        if self._news >= self._due:
            self._enough.set()

    async def settle(self, patience: float, *, leases_over: bool = False) -> None:
        """Start it once more, and leave it alone until its jobs are done and every webhook has been told, or
        `patience` is over; then end it.

        `leases_over` doesn't wait for the minute in which the jobs of the dead are still their own.
        """
        if leases_over:
            async with Database(self._server.settings.database_url) as database, database.write() as writing:
                await writing.execute(update(JobRow).values(leased_until=0))
                claims = update(IdempotencyRow).where(IdempotencyRow.body.is_(None))
                await writing.execute(claims.values(created_at=IdempotencyRow.created_at - ABANDONED_MS))
        # What failed with its server would be tried again in minutes or hours.
        async with Database(self._server.settings.database_url) as database, database.write() as writing:
            await writing.execute(update(JobRow).values(due_at=0))
        await self._server.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while self._later or await self._untold():
                    later, self._later = self._later, []
                    for name in later:
                        await self._ask_for_run(name)
                    await asyncio.sleep(0.2)
        for run_id, _ in self.confirmed.talks:
            await self._read_run(run_id)
        await self._server.kill()

    async def _untold(self) -> int:
        waiting = select(func.count()).select_from(HappeningRow).where(HappeningRow.dispatched_at.is_(None))
        pending = select(func.count()).where(WebhookDeliveryRow.status == "pending")
        jobs = select(func.count()).select_from(JobRow).where(JobRow.gave_up_at.is_(None))
        each_of = (waiting, pending, jobs)
        async with Database(self._server.settings.database_url) as database, database.read() as connection:
            return sum([(await connection.execute(each)).scalar_one() for each in each_of])

    # Those who use it

    async def _talk(self) -> None:
        """One participant after the other; each comes back until the interview is over."""
        while True:
            study = await self._waiting.get()
            participant = Steadfast(self._server, study, self._hear)
            self.confirmed.talks.append((study.run_id, participant))
            while participant.ended is None and not self._over(study.run_id):
                await self._up.wait()
                with self._whenever_it_dies():
                    await participant.sit(same_page=self._chance.random() < 0.5)
                await asyncio.sleep(0.02)

    def _over(self, run_id: str) -> bool:
        """The run has come to its end, and the word of it was lost with the server."""
        return any(status in TERMINAL for status in self.confirmed.statuses.get(run_id, [])[-1:])

    async def _make(self) -> None:
        """Make runs, each with a request that is sent again until it is answered."""
        for name in self._names:
            while True:
                await self._up.wait()
                with self._whenever_it_dies():
                    if await self._ask_for_run(name):
                        break
                await asyncio.sleep(0.02)
            await asyncio.sleep(self._chance.uniform(0.02, 0.3))

    async def _ask_for_run(self, name: str) -> bool:
        """Whether the request needn't be sent again now."""
        answer = await self._server.http.post(
            "/api/v1/interview-runs",
            headers={"Authorization": f"Bearer {self._key}", "Idempotency-Key": name},
            json={"blueprint_id": self._blueprint_id, "metadata": {"request": name}},
        )
        if answer.status_code == 201:
            run = answer.json()
            self.confirmed.runs[name] = run["id"]
            self._hear()
            if not self._waiting.full():
                self._waiting.put_nowait(Study(run["id"], run["join_token"], self._key))
            return True
        code = answer.json()["error"]["code"]
        if code == "idempotency_key_unanswered":
            self.confirmed.unanswered.add(name)
        elif code == "idempotency_key_in_use":
            self._later.append(name)
        return answer.status_code == 409

    async def _read(self) -> None:
        """Read what is there, for as long as anybody may."""
        while True:
            await self._up.wait()
            with self._whenever_it_dies():
                for run_id, _ in self.confirmed.talks[-8:]:
                    await self._read_run(run_id)
            await asyncio.sleep(0.05)

    async def _read_run(self, run_id: str) -> None:
        path, headers = f"/api/v1/interview-runs/{run_id}", {"Authorization": f"Bearer {self._key}"}
        run = await self._server.http.get(path, headers=headers)
        if run.status_code == 200:
            seen = self.confirmed.statuses.setdefault(run_id, [])
            if (status := run.json()["status"]) not in seen[-1:]:
                seen.append(status)
        events = self.confirmed.events.setdefault(run_id, {})
        query = {"after": max(events, default=0), "limit": _PAGE}
        page = await self._server.http.get(f"{path}/events", headers=headers, params=query)
        if page.status_code == 200:
            for event in page.json()["data"]:
                events[event["seq"]] = fingerprint(event)

    @contextlib.contextmanager
    def _whenever_it_dies(self) -> Iterator[None]:
        """Take a server's death as it comes; anything else is a fault of ours."""
        self._busy += 1
        self._idle.clear()
        try:
            with contextlib.suppress(*_FAILED):
                yield
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()


def fingerprint(event: dict[str, Any]) -> bytes:
    """One event, as bytes that are the same whenever it is."""
    return msgspec.json.encode(event, order="deterministic")

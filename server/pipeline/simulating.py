"""Tries drafts on simulated participants, each by a job, in a child process of its own: some seconds of pure
arithmetic that a talk must not notice. What the participants say and how a talk is measured is known to the
child alone."""

import asyncio
import contextlib
import logging
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.children import ROOT, end
from server.clock import loop_time
from server.pipeline.publish_gate import Summary
from server.pipeline.worker import PutOff, Work
from server.store.jobs import Job
from server.store.simulations import SIMULATE, Simulations

log = logging.getLogger(__name__)

LONGEST_WORK: Final = 300.0
"""Seconds that all talks of one draft may take on the clock; those of an ordinary one take two. Larger: the
drafts of other organizations wait for so long."""
LONGEST_REASON: Final = 500
LONGEST_LINE: Final = 1 << 20
MOST_TRIES: Final = 3
"""How often a draft is begun whose server dies over it."""
ADVANCE_INTERVAL: Final = 1.0
"""Seconds between two notes of how far it is."""
DATABASE_PAUSE: Final = 5.0
PROGRAM: Final = (sys.executable, "-m", "server.rehearsal.simulation_process")
"""Known by its name alone: the rooms of the rehearsal stand above this one."""


class Order(msgspec.Struct, frozen=True):
    """What the child is given: a whole design, its agent inline, and how many talks with each participant."""

    design: dict[str, Any]
    seeds: int


class TalkHeld(msgspec.Struct, frozen=True, tag=True):
    """One more talk is over."""

    held: int
    planned: int


class AllHeld(msgspec.Struct, frozen=True, tag=True):
    """All of them are, and this is what they come to."""

    talks: int
    personas: list[Summary]
    total: Summary


class BrokenOff(msgspec.Struct, frozen=True, tag=True):
    """Nothing comes of them any more."""

    reason: str


Told = TalkHeld | AllHeld | BrokenOff
"""A line that the child writes."""


class SimulationFailed(Exception):
    """Nothing came of it, and nothing would another time. The text says why."""


class Simulator:
    """A child for each draft: one that crashes, hangs or wants all memory costs this draft and nothing
    else."""

    def __init__(self, program: Sequence[str] = PROGRAM, *, longest_work: float = LONGEST_WORK) -> None:
        self._program = tuple(program)
        self._longest_work = longest_work

    async def hold(self, order: Order) -> AsyncGenerator[TalkHeld | AllHeld, None]:
        """Hold the talks; the last thing told is `AllHeld`. Raises SimulationFailed."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._program,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=ROOT,
                limit=LONGEST_LINE,
                start_new_session=True,  # a Ctrl-C in the terminal is the server's to answer
            )
        except OSError as error:
            raise SimulationFailed(f"The simulation can't be started: {error}") from error
        assert process.stdin is not None
        assert process.stdout is not None
        deadline = loop_time() + self._longest_work
        try:
            with contextlib.suppress(ConnectionError):  # then it ends, and that is told
                process.stdin.write(msgspec.json.encode(order))
                async with asyncio.timeout_at(deadline):
                    await process.stdin.drain()
                process.stdin.close()
            while (told := await _next(process.stdout, deadline)) is not None:
                if isinstance(told, BrokenOff):
                    raise SimulationFailed(f"The simulation broke off: {told.reason[:LONGEST_REASON]}")
                yield told
            async with asyncio.timeout_at(deadline):
                await process.wait()
        except TimeoutError:
            raise SimulationFailed(f"The simulation took longer than {self._longest_work:g} s.") from None
        finally:
            await end(process)
        if process.returncode:
            raise SimulationFailed(f"The simulation ended with {_ending(process.returncode)}.")


def _ending(code: int) -> str:
    """What a process ended with, in words."""
    if code > 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:  # one without a name
        return f"signal {-code}"


async def _next(pipe: asyncio.StreamReader, deadline: float) -> Told | None:
    """The next thing that is told; None at the end. Raises SimulationFailed, TimeoutError."""
    try:
        async with asyncio.timeout_at(deadline):
            line = await pipe.readline()
        return msgspec.json.decode(line, type=Told) if line else None
    except ValueError as error:  # no line, or one that says nothing we know
        raise SimulationFailed(f"The simulation talks garbage: {error}") from error


class Simulating:
    """Has drafts tried that are to be, one job after the other."""

    def __init__(self, simulations: Simulations, simulator: Simulator) -> None:
        self._simulations = simulations
        self._simulator = simulator

    def work(self) -> dict[str, Work]:
        """Who does which kind of job."""
        return {SIMULATE: self.simulate}

    async def simulate(self, job: Job) -> None:
        """Try the draft that a job is about, from the beginning, unless that is over. Raises PutOff where the
        database is away."""
        try:
            if job.attempts >= MOST_TRIES:  # nobody lived to say what went wrong
                why = job.last_error or "the server broke down meanwhile"
                error = f"It was begun {job.attempts} times and never came to an end: {why}."
                await self._simulations.fail(job.subject, error)
                return
            await self._try(job.subject)
        except (OperationalError, InterfaceError, PoolTimeout) as away:
            raise PutOff(f"the database is away: {type(away).__name__}", DATABASE_PAUSE) from away

    async def _try(self, simulation_id: str) -> None:
        begun = await self._simulations.begin(simulation_id)
        if begun is None:
            return
        simulation, design = begun
        noted_at = loop_time()
        try:
            async with contextlib.aclosing(self._simulator.hold(Order(design, simulation.seeds))) as talks:
                async for told in talks:
                    match told:
                        case AllHeld():
                            results = msgspec.to_builtins({"personas": told.personas, "total": told.total})
                            await self._simulations.complete(simulation_id, told.talks, results)
                            return
                        case TalkHeld() if loop_time() >= noted_at + ADVANCE_INTERVAL:
                            noted_at = loop_time()
                            if not await self._simulations.advance(simulation_id, told.held, told.planned):
                                return
                        case TalkHeld():
                            pass
            raise SimulationFailed("The simulation ended without a word.")
        except SimulationFailed as failed:
            log.warning("! a draft can't be tried: %s", failed, extra={"simulation": simulation_id})
            await self._simulations.fail(simulation_id, str(failed))

"""Many talks in one process of this server, loaded from outside, beside those that Pipecat holds."""

import asyncio
import contextlib
import json
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
import httpx

from benchmarks.load import (
    FULL_RATE,
    HERE,
    UTTERANCE_DURATION,
    Cores,
    Load,
    holds,
    loop_speed,
    on_core,
    place_calls,
)
from benchmarks.reference import environment, sessions_held
from benchmarks.report import Row, publish, this_machine
from benchmarks.scripted_providers import Delays
from dialog.policy import PROFILES
from server.live.wire import Consent, Level, Start, Welcome
from server.rehearsal.link import JoinLink, LiveChannel, open_live, open_session

CONNECTING: Final = 10.0
"""Seconds until all callers are connected, roughly."""
TIMES: Final = 8
"""As many times the sessions that Pipecat holds are to be held."""
PAUSE_BEFORE_SPEECH: Final = 0.35
"""Seconds between the agent's last word and the caller's next one: a late reply must not overlap."""


def configured_delay() -> float:
    """Seconds of a reply that are configured: stage one of a closed question, the judge, the first sound."""
    stage_one, delays = PROFILES["closed"].stage_one_delay, Delays()
    assert stage_one is not None
    return stage_one + delays.judgement + delays.first_sound


class Server:
    """A scripted server in a process of its own."""

    def __init__(self, pid: int, hello: dict[str, Any]) -> None:
        self.pid = pid
        self.url: str = hello["url"]
        self.sessions: list[dict[str, str]] = hello["sessions"]

    @property
    def threads(self) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("Threads:")))

    async def metrics(self) -> dict[str, float]:
        """What /metrics says, by name; figures that need a label are left out."""
        async with httpx.AsyncClient(timeout=20, trust_env=False) as http:
            lines = (await http.get(f"{self.url}/metrics")).text.splitlines()
        pairs = (line.split() for line in lines if line and line[0] != "#" and "{" not in line)
        return {name: float(value) for name, value in pairs}


@contextlib.asynccontextmanager
async def scripted_server(data_dir: Path, load: Load, core: int | None) -> AsyncIterator[Server]:
    """Start one with as many runs as there are callers, and end it."""
    spoken = load.cycle_duration - UTTERANCE_DURATION - configured_delay() - PAUSE_BEFORE_SPEECH
    with on_core(core):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.scripted_server", str(data_dir), str(load.sessions)),
            *("--question-duration", str(round(spoken, 2))),
            cwd=HERE.parent,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 20,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = await process.stdout.readline()
        if not line:
            raise click.ClickException("the scripted server did not start")
        yield Server(process.pid, json.loads(line))
    finally:
        process.stdin.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30):
                await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def opened_pages(server: Server) -> AsyncIterator[list[str]]:
    """A page for each session, as a browser has it: agrees, and starts once its microphone is heard.

    Gives the lines of peer_load's file: a WHIP URL each, and its token.
    """
    async with contextlib.AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=20, trust_env=False))
        reading, lines = [], []
        for session in server.sessions:
            link = JoinLink(server.url, session["run_id"], session["token"])
            opened = await open_session(http, link)
            token = str(opened["access_token"])
            channel = await stack.enter_async_context(open_live(link, token))
            agreed = asyncio.Event()
            reading.append(tasks.create_task(_read(channel, opened["consent"]["text_hash"], agreed)))
            await agreed.wait()
            lines.append(f"{link.page}/whip {token}")
        try:
            yield lines
        finally:
            for task in reading:
                task.cancel()


async def _read(channel: LiveChannel, text_hash: str, agreed: asyncio.Event) -> None:
    await channel.send(Consent(granted=True, recording=True, text_hash=text_hash))
    started = False
    async for message in channel.receive():
        if isinstance(message, Welcome) and not message.consent_needed:
            agreed.set()
        elif isinstance(message, Level) and not started:
            started = True
            await channel.send(Start("voice"))


async def load_server(load: Load, cores: Cores) -> dict[str, Any]:
    """Load a fresh server, and return what peer_load found, with the figures that only the server knows."""
    with TemporaryDirectory(prefix="vivavoce-sessions-") as folder:
        async with scripted_server(Path(folder) / "data", load, cores.server) as server:
            async with opened_pages(server) as lines:
                urls = Path(folder) / "urls.txt"
                urls.write_text("\n".join(lines))
                threads = server.threads
                target = ("--whip", str(urls))
                async with asyncio.TaskGroup() as tasks:
                    calls = tasks.create_task(
                        place_calls(load, target, server.pid, configured_delay(), cores.callers)
                    )
                    await asyncio.wait((calls,), timeout=CONNECTING + load.cycle_duration * 1.5)
                    threads_loaded, speed = server.threads, loop_speed()
                found = calls.result()
                metrics = await server.metrics()
            kinds = [session["kind"] for session in server.sessions]
    found["threads_before"], found["threads_loaded"] = threads, threads_loaded
    found["missed_slots"] = metrics["vivavoce_missed_slots_total"]
    found["loop_speed"] = speed
    found["added_ms_by_kind"] = _added_by_kind(found.pop("each_turn"), kinds)
    return found


def _added_by_kind(turns: Sequence[dict[str, Any]], kinds: Sequence[str]) -> dict[str, float]:
    """Median of what ready and live questions take beyond the configured delay, in ms."""
    added: dict[str, list[float]] = defaultdict(list)
    for turn in turns:
        if turn["reply"] is not None:
            latency = turn["reply"] - turn["end_of_speech"]
            added[kinds[turn["session"]]].append(1000 * (latency - configured_delay()))
    return {kind: round(sorted(each)[len(each) // 2], 1) for kind, each in added.items()}


def _loaded(load: Load, cores: Cores) -> dict[str, Any]:
    """Raises ClickException with the first fault that there was."""
    try:
        return asyncio.run(load_server(load, cores))
    except BaseExceptionGroup as faults:
        first = _first(faults)
        if isinstance(first, click.ClickException):
            raise click.ClickException(str(first)) from None
        raise


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def held_of(loads: Sequence[dict[str, Any]]) -> int:
    """The most sessions that were held; 0 where it was none."""
    return max((one["sessions"] for one in loads if holds(one)), default=0)


def rows_of(
    found: dict[str, Any], more: dict[str, Any] | None, reference: Sequence[dict[str, Any]] | None
) -> list[Row]:
    """The figures beside what they must be; `more`: of a load that was chosen by what Pipecat holds."""
    rows = [
        Row("sessions in one process", held_of([found]), "", 40, "more"),
        Row("packets a second and session", found["received_per_second"], "", FULL_RATE, "more"),
        Row("packets a second, worst session", found["received_per_second_least"], "", FULL_RATE, "more"),
        Row("turns missed or overlapped", found["missed"] + found["overlapped"], "", 0),
        Row("reply beyond what is configured, p50", found["added_ms"]["p50"], "ms", 55),
        Row("reply beyond what is configured, p95", found["added_ms"]["p95"], "ms", 80),
        Row("CPU a session", found["core_per_session"], "core", 0.025),
        Row("threads more than at rest", found["threads_loaded"] - found["threads_before"], ""),
        Row("memory a session", found["rss_per_session_mb"], "MB"),
        Row("CPU of the callers", found["client_core_use"], "core"),
        Row("speed of an empty loop meanwhile", found["loop_speed"], "million turns a s"),
    ]
    if reference is not None:
        held = held_of(reference)
        rows.append(Row("sessions of Pipecat in one process", held, ""))
        if held:
            own = held_of([found] if more is None else [found, more])
            rows.append(Row("as many times the sessions of Pipecat", own / held, "", TIMES, "more"))
            last = next(one for one in reference if one["sessions"] == held)
            rows.append(Row("CPU a session, Pipecat", last["core_per_session"], "core"))
            rows.append(Row("reply beyond what is configured, p50, Pipecat", last["added_ms"]["p50"], "ms"))
    if more is not None:
        added = more["added_ms"]
        rows.append(Row("sessions tried for that", more["sessions"], ""))
        rows.append(Row("packets a second there, worst session", more["received_per_second_least"], ""))
        rows.append(Row("reply beyond what is configured there, p50", added["p50"], "ms"))
        rows.append(Row("reply beyond what is configured there, p95", added["p95"], "ms"))
    return rows


@click.command()
@click.option("--sessions", type=click.IntRange(1), default=40, show_default=True)
@click.option("--cycles", type=click.IntRange(1), default=3, show_default=True, help="Turns of each caller.")
@click.option("--cycle-seconds", type=click.FloatRange(8), default=10.0, show_default=True)
@click.option("--pinned", is_flag=True, help="The server on the first core, the callers on the others.")
@click.option("--without-pipecat", is_flag=True, help="Don't install and load the reference.")
@click.option("--pipecat-from", type=click.IntRange(1), default=4, show_default=True, help="Sessions.")
@click.option("--json", "as_json", is_flag=True)
def command(
    sessions: int,
    cycles: int,
    cycle_seconds: float,
    pinned: bool,
    without_pipecat: bool,
    pipecat_from: int,
    as_json: bool,
) -> None:
    """Talks in one process at once, beside those of Pipecat, and eight times as many if that is more.

    The real server with scripted providers, and callers over WebRTC; both sides talk about half of the time.
    """
    if not without_pipecat:
        environment()
    machine = this_machine()
    cores = Cores(0, 1) if pinned else Cores()
    found, more, reference = _loaded(Load(sessions, cycles, cycle_seconds), cores), None, None
    if not without_pipecat:
        reference = asyncio.run(sessions_held(2, cycle_seconds, cores, pipecat_from))
        if (wanted := TIMES * held_of(reference)) > sessions:
            more = _loaded(Load(wanted, cycles, cycle_seconds), cores)
    publish(
        "sessions",
        rows_of(found, more, reference),
        machine,
        as_json=as_json,
        options={"sessions": sessions, "cycles": cycles, "cycle_seconds": cycle_seconds, "pinned": pinned},
        detail={"found": found, "more": more, "pipecat": reference},
    )

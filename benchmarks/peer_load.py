"""Load a WebRTC voice server with scripted callers; time its replies and weigh its cost from outside.

Each caller repeats one cycle: a recorded utterance, then silence. The recording is cut to its speech, so the
end of speech is known to the packet. The reply latency of a turn runs from the sending of the last speech
packet to the arrival of the first bot packet with speech in it: an Opus payload above ONSET_BYTES, as packets
of digital silence have only a few. A turn is *overlapped*, and not timed, when the bot was still speaking at
the end of the caller's speech; it is *missed* when no reply came within REPLY_LIMIT seconds.

Callers are cheap, so that they can share a machine with the server: the cycle is encoded once for all of
them, and what they receive is counted but never decoded. They start a tenth of a cycle apart; the first turn
of each is a warm-up. CPU and memory of the server are read from /proc, so that any server is measured in the
same way.

Signalling is one of
  --line HOST:PORT  a line of JSON over TCP, {"sdp": offer}, answered by {"sdp": answer, "sid": number}; the
                    caller then also pings each second on a data channel, as Pipecat's own clients do;
  --whip FILE       one WHIP URL (RFC 9725) a line, one for each session, with a Bearer token after a space
                    where the server wants one, and DELETE at the end.

Prints one line of JSON. Needs aiortc, av, numpy and uvloop.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import numpy as np
import uvloop
from aiortc import rtcrtpreceiver

from benchmarks.callers import (
    REPLY_LIMIT,
    Caller,
    LineSignalling,
    LoadError,
    NoDecoder,
    Turn,
    WhipSignalling,
    encode_cycle,
    read_utterance,
)

CONNECT_LIMIT = 30.0


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counters at one moment: packets by caller; CPU in seconds, memory in bytes, the server's of all its
    processes."""

    time: float
    received: tuple[int, ...]
    client_cpu: float
    server_cpu: float
    server_rss: int

    @classmethod
    def take(cls, pids: Sequence[int], callers: Sequence[Caller]) -> "Snapshot":
        """Read the counters; raise FileNotFoundError if a process has gone."""
        cpu, rss = 0.0, 0
        for pid in pids:
            # utime and stime of the process cover all its threads, finished ones too. They are
            # counted from behind the process name, which may hold blanks.
            stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            cpu += (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")
            status = Path(f"/proc/{pid}/status").read_text().splitlines()
            rss += sum(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))
        received = tuple(caller.received for caller in callers)
        return cls(time.monotonic(), received, time.process_time(), cpu, rss)


async def warm_up(callers: Sequence[Caller], limit: float) -> None:
    """Wait for the first turn of every caller, and one second for the replies."""
    deadline = time.monotonic() + limit
    while silent := [caller.number for caller in callers if not caller.turns]:
        if time.monotonic() > deadline:
            raise LoadError(f"callers {silent} were not connected, or not for long enough to speak")
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)


async def late_replies(turns: Sequence[Turn]) -> None:
    """Wait for the replies still due."""
    for turn in turns:
        due = turn.end_of_speech + REPLY_LIMIT
        while not turn.overlapped and turn.reply is None and time.monotonic() < due:  # noqa: ASYNC110 - a poll
            await asyncio.sleep(0.1)


async def load(options: argparse.Namespace) -> tuple[dict[str, Any], list[Turn]]:
    """Place the calls, measure over a whole number of cycles and hang up; return the report and its turns."""
    pids, sessions = options.pid, options.sessions
    signalling = LineSignalling(options.line) if options.line else WhipSignalling(options.whip, sessions)
    cycle = encode_cycle(read_utterance(options.utterance), options.cycle_seconds)
    callers = [Caller(number, options.loss, options.seed) for number in range(sessions)]
    base = Snapshot.take(pids, callers)
    try:
        for caller in callers:
            await caller.call(signalling, cycle)
            await asyncio.sleep(0.1)
        await warm_up(callers, CONNECT_LIMIT + 2 * options.cycle_seconds)
        start = Snapshot.take(pids, callers)
        await asyncio.sleep(options.cycles * options.cycle_seconds)
        end = Snapshot.take(pids, callers)
        said = [turn for caller in callers for turn in caller.turns]
        turns = [turn for turn in said if start.time <= turn.end_of_speech < end.time]
        await late_replies(turns)
    finally:
        await asyncio.gather(*(caller.hang_up(signalling) for caller in callers), return_exceptions=True)
    sent, dropped = sum(caller.sent for caller in callers), sum(caller.dropped for caller in callers)
    return report(options, turns, base, start, end) | {"lost_percent": round(100 * dropped / sent, 2)}, turns


def milliseconds(seconds: Sequence[float], offset: float = 0) -> dict[str, float | None]:
    """Summarise durations, less an offset in milliseconds; of none, by nulls."""
    marks = {"p50": 50, "p95": 95, "max": 100}
    if not seconds:
        return dict.fromkeys(marks)
    return {name: round(float(np.percentile(seconds, at)) * 1000 - offset, 1) for name, at in marks.items()}


def report(
    options: argparse.Namespace, turns: Sequence[Turn], base: Snapshot, start: Snapshot, end: Snapshot
) -> dict[str, Any]:
    """Put the figures together; `core` means a share of one CPU core, 1.0 being all of it."""
    sessions, delay, seconds = options.sessions, options.configured_delay_ms, end.time - start.time
    latencies = [turn.latency for turn in turns if turn.latency is not None]
    overlapped = sum(turn.overlapped for turn in turns)
    received = [after - before for before, after in zip(start.received, end.received, strict=True)]
    core = (end.server_cpu - start.server_cpu) / seconds
    result = {
        "sessions": sessions,
        "turns": len(latencies),
        "missed": len(turns) - len(latencies) - overlapped,
        "overlapped": overlapped,
        "reply_ms": milliseconds(latencies),
        "configured_delay_ms": delay,
        "added_ms": milliseconds(latencies, delay),
        "received_per_second": round(sum(received) / seconds / sessions, 1),
        "received_per_second_least": round(min(received) / seconds, 1),
        "client_core_use": round((end.client_cpu - start.client_cpu) / seconds, 3),
    }
    if options.pid:
        result |= {
            "core_per_session": round(core / sessions, 4),
            "core_use": round(core, 3),
            "rss_base_mb": round(base.server_rss / 1e6, 1),
            "rss_per_session_mb": round((end.server_rss - base.server_rss) / sessions / 1e6, 2),
        }
    return result


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    text, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=text, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    signalling = parser.add_mutually_exclusive_group(required=True)
    signalling.add_argument("--line", metavar="HOST:PORT", help="offer by a line of JSON over TCP")
    signalling.add_argument("--whip", metavar="FILE", type=Path, help="offer to the WHIP URLs in a file")
    add = parser.add_argument
    add("--utterance", metavar="FILE.wav", type=Path, required=True, help="speech, 48 kHz mono 16-bit")
    add("--sessions", metavar="N", type=int, default=1, help="callers (1)")
    add("--cycles", metavar="K", type=int, default=3, help="turns of each caller that are measured (3)")
    add("--cycle-seconds", metavar="S", type=float, default=8, help="utterance and silence together (8)")
    add("--configured-delay-ms", metavar="D", type=float, default=0, help="added = latency - D (0)")
    add("--pid", type=int, action="append", default=[], help="a process of the server; repeatable")
    add("--loss", metavar="PERCENT", type=float, default=0, help="of the RTP packets sent (0)")
    add("--seed", metavar="N", type=int, default=0, help="which packets are lost (0)")
    add("--json", metavar="OUT", type=Path, help="also write the report and each turn to this file")
    return parser.parse_args()


def main() -> None:
    """Run the load and print the report."""
    options = parse_options()
    vars(rtcrtpreceiver)["get_decoder"] = lambda codec: NoDecoder()
    try:
        result, turns = uvloop.run(load(options))
    except (LoadError, OSError, HTTPException) as error:
        sys.exit(f"peer_load: {error}")
    if options.json:
        each = [asdict(turn) for turn in turns]
        options.json.write_text(json.dumps(result | {"each_turn": each}, indent=1) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()

"""Whether what was confirmed to somebody was kept: the store, as it lies there after a siege, against what
its users were told. Knows nothing of how the server works, nor of how it was killed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec
from sqlalchemy import select

from benchmarks.siege import WANTED, Confirmed, Talker, fingerprint
from dialog.events import AnswerCommitted, Event, QuestionAsked, RightUsed
from server.store.database import Database
from server.store.delivery_tables import HappeningRow
from server.store.event_rows import read_events
from server.store.run_status import RUN_TRANSITIONS, RunStatus
from server.store.tables import RunRow
from tests.support.receiver import Received
from tests.support.steadfast import answer_to

_UNTOLD: Final[RunStatus] = "processing"
"""A run passes through it without anybody being told."""


_OF_RUNS: Final = "interview_run."


class Verdict(msgspec.Struct):
    """How much was confirmed, and every promise that was broken, in words."""

    kills: int = 0
    runs: int = 0
    events: int = 0
    answers: int = 0
    webhooks: int = 0
    talks_ended: int = 0
    received: int = 0
    """Webhooks that came, those among them that came again."""
    lost: list[str] = []
    doubled: list[str] = []
    untold: list[str] = []
    illegal: list[str] = []


async def judge(database: Database, confirmed: Confirmed, received: Sequence[Received]) -> Verdict:
    """Compare all that was confirmed with all that there is."""
    verdict = Verdict(runs=len(confirmed.runs), received=len(received))
    async with database.read() as connection:
        runs = (await connection.execute(select(RunRow.id, RunRow.status, RunRow.metadata_))).all()
        happenings = (await connection.execute(select(HappeningRow).order_by(HappeningRow.id))).all()
    _judge_runs(verdict, confirmed, [(row[0], row[2].get("request")) for row in runs])
    _judge_webhooks(verdict, happenings, received)
    _judge_statuses(verdict, {row[0]: row[1] for row in runs}, happenings)
    for run_id, seen in confirmed.statuses.items():
        verdict.illegal += [f"{run_id}: seen {a}, then {b}" for a, b in pairwise(seen) if not _reaches(a, b)]
    for run_id, participant in confirmed.talks:
        verdict.talks_ended += participant.ended is not None
        events = await read_events(database, run_id)
        _judge_events(verdict, run_id, confirmed.events.get(run_id, {}), events)
        _judge_talk(verdict, run_id, participant, events)
    return verdict


def _judge_runs(verdict: Verdict, confirmed: Confirmed, runs: Sequence[tuple[str, str | None]]) -> None:
    there = {run_id for run_id, _ in runs}
    verdict.lost += [f"{name}: {run} is gone" for name, run in confirmed.runs.items() if run not in there]
    made = Counter(name for _, name in runs if name is not None)
    verdict.doubled += [f"{name} made {count} runs" for name, count in made.items() if count > 1]


def _judge_webhooks(verdict: Verdict, happenings: Iterable[Any], received: Sequence[Received]) -> None:
    came = {each.headers["webhook-id"] for each in received}
    wanted = [each for each in happenings if each.type in WANTED]
    verdict.webhooks = len(wanted)
    verdict.untold += [
        f"{each.type} of {each.subject_id} was never told" for each in wanted if each.id not in came
    ]
    # Each of these happens to a run once: what is told again is the same happening, under the same id.
    happened = Counter((each.subject_id, each.type) for each in wanted)
    verdict.doubled += [f"{run} is twice {what}" for (run, what), count in happened.items() if count > 1]


def _judge_statuses(verdict: Verdict, now: dict[str, RunStatus], happenings: Iterable[Any]) -> None:
    told: dict[str, list[RunStatus]] = {}
    for each in happenings:
        if each.type.startswith(_OF_RUNS) and each.subject_id in now:  # a document has a status of its own
            told.setdefault(each.subject_id, []).append(each.data["status"])
    for run_id, statuses in told.items():
        way = [*statuses, now[run_id]]
        verdict.illegal += [f"{run_id}: {a}, then {b}" for a, b in pairwise(way) if not _steps(a, b)]


def _steps(was: RunStatus, wanted: RunStatus) -> bool:
    """The table allows it, in one step that is told or is none."""
    onward = RUN_TRANSITIONS[was]
    return was == wanted or wanted in onward or (_UNTOLD in onward and wanted in RUN_TRANSITIONS[_UNTOLD])


def _reaches(was: RunStatus, later: RunStatus) -> bool:
    """Some way along the table leads there."""
    return was == later or any(_reaches(step, later) for step in RUN_TRANSITIONS[was])


def _judge_events(verdict: Verdict, run_id: str, read: dict[int, bytes], events: Sequence[Event]) -> None:
    verdict.events += len(read)
    there = {event.seq: fingerprint(msgspec.to_builtins(event)) for event in events}
    verdict.lost += [
        f"{run_id}: event {seq} is {'another' if seq in there else 'gone'}"
        for seq, event in read.items()
        if there.get(seq) != event
    ]
    if list(there) != list(range(1, len(there) + 1)):
        verdict.lost.append(f"{run_id}: there are gaps in {list(there)}")


def _judge_talk(verdict: Verdict, run_id: str, participant: Talker, events: Sequence[Event]) -> None:
    """What the participant saw settled is, once, and is not asked again."""
    verdict.answers += len(participant.confirmed)
    settled: list[str] = []
    asked = ""
    for event in events:
        match event.body:
            case QuestionAsked(node_key=key, field=field):
                asked = f"{key}.{field}" if field else key
                if asked in settled:
                    verdict.doubled.append(f"{run_id}: {asked} was asked again")
            case AnswerCommitted() | RightUsed(right="skip"):
                settled.append(asked)
            case _:
                pass
    verdict.doubled += [
        f"{run_id}: {place} was answered {count} times"
        for place, count in Counter(settled).items()
        if count > 1
    ]
    texts = Counter(event.body.text for event in events if isinstance(event.body, AnswerCommitted))
    for place in participant.confirmed:
        if place not in settled or texts[answer_to(place)] == 0:
            verdict.lost.append(f"{run_id}: the answer at {place} is gone")
        elif texts[answer_to(place)] > 1:
            verdict.doubled.append(f"{run_id}: the answer at {place} is there twice")

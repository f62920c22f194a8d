"""`vivavoce replay`: runs a recorded log's signals through today's core and shows the first difference."""

import asyncio
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from dialog.blueprint import Blueprint
from dialog.drafting import as_logged
from dialog.events import (
    AnswerStruck,
    AnyBody,
    Event,
    Fact,
    SessionOpened,
    SittingFact,
    TurnOpened,
    decode_event,
    encode_event,
)
from dialog.manager import Manager
from dialog.signals import Signal
from dialog.struck_sound import TOMBSTONE
from dialog.transcript import rfc3339
from server.cli.configuration import load_settings, storage_options
from server.cli.databases import opened_database, shown
from server.cli.files import MAX_FILE_BYTES, load_blueprint, readable_file
from server.cli.output import Failure, counted, json_option, print_json
from server.cli.seeding import open_vault
from server.settings import Settings
from server.store.deletions import receipt_of
from server.store.event_rows import read_events
from server.store.run import RunNotFound
from server.store.runs import Runs
from server.store.snapshots import Snapshots


class Difference(msgspec.Struct, frozen=True):
    """Where today's core parts from the log; None on the side that has nothing more to say."""

    session: int
    seq: int
    at: float
    after: AnyBody | None
    """The signal that both have handled."""
    recorded: AnyBody | None
    today: AnyBody | None


class LeftOut(msgspec.Struct, frozen=True):
    """The rest of a session that can't be compared: from here on its signals lack what was struck."""

    session: int
    seq: int
    at: float


@click.command()
@click.argument("run_or_file", metavar="RUN|FILE")
@click.option(
    "--blueprint", type=readable_file, help="Default: blueprint.json beside FILE, or the run's own."
)
@click.option("--metadata", metavar="JSON", help="The participant's metadata, where edges ask for it.")
@storage_options
@json_option
def replay(
    run_or_file: str,
    blueprint: Path | None,
    metadata: str | None,
    data_dir: Path | None,
    database_url: str | None,
    as_json: bool,
) -> None:
    """Run a recorded log through today's code.

    RUN is an id of the database, FILE a log as `demo` writes it (events.jsonl). Exits with 1 at a difference.
    """
    path = Path(run_or_file)
    if path.is_file():
        design = load_blueprint(blueprint or _beside(path))
        events = _read_log(path)
        known: dict[str, Any] = {}
    else:
        settings = load_settings(data_dir=data_dir, database_url=database_url)
        stored, events, known = asyncio.run(_read_run(settings, run_or_file))
        design = load_blueprint(blueprint) if blueprint else stored
    difference = first_difference(design, known if metadata is None else _read_metadata(metadata), events)
    missing = left_out(events)
    if as_json:
        print_json(
            {
                "events": len(events),
                "same": difference is None,
                "difference": None if difference is None else msgspec.to_builtins(difference),
                "left_out": msgspec.to_builtins(missing),
            }
        )
        raise SystemExit(0 if difference is None else 1)
    for rest in missing:
        click.echo(f"Left out, for an answer was struck: session {rest.session} from {rest.at:.1f} s on.")
    if difference is None:
        click.echo(_same(events, missing))
    else:
        _tell(difference)
    raise SystemExit(0 if difference is None else 1)


def _same(events: Sequence[Event], missing: Sequence[LeftOut]) -> str:
    told = counted(len(events), "event")
    if not missing:
        return f"{told}: today's code does the same."
    ends = {rest.session: rest.seq for rest in missing}
    compared = sum(
        event.seq < ends.get(number, event.seq + 1)
        for number, session in enumerate(_sessions(events), start=1)
        for event in session
    )
    if not compared:
        return f"{told}, none of which can be compared: what they hold is what is left after the erasing."
    return f"{told}, {compared} of them compared: today's code does the same in what was compared."


def _beside(log: Path) -> Path:
    """The blueprint that a rehearsal writes beside its log. Raises Failure when there is none."""
    path = log.with_name("blueprint.json")
    if not path.is_file():
        raise Failure(f"There is no blueprint.json beside {log}: name the blueprint with --blueprint.")
    return path


def first_difference(
    blueprint: Blueprint, metadata: Mapping[str, Any], events: Sequence[Event]
) -> Difference | None:
    """Handle every signal of every session anew and compare what comes out with the log.

    Where an answer was struck, the log no longer holds the signals that led to it: see `left_out`.
    """
    facts: list[Any] = []
    missing = {rest.session: rest.seq for rest in left_out(events)}
    for number, session in enumerate(_sessions(events), start=1):
        manager = Manager(blueprint, facts=tuple(facts), metadata=dict(metadata))
        end = missing.get(number)
        held = [event for event in session if end is None or event.seq < end]
        difference = _difference(manager, number, held)
        if difference is not None:
            return difference
        facts += [event.body for event in session if isinstance(event.body, Fact)]
    return None


def left_out(events: Sequence[Event]) -> list[LeftOut]:
    """Of each session with something struck, the rest from the struck answer's first signal on.

    A session in which an answer of an earlier one was struck had begun with words that are gone: all of it.
    """
    struck = {event.body.turn_id for event in events if isinstance(event.body, AnswerStruck)}
    rests = []
    for number, session in enumerate(_sessions(events), start=1):
        opened = {event.body.turn_id for event in session if isinstance(event.body, TurnOpened)}
        of_before = any(isinstance(e.body, AnswerStruck) and e.body.turn_id not in opened for e in session)
        first = 0 if of_before else _first_struck(session, struck)
        if first is not None:
            rests.append(LeftOut(number, session[first].seq, session[first].at))
    return rests


def _first_struck(session: Sequence[Event], struck: Container[int]) -> int | None:
    """The place of the signal from which on a session holds what was struck, or its tombstones."""
    signal = 0
    for place, event in enumerate(session):
        if isinstance(event.body, Signal):
            signal = place
        if getattr(event.body, "turn_id", 0) in struck or TOMBSTONE.encode() in _line(event.body):
            return signal
    return None


def _sessions(events: Sequence[Event]) -> list[list[Event]]:
    sessions: list[list[Event]] = []
    for event in events:
        if isinstance(event.body, SessionOpened) or not sessions:
            sessions.append([])
        sessions[-1].append(event)
    return sessions


def _difference(manager: Manager, number: int, session: Sequence[Event]) -> Difference | None:
    expected: list[AnyBody] = []
    signal: AnyBody | None = None
    for event in session:
        if isinstance(event.body, SittingFact):
            continue
        if not isinstance(event.body, Signal):
            if not expected or _line(expected[0]) != _line(event.body):
                today = expected[0] if expected else None
                return Difference(number, event.seq, event.at, signal, event.body, today)
            del expected[0]
            continue
        if expected:
            return Difference(number, event.seq, event.at, signal, None, expected[0])
        signal = event.body
        expected = [as_logged(output) for output in manager.handle(signal, event.at)]
    return None


def _line(body: AnyBody) -> bytes:
    return encode_event(Event(0, 0.0, body))


def _read_log(path: Path) -> list[Event]:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Failure(f"{path} is too large for a log: give an events.jsonl.")
    events = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        if line.strip():
            try:
                events.append(decode_event(line))
            except msgspec.DecodeError as error:
                raise Failure(
                    f"{path}, line {number} is no event ({error}): give an events.jsonl of this release."
                ) from None
    return events


def _read_metadata(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"it is no JSON object ({error}).", param_hint="--metadata") from None


async def _read_run(settings: Settings, run_id: str) -> tuple[Blueprint, list[Event], dict[str, Any]]:
    async with opened_database(settings) as database:
        try:
            run = await Runs(database, open_vault(settings)).find(run_id)
        except RunNotFound:
            receipt = await receipt_of(database, run_id)
            if receipt is not None:
                told = f"{run_id} was deleted at {rfc3339(receipt.created_at)}: nothing of its log is left."
                raise Failure(told) from None
            raise Failure(f"{run_id} is neither a file nor a run of {shown(settings)}.") from None
        design = await Snapshots(database).design(run.blueprint_id, run.blueprint_version)
        events = await read_events(database, run_id)
    return design, events, dict(run.participant.metadata)


def _tell(difference: Difference) -> None:
    click.echo(
        f"First difference: session {difference.session}, event {difference.seq}, {difference.at:.3f} s"
    )
    for name, body in (
        ("after", difference.after),
        ("recorded", difference.recorded),
        ("today", difference.today),
    ):
        click.echo(f"  {name:<9} {'nothing' if body is None else _line(body).decode()}")

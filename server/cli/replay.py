"""`vivavoce replay`: runs a recorded log's signals through today's core and shows the first difference."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from dialog.blueprint import Blueprint
from dialog.events import (
    AnswerStruck,
    AnyBody,
    Event,
    Fact,
    SessionClosed,
    SessionOpened,
    decode_event,
    encode_event,
)
from dialog.manager import Manager
from dialog.signals import Signal
from server.cli.configuration import load_settings, opened_database, storage_options
from server.cli.files import MAX_FILE_BYTES, load_blueprint, readable_file
from server.cli.output import Failure, counted, json_option, print_json
from server.cli.seeding import open_vault
from server.settings import Settings
from server.store.blueprints import Blueprints
from server.store.event_rows import read_events
from server.store.runs import RunNotFound, Runs


class Difference(msgspec.Struct, frozen=True):
    """Where today's core parts from the log; None on the side that has nothing more to say."""

    session: int
    seq: int
    at: float
    after: AnyBody | None
    """The signal that both have handled."""
    recorded: AnyBody | None
    today: AnyBody | None


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
        design = load_blueprint(blueprint or path.with_name("blueprint.json"))
        events = _read_log(path)
        known: dict[str, Any] = {}
    else:
        settings = load_settings(data_dir=data_dir, database_url=database_url)
        stored, events, known = asyncio.run(_read_run(settings, run_or_file))
        design = load_blueprint(blueprint) if blueprint else stored
    difference = first_difference(design, known if metadata is None else _read_metadata(metadata), events)
    struck = [number for number, session in enumerate(_sessions(events), start=1) if _is_struck(session)]
    if as_json:
        print_json(
            {
                "events": len(events),
                "same": difference is None,
                "difference": None if difference is None else msgspec.to_builtins(difference),
                "struck_sessions": struck,
            }
        )
        raise SystemExit(0 if difference is None else 1)
    if struck:
        click.echo(f"Left out, for an answer in it was struck: session {', '.join(map(str, struck))}.")
    if difference is None:
        click.echo(f"{counted(len(events), 'event')}: today's code does the same.")
    else:
        _tell(difference)
    raise SystemExit(0 if difference is None else 1)


def first_difference(
    blueprint: Blueprint, metadata: Mapping[str, Any], events: Sequence[Event]
) -> Difference | None:
    """Handle every signal of every session anew and compare what comes out with the log.

    A session in which an answer was struck no longer holds the signals that led to it, and is left out.
    """
    facts: list[Any] = []
    for number, session in enumerate(_sessions(events), start=1):
        manager = Manager(blueprint, facts=tuple(facts), metadata=dict(metadata))
        difference = None if _is_struck(session) else _difference(manager, number, session)
        if difference is not None:
            return difference
        facts += [event.body for event in session if isinstance(event.body, Fact)]
    return None


def _sessions(events: Sequence[Event]) -> list[list[Event]]:
    sessions: list[list[Event]] = []
    for event in events:
        if isinstance(event.body, SessionOpened) or not sessions:
            sessions.append([])
        sessions[-1].append(event)
    return sessions


def _is_struck(session: Sequence[Event]) -> bool:
    return any(isinstance(event.body, AnswerStruck) for event in session)


def _difference(manager: Manager, number: int, session: Sequence[Event]) -> Difference | None:
    expected: list[AnyBody] = []
    signal: AnyBody | None = None
    for event in session:
        if isinstance(event.body, SessionOpened | SessionClosed):
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
        expected = list(manager.handle(signal, event.at))
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
            raise Failure(f"{run_id} is neither a file nor a run of {settings.database_url}.") from None
        design = await Blueprints(database).snapshot(run.blueprint_id, run.blueprint_version)
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

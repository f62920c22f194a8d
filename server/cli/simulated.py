"""A rehearsal: one simulated participant takes a whole interview; what came of it is written and judged."""

import asyncio
import contextlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from dialog.blueprint import Blueprint
from dialog.events import Event, SessionClosed
from dialog.responses import response_items
from server.cli.databases import opened_database
from server.cli.outcome import make_room, write_json, write_outcome
from server.cli.output import Failure, progress
from server.cli.seeding import demo_key, seed
from server.cli.serving import run_on_loop, served
from server.providers.protocols import ProviderError
from server.rehearsal.link import JoinLink, LinkError
from server.rehearsal.participant import SimulatedParticipant
from server.rehearsal.persona import Persona, PersonaError, load_persona
from server.rehearsal.recorded_talk import RecordedTalk, measure_talk
from server.rehearsal.replies import ANSWERS_OF_THE_HOUSE
from server.rehearsal.report import build_report, shortcomings
from server.rehearsal.sound import ClipError
from server.rehearsal.voices import voice_texts
from server.settings import Settings
from server.store.database import Database
from server.store.event_rows import read_events
from server.store.recordings import Recordings

LONGEST: Final = 320.0
"""Seconds that a talk may take; past it something is wrong, and what there is of it is written down."""

_SETTLING: Final = 10.0
"""Seconds that the server has to close the session's log and recording."""


def load_participant(path: Path) -> Persona:
    """Read a persona. Raises Failure."""
    try:
        return load_persona(path)
    except PersonaError as error:
        raise Failure(f"{error} Correct it, or name another with --persona.") from None


def hold_rehearsal(settings: Settings, design: Blueprint, persona_file: Path, out: Path | None) -> None:
    """Hold the interview with the participant of a file, aloud, and tell how it went. Raises Failure when it
    didn't go well."""
    persona = load_participant(persona_file)
    if out is not None:
        make_room(out)
    try:
        wanting = run_on_loop(rehearse(settings, design, persona, out))
    except KeyboardInterrupt:
        raise Failure("The rehearsal was broken off: nothing is on the record.") from None
    if wanting:
        raise Failure(" ".join(wanting))


async def rehearse(settings: Settings, design: Blueprint, persona: Persona, out: Path | None) -> list[str]:
    """Hold the interview, tell how it went, write it to `out`; returns what was wanting. Raises Failure."""
    progress("Preparing the participant's voice …")
    try:
        clips = await voice_texts(persona, [*persona.spoken(), *ANSWERS_OF_THE_HOUSE])
    except (ClipError, ProviderError) as error:
        raise Failure(f"The participant has no voice: {error}") from None
    async with opened_database(settings) as database:
        async with served(settings) as server:
            key = await demo_key(database)
            name = persona.name or "Simulated participant"
            seeded = await seed(server.local_url, key, design, name)
            link = JoinLink.parse(f"{server.url}/join/{seeded.run_id}#{seeded.join_token}")
            participant = SimulatedParticipant(link, persona, clips)
            participant.progress = click.echo
            click.echo(
                f"In real time, about {design.estimated_minutes} min: what is asked, and what {name} says"
            )
            try:
                performance = await participant.take_part(LONGEST)
            except LinkError as error:
                raise Failure(f"The participant wasn't let in: {error}") from None
            await _settled(database, seeded.run_id)
        # the server has ended, and with it whatever session was still open
        events = await read_events(database, seeded.run_id)
    recording = Recordings(settings.data_dir).path(seeded.run_id)
    heard = await asyncio.to_thread(_listen, recording)
    report = build_report(
        performance,
        design,
        events,
        response_items(design, events),
        expected_path=persona.expected.path,
        recording=heard,
    )
    return _conclude(design, report, events, recording, out)


def _listen(recording: Path) -> RecordedTalk | None:
    try:
        return measure_talk(recording)
    except ClipError:
        return None


async def _settled(database: Database, run_id: str) -> None:
    """Wait a while for the run's session to be closed by itself."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_SETTLING):
            while True:
                events = await read_events(database, run_id)
                if events and isinstance(events[-1].body, SessionClosed):
                    return
                await asyncio.sleep(0.2)


def _conclude(
    design: Blueprint, report: dict[str, Any], events: Sequence[Event], recording: Path, out: Path | None
) -> list[str]:
    if out is not None:
        write_outcome(out, design, events)
        write_json(out / "report.json", report)
        if recording.is_file():
            shutil.copyfile(recording, out / "recording.ogg")
    _tell(report, out)
    return shortcomings(report)


def _tell(report: dict[str, Any], out: Path | None) -> None:
    errors, gaps = report["word_errors"], report["gaps_at_the_ear_s"]
    click.echo(
        f"Interview    {report['outcome']} in {report['duration_s']:.0f} s, {report['answers']} answers"
    )
    click.echo(f"Path         {' → '.join(report['path_taken'])}")
    click.echo(f"Word errors  {errors['rate']:.1%} of {errors['words']} words (embedded recogniser)")
    if gaps["p50"] is not None:
        click.echo(f"Gaps         {gaps['p50']:.2f} s p50, {gaps['p95']:.2f} s p95, at the participant's ear")
    click.echo(
        f"Cut in       {report['cut_ins']}, reopened {report['reopened']}, fallbacks {report['fallbacks']}"
    )
    if (sound := report["recording"]) is not None:
        click.echo(
            f"Recording    {sound['participant_speech_s']:.1f} s of the participant, "
            f"{sound['agent_speech_s']:.1f} s of the agent, both for {sound['longest_overlap_s']:.1f} s"
        )
    for remark in report["remarks"]:
        click.echo(f"Remark       {remark}")
    if out is not None:
        click.echo(f"Written to   {out}")

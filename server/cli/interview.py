"""`vivavoce interview`: the same interview as by voice, typed in the terminal. A designer's rehearsal."""

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from dialog.blueprint import Blueprint
from dialog.consent import Consent, disclosure
from dialog.responses import response_items
from server.cli.files import load_blueprint, readable_file
from server.cli.outcome import make_room, write_outcome
from server.cli.output import Failure, counted
from server.clock import new_id, wall_clock_ms
from server.rehearsal.typed import RIGHTS, Line, TypedInterview


@click.command()
@click.argument("file", type=readable_file)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Where to write what it leaves."
)
def interview(file: Path, out: Path | None) -> None:
    """Hold an interview in the terminal, typed.

    Answers are judged by rules, as on a server without keys. An answer may be one of the participant's
    rights, as in /skip. Time stands still while you think. At its end it shows what is on record for each
    question. Exits with 1 when it is left before its end.
    """
    blueprint = load_blueprint(file)
    if out is not None:
        make_room(out)
    if not _consent(blueprint):
        raise SystemExit(1)
    click.echo(_rights())
    if out is None:
        click.echo(_aside("Nothing of it will be kept: with --out DIR it is written down."))
    talk = TypedInterview(blueprint, session_id=new_id("ses_"), started_at_ms=wall_clock_ms())
    _show(blueprint, talk.begin())
    while talk.outcome is None and (typed := _ask()) is not None:
        if typed.startswith("/") and typed[1:] not in RIGHTS:
            click.echo(_rights())
        elif typed:
            _show(blueprint, talk.answer(typed))
    talk.end()
    _tell_record(blueprint, talk)
    if out is not None:
        write_outcome(out, blueprint, talk.events)
        click.echo(f"Written to {out}: transcript.txt to read; transcript, responses and log for programs.")
    if talk.outcome is None:
        raise Failure("The interview was left before its end: give an answer to each question, or /stop.")


def _consent(blueprint: Blueprint) -> bool:
    """Ask for consent as the page does, until there is a clear answer."""
    if not blueprint.settings.consent:
        return True
    asked = disclosure(blueprint, organization="", recording_offered=False)
    consent = Consent(asked)
    click.echo(asked.text)
    while not consent.settled:
        typed = _ask()
        if typed is None:
            raise Failure("Consent was neither given nor refused: answer yes or no.")
        answered = typed.lower().strip(" .!")
        if consent.state == "button_only" and answered in ("yes", "no"):
            consent.press(granted=answered == "yes", recording=False, text_hash=asked.text_hash)
        elif consent.hear(typed, "typed") is None and not consent.settled:
            click.echo("Please answer yes or no.")
    if not consent.allows:
        click.echo("Then there is no interview. Nothing was kept.")
    return consent.allows


def _tell_record(blueprint: Blueprint, talk: TypedInterview) -> None:
    """Show what the interview comes to: what would be stored of the answer to each question that was put."""
    items = response_items(blueprint, talk.events)
    answered = sum(bool(item["answered"]) for item in items)
    click.echo(
        f"\nOn record ({talk.outcome or 'left'}, {answered} of {counted(len(items), 'question')} answered):"
    )
    width = max((len(str(item["node_id"])) for item in items), default=0)
    for item in items:
        click.echo(f"  {item['node_id']:<{width}}  {_stored(item)}")


def _stored(item: Mapping[str, Any]) -> str:
    """One line of what is stored at a question: a form's values, else the answer's richest words."""
    if item["data"]:
        return ", ".join(
            f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in item["data"].items()
        )
    return item["answer"]["summary"] if item["answer"] else _aside("no answer")


def _rights() -> str:
    """What may be typed behind a slash, for whoever asks or mistypes it."""
    return _aside(f"An answer may also be one of {' '.join('/' + right for right in RIGHTS)}.")


def _aside(sentence: str) -> str:
    return click.style(f"({sentence})", dim=True)


def _ask() -> str | None:
    """One line from whoever types; None at the end of input."""
    if sys.stdin.isatty():
        click.echo(click.style("> ", bold=True), nl=False)
    line = sys.stdin.readline()
    return line.strip() if line else None


def _show(blueprint: Blueprint, lines: Iterable[Line]) -> None:
    for line in lines:
        if line.kind == "said":
            click.echo(f"{click.style(blueprint.agent.name, bold=True)}: {line.text}")
        else:
            click.echo(_aside(line.text))

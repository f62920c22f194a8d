"""What an interview leaves in a directory: its log, and what is read out of it."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dialog.blueprint import Blueprint
from dialog.events import Event, encode_event
from dialog.responses import response_items
from dialog.transcript import plain_text, transcript, transcript_entries, web_vtt
from server.cli.output import Failure


def make_room(directory: Path, option: str = "--out") -> None:
    """See that `directory`, which `option` names, can be written to, before anybody talks for minutes. Raises
    Failure."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        raise _unwritable(directory, error, option) from None


def _unwritable(directory: Path, error: OSError, option: str = "--out") -> Failure:
    return Failure(
        f"{directory} can't be written to ({error.strerror}): name another directory with {option}."
    )


def write_outcome(directory: Path, blueprint: Blueprint, events: Sequence[Event]) -> None:
    """Write blueprint.json, events.jsonl, transcript.json, .vtt and .txt, responses.json. Raises Failure."""
    entries = transcript(events)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        write_json(directory / "blueprint.json", blueprint.model_dump(mode="json", by_alias=True))
        (directory / "events.jsonl").write_bytes(b"".join(encode_event(event) + b"\n" for event in events))
        write_json(directory / "transcript.json", {"entries": transcript_entries(events)})
        (directory / "transcript.vtt").write_text(web_vtt(entries), encoding="utf-8")
        (directory / "transcript.txt").write_text(plain_text(entries), encoding="utf-8")
        write_json(directory / "responses.json", {"items": response_items(blueprint, events)})
    except OSError as error:
        raise _unwritable(directory, error) from None


def write_json(path: Path, value: Any) -> None:
    """Write one value for people and programs to read."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")

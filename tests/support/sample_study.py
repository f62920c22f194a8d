"""A part of the sample study, with its persona and their spoken answers: a whole interview in less time."""

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

from server.cli.demo import SAMPLE
from tests.support.command_line import sample_blueprint, write_json


def part_of_sample(folder: Path, *keys: str, probing: bool) -> Path:
    """Write these questions, one after the other, into `folder`; the blueprint's file."""
    blueprint = sample_blueprint()
    nodes: dict[str, Any] = {key: blueprint["graph"]["nodes"][key] for key in keys}
    if not probing:
        for node in nodes.values():
            node["probing"] = {"enabled": False, "max_follow_ups": 0}
    edges = [{"from": a, "to": b} for a, b in pairwise(keys)]
    blueprint["graph"] = {"entry_node": keys[0], "nodes": nodes, "edges": edges}
    blueprint["settings"]["intro_message"] = "Hello."
    folder.mkdir()
    persona = json.loads((SAMPLE / "persona.json").read_text(encoding="utf-8"))
    write_json(folder / "persona.json", {**persona, "expected": {"path": list(keys)}})
    shutil.copytree(SAMPLE / "answers", folder / "answers")
    return write_json(folder / "blueprint.json", blueprint)

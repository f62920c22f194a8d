"""That no library tells its maker that it is used: what is said here is nobody else's business."""

import os
import subprocess
import sys
from pathlib import Path

LOADED = """
import {room}
from media.silero import SileroModel
SileroModel.shared()
"""


def _left_at_home(home: Path, room: str) -> list[str]:
    """What a process leaves in its home directory that has loaded the model of voices."""
    env = os.environ | {"HOME": str(home), "XDG_CACHE_HOME": str(home)}  # noqa: TID251 - a child's environment
    env.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", LOADED.format(room=room)], env=env, check=True, timeout=60)
    return [path.name for path in home.rglob("*")]


def test_the_library_of_models_keeps_no_identifier_of_the_machine(tmp_path: Path) -> None:
    assert [] == _left_at_home(tmp_path, "server")


def test_nor_does_it_in_the_process_of_the_end_of_turn_model(tmp_path: Path) -> None:
    assert [] == _left_at_home(tmp_path, "server.providers.turn_end_process")

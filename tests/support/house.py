"""Where the house stands on disk, and the files of its rooms."""

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ROOMS = ("server", "media", "dialog", "static")


def room_files(pattern: str = "*") -> list[Path]:
    """Every file of the product that matches, compiled ones left out."""
    return sorted(
        path
        for room in ROOMS
        for path in (ROOT / room).rglob(pattern)
        if path.is_file() and "__pycache__" not in path.parts
    )

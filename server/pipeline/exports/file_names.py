"""Names for files that somebody saves: safe on every disk and in every header."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 60
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9]+")


def file_name(title: str, thing_id: str, extension: str) -> str:
    """`title-id.extension` in plain ASCII: letters, digits, dashes, and the id's own underscore."""
    ascii_only = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode()
    bare = _UNSAFE.sub("-", ascii_only).strip("-")[:LONGEST].strip("-").lower()
    return f"{bare}-{thing_id}.{extension}" if bare else f"{thing_id}.{extension}"

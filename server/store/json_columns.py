"""How columns that hold JSON are read, on every kind of database."""

import json
from typing import Any

import msgspec


def read_json(text: str | bytes) -> Any:
    """What a column holds. A page of runs has hundreds of them: msgspec takes a tenth of the library's time.

    What it refuses, such as half a character that an earlier release let in, the library may still read.
    """
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return json.loads(text)

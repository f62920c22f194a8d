"""Designs told from one another by what a participant would meet of them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


class DesignChanged(Exception):
    """The draft, or its agent, is no more what was judged before it was to be published."""


def fingerprint(design: Mapping[str, Any]) -> str:
    """Names a whole design, its agent inline, by what is met of it; where that differs, so do the names."""
    met = {part: design[part] for part in ("name", "agent", "graph", "settings")}
    return hashlib.sha256(json.dumps(met, sort_keys=True).encode()).hexdigest()

"""What Deepgram finds fault with in a talk, told in the log: the code of it, never what was said."""

import logging
from typing import Final

from server.providers.deepgram.messages import ConfigureFailure, Fault, Warned

logger = logging.getLogger(__name__)

_TOLD: Final = 5
"""Complaints of one talk that are logged; a peer may have more of them than anybody wants to read."""
_MAX_CODE_CHARS: Final = 80


class Complaints:
    """One talk's."""

    def __init__(self) -> None:
        self.count = 0

    def take(self, complaint: ConfigureFailure | Warned | Fault) -> None:
        self.count += 1
        if self.count > _TOLD:
            return
        code = complaint.code or (complaint.variant if isinstance(complaint, Fault) else "")
        shown = "".join(c for c in code if c.isprintable())[:_MAX_CODE_CHARS]
        logger.warning("! deepgram complains: %s %s", type(complaint).__name__, shown)

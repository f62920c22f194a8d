"""What keeps one bad decoder, one monologue or one crowded minute from holding up everybody.
Plain numbers."""

from typing import Final

import msgspec

from server.providers.embedded.child import MAX_UNSENT_BYTES

QUIET: Final = 1 / 12
"""A frame whose peak is below this share of the loudest so far lies between words."""


class RecogniserLimits(msgspec.Struct, frozen=True):
    """Durations in seconds."""

    lease_duration: float = 25.0
    """Sound that a decoder hears of one utterance in one go. Larger: a monologue keeps others
    waiting longer."""
    soft_lease_duration: float = 20.0
    """From here on a lease ends at the first quiet frame, so that no word is cut in two."""
    kept_duration: float = 30.0
    """Sound kept of an utterance while no decoder is free; past it the utterance has failed as `busy`."""
    stall_timeout: float = 8.0
    """Without a word from a decoder that has work. Larger: a hung decoder is noticed later; smaller: a busy
    machine gets its decoders killed."""
    final_timeout: float = 10.0
    """From the end of an utterance to its final transcript, waiting included. Larger: more late words, of
    less use."""
    max_unsent_bytes: int = MAX_UNSENT_BYTES
    """Sound that may wait for a decoder outside the system's pipe; past it the utterance has failed as
    `busy`."""

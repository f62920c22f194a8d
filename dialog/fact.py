"""What all facts have in common. Knows none of them."""

import msgspec


class Fact(msgspec.Struct, frozen=True, tag=True):
    """Base of all facts; the tag in the log is the class name."""

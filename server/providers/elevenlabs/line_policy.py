"""How long a line to the vendor is waited for, doubted, kept and left alone. Plain numbers."""

import msgspec


class LinePolicy(msgspec.Struct, frozen=True):
    """Durations in seconds."""

    dial_timeout: float = 3.0
    """For a connection and its handshake. Larger: an utterance waits longer for a line that may come."""
    doubt_after: float = 1.0
    """Without a word from a line that owes some, until no new utterance is given to it."""
    deaf_after: float = 4.0
    """The same, until it is given up and its utterances fail. Larger: a dead line keeps its places longer;
    smaller: a slow day of the vendor's costs lines."""
    ping_interval: float = 10.0
    ping_timeout: float = 5.0
    """For lines on which nobody speaks: a dead one is found within both together."""
    renew_after: float = 150.0
    """Of disuse, until a line is replaced by a fresh one, before the vendor closes it."""
    wanted_duration: float = 600.0
    """How long lines are kept open for a voice that was expected or used."""
    first_pause: float = 0.25
    longest_pause: float = 10.0
    """Between two dials of which the first failed: doubled each time. What is asked meanwhile fails at
    once."""
    refused_pause: float = 30.0
    """The same when asking again won't help: a wrong key, an unknown voice."""
    steady_after: float = 10.0
    """A line that ends by itself sooner counts as a dial that failed."""

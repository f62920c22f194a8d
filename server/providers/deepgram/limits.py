"""How long anything that Deepgram does may take, and how much is kept for it. Plain numbers."""

import msgspec


class DeepgramLimits(msgspec.Struct, frozen=True):
    """Durations in seconds."""

    open_timeout: float = 4.0
    """For the connection and its handshake. Larger: a road that swallows packets is given up later."""
    final_timeout: float = 4.0
    """From the end of an utterance to its final transcript; then the best words so far are given as failed.
    Larger: more of what had to be sent again comes in time, and a fallback begins later."""
    deaf_timeout: float = 2.5
    """Without any message while there is speech to be answered, the connection is given up. Larger: a dead
    peer is noticed later; smaller: a slow one is taken for dead."""
    ping_interval: float = 5.0
    """Between two pings, by which a dead peer is noticed in silence too."""
    ping_timeout: float = 5.0
    first_retry_delay: float = 0.2
    """Before the first try to connect again; each further one waits twice as long."""
    longest_retry_delay: float = 5.0
    crowded_retry_delay: float = 1.0
    """The same at first where Deepgram says that too many connections are open already."""
    kept_duration: float = 30.0
    """Sound that is kept until its words are final, to be sent again. Larger: more memory, 32 KB a second."""
    send_duration: float = 0.08
    """Sound in one message: what Flux asks for, and a quarter of the processor time of single frames."""
    keep_alive_interval: float = 4.0
    """Between two signs of life while nobody speaks: Deepgram closes after ten seconds without any. Smaller:
    Flux, to which only sound is one, costs more."""
    parting_timeout: float = 0.5
    """For the good-bye to a peer, which nobody waits for."""

"""What the server and the child that runs the end-of-turn model say to each other, framed as all children's
messages are."""

from server.providers.embedded.pipe import Message, Ready


class Fit(Message, frozen=True):
    """From the child, once, after Ready: the model has been tried and works."""

    name: str
    sound_duration: float
    """Seconds of sound that it looks at."""
    look_duration: float
    """Seconds of CPU that a look takes here."""


class Unfit(Message, frozen=True):
    """Instead of Fit: why the model can't be used, as a sentence for the operator."""

    reason: str


class Look(Message, frozen=True):
    """Judge this sound: mono s16le at EAR_RATE_HZ. Answered by Scored."""

    look_id: int
    pcm: bytes


class Scored(Message, frozen=True):
    """One for each Look. None where the model gave no number that could be one."""

    look_id: int
    probability: float | None


ToTurnEnd = Look
FromTurnEnd = Ready | Fit | Unfit | Scored

"""What the agent is saying and about to say, as the floor sees it. Knows no audio and chooses no words."""

import msgspec

from dialog.commands import SpeechKind

TOKENS: frozenset[SpeechKind] = frozenset(("acknowledgement", "cue"))
"""Speech that doesn't take the floor."""
ASKING: frozenset[SpeechKind] = frozenset(("question", "probe", "re_ask", "recap"))
"""Speech that an interruption may be the answer to."""


class Speech(msgspec.Struct):
    """One Say on its way to the ear. Mutable: it begins when its SpeechBegan comes."""

    speech_id: int
    kind: SpeechKind
    text: str
    barge_in: bool = True
    node_key: str | None = None
    said_at: float = 0.0
    began_at: float | None = None
    ended_at: float | None = None
    speed: float = 1.0
    resumed: bool = False
    """It was held and taken up again: some of it was said twice, and where it is follows from no clock."""

    def expected_duration(self) -> float:
        """A generous bound on how long it takes to say, in seconds."""
        return 6.0 + 0.7 * len(self.text.split()) / self.speed


class Speaking:
    """The queue of speeches that hold the floor, the first one being heard, and the token beside it."""

    def __init__(self) -> None:
        self.queue: list[Speech] = []
        self.token: Speech | None = None
        self._all: dict[int, Speech] = {}

    @property
    def current(self) -> Speech | None:
        return self.queue[0] if self.queue else None

    def say(self, speech: Speech) -> None:
        """A Say was issued."""
        self._all[speech.speech_id] = speech
        if speech.kind in TOKENS:
            self.token = speech
        else:
            self.queue.append(speech)

    def began(self, speech_id: int, now: float) -> Speech | None:
        """Its first sound is at the ear; None for a stale id."""
        speech = self._all.get(speech_id)
        if speech is not None and speech.began_at is None:
            speech.began_at = now
        return speech

    def ended(self, speech_id: int, now: float) -> Speech | None:
        """It is over; None for a stale id. Forgets it."""
        speech = self._all.pop(speech_id, None)
        if speech is not None:
            speech.ended_at = now
            self.queue = [other for other in self.queue if other.speech_id != speech_id]
            if self.token is speech:
                self.token = None
        return speech

    def drop_queue(self) -> None:
        """Everything queued is being stopped; late signals about it are still attributed by `ended`."""
        self.queue = []

"""The answer that was put on record last: for a moment after the agent has begun to follow it up, what is
said may still be a part of it. Moves no floor."""

from dialog.barge_in import takes_back
from dialog.policy import Policy
from dialog.speaking import Speech
from dialog.turn import Turn


class LastAnswer:
    """One session's."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.turn: Turn | None = None
        self._settled = False

    def commit(self, turn: Turn) -> None:
        """An answer is on record; until the floor is the participant's it may turn out to go on, once."""
        self.turn = turn
        self._settled = turn.reopened

    def settle(self) -> None:
        """What comes from now on is something else."""
        self._settled = True

    def withdraw(self) -> Turn | None:
        """Let go of it, and say what it was: it goes on, or is erased."""
        turn, self.turn = self.turn, None
        return turn

    @property
    def is_open(self) -> bool:
        """Whether it may go on at all."""
        return self.turn is not None and not self._settled

    def may_go_on(self, following: Speech, voice_at: float) -> bool:
        """Whether a voice that set in then may be it: until 1.2 s into what follows it."""
        began_at = following.began_at
        return self.is_open and (began_at is None or voice_at - began_at <= self._policy.resume_window)

    def is_taken_back(self, words: str) -> bool:
        """Whether a "yes" or "no" says the contrary of it."""
        return self.turn is not None and takes_back(words, self.turn.text)

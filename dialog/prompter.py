"""Says things: gives each speech its id, keeps count of tokens, and puts on record what of it was heard.
Chooses no question."""

import msgspec

from dialog.answers import asks_back, distress_in, speaks_of_feeling
from dialog.asides import asks_who_we_are
from dialog.commands import Say, SpeechKind
from dialog.events import QuestionAsked, SpeechHeard
from dialog.outbox import Outbox
from dialog.policy import Policy
from dialog.script import ACKNOWLEDGEMENTS, CUE, HUMS
from dialog.signals import SpeechEnded
from dialog.speaking import Speech
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking


class _Said(msgspec.Struct):
    kind: SpeechKind
    node_key: str | None
    said_at: float
    began_at: float | None = None


class Prompter:
    """The agent's side of the talk, one Say at a time."""

    def __init__(self, turns: TurnTaking, out: Outbox, policy: Policy) -> None:
        self._turns = turns
        self._out = out
        self._policy = policy
        self._next_id = out.state.last_speech_id + 1
        self._said: dict[int, _Said] = {}
        self._speed = 1.0
        self._last_token_at = -60.0
        self._last_token = ""
        self._turns_taken = 0
        self._turn_taken = 0
        self._tokens = 0
        self.quiet_next = False
        """No acknowledgement for the next take: the last one was wrong, or the answer was an emotional one.
        """

    @property
    def speed(self) -> float:
        """At which things are said now; less than 1 is slower."""
        return self._speed

    def slow_down(self) -> None:
        """Speak more slowly from now on."""
        self._speed = max(0.6, self._speed * 0.85)

    def say(
        self,
        kind: SpeechKind,
        text: str,
        now: float,
        *,
        node_key: str | None = None,
        barge_in: bool = True,
        after_storage: bool = False,
    ) -> Speech:
        """Issue a Say; anything but a token takes the floor."""
        speech = Speech(self._next_id, kind, text, barge_in, node_key, speed=self._speed)
        self._next_id += 1
        self._said[speech.speech_id] = _Said(kind, node_key, now)
        self._out.append(Say(speech.speech_id, kind, text, node_key, after_storage, self._speed))
        self._turns.speak(speech, now)
        return speech

    def say_again(self, lost: Speech, now: float) -> None:
        """Issue anew what was dropped behind a speech that never came to its end."""
        self.say(lost.kind, lost.text, now, node_key=lost.node_key, barge_in=lost.barge_in)

    def ask(
        self,
        kind: SpeechKind,
        text: str,
        node_key: str,
        now: float,
        *,
        field: str | None = None,
        barge_in: bool = True,
    ) -> None:
        """Put something to the participant that wants an answer; it waits until what was answered is safe."""
        speech_id = self._next_id
        self._turns.floor.question = text
        self._out.append(QuestionAsked(node_key, speech_id, kind, text, field))
        self.say(kind, text, now, node_key=node_key, barge_in=barge_in, after_storage=True)

    def acknowledge(self, turn: Turn, now: float, *, hums: bool = False) -> Speech | None:
        """A short word that the answer was heard, or only a hum, if one is due: not too often, never the same
        twice running, never where a take of this answer was taken back, nor after a word of feeling."""
        again, self._turn_taken = turn.turn_id == self._turn_taken, turn.turn_id
        self._turns_taken += not again
        quiet, self.quiet_next = self.quiet_next or again, False
        if quiet or not self._token_due(now) or _is_grave(turn.text):
            return None
        words = [word for word in (HUMS if hums else ACKNOWLEDGEMENTS) if word != self._last_token]
        word = words[self._turns_taken % len(words)]
        return self._token("acknowledgement", word, now)

    def cue(self, now: float) -> None:
        """ "I'm listening", if a token is due."""
        if self._token_due(now) and self._last_token != CUE:
            self._token("cue", CUE, now)

    def _token_due(self, now: float) -> bool:
        if self._turns.lull.voiceless or now - self._last_token_at < self._policy.token_spacing:
            return False
        share = self._policy.token_share * max(self._turns_taken, 1)
        return self._tokens == 0 or self._tokens + 1 <= share

    def _token(self, kind: SpeechKind, text: str, now: float) -> Speech:
        self._last_token, self._last_token_at = text, now
        self._tokens += 1
        return self.say(kind, text, now)

    def began(self, speech_id: int, now: float) -> None:
        """SpeechBegan: where in time the transcript's entry begins."""
        said = self._said.get(speech_id)
        if said is not None:
            said.began_at = now

    def expects(self, speech_id: int) -> bool:
        """Whether a Say of this id is still on its way to its end."""
        return speech_id in self._said

    def ended(self, signal: SpeechEnded) -> None:
        """SpeechEnded: put on record what was heard, once."""
        said = self._said.pop(signal.speech_id, None)
        if said is None or not signal.heard:
            return
        began_at = said.began_at if said.began_at is not None else said.said_at
        self._out.append(
            SpeechHeard(signal.speech_id, said.kind, signal.heard, said.node_key, began_at, signal.cut)
        )


def _is_grave(text: str) -> bool:
    """After feeling, and all the more after distress, any noise of ours is wrong; after a question it is no
    answer."""
    asks = asks_who_we_are(text) or asks_back(text)
    return asks or speaks_of_feeling(text) or distress_in(text) is not None

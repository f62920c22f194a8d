"""What the participant does by hand: types, presses a button or a key, fills in a form on the page. Decides
nothing of what is heard."""

from typing import Final, assert_never

from dialog import script
from dialog.answering import Answering
from dialog.bad_hearing import BadHearing
from dialog.conduct import Conduct
from dialog.hearing import AGENTS
from dialog.interview import Interview
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.signals import (
    DonePressed,
    FormFilled,
    HoldToTalk,
    KeyPressed,
    RightClaimed,
    TextTyped,
    TypingNoticed,
)
from dialog.steps import Step
from dialog.turn_taking import TurnTaking

Deed = DonePressed | HoldToTalk | TextTyped | TypingNoticed | KeyPressed | FormFilled | RightClaimed

_DEAF: Final = frozenset(("waiting", "paused", "away", "operator", "closed"))
"""States of the floor in which nothing is taken in but what ends a pause."""


class ByHand:
    """One session's. `now` is in session seconds."""

    def __init__(
        self,
        interview: Interview,
        moments: Moments,
        conduct: Conduct,
        bad_hearing: BadHearing,
        turns: TurnTaking,
        out: Outbox,
    ) -> None:
        self._interview = interview
        self._moments = moments
        self._conduct = conduct
        self._bad_hearing = bad_hearing
        self._turns = turns
        self._out = out

    def take_in(self, deed: Deed, now: float) -> list[Step]:
        """Take in what was done."""
        if isinstance(deed, FormFilled) and deed.node_key != self._out.state.current:
            return []
        if self._interview.closing is not None and deed != RightClaimed("strike"):
            return []  # the last words are being said, and nothing can be answered any more
        if isinstance(deed, TextTyped | FormFilled):
            self._moments.pauses.wake(now)
        state = self._turns.state
        if state in _DEAF and not (isinstance(deed, RightClaimed) and state == "paused"):
            return []
        return self._follow(deed, self._turns.answering, now)

    def _follow(self, deed: Deed, answering: Answering, now: float) -> list[Step]:
        match deed:
            case DonePressed():
                return self._end_answer(now)
            case HoldToTalk():
                if deed.pressed:
                    self._moments.pauses.wake(now)
                    self._turns.give_way(now)
                return answering.hold_to_talk(deed.pressed, now)
            case TypingNoticed():
                answering.typing(now)
            case TextTyped():
                if not deed.text.strip() or deed.client_id in self._out.state.client_ids:
                    return []
                self._turns.give_way(now)
                return answering.typed(deed.text.strip(), deed.client_id, now)
            case KeyPressed():
                return self._key(deed.key, now)
            case FormFilled():
                self._fill(deed, now)
            case RightClaimed():
                if deed.right == "done":
                    return self._end_answer(now)
                self._claim(deed, now)
            case _:
                assert_never(deed)
        return []

    def _end_answer(self, now: float) -> list[Step]:
        return self._turns.answering.done(now) if self._turns.state not in AGENTS else []

    def _claim(self, deed: RightClaimed, now: float) -> None:
        if deed.right != "resume":
            self._conduct.forget()
        if deed.right == "stop":
            self._moments.stop_for_good(now)
        else:
            self._moments.claim(deed.right, now)

    def _key(self, key: str, now: float) -> list[Step]:
        if key == "*":
            self._moments.claim("repeat", now)
        elif key == "0" and self._turns.floor.profile.name != "closed":
            self._moments.claim("human", now)
        elif key in "123456789#0" and len(key) == 1:
            self._moments.pauses.wake(now)
            self._turns.give_way(now)
            return self._turns.answering.keyed(key, now)
        return []

    def _fill(self, deed: FormFilled, now: float) -> None:
        self._conduct.forget()
        self._turns.give_way(now)
        self._turns.answering.set_aside("superseded")
        self._moments.yes_or_no.await_nothing()
        turn = self._turns.answering.need_turn(now)
        turn.type(script.filled_in(self._interview.node, deed.data), now)
        self._turns.commit()
        self._bad_hearing.question_changed()
        self._interview.filled(turn, deed.data, now)

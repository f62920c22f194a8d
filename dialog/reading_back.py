"""A form that was given by voice is read back before it is left, and corrected in the participant's words;
what somebody can't put right at once is gone through value by value. Chooses no question."""

from collections.abc import Collection
from typing import Final

from dialog import script
from dialog.agreement import Verdict, verdict_on
from dialog.answers import asks_back
from dialog.blueprint import FormField
from dialog.corrections import AGREED, affirmed, corrected, denied_alone
from dialog.events import NoticeGiven
from dialog.form_facts import FieldsReopened, ValuesDenied
from dialog.forms import clear_answer
from dialog.interview import Interview
from dialog.lexicon import plain
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.rights import is_backchannel
from dialog.run_state import NodeState
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking

WHAT: Final = "values"
"""What is to be confirmed, as the moments know it."""
_MOST_ROUNDS: Final = 2
"""Corrections of one form; after that the page is the better place for it."""


class ReadingBack:
    """One session's."""

    def __init__(self, interview: Interview, moments: Moments, turns: TurnTaking, out: Outbox) -> None:
        self._interview = interview
        self._moments = moments
        self._turns = turns
        self._out = out
        self._rounds = 0
        self._asked_what = False
        self._asked_again = False
        self._left: list[FormField] = []
        """Fields that are still to be gone through, the one that was just asked about first."""

    def begin(self, now: float) -> None:
        """Read a form's values back, from the beginning: to whoever has come back to it, too."""
        self._rounds, self._asked_what, self._asked_again = 0, False, False
        self._left = []
        self._read(now)

    def _read(self, now: float) -> None:
        node, data = self._interview.node, self._form.data
        in_order = {field.name: data[field.name] for field in node.fields or [] if field.name in data}
        self._moments.yes_or_no.ask(WHAT, script.read_back(node, in_order), now)

    @property
    def _form(self) -> NodeState:
        return self._out.state.node(self._interview.node.key)

    def answered(self, turn: Turn, now: float) -> None:
        """Take the answer to what was read back: a correction, or whether it is right."""
        if asks_back(turn.text):
            self._moments.yes_or_no.ask_again(now)
            return
        asked_about = self._left[0].name if self._left else None
        fields, data = self._interview.node.fields or [], self._form.data
        changes = corrected(self._left[:1] or fields, data, turn.text)
        if asked_about is not None and not changes:
            changes = corrected(fields, data, turn.text, by_name=True)
        verdict = _verdict_on(turn.text, merely_heard=not self._asked_what)
        unclear = verdict is None and not self._asked_what and not self._asked_again
        if unclear and not changes and asked_about is None:
            self._asked_again = self._moments.yes_or_no.ask_again(now)
            return
        self._moments.yes_or_no.await_nothing()
        if changes:
            self._interview.correct(self._turns.commit(), changes)
        else:
            self._turns.answering.set_aside("confirmation")
        if changes and asked_about not in changes:
            self._corrected(now)
        elif self._left:
            self._gone_through(turn.text, now)
        elif verdict == "wrong" or (self._asked_what and verdict is None):
            self._denied(turn.text, now)
        else:
            self._deny(())
            self._interview.leave_form(now)

    def _corrected(self, now: float) -> None:
        self._deny(())  # of the rest nobody has said that it is wrong
        self._left = []
        self._rounds += 1
        if self._rounds < _MOST_ROUNDS:
            self._read(now)
        else:
            self._interview.leave_form(now)

    def _denied(self, said: str, now: float) -> None:
        """The values are wrong by what was said: ask which, then go through them. Words that can't be made
        out take no "no" back."""
        fields = self._interview.node.fields or []
        if (wrong := denied_alone(fields, self._form.data, said)) is not None:
            self._deny((wrong.name,))
            return self._leave(now)
        form = self._form
        # what was confirmed by itself before the last reading stays so
        self._deny([name for name in form.data if not form.reopened or name in form.reopened])
        if not self._asked_what:
            self._asked_what = True
            self._moments.yes_or_no.ask(WHAT, script.WHAT_TO_CORRECT, now)
            self._moments.yes_or_no.listen_patiently()
            return
        self._left = [field for field in self._interview.node.fields or [] if field.name in self._form.data]
        if len(self._left) < 2 or self._form.reopened:
            self._left = []
            return self._leave(now)
        self._out.append(NoticeGiven("misheard", script.ONE_BY_ONE, ("type", "skip", "repeat")))
        self._ask_next(now, first=script.ONE_BY_ONE)

    def _gone_through(self, said: str, now: float) -> None:
        """One value was asked about: it stays with a yes alone, unless another was given in its place."""
        field, form = self._left.pop(0), self._form
        if affirmed(field, form.data.get(field.name), said):
            self._deny([name for name in form.denied if name != field.name])
        if self._left:
            self._ask_next(now)
        else:
            self._leave(now)

    def _leave(self, now: float) -> None:
        """What is still wrong is asked for anew, in the design's words, and dropped if it is wrong once
        more."""
        form = self._form
        if not form.denied or set(form.denied) & set(form.reopened):
            return self._interview.leave_form(now)
        self._out.append(FieldsReopened(self._interview.node.key, form.denied))
        self._interview.ask(now)

    def _deny(self, fields: Collection[str]) -> None:
        """Put on record what is not right, as far as is known by now."""
        if set(fields) != set(self._form.denied):
            self._out.append(ValuesDenied(self._interview.node.key, tuple(fields)))

    def _ask_next(self, now: float, *, first: str | None = None) -> None:
        question = script.read_one_back(self._left[0], self._form.data[self._left[0].name])
        self._moments.yes_or_no.ask(WHAT, question, now, first=first)


def _verdict_on(text: str, *, merely_heard: bool) -> Verdict | None:
    """Whether what was read back is right, whatever else is said besides; `merely_heard` where a mere "mm-hm"
    says so."""
    if (verdict := verdict_on(text)) is not None:
        return verdict
    if AGREED.match(plain(text)) or (merely_heard and is_backchannel(text)):
        return "right"
    answer = clear_answer(text)
    if answer is None:
        return None
    return "right" if answer == "yes" else "wrong"

"""A question of the interviewer's own that wants a yes or no before anything else is asked: whether to end,
to erase, to leave a topic, whether what was read back is right. Knows not what follows from either."""

from dialog import script
from dialog.interview import Interview
from dialog.prompter import Prompter
from dialog.turn_taking import TurnTaking


class YesOrNo:
    """One session's. Every method takes `now` in session seconds."""

    def __init__(self, interview: Interview, turns: TurnTaking, prompter: Prompter) -> None:
        self._interview = interview
        self._turns = turns
        self._prompter = prompter
        self.awaited: str | None = None
        """What it is about: `stop`, `erase_all`, `strike_said_back`, `withdraw`, `go_on`, `hard_topic`,
        `other_topic`, `right`, `values` or `section`."""
        self.question = ""
        """What was asked, in words."""
        self.about: tuple[int, ...] = ()
        """Turns out of which something was said back in it."""

    def ask(
        self,
        what: str,
        question: str,
        now: float,
        *,
        first: str | None = None,
        about: tuple[int, ...] = (),
    ) -> None:
        """Ask for a yes or no, `first` being said ahead of it; `about` what was said in these turns."""
        self._turns.drop_answer()
        if first is not None:
            self._prompter.say("notice", first, now)
        self.awaited, self.question, self.about = what, question, about
        self._turns.lull.asked()
        self._turns.floor.profile = self._interview.patience.for_yes_or_no
        self._prompter.say("re_ask", question, now)

    def listen_patiently(self) -> None:
        """What was asked wants more of an answer than a yes or no."""
        self._turns.floor.profile = self._interview.patience.for_telling

    def ask_again(self, now: float, *, first: str | None = None) -> bool:
        """Ask the same once more, `first` being said ahead of it; False where nothing is awaited."""
        if self.awaited is None:
            return False
        self.ask(self.awaited, self.question, now, first=first, about=self.about)
        return True

    def ask_whether_to_go_on(self, now: float) -> None:
        """We stopped twice for nobody: ask instead of starting a third time; what is asked already is."""
        if not self.ask_again(now):
            self.ask("go_on", script.SHALL_I_GO_ON, now)

    def await_nothing(self) -> None:
        """No yes or no is awaited any more: something else has come of it, or is asked."""
        if self.awaited is not None:
            self.awaited, self.about = None, ()
            self._turns.floor.profile = self._interview.profile

    def leave(self) -> None:
        """The same, and what is just being said to it is the answer to no other question."""
        if self.awaited is not None:
            self._turns.answering.set_aside("withdrawn")
        self.await_nothing()

    def abandon(self) -> None:
        """Nobody is there to say yes or no. A topic that was to be left is left all the same; a form's values
        go on waiting."""
        if self.awaited == "other_topic":
            self._interview.close_node("answered")
        self.await_nothing()

    def take_up(self) -> None:
        """A form's values that were read back wait for their word as before, whatever came in between."""
        if self._interview.unconfirmed and self.awaited is None:
            self.awaited = "values"
            self._turns.floor.profile = self._interview.patience.for_yes_or_no

"""Where all that the core puts out goes through, so that the run's state is always that of its facts."""

from collections.abc import Iterable

from dialog.commands import AnyCommand, Command
from dialog.events import AnyFact
from dialog.run import apply, begin_session, fold
from dialog.run_state import RunState


class Outbox:
    """The outputs of one signal, in order, and the state after them."""

    def __init__(self, facts: Iterable[AnyFact] = ()) -> None:
        self.state: RunState = begin_session(fold(facts))
        self._outputs: list[AnyCommand | AnyFact] = []

    def append(self, output: AnyCommand | AnyFact) -> None:
        """Put one output in; a fact becomes true at once."""
        self._outputs.append(output)
        if not isinstance(output, Command):
            self.state = apply(self.state, output)

    def drain(self) -> list[AnyCommand | AnyFact]:
        """Everything since the last call."""
        outputs, self._outputs = self._outputs, []
        return outputs

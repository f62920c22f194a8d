"""A judge on bad days: late, silent, failing, or of strange opinions. Knows no floor."""

from collections.abc import Callable
from random import Random
from typing import get_args

from dialog.commands import Judge
from dialog.embedded_interviewer import judge
from dialog.judgement import Judgement, JudgementRequest, Probe, Right, Verdict
from dialog.signals import AnySignal, JudgementArrived, JudgementFailed
from tests.simulation.mouth import Later

_RIGHTS: tuple[Right, ...] = get_args(Right)
_VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


class FickleJudge:
    """`faults` is the share of judgements that go wrong, `oddness` of those that nobody expects."""

    def __init__(
        self, rng: Random, faults: float, oddness: float, tell: Callable[[AnySignal], None], later: Later
    ) -> None:
        self.latest = 0
        """Id of what was to be judged last."""
        self._rng = rng
        self._faults = faults
        self._oddness = oddness
        self._tell = tell
        self._later = later

    def heal(self) -> None:
        """From now on nothing goes wrong."""
        self._faults = self._oddness = 0.0

    def judge(self, command: Judge) -> None:
        """Answer, sooner or later, or not at all."""
        self.latest = command.judgement_id
        rng, dice = self._rng, self._rng.random()
        if dice >= self._faults:
            odd = rng.random() < 0.3 * self._oddness
            judgement = _odd(rng, command.request) if odd else judge(command.request)
            self._answer(rng.uniform(0, 0.6), JudgementArrived(command.judgement_id, judgement))
        elif dice < 0.3 * self._faults:
            self._answer(rng.uniform(0, 2), JudgementFailed(command.judgement_id, "overloaded"))
        elif dice < 0.7 * self._faults:
            judgement = _odd(rng, command.request)
            self._answer(rng.uniform(1, 6), JudgementArrived(command.judgement_id, judgement))

    def _answer(self, delay: float, signal: AnySignal) -> None:
        self._later(delay, lambda: self._tell(signal))


def _odd(rng: Random, request: JudgementRequest) -> Judgement:
    text = rng.choice(("What happened then?", "Wasn't that awful, and do you hate your boss?", "", "Why?"))
    probe = Probe("general", "tell_me_more", text, rng.choice(("", "coffee", "nothing of it")))
    return Judgement(
        rng.choice(_VERDICTS),
        probe if rng.random() < 0.6 else None,
        right=rng.choice(_RIGHTS) if rng.random() < 0.3 else None,
        data={str(field["name"]): rng.choice((1, True, "x", None)) for field in request.fields[:2]},
        assessed=tuple(edge.index for edge in request.edges if rng.random() < 0.5),
        judged_by="somebody",
    )

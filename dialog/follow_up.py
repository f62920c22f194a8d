"""What is asked next by the present decision: looked at by the guard, and its sound begun on, before the
answer is committed. Commits nothing, and knows no clock but what it is told."""

from typing import Literal

from dialog.assessment import Assessment
from dialog.interview import Interview
from dialog.judgement import Judgement, JudgementRequest, Vetted
from dialog.preparation import Preparation
from dialog.prompter import Prompter
from dialog.rebuffs import is_to_us
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking


class FollowUp:
    """One session's."""

    def __init__(
        self,
        interview: Interview,
        assessment: Assessment,
        preparation: Preparation,
        turns: TurnTaking,
        prompter: Prompter,
    ) -> None:
        self._interview = interview
        self._assessment = assessment
        self._preparation = preparation
        self._turns = turns
        self._prompter = prompter
        self.vetted = Vetted()
        """What may be asked."""
        self._vetted_of: tuple[Judgement | None, JudgementRequest | None] = (None, None)
        self._stand_in = ""
        """Words that have taken the place of a probe for which the voice was not there."""

    def look_at(self, decision: Judgement, now: float) -> None:
        """Look at the words of a decision, once, and have the voice begin on what may be said."""
        request = self._assessment.request
        if self._vetted_of[0] is decision and self._vetted_of[1] is request:
            return
        turn = self._turns.turn
        self.vetted, self._vetted_of = Vetted(), (decision, request)
        if turn is None or not self._asks_on(turn, decision):
            return
        self.vetted = self._interview.vetting.vet(self._interview.node, decision, request, now)
        probe = self.vetted.probe
        if probe is None or probe.text == self._stand_in:  # which is not to wait for the voice again
            self._preparation.drop()
        elif self._turns.taking.patient and not self._interview.leads_back(turn, decision):
            self._preparation.begin(probe.text, self._prompter.speed)

    def _asks_on(self, turn: Turn, decision: Judgement) -> bool:
        """Whether the decision may be followed by a probe at all."""
        if decision.verdict in ("wants_right", "asks_back", "distress") or is_to_us(turn, decision):
            return False
        return self._interview.field is None or decision.verdict == "refused"

    @property
    def sound(self) -> Literal["ready", "awaited", "failed"]:
        """Whether what follows from the decision could be heard at once."""
        if (probe := self.vetted.probe) is None:
            return "ready"
        return self._preparation.state(probe.text, self._prompter.speed)

    def voice_failed(self, now: float) -> None:
        """The voice can't say what was prepared."""
        self._go_unheard(f"voice: {self._preparation.failure}", now)

    def overdue(self, now: float) -> None:
        """The deadline of the judgement, and of the sound of what follows from it, has come."""
        self._assessment.overdue(self._interview.node)
        if self.sound == "awaited" and self._assessment.decision is self._vetted_of[0]:
            self._go_unheard("voice_overdue", now)

    def _go_unheard(self, reason: str, now: float) -> None:
        """The voice is not there in time: known words take the place of the probe."""
        probe = self.vetted.probe
        if probe is None:
            return
        self._preparation.drop()
        instead = self._interview.vetting.known_probe(self._interview.node, probe.deficiency)
        self._stand_in = instead.text if instead is not None else ""
        self._assessment.go_unheard(self._interview.node, reason, instead)
        if (decision := self._assessment.decision) is not None:
            self.look_at(decision, now)

    def adopt(self, turn: Turn) -> Vetted:
        """The decision counts: what may be asked, for which the sound is kept if there is an answer."""
        self._vetted_of, self._stand_in = (None, None), ""
        if self.vetted.probe is None or not turn.text:
            self._preparation.drop()
        else:
            self._preparation.hand_over()
        return self.vetted

    def forget(self) -> None:
        """Nothing follows from what was judged."""
        self.vetted, self._vetted_of = Vetted(), (None, None)
        self._preparation.drop()

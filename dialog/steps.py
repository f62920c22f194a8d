"""What turn-taking tells the interview, in the past tense: the only words between them."""

import msgspec

from dialog.endpointing import Features
from dialog.events import Stage
from dialog.speaking import Speech
from dialog.turn import Turn


class Step(msgspec.Struct, frozen=True):
    """Base of all steps."""


class AnswerSeemsOver(Step, frozen=True):
    """There is evidence enough; nothing is committed yet. `stage`: one, two, done, check_in or keypad."""

    stage: Stage
    features: Features | None = None


class WordsChanged(Step, frozen=True):
    """A taken answer has other words now than those that are being judged."""


class HoldOver(Step, frozen=True):
    """The floor was held open long enough, and no word is owed: commit, once it is judged."""


class JudgementOverdue(Step, frozen=True):
    pass


class DraftDue(Step, frozen=True):
    """The answer has stood as it is for a while, seems over to the recogniser, or has gone on for long: it
    may be judged ahead."""


class AnswerAmended(Step, frozen=True):
    """A last word came after the commit: the record gets it too."""

    turn: Turn


class Rejoined(Step, frozen=True):
    """The participant goes on with the answer just committed: undo. `turn` is that answer, open again."""

    turn: Turn


class BargedIn(Step, frozen=True):
    """The participant answers before the question was over."""


class Interjected(Step, frozen=True):
    """Words that are no answer: said over a speech that asks nothing, or a lone backchannel."""

    turn: Turn


class OverlapTwice(Step, frozen=True):
    """We stopped twice for somebody who didn't speak."""


class CueDue(Step, frozen=True):
    pass


class CheckInDue(Step, frozen=True):
    """`number` counts from 0; `answering`: there are words already, so nothing is asked anew."""

    number: int
    answering: bool


class Unanswered(Step, frozen=True):
    """All check-ins are over, and there is no answer."""


class Misheard(Step, frozen=True):
    """There was a voice, and no word was understood."""


class NothingSaid(Step, frozen=True):
    """ "Done" without an answer."""


class HandedOver(Step, frozen=True):
    """Everything that was to be said has been heard."""


class SaidInVain(Step, frozen=True):
    """A speech was given up, and with it everything behind it; `lost` may be worth another try."""

    lost: tuple[Speech, ...]


class ClockDue(Step, frozen=True):
    """One of the clocks of special states: muted_notice, muted_pause, noise, noise_pause."""

    name: str

"""When the participant isn't understood, or can't be heard: said once, with another way to answer, and paused
for in the end."""

from dialog import script
from dialog.events import NoticeGiven
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.prompter import Prompter
from dialog.turn_taking import TurnTaking


class BadHearing:
    """One session's."""

    def __init__(self, moments: Moments, turns: TurnTaking, prompter: Prompter, out: Outbox) -> None:
        self._moments = moments
        self._turns = turns
        self._prompter = prompter
        self._out = out
        self._misheard = 0
        self._noise_told = False
        self._silent = False
        self._told_of_microphone = ""
        """The code of the notice that is on show."""

    def question_changed(self) -> None:
        """A new question has a new chance to be understood."""
        self._misheard = 0
        self._noise_told = False

    def microphone_changed(self, *, silent: bool) -> None:
        """What the participant was told of their microphone holds no more. `silent` unless it was muted on
        the page."""
        if self._told_of_microphone:
            self._out.append(NoticeGiven(self._told_of_microphone, ""))
        self._told_of_microphone = ""
        self._silent = silent

    def misheard(self, now: float) -> None:
        """A voice without a word that was understood: ask once, then offer another way."""
        self._misheard += 1
        self._turns.answering.turn = None
        words = script.MISHEARD[0]
        if self._misheard > 1:
            words = script.MISHEARD_OFFER
            self._out.append(NoticeGiven("misheard", words, ("type", "skip", "repeat")))
        self._prompter.say("re_ask", words, now)

    def clock(self, name: str, now: float) -> None:
        """One of the clocks of a muted microphone or of noise."""
        match name:
            case "muted_notice":
                words = script.SILENT if self._silent else script.MUTED
                self._told_of_microphone = "silent" if self._silent else "muted"
                self._out.append(NoticeGiven(self._told_of_microphone, words, ("type",)))
                if self._turns.state == "open":  # a voice proves it wrong, and gives the answer
                    self._prompter.say("check_in", words, now)
            case "muted_pause":
                self._moments.pauses.pause("muted", script.PAUSED_SILENCE, now)
            case "noise":
                if not self._noise_told:
                    self._noise_told = True
                    self._out.append(NoticeGiven("noise", script.NOISE, ("hold", "type")))
                    self._prompter.say("notice", script.NOISE, now)
            case "noise_pause":
                self._moments.pauses.pause("noise", script.PAUSED_SILENCE, now)
            case _:
                raise AssertionError(name)

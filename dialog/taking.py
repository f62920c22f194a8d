"""An answer that is believed to be over: acknowledged, the floor held open behind it, its judgement and its
last words awaited. Each of these waits has its end. Knows no judgement."""

from dialog.answering import TAKEN, Answering
from dialog.floor import Floor, Move
from dialog.speaking import Speaking, Speech
from dialog.steps import HoldOver, JudgementOverdue, Step, WordsChanged
from dialog.timers import Timers

_LONGEST_TOKEN = 1.5
"""Seconds that an acknowledgement may sound, whatever the mouth says of its end."""


class Taking:
    """The take of the one open answer. `now` is in session seconds throughout."""

    def __init__(self, floor: Floor, speaking: Speaking, timers: Timers, answering: Answering) -> None:
        self._floor = floor
        self._speaking = speaking
        self._timers = timers
        self._answering = answering
        self._hold_over = False
        self._held_until = 0.0
        self._late = False
        self._owed_since = 0.0
        """When a commit began to wait for the last words."""
        self._way = 0.0
        """Seconds that the acknowledgement took to the ear."""

    def begin(self, token: Speech | None, now: float, *, late: bool = False) -> None:
        """Hold the floor open before committing, behind an acknowledgement or not; `late`: at stage two."""
        self._late = late
        if token is None:
            self._begin(self._hold_duration(now), "take_quietly", now)
        else:  # from its onset the hold is counted anew; half a second is for a token that never sounds
            self._begin(self._hold_duration(now) + 0.5, "take", now)

    def at_once(self, now: float) -> None:
        """Somebody said or pressed that the answer is over: no acknowledgement, no hold."""
        self._answering.stop_token()
        self._begin(0.0, "take_quietly", now)

    def _begin(self, hold: float, move: Move, now: float) -> None:
        self._answering.clear_clocks()
        self._hold_over = hold <= 0
        self._timers.set("judgement", now + self._floor.policy.judgement_deadline)
        self._floor.move(move)
        if hold > 0:
            self._hold(now + hold)

    def _hold(self, until: float) -> None:
        self._held_until = until
        self._timers.set("hold", until)

    def _hold_duration(self, since: float) -> float:
        """What the profile asks for, times the person's own patience, which waits no silence out for ever."""
        profile, turn = self._answering.profile, self._answering.turn
        late = profile.late_hold_duration if self._late else None
        usual = profile.hold_duration if late is None else late
        own = usual * self._answering.patience.factor()
        if turn is None or own <= usual:
            return own
        return max(usual, min(own, turn.ended_at + self._floor.policy.longest_wait - since))

    def acknowledging(self, now: float, way: float) -> None:
        """The acknowledgement is at the ear, after `way` seconds: hold and deadline are counted from its
        onset, and what follows is sent ahead by as much."""
        onset, self._way = now - way, way
        self._hold(onset + self._hold_duration(onset))
        self._timers.set("judgement", onset + self._floor.policy.judgement_deadline)

    def acknowledged(self, now: float) -> None:
        """It has been heard; a moment of silence follows it in any case."""
        self._floor.move("acknowledged")
        if not self._hold_over:
            self._hold(max(self._held_until, now + self._floor.policy.hold_after_token - self._way))

    def await_another_judgement(self, now: float) -> None:
        """Other words have made one useless: a new one gets a moment, if the deadline leaves it none."""
        grace = now + self._floor.policy.judgement_grace
        self._timers.set("judgement", max(grace, self._timers.at("judgement") or 0.0))

    @property
    def patient(self) -> bool:
        """Whether the voice is worth beginning on what may follow: it is heard, and there is time for it."""
        in_time = self._floor.state not in TAKEN or self._timers.is_set("judgement")
        return in_time and not self._answering.voiceless

    def ready(self, now: float) -> bool:
        """Whether the answer may be committed: the hold is over and no last word is owed."""
        turn = self._answering.turn
        if self._floor.state not in TAKEN or not self._hold_over or turn is None:
            return False
        if turn.pending:
            if not self._timers.is_set("finals"):
                self._owed_since = now
                self._timers.set("finals", now + self._floor.policy.final_words_timeout)
            return False
        return True

    def fire(self, name: str, now: float) -> list[Step]:
        """One of HOLD_TIMERS has come."""
        match name:
            case "hold":
                return self._hold_due(now)
            case "judgement":
                return self._judgement_due(now)
            case "finals":
                return self._finals_due(now)
            case _:
                raise AssertionError(name)

    def _hold_due(self, now: float) -> list[Step]:
        token = self._speaking.token
        if token is not None and token.began_at is not None and now < token.began_at + _LONGEST_TOKEN:
            self._timers.set("hold", token.began_at + _LONGEST_TOKEN)
            return []
        self._hold_over = True
        self._answering.stop_token()  # one that never sounded must not sound over the question
        return [HoldOver()] if self.ready(now) else []

    def _judgement_due(self, now: float) -> list[Step]:
        """While the floor is held open anyhow, the judgement may take its time too."""
        held_until = self._timers.at("hold")
        if held_until is None or held_until <= now:
            return [JudgementOverdue()]
        self._timers.set("judgement", held_until)
        return []

    def _finals_due(self, now: float) -> list[Step]:
        """Last words are late: waited for while the recogniser, being behind, brings others."""
        turn, policy = self._answering.turn, self._floor.policy
        if turn is not None:
            grows = turn.last_word_at is not None and now - turn.last_word_at < policy.final_words_timeout
            if grows and now - self._owed_since < policy.owed_words_timeout:
                self._timers.set("finals", now + policy.final_words_timeout)
                return []
            turn.give_up_on_finals()
        return [WordsChanged(), HoldOver()]

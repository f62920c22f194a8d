"""The participant's side of the floor: an answer being given by voice, keyboard or keypad, and the silences
within it."""

from dialog.commands import StopSpeech
from dialog.events import AnswerReleased, TurnOpened, WordsHeard
from dialog.floor import Floor
from dialog.floor_states import FloorState
from dialog.lull import TIMERS as LULL_TIMERS
from dialog.lull import Lull
from dialog.policy import Profile
from dialog.speaking import Speaking
from dialog.steps import AnswerSeemsOver, NothingSaid, Step, WordsChanged
from dialog.timers import Timers
from dialog.turn import Turn

LISTENING: frozenset[FloorState] = frozenset(
    ("open", "hearing", "lull", "typing", "keypad", "stimulus", "held")
)
TAKEN: frozenset[FloorState] = frozenset(("soft_take", "hold"))
HEARING_TIMERS = ("stalled", "noise", "noise_pause", "typing")
HOLD_TIMERS = ("hold", "judgement", "finals")


class Answering:
    """The one answer that is open, if any. `now` is in session seconds throughout."""

    def __init__(
        self, floor: Floor, speaking: Speaking, timers: Timers, lull: Lull, first_turn_id: int
    ) -> None:
        self.turn: Turn | None = None
        self.voice: int | None = None
        """The utterance that is being spoken right now."""
        self.patience = lull.patience
        self._floor = floor
        self._speaking = speaking
        self._timers = timers
        self._lull = lull
        self._next_turn_id = first_turn_id

    @property
    def voiceless(self) -> bool:
        """Nobody listens by ear (a text talk)."""
        return self._lull.voiceless

    @property
    def profile(self) -> Profile:
        """How patiently this question is listened to, with the senses that there are."""
        return self._lull.profile

    def need_turn(self, now: float) -> Turn:
        """The open answer, opened now if there is none."""
        if self.turn is None:
            self.turn = Turn(self.draw_turn_id(), self._floor.node_key, now)
            self._floor.out.append(TurnOpened(self.turn.turn_id, self.turn.node_key))
        return self.turn

    def draw_turn_id(self) -> int:
        """The next number by which words can be known on the record."""
        self._next_turn_id += 1
        return self._next_turn_id - 1

    def resume(self, turn_id: int, kept: str, revision: int, now: float) -> None:
        """Go on with an answer that a lost connection left unfinished."""
        self.turn = Turn(turn_id, self._floor.node_key, now, kept, revision)
        self._next_turn_id = max(self._next_turn_id, turn_id + 1)

    def set_aside(self, meaning: str) -> None:
        """What was said is no answer after all: it stays on record as a remark."""
        if self.turn is not None and self.turn.text:
            self._floor.out.append(self.turn.remark(meaning))
        self.turn = None

    def adopt(self, beside: Turn, now: float) -> None:
        """Words said over the agent begin, or continue, the answer."""
        turn = self.need_turn(now)
        turn.began_at = min(turn.began_at, beside.began_at)
        turn.absorb(beside)
        if beside.text:
            self._floor.out.append(WordsHeard(turn.turn_id, turn.node_key, beside.text, beside.confidence))

    def clear_clocks(self) -> None:
        self._timers.cancel(*LULL_TIMERS, *HEARING_TIMERS, *HOLD_TIMERS)

    def stop_token(self) -> None:
        """An acknowledgement or cue that is still sounding gives way."""
        token = self._speaking.token
        if token is not None:
            self._floor.out.append(StopSpeech(token.speech_id))
            self._speaking.token = None

    # Voice

    def go_on(self, utterance_id: int, now: float) -> None:
        """Voice, or words without one: the participant is speaking."""
        if self._floor.state == "lull" and self.turn is not None:
            self._bridge(self.turn, now)
        if self._floor.state in TAKEN:
            self.release(now)
        self.stop_token()
        self._lull.detection.voice_returned()
        self.need_turn(now).begin_utterance(utterance_id)
        if self._floor.state == "held":
            return
        self._timers.cancel(*LULL_TIMERS, *HEARING_TIMERS)
        self._timers.set("noise", now + self._floor.policy.noise_notice_delay)
        self._timers.set("noise_pause", now + self._floor.policy.noise_pause_delay)
        if self._floor.state != "hearing":
            self._floor.move("onset")

    def _bridge(self, turn: Turn, now: float) -> None:
        turn.go_on(now)
        self.patience.weigh(turn.word_count, turn.pauses)

    def release(self, now: float) -> None:
        """The answer goes on after all: nothing was committed, so nothing is undone."""
        turn = self.need_turn(now)
        self._bridge(turn, now)
        self._timers.cancel(*HOLD_TIMERS)
        self.stop_token()
        self._floor.out.append(AnswerReleased(turn.turn_id))

    def voice_stopped(self, silence: float, voiced: float, now: float) -> None:
        """Silence has set in `silence` seconds ago."""
        turn = self.turn
        if turn is None:
            return
        turn.ended_at = max(turn.ended_at, now - silence)
        turn.voiced += voiced
        if self._floor.state == "hearing":
            self.enter_lull(now)

    def enter_lull(self, now: float) -> None:
        """Nobody speaks: the clocks of silence run from the end of the voice, or of the words."""
        self._timers.cancel(*HEARING_TIMERS)
        self._floor.move("silence")
        self._lull.enter(self.need_turn(now))

    def stalled(self, now: float) -> None:
        """The voice goes on without a new word, as noise does: the lull runs from the last word.

        A recogniser that is merely behind says nothing at all for a while; noise is told from that by the
        same words being reported again.
        """
        turn, policy = self.turn, self._floor.policy
        if turn is None or self._floor.state != "hearing":
            return
        last_word_at = turn.last_word_at if turn.last_word_at is not None else turn.began_at
        reported_at = turn.reported_at if turn.reported_at is not None else turn.began_at
        behind = now - reported_at > policy.recogniser_silence or turn.behind > policy.recogniser_lag
        if self.voice is not None and behind and now - last_word_at < policy.recogniser_timeout:
            self._timers.set("stalled", now + 0.5)
            return
        turn.ended_at = max(turn.ended_at, last_word_at)
        self.enter_lull(now)

    def words(self, turn: Turn, grown: bool, final: bool, now: float) -> list[Step]:
        """The open answer has got other words."""
        if grown:
            self._lull.give_time(turn, now)
            if not final and self._goes_on_unheard(turn, now):
                self.go_on(turn.utterances[-1], now)
                self._timers.set("stalled", now + self._floor.policy.stalled_words_delay)
                return []
        match self._floor.state:
            case "hearing":
                if grown:
                    self._timers.cancel("noise", "noise_pause")
                    self._timers.set("stalled", now + self._floor.policy.stalled_words_delay)
            case "lull":
                if grown or final:
                    return self._lull.look(turn, now)
            case "soft_take" | "hold":
                return [WordsChanged()] if final else []
            case _:
                pass
        return []

    def _goes_on_unheard(self, turn: Turn, now: float) -> bool:
        """Words still come of a taken answer, though the voice has ended long ago and the recogniser isn't
        behind: the ear has missed that somebody is speaking."""
        policy = self._floor.policy
        late = now - turn.ended_at > policy.words_overdue and turn.behind <= policy.recogniser_lag
        return late and self._floor.state in TAKEN and bool(turn.utterances)

    # Hands

    def typing(self, now: float) -> None:
        """A keystroke holds the floor."""
        state = self._floor.state
        if not self._floor.allows("type") or state in ("speaking", "yielded", "ducked"):
            return
        if state in TAKEN:
            self.release(now)
        self._timers.cancel(*LULL_TIMERS, *HEARING_TIMERS)
        self.stop_token()
        if state != "typing":
            self._floor.move("type")
        self._timers.set("typing", now + self._floor.policy.typing_hold)

    def rest_hands(self, now: float) -> None:
        """No keystroke for a while: back to where the answer stands."""
        if self._floor.state not in ("typing", "keypad"):
            return
        if self._floor.state == "typing" and self.turn is not None and self.turn.text:
            self.turn.ended_at = now
            self.enter_lull(now)
        else:
            self._floor.move("hand_over")
            self._lull.await_answer(0, now)

    def typed(self, text: str, client_id: str, now: float) -> list[Step]:
        """A typed message: what was said before it in this turn belongs to the same answer, which it ends."""
        turn = self.need_turn(now)
        turn.type(text, now)
        self._floor.out.append(WordsHeard(turn.turn_id, turn.node_key, text, 1.0, True, client_id))
        return [AnswerSeemsOver("done")]

    def keyed(self, key: str, now: float) -> list[Step]:
        """A digit commits a closed question and wins over speech; `#` is done."""
        if key == "#":
            return self.done(now)
        if self._floor.profile.name == "closed":
            self.set_aside("superseded")
            self.need_turn(now).type(key, now)
            return [AnswerSeemsOver("keypad")]
        self.need_turn(now).type(key, now)
        if self._floor.allows("key"):
            self._floor.move("key")
        self._timers.cancel(*LULL_TIMERS, *HEARING_TIMERS)
        self._timers.set("typing", now + 3.0)
        return []

    def done(self, now: float) -> list[Step]:
        """ "That's it": no endpointing. The recogniser's last words are still waited for."""
        turn = self.turn
        if turn is None or not (turn.text or turn.pending):
            return [NothingSaid()]
        turn.ended_at = max(turn.ended_at, now) if self.voice is not None else turn.ended_at
        return [AnswerSeemsOver("done")]

    def hold_to_talk(self, pressed: bool, now: float) -> list[Step]:
        """While the key is down the floor is held; letting go says that the answer is over."""
        if pressed:
            if not self._floor.allows("hold"):
                return []
            if self._floor.state in TAKEN:
                self.release(now)
            self.clear_clocks()
            self.stop_token()
            self.need_turn(now)
            self._floor.move("hold")
            return []
        if self._floor.state != "held":
            return []
        self._floor.move("release")
        steps = self.done(now)
        if steps and isinstance(steps[0], NothingSaid):
            self.turn = None
            self._floor.move("dismiss")
            self._lull.await_answer(0, now)
        return steps

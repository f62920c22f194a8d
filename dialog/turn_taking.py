"""Who holds the floor, from voice, words and time. Knows nothing of audio, nodes or models.

Brings the two sides together: the participant's (dialog.answering, silences in dialog.lull) and the agent's
(dialog.speaking, speech over it in dialog.overlap). Returns what the interview has to know as steps.
"""

from dialog.answering import HOLD_TIMERS, LISTENING, TAKEN, Answering
from dialog.commands import StopSpeech
from dialog.floor import Floor, Move
from dialog.floor_states import FloorState
from dialog.hearing import AGENTS, Hearing
from dialog.lull import Lull
from dialog.outbox import Outbox
from dialog.overlap import TIMERS as OVERLAP_TIMERS
from dialog.overlap import Overlap
from dialog.policy import Policy, Profile
from dialog.signals import FinalTranscript, PartialTranscript
from dialog.speaking import TOKENS, Speaking, Speech
from dialog.steps import (
    ClockDue,
    CueDue,
    DraftDue,
    HandedOver,
    HoldOver,
    SaidInVain,
    Step,
)
from dialog.taking import Taking
from dialog.timers import Timers
from dialog.turn import Turn
from dialog.unheard import ON_SOUND

_CLOCKS = ("muted_notice", "muted_pause", "noise", "noise_pause")


class TurnTaking:
    """The floor of one session. `now` is in session seconds throughout."""

    def __init__(self, policy: Policy, out: Outbox, first_turn_id: int = 1) -> None:
        self.floor = Floor(policy, out)
        self.speaking = Speaking()
        self.timers = Timers(ON_SOUND)
        self.lull = Lull(self.floor, self.timers)
        self.overlap = Overlap(self.floor, self.speaking, self.timers)
        self.answering = Answering(self.floor, self.speaking, self.timers, self.lull, first_turn_id)
        self.taking = Taking(self.floor, self.speaking, self.timers, self.answering)
        self.hearing = Hearing(self.floor, self.timers, self.answering, self.overlap)
        self._policy = policy
        self._out = out
        self._in_vain = False
        """The latest speech was given up."""
        self.newest_utterance = 0

    @property
    def state(self) -> FloorState:
        return self.floor.state

    @property
    def turn(self) -> Turn | None:
        return self.answering.turn

    # The agent's side

    def expect(self, node_key: str, profile: Profile) -> None:
        """What is said next asks for an answer of this kind."""
        self.floor.node_key, self.floor.profile = node_key, profile
        self.lull.asked()
        self.overlap.asked()

    def speak(self, speech: Speech, now: float) -> None:
        """A Say was issued. Anything but a token takes the floor."""
        speech.said_at = now
        self.speaking.say(speech)
        if speech.kind in TOKENS:
            return
        self.answering.clear_clocks()
        if self.state not in AGENTS:
            self.overlap.reset()
            self.floor.move("speak")
        if self.speaking.current is speech:
            self.timers.set("unheard", now + self._policy.speech_start_timeout)

    def speech_began(self, speech_id: int, now: float) -> None:
        """SpeechBegan."""
        speech = self.speaking.began(speech_id, now)
        if speech is None:
            return
        self._in_vain = False
        if speech is self.speaking.token and self.state == "soft_take":
            self.taking.acknowledging(now, min(now - speech.said_at, self._policy.max_way))
        elif speech is self.speaking.current:
            self.timers.cancel("unheard")
            self.timers.set("overdue", now + speech.expected_duration())

    def speech_ended(self, speech_id: int, fraction: float, now: float) -> list[Step]:
        """SpeechEnded, of whatever was said at any time."""
        token, current = self.speaking.token, self.speaking.current
        if self.speaking.ended(speech_id, now) is None:
            return []
        if token is not None and token.speech_id == speech_id:
            if self.state == "soft_take":
                self.taking.acknowledged(now)
            return []
        interrupted = self.overlap.stopped(speech_id, fraction)
        if interrupted is not None:
            return interrupted
        if self.state not in AGENTS or current is None or current.speech_id != speech_id:
            return []
        following = self.speaking.current
        self.timers.cancel("unheard", "overdue")
        if following is None:
            return [HandedOver()]
        if following.began_at is None:
            self.timers.set("unheard", now + self._policy.speech_start_timeout)
        else:  # its first sound came in with the last of the one before
            self.timers.set("overdue", now + following.expected_duration())
        return []

    def hand_over(self, now: float) -> None:
        """Everything has been said: the floor is the participant's, who may be speaking already."""
        self.timers.cancel(*OVERLAP_TIMERS, "unheard", "overdue")
        self.overlap.last_answer.settle()
        beside, turn = self.overlap.beside, self.turn
        self.overlap.reset()
        adopted = beside is not None and (self.answering.voice is not None or beside.substantial)
        if adopted and beside is not None:
            self.answering.adopt(beside, now)
            turn = self.turn
        if self.answering.voice is not None:
            self.answering.go_on(self.answering.voice, now)
        elif turn is not None and turn.text:
            self.floor.move("silence")
            if adopted or not (turn.check_ins or turn.kept or turn.spoken_within):
                turn.ended_at = now
                self.lull.enter(turn)
            else:  # its silence was weighed before; only new words, or the clock, end it now
                self.lull.await_answer(turn.check_ins, now)
        else:
            self.answering.turn = None
            self.floor.move("hand_over")
            self.lull.await_first_word(now)

    def interrupted(self, now: float) -> None:
        """What is being said is dropped, and what was said over it is the beginning of an answer."""
        current = self.speaking.current
        if current is not None:
            self._out.append(StopSpeech(current.speech_id))
            self.speaking.drop_queue()
        self.timers.cancel("unheard", "overdue")
        self.adopt_interruption(now)

    def give_way(self, now: float) -> None:
        """Somebody answers by hand while the agent speaks: the floor is theirs, with what they said."""
        if self.state not in AGENTS:
            return
        beside = self.overlap.beside
        self.stop_speaking()
        self.floor.move("hand_over")
        if beside is not None and beside.text:
            self.answering.adopt(beside, now)

    def stop_speaking(self) -> None:
        """Cut whatever is being said and drop what is queued."""
        current = self.speaking.current
        if current is not None:
            self._out.append(StopSpeech(current.speech_id))
            self.speaking.drop_queue()
        self.answering.stop_token()
        self.timers.cancel("unheard", "overdue")
        self.overlap.reset()

    def break_off(self) -> None:
        """Stop what is being said, if the agent has the floor."""
        if self.state in AGENTS:
            self.stop_speaking()

    def drop_answer(self) -> None:
        """Something else is said now, and what was being answered is none any more."""
        self.break_off()
        self.answering.set_aside("withdrawn")

    # Taking, committing, dismissing

    def commit(self) -> Turn:
        """The answer goes on the record; what is said next takes the floor."""
        turn, self.answering.turn = self.turn, None
        if turn is None:
            raise AssertionError("nothing to commit")
        self.answering.clear_clocks()
        self.overlap.last_answer.commit(turn)
        self.answering.patience.answer_given(0 if turn.typed else turn.word_count, turn.pauses)
        self.lull.answer_over()
        return turn

    def dismiss(self, now: float) -> None:
        """What was heard is no answer: the floor stays the participant's."""
        self.answering.clear_clocks()
        self.answering.turn = None
        if self.floor.allows("dismiss"):
            self.floor.move("dismiss")
            self.lull.await_first_word(now)

    def reopen(self, turn: Turn, now: float) -> None:
        """The committed answer goes on."""
        self.answering.turn = turn
        self.answering.patience.cut_off()
        self.answering.patience.weigh(turn.word_count, turn.pauses)
        self._hear_on(now)

    def adopt_interruption(self, now: float) -> None:
        """What was said over the question is the beginning of its answer."""
        beside = self.overlap.beside
        self.overlap.reset()
        self.overlap.last_answer.settle()
        if beside is not None:
            self.answering.adopt(beside, now)
            self._hear_on(now)

    def _hear_on(self, now: float) -> None:
        if self.answering.voice is not None:
            self.answering.go_on(self.answering.voice, now)
        else:
            self.floor.move("onset")
            self.answering.enter_lull(now)

    def suspend(self, move: Move) -> None:
        """Pause, leave, close, or give way to an operator: every clock stops."""
        self.stop_speaking()
        self.timers.cancel_all()
        self.answering.turn = self.answering.voice = None
        self.overlap.last_answer.withdraw()
        self.floor.move(move)

    # The participant's side

    def speech_started(self, utterance_id: int, now: float, voiced: float = 0.0) -> list[Step]:
        """SpeechStarted."""
        self.answering.voice = utterance_id
        self.newest_utterance = max(self.newest_utterance, utterance_id)
        if self.state in AGENTS:
            current = self.speaking.current
            if current is None or current.kind != "check_in":
                return self.overlap.voice_on(utterance_id, now, voiced)
            self.stop_speaking()
            self.answering.go_on(utterance_id, now)
        elif self.state in LISTENING or self.state in TAKEN:
            self.answering.go_on(utterance_id, now)
        return []

    def speech_lasted(self, utterance_id: int, voiced: float, now: float) -> list[Step]:
        """SpeechLasted; it matters only over the agent's voice."""
        if utterance_id != self.answering.voice or self.state not in AGENTS:
            return []
        return self.overlap.voice_lasted(voiced, now)

    def speech_stopped(self, utterance_id: int, silence: float, voiced: float, now: float) -> list[Step]:
        """SpeechStopped; of another utterance than the one being spoken it says nothing."""
        if utterance_id != self.answering.voice:
            return []
        self.answering.voice = None
        if self.state in AGENTS:
            return self.overlap.voice_off(silence, voiced, now)
        self.answering.voice_stopped(silence, voiced, now)
        return []

    def words(self, heard: PartialTranscript | FinalTranscript, now: float) -> list[Step]:
        """A transcript of any utterance of this session."""
        self.newest_utterance = max(self.newest_utterance, heard.utterance_id)
        steps = self.hearing.words(heard, now)
        if isinstance(heard, FinalTranscript) and self.taking.ready(now):
            self.timers.cancel("finals")
            steps.append(HoldOver())
        return steps

    # Time

    def fire_next(self, now: float) -> list[Step] | None:
        """Fire the earliest clock that is due; None when none is. Its steps come before the next clock."""
        name = self.timers.take_due(now)
        return None if name is None else self._fire(name, now)

    def _fire(self, name: str, now: float) -> list[Step]:
        if name in OVERLAP_TIMERS:
            return self.overlap.fire(name, now)
        if name in HOLD_TIMERS:
            return self.taking.fire(name, now)
        if name in _CLOCKS:
            return [ClockDue(name)]
        match name:
            case "stage":
                return (
                    self.lull.look(self.turn, now) if self.turn is not None and self.state == "lull" else []
                )
            case "look":
                self.lull.ask_detector(self.turn, now)
            case "cue":
                return [CueDue()]
            case "check_in":
                return self.lull.check_in_due(self.turn)
            case "stalled":
                self.answering.stalled(now)
            case "typing":
                self.answering.rest_hands(now)
            case "draft":
                return [DraftDue()]
            case "unheard" | "overdue":
                return self._give_up_on_speech()
            case _:
                raise AssertionError(name)
        return []

    def _give_up_on_speech(self) -> list[Step]:
        """The mouth has gone silent on us: never dead air for it. What was behind is tried once more."""
        current = self.speaking.current
        if current is None:
            return []
        self._out.append(StopSpeech(current.speech_id))
        lost = () if self._in_vain else tuple(self.speaking.queue[1:])
        self._in_vain = True
        self.speaking.drop_queue()
        self.timers.cancel("unheard", "overdue")
        return [SaidInVain(lost) if lost else HandedOver()]

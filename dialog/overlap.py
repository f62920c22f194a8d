"""Speech over the agent: ducked at once, judged within half a second, and taken back when it was nothing.

Knows no question; it tells an answer going on, an interruption and a cough apart by voice, words and time.
"""

from dialog.barge_in import goes_on, judge_overlap, outweighs
from dialog.commands import HoldSpeech, StopSpeech
from dialog.completeness import content_words
from dialog.floor import Floor
from dialog.last_answer import LastAnswer
from dialog.lowered_voice import LoweredVoice
from dialog.rights import is_backchannel
from dialog.said_over import SaidOver
from dialog.speaking import ASKING, Speaking, Speech
from dialog.steps import BargedIn, Interjected, OverlapTwice, Rejoined, Step
from dialog.timers import Timers
from dialog.turn import Turn

TIMERS = ("rejoin", "overlap", "no_words", "take_up", "unstopped")


class Overlap:
    """One stretch of speech over the agent at a time."""

    def __init__(self, floor: Floor, speaking: Speaking, timers: Timers) -> None:
        self._floor = floor
        self._speaking = speaking
        self._timers = timers
        self.beside: Turn | None = None
        """Words said over the agent, not yet known to be an answer."""
        self.late: Turn | None = None
        """Words that came when their voice was over already, too few as yet to stop anybody."""
        self.last_answer = LastAnswer(floor.policy)
        self._began_at = 0.0
        self.unheard = 0.0
        """Seconds since then of which no sound came."""
        self._voice_on = False
        self._utterance_id = 0
        self._lasted = 0.0
        """Seconds of voice since `_began_at` that are sure: its end is seen with a delay."""
        self._earlier = 0.0
        """Those of them that were over before the voice that is on now set in."""
        self._at_once = False
        """Both began at the same time: what is said now is no answer to words that were not heard."""
        self._voice = LoweredVoice(floor, speaking, timers)
        self.said_over = SaidOver(speaking)
        self._stopping: int | None = None
        self._times_resumed = 0

    def reset(self) -> None:
        """Something new is said, or nothing any more: forget what was said over the old."""
        self.beside = self.late = None
        self._stopping = None
        self._at_once = False
        self._voice.forget()
        self._timers.cancel(*TIMERS)

    def asked(self) -> None:
        """A new question is on its way."""
        self._times_resumed = 0

    def voice_on(self, utterance_id: int, now: float, voiced: float = 0.0) -> list[Step]:
        """Speech sets in while the agent has the floor; `voiced` seconds of it there were already."""
        self._voice_on = True
        self.said_over.remember(utterance_id, now - voiced)
        self.said_over.sounded(utterance_id, voiced)
        self._utterance_id = utterance_id
        if self.beside is None:
            self.beside, self.late = self.late or Turn(0, self._floor.node_key, now), None
        self.beside.begin_utterance(utterance_id)
        self._timers.cancel("no_words", "take_up")
        if self._floor.state == "yielded" and self._stopping is None:
            self._await_words(now)
        if self._floor.state not in ("speaking", "ducked"):
            return []
        # the silence between two coughs is no voice
        self._earlier = self.beside.voiced if self._floor.state == "ducked" else 0.0
        self._lasted, self.unheard = self._earlier + voiced, 0.0
        self._began_at = now - self._lasted
        policy = self._floor.policy
        if self._timers.is_set("rejoin"):
            self._decide_later("rejoin", policy.rejoin_speech)
            return []
        if self._floor.state == "ducked":
            self._decide_later("overlap", self._decision)
            return []
        current = self._speaking.current
        if current is None:
            return []
        began_at = current.began_at if current.began_at is not None else now
        at_once = self._began_at - began_at <= policy.both_at_once
        if self.last_answer.may_go_on(current, now):
            if at_once:  # who has hardly heard us, or not at all, is going on
                self._voice.keep_back(current.speech_id)
            else:
                self._voice.lower(current.speech_id)
            self._decide_later("rejoin", policy.rejoin_speech)
        elif current.barge_in:
            self._at_once = at_once
            self._voice.lower(current.speech_id)
            self._decide_later("overlap", self._decision)
        return []

    def _decide_later(self, timer: str, voice: float) -> None:
        """Decide when so much voice, if it goes on, will be sure."""
        self._timers.set(timer, self._began_at + voice + self._floor.policy.voice_hangover)

    @property
    def _decision(self) -> float:
        """Voice after which we yield: the sooner the less of ours was heard."""
        policy = self._floor.policy
        return policy.rejoin_speech if self._at_once else policy.barge_in_decision

    def echoed(self, now: float) -> None:
        """What was heard over the agent was the agent: nobody has spoken."""
        if self._floor.state == "ducked":
            self._unduck(now)
            self.beside = None
        elif self._floor.state == "yielded" and self._stopping is None:
            self.take_up(now)

    def voice_lasted(self, voiced: float, now: float) -> list[Step]:
        """The voice over the agent has sounded for `voiced` seconds for sure."""
        self._lasted = max(self._lasted, self._earlier + voiced)
        self.said_over.sounded(self._utterance_id, voiced)
        if self._floor.state == "ducked" and not self._timers.is_set("rejoin"):
            return self._judge(now)
        return []

    def _unduck(self, now: float) -> None:
        self._voice.bring_back(now)
        self._timers.cancel(*TIMERS)

    def voice_off(self, silence: float, voiced: float, now: float) -> list[Step]:
        """The speech over the agent has stopped for now."""
        self._voice_on = False
        self.said_over.sounded(self._utterance_id, voiced)
        if (beside := self.beside) is None:
            return []
        beside.ended_at = now - silence
        beside.voiced += voiced
        if self._floor.state == "yielded" and self._stopping is None:
            self._after_yield(now)
        return []

    def _after_yield(self, now: float) -> None:
        current = self._speaking.current
        asks = current is not None and current.kind in ASKING and not self._at_once
        self._timers.cancel("no_words")  # what was said over anything else is looked at before that goes on
        wait = self._floor.policy.yielded_silence if asks else 1.0
        self._timers.set("no_words" if asks else "take_up", now + wait)

    def begin_late(self, utterance_id: int, now: float) -> None:
        """Words whose own voice is over already: they say nothing of the one that is on by then."""
        self.said_over.remember(utterance_id, now)
        if self.beside is not None:
            return self.beside.begin_utterance(utterance_id)
        if self.late is None:
            self.late = Turn(0, self._floor.node_key, now)
        self._began_at, self._voice_on = now, False
        self.late.begin_utterance(utterance_id)

    def words(self, now: float) -> list[Step]:
        """`beside`, or `late`, has more words than before, or its last one."""
        if self.beside is None:
            return self._late_words(now)
        match self._floor.state:
            case "speaking" | "ducked":
                current = self._speaking.current
                if current is None:
                    return []
                rejoinable = self._rejoinable(current)
                more = goes_on(self.beside.text, self._sure(self.beside, now))
                if rejoinable and (more or self.last_answer.is_taken_back(self.beside.text)):
                    return self._rejoin()
                if self._floor.state == "ducked" and current.barge_in and not rejoinable:
                    return self._judge(now)
            case "yielded":
                return self._yielded_words(now)
        return []

    def _late_words(self, now: float) -> list[Step]:
        """Whoever said so much meant to be heard, even if that comes out late."""
        late, current = self.late, self._speaking.current
        if late is None or current is None or self._floor.state != "speaking":
            return []
        rejoining = self._rejoinable(current)
        enough = (goes_on if rejoining else outweighs)(late.text, self.said_over.voiced(late))
        if not enough or not (rejoining or current.barge_in):
            return []
        self.beside, self.late = late, None
        if rejoining:
            return self._rejoin()
        self._voice.lower(current.speech_id)
        return self._yield(now)

    def _rejoinable(self, current: Speech) -> bool:
        """Whether what is said now may be the answer of before, of which the agent has just taken note."""
        if self._timers.is_set("rejoin"):
            return self.last_answer.is_open
        return self.last_answer.may_go_on(current, self._began_at)

    def _sure(self, beside: Turn, now: float) -> float:
        """Seconds of voice over the agent that there were for sure."""
        heard = self._timers.heard_until(now) - self._began_at - self.unheard
        sure = max(self._lasted, heard - self._floor.policy.voice_hangover)
        return (sure if self._voice_on else beside.voiced) + 1e-6

    def _judge(self, now: float) -> list[Step]:
        """Decide on the words and voice so far whether to yield."""
        if (beside := self.beside) is None:
            return []
        voiced = self._sure(beside, now)
        if self._at_once and voiced >= self._decision:
            return self._yield(now)
        match judge_overlap(beside.text, voiced, self._voice_on, self._floor.policy):
            case "yield":
                return self._yield(now)
            case "go_on":
                self._unduck(now)
                self.beside = None
            case "wait":
                self._timers.set("overlap", now + 0.1)
        return []

    def _yield(self, now: float) -> list[Step]:
        current = self._speaking.current
        if current is None:
            return []
        self._floor.out.append(HoldSpeech(current.speech_id))
        self._floor.move("yield")
        self._timers.cancel(*TIMERS, "overdue")
        steps = self._yielded_words(now)
        if self._stopping is None:
            (self._await_words if self._voice_on else self._after_yield)(now)
        return steps

    def _await_words(self, since: float) -> None:
        """A voice that goes on without a word for this long is noise."""
        self._timers.set("no_words", since + 2 * self._floor.policy.yielded_silence)

    def _yielded_words(self, now: float) -> list[Step]:
        """Words after yielding: over a question they are an answer, so the question is really over."""
        current, beside = self._speaking.current, self.beside
        if current is None or beside is None or content_words(beside.text) == 0:
            return []
        if self._at_once and now - self._began_at < self._floor.policy.begun_at_once:
            return []
        if current.kind in ASKING and self._stopping is None:
            self._stopping = current.speech_id
            self._timers.cancel(*TIMERS)
            self._timers.set("unstopped", now + self._floor.policy.stop_timeout)
            self._floor.out.append(StopSpeech(current.speech_id))
            self._speaking.drop_queue()
        return []

    def stopped(self, speech_id: int, fraction: float) -> list[Step] | None:
        """SpeechEnded of a speech that was cut for an interruption; None when that is not what it was."""
        if self._stopping != speech_id:
            return None
        self._stopping = None
        self._timers.cancel("unstopped")
        if self.last_answer.is_open and fraction < self._floor.policy.question_heard_enough:
            return self._rejoin()
        return [BargedIn()]

    def _rejoin(self) -> list[Step]:
        """It was the same answer going on: what follows it is stopped, and the answer is open again."""
        beside = self.beside
        turn = self.last_answer.withdraw() if beside is not None else None
        if turn is None or beside is None:
            return []
        current = self._speaking.current
        if current is not None:
            self._floor.out.append(StopSpeech(current.speech_id))
            self._speaking.drop_queue()
        self._timers.cancel(*TIMERS, "unheard", "overdue")
        turn.go_on(beside.began_at)
        turn.absorb(beside)
        turn.reopened = True
        self.beside = None
        return [Rejoined(turn)]

    def fire(self, name: str, now: float) -> list[Step]:
        """One of TIMERS has come."""
        match name:
            case "rejoin":
                beside = self.beside
                if beside is not None:
                    lasted = beside.voiced >= self._floor.policy.rejoin_speech
                    enough = self._voice_on or (lasted and not is_backchannel(beside.text))
                    if enough or self.last_answer.is_taken_back(beside.text):
                        return self._rejoin()
                self._unduck(now)
            case "overlap":
                return self._judge(now)
            case "no_words":
                spoken_at = self.beside.last_word_at if self.beside is not None else None
                if self._voice_on and spoken_at is not None and spoken_at > self._began_at:
                    if now < spoken_at + 2 * self._floor.policy.yielded_silence:
                        self._await_words(spoken_at)
                        return []
                return self._take_up(now)
            case "unstopped":  # the mouth owes its word; how much was heard nobody knows
                return self.stopped(self._stopping, 1.0) or [] if self._stopping is not None else []
            case "take_up":
                if self.beside is not None and self.beside.text:
                    return [Interjected(self.beside)]
                return self._take_up(now)
            case _:
                raise AssertionError(name)
        return []

    def _take_up(self, now: float) -> list[Step]:
        self._times_resumed += 1
        if self._times_resumed > 1:
            return [OverlapTwice()]
        self.take_up(now)
        return []

    def take_up(self, now: float) -> None:
        """Nobody meant to interrupt: go on from the phrase boundary."""
        current = self._speaking.current
        self.reset()
        if current is not None:
            self._voice.say_the_rest(current, now)
            self._floor.move("speak")

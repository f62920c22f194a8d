"""The mouth: says, or shows, one speech after the other, and tells when each is at the participant's ear.

Knows nothing of why something is said. With a leg the words sound; in text mode, and where no voice can be
had, the page shows them and they count as heard after a time.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from functools import partial

from dialog.commands import Say
from dialog.signals import SpeechBegan, SpeechEnded, StorageFaltered, SynthesisFailed
from media.clip import Clip
from media.echo import SentSound
from media.frames import FRAME_DURATION, VOICE_RATE_HZ, VoiceFrame
from media.playout import REMEMBERED_SLOTS, Playout, PlayoutFinished, PlayoutStarted
from server.gateway.leg import MAX_PLAYOUT_DELAY, Leg
from server.live.mailbox import Mailbox
from server.live.speech import SILENCING, SpeakerPolicy, Speech
from server.live.storage_wait import AlsoKept, Outcome, StorageWait
from server.live.synthesis import Synthesis
from server.store.event_log import EventLog


class Speaker:
    """One session's mouth, with its time `now`. It outlives the legs: what was queued is said on the next."""

    def __init__(
        self,
        mailbox: Mailbox,
        log: EventLog,
        synthesis: Synthesis,
        tasks: asyncio.TaskGroup,
        *,
        now: Callable[[], float],
        hung_up: Callable[[str], None],
        also_kept: AlsoKept | None = None,
        policy: SpeakerPolicy | None = None,
    ) -> None:
        self._mailbox = mailbox
        self._synthesis = synthesis
        self._tasks = tasks
        self._now = now
        self._hung_up = hung_up
        self._policy = policy or SpeakerPolicy()
        self._storage = StorageWait(log, tasks, self._policy.storage_timeout, also_kept)
        self._loop = asyncio.get_running_loop()
        self._voiced = False
        self._leg: Leg | None = None
        self.sent = SentSound()
        self._playout = Playout()
        self._queue: deque[Speech] = deque()
        self._current: Speech | None = None
        """Handed to the playout, or on show: the next begins when it is over."""
        self._sounding: dict[int, Speech] = {}
        """Begun and not yet over at the ear, by speech id."""
        self._held: set[int] = set()  # not to begin, or not to go on, before they are resumed
        self._hang_up_reason: str | None = None
        self._giving_up: asyncio.TimerHandle | None = None

    @property
    def audible(self) -> bool:
        """Whether something of ours may be sounding at the participant's end."""
        return self._leg is not None and bool(self._sounding)

    # What the session says of the road to the ear

    def use_leg(self, leg: Leg) -> None:
        """Speak over `leg` from now on."""
        if leg is self._leg:
            return
        self.lose_leg()
        if self._giving_up is not None:
            self._giving_up.cancel()
        self._voiced, self._leg = True, leg
        self._playout = Playout()
        self._advance()

    def await_leg(self) -> None:
        """Speak over a leg that is about to come; show what is to be said if none does."""
        if self._voiced:
            return
        self._voiced = True
        self._giving_up = self._loop.call_later(self._policy.leg_timeout, self.use_text)

    def lose_leg(self) -> None:
        """The leg is gone. What was sounding is cut; what is queued waits a while for another."""
        if self._leg is None:
            return
        self._cut_what_sounds()
        self._leg = None
        self._giving_up = self._loop.call_later(self._policy.leg_timeout, self.use_text)

    def use_text(self) -> None:
        """Show what is to be said from now on. What was just being said is on show already."""
        if self._leg is not None:
            self._cut_what_sounds(shown=True)
            self._leg = None
        if self._giving_up is not None:
            self._giving_up.cancel()
        self._voiced = False
        self._advance()

    # What the turn loop asks

    def say(self, say: Say, seq: int) -> None:
        """Say or show it after whatever is being said; `seq` is its place in the log."""
        speech = Speech(say)
        self._queue.append(speech)
        if self._voiced:
            self._prepare(speech)
        if say.after_storage:
            self._storage.begin(seq, partial(self._kept, speech))
        self._advance()

    def duck(self, speech_id: int) -> None:
        """Lower the voice."""
        if self._playout.current == speech_id:
            self._playout.duck()

    def unduck(self, speech_id: int) -> None:
        """Bring the voice back."""
        if self._playout.current == speech_id:
            self._playout.unduck()

    def hold(self, speech_id: int) -> None:
        """Fade out and keep the rest, what was on its way to the ear included."""
        self._held.add(speech_id)
        speech = self._current
        if self._leg is None or speech is None or self._playout.current != speech_id:
            return
        speech.held_at = self._samples_heard(speech)
        self._playout.hold(round(self._delay() * VOICE_RATE_HZ))
        self._silence()

    def resume(self, speech_id: int) -> None:
        """Go on from the phrase boundary."""
        self._held.discard(speech_id)
        if self._current is not None and self._playout.current == speech_id:
            self._current.held_at = None
            self._unsilence()
            self._playout.resume()

    def stop(self, speech_id: int) -> None:
        """Cut a speech, and drop it and everything behind it. Answered by SpeechEnded for each."""
        sounding = self._sounding.get(speech_id)
        current = self._current
        if current is not None and current.say.speech_id == speech_id:
            dropped, self._queue = list(self._queue), deque()
            self._stop_current(current)
        elif sounding is not None:  # all of it is handed out, its last words are still on their way
            dropped, self._queue = list(self._queue), deque()
            self._silence()
            self._end(sounding, self._samples_heard(sounding), cut=True)
            if current is not None:
                self._stop_current(current)
        else:
            waiting = list(self._queue)
            place = next((n for n, one in enumerate(waiting) if one.say.speech_id == speech_id), len(waiting))
            self._queue, dropped = deque(waiting[:place]), waiting[place:]
        for speech in dropped:
            self._end(speech, 0, cut=True)

    def end(self) -> None:
        """The session is over: what still waits for storage isn't said any more."""
        self._storage.end()

    def let_go(self) -> None:
        """Nothing goes on any more: have no timer hold what is over."""
        if self._giving_up is not None:
            self._giving_up.cancel()
        for speech in self._sounding.values():
            speech.cancel_timers()

    def hang_up(self, reason: str) -> None:
        """Tell the session to close the connections once everything has been heard."""
        self._hang_up_reason = reason
        self._rest()

    # What the leg asks (gateway.leg.Mouth)

    def next_frame(self) -> VoiceFrame | None:
        """The next 20 ms, or None for silence."""
        frame = self._playout.next_frame()
        self.sent.hand_out(frame)
        for happened in self._playout.events():
            match happened:
                case PlayoutStarted():
                    self._handed_out_first(happened.speech_id)
                case PlayoutFinished():
                    self._handed_out_last(happened.speech_id, complete=happened.complete)
        return frame

    # Getting words ready

    def _prepare(self, speech: Speech) -> None:
        if speech.clip is not None:
            return
        speech.clip = self._synthesis.ready(speech.say.text, speech.say.speed)
        if speech.clip is None:
            speech.clip = Clip(speech.say.text)
            speech.work = self._tasks.create_task(
                self._synthesise(speech, speech.clip), name=f"speech {speech.say.speech_id}"
            )

    async def _synthesise(self, speech: Speech, clip: Clip) -> None:
        speech.failure = await self._synthesis.fill(clip, speech.say.speed)

    def _kept(self, speech: Speech, outcome: Outcome) -> None:
        if isinstance(outcome, StorageFaltered):
            self._mailbox.put(outcome)
        speech.stored = outcome != "never"
        self._advance()

    # One speech after the other

    def _advance(self) -> None:
        """Begin the next speech, if nothing is in its way."""
        if self._current is not None or not self._queue or not self._queue[0].stored:
            return
        if self._voiced and self._leg is None:
            return
        speech = self._current = self._queue.popleft()
        if self._voiced:
            self._prepare(speech)
            assert speech.clip is not None
            self._playout.play(speech.say.speech_id, speech.clip)
            if speech.say.speech_id in self._held:
                self._playout.hold()
        else:
            self._show(speech, self._policy.shown_duration)

    def _show(self, speech: Speech, duration: float) -> None:
        self._sounding[speech.say.speech_id] = speech
        self._mailbox.put(SpeechBegan(speech.say.speech_id))
        speech.ending = self._loop.call_later(duration, self._shown, speech)

    def _shown(self, speech: Speech) -> None:
        self._end(speech, None, cut=False)
        if self._current is speech:
            self._current = None
        self._advance()
        self._rest()

    def _handed_out_first(self, speech_id: int) -> None:
        speech = self._current
        if speech is None or speech.say.speech_id != speech_id:
            return
        self._unsilence()
        self._sounding[speech_id] = speech
        assert speech.clip is not None
        began = SpeechBegan(speech_id, speech.clip.first_sound_at, self._now())
        delay = self._delay() + speech.clip.lead_in
        speech.began = self._loop.call_later(delay, self._mailbox.put, began)

    def _handed_out_last(self, speech_id: int, *, complete: bool) -> None:
        speech = self._current
        if speech is None or speech.say.speech_id != speech_id:
            return
        if speech.clip is not None and speech.clip.failed and speech.cut_at is None:
            self._go_on_without_voice(speech)
            return
        self._current = None
        if speech.cut_at is not None:
            self._end(speech, speech.cut_at, cut=True)
        else:
            speech.ending = self._loop.call_later(self._delay(), self._heard_out, speech, complete)
        self._advance()
        self._rest()

    def _heard_out(self, speech: Speech, complete: bool) -> None:
        self._end(speech, None if complete else self._samples_heard(speech), cut=not complete)
        self._rest()

    def _go_on_without_voice(self, speech: Speech) -> None:
        """No voice, or one that broke off: the page shows the words, and they take the time of reading."""
        self._mailbox.put(SynthesisFailed(speech.say.speech_id, speech.failure or "the voice broke off"))
        speech.cancel_timers()
        self._show(speech, len(speech.say.text.split()) / self._policy.reading_pace)

    def _stop_current(self, speech: Speech) -> None:
        """Cut what is being said or shown."""
        if not self._is_playing(speech):
            shown = speech.ending is not None  # text on a page has been seen, however short
            self._end(speech, None if shown else 0, cut=True)
            self._current = None
            self._advance()
            return
        speech.cut_at = self._samples_heard(speech)
        if speech.say.speech_id in self._sounding:
            self._silence()
        self._playout.stop()
        if not self._is_playing(speech):  # nothing had sounded, so there is nothing to fade
            self._playout.events()
            self._current = None
            self._end(speech, speech.cut_at, cut=True)

    def _cut_what_sounds(self, *, shown: bool = False) -> None:
        """The road to the ear is gone, in the middle of whatever was said; with `shown`, that can be read."""
        if self._current is not None and self._current.say.speech_id not in self._sounding:
            if self._current.work is not None:
                self._current.work.cancel()
            self._current.clip = self._current.held_at = None
            self._queue.appendleft(self._current)  # not a sound of it was heard: it is said again
        for speech in list(self._sounding.values()):
            self._end(speech, None if shown else self._samples_heard(speech), cut=not shown)
        self._current = None

    def _end(self, speech: Speech, samples: int | None, *, cut: bool) -> None:
        """Tell that a speech is over; `samples` of it were heard, None = all of the text."""
        speech.cancel_timers()
        if speech.work is not None:
            speech.work.cancel()
        speech_id = speech.say.speech_id
        self._sounding.pop(speech_id, None)
        self._held.discard(speech_id)
        if samples is None:
            self._mailbox.put(SpeechEnded(speech_id, speech.say.text, 1.0, cut))
            return
        heard = self._playout.heard(speech_id, samples)
        duration = self._playout.place(speech_id, samples) / VOICE_RATE_HZ if cut and samples else None
        self._mailbox.put(SpeechEnded(speech_id, heard.text, heard.fraction, cut, duration))

    def _rest(self) -> None:
        if self._hang_up_reason is None or self._current or self._queue or self._sounding:
            return
        reason, self._hang_up_reason = self._hang_up_reason, None
        self._hung_up(reason)

    def _is_playing(self, speech: Speech) -> bool:
        return self._playout.current == speech.say.speech_id

    def _delay(self) -> float:
        return 0.0 if self._leg is None else min(max(self._leg.playout_delay(), 0.0), MAX_PLAYOUT_DELAY)

    def _samples_heard(self, speech: Speech) -> int:
        """Count the samples that have sounded at the ear by now, or will before a silencing takes effect."""
        if speech.held_at is not None:
            return speech.held_at
        slots = min(max(0, round((self._delay() - SILENCING) / FRAME_DURATION)), REMEMBERED_SLOTS)
        return self._playout.position(speech.say.speech_id, slots)

    def _silence(self) -> None:
        if self._leg is not None:
            self._leg.silence_now()

    def _unsilence(self) -> None:
        if self._leg is not None:
            self._leg.unsilence()

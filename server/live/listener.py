"""The ear: turns frames of the participant's sound into signals, and has the recogniser hear what is speech.

Knows nothing of whose floor it is: an utterance here is a piece of sound that a recogniser gets whole, not a
turn.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from dialog.blueprint import Patience
from dialog.signals import (
    FinalTranscript,
    MicrophoneMuted,
    PacketsReturned,
    PacketsStopped,
    PartialTranscript,
    RecogniserReplaced,
    SoundStalled,
    SoundWentOn,
    SpeechLasted,
    SpeechStarted,
    SpeechStopped,
    TurnEndHinted,
)
from media.echo import SentSound
from media.echo_guard import EchoGuard
from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, FRAME_DURATION, AudioFrame
from media.vad import VoiceActivity, VoiceEdge, VoiceStarted, VoiceStopped
from server.live.mailbox import Mailbox
from server.live.mouth_clock import MouthClock
from server.live.turn_end_looks import TurnEndLooks
from server.providers.protocols import HintsChanged, Recognition, TurnEndHint

_LEVEL_FRAMES: Final = 12
"""Frames between two looks at the level: four a second."""
_LEVEL_STEP: Final = 2.0
"""dB by which it moves before it is shown anew: less is hardly seen, and each showing is a message."""


class ListenerPolicy(msgspec.Struct, frozen=True):
    """How speech is cut into utterances for the recogniser. Durations in seconds of media time."""

    pre_roll: float = 0.3
    """Sound from before the onset that the recogniser gets too. Larger: more silence to decode."""
    closing_silence: float = 0.44
    """Silence after which an utterance is over. Larger: fewer pieces of a sentence, later final words."""
    brief_closing_silence: float = 0.2
    """The same where a short answer is awaited, whose last word is all that the reply waits for."""
    soft_limit: float = 12.0
    """Length from which an utterance ends at the next stop of the voice, without waiting for more silence."""
    lasting_voice: float = 0.5
    """Voice over the agent's after which the core is told that it lasts. Larger: later stops, fewer false."""
    hard_limit: float = 20.0
    """Length at which an utterance is cut where it stands. Larger: longer waits for the words of a monologue.
    """
    gap_settling: float = 0.1
    """Sound that must come after a stall before silence counts again. Larger: later replies; smaller: a voice
    that went on in the gap is noticed too late."""


class Listener:
    """One leg's ear."""

    def __init__(
        self,
        mailbox: Mailbox,
        recognition: Recognition,
        activity: VoiceActivity,
        *,
        agent_sounds: Callable[[], bool],
        show_level: Callable[[float], None],
        sent: SentSound | None = None,
        mouth: MouthClock | None = None,
        looks: TurnEndLooks | None = None,
        turn_end_hints: str = "",
        policy: ListenerPolicy | None = None,
    ) -> None:
        self.attentive = False
        """Until it is set, sound only moves the level: the device check comes before the talk."""
        self.utterance_id = 0
        """The newest utterance, open or over."""
        self.turn_end_hints = turn_end_hints
        """Whose hints the core was told of."""
        self._mailbox = mailbox
        self._recognition = recognition
        self._activity = activity
        self._guard = EchoGuard(activity, sent or SentSound())
        self._told_lasting = False
        self._agent_sounds = agent_sounds
        self._show_level = show_level
        self._shown_level: float | None = None
        self._mouth = mouth
        self._looks = looks
        self._policy = policy or ListenerPolicy()
        self._recent: deque[AudioFrame] = deque(maxlen=max(1, round(self._policy.pre_roll / FRAME_DURATION)))
        self._open = False
        self._closing_silence = self._policy.closing_silence
        self._length = 0.0
        self._silence = 0.0
        self._frames = 0
        self._track_muted = False
        self._page_muted = False
        self._microphone = MicrophoneMuted(False)
        self._lost = False
        self._stalled = False
        self._since_stall = 0.0
        self._returned = False
        self._heard_to = 0
        """Where the latest frame ends in the stream."""
        self._missing = 0.0
        """Seconds made up since sound was last heard."""
        self._unanswered: set[int] = set()
        self._answered = asyncio.Event()

    # What the leg calls (gateway.leg.Ear)

    def hear(self, frame: AudioFrame) -> None:
        """Take one frame: tell of an edge of the voice, feed the recogniser, end what is over."""
        self._frames += 1
        if self._lost and not frame.concealed:
            self.found()
        if self._frames % _LEVEL_FRAMES == 0:
            self._tell_level(self._activity.dbfs)
        if frame.muted != self._track_muted:
            self._mute(track=frame.muted, page=self._page_muted)
        if self._mouth is not None:
            self._mouth.hear(frame)
        self._activity.agent_speaking = self._agent_sounds()
        edge = self._guard.hear(frame)
        self._note_gap(frame, edge)
        if not self.attentive or self._page_muted:
            return
        self._recent.append(frame)
        if self._looks is not None:
            self._looks.hear(frame, agent_sounds=self._activity.agent_speaking)
        if self._open:
            self._recognition.hear(frame)
            self._length += FRAME_DURATION
        match edge:
            case VoiceStarted():
                known_at = frame.timestamp + EAR_FRAME_SAMPLES
                self._begin_speech(max(0, known_at - edge.at_samples) / EAR_RATE_HZ)
            case VoiceStopped():
                self._silence = edge.silence
                spoken_until = None if self._mouth is None else self._mouth.spoken_until()
                self._mailbox.put(SpeechStopped(self.utterance_id, edge.silence, edge.voiced, spoken_until))
            case None:
                if self._open and not self._guard.talking and not frame.concealed:
                    self._silence += FRAME_DURATION
                self._tell_lasting()
        self._end_what_is_over()

    def _tell_level(self, dbfs: float) -> None:
        if self._shown_level is None or abs(dbfs - self._shown_level) >= _LEVEL_STEP:
            self._shown_level = dbfs
            self._show_level(dbfs)

    @property
    def is_lost(self) -> bool:
        return self._lost

    def stalled(self, missing: float) -> None:
        """No sound for `missing` seconds: what runs on silence must wait."""
        if not (self._stalled or self._lost) and self.attentive:
            self._stalled, self._since_stall = True, 0.0
            self._mailbox.put(SoundStalled(missing))

    def lost(self) -> None:
        """No packet for two seconds, or no leg any more."""
        self._break_off()
        self._stalled = False  # the core knows that this is what became of it
        if not self._lost:
            self._lost = True
            self._mailbox.put(PacketsStopped())

    def found(self) -> None:
        """Packets come again."""
        if self._lost:
            self._lost, self._returned = False, True
            self._mailbox.put(PacketsReturned())

    # What the session calls

    def succeed(self, before: "Listener") -> None:
        """Take the place of another leg's ear: utterances are numbered on, and what the core was told there
        is taken back when it doesn't hold here."""
        self.utterance_id, self._lost = before.utterance_id, before._lost
        self._microphone, self._track_muted = before._microphone, before._track_muted
        own, self.turn_end_hints = self.turn_end_hints, before.turn_end_hints
        self._be_hinted_by(own)

    def attend(self, patience: Patience) -> None:
        """Listen for this kind of answer."""
        policy = self._policy
        brief = patience == "closed"
        self._closing_silence = policy.brief_closing_silence if brief else policy.closing_silence
        self._recognition.attend(patience)

    def mute(self, muted: bool) -> None:
        """The page says that the microphone is switched off, or on again."""
        self._mute(track=self._track_muted, page=muted)

    def hang_up(self) -> None:
        """The leg is gone: whatever was being said is all there will be of it."""
        self._break_off()
        if self._stalled:
            self._end_stall()

    async def pass_on_transcripts(self) -> None:
        """Put the recogniser's words into the mailbox until it is closed."""
        async for heard in self._recognition:
            if isinstance(heard, TurnEndHint):
                self._pass_on_hint(heard)
            elif isinstance(heard, HintsChanged):
                self._be_hinted_by(heard.turn_end_hints)
            elif heard.final:
                self._unanswered.discard(heard.utterance_id)
                self._answered.set()
                self._mailbox.put(
                    FinalTranscript(
                        heard.utterance_id, heard.text, heard.confidence, heard.failed, heard.claim
                    )
                )
            else:
                self._mailbox.put(
                    PartialTranscript(heard.utterance_id, heard.text, heard.confidence, heard.behind)
                )

    def _be_hinted_by(self, recogniser: str) -> None:
        if recogniser != self.turn_end_hints:
            self.turn_end_hints = recogniser
            self._mailbox.put(RecogniserReplaced(recogniser))

    def _pass_on_hint(self, heard: TurnEndHint) -> None:
        """A hint about an utterance that goes on elsewhere, or without a confidence, is none."""
        if heard.utterance_id == self.utterance_id and 0.0 <= heard.confidence <= 1.0:
            self._mailbox.put(TurnEndHinted(heard.utterance_id, heard.hint, heard.confidence))

    async def last_words(self) -> None:
        """Wait until every utterance that is over has its final transcript."""
        while self._unanswered:
            self._answered.clear()
            await self._answered.wait()

    # Gaps

    def _note_gap(self, frame: AudioFrame, edge: VoiceEdge | None) -> None:
        """Tell what was never heard; of a stall, once enough has come to tell a voice from silence."""
        leap, self._heard_to = frame.timestamp - self._heard_to, frame.timestamp + EAR_FRAME_SAMPLES
        if leap > 0 and self._stalled:
            self._missing += leap / EAR_RATE_HZ
        if frame.concealed:
            self._missing += FRAME_DURATION
        elif self._stalled:
            self._since_stall += FRAME_DURATION
            if edge is not None or self._since_stall >= self._policy.gap_settling - FRAME_DURATION / 2:
                self._end_stall(late=edge is None and self._missing == 0.0)
        elif self._missing or self._returned:
            if self._missing and self.attentive and not (self._guard.talking or self._returned):
                self._mailbox.put(SoundWentOn(self._missing))
            self._missing, self._returned = 0.0, False  # of a link that was dead the core knows

    def _end_stall(self, *, late: bool = False) -> None:
        self._mailbox.put(SoundWentOn(self._missing, late))
        self._stalled, self._missing = False, 0.0

    # Utterances

    def _tell_lasting(self) -> None:
        lasts = self._guard.over_agent and self._guard.voiced >= self._policy.lasting_voice
        if lasts and not self._told_lasting:
            self._told_lasting = True
            self._mailbox.put(SpeechLasted(self.utterance_id, self._guard.voiced))

    def _begin_speech(self, voiced: float) -> None:
        if not self._open:
            self._open_utterance()
            for frame in self._recent:
                self._recognition.hear(frame)
        self._silence = 0.0
        self._told_lasting = False
        if self._looks is not None:
            self._looks.begin_voice()
        self._mailbox.put(SpeechStarted(self.utterance_id, voiced))

    def _open_utterance(self) -> None:
        self.utterance_id += 1
        self._open = True
        self._length = 0.0
        self._silence = 0.0
        if self._mouth is not None:
            self._mouth.begin_utterance()
        self._recognition.start_utterance(self.utterance_id)

    def _close_utterance(self) -> None:
        self._open = False
        self._unanswered.add(self.utterance_id)
        self._recognition.end_utterance(self.utterance_id)

    def _end_what_is_over(self) -> None:
        if not self._open:
            return
        if self._guard.talking:
            if self._length >= self._policy.hard_limit:
                self._mailbox.put(SpeechStopped(self.utterance_id, 0.0, self._guard.voiced))
                self._close_utterance()
                self._open_utterance()
                self._mailbox.put(SpeechStarted(self.utterance_id))
        elif self._silence >= self._closing_silence or self._length >= self._policy.soft_limit:
            self._close_utterance()

    def _break_off(self) -> None:
        """End the utterance in the middle, as when the sound is cut."""
        if not self._open:
            return
        if self._guard.talking:
            self._mailbox.put(SpeechStopped(self.utterance_id, 0.0, self._guard.voiced))
            self._guard.break_off()
        self._close_utterance()
        self._recent.clear()

    def _mute(self, *, track: bool, page: bool) -> None:
        was = self._microphone
        self._track_muted, self._page_muted = track, page
        self._microphone = MicrophoneMuted(track or page, silent=track and not page)
        if self._microphone != was:
            if not was.muted:
                self._break_off()
            self._mailbox.put(self._microphone)

"""What the agent is saying, 20 ms at a time. Knows nothing of legs, providers or why it is told to stop."""

from collections import deque
from typing import Final

import msgspec
import numpy as np

from media.clip import Clip, Heard, WordMark
from media.frames import VOICE_FRAME_SAMPLES, VoiceFrame

__all__ = ["Clip", "Heard", "Playout", "PlayoutEvent", "PlayoutFinished", "PlayoutStarted", "WordMark"]

DUCKED_GAIN: Final = 10 ** (-15 / 20)
DUCK_FRAMES: Final = 2
"""40 ms: down within 60 ms of being told at any moment of a slot, and no faster than a voice is faded out."""
FADE_FRAMES: Final = 2
"""40 ms: shorter clicks, longer is heard as going on."""
REMEMBERED_SLOTS: Final = 250
"""Slots (5 s) over which `position` can look back: more than any path to an ear delays."""


class PlayoutStarted(msgspec.Struct, frozen=True):
    """The first frame of a speech was handed out."""

    speech_id: int


class PlayoutFinished(msgspec.Struct, frozen=True):
    """The last frame of a speech was handed out, or it was dropped."""

    speech_id: int
    complete: bool
    """All of it was handed out: neither stopped nor broken off by its synthesis."""


PlayoutEvent = PlayoutStarted | PlayoutFinished


class _Speech:
    """One clip on its way: how far it is, and which stretches of it were handed out, in which order."""

    def __init__(self, speech_id: int, clip: Clip) -> None:
        self.speech_id = speech_id
        self.clip = clip
        self.place = 0
        """Sample of the clip that comes next."""
        self.handed_out = 0
        """Samples handed out, those said again after a resume counted again."""
        self._stretches = [(0, 0)]
        """(handed out before it, place in the clip where it began)."""

    def advance(self, samples: int) -> None:
        self.place += samples
        self.handed_out += samples

    def go_back_to(self, place: int) -> None:
        self.place = place
        self._stretches.append((self.handed_out, place))

    def place_after(self, handed_out: int) -> int:
        """The furthest sample of the clip that is among the first `handed_out`."""
        furthest = 0
        for i, (before, place) in enumerate(self._stretches):
            last = i + 1 == len(self._stretches)
            end = handed_out if last else min(handed_out, self._stretches[i + 1][0])
            if end > before:
                furthest = max(furthest, place + end - before)
        return furthest


class Playout:
    """A queue of speeches, handed out frame by frame, that can be lowered, stopped, or held and resumed.

    Pure and deterministic: time is the number of calls of `next_frame`, one per 20 ms slot.
    """

    def __init__(self) -> None:
        self.held = False
        """The current speech is waiting for `resume`; what is queued behind it waits too."""
        self._queue: deque[_Speech] = deque()
        self._speeches: dict[int, _Speech] = {}
        self._slots: deque[tuple[int, int]] = deque(maxlen=REMEMBERED_SLOTS)
        """(speech id, samples) of each slot, (-1, 0) for silence."""
        self._events: list[PlayoutEvent] = []
        self._gain = 1.0
        self._target = 1.0
        self._gain_step = 0.0
        """Change of the gain per frame on its way to the target."""
        self._fade_frames = 0
        """Frames left of the fade of a stop or hold."""
        self._stopping = False
        self._holding = False
        self._held_place = 0

    @property
    def current(self) -> int | None:
        """The speech that sounds, is held or comes next; None when there is none."""
        return self._queue[0].speech_id if self._queue else None

    @property
    def sounding(self) -> bool:
        """Some of the current speech was handed out, and it is neither held nor starved."""
        if not self._queue or self.held or not self._slots:
            return False
        speech_id, samples = self._slots[-1]
        return speech_id == self._queue[0].speech_id and samples > 0

    def play(self, speech_id: int, clip: Clip) -> None:
        """Say `clip` after whatever is queued. Each `speech_id` may be played once."""
        self._forget()
        speech = _Speech(speech_id, clip)
        self._queue.append(speech)
        self._speeches[speech_id] = speech

    def next_frame(self) -> VoiceFrame | None:
        """Hand out the next 20 ms; None is silence (nothing to say, held, or the synthesis is behind)."""
        frame = None if self.held else self._frame()
        if frame is None:
            self._slots.append((-1, 0))
            if self._fade_frames:
                self._end_fade()
        return frame

    def duck(self) -> None:
        """Lower the voice by 15 dB within 100 ms."""
        self._move_gain(DUCKED_GAIN)

    def unduck(self) -> None:
        """Bring the voice back within 100 ms."""
        self._move_gain(1.0)

    def stop(self) -> None:
        """Fade out within two frames, and drop the rest with all that is queued."""
        fading = self._begin_fade()
        while len(self._queue) > fading:
            dropped = self._queue[int(fading)]
            del self._queue[int(fading)]
            self._finish(dropped, complete=False)
        self._stopping, self._holding, self.held = fading, False, False
        if not fading:
            self._gain = self._target = 1.0

    def hold(self, unheard_samples: int = 0) -> None:
        """Fade out within two frames, and keep the rest for `resume`.

        `unheard_samples` are the last ones handed out that the far end was told to swallow: they are unsaid.
        """
        if not self._queue or self.held or self._fade_frames:
            return
        speech = self._queue[0]
        self._held_place = min(speech.place, speech.place_after(max(0, speech.handed_out - unheard_samples)))
        self._holding = self._begin_fade()
        self.held = not self._holding

    def resume(self) -> None:
        """Go on from the phrase boundary before the place where `hold` came; nothing is left out."""
        if not (self.held or self._holding) or not self._queue:
            return
        self.held = self._holding = False
        self._fade_frames = 0
        speech = self._queue[0]
        boundary = speech.clip.phrase_start(self._held_place)
        speech.go_back_to(boundary - boundary % VOICE_FRAME_SAMPLES)
        self._gain = 0.0 if speech.place else 1.0
        self._target, self._gain_step = 1.0, 1.0

    def position(self, speech_id: int, slots_ago: int = 0) -> int:
        """Count the samples of a speech handed out up to `slots_ago` slots (at most 250) before now.

        What was said twice because of a resume counts twice. 0 for a speech that is unknown.
        """
        speech = self._speeches.get(speech_id)
        if speech is None:
            return 0
        recent = range(max(0, len(self._slots) - slots_ago), len(self._slots))
        later = sum(self._slots[i][1] for i in recent if self._slots[i][0] == speech_id)
        return speech.handed_out - later

    def heard(self, speech_id: int, samples: int) -> Heard:
        """Tell which words are in the first `samples` handed out of a speech; none for an unknown one."""
        speech = self._speeches.get(speech_id)
        if speech is None:
            return Heard("", 0, 0.0)
        return speech.clip.heard(speech.place_after(samples))

    def place(self, speech_id: int, samples: int) -> int:
        """Count the samples of its clip that the first `samples` handed out of a speech reach."""
        speech = self._speeches.get(speech_id)
        return 0 if speech is None else speech.place_after(samples)

    def events(self) -> list[PlayoutEvent]:
        """Take out what has happened since the last call, in order."""
        events, self._events = self._events, []
        return events

    def _forget(self) -> None:
        """Let go of speeches that nobody can ask for any more: an hour of talk has 100 MB of them."""
        known = {speech.speech_id for speech in self._queue} | {speech_id for speech_id, _ in self._slots}
        self._speeches = {each: speech for each, speech in self._speeches.items() if each in known}

    def _frame(self) -> VoiceFrame | None:
        while self._queue:
            speech = self._queue[0]
            left = speech.clip.samples - speech.place
            if left > 0 and (left >= VOICE_FRAME_SAMPLES or speech.clip.finished):
                return self._handed_out(speech, min(left, VOICE_FRAME_SAMPLES))
            if not speech.clip.finished or self._fade_frames:
                return None
            self._queue.popleft()
            self._finish(speech, complete=not speech.clip.failed)
        return None

    def _handed_out(self, speech: _Speech, samples: int) -> VoiceFrame:
        if speech.handed_out == 0:
            self._events.append(PlayoutStarted(speech.speech_id))
        pcm = speech.clip.pcm(speech.place, samples).ljust(VOICE_FRAME_SAMPLES * 2, b"\0")
        if self._gain == self._target == 1.0:
            frame = VoiceFrame(pcm, speech.clip.packet_at(speech.place))
        else:
            frame = VoiceFrame(self._with_gain(pcm))
        speech.advance(samples)
        self._slots.append((speech.speech_id, samples))
        if self._fade_frames:
            self._fade_frames -= 1
            if not self._fade_frames:
                self._end_fade()
        elif speech.clip.finished and speech.place >= speech.clip.samples:
            self._queue.popleft()
            self._finish(speech, complete=not speech.clip.failed)
        return frame

    def _with_gain(self, pcm: bytes) -> bytes:
        step = min(self._gain_step, abs(self._target - self._gain))
        end = self._gain + step if self._target > self._gain else self._gain - step
        ramp = np.linspace(self._gain, end, VOICE_FRAME_SAMPLES, dtype=np.float32)
        self._gain = self._target if abs(self._target - end) < 1e-6 else end
        lowered: bytes = np.rint(np.frombuffer(pcm, np.int16) * ramp).astype(np.int16).tobytes()
        return lowered

    def _move_gain(self, target: float) -> None:
        if self._fade_frames or self.held:
            return
        self._target = target
        self._gain_step = (1.0 - DUCKED_GAIN) / DUCK_FRAMES
        if not self.sounding:
            self._gain = target

    def _begin_fade(self) -> bool:
        """Start fading what sounds; False when nothing does."""
        if self._fade_frames:
            return True
        if not self.sounding:
            return False
        self._fade_frames = FADE_FRAMES
        self._target = 0.0
        self._gain_step = self._gain / FADE_FRAMES
        return True

    def _end_fade(self) -> None:
        self._fade_frames = 0
        if self._stopping and self._queue:
            self._finish(self._queue.popleft(), complete=False)
        self.held = self._holding
        self._stopping = self._holding = False
        self._gain = self._target = 1.0

    def _finish(self, speech: _Speech, *, complete: bool) -> None:
        self._events.append(PlayoutFinished(speech.speech_id, complete))

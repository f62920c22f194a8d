"""Takes the agent's own echo out of the edges of the voice: what comes back from the loudspeaker is no
speech.

Stands behind media.vad and knows nothing of turns. It is never deaf: while the agent sounds every voice is
looked at again and again, and one that is not (or no longer) the echo passes at once.
"""

import msgspec

from media.echo import EchoMeasure, SentSound
from media.frames import EAR_FRAME_SAMPLES, EAR_RATE_HZ, FRAME_DURATION, AudioFrame
from media.vad import VoiceActivity, VoiceEdge, VoiceStarted, VoiceStopped


class EchoPolicy(msgspec.Struct, frozen=True):
    """When a voice is taken for the echo of what was sent. Durations in seconds of media time."""

    echo_share: float = 0.4
    """Share of its power from which a voice is the echo alone. Larger: more echoes pass; smaller: somebody
    who talks over a loud echo is heard later."""
    sure_share: float = 0.6
    """From here on one look takes back a voice that has passed, and one that is withheld is looked at half as
    often."""
    look_every: float = 0.1
    """Between two looks at a voice. Larger: less CPU, and later news of somebody who talks over the echo."""
    watched: float = 0.6
    """How long a voice that has passed is still looked at as often. Larger: more CPU."""
    looks_to_change: int = 2
    """Looks in a row that speak against what was thought of a voice, until it is thought no more. A first
    look at a new voice is enough where no echo was met lately. Larger: fewer echoes pass, later news."""
    echo_remembered: float = 20.0
    """How long a leg on which an echo was met counts as one that echoes."""


class EchoGuard:
    """Passes the edges of one participant's voice on, without those that an echo makes."""

    def __init__(self, activity: VoiceActivity, sent: SentSound, policy: EchoPolicy | None = None) -> None:
        self.policy = policy or EchoPolicy()
        self.activity = activity
        self.talking = False
        """The participant's own voice sounds."""
        self.looks = 0
        """How often the comparison was made: what this costs."""
        self._sent = sent
        self._measure = EchoMeasure(sent)
        self._withheld = False
        """A voice sounds that is the echo's."""
        self._looks_against = 0
        """In a row, against what is thought of the voice that sounds."""
        self._frames_to_look = 0
        self._frames_echo_remembered = 0
        self._passed_voiced = 0.0
        """Voice, by the activity's count, that there was before the one that passed."""

    @property
    def voiced(self) -> float:
        """Seconds of the participant's voice in the speech that is going on, 0.0 when none is."""
        return max(0.0, self.activity.voiced - self._passed_voiced) if self.talking else 0.0

    @property
    def over_agent(self) -> bool:
        """Whether the agent sounds, or sounded so lately that its echo may still come."""
        return self._sent.may_echo

    def hear(self, frame: AudioFrame) -> VoiceEdge | None:
        """Take the next frame; tell whether the participant's voice has started or stopped with it."""
        self._measure.hear(frame.pcm)
        self._frames_echo_remembered = max(0, self._frames_echo_remembered - 1)
        edge = self.activity.hear(frame)
        match edge:
            case VoiceStarted():
                return self._started(edge)
            case VoiceStopped():
                return self._stopped(edge)
            case None:
                return self._while_unchanged(frame)

    def break_off(self) -> None:
        """The sound is cut in the middle: nobody talks any more."""
        self.talking = self._withheld = self.activity.talking = False

    def _started(self, edge: VoiceStarted) -> VoiceEdge | None:
        self._passed_voiced = 0.0
        self._looks_against = 0
        if self.over_agent:
            share = self._share()
            self._withheld = share >= self.policy.echo_share or self._frames_echo_remembered > 0
            if share < self.policy.echo_share:
                self._looks_against = 1
        self.talking = not self._withheld
        return edge if self.talking else None

    def _stopped(self, edge: VoiceStopped) -> VoiceEdge | None:
        withheld, self._withheld = self._withheld, False
        self.talking = False
        if withheld:
            return None
        return VoiceStopped(edge.at_samples, edge.silence, max(0.0, edge.voiced - self._passed_voiced))

    def _while_unchanged(self, frame: AudioFrame) -> VoiceEdge | None:
        if not self.activity.talking:
            return None
        if self.over_agent:
            return self._look_again(frame)
        return self._pass(frame, 0.0) if self._withheld else None  # it outlasts every echo

    def _look_again(self, frame: AudioFrame) -> VoiceEdge | None:
        """A voice goes on over the agent's: see whether it has become the echo's, or ceased to be it."""
        self._frames_to_look -= 1
        if self._frames_to_look > 0:
            return None
        share = self._share()
        echo = share >= self.policy.echo_share
        self._looks_against = self._looks_against + 1 if echo != self._withheld else 0
        if self._looks_against < self.policy.looks_to_change:
            if not (self._looks_against and share >= self.policy.sure_share):
                return None
        self._looks_against = 0
        if self._withheld:
            return self._pass(frame, self.policy.looks_to_change * self.policy.look_every)
        return self._withdraw(frame)

    def _pass(self, frame: AudioFrame, since: float) -> VoiceStarted:
        self._withheld, self.talking = False, True
        self._passed_voiced = max(0.0, self.activity.voiced - since)
        return VoiceStarted(max(0, frame.timestamp + EAR_FRAME_SAMPLES - round(since * EAR_RATE_HZ)))

    def _withdraw(self, frame: AudioFrame) -> VoiceStopped:
        """What had passed was the echo, at least as far back as was looked."""
        voiced = self.voiced
        looked = voiced if voiced <= self.policy.watched else 2 * self.policy.look_every
        self._withheld, self.talking = True, False
        silence = min(looked, self.activity.policy.stop_silence)
        at = frame.timestamp + EAR_FRAME_SAMPLES - round(silence * EAR_RATE_HZ)
        return VoiceStopped(max(0, at), silence, voiced - looked)

    def _share(self) -> float:
        """Look once, and see when to look again."""
        self.looks += 1
        share = self._measure.share(self.policy.echo_share)
        if share >= self.policy.echo_share:
            self._frames_echo_remembered = round(self.policy.echo_remembered / FRAME_DURATION)
        settled = share >= self.policy.sure_share if self._withheld else self.voiced > self.policy.watched
        self._frames_to_look = round(self.policy.look_every * (2 if settled else 1) / FRAME_DURATION)
        return share

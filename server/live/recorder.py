"""The recording of one sitting: the packets of its legs, at their places in the run's one file. Knows no
disk.
"""

from typing import Final, Protocol

from media.frames import FRAME_DURATION, OPUS_FRAME_TICKS
from media.recording import OggRecording

LONGEST_GAP: Final = 6 * 3600.0
"""Seconds of silence written at most for a time without sound."""


class PageFile(Protocol):
    """Where pages go (store.recordings.RecordingFile)."""

    def write(self, page: bytes) -> None: ...

    async def close(self) -> None: ...


class SessionRecorder:
    """Records a sitting from its first leg on; what lies between two legs is silence.

    `begun` says whether the file holds anything: its headers are written with the first sound.
    """

    def __init__(self, recording: OggRecording, file: PageFile, *, begun: bool) -> None:
        self._recording = recording
        self._file = file
        self._begun = begun
        self._sounded = False
        self._tap: LegTap | None = None

    def tap(self, at: float) -> "LegTap":
        """Record a leg that begins `at` seconds into the session; the tap of the one before falls silent."""
        if not self._begun:
            self._file.write(b"".join(self._recording.header_pages()))
            self._begun = True
        self._sounded = True
        self._silence_until(at)
        if self._tap is not None:
            self._tap.active = False
        self._tap = LegTap(self._recording, self._file, round(at / FRAME_DURATION))
        return self._tap

    async def close(self, at: float) -> None:
        """Write what is left, up to `at` seconds into the session."""
        if self._tap is not None:
            self._tap.active = False
        if self._sounded:
            self._silence_until(at)
            for page in self._recording.finish():
                self._file.write(page)
        await self._file.close()

    def _silence_until(self, at: float) -> None:
        for page in self._recording.pages(round(min(at, LONGEST_GAP) / FRAME_DURATION)):
            self._file.write(page)


class LegTap:
    """One leg's packets on their way into the recording (gateway.leg.Tap)."""

    def __init__(self, recording: OggRecording, file: PageFile, first_slot: int) -> None:
        self.active = True
        self._recording = recording
        self._file = file
        self._first_slot = first_slot

    def received(self, packet: bytes, timestamp: int) -> None:
        """One packet of the participant."""
        if self.active:
            self._recording.received(packet, timestamp + self._first_slot * OPUS_FRAME_TICKS)

    def sent(self, packet: bytes, slot: int) -> None:
        """One packet of the agent."""
        if self.active:
            self._recording.sent(packet, slot + self._first_slot)
            for page in self._recording.pages(slot + self._first_slot):
                self._file.write(page)

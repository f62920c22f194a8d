"""The recording of one sitting: the packets of its legs, at their places in the run's one file. Knows no
disk.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from media.frames import FRAME_DURATION, OPUS_FRAME_TICKS
from media.recording import OggRecording
from media.silencing import SilentSpan, silenced_pages

LONGEST_GAP: Final = 6 * 3600.0
"""Seconds of silence written at most for a time without sound."""


class PageFile(Protocol):
    """Where pages go (store.recordings.RecordingFile)."""

    def write(self, page: bytes) -> None: ...

    async def rewrite(self, rewriting: Callable[[bytes, bool], tuple[bytes, int]]) -> None: ...

    async def close(self) -> None: ...


class SessionRecorder:
    """Records a sitting from its first leg on; what lies between two legs is silence.

    `begun` says whether the file holds anything: its headers are written with the first sound.
    """

    def __init__(self, recording: OggRecording, file: PageFile, *, begun: bool) -> None:
        self.sounded = False
        """A leg of this sitting was recorded, be it silent."""
        self._recording = recording
        self._file = file
        self._begun = begun
        self._silent: tuple[SilentSpan, ...] = ()
        self._tap: LegTap | None = None

    @property
    def offset(self) -> float:
        """Where in the recording the sitting's time zero lies, in seconds."""
        return self._recording.start_slot * FRAME_DURATION

    def tap(self, at: float) -> "LegTap":
        """Record a leg that begins `at` seconds into the session; the tap of the one before falls silent."""
        if not self._begun:
            self.write(self._recording.header_pages())
            self._begun = True
        self.sounded = True
        self._silence_until(at)
        if self._tap is not None:
            self._tap.active = False
        self._tap = LegTap(self._recording, self.write, round(at / FRAME_DURATION))
        return self._tap

    async def silence(self, spans: Sequence[SilentSpan]) -> None:
        """Take these spans out of the recording, in what is written, what waits and what is still to come.

        On the disk when it returns. Raises OSError where that can't be; the recording is then as it was.
        """
        self._silent += tuple(spans)
        await self._file.rewrite(lambda data, last: silenced_pages(data, spans, last=last))

    async def close(self, at: float) -> None:
        """Write what is left, up to `at` seconds into the session."""
        if self._tap is not None:
            self._tap.active = False
        if self.sounded:
            self._silence_until(at)
            self.write(self._recording.finish())
        await self._file.close()

    def write(self, pages: Iterable[bytes]) -> None:
        """Hand pages on in one piece, without what must not be heard."""
        data = b"".join(pages)
        if data:
            self._file.write(silenced_pages(data, self._silent)[0] if self._silent else data)

    def _silence_until(self, at: float) -> None:
        self.write(self._recording.pages(round(min(at, LONGEST_GAP) / FRAME_DURATION)))


class LegTap:
    """One leg's packets on their way into the recording (gateway.leg.Tap)."""

    def __init__(
        self, recording: OggRecording, write: Callable[[Iterable[bytes]], None], first_slot: int
    ) -> None:
        self.active = True
        self._recording = recording
        self._write = write
        self._first_slot = first_slot

    def received(self, packet: bytes, timestamp: int) -> None:
        """One packet of the participant."""
        if self.active:
            self._recording.received(packet, timestamp + self._first_slot * OPUS_FRAME_TICKS)

    def sent(self, packet: bytes, slot: int) -> None:
        """One packet of the agent."""
        if self.active:
            self._recording.sent(packet, slot + self._first_slot)
            self._write(self._recording.pages(slot + self._first_slot))

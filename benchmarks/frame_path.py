"""What one inbound 20 ms packet costs: from the wire's bytes to the edge of the voice, on one call stack.

Parsed, ordered, decoded, recorded, and heard by the listener with the gate and the model, as in a talk; the
recogniser alone is left out. SRTP and the socket are not in it: their cost is in the sessions' benchmark.
"""

import asyncio
import gc
import threading
import wave
from collections.abc import AsyncIterator, Iterable, Sequence
from time import perf_counter_ns, process_time_ns
from typing import Final

import click
import numpy as np

from benchmarks.load import UTTERANCE
from benchmarks.report import Row, publish, this_machine
from dialog.blueprint import Patience
from media.codecs import OpusEncoder
from media.frames import FRAME_DURATION, OPUS_FRAME_TICKS, OPUS_SILENCE, AudioFrame
from media.recording import OggRecording
from media.vad import SileroModel, VoiceActivity
from server.gateway.rtp import RtpFormat, RtpReceiver
from server.live.listener import Listener
from server.live.mailbox import Mailbox
from server.live.mouth_clock import MouthClock
from server.live.recorder import LegTap
from server.providers.protocols import Transcript

BUDGET_MS: Final = 0.5
OPUS: Final = 111
_SSRC: Final = 0x0BAD_CAFE
_NOISE: Final = 4
"""Of 32768, −78 dBFS: a microphone is never digitally silent."""


class NoRecognition:
    """Hears and says nothing."""

    def attend(self, patience: Patience) -> None: ...
    def start_utterance(self, utterance_id: int) -> None: ...
    def hear(self, frame: AudioFrame) -> None: ...
    def end_utterance(self, utterance_id: int) -> None: ...
    async def close(self) -> None: ...

    async def __aiter__(self) -> AsyncIterator[Transcript]:
        return
        yield


class Inbound:
    """One participant's way in, as a session lays it."""

    def __init__(self) -> None:
        self.mailbox = Mailbox(capacity=1 << 20)
        self.now = 0.0
        self.pages = 0
        listener = Listener(
            self.mailbox,
            NoRecognition(),
            VoiceActivity(second_opinion=SileroModel.shared()),
            agent_sounds=lambda: False,
            show_level=lambda _: None,
            mouth=MouthClock(lambda: self.now, lambda: 0.0),
        )
        listener.attentive = True
        self._recording = OggRecording(serial=1)
        self._tap = LegTap(self._recording, self._write, 0)
        self._receiver = RtpReceiver(RtpFormat(OPUS), listener, self._tap)
        self._sequence = 0

    def _write(self, pages: Iterable[bytes]) -> None:
        self.pages += sum(1 for _ in pages)

    def take(self, payload: bytes) -> None:
        """Take the next packet off the wire, and what the metronome does with it."""
        self.now += FRAME_DURATION
        sequence = self._sequence
        header = b"\x80" + bytes((OPUS,)) + (sequence & 0xFFFF).to_bytes(2, "big")
        timestamp = sequence * OPUS_FRAME_TICKS & 0xFFFF_FFFF
        packet = header + timestamp.to_bytes(4, "big") + _SSRC.to_bytes(4, "big") + payload
        self._receiver.receive(packet, self.now)
        self._receiver.tick(self.now)
        self._tap.sent(OPUS_SILENCE, sequence)
        self._sequence += 1


def encoded(samples: "np.ndarray[tuple[int], np.dtype[np.int16]]") -> list[bytes]:
    """20 ms packets of 48 kHz sound, as a browser would send it."""
    encoder, size = OpusEncoder(48_000), OPUS_FRAME_TICKS
    return [encoder.encode(samples[i : i + size].tobytes()) for i in range(0, len(samples) - size + 1, size)]


def sounds() -> dict[str, list[bytes]]:
    """Five seconds of a quiet room, of speech, and of loud noise, which opens the gate but is no voice."""
    random = np.random.default_rng(0)
    room = random.normal(0, _NOISE, 48_000 * 5)
    with wave.open(str(UTTERANCE)) as file:
        speech = np.frombuffer(file.readframes(file.getnframes()), np.int16)[: 48_000 * 4]
    noise = random.normal(0, 3_000, 48_000 * 5)
    return {
        "silence": encoded(room.astype(np.int16)),
        "speech": encoded((speech + room[: len(speech)]).clip(-32_768, 32_767).astype(np.int16)),
        "noise": encoded(noise.clip(-32_768, 32_767).astype(np.int16)),
    }


def cpu_ms(packets: Sequence[bytes], rounds: int) -> tuple[float, float]:
    """CPU of a packet in ms, the mean over the best round; and the longest that one took, in wall time."""
    inbound = Inbound()
    means, longest = [], 0.0
    for _ in range(rounds + 1):  # the first one warms up
        began = process_time_ns()
        for packet in packets:
            inbound.take(packet)
        means.append((process_time_ns() - began) / len(packets) / 1e6)
    for packet in packets:
        one = perf_counter_ns()
        inbound.take(packet)
        longest = max(longest, (perf_counter_ns() - one) / 1e6)
    return min(means[1:]), longest


async def measure(rounds: int) -> tuple[dict[str, tuple[float, float]], int]:
    """Figures by kind of sound, and how many threads were started for it."""
    SileroModel.shared()
    threads = threading.active_count()
    gc.collect()
    gc.freeze()
    return {kind: cpu_ms(packets, rounds) for kind, packets in sounds().items()}, (
        threading.active_count() - threads
    )


@click.command()
@click.option("--rounds", type=click.IntRange(1), default=10, show_default=True, help="The best one counts.")
@click.option("--json", "as_json", is_flag=True)
def command(rounds: int, as_json: bool) -> None:
    """CPU of one inbound packet, from the wire's bytes to the edge of the voice."""
    machine = this_machine()
    figures, threads = asyncio.run(measure(rounds))
    rows = [
        Row(f"inbound frame, {kind}, CPU", round(mean, 3), "ms", BUDGET_MS)
        for kind, (mean, _) in figures.items()
    ]
    rows.append(Row("threads started for it", threads, "", 0))
    slowest = {kind: round(longest, 2) for kind, (_, longest) in figures.items()}
    detail: dict[str, object] = {"longest_ms": slowest}
    publish("frame-path", rows, machine, as_json=as_json, options={"rounds": rounds}, detail=detail)

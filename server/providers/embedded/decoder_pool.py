"""A few decoders for many talks: each utterance leases one, in the order in which the utterances began to
wait.

Knows nothing of speech. A decoder that dies or stalls is replaced, and the utterance in it has failed.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from media.frames import EAR_RATE_HZ
from server.providers.embedded.child import KeptChild
from server.providers.embedded.limits import RecogniserLimits
from server.providers.embedded.pipe import (
    AbortLease,
    Audio,
    EndLease,
    FinalWords,
    FromDecoder,
    Message,
    Progress,
    StartLease,
)
from server.providers.embedded.utterance import Stretch, Utterance

REPORTED_SAMPLES: Final = EAR_RATE_HZ // 5
"""A decoder reports after this much sound: less than that without a word from it is no sign of a stall."""


class _Lease:
    def __init__(self, lease_id: int, utterance: Utterance, limits: RecogniserLimits) -> None:
        self.lease_id = lease_id
        self.utterance = utterance
        self.stretch = Stretch(limits)
        self.decoded_samples = 0
        self.ending = False
        self.last_word_at = 0.0

    @property
    def has_work(self) -> bool:
        return self.ending or self.stretch.samples - self.decoded_samples >= REPORTED_SAMPLES


class _Worker:
    """One decoder process and the lease that it serves."""

    def __init__(self, pool: "DecoderPool", program: Sequence[str], limits: RecogniserLimits) -> None:
        self._pool = pool
        self._limits = limits
        self._lease_ids = itertools.count(1)
        self._watch: asyncio.TimerHandle | None = None
        self.lease: _Lease | None = None
        self.wanted = asyncio.Event()
        self.was_ready = asyncio.Event()
        self.child = KeptChild(
            program,
            msgspec.msgpack.Decoder(FromDecoder).decode,
            receive=self._received,
            on_ready=self._ready,
            on_death=self._died,
            max_unsent_bytes=limits.max_unsent_bytes,
        )

    @property
    def is_free(self) -> bool:
        return self.child.ready and self.lease is None

    async def run(self) -> None:
        await self.wanted.wait()
        await self.child.run()

    def begin(self, utterance: Utterance) -> bool:
        """Lease the decoder and let it hear what was kept. False when it has just died."""
        lease = _Lease(next(self._lease_ids), utterance, self._limits)
        if not self.child.send(StartLease(lease.lease_id, utterance.memory.cepstral_mean)):
            return False
        self.lease = lease
        self._worked()
        self._look_later(self._limits.stall_timeout)
        while not lease.ending and (pcm := utterance.next_sound()) is not None:
            self.hear(pcm)
        if utterance.ended:
            self.end()
        return True

    def hear(self, pcm: bytes) -> None:
        """Pass on sound, or keep it for the next lease when this one is full."""
        lease = self.lease
        assert lease is not None
        if lease.ending:
            lease.utterance.keep(pcm)
            return
        if not lease.has_work:
            self._worked()
        if not self.child.send(Audio(pcm)):
            lease.utterance.fail("busy")
            self.child.end("busy")
            return
        lease.stretch.take(pcm)
        if lease.stretch.is_full:
            self.end()

    def end(self) -> None:
        """Ask for the words of this stretch."""
        lease = self.lease
        assert lease is not None
        if not lease.ending:
            self._close(EndLease())

    def abort(self) -> None:
        """Nobody wants the words of this stretch any more."""
        self._close(AbortLease())

    def _close(self, message: Message) -> None:
        lease = self.lease
        assert lease is not None
        if not lease.has_work:
            self._worked()
        lease.ending = True
        if not self.child.send(message):
            self.child.end("busy")

    def _ready(self) -> None:
        self.was_ready.set()
        self._pool.lease_out()

    def _received(self, message: Message) -> None:
        lease = self.lease
        if lease is None or getattr(message, "lease_id", None) != lease.lease_id:
            self.child.end("crashed")
            return
        self._worked()
        match message:
            case Progress():
                lease.decoded_samples = message.samples
                behind = max(0, lease.stretch.samples - message.samples) / EAR_RATE_HZ
                if message.text is not None:
                    lease.utterance.show(message.text, behind)
                else:
                    lease.utterance.nothing_new(behind)
            case FinalWords():
                self._free()
                lease.utterance.memory.cepstral_mean = message.cepstral_mean
                lease.utterance.heard(message.words, message.claim)
                self._pool.stretch_over(lease.utterance)

    def _died(self, reason: str) -> None:
        lease = self.lease
        self._free()
        if lease is not None:
            lease.utterance.fail(reason)
            self._pool.stretch_over(lease.utterance)

    def _free(self) -> None:
        self.lease = None
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _worked(self) -> None:
        if self.lease is not None:
            self.lease.last_word_at = asyncio.get_running_loop().time()

    def _look_later(self, delay: float) -> None:
        self._watch = asyncio.get_running_loop().call_later(delay, self._look)

    def _look(self) -> None:
        """End a decoder that has had work and been silent for too long."""
        lease = self.lease
        if lease is None:
            return
        quiet = asyncio.get_running_loop().time() - lease.last_word_at
        if lease.has_work and quiet >= self._limits.stall_timeout:
            self.child.end("timeout")
        else:
            self._look_later(max(self._limits.stall_timeout - quiet, self._limits.stall_timeout / 10))


class DecoderPool:
    """Lease `size` decoders to utterances, first come, first served. A process starts when it is first
    needed."""

    def __init__(self, size: int, program: Sequence[str], limits: RecogniserLimits) -> None:
        self.limits = limits
        self.workers = tuple(_Worker(self, program, limits) for _ in range(size))
        self._waiting: deque[Utterance] = deque()
        self._deadlines: dict[Utterance, asyncio.TimerHandle] = {}

    async def run(self) -> None:
        """Keep the decoders until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for worker in self.workers:
                tasks.create_task(worker.run())

    async def warm_up(self) -> None:
        """Start every decoder and wait until all are loaded; `run` must be under way."""
        for worker in self.workers:
            worker.wanted.set()
        for worker in self.workers:
            await worker.was_ready.wait()

    def begin(self, utterance: Utterance) -> None:
        """Queue up for a decoder."""
        self._waiting.append(utterance)
        self.lease_out()

    def hear(self, utterance: Utterance, pcm: bytes) -> None:
        """Pass on sound of an utterance, to its decoder or to what is kept for it."""
        if utterance.failed or utterance.answered:
            return
        worker = self._worker_of(utterance)
        if worker is None:
            utterance.keep(pcm)
        else:
            worker.hear(pcm)

    def end(self, utterance: Utterance) -> None:
        """The final transcript is wanted: it comes within `final_timeout`."""
        utterance.ended = True
        if utterance.failed:
            self._settle(utterance)
            return
        loop = asyncio.get_running_loop()
        self._deadlines[utterance] = loop.call_later(self.limits.final_timeout, self._overdue, utterance)
        worker = self._worker_of(utterance)
        if worker is not None:
            worker.end()

    def abandon(self, utterance: Utterance) -> None:
        """Drop an utterance that nobody waits for."""
        utterance.abandon()
        worker = self._worker_of(utterance)
        self._settle(utterance)
        if worker is not None:
            worker.abort()

    def lease_out(self) -> None:
        """Give free decoders to those who wait; start another when all are taken."""
        for worker in self.workers:
            while self._waiting and worker.is_free:
                utterance = self._waiting.popleft()
                if utterance.failed:
                    continue  # answered by `end`, which comes or has come
                if not worker.begin(utterance):
                    self._waiting.appendleft(utterance)
                    break
        if self._waiting:
            asleep = next((worker for worker in self.workers if not worker.wanted.is_set()), None)
            if asleep is not None:
                asleep.wanted.set()

    def stretch_over(self, utterance: Utterance) -> None:
        """A lease has come to its end: that of the utterance, or only of what one lease may take."""
        if utterance.ended and (utterance.failed or not utterance.has_sound):
            self._settle(utterance)
        elif not utterance.answered and not utterance.failed:
            self._waiting.append(utterance)
        self.lease_out()

    def _worker_of(self, utterance: Utterance) -> _Worker | None:
        return next((w for w in self.workers if w.lease and w.lease.utterance is utterance), None)

    def _overdue(self, utterance: Utterance) -> None:
        worker = self._worker_of(utterance)
        utterance.fail("busy" if worker is None else "timeout")
        self._settle(utterance)
        if worker is not None:
            worker.child.end("timeout")

    def _settle(self, utterance: Utterance) -> None:
        """Answer for good, and forget."""
        deadline = self._deadlines.pop(utterance, None)
        if deadline is not None:
            deadline.cancel()
        if utterance in self._waiting:
            self._waiting.remove(utterance)
        utterance.finish()

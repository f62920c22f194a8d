"""The program of one decoder's child: `python -m server.providers.embedded.sphinx_process`. Knows leases, no
talks.

A lease is a stretch of one utterance: StartLease, Audio…, EndLease or AbortLease come in on standard input,
Progress and exactly one FinalWords go out. It ends when its input does.
"""

import os
import sys
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO, Final

import msgspec
from pocketsphinx import Decoder

from media.frames import EAR_RATE_HZ
from server.providers.embedded.claims_heard import MOST_ALTERNATIVES, claim_among
from server.providers.embedded.claims_likely import Likeness
from server.providers.embedded.pipe import (
    AbortLease,
    Audio,
    EndLease,
    FinalWords,
    HeardWord,
    PipeError,
    Progress,
    Ready,
    StartLease,
    ToDecoder,
    nobody_reads,
    read_body,
    write,
)

PROGRESS_SAMPLES: Final = EAR_RATE_HZ // 5
NICENESS: Final = 10
"""The media loop must win the processor: a frame is late after 20 ms, a transcript is not."""
MIN_ADAPTING_WORDS: Final = 3
"""A stretch with fewer words says more about the noise than about the microphone."""


FIRST_MEAN: Final = "41.00,-5.29,-0.12,5.09,2.48,-4.07,-1.37,-1.78,-5.08,-2.05,-6.45,-1.42,1.17"
"""Cepstral mean that a talk begins with: the one usual with CMUSphinx's US English model. The bundled file
has a coarser one (40,3,-1), with which four synthetic speakers' first utterances had 16 % word errors instead
of 11."""


class LeasedDecoder:
    """One pocketsphinx decoder, serving one lease after another."""

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        # fwdflat off: the final in a tenth of the time; bestpath on: without it every confidence is 1.0
        self._decoder = Decoder(samprate=EAR_RATE_HZ, fwdflat=False, bestpath=True, loglevel="FATAL")
        self._likeness = Likeness(self._decoder.lookup_word)
        self._lease_id: int | None = None
        self._given_mean = ""
        self._samples = 0
        self._reported = 0
        self._text = ""

    def take(self, message: ToDecoder) -> None:
        """Do what one message asks. What does not fit the state is dropped."""
        match message:
            case StartLease(lease_id, cepstral_mean):
                self._finish(aborted=True)
                self._start(lease_id, cepstral_mean)
            case Audio(pcm):
                self._hear(pcm)
            case EndLease():
                self._finish(aborted=False)
            case AbortLease():
                self._finish(aborted=True)

    def _start(self, lease_id: int, cepstral_mean: str) -> None:
        self._lease_id, self._given_mean = lease_id, cepstral_mean
        self._samples = self._reported = 0
        self._text = ""
        self._decoder.set_cmn(cepstral_mean or FIRST_MEAN)
        self._decoder.start_utt()

    def _hear(self, pcm: bytes) -> None:
        if self._lease_id is None:
            return
        whole = len(pcm) // 2 * 2
        for start in range(0, whole, PROGRESS_SAMPLES * 2):
            part = pcm[start : min(start + PROGRESS_SAMPLES * 2, whole)]
            self._decoder.process_raw(part, False, False)
            self._samples += len(part) // 2
            if self._samples - self._reported >= PROGRESS_SAMPLES:
                self._report(self._lease_id)

    def _report(self, lease_id: int) -> None:
        self._reported = self._samples
        hypothesis = self._decoder.hyp()
        text = hypothesis.hypstr if hypothesis else ""
        write(self._sink, Progress(lease_id, self._samples, text if text != self._text else None))
        self._text = text

    def _finish(self, *, aborted: bool) -> None:
        if self._lease_id is None:
            return
        self._decoder.end_utt()
        words = () if aborted else self._words()
        adapted = len(words) >= MIN_ADAPTING_WORDS
        mean = self._decoder.get_cmn(False) if adapted else self._given_mean
        write(self._sink, FinalWords(self._lease_id, words, mean, self._claim(words)))
        self._lease_id = None

    def _words(self) -> tuple[HeardWord, ...]:
        """The words without silences and noises (`<sil>`, `[NOISE]`), each without its variant's number
        (`that(2)`)."""
        segments = self._decoder.seg() or ()
        return tuple(
            HeardWord(segment.word.partition("(")[0], min(max(float(segment.prob), 0.0), 1.0))
            for segment in segments
            if segment.word[0] not in "<[+"
        )

    def _claim(self, words: tuple[HeardWord, ...]) -> str:
        heard = " ".join(word.text for word in words)
        return claim_among(heard, self._alternatives()) or self._likeness.claimed(heard) or ""

    def _alternatives(self) -> Iterator[str]:
        """What may have been said instead, the likeliest first; made only as far as it is asked for."""
        for hypothesis in islice(self._decoder.nbest() or (), MOST_ALTERNATIVES):
            if hypothesis is not None and hypothesis.hypstr:
                yield hypothesis.hypstr


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Serve leases until the source ends or talks garbage."""
    leased = LeasedDecoder(sink)
    write(sink, Ready("pocketsphinx"))
    decoder = msgspec.msgpack.Decoder(ToDecoder)
    while (body := read_body(source)) is not None:
        leased.take(decoder.decode(body))


def main() -> int:
    os.nice(NICENESS)
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:  # the server is gone
        nobody_reads(sys.stdout.buffer)
        return 0
    except (PipeError, msgspec.MsgspecError) as error:
        sys.stderr.write(f"recogniser: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

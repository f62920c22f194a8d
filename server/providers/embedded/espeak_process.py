"""The program of the voice's child: `python -m server.providers.embedded.espeak_process`. Knows no talk, only
sentences.

Speak comes in on standard input, Spoken or Refused goes out; it ends when its input does.
"""

import sys
from typing import BinaryIO, Final

import msgspec
import numpy as np

from media.frames import VOICE_RATE_HZ
from media.resampler import resample
from server.providers.embedded.espeak_library import Espeak, EspeakError
from server.providers.embedded.pipe import (
    PipeError,
    Ready,
    Refused,
    Speak,
    Spoken,
    ToVoice,
    nobody_reads,
    read_body,
    write,
)
from server.providers.embedded.word_times import word_times
from server.providers.spoken_text import MAX_TEXT_CHARS, cleaned

DEFAULT_VOICE: Final = "en-us"
DEFAULT_VARIANT: Final = "en-us+f5"
"""What plain `en-us` stands for. Of thirty variants the one that a recogniser understands best by far: 7–15 %
word errors over ten interview questions, where espeak-ng's own default has 54 %."""
WORDS_A_MINUTE: Final = 155
"""At speed 1.0: the unhurried end of conversation."""
PITCH: Final = 42
PITCH_RANGE: Final = 55
"""A little lower and livelier than espeak-ng's 50 and 50, whose monotony tires."""
WORD_GAP: Final = 0
VOLUME: Final = 100
"""Comes out at some -20 dBFS while speaking, which is the house's level."""
SLOWEST, FASTEST = 80, 320
MAX_PIECE_DURATION: Final = 60.0
"""Seconds of sound for one piece; nothing sensible of 300 characters takes half of it."""


def answered(engine: Espeak, request: Speak) -> Spoken | Refused:
    """Say one piece, or say why not."""
    if len(request.text) > MAX_TEXT_CHARS:
        return Refused(request.job_id, f"the text is longer than {MAX_TEXT_CHARS} characters")
    text = cleaned(request.text)
    if not any(c.isalnum() for c in text):
        return Spoken(request.job_id, b"", ())
    rate = round(WORDS_A_MINUTE * min(max(request.speed, 0.5), 2.0))
    try:
        engine.choose(
            DEFAULT_VARIANT if request.voice_id in ("", DEFAULT_VOICE) else request.voice_id,
            rate=min(max(rate, SLOWEST), FASTEST),
            pitch=PITCH,
            pitch_range=PITCH_RANGE,
            word_gap=WORD_GAP,
            volume=VOLUME,
        )
        samples, marks = engine.speak(text, MAX_PIECE_DURATION)
    except EspeakError as error:
        return Refused(request.job_id, str(error))
    words = word_times(text, marks, samples, engine.rate_hz)
    pcm = resample(samples.astype(np.int16).tobytes(), engine.rate_hz, VOICE_RATE_HZ)
    return Spoken(request.job_id, pcm, tuple(words))


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer every request until the source ends or talks garbage."""
    engine = Espeak()
    answered(engine, Speak(0, "Ready.", "", 1.0))  # the first sentence loads the dictionary
    write(sink, Ready(engine.version))
    decoder = msgspec.msgpack.Decoder(ToVoice)
    while (body := read_body(source)) is not None:
        write(sink, answered(engine, decoder.decode(body)))


def main() -> int:
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:  # the server is gone
        nobody_reads(sys.stdout.buffer)
        return 0
    except (EspeakError, PipeError, msgspec.MsgspecError) as error:
        sys.stderr.write(f"voice: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

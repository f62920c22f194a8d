"""Speaks the phrases of the example personas with flite, and measures how well the embedded recogniser
understands them.

Run it after a change of phrases: python -m tests.support.speak_personas [NAME …]. Clips already there are
kept, clips of phrases that are gone are removed. Knows nothing of interviews.
"""

import argparse
import io
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np
from pocketsphinx import Decoder

from media.frames import EAR_RATE_HZ
from server.rehearsal.persona import CLIPS_FOLDER, Persona, clip_name, load_persona, spoken_clip
from server.rehearsal.word_errors import WordErrors, word_errors

EXAMPLES = Path(__file__).resolve().parents[2] / "server" / "examples"
BIT_RATE = 24_000
EDGE_SILENCE = 0.25
"""Seconds of silence put around a clip for the recogniser, as the listener's pre-roll and hangover do."""


def speak(text: str, voice: str) -> np.ndarray:
    """Synthesise a phrase: int16 samples at EAR_RATE_HZ, mono."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "phrase.wav"
        subprocess.run(["flite", "-voice", voice, "-t", text, "-o", str(wav)], check=True)
        return decode(wav)


def decode(path: Path) -> np.ndarray:
    """Any sound file as int16 samples at EAR_RATE_HZ, mono."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=EAR_RATE_HZ)
    pieces = []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
        pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    return np.concatenate(pieces)


def encode(samples: np.ndarray) -> bytes:
    """Samples as an Ogg Opus file."""
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=EAR_RATE_HZ, layout="mono")
        stream.bit_rate = BIT_RATE
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.rate = EAR_RATE_HZ
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    return file.getvalue()


def write_clips(persona: Persona) -> None:
    """Make the clips that are missing and remove those that no phrase needs."""
    folder = persona.folder / CLIPS_FOLDER
    folder.mkdir(exist_ok=True)
    wanted = {clip_name(persona.voice, text): text for text in persona.spoken()}
    for stale in set(folder.glob("*.opus")) - {folder / name for name in wanted}:
        stale.unlink()
    for name, text in wanted.items():
        if not (folder / name).exists():
            (folder / name).write_bytes(encode(speak(text, persona.voice)))


def understand(decoder: Decoder, clips: Iterable[Path]) -> Iterable[str]:
    """What the recogniser makes of each clip."""
    edge = np.zeros(int(EDGE_SILENCE * EAR_RATE_HZ), np.int16)
    for clip in clips:
        decoder.start_utt()
        decoder.process_raw(np.concatenate([edge, decode(clip), edge]).tobytes(), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        yield hypothesis.hypstr if hypothesis else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="example folders; all when none is named")
    parser.add_argument("--all", action="store_true", help="print understood phrases too")
    chosen = parser.parse_args()
    decoder = Decoder(samprate=EAR_RATE_HZ, fwdflat=False, loglevel="FATAL")
    for path in sorted(EXAMPLES.glob("*/persona.json")):
        if chosen.names and path.parent.name not in chosen.names:
            continue
        persona = load_persona(path)
        write_clips(persona)
        total, seconds = WordErrors(0, 0), 0.0
        for text in persona.spoken():
            clip = spoken_clip(persona, text)
            assert clip is not None
            seconds += len(decode(clip)) / EAR_RATE_HZ
            (heard,) = understand(decoder, [clip])
            errors = word_errors(text, heard)
            total += errors
            if errors.errors or chosen.all:
                print(f"  {errors.errors}/{errors.words}  {text!r}\n        {heard!r}")
        print(
            f"{path.parent.name}: word error rate {total.rate:.1%} of {total.words} words, "
            f"{seconds:.0f} s of speech"
        )


if __name__ == "__main__":
    main()

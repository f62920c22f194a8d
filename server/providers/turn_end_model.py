"""One end-of-turn model in onnxruntime: checked and tried when it is loaded, then asked. Knows no pipe and no
talk."""

import math
import resource
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnxruntime

from media.frames import EAR_RATE_HZ
from media.resampler import resample
from media.turn_end_features import HOP_SAMPLES, MEL_BANDS, as_floats, fitted, levelled, log_mel
from server.providers.turn_end_manifest import InputKind, TurnEndManifest, TurnEndUnfit, known_as

TRIALS: Final = 3
_FLOATS: Final = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class TurnEndModel:
    """A model that has passed its trial."""

    def __init__(self, path: Path, manifest: TurnEndManifest) -> None:
        """Load, check and try it. Raises TurnEndUnfit, or MemoryError."""
        self.name = known_as(manifest)
        self.sound_duration = manifest.seconds
        self._path = path
        self._manifest = manifest
        self._session = _load(path)
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or not outputs:
            wanted = ", ".join(one.name for one in inputs) or "nothing"
            raise TurnEndUnfit(f"{path} wants {wanted} as inputs; an end-of-turn model has one.")
        self._input = str(inputs[0].name)
        self._output = str(outputs[0].name)
        if inputs[0].type not in _FLOATS:
            raise TurnEndUnfit(f"{path} wants {inputs[0].type} as input, not floats.")
        self._dtype = _FLOATS[inputs[0].type]
        self._kind = manifest.input or _kind_of(path, list(inputs[0].shape))
        self._normalize = manifest.normalize if manifest.normalize is not None else self._kind == "log_mel"
        self._check_shape(list(inputs[0].shape))
        self.look_duration = self._try()
        """Seconds of CPU that a look takes, the best of the trials: a busy start doesn't lengthen it."""

    def score(self, pcm: bytes) -> float | None:
        """Judge mono s16le at EAR_RATE_HZ -> 0–1, that the turn is over; None where the model gives no
        number."""
        try:
            number = float(np.asarray(self._run(pcm)).reshape(-1)[0])
        except (TurnEndUnfit, ValueError, IndexError):
            return None
        if not math.isfinite(number):
            return None
        if self._manifest.output == "logit":
            number = 1 / (1 + math.exp(-min(max(number, -60.0), 60.0)))
        return min(max(number, 0.0), 1.0)

    def _prepare(self, pcm: bytes) -> npt.NDArray[Any]:
        """The newest sound as the model's input, a batch of one."""
        rate = self._manifest.sample_rate
        if rate != EAR_RATE_HZ:
            pcm = resample(pcm, EAR_RATE_HZ, rate)
        samples = fitted(
            as_floats(pcm), round(self._manifest.seconds * rate), pad_left=self._manifest.padding == "left"
        )
        if self._normalize:
            samples = levelled(samples)
        made = log_mel(samples) if self._kind == "log_mel" else samples
        return made[None].astype(self._dtype, copy=False)

    def _check_shape(self, wanted: list[object]) -> None:
        """Compare what the model declares with what it will be given; a dimension without a number takes
        any."""
        given = self._given_shape()
        fits = len(wanted) == len(given) and all(
            not isinstance(size, int) or size == ours for size, ours in zip(wanted, given, strict=True)
        )
        if not fits:
            raise TurnEndUnfit(
                f"{self._path} wants an input of {_as_text(wanted)}, but {self._manifest.seconds:g} s as "
                f"{self._kind} are {_as_text(list(given))}: put its input and seconds into "
                f"{self._path.with_suffix('.json').name} beside it."
            )

    def _given_shape(self) -> tuple[int, ...]:
        if self._kind == "log_mel":
            return (1, MEL_BANDS, round(self._manifest.seconds * EAR_RATE_HZ) // HOP_SAMPLES)
        return (1, round(self._manifest.seconds * self._manifest.sample_rate))

    def _try(self) -> float:
        """Look at silence and at noise, and check what comes out. Returns the CPU seconds of the
        cheapest look."""
        count = round(self._manifest.seconds * EAR_RATE_HZ)
        noise = np.random.default_rng(1).normal(0, 1_000, count).astype(np.int16).tobytes()
        cheapest = math.inf
        for pcm in (b"", *(noise,) * TRIALS):
            began = _cpu_seconds()
            self._check_output(self._run(pcm))
            cheapest = min(cheapest, _cpu_seconds() - began)
        return cheapest

    def _run(self, pcm: bytes) -> object:
        try:
            return self._session.run([self._output], {self._input: self._prepare(pcm)})[0]
        except Exception as error:  # onnxruntime has a class for each of its faults, and no public base
            raise TurnEndUnfit(f"{self._path} fails at a look ({_first_line(error)}).") from None

    def _check_output(self, output: object) -> None:
        if not isinstance(output, np.ndarray) or output.size != 1 or output.dtype.kind != "f":
            shape = f"{output.dtype} {output.shape}" if isinstance(output, np.ndarray) else "no numbers"
            raise TurnEndUnfit(f"{self._path} gives {shape}; an end-of-turn model gives one number.")
        number = float(output.reshape(-1)[0])
        if not math.isfinite(number):
            raise TurnEndUnfit(f"{self._path} gives no finite number for silence or noise.")
        if self._manifest.output == "probability" and not 0.0 <= number <= 1.0:
            raise TurnEndUnfit(
                f"{self._path} gives {number:.3g}, which is no probability: if it is a logit, say so with "
                f'"output": "logit" in {self._path.with_suffix(".json").name} beside it.'
            )


def _load(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # looks come one at a time, beside talks that need the other cores
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # as above: whatever a broken file raises
        raise TurnEndUnfit(f"{path} is no model that onnxruntime can load ({_first_line(error)}).") from None


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _kind_of(path: Path, shape: list[object]) -> InputKind:
    match len(shape):
        case 3:
            return "log_mel"
        case 2:
            return "waveform"
        case _:
            raise TurnEndUnfit(
                f"{path} wants an input of {_as_text(shape)}; features have three dimensions, a waveform two."
            )


def _as_text(shape: list[object]) -> str:
    return " × ".join(str(size) if isinstance(size, int) else "any" for size in shape) or "nothing"


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]

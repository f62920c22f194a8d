"""Which file is the end-of-turn model, and what it wants: the path that an operator gave, and the notes
beside the model. Knows nothing of how a model runs."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from media.frames import EAR_RATE_HZ
from media.turn_end_sound import KEPT_DURATION

MAX_MODEL_BYTES: Final = 1 << 30
MAX_MANIFEST_BYTES: Final = 1 << 16

FAMILIES: Final = ("smart-turn-v3",)
"""A file whose name begins so is one of these: `smart-turn-v3.2-cpu.onnx` shares what is known of them."""

InputKind = Literal["log_mel", "waveform"]


class TurnEndUnfit(Exception):
    """A model can't be used. The message is a sentence for the operator."""


Share = Annotated[float, Field(ge=0.0001, le=0.9999)]


class TradeOff(BaseModel):
    """What taking the turn at one score means."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    score: Share
    false_accept: Share
    """Share of pauses within turns that score so high."""
    detection: Share
    """Share of ends that do."""


class TurnEndManifest(BaseModel):
    """What a model is and wants: `model.json` beside `model.onnx`. The defaults are those of Smart Turn
    v3."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None
    """By which its scores are known and calibrated. Default: its family's, or the file's without its end."""
    input: InputKind | None = None
    """`log_mel`: Whisper's features, (1, 80, 100 a second); `waveform`: samples in ±1, (1, n). Default: as
    many dimensions as the model's input has tell."""
    sample_rate: Annotated[int, Field(ge=8_000, le=48_000)] = EAR_RATE_HZ
    """Hz of a waveform; features are made of 16 kHz alone."""
    seconds: Annotated[float, Field(ge=0.2, le=30.0)] = KEPT_DURATION
    """How much of the newest sound it looks at. What is missing is silence, on the side of `padding`."""
    padding: Literal["left", "right"] = "left"
    normalize: bool | None = None
    """Bring the sound to zero mean and unit variance first. Default: for features, as Smart Turn wants it."""
    output: Literal["probability", "logit"] = "probability"
    """What its one number is; of a logit the sigmoid is taken."""

    calibration: Annotated[tuple[TradeOff, ...], Field(min_length=2, max_length=2)] | None = None
    """Two measured points, which say what its scores are worth. Default: what is known by its name."""

    @model_validator(mode="after")
    def _points_lie_apart(self) -> Self:
        if self.calibration is not None:
            strict, loose = sorted(self.calibration, key=lambda point: -point.score)
            if not (
                strict.score > loose.score
                and strict.false_accept < loose.false_accept
                and strict.detection < loose.detection
                and all(point.false_accept < point.detection for point in self.calibration)
            ):
                raise ValueError(
                    "of calibration's two points, the one with the higher score has the lower shares, and in"
                    " both more ends are found than pauses cut"
                )
        return self

    @model_validator(mode="after")
    def _features_have_one_rate(self) -> Self:
        if self.input == "log_mel" and self.sample_rate != EAR_RATE_HZ:
            raise ValueError(f"the features of log_mel are made at {EAR_RATE_HZ} Hz; leave sample_rate out")
        return self


def known_as(manifest: TurnEndManifest) -> str:
    """The name that the model's scores go by, with its own calibration if it has one: dialog.calibration."""
    points = (
        f" {_plain(point.false_accept)}/{_plain(point.detection)}@{_plain(point.score)}"
        for point in sorted(manifest.calibration or (), key=lambda point: -point.score)
    )
    return f"{manifest.name}{''.join(points)}"


def _plain(share: float) -> str:
    return f"{share:.6f}".rstrip("0")


def find_model(path: Path) -> tuple[Path, TurnEndManifest]:
    """The model's file, given it or its directory, and its notes, its name filled in. Raises TurnEndUnfit."""
    try:
        model = _file_of(path)
        size = model.stat().st_size
    except OSError as error:
        raise TurnEndUnfit(f"{path} can't be read ({error.strerror}).") from None
    if not 0 < size <= MAX_MODEL_BYTES:
        raise TurnEndUnfit(f"{model} is no model: it has {size:,} bytes.")
    manifest = _manifest_of(model)
    return model, manifest if manifest.name else manifest.model_copy(update={"name": _name_of(model)})


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        if not path.exists():
            raise TurnEndUnfit(f"{path} doesn't exist.")
        return path
    models = sorted(path.glob("*.onnx"))
    if path / "model.onnx" in models:
        return path / "model.onnx"
    if len(models) != 1:
        raise TurnEndUnfit(
            f"{path} holds {len(models)} files that end in .onnx, and none is model.onnx: name the one meant."
        )
    return models[0]


def _manifest_of(model: Path) -> TurnEndManifest:
    beside = model.with_suffix(".json")
    try:
        with beside.open("rb") as file:
            text = file.read(MAX_MANIFEST_BYTES + 1)
    except FileNotFoundError:
        return TurnEndManifest()
    except OSError as error:
        raise TurnEndUnfit(f"{beside} can't be read ({error.strerror}).") from None
    if len(text) > MAX_MANIFEST_BYTES:
        raise TurnEndUnfit(f"{beside} is too long to be what describes a model.")
    try:
        return TurnEndManifest.model_validate_json(text)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'it'}: {fault['msg']}" for fault in error.errors()[:5]
        )
        raise TurnEndUnfit(f"{beside} doesn't describe a model ({faults}).") from None


def _name_of(model: Path) -> str:
    """A file's name as a model's: what can't be in one becomes a hyphen."""
    for family in FAMILIES:
        if model.stem.startswith(family):
            return family
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in model.stem)
    return kept.lstrip("._-")[:64] or "model"

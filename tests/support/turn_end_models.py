"""Small end-of-turn models, made where they are needed: they find a turn over when its last 300 ms are
quiet."""

import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TAIL: Final = 0.3
QUIET_RMS: Final = 0.01
"""−40 dBFS: half way between over and not over."""
_OPSET: Final = 17
_IR_VERSION: Final = 9


def write_model(
    path: Path,
    nodes: list[onnx.NodeProto],
    constants: dict[str, Any],
    shape: list[int | str],
    *,
    input_name: str = "sound",
    input_type: int = TensorProto.FLOAT,
    output_shape: list[int | str] | None = None,
    output_type: int = TensorProto.FLOAT,
) -> Path:
    """A graph from its one input to `over`."""
    graph = helper.make_graph(
        nodes,
        "turn end",
        [helper.make_tensor_value_info(input_name, input_type, shape)],
        [helper.make_tensor_value_info("over", output_type, output_shape or [1, 1])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=_IR_VERSION)
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    return path


def describe(model: Path, **notes: object) -> Path:
    """Write the notes beside a model."""
    model.with_suffix(".json").write_text(json.dumps(notes))
    return model


def waveform_model(path: Path, *, seconds: float = 2.0, rate_hz: int = 16_000, logit: bool = False) -> Path:
    """Judges samples by the power of the last 300 ms: 40 dB below full scale is even odds, 10 dB are 2.3 in
    logit."""
    count = round(seconds * rate_hz)
    nodes = [
        helper.make_node("Slice", ["sound", "from", "to", "axis"], ["tail"]),
        helper.make_node("Mul", ["tail", "tail"], ["squares"]),
        helper.make_node("ReduceMean", ["squares"], ["power"], axes=[1], keepdims=1),
        helper.make_node("Add", ["power", "floor"], ["raised"]),
        helper.make_node("Log", ["raised"], ["log"]),
        helper.make_node("Sub", ["limit", "log"], ["over" if logit else "logit"]),
    ]
    if not logit:
        nodes.append(helper.make_node("Sigmoid", ["logit"], ["over"]))
    constants = {
        "from": np.array([count - round(TAIL * rate_hz)], np.int64),
        "to": np.array([count], np.int64),
        "axis": np.array([1], np.int64),
        "floor": np.array([[1e-10]], np.float32),
        "limit": np.array([[np.log(QUIET_RMS**2)]], np.float32),
    }
    return write_model(path, nodes, constants, ["batch", count])


def features_model(path: Path, *, seconds: float = 8.0) -> Path:
    """Judges Whisper's features by the mean of the last 300 ms over all bands, as Smart Turn's shapes have
    it."""
    frames = round(seconds * 100)
    nodes = [
        helper.make_node("Slice", ["input_features", "from", "to", "axis"], ["tail"]),
        helper.make_node("ReduceMean", ["tail"], ["tail_mean"], axes=[1, 2], keepdims=0),
        helper.make_node("ReduceMax", ["input_features"], ["loudest"], axes=[1, 2], keepdims=0),
        helper.make_node("Sub", ["loudest", "tail_mean"], ["depth"]),
        helper.make_node("Sub", ["depth", "limit"], ["deeper"]),
        helper.make_node("Mul", ["deeper", "slope"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["flat"]),
        helper.make_node("Unsqueeze", ["flat", "last"], ["over"]),
    ]
    constants = {
        "from": np.array([frames - 30], np.int64),
        "to": np.array([frames], np.int64),
        "axis": np.array([2], np.int64),
        "limit": np.array([1.35], np.float32),
        "slope": np.array([12.0], np.float32),
        "last": np.array([1], np.int64),
    }
    return write_model(path, nodes, constants, ["batch", 80, frames], input_name="input_features")

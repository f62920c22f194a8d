"""A model of the shape of Smart Turn v3, with random weights: the encoder of Whisper Tiny over eight
seconds, pooled to one number, its weights quantised. It costs about what the real one costs, and knows
nothing."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from onnx import helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from tests.support.turn_end_models import write_model

FRAMES: Final = 800
WIDTH: Final = 384
HEADS: Final = 6
LAYERS: Final = 4


class _Graph:
    """Nodes one after the other, and their weights."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, Any] = {}
        self._rng = np.random.default_rng(seed)

    def weights(self, *shape: int) -> str:
        name = f"w{len(self.constants)}"
        spread = 1 / np.sqrt(shape[0] if len(shape) == 2 else np.prod(shape[1:], dtype=float) or 1)
        self.constants[name] = self._rng.normal(0, spread, shape).astype(np.float32)
        return name

    def constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def add(self, op: str, *inputs: str, into: str | None = None, **attributes: Any) -> str:
        output = into or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, list(inputs), [output], **attributes))
        return output

    def dense(self, x: str, size_in: int, size_out: int) -> str:
        return self.add("Add", self.add("MatMul", x, self.weights(size_in, size_out)), self.weights(size_out))

    def gelu(self, x: str) -> str:
        half, one = self.constant(np.float32(0.5)), self.constant(np.float32(1.0))
        error = self.add("Erf", self.add("Div", x, self.constant(np.float32(np.sqrt(2)))))
        return self.add("Mul", self.add("Mul", x, half), self.add("Add", error, one))

    def norm(self, x: str) -> str:
        ones, zeros = self.constant(np.ones(WIDTH, np.float32)), self.constant(np.zeros(WIDTH, np.float32))
        return self.add("LayerNormalization", x, ones, zeros, axis=-1)

    def attention(self, x: str) -> str:
        split = self.constant(np.array([1, -1, HEADS, WIDTH // HEADS], np.int64))
        query, value = (
            self.add("Transpose", self.add("Reshape", self.dense(x, WIDTH, WIDTH), split), perm=[0, 2, 1, 3])
            for _ in range(2)
        )
        keys = self.add("Reshape", self.dense(x, WIDTH, WIDTH), split)
        likeness = self.add("MatMul", query, self.add("Transpose", keys, perm=[0, 2, 3, 1]))
        scaled = self.add("Mul", likeness, self.constant(np.float32((WIDTH // HEADS) ** -0.5)))
        mixed = self.add("MatMul", self.add("Softmax", scaled, axis=-1), value)
        joined = self.constant(np.array([1, -1, WIDTH], np.int64))
        flat = self.add("Reshape", self.add("Transpose", mixed, perm=[0, 2, 1, 3]), joined)
        return self.dense(flat, WIDTH, WIDTH)


def write_whisper_shape(path: Path, seed: int = 1) -> Path:
    """Write it: 8 million weights of 8 bits."""
    graph = _Graph(seed)
    x = graph.add("Conv", "input_features", graph.weights(WIDTH, 80, 3), graph.weights(WIDTH), pads=[1, 1])
    x = graph.add(
        "Conv", graph.gelu(x), graph.weights(WIDTH, WIDTH, 3), graph.weights(WIDTH), pads=[1, 1], strides=[2]
    )
    x = graph.add("Transpose", graph.gelu(x), perm=[0, 2, 1])
    x = graph.add("Add", x, graph.weights(FRAMES // 2, WIDTH))
    for _ in range(LAYERS):
        x = graph.add("Add", x, graph.attention(graph.norm(x)))
        wide = graph.gelu(graph.dense(graph.norm(x), WIDTH, 4 * WIDTH))
        x = graph.add("Add", x, graph.dense(wide, 4 * WIDTH, WIDTH))
    pooled = graph.add("ReduceMean", graph.norm(x), axes=[1], keepdims=0)
    graph.add("Sigmoid", graph.dense(pooled, WIDTH, 1), into="over")
    shape: list[int | str] = ["batch", 80, FRAMES]
    exact = path.with_stem("exact")
    write_model(exact, graph.nodes, graph.constants, shape, input_name="input_features")
    quantize_dynamic(exact, path, weight_type=QuantType.QUInt8)
    return path

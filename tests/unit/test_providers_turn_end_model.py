from pathlib import Path
from random import Random

import numpy as np
import pytest
from onnx import TensorProto, helper

from media.frames import EAR_RATE_HZ
from server.providers.turn_end_manifest import TurnEndUnfit, find_model
from server.providers.turn_end_model import TurnEndModel
from tests.support.speech import silence, speech_pcm
from tests.support.turn_end_models import describe, features_model, waveform_model, write_model

SPEECH = speech_pcm()[: 3 * EAR_RATE_HZ * 2]


def loaded(path: Path) -> TurnEndModel:
    return TurnEndModel(*find_model(path))


def refusal(path: Path) -> str:
    with pytest.raises(TurnEndUnfit) as refused:
        loaded(path)
    return str(refused.value)


def score(model: TurnEndModel, pcm: bytes) -> float:
    found = model.score(pcm)
    assert found is not None
    return found


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "model.onnx"


def test_a_model_of_features_needs_no_notes(place: Path) -> None:
    model = loaded(features_model(place))

    assert score(model, SPEECH) < 0.5 < score(model, SPEECH + silence(0.5))
    assert ("model", 8.0) == (model.name, model.sound_duration)
    assert 0 < model.look_duration < 1


def test_a_model_of_a_waveform_needs_its_length_told(place: Path) -> None:
    waveform_model(place, seconds=2.0)
    told = refusal(place)
    model = loaded(describe(place, seconds=2.0))

    assert "1 × 128000" in told
    assert "any × 32000" in told
    assert score(model, SPEECH) < 0.5 < score(model, SPEECH + silence(0.5))


@pytest.mark.parametrize("rate_hz", [8_000, 24_000])
def test_a_waveform_is_resampled_to_what_the_model_wants(place: Path, rate_hz: int) -> None:
    model = loaded(describe(waveform_model(place, rate_hz=rate_hz), seconds=2.0, sample_rate=rate_hz))

    assert score(model, SPEECH) < 0.5 < score(model, SPEECH + silence(0.5))


def test_a_logit_becomes_a_probability(place: Path) -> None:
    plain = loaded(describe(waveform_model(place), seconds=2.0))
    logit = loaded(describe(waveform_model(place, logit=True), seconds=2.0, output="logit"))

    assert score(plain, SPEECH) == pytest.approx(score(logit, SPEECH), abs=1e-6)


def test_what_is_missing_is_silence_on_the_side_that_is_named(place: Path) -> None:
    waveform_model(place)
    left = loaded(describe(place, seconds=2.0))
    right = loaded(describe(place, seconds=2.0, padding="right"))
    syllable = SPEECH[-EAR_RATE_HZ:]

    assert score(left, syllable) < 0.5 < score(right, syllable)


def test_only_the_newest_sound_counts(place: Path) -> None:
    model = loaded(describe(waveform_model(place), seconds=2.0))

    assert score(model, SPEECH[-2 * EAR_RATE_HZ * 2 :]) == score(model, speech_pcm() + SPEECH)


def test_levelled_sound_is_as_loud_whatever_the_microphone(place: Path) -> None:
    model = loaded(describe(waveform_model(place), seconds=2.0, normalize=True))
    quiet = (np.frombuffer(SPEECH, np.int16) // 8).astype(np.int16).tobytes()

    assert score(model, SPEECH) == pytest.approx(score(model, quiet), abs=0.02)


@pytest.mark.parametrize("pcm", [b"", b"\0", b"\1\2\3", Random(1).randbytes(70_001)])
def test_any_sound_gets_a_score(place: Path, pcm: bytes) -> None:
    assert 0 <= score(loaded(features_model(place)), pcm) <= 1


def one_node(
    place: Path,
    op: str,
    shape: list[int | str],
    output: list[int | str],
    *,
    input_type: int = TensorProto.FLOAT,
    output_type: int = TensorProto.FLOAT,
) -> Path:
    nodes = [helper.make_node(op, ["sound"], ["over"])]
    return write_model(
        place, nodes, {}, shape, output_shape=output, input_type=input_type, output_type=output_type
    )


def test_a_logit_that_is_taken_for_a_probability_is_noticed(place: Path) -> None:
    told = refusal(describe(waveform_model(place, logit=True), seconds=2.0))

    assert '"output": "logit"' in told


def test_a_model_of_other_shapes_says_which_and_where_to_put_it_right(place: Path) -> None:
    whisper = refusal(features_model(place, seconds=30.0))
    image = refusal(one_node(place, "Identity", [1, 3, 224, 224], [1, 3, 224, 224]))

    assert "any × 80 × 3000" in whisper
    assert "1 × 80 × 800" in whisper
    assert "model.json" in whisper
    assert "1 × 3 × 224 × 224" in image


def test_a_model_that_gives_more_than_one_number_is_refused(place: Path) -> None:
    assert "one number" in refusal(one_node(place, "Sigmoid", ["batch", "samples"], ["batch", "samples"]))


def test_a_model_of_integers_is_refused(place: Path) -> None:
    told = refusal(one_node(place, "Identity", [1, 8], [1, 8], input_type=TensorProto.INT64, output_type=7))

    assert "int64" in told


def test_a_model_with_two_inputs_is_refused(place: Path) -> None:
    import onnx

    shape = [1, 128_000]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("sound", "state")]
    over = helper.make_tensor_value_info("over", TensorProto.FLOAT, shape)
    graph = helper.make_graph([helper.make_node("Add", ["sound", "state"], ["over"])], "two", inputs, [over])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, str(place))

    assert "sound, state" in refusal(place)


def test_a_model_that_gives_no_number_is_refused(place: Path) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["sound"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Div", ["mean", "nothing"], ["over"]),
    ]
    write_model(place, nodes, {"nothing": np.zeros((1, 1), np.float32)}, ["batch", 128_000])

    assert "no finite number" in refusal(place)


def test_a_model_that_fails_at_a_look_is_refused(place: Path) -> None:
    nodes = [helper.make_node("Reshape", ["sound", "shape"], ["over"])]
    write_model(
        place, nodes, {"shape": np.array([7, 7], np.int64)}, ["batch", "samples"], output_shape=[7, 7]
    )

    assert "fails at a look" in refusal(place)


@pytest.mark.parametrize("seed", range(8))
def test_a_file_of_anything_is_refused(place: Path, seed: int) -> None:
    place.write_bytes(Random(seed).randbytes(1 << seed + 4))

    assert "no model that onnxruntime can load" in refusal(place)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_half_a_model_is_refused(place: Path, share: float) -> None:
    whole = features_model(place).read_bytes()
    place.write_bytes(whole[: int(share * len(whole))])

    assert "\n" not in refusal(place)

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialog.calibration import detector_of
from server.providers.turn_end_manifest import TurnEndManifest, TurnEndUnfit, find_model, known_as


def model_file(folder: Path, name: str = "model.onnx", notes: object = None) -> Path:
    path = folder / name
    path.write_bytes(b"some model")
    if notes is not None:
        text = notes if isinstance(notes, str) else json.dumps(notes)
        path.with_suffix(".json").write_text(text)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(TurnEndUnfit) as refused:
        find_model(path)
    return str(refused.value)


def test_without_notes_a_model_is_taken_as_smart_turn_is(tmp_path: Path) -> None:
    path = model_file(tmp_path, "smart-turn-v3.2-cpu.onnx")

    assert (path, TurnEndManifest(name="smart-turn-v3")) == find_model(path)
    assert (8.0, "left", "probability") == (
        TurnEndManifest().seconds,
        TurnEndManifest().padding,
        TurnEndManifest().output,
    )


def test_a_directory_stands_for_its_only_model(tmp_path: Path) -> None:
    path = model_file(tmp_path, "ears.onnx")

    assert path == find_model(tmp_path)[0]


def test_of_several_models_in_a_directory_the_one_named_model_is_meant(tmp_path: Path) -> None:
    model_file(tmp_path, "ears.onnx")
    path = model_file(tmp_path)

    assert path == find_model(tmp_path)[0]


def test_notes_beside_the_model_say_what_it_is(tmp_path: Path) -> None:
    notes = {
        "name": "ears-2",
        "input": "waveform",
        "sample_rate": 8000,
        "seconds": 4,
        "padding": "right",
        "normalize": True,
        "output": "logit",
    }
    path = model_file(tmp_path, notes=notes)

    assert notes == find_model(path)[1].model_dump(exclude_none=True)


LOOSE = {"score": 0.1, "false_accept": 0.25, "detection": 0.85}
STRICT = {"score": 0.5, "false_accept": 0.1, "detection": 0.6}


def test_a_calibration_goes_with_the_name_to_where_scores_are_weighed(tmp_path: Path) -> None:
    path = model_file(tmp_path, "ears.onnx", {"calibration": [LOOSE, STRICT]})
    name = known_as(find_model(path)[1])

    assert "ears 0.1/0.6@0.5 0.25/0.85@0.1" == name
    assert detector_of(name) is not None


@pytest.mark.parametrize(
    "points",
    [
        [],
        [LOOSE],
        [LOOSE, LOOSE],
        [LOOSE, STRICT, STRICT],
        [LOOSE, STRICT | {"detection": 0.9}],
        [LOOSE, STRICT | {"false_accept": 0.3}],
        [LOOSE, STRICT | {"detection": 0.05}],
        [LOOSE, STRICT | {"score": 1.0}],
        [LOOSE, {"score": 0.5}],
    ],
)
def test_a_calibration_that_can_not_be_is_refused(tmp_path: Path, points: object) -> None:
    assert "calibration" in refusal(model_file(tmp_path, notes={"calibration": points}))


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("ears v2 (int8)", "ears-v2--int8-"),
        ("..hidden", "hidden"),
        ("Ohr-größer", "Ohr-gr--er"),
        ("ß", "model"),
    ],
)
def test_a_name_is_made_of_any_file_name(tmp_path: Path, stem: str, name: str) -> None:
    found = find_model(model_file(tmp_path, f"{stem}.onnx"))[1].name or ""

    assert name.strip("-") == found.strip("-")
    assert TurnEndManifest(name=found).name == found


@pytest.mark.parametrize(
    ("notes", "place"),
    [
        ("", "it"),
        ("[]", "it"),
        ("{", "it"),
        ("\ud800", "it"),
        ({"name": "../../etc"}, "name"),
        ({"name": ""}, "name"),
        ({"input": "mfcc"}, "input"),
        ({"sample_rate": 0}, "sample_rate"),
        ({"seconds": 1e9}, "seconds"),
        ('{"seconds": NaN}', "seconds"),
        ({"padding": "both"}, "padding"),
        ({"input": "log_mel", "sample_rate": 8000}, "sample_rate"),
        ({"outptu": "logit"}, "outptu"),
    ],
)
def test_notes_that_describe_no_model_are_one_sentence_that_names_the_place(
    tmp_path: Path, notes: object, place: str
) -> None:
    path = model_file(tmp_path)
    text = notes if isinstance(notes, str) else json.dumps(notes)
    path.with_suffix(".json").write_bytes(text.encode("utf-8", "surrogatepass"))
    told = refusal(path)

    assert told.startswith(f"{path.with_suffix('.json')} doesn't describe a model (")
    assert place in told
    assert "\n" not in told


def test_notes_that_are_too_long_are_not_read(tmp_path: Path) -> None:
    assert "too long" in refusal(model_file(tmp_path, notes=" " * 70_000 + "{}"))


def test_what_is_not_there_or_empty_or_ambiguous_is_told(tmp_path: Path) -> None:
    empty = tmp_path / "empty.onnx"
    empty.touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    none = refusal(folder)
    model_file(folder, "a.onnx")
    model_file(folder, "b.onnx")

    assert f"{tmp_path / 'nowhere'} doesn't exist." == refusal(tmp_path / "nowhere")
    assert "0 bytes" in refusal(empty)
    assert "0 files" in none
    assert "2 files" in refusal(folder)


def test_a_directory_in_the_notes_place_is_told(tmp_path: Path) -> None:
    path = model_file(tmp_path)
    path.with_suffix(".json").mkdir()

    assert "can't be read" in refusal(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_any_bytes_as_notes_are_taken_or_refused(tmp_path: Path, notes: bytes) -> None:
    path = model_file(tmp_path)
    path.with_suffix(".json").write_bytes(notes)

    try:
        told = str(find_model(path)[1].name)
    except TurnEndUnfit as refused:
        told = str(refused)

    assert told
    assert "\n" not in told

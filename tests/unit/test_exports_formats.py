"""Each format of an export, made of played talks and of what nobody should say."""

import csv
import gc
import io
import json
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st

from server.api.studies.story import TEXTS
from server.pipeline.exports.file_names import file_name
from server.pipeline.exports.markdown import escaped, markdown
from server.pipeline.exports.material import Material
from server.pipeline.exports.qda_project import PROJECT_FILE, guid
from server.pipeline.exports.qda_text import coded_text
from server.pipeline.exports.run_formats import FILES, Beside, archive_head, as_json, as_web_vtt
from server.pipeline.exports.study_formats import QdaArchive, ResponsesTable, RunLines, StudyFile
from server.pipeline.exports.tables import COLUMNS, safe_cell
from server.pipeline.exports.zip_stream import PIECE_SIZE, ZipStream
from tests.support.blueprints import blueprint, question, two_questions
from tests.support.house import ROOT
from tests.support.materials import RUN_ID, WHEN, material

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent.parent / "data" / "refi-qda-Project.xsd")
QDA = {"q": "urn:QDA-XML:project:1.0"}
RIVER = "we sang songs by the river"


def file_of(file: StudyFile, *materials: Material) -> bytes:
    pieces: list[bytes] = [*file.begin()]
    for one in materials:
        pieces += file.add(one)
    pieces += file.end()
    file.close()
    return b"".join(pieces)


def unzipped(pieces: bytes | Iterable[bytes]) -> dict[str, bytes]:
    data = pieces if isinstance(pieces, bytes) else b"".join(pieces)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def project(tmp_path: Path, *materials: Material) -> tuple[ElementTree.Element, dict[str, str]]:
    """A REFI-QDA project that has been validated, and its sources' texts by the name that it has for them."""
    files = unzipped(file_of(QdaArchive("Morning & evening", WHEN, tmp_path), *materials))
    document = files.pop(PROJECT_FILE)
    SCHEMA.validate(io.BytesIO(document))
    texts = {
        f"internal://{name.removeprefix('Sources/')}": content.decode() for name, content in files.items()
    }
    return ElementTree.fromstring(document), texts


def table(*materials: Material) -> list[dict[str, str]]:
    text = file_of(ResponsesTable(), *materials).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


# The archive


def test_an_archive_can_be_taken_away_as_it_is_written(tmp_path: Path) -> None:
    sound = tmp_path / "sound"
    sound.write_bytes(bytes(range(256)) * 2_000)
    stream = ZipStream(WHEN)
    pieces = [*stream.add("a.txt", [b"one ", b"two"]), *stream.add_file("b.ogg", sound), stream.close()]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))

    assert {"a.txt": b"one two", "b.ogg": sound.read_bytes()} == unzipped(pieces)
    assert max(map(len, pieces)) <= PIECE_SIZE + 200
    assert zipfile.ZIP_STORED == archive.getinfo("b.ogg").compress_type
    assert (2026, 9, 21, 14, 13, 20) == archive.getinfo("a.txt").date_time


def test_an_archive_can_be_let_go_of_at_any_point() -> None:
    for begun in (False, True):
        stream = ZipStream(WHEN)
        list(stream.add("a.txt", [b"one"]))
        if begun:
            stream.begin("b.txt")
            stream.write(b"half")
        stream.abandon()
        stream.abandon()
    gc.collect()  # an archive that is collected while it is open complains


def test_a_runs_archive_names_each_of_its_files(tmp_path: Path) -> None:
    stream = ZipStream(WHEN)
    beside = Beside(consent={"status": "granted"}, recording=None)
    talk = material(themes=[("the river", "by the river")])
    files = unzipped([*archive_head(stream, talk, beside), stream.close()])
    readme = files["README.txt"].decode()

    assert set(files) <= set(FILES)
    assert all(name in readme for name in files)
    assert "recording.ogg" not in readme
    assert talk.run == json.loads(files["run.json"])
    assert "river" in files["analysis.json"].decode()
    assert 2 == len(list(csv.DictReader(io.StringIO(files["responses.csv"].decode())))), "a row a question"


def test_a_runs_archive_holds_no_analysis_where_there_is_none() -> None:
    stream = ZipStream(WHEN)
    files = unzipped([*archive_head(stream, material(), Beside(None, None, "Left out.")), stream.close()])

    assert not {"analysis.json", "consent.json"} & set(files)
    assert "analysis.json" not in files["README.txt"].decode()
    assert "Left out." in files["README.txt"].decode()


def test_the_document_of_a_run_is_one_json() -> None:
    document = json.loads(b"".join(as_json(material())))

    assert ["object", "run", "disposition", "transcript", "responses", "analysis"] == list(document)


# The table


def test_a_table_has_a_row_for_each_run_and_question() -> None:
    rows = table(material(), material(run_id="run_" + "2" * 32))

    assert list(COLUMNS) == list(rows[0])
    assert ["morning", "evening"] * 2 == [row["question_key"] for row in rows]
    assert [RUN_ID] * 2 + ["run_" + "2" * 32] * 2 == [row["run_id"] for row in rows]
    assert RIVER == rows[1]["verbatim"]
    assert ("true", "1.1", "3", "e-17") == tuple(
        rows[0][name] for name in ("answered", "disposition", "blueprint_version", "external_id")
    )


def test_lines_of_a_table_end_as_rfc_4180_has_it() -> None:
    text = file_of(ResponsesTable(), material('it was "fine", really', RIVER)).decode()
    lines = text.split("\r\n")

    assert 4 == len(lines)
    assert "" == lines[-1]
    assert '"it was ""fine"", really"' in lines[1]
    assert [",".join(COLUMNS), ""] == file_of(ResponsesTable()).decode().split("\r\n")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_cell_begins_like_a_formula(start: str) -> None:
    assert f"'{start}cmd|' /C calc'!A0" == safe_cell(f"{start}cmd|' /C calc'!A0")


def test_what_anybody_told_cannot_become_a_formula() -> None:
    rows = table(
        material("=1+1 is what i told her", RIVER, name="@SUM(A1)", external_id="-7", metadata={"=a": "=b"})
    )

    assert ("'=1+1 is what i told her", "'@SUM(A1)", "'-7") == tuple(
        rows[0][name] for name in ("verbatim", "participant_name", "external_id")
    )
    assert not any(value.startswith(("=", "+", "-", "@")) for row in rows for value in row.values())


@given(st.text())
def test_a_safe_cell_comes_back_as_it_was(text: str) -> None:
    safe = safe_cell(text)

    assert text == (safe if safe == text else safe.removeprefix("'"))


def test_lines_hold_a_document_for_each_run() -> None:
    lines = file_of(RunLines(), material(), material(run_id="run_" + "2" * 32)).splitlines()

    assert [RUN_ID, "run_" + "2" * 32] == [json.loads(line)["run"]["id"] for line in lines]


# For reading


def test_markdown_has_the_questions_as_headings_and_who_said_what_when() -> None:
    text = markdown(material(themes=[("the river", "by the river")]))
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)

    assert ["Opening", "1. How did your morning begin?", "2. How did your evening end?"] == headings[:3]
    assert re.search(r"^`\d\d:\d\d` \*\*Participant:\*\* we sang songs by the river$", text, re.MULTILINE)
    assert re.search(r"^`\d\d:\d\d` \*\*Interviewer:\*\* How did your morning begin\?$", text, re.MULTILINE)
    assert "> by the river" in text


@pytest.mark.parametrize(
    "said",
    [
        "<script>alert(1)</script>",
        "[here](javascript:alert(1))",
        "# no heading",
        "1. no list",
        "*no* _stress_",
    ],
)
def test_nothing_that_was_said_is_markup(said: str) -> None:
    shown = escaped(said)

    assert not re.search(r"(?<!\\)[<>\[\]*_#`]", shown)
    assert not re.match(r"\d+\.", shown)
    assert said == re.sub(r"\\(.)", r"\1", shown)


def test_subtitles_are_those_of_the_transcript() -> None:
    text = b"".join(as_web_vtt(material())).decode()

    assert text.startswith("WEBVTT\n")
    assert "<v Participant>we sang songs by the river" in text


# REFI-QDA


def test_a_project_has_a_source_and_a_case_for_each_run_and_a_code_for_each_question_and_theme(
    tmp_path: Path,
) -> None:
    themes = [("the river", "by the river"), ("songs", "sang songs")]
    document, texts = project(
        tmp_path,
        material(themes=themes),
        material(run_id="run_" + "2" * 32, themes=[("The  River", "river")]),
    )
    codes = {
        code.get("name"): [each.get("name") for each in code]
        for code in document.iterfind(".//q:Codes/q:Code", QDA)
    }

    assert {
        "Questions": ["morning: How did your morning begin?", "evening: How did your evening end?"],
        "Themes": ["songs", "the river"],
    } == codes
    assert 2 == len(document.findall(".//q:Case", QDA)) == len(document.findall(".//q:TextSource", QDA))
    assert set(texts) == {source.get("plainTextPath") for source in document.iterfind(".//q:TextSource", QDA)}


def spans(document: ElementTree.Element, texts: dict[str, str]) -> list[tuple[str, str]]:
    """Every coded passage: its code's name, and the words."""
    names = {code.get("guid"): str(code.get("name")) for code in document.iterfind(".//q:Code", QDA)}
    found = []
    for source in document.iterfind(".//q:TextSource", QDA):
        text = texts[str(source.get("plainTextPath"))]
        for selection in source.iterfind("q:PlainTextSelection", QDA):
            reference = selection.find("q:Coding/q:CodeRef", QDA)
            assert reference is not None
            start, end = (int(str(selection.get(name))) for name in ("startPosition", "endPosition"))
            found.append((names[reference.get("targetGUID")], text[start:end]))
    return found


def test_coded_passages_are_the_very_words(tmp_path: Path) -> None:
    said = "we sang 🎵 songs — naïve ones — by the river"
    document, texts = project(
        tmp_path, material("i got up at seven", said, themes=[("the river", "naïve ones — by")])
    )

    assert {
        ("morning: How did your morning begin?", "i got up at seven"),
        ("evening: How did your evening end?", said),
        ("the river", "naïve ones — by"),
    } == set(spans(document, texts))


def test_every_reference_in_a_project_leads_to_something(tmp_path: Path) -> None:
    metadata = {"team": "support", "years": 4, "<b>": "&amp;", "nothing": None}
    document, _ = project(tmp_path, material(metadata=metadata, themes=[("the river", "by the river")]))
    named = {element.get("guid") for element in document.iter()} - {None}
    targets = {element.get("targetGUID") for element in document.iter()} - {None}
    variables = [each.get("name") for each in document.iterfind(".//q:Variable", QDA)]

    assert targets <= named
    assert len([e for e in document.iter() if e.get("guid")]) == len(named)
    assert {"participant.team", "participant.years", "participant.<b>"} <= set(variables)


@pytest.mark.parametrize(
    "said",
    [
        "\x00\x01 bell \x07",
        "]]><Project>",
        "a\r\nb\tc",
        "&quot; \" ' <",
        "\ufffe\uffff",
        "\u2028",
    ],
)
def test_a_project_is_valid_whatever_was_said(tmp_path: Path, said: str) -> None:
    asked = blueprint(question("morning", f"What {said}?"), question("evening", "And then?"))
    talk = material(f"well {said} indeed", RIVER, design=asked, name=said, metadata={said: said})
    document, texts = project(tmp_path, talk)

    assert RIVER in dict(spans(document, texts)).values()
    assert all(len(text) == len(coded_text(talk).content) for text in texts.values())


def test_a_project_of_no_run_is_a_project(tmp_path: Path) -> None:
    document, texts = project(tmp_path)

    assert {} == texts
    assert "Morning & evening" == document.get("name")
    assert [] == list(tmp_path.iterdir()), "nothing is left on the disk"


def test_names_of_things_in_a_project_are_the_same_each_time() -> None:
    pattern = r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

    assert guid("code", "a") == guid("code", "a") != guid("code", "b")
    assert re.fullmatch(pattern, guid("source", RUN_ID))


# Names of files


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Tools at work", f"tools-at-work-{RUN_ID}.zip"),
        ('x"; filename="evil.exe\r\nSet-Cookie: a', f"x-filename-evil-exe-set-cookie-a-{RUN_ID}.zip"),
        ("../../etc/passwd", f"etc-passwd-{RUN_ID}.zip"),
        ("Café Ünïcode", f"cafe-unicode-{RUN_ID}.zip"),
        ("面接", f"{RUN_ID}.zip"),
    ],
)
def test_a_file_has_a_name_that_is_safe_everywhere(title: str, expected: str) -> None:
    assert expected == file_name(title, RUN_ID, "zip")


# What is written about them


def test_the_descriptions_example_of_a_table_has_its_columns() -> None:
    rows = list(csv.reader(io.StringIO(TEXTS["text/csv"], newline="")))

    assert list(COLUMNS) == rows[0]
    assert [len(COLUMNS)] == [len(row) for row in rows[1:]]


def test_the_page_on_exports_names_every_file_and_column() -> None:
    page = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    named: dict[str, Any] = {**FILES, **COLUMNS}

    assert [] == [name for name in named if f"| `{name}` |" not in page]
    assert two_questions().name not in page

"""Exports and the quality of runs over HTTP, of talks that are in the store."""

import asyncio
import csv
import gc
import io
import json
import logging
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import xmlschema

from dialog.blueprint import Blueprint
from dialog.events import AnswerStruck, SpeechHeard
from server.api.studies import exports
from server.api.studies.exports import RunExportObject
from server.api.studies.quality import QualityObject
from server.pipeline.exports.qda_project import PROJECT_FILE
from server.store.deletions import Deletions
from server.store.organizations import Tenant
from server.store.run import Participant
from tests.support.blueprints import two_questions
from tests.support.page import opened_page, start_text
from tests.support.past_talks import talk_that_was
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import small_blueprint
from tests.support.studies import program

SCHEMA = xmlschema.XMLSchema(Path(__file__).parent.parent / "data" / "refi-qda-Project.xsd")
DESIGN = two_questions(consent=False)
ANSWERS = ["i got up at seven and made coffee", "we sang songs by the river"]
SECRET = "the combination is seven eleven of course"
RUN_FORMATS = ("zip", "json", "md", "vtt", "qdpx")
STUDY_FORMATS = ("csv", "jsonl", "qdpx")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


class Exported:
    """A study with one talk that is over."""

    def __init__(self, server: RunningServer, study: Study, run_id: str) -> None:
        self.server, self.study, self.run_id = server, study, run_id

    async def get(self, path: str, **params: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.study.key}"}
        return await self.server.http.get(f"/api/v1{path}", headers=headers, params=params)

    async def run(self, format: str = "", run_id: str = "") -> httpx.Response:
        params = {"format": format} if format else {}
        return await self.get(f"/interview-runs/{run_id or self.run_id}/export", **params)

    async def blueprint(self, format: str = "") -> httpx.Response:
        blueprint_id = (await self.server.house.runs.find(self.run_id)).blueprint_id
        return await self.get(f"/blueprints/{blueprint_id}/export", **({"format": format} if format else {}))


async def exported(server: RunningServer, *answers: str, **participant: str) -> Exported:
    study = await server.study(DESIGN)
    who = Participant(**participant) if participant else None  # type: ignore[arg-type]
    run_id = await talk_that_was(server, study, DESIGN, answers or ANSWERS, participant=who)
    return Exported(server, study, run_id)


def unzipped(answer: httpx.Response) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.asyncio(loop_scope="module")
async def test_each_format_of_a_run_says_what_it_is_and_how_it_is_saved(server: RunningServer) -> None:
    talk = await exported(server, name="Kim")
    answers = {format: await talk.run(format) for format in RUN_FORMATS}
    types = {format: answer.headers["content-type"].partition(";")[0] for format, answer in answers.items()}

    assert {200} == {answer.status_code for answer in answers.values()}
    assert {
        "zip": "application/zip",
        "json": "application/json",
        "md": "text/markdown",
        "vtt": "text/vtt",
        "qdpx": "application/zip",
    } == types
    for format, answer in answers.items():
        saved = answer.headers["content-disposition"]
        assert re.fullmatch(rf'attachment; filename="[a-z-]+-{talk.run_id}\.{format}"', saved)
    assert all(said in answers["md"].text and said in answers["vtt"].text for said in ANSWERS)
    assert (await talk.run()).headers["content-disposition"].endswith('.zip"')


@pytest.mark.asyncio(loop_scope="module")
async def test_the_archive_holds_what_the_api_gives_and_the_whole_log_and_sound(
    server: RunningServer,
) -> None:
    talk = await exported(server)
    sound = bytes(range(256)) * 1_000
    path = server.house.recordings.path(talk.run_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(sound)
    files = unzipped(await talk.run("zip"))
    events = (await talk.get(f"/interview-runs/{talk.run_id}/events", limit="1000")).json()["data"]
    run = (await talk.get(f"/interview-runs/{talk.run_id}")).json()

    assert sound == files["recording.ogg"]
    assert events == [json.loads(line) for line in files["events.ndjson"].splitlines()]
    assert run | {"join_url": None, "join_token": None, "dial_in_pin": None} == json.loads(files["run.json"])
    assert ANSWERS == [
        entry["content"]
        for entry in json.loads(files["transcript.json"])["entries"]
        if entry["role"] == "participant"
    ]
    assert 2 == len(json.loads(files["responses.json"])["items"])
    assert all(name in files["README.txt"].decode() for name in files)


@pytest.mark.asyncio(loop_scope="module")
async def test_no_export_opens_the_doors_of_a_run(server: RunningServer) -> None:
    talk = await exported(server)
    token = await server.house.runs.join_token(talk.run_id)
    whole = [await talk.run(format) for format in RUN_FORMATS] + [await talk.blueprint("jsonl")]

    assert not any(token.encode() in answer.content for answer in whole)
    assert not any(token.encode() in content for content in unzipped(whole[0]).values())
    assert RunExportObject.model_validate(whole[1].json()).run.join_token is None


@pytest.mark.asyncio(loop_scope="module")
async def test_an_unknown_format_is_refused_with_those_that_there_are(server: RunningServer) -> None:
    talk = await exported(server)
    for answer, formats in (
        (await talk.run("docx"), RUN_FORMATS),
        (await talk.blueprint("zip"), STUDY_FORMATS),
    ):
        assert (400, "invalid_request") == code_of(answer)
        assert "/format" == answer.json()["error"]["param"]
        assert all(f"`{name}`" in answer.json()["error"]["message"] for name in formats)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_is_exported_once_its_talk_is_over(server: RunningServer) -> None:
    study = await server.study(DESIGN)
    going_on = await talk_that_was(server, study, DESIGN, ANSWERS, status=None)
    talk = Exported(server, study, going_on)

    assert (409, "conflict") == code_of(await talk.run())
    assert (404, "not_found") == code_of(await talk.run(run_id=study.run_id))
    assert (404, "not_found") == code_of(await talk.run(run_id="run_" + "0" * 32))
    assert b"" == (await talk.blueprint("jsonl")).content


@pytest.mark.asyncio(loop_scope="module")
async def test_a_design_that_wants_no_transcript_is_exported_all_the_same(server: RunningServer) -> None:
    body = DESIGN.model_dump(mode="json", by_alias=True)
    design = Blueprint.model_validate(body | {"pipeline": {"transcript": False}})
    study = await server.study(design)
    talk = Exported(server, study, await talk_that_was(server, study, design, ANSWERS))
    files = unzipped(await talk.run("zip"))
    whole = RunExportObject.model_validate((await talk.run("json")).json())
    rows = list(csv.DictReader(io.StringIO((await talk.blueprint("csv")).content.decode(), newline="")))
    read = [await talk.run(format) for format in ("md", "vtt", "qdpx")]

    assert "transcript.json" not in files
    assert b"transcript.json" not in files["README.txt"]
    assert whole.transcript is None
    assert whole.responses is not None
    assert ANSWERS == [row["verbatim"] for row in rows]
    assert [200] * 3 == [answer.status_code for answer in read]
    assert "words of the participant" in read[0].text


@pytest.mark.asyncio(loop_scope="module")
async def test_what_was_struck_is_in_no_format_even_while_it_is_still_to_be_erased(
    server: RunningServer,
) -> None:
    study = await server.study(DESIGN)
    run_id = await talk_that_was(server, study, DESIGN, [SECRET, ANSWERS[1]], AnswerStruck(1))
    path = server.house.recordings.path(run_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"still to be heard")
    talk = Exported(server, study, run_id)
    contents = []
    for answer in (
        *[await talk.run(format) for format in RUN_FORMATS],
        *[await talk.blueprint(format) for format in STUDY_FORMATS],
    ):
        assert 200 == answer.status_code
        zipped = answer.headers["content-type"] == "application/zip"
        contents += list(unzipped(answer).values()) if zipped else [answer.content]
    files = unzipped(await talk.run("zip"))

    assert not any(b"seven eleven" in content for content in contents)
    assert any(ANSWERS[1].encode() in content for content in contents)
    assert "recording.ogg" not in files
    assert b"left out" in files["README.txt"]


@pytest.mark.asyncio(loop_scope="module")
async def test_what_was_struck_is_in_no_document_even_while_it_is_still_to_be_erased(
    server: RunningServer,
) -> None:
    study = await server.study(DESIGN)
    quoted = SpeechHeard(900, "probe", f"You said: {SECRET}. Tell me more.", "morning", 9.0, cut=False)
    run_id = await talk_that_was(server, study, DESIGN, [SECRET, ANSWERS[1]], quoted, AnswerStruck(1))
    talk = Exported(server, study, run_id)
    await server.until_over(Study(run_id, study.token, study.key))
    headers = {"Authorization": f"Bearer {study.key}"}
    address = f"/api/v1/interview-runs/{run_id}/transcript"
    answers = [
        await server.http.get(address, headers=headers | {"Accept": kind})
        for kind in ("application/json", "text/vtt", "text/plain", "application/x-ndjson")
    ]
    answers.append(await talk.get(f"/interview-runs/{run_id}/responses"))
    answers.append(await talk.get(f"/interview-runs/{run_id}/events", limit="500"))
    answers.append(
        await server.http.get(
            f"/api/v1/interview-runs/{run_id}/events", headers=headers | {"Accept": "text/event-stream"}
        )
    )
    answers.append(await talk.get(f"/interview-runs/{run_id}", expand="transcript"))

    assert not any("seven eleven" in answer.text for answer in answers)
    assert all(ANSWERS[1] in answer.text for answer in answers)


@pytest.mark.asyncio(loop_scope="module")
async def test_no_recording_is_played_while_something_is_still_to_be_erased_from_it(
    server: RunningServer,
) -> None:
    study = await server.study(DESIGN)
    run_id = await talk_that_was(server, study, DESIGN, [SECRET, ANSWERS[1]], AnswerStruck(1))
    path = server.house.recordings.path(run_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"still to be heard")
    talk = Exported(server, study, run_id)
    due = await talk.get(f"/interview-runs/{run_id}/recording")
    await server.house.keeper.finish_erasing(run_id)
    after = await talk.get(f"/interview-runs/{run_id}/recording")

    assert (409, "conflict") == code_of(due)
    assert "retry-after" in due.headers
    assert 200 == after.status_code


@pytest.mark.asyncio(loop_scope="module")
async def test_a_blueprint_is_exported_with_all_its_runs_and_none_that_was_deleted(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "RUN_PAGE", 2)
    talk = await exported(server)
    others = [
        await talk_that_was(server, talk.study, DESIGN, [f"answer number {n} of mine", ANSWERS[1]])
        for n in range(3)
    ]
    run = await server.house.runs.find(talk.run_id)
    tenant = Tenant(run.organization_id, run.test_mode)
    await Deletions(server.house.database, server.house.recordings).delete(tenant, others[1], "api")
    kept = [others[2], others[0], talk.run_id]
    table = await talk.blueprint()
    rows = list(csv.DictReader(io.StringIO(table.content.decode(), newline="")))
    lines = [json.loads(line) for line in (await talk.blueprint("jsonl")).content.splitlines()]
    project = unzipped(await talk.blueprint("qdpx"))
    SCHEMA.validate(io.BytesIO(project[PROJECT_FILE]))

    assert "text/csv" == table.headers["content-type"].partition(";")[0]
    assert [run_id for run_id in kept for _ in range(2)] == [row["run_id"] for row in rows]
    assert kept == [line["run"]["id"] for line in lines]
    assert 1 + len(kept) == len(project)
    assert not any(b"number 1 of mine" in content for content in project.values())


@pytest.mark.asyncio(loop_scope="module")
async def test_runs_of_the_other_mode_are_in_nobodys_export(server: RunningServer) -> None:
    talk = await exported(server)
    run = await server.house.runs.find(talk.run_id)
    path = f"/blueprints/{run.blueprint_id}/export"
    async with program(server, organization_id=run.organization_id, test_mode=False) as live:
        answers = [await live.get(path, params={"format": format}) for format in STUDY_FORMATS]

    assert [(404, "not_found")] * 3 == [code_of(answer) for answer in answers]


# Quality


@pytest.mark.asyncio(loop_scope="module")
async def test_quality_tells_the_score_the_disposition_the_probes_and_the_exposure(
    server: RunningServer,
) -> None:
    talk = await exported(server)
    answer = await talk.get(f"/interview-runs/{talk.run_id}/quality")
    quality = QualityObject.model_validate(answer.json())

    assert (100, 0, "pass", "completed") == (quality.score, quality.points, quality.verdict, quality.status)
    assert ("1.1", "I", True) == (
        quality.disposition.code,
        quality.disposition.category,
        quality.disposition.final,
    )
    assert [("morning", True), ("evening", True)] == [
        (one.node_key, one.heard_in_full) for one in quality.exposure
    ]
    assert quality.participant_s > 0
    assert answer.json() == (await talk.get(f"/interview-runs/{talk.run_id}/quality")).json()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_talk_in_writing_is_led_as_well_and_exported_as_it_was(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    async with opened_page(server, study) as page:
        await start_text(page)
        await page.answer_all(["A pencil.", "It broke."])
    talk = Exported(server, study, study.run_id)
    async with asyncio.timeout(60):
        while (await talk.run("md")).status_code == 409:  # noqa: ASYNC110 - the transcript is being made
            await asyncio.sleep(0.1)
    quality = QualityObject.model_validate((await talk.get(f"/interview-runs/{study.run_id}/quality")).json())
    consent = json.loads(unzipped(await talk.run())["consent.json"])

    assert (100, []) == (quality.score, quality.reasons)
    assert [(True, 0.0, 0.0)] * 2 == [
        (one.heard_in_full, one.agent_s, one.participant_s) for one in quality.exposure
    ]
    assert ("granted", "page") == (consent["status"], consent["method"])
    assert consent["text"]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_reader_who_leaves_in_the_middle_harms_nobody(
    server: RunningServer, caplog: pytest.LogCaptureFixture
) -> None:
    talk = await exported(server)
    path = server.house.recordings.path(talk.run_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(20_000_000))
    headers = {"Authorization": f"Bearer {talk.study.key}"}
    address = f"/api/v1/interview-runs/{talk.run_id}/export"
    for _ in range(3):
        async with server.http.stream("GET", address, headers=headers) as answer:
            await anext(answer.aiter_raw(1_000))
    gc.collect()

    assert 200 == (await talk.run("md")).status_code
    assert [] == [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.asyncio(loop_scope="module")
async def test_a_run_that_nobody_came_to_has_a_disposition_and_no_score(server: RunningServer) -> None:
    study = await server.study(DESIGN)
    talk = Exported(server, study, study.run_id)
    quality = (await talk.get(f"/interview-runs/{study.run_id}/quality")).json()

    assert (None, None, None) == (quality["score"], quality["points"], quality["verdict"])
    assert ("3.19", False) == (quality["disposition"]["code"], quality["disposition"]["final"])
    assert not any(rule["observed"] for rule in quality["rules"])


@pytest.mark.asyncio(loop_scope="module")
async def test_a_talk_without_the_consent_that_it_needed_fails(server: RunningServer) -> None:
    needed = two_questions(consent=True)
    study = await server.study(needed)
    run_id = await talk_that_was(server, study, needed, ANSWERS, consent_needed=True)
    quality = (await Exported(server, study, run_id).get(f"/interview-runs/{run_id}/quality")).json()

    assert ["consent_missing"] == [reason["rule"] for reason in quality["reasons"]]
    assert (80, "fail") == (quality["score"], quality["verdict"])
    assert quality["reasons"][0]["event_seqs"]

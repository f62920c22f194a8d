"""What researchers take home: a run as an archive, a document, a text, subtitles or a REFI-QDA project, and
all runs of a blueprint as a table, as lines or as a project."""

from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from dialog.transcript import rfc3339
from server.api.errors import Refusal
from server.api.house import House, house_of
from server.api.studies.blueprints import BlueprintId
from server.api.studies.conventions import Reader, errors
from server.api.studies.freshness import STREAMED
from server.api.studies.in_steps import in_a_thread, in_steps, to_its_end
from server.api.studies.quality import DispositionObject
from server.api.studies.refusing import refusing
from server.api.studies.run_archive import run_archive
from server.api.studies.run_material import Designs, NotOver, NotThere, material_of
from server.api.studies.run_shapes import AnalysisObject, ResponsesObject, RunObject, TranscriptObject
from server.api.studies.runs import RunId, find_run
from server.clock import wall_clock_ms
from server.pipeline.exports.file_names import file_name
from server.pipeline.exports.material import Material
from server.pipeline.exports.run_formats import as_json, as_markdown, as_web_vtt
from server.pipeline.exports.study_formats import QdaArchive, ResponsesTable, RunLines, StudyFile
from server.store.blueprints import StoredBlueprint
from server.store.organizations import Tenant
from server.store.paging import Window

router = APIRouter()

RUN_PAGE: Final = 50
"""Runs of which the list is in memory at once; what was said, of one."""

RETRY_AFTER: Final = 2
"""Seconds after which there may be something to export."""

RunFormat = Literal["zip", "json", "md", "vtt", "qdpx"]
StudyFormat = Literal["csv", "jsonl", "qdpx"]

_MEDIA_TYPES: Final[dict[str, str]] = {
    "zip": "application/zip",
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "qdpx": "application/zip",
    "csv": "text/csv; charset=utf-8; header=present",
    "jsonl": "application/x-ndjson",
}


class RunExportObject(BaseModel):
    """A run with all that came of it, in one document. What opens the run's doors is null in it."""

    object: Literal["interview_run_export"]
    run: RunObject
    disposition: DispositionObject
    transcript: TranscriptObject | None
    responses: ResponsesObject | None
    analysis: AnalysisObject | None


_RUN_TEXTS: Final[dict[str, Any]] = {"application/zip": {}, "text/markdown": {}, "text/vtt": {}}
_STUDY_FILE: Final[dict[str, Any]] = {
    "content": {"text/csv": {}, "application/x-ndjson": {}, "application/zip": {}},
    "description": "The file, by `format`.",
    STREAMED: True,
}


@router.get(
    "/interview-runs/{run_id}/export",
    tags=["Interview runs"],
    response_model=RunExportObject,
    responses={**errors(409), 200: {"content": _RUN_TEXTS, "description": "The file, by `format`."}},
    summary="Export a run",
)
async def export_run(
    request: Request,
    key: Reader,
    run_id: RunId,
    format: Annotated[
        RunFormat,
        Query(
            description="`zip`: everything, sound and log included; `json`: one document; `md`: for reading;"
            " `vtt`: subtitles; `qdpx`: a REFI-QDA project."
        ),
    ] = "zip",
) -> Response:
    """A run to take home, once its talk is over. What the participant had erased is in no format."""
    run, house = await find_run(request, key, run_id), house_of(request)
    try:
        material = await material_of(house, run, Designs(house))
    except NotThere:
        raise Refusal(404, "not_found", "Nobody has talked in this run.") from None
    except NotOver:
        sentence = "The talk is not over: there is nothing to export yet."
        raise Refusal(409, "conflict", sentence, retry_after=RETRY_AFTER) from None
    headers = _saved_as(material.design.name, run.id, format)
    match format:
        case "zip":
            pieces = run_archive(house, run, material)
            return StreamingResponse(pieces, media_type=_MEDIA_TYPES[format], headers=headers)
        case "qdpx":
            project = QdaArchive(
                material.design.name, str(material.run["updated_at"]), house.settings.data_dir
            )
            made = await in_a_thread(house.steps, lambda: b"".join(_of_one(project, material)))
        case "json":
            made = await in_a_thread(house.steps, lambda: b"".join(as_json(material)))
        case "md":
            made = await in_a_thread(house.steps, lambda: b"".join(as_markdown(material)))
        case "vtt":
            made = await in_a_thread(house.steps, lambda: b"".join(as_web_vtt(material)))
    return Response(made, media_type=_MEDIA_TYPES[format], headers=headers)


@router.get(
    "/blueprints/{blueprint_id}/export",
    tags=["Blueprints"],
    response_class=StreamingResponse,
    responses={**errors(), 200: _STUDY_FILE},
    summary="Export all runs of a blueprint",
)
async def export_blueprint(
    request: Request,
    key: Reader,
    blueprint_id: BlueprintId,
    format: Annotated[
        StudyFormat,
        Query(
            description="`csv`: a row for each run and question; `jsonl`: a document for each run, a line"
            " each; `qdpx`: a REFI-QDA project with all of them."
        ),
    ] = "csv",
) -> Response:
    """All runs of a blueprint whose talk is over, newest first, whatever version they were held by."""
    house = house_of(request)
    with refusing("blueprint"):
        blueprint = await house.blueprints.find(key.tenant, blueprint_id)
    return StreamingResponse(
        _study(house, key.tenant, blueprint, _study_file(house, blueprint, format)),
        media_type=_MEDIA_TYPES[format],
        headers=_saved_as(blueprint.name, blueprint.id, format),
    )


def _saved_as(title: str, thing_id: str, extension: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{file_name(title, thing_id, extension)}"'}


def _of_one(file: StudyFile, material: Material) -> Iterator[bytes]:
    """A file for many runs, with one in it."""
    try:
        yield from file.begin()
        yield from file.add(material)
        yield from file.end()
    finally:
        file.close()


def _study_file(house: House, blueprint: StoredBlueprint, format: StudyFormat) -> StudyFile:
    match format:
        case "csv":
            return ResponsesTable()
        case "jsonl":
            return RunLines()
        case "qdpx":
            return QdaArchive(blueprint.name, rfc3339(wall_clock_ms()), house.settings.data_dir)


async def _study(
    house: House, tenant: Tenant, blueprint: StoredBlueprint, file: StudyFile
) -> AsyncIterator[bytes]:
    """The file's bytes, made of one run at a time."""
    designs, seen = Designs(house), None
    try:
        async for piece in in_steps(house.steps, file.begin()):
            yield piece
        while True:
            window = Window(RUN_PAGE, seen)
            page = await to_its_end(house.runs.page(tenant, window, blueprint_id=blueprint.id))
            for run in page.data:
                try:
                    material = await to_its_end(material_of(house, run, designs))
                except (NotThere, NotOver):
                    continue
                async for piece in in_steps(house.steps, file.add(material)):
                    yield piece
            seen = page.next_cursor
            if seen is None:
                break
        async for piece in in_steps(house.steps, file.end()):
            yield piece
    finally:
        file.close()

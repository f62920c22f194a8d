"""What a participant had erased is nowhere any more: every byte of the data directory, every row, every
export, what webhooks were sent, what was logged."""

import io
import logging
import zipfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import httpx
import psycopg
import pytest

from dialog.blueprint import Blueprint
from dialog.events import AnswerErased, AnswerStruck
from server.live.wire import Caption, Claim, Floor, Question, TypedText
from tests.support.blueprints import blueprint, question
from tests.support.page import TestPage, opened_page, start_text
from tests.support.receiver import receiver
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.studies import program

pytestmark = pytest.mark.aloud

STRUCK = ("quillfeather", "samovar", "xanadupolis", "plumbago")
"""Each is in something that is struck, in another way."""
KEPT = "harmonica"
DOCUMENTS = ("", "/transcript", "/responses", "/analysis", "/events", "/quality")
RUN_FORMATS = ("zip", "json", "md", "vtt", "qdpx")
STUDY_FORMATS = ("csv", "jsonl", "qdpx")


def design() -> Blueprint:
    city = {"name": "city", "label": "In which city?", "type": "text"}
    return blueprint(
        question("first", "Tell me about your neighbours.", probing={"enabled": True, "max_follow_ups": 2}),
        {"type": "form", "key": "where", "text": "And now about the place.", "fields": [city]},
        question("last", "What else is there?"),
        consent=False,
    )


async def until_yours(page: TestPage) -> None:
    await page.until(Floor, lambda floor: floor.detail == "open")


async def asked(page: TestPage, node_key: str) -> None:
    await page.until(Question, lambda question: question.node_key == node_key)
    await until_yours(page)


async def is_erased(page: TestPage) -> None:
    await page.until(Caption, lambda caption: "erased" in caption.text)


async def hold_talk(server: RunningServer, study: Study, http: httpx.AsyncClient) -> None:
    """A talk in which all of it is said, and struck: by a press after coming back, behind a form that a
    program filled in, and in writing at the end of the very message."""
    async with opened_page(server, study) as page:
        await start_text(page)
        await asked(page, "first")
        await page.send(TypedText("Mister Quillfeather hid the copper samovar under the stairs.", "one"))
        await page.until(Question, lambda question: question.text != "Tell me about your neighbours.")
    async with opened_page(server, study) as page:
        await start_text(page)
        await until_yours(page)
        await page.send(Claim("strike"))
        await is_erased(page)
        await until_yours(page)
        await page.send(TypedText(f"They play the {KEPT} on sundays, both of them, and they sing.", "two"))
        await until_yours(page)
        await page.send(Claim("skip"))
        await asked(page, "where")
        answer = await http.post(
            f"/interview-runs/{study.run_id}/respond",
            json={"node_id": "where", "data": {"city": "Xanadupolis"}},
            headers={"Idempotency-Key": "the form"},
        )
        assert answer.status_code == 200, answer.text
        await asked(page, "last")
        await page.send(Claim("strike"))
        await is_erased(page)
        await until_yours(page)
        await page.send(TypedText("The password is plumbago. Please strike that.", "three"))
        await is_erased(page)
        await until_yours(page)
        await page.send(TypedText("Nothing else comes to mind.", "four"))
        await page.until_over()
    await server.until_over(study)


async def given_out(
    server: RunningServer, study: Study, http: httpx.AsyncClient
) -> AsyncIterator[tuple[str, bytes]]:
    """All that the server tells of the run, by its address; archives come piece by piece."""
    blueprint_id = (await server.house.runs.find(study.run_id)).blueprint_id
    run = f"/interview-runs/{study.run_id}"
    paths = [run + document for document in DOCUMENTS]
    paths += [f"{run}/transcript?format={kind}" for kind in RUN_FORMATS]
    paths += [f"{run}/export?format={kind}" for kind in RUN_FORMATS]
    paths += [f"/blueprints/{blueprint_id}/export?format={kind}" for kind in STUDY_FORMATS]
    paths += ["/interview-runs?expand[]=transcript&expand[]=responses&expand[]=analysis"]
    paths += [f"/webhooks/{each['id']}/deliveries" for each in (await http.get("/webhooks")).json()["data"]]
    for path in paths:
        answer = await http.get(path)
        yield path, answer.content
        if answer.content.startswith(b"PK"):
            with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
                for name in archive.namelist():
                    yield f"{path} {name}", archive.read(name)
    yield "/metrics", (await server.http.get("/metrics")).content


def on_disk(directory: Path) -> Iterable[tuple[str, bytes]]:
    """Every file below a directory, write-ahead logs included."""
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            yield str(path), path.read_bytes()


def in_tables(url: str) -> Iterable[tuple[str, bytes]]:
    """Every row of a PostgreSQL database, table by table."""
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        for (table,) in tables:
            with connection.cursor().copy(f'COPY "{table}" TO STDOUT') as rows:
                yield table, b"".join(bytes(row) for row in rows)


def traces(found: Iterable[tuple[str, bytes]]) -> list[tuple[str, str]]:
    """Where a struck word is, in whatever case."""
    return [(place, word) for place, data in found for word in STRUCK if word.encode() in data.lower()]


async def test_what_was_struck_is_found_nowhere(
    storage: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="server")
    house = tmp_path / "house"
    async with (
        running_server(house, database_url=storage, webhook_private_targets=True) as server,
        receiver() as hook,
    ):
        study = await server.study(design())
        organization = await server.house.organizations.first("Field & Co.")
        async with program(server, organization_id=organization.id) as http:
            told = [
                "interview_run.completed",
                "transcript.completed",
                "responses.completed",
                "analysis.completed",
            ]
            assert 201 == (await http.post("/webhooks", json={"url": hook.url, "events": told})).status_code
            await hold_talk(server, study, http)
            outward = [piece async for piece in given_out(server, study, http)]
        events = [event.body for event in await server.events(study)]
    sent = [(f"webhook {number}", one.body) for number, one in enumerate(hook.received)]
    rows = list(in_tables(storage)) if storage.startswith("postgresql") else []
    memory = "the log of the server", caplog.text.encode()

    assert 3 == sum(isinstance(body, AnswerStruck) for body in events)
    assert 3 == sum(isinstance(body, AnswerErased) for body in events)
    assert [] == traces([*outward, *sent, *rows, memory, *on_disk(tmp_path)])
    assert any(KEPT.encode() in data for _, data in outward), "what was not struck is there"
    assert len(sent) >= 4

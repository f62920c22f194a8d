from pathlib import Path

from tests.support.page import opened_page, start_text
from tests.support.running_server import running_server
from tests.support.small_study import QUESTIONS, small_blueprint

ANSWERS = [
    "I use a hammer every day, and a saw when I build shelves.",
    "Last week the saw broke, so I borrowed one from my neighbour.",
]


async def test_an_interview_in_writing_runs_to_its_end_and_is_on_record(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server:
        study = await server.study(small_blueprint())
        async with opened_page(server, study) as page:
            await start_text(page)
            ended = await page.answer_all(ANSWERS)

        run = await server.until_over(study)
        transcript = (await server.read(study, "/transcript")).json()
        responses = (await server.read(study, "/responses")).json()

    assert "completed" == ended.outcome
    assert ANSWERS == page.captions("participant")
    said = " ".join(page.captions("agent"))
    assert all(question in said for question in QUESTIONS)
    assert ANSWERS == [e["content"] for e in transcript["entries"] if e["role"] == "participant"]
    assert ["q1", "q2"] == responses["path_taken"]
    assert 1.0 == responses["completion_rate"]
    assert ("completed", "granted", 1) == (run["status"], run["consent_status"], run["session_count"])

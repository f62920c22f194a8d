"""The quickstart of docs/programs.md, run as it stands there by a Python that knows no more than httpx."""

import asyncio
import itertools
import re
import sys
from pathlib import Path

from server.live.wire import Ended, Floor, TypedText
from server.rehearsal.link import JoinLink
from tests.support.house import ROOT
from tests.support.page import TestPage, opened_page, start_text
from tests.support.running_server import RunningServer, Study, running_server

ASKED = "Take part, then press Enter: "
ANSWER = "The label printer, without any doubt."


def quickstart() -> str:
    page = (ROOT / "docs" / "programs.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    return str(code)


async def started(server: RunningServer, directory: Path, key: str) -> asyncio.subprocess.Process:
    program = directory / "quickstart.py"
    program.write_text(quickstart(), "utf-8")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        program,
        cwd=directory,
        env={"VIVAVOCE_URL": server.origin, "VIVAVOCE_KEY": key, "PYTHONUTF8": "1"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def answer_until_over(page: TestPage) -> None:
    """Answer what is asked, and whatever is asked after that."""
    answers = itertools.chain([ANSWER], itertools.repeat("It prints the labels of all our parcels."))
    mine = False
    while not isinstance(message := await page.next(), Ended):
        if isinstance(message, Floor):
            if message.detail == "open" and not mine:
                await page.send(TypedText(next(answers), f"answer-{len(page.seen)}"))
            mine = message.detail == "open"


async def test_the_quickstart_holds_an_interview_and_prints_what_was_said(tmp_path: Path) -> None:
    async with running_server(tmp_path / "house") as server:
        organization = await server.house.organizations.first()
        _, key = await server.house.organizations.create_key(
            organization.id, test_mode=False, scopes=("read", "write")
        )
        child = await started(server, tmp_path, key)
        assert child.stdout is not None
        assert child.stdin is not None
        async with asyncio.timeout(60):
            asked = (await child.stdout.readuntil(b"#") + await child.stdout.readuntil(b" ")).decode()
        link = JoinLink.parse(asked.split()[-1])
        async with opened_page(server, Study(link.run_id, link.token, key)) as page:
            await start_text(page)
            await answer_until_over(page)
        told, errors = await child.communicate(b"\n")

    assert asked.startswith(ASKED)
    assert 0 == child.returncode, errors.decode()
    assert f"participant: {ANSWER}" in told.decode()
    assert "agent: " in told.decode()


async def test_the_quickstart_says_what_the_server_refuses_and_under_which_id(tmp_path: Path) -> None:
    async with running_server(tmp_path / "house") as server:
        child = await started(server, tmp_path, "sk_live_nobody's")
        _, errors = await child.communicate(b"\n")

    assert 1 == child.returncode
    assert re.match(r"unauthorized: This API key is not known.* \(req_[0-9a-f]{32}\)", errors.decode())


def test_the_quickstart_is_short_and_needs_httpx_alone() -> None:
    lines = [line for line in quickstart().splitlines() if line.strip()]
    imported = {
        name.strip()
        for line in lines
        if line.startswith("import ")
        for name in line.removeprefix("import ").split(",")
    }

    assert len(lines) <= 40
    assert {"httpx"} == imported - sys.stdlib_module_names

import signal
import socket
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from server.rehearsal.link import JoinLink
from tests.support.programs import next_line, program, told_to_end

WRITTEN = {"VIVAVOCE_RECOGNISER_PROCESSES": "0"}
"""Nobody speaks here."""


async def test_serve_prints_one_line_with_its_url_and_ends_when_told(tmp_path: Path) -> None:
    async with program("serve", "--port", "0", cwd=tmp_path, settings=WRITTEN) as child:
        line = await next_line(child)
        url = line.removeprefix("Vivavoce is ready at ")
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"{url}/healthz")
        rest, _ = await told_to_end(child)

        assert answer.status_code == 200
        assert rest == ""
        assert child.returncode in (0, -signal.SIGTERM)


@pytest.mark.parametrize("command", ["serve", "demo"])
async def test_a_port_in_use_is_told_in_a_sentence_before_the_server_is_loaded(
    tmp_path: Path, command: str
) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = {"PYTHONPROFILEIMPORTTIME": "1"}
        port = str(taken.getsockname()[1])
        async with program(command, "--port", port, cwd=tmp_path, settings=settings) as child:
            out, err = await child.communicate()

            assert child.returncode == 1
            assert out == b""
            assert b"can't be listened on" in err
            assert b"--port" in err
            assert b"Traceback" not in err
            assert b"server.cli.starting" in err
            assert b"server.app" not in err


async def test_demo_prints_a_link_that_opens_and_a_key_that_reads(tmp_path: Path) -> None:
    async with program("demo", "--port", "0", cwd=tmp_path, settings=WRITTEN) as child:
        url = (await next_line(child)).removeprefix("Vivavoce is ready at ")
        link = (await next_line(child)).split()[-1]
        key = (await next_line(child)).split()[-1]
        await next_line(child)
        curl = await next_line(child)
        parsed = JoinLink.parse(link)
        async with httpx.AsyncClient(trust_env=False) as http:
            page = await http.get(parsed.page)
            session = await http.post(f"{parsed.page}/session", json={"token": parsed.token})
            run = await http.get(
                f"{url}/api/v1/interview-runs/{parsed.run_id}", headers={"Authorization": f"Bearer {key}"}
            )
        await told_to_end(child)

    assert [200, 200, 200] == [page.status_code, session.status_code, run.status_code]
    assert f"{url}/api/v1/interview-runs/{parsed.run_id}/transcript" in curl
    assert key in curl
    assert child.returncode == 0
    await the_next_demo_takes_the_same_study_wherever_participants_reach_it(tmp_path, link)


async def the_next_demo_takes_the_same_study_wherever_participants_reach_it(
    directory: Path, first_link: str
) -> None:
    (directory / "vivavoce.toml").write_text('public_url = "https://interviews.example.org"\n')
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api/v1"
    async with program("demo", "--port", str(port), cwd=directory, settings=WRITTEN) as child:
        ready = await next_line(child)
        link = (await next_line(child)).split()[-1]
        key = (await next_line(child)).split()[-1]
        async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {key}"}) as http:
            blueprints = (await http.get(f"{api}/blueprints")).json()["data"]
            agents = (await http.get(f"{api}/agents")).json()["data"]
            runs = (await http.get(f"{api}/interview-runs")).json()["data"]
        await told_to_end(child)

    assert "Vivavoce is ready at https://interviews.example.org" == ready
    assert runs[0]["join_url"] == link
    assert JoinLink.parse(first_link).run_id == runs[1]["id"]
    assert [1, 1, 2] == [len(blueprints), len(agents), len(runs)]
    assert [False, "published", 1] == [blueprints[0][name] for name in ("test_mode", "status", "version")]

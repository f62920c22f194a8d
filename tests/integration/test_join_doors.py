import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from server.live.wire import Consent, Ended, Floor, Refused, Start, TypedText, Welcome
from tests.support.page import agreed_page, opened_page
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint

METRICS = Path(__file__).parents[2] / "docs" / "metrics.md"

UNKNOWN = "run_" + "0" * 32


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


def code_of(answer: Any) -> tuple[int, str]:
    error = answer.json()["error"]
    assert {"type", "code", "message", "param", "request_id"} <= error.keys()
    assert error["message"].endswith((".", "?"))
    return answer.status_code, error["code"]


async def test_the_session_says_what_the_page_shows_first(server: RunningServer) -> None:
    study = await server.study(small_blueprint(human_contact="office@example.org"))
    session = await server.open_session(study)

    assert ("awaiting_consent", "Tools at work", "Robin") == (
        session["status"],
        session["title"],
        session["agent_name"],
    )
    assert session["consent"]["needed"]
    assert "AI" in session["consent"]["text"]
    assert {"answered": 0, "expected": 2} == session["progress"]
    assert not session["resumed"]


async def test_doors_that_stay_shut_say_why_in_plain_words(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    http, path = server.http, f"/join/{study.run_id}/session"

    assert (401, "token_invalid") == code_of(await http.post(path, json={"token": "jt_wrong"}))
    assert (404, "run_unknown") == code_of(await http.post(f"/join/{UNKNOWN}/session", json={"token": "x"}))
    assert (404, "run_unknown") == code_of(await http.post("/join/..etc/session", json={"token": "x"}))
    assert (400, "invalid_request") == code_of(await http.post(path, content=b"{" * 5_000))
    assert (400, "invalid_request") == code_of(await http.post(path, content=b"\xff\xfe"))
    assert (400, "invalid_request") == code_of(await http.post(path, json={"token": 7}))
    assert (413, "payload_too_large") == code_of(await http.post(path, content=b"x" * 70_000))
    assert 405 == (await http.get(path)).status_code
    await server.house.runs.transition(study.run_id, "cancelled")
    assert (410, "run_finished") == code_of(await http.post(path, json={"token": study.token}))


async def test_guessing_at_the_link_is_slowed_down(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    path = f"/join/{study.run_id}/session"
    codes = [(await server.http.post(path, json={"token": f"jt_{n}"})).status_code for n in range(25)]

    assert 401 == codes[0]
    assert 429 == codes[-1]
    assert 200 == (await server.http.post(path, json={"token": study.token})).status_code


async def test_sound_before_consent_is_refused(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    session = await server.open_session(study)
    path = f"/join/{study.run_id}/whip"
    bearer = {"Authorization": f"Bearer {session['access_token']}", "Content-Type": "application/sdp"}

    assert (409, "consent_first") == code_of(await server.http.post(path, content="v=0", headers=bearer))
    assert (401, "token_invalid") == code_of(await server.http.post(path, content="v=0"))
    async with connect(f"ws{server.origin[4:]}/join/{study.run_id}/audio") as socket:
        await socket.send(json.dumps({"access_token": session["access_token"], "format": "pcm"}))
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert "consent_first" == closed.value.rcvd.reason


async def test_garbage_in_an_offer_gets_a_plain_answer(server: RunningServer) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        path = f"/join/{study.run_id}/whip"
        bearer = {"Authorization": f"Bearer {page.session['access_token']}"}
        sdp = {**bearer, "Content-Type": "application/sdp"}

        assert (415, "unsupported_media_type") == code_of(await server.http.post(path, headers=bearer))
        assert (400, "invalid_offer") == code_of(await server.http.post(path, content="v=0", headers=sdp))
        assert (400, "invalid_request") == code_of(await server.http.post(path, content=b"\xff", headers=sdp))
        big = await server.http.post(path, content=b"a" * 70_000, headers=sdp)
        assert (413, "payload_too_large") == code_of(big)
        missing = await server.http.delete(f"{path}/leg_none", headers=bearer)
        assert (404, "not_found") == code_of(missing)


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "{",
        "[]",
        "null",
        '{"type":"hello"}',
        '{"type":"done"}',
        "\x00" * 50,
        "9" * 400,
        "[" * 5_000,
        "x" * 16_500,
    ],
)
@pytest.mark.parametrize("socket_name", ["live", "audio"])
async def test_garbage_instead_of_a_hello_closes_the_socket_with_a_reason(
    server: RunningServer, socket_name: str, garbage: str
) -> None:
    study = await server.study(small_blueprint())
    async with connect(f"ws{server.origin[4:]}/join/{study.run_id}/{socket_name}") as socket:
        await socket.send(garbage)
        with pytest.raises(ConnectionClosed) as closed:
            await socket.recv()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code in (1008, 1009)


@pytest.mark.parametrize(
    "garbage", ["{", '{"type":"text","text":1}', '{"type":"no"}', "x" * 16_500, b"\x01\x02"]
)
async def test_garbage_in_mid_talk_ends_that_socket_and_not_the_talk(
    server: RunningServer, garbage: str | bytes
) -> None:
    async with agreed_page(server, small_blueprint()) as (study, page):
        await page.send(Start("text"))
        await page.socket.send(garbage)
        with pytest.raises(ConnectionClosed):
            await page.until(Ended)
    async with opened_page(server, study, after_seq=1) as page:
        await page.send(Start("text"))
        ended = await page.answer_all(["A hammer and a saw.", "It broke last week."])

    assert "completed" == ended.outcome


async def test_a_foreign_page_may_not_open_a_socket(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"ws{server.origin[4:]}/join/{study.run_id}/live", origin="https://evil.example")  # type: ignore[arg-type]

    assert 403 == refused.value.response.status_code


async def test_what_cannot_be_taken_is_refused_and_the_talk_goes_on(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    async with opened_page(server, study) as page:
        await page.send(Start("text"))
        early = await page.until(Refused)
        await page.send(Consent(True, True, "0" * 64))
        changed = await page.until(Refused)
        await page.agree()
        await page.send(Start("text"))
        await page.send(TypedText("   ", "1"))
        empty = await page.until(Refused)
        await page.send(TypedText("y" * 5_001, "2"))
        long = await page.until(Refused)

    codes = [message.code for message in (early, changed, empty, long)]
    assert ["consent_first", "consent_text_changed", "empty_text", "text_too_long"] == codes


async def test_declined_consent_leaves_nothing_but_that_it_was_declined(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    async with opened_page(server, study) as page:
        consent = page.session["consent"]
        assert isinstance(consent, dict)
        await page.send(Consent(False, False, consent["text_hash"]))
        ended = await page.until(Ended)
    again = await server.http.post(f"/join/{study.run_id}/session", json={"token": study.token})
    run = await server.house.runs.find(study.run_id)

    assert "declined" == ended.outcome
    assert ("abandoned", "declined", 0) == (run.status, run.consent_status, run.session_count)
    assert [] == await server.events(study)
    assert not server.house.recordings.path(study.run_id).parent.exists()
    assert (410, "run_declined") == code_of(again)


async def test_without_consent_in_the_blueprint_the_talk_may_begin_at_once(server: RunningServer) -> None:
    study = await server.study(small_blueprint(consent=False))
    async with opened_page(server, study) as page:
        welcome = next(message for message in page.seen if isinstance(message, Welcome))
        await page.send(Start("text"))
        ended = await page.answer_all(["A hammer.", "It broke."])

    assert not welcome.consent_needed
    assert "completed" == ended.outcome


async def test_when_all_places_are_taken_the_next_is_asked_to_wait(tmp_path: Path) -> None:
    async with running_server(tmp_path, max_sessions=1) as server:
        first, second = await server.study(small_blueprint()), await server.study(small_blueprint())
        async with opened_page(server, first) as page:
            await page.agree()
            await page.send(Start("text"))
            await page.until(Floor)
            refused = await server.http.post(f"/join/{second.run_id}/session", json={"token": second.token})

    assert (503, "at_capacity") == code_of(refused)
    assert 1 <= int(refused.headers["retry-after"]) <= 60


async def test_the_page_is_served_with_headers_that_let_nothing_in(server: RunningServer) -> None:
    page = await server.http.get(f"/join/{UNKNOWN}")
    script = await server.http.get("/static/join/main.js")
    again = await server.http.get("/static/join/main.js", headers={"If-None-Match": script.headers["etag"]})

    assert 200 == page.status_code
    assert "text/html" in page.headers["content-type"]
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert ("no-referrer", "nosniff") == (
        page.headers["referrer-policy"],
        page.headers["x-content-type-options"],
    )
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    host = server.origin.removeprefix("http://")
    assert policy["connect-src"].startswith(f"'self' ws://{host} wss://{host}")
    assert not {"ws:", "wss:", "*"} & set(policy["connect-src"].split())
    odd = await server.http.get(f"/join/{UNKNOWN}", headers={"Host": "x;script-src"})
    assert "script-src" not in odd.headers["content-security-policy"].partition("connect-src")[2]
    assert "microphone=(self)" in page.headers["permissions-policy"]
    assert 304 == again.status_code
    for outside in (
        "/static/join/../__init__.py",
        "/static/__init__.py",
        "/static/join/worklet_globals.d.ts",
        "/static/join/%2e%2e/__init__.py",
        "/nowhere",
    ):
        answer = await server.http.get(outside)
        assert 404 == answer.status_code
        assert "error" in answer.json()


async def test_a_run_is_shown_to_its_own_organization_alone(server: RunningServer) -> None:
    study = await server.study(small_blueprint())
    other = await server.house.organizations.create("Another")
    _, foreign = await server.house.organizations.create_key(other.id, test_mode=True, scopes=["read"])
    path = f"/api/v1/interview-runs/{study.run_id}"

    assert 200 == (await server.read(study)).status_code
    for part in ("", "/transcript", "/responses", "/events", "/recording"):
        refused = await server.http.get(path + part, headers={"Authorization": f"Bearer {foreign}"})
        assert (404, "not_found") == code_of(refused)
        assert (401, "unauthorized") == code_of(await server.http.get(path + part))
    assert (404, "not_found") == code_of(await server.read(study, "/transcript"))


async def test_the_server_says_that_it_lives_and_is_ready(server: RunningServer) -> None:
    assert {"status": "ok"} == (await server.http.get("/healthz")).json()
    assert {"status": "ready"} == (await server.http.get("/readyz")).json()
    metrics = await server.http.get("/metrics")
    assert "text/plain; version=0.0.4; charset=utf-8" == metrics.headers["content-type"]
    assert re.search(r"^vivavoce_live_sessions \d+\.0$", metrics.text, re.MULTILINE)
    assert "\nvivavoce_packets_concealed_total " in metrics.text
    assert "\nvivavoce_loop_lag_seconds_count " in metrics.text
    described = set(
        re.findall(r"^\| `(vivavoce_\w+)`|, `(vivavoce_\w+)` \|", METRICS.read_text(), re.MULTILINE)
    )
    assert {name for pair in described for name in pair if name} == set(
        re.findall(r"^# TYPE (\w+) ", metrics.text, re.MULTILINE)
    )

"""Links, tokens and keys that open nothing."""

import json

import pytest
from websockets.asyncio.client import connect

from server.live.wire import Start
from tests.support.hostile import SDP, UNKNOWN, address, bearer, closing, code_of
from tests.support.page import opened_page
from tests.support.running_server import RunningServer
from tests.support.small_study import small_blueprint

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("unharmed")]


async def test_links_that_lead_nowhere_are_answered_in_plain_words(besieged: RunningServer) -> None:
    http = besieged.http
    study, cancelled, late = [await besieged.study(small_blueprint()) for _ in range(3)]
    await besieged.house.runs.transition(cancelled.run_id, "cancelled")
    await besieged.house.runs.transition(late.run_id, "expired")

    assert (404, "run_unknown") == code_of(await http.post(f"/join/{UNKNOWN}/session", json={"token": "x"}))
    for token in ("", "jt_", "x" * 60_000, "\x00", "jt_é", study.token[:-1], study.token + "x", late.token):
        answer = await http.post(f"/join/{study.run_id}/session", json={"token": token})
        assert (401, "token_invalid") == code_of(answer)
    for over, code in ((cancelled, "run_finished"), (late, "run_expired")):
        answer = await http.post(f"/join/{over.run_id}/session", json={"token": over.token})
        assert (410, code) == code_of(answer)


async def test_a_run_that_ends_while_its_page_is_open_is_over_for_the_page_too(
    besieged: RunningServer,
) -> None:
    study = await besieged.study(small_blueprint())
    async with opened_page(besieged, study) as page:
        await page.agree()
        await besieged.house.runs.transition(study.run_id, "cancelled")
        await page.send(Start("text"))
        code, reason = await closing(page.socket)

    assert (1008, "run_finished") == (code, reason)


async def test_every_token_opens_its_own_door_alone(besieged: RunningServer) -> None:
    mine, other = await besieged.study(small_blueprint()), await besieged.study(small_blueprint())
    access = str((await besieged.open_session(mine))["access_token"])
    foreign = str((await besieged.open_session(other))["access_token"])
    http, run = besieged.http, f"/api/v1/interview-runs/{mine.run_id}"
    assert (await http.get(run, headers=bearer(mine.key))).status_code == 200

    for token in (access, mine.token, "x", "sk_test_", "sk_live_" + "x" * 9_000):
        for part in ("", "/transcript", "/responses", "/events", "/recording"):
            assert (401, "unauthorized") == code_of(await http.get(run + part, headers=bearer(token)))
    for token in (foreign, mine.token, mine.key, access[:-2] + "xx", access + "=", access.upper(), "x"):
        offered = await http.post(
            f"/join/{mine.run_id}/whip", content="v=0", headers=bearer(token, **{"Content-Type": SDP})
        )
        assert (401, "token_invalid") == code_of(offered)
        for name in ("live", "audio"):
            hello = {"type": "hello", "access_token": token, "after_seq": 0}
            if name == "audio":
                hello = {"access_token": token, "format": "pcm"}
            async with connect(address(besieged, mine.run_id, name)) as socket:
                await socket.send(json.dumps(hello))
                assert (1008, "token_invalid") == await closing(socket)
    for token in (access, mine.key, other.token):
        opened = await http.post(f"/join/{mine.run_id}/session", json={"token": token})
        assert (401, "token_invalid") == code_of(opened)
    asked = await http.get(run, params={"token": mine.key, "access_token": mine.key, "api_key": mine.key})
    assert (401, "unauthorized") == code_of(asked)


async def test_a_leg_of_another_run_can_be_neither_fed_nor_hung_up(besieged: RunningServer) -> None:
    mine, other = await besieged.study(small_blueprint()), await besieged.study(small_blueprint())
    access = str((await besieged.open_session(mine))["access_token"])
    for leg_id in ("leg_none", "...", "%00", "x" * 5_000):
        path = f"/join/{mine.run_id}/whip/{leg_id}"
        assert 404 == (await besieged.http.delete(path, headers=bearer(access))).status_code
        fragment = bearer(access, **{"Content-Type": "application/trickle-ice-sdpfrag"})
        assert 404 == (await besieged.http.patch(path, content="a=mid:0", headers=fragment)).status_code
    foreign = await besieged.http.delete(f"/join/{other.run_id}/whip/leg_none", headers=bearer(access))
    assert (401, "token_invalid") == code_of(foreign)


async def test_an_organization_sees_nothing_of_anothers_and_no_more_by_asking_oddly(
    besieged: RunningServer,
) -> None:
    study = await besieged.study(small_blueprint())
    stranger = await besieged.house.organizations.create("Another")
    _, key = await besieged.house.organizations.create_key(stranger.id, test_mode=True, scopes=["admin"])
    for run_id in (study.run_id, UNKNOWN, "run_", "x" * 3_000, "%00", "'or'1'='1", "..%2f..%2fetc"):
        for part in ("", "/transcript", "/responses", "/events", "/recording"):
            answer = await besieged.http.get(f"/api/v1/interview-runs/{run_id}{part}", headers=bearer(key))
            assert (404, "not_found") == code_of(answer)


@pytest.mark.parametrize(
    "asked",
    [
        "after=-1",
        "after=x",
        "limit=0",
        "limit=1001",
        "after=1e3",
        "limit=" + "9" * 400,
        "after=%00",
        "limit=١",
    ],
)
async def test_numbers_that_are_none_are_named(besieged: RunningServer, asked: str) -> None:
    study = await besieged.study(small_blueprint())
    answer = await besieged.read(study, f"/events?{asked}")

    assert (400, "invalid_request") == code_of(answer)
    assert answer.json()["error"]["param"] in ("/after", "/limit")


async def test_ranges_of_a_recording_that_make_no_sense_do_no_harm(besieged: RunningServer) -> None:
    study = await besieged.study(small_blueprint())
    path = besieged.house.recordings.path(study.run_id)
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(range(256)) * 400)
    many = "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 20_000, 2))
    codes = {}
    for asked in (
        "bytes=0-3",
        "bytes=-5",
        "bytes=5-2",
        "bytes=999999999-",
        "bytes=a-b",
        "bytes=",
        "bytes=-",
        "lines=1-2",
        "bytes=0-,0-,0-,0-",
        "bytes=" + "9" * 4_000 + "-",
        many[:30_000],
    ):
        answer = await besieged.read(study, "/recording", Range=asked)
        codes[asked[:20]] = answer.status_code
        assert answer.status_code in (200, 206, 400, 416), asked[:40]
        assert len(answer.content) <= 4 * 102_400, asked[:40]
    assert 206 == codes["bytes=0-3"]

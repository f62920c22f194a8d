"""Requests that are too big, too slow, or none at all: a plain answer, or the connection is dropped."""

import asyncio
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from server.api import errors, patience
from tests.support.hostile import SDP, UNKNOWN, bearer, code_of, raw
from tests.support.page import opened_page
from tests.support.running_server import RunningServer
from tests.support.small_study import small_blueprint

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("unharmed")]

TEN_MEGABYTES = 10 * 2**20
POST = f"POST /join/{UNKNOWN}/session HTTP/1.1\r\nHost: x\r\n".encode()


@pytest.mark.parametrize("declared", [True, False])
async def test_bodies_of_ten_megabytes_are_refused_before_they_are_taken_in(
    besieged: RunningServer, declared: bool
) -> None:
    study = await besieged.study(small_blueprint())
    access = str((await besieged.open_session(study))["access_token"])
    run = f"/join/{study.run_id}"

    async def flood() -> AsyncIterator[bytes]:
        for _ in range(TEN_MEGABYTES // 65_536):
            yield b"[" * 65_536

    for method, path, kind in (
        ("POST", f"{run}/session", "application/json"),
        ("POST", f"{run}/whip", SDP),
        ("PATCH", f"{run}/whip/leg_none", "application/trickle-ice-sdpfrag"),
        ("POST", run, "application/json"),
        ("POST", f"/api/v1/interview-runs/{study.run_id}", "application/json"),
        ("POST", "/nowhere", "application/json"),
        ("POST", "/healthz", "text/plain"),
    ):
        content: Any = b"[" * TEN_MEGABYTES if declared else flood()
        try:
            answer = await besieged.http.request(
                method, path, content=content, headers=bearer(access, **{"Content-Type": kind})
            )
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            continue  # hung up on in mid-sentence
        assert answer.status_code in (401, 404, 405, 413), path
        assert code_of(answer)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"token":null}',
        b'{"token":["x"]}',
        b'{"token":"\\ud800"}',
        b"[" * 60_000,
        b'{"a":' * 9_000,
        b"\xff\xfe\x00",
        b"\x00" * 1_000,
        b"1e999",
        b"9" * 60_000,
    ],
)
async def test_a_session_body_that_is_none_is_named_as_such(besieged: RunningServer, body: bytes) -> None:
    study = await besieged.study(small_blueprint())
    for kind in ("application/json", "text/html", "multipart/form-data; boundary=x", "\x01"):
        path, headers = f"/join/{study.run_id}/session", {"Content-Type": kind}
        answer = await besieged.http.post(path, content=body, headers=headers)
        assert code_of(answer) in ((400, "invalid_request"), (401, "token_invalid"), (429, "rate_limited"))


AUDIO = (
    "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
)


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "v=0",
        "\r\n" * 30_000,
        "v=0\r\n" * 12_000,
        "\x00" * 1_000,
        AUDIO,
        AUDIO.replace("audio", "video"),
        AUDIO.replace("audio", "application"),
        AUDIO + "a=rtpmap:111 opus/48000/2\r\na=mid:0\r\na=sendrecv\r\n",
        AUDIO + "a=fingerprint:sha-256 00\r\na=ice-ufrag:x\r\na=ice-pwd:y\r\na=setup:actpass\r\n",
        AUDIO + "a=candidate:1 1 udp 1 ::1 99999 typ host\r\n" * 500,
        AUDIO * 300,
        "m=audio 9 UDP/TLS/RTP/SAVPF " + "0 " * 20_000,
        '{"sdp":"v=0"}',
    ],
)
async def test_offers_that_are_none_are_refused_in_a_sentence(besieged: RunningServer, offer: str) -> None:
    study = await besieged.study(small_blueprint())
    async with opened_page(besieged, study) as page:
        await page.agree()
        access = str(page.session["access_token"])
        answer = await besieged.http.post(
            f"/join/{study.run_id}/whip", content=offer, headers=bearer(access, **{"Content-Type": SDP})
        )
        for kind in (
            "application/json",
            "text/plain",
            "",
            "application/sdpx",
            "application/x-www-form-urlencoded",
        ):
            other = await besieged.http.post(
                f"/join/{study.run_id}/whip", content=offer, headers=bearer(access, **{"Content-Type": kind})
            )
            assert (415, "unsupported_media_type") == code_of(other)

    assert (400, "invalid_offer") == code_of(answer)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x16\x03\x01\x02\x00\x01\x00" + bytes(500),
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\n",
        b"GET /join/x/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"GET /join/x/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n" + b"\xff" * 5_000,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        random.Random(1).randbytes(100_000),
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 200,
    ],
)
async def test_bytes_that_are_no_request_are_dropped(besieged: RunningServer, data: bytes) -> None:
    answer = await raw(besieged, data)

    assert not answer or answer.startswith(b"HTTP/1.1 ")
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/static/join/../../pyproject.toml",
        "/static/join/%2e%2e/%2e%2e/pyproject.toml",
        "/static/join/..%2f..%2fpyproject.toml",
        "/static/join/..%5c..%5cpyproject.toml",
        "/static/join//etc/passwd",
        "/static/join/%2fetc%2fpasswd",
        "/static/join/%00",
        "/static/join/index.html%00.js",
        "/static/shared/....//....//pyproject.toml",
        "/static/join/" + "a/" * 2_000,
        "/static/join/" + "a" * 5_000,
        "/static/join/%ff%fe",
        "/static/join/",
        "/static/shared/",
        "/static/__init__.py",
        "/static/join/__init__.py",
        "/static//etc/passwd",
        "/join/..%2f..%2fserver",
        "//etc/passwd",
    ],
)
async def test_no_path_leads_out_of_the_page_s_own_files(besieged: RunningServer, path: str) -> None:
    request = b"GET " + path.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    answer = await raw(besieged, request, ends=False)
    status = int(answer.split(b" ", 2)[1])

    assert status in (200, 400, 404)
    assert status != 200 or b"<!doctype html>" in answer.lower()
    assert b"root:" not in answer
    assert b"[project]" not in answer
    assert b"import " not in answer


@pytest.mark.parametrize(
    "part",
    [b"", b"G", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"],
)
async def test_half_a_request_is_not_waited_for_for_ever(
    besieged: RunningServer, monkeypatch: pytest.MonkeyPatch, part: bytes
) -> None:
    monkeypatch.setattr(patience, "REQUEST_TIMEOUT", 0.2)
    answers = await asyncio.gather(*(raw(besieged, part, ends=False) for _ in range(50)))

    assert {b""} == set(answers)


async def test_half_a_body_is_not_waited_for_for_ever(
    besieged: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errors, "BODY_TIMEOUT", 0.2)
    answer = await raw(besieged, POST + b"Connection: close\r\nContent-Length: 99\r\n\r\n{", ends=False)

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"did not come to its end in time" in answer

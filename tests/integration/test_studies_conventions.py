"""What holds for every operation of the Studies API, tried on every operation: what is wrong is refused as it
is described, and changes nothing; what is read is named, and read again only if it has changed."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import httpx
import jsonschema_rs
import msgspec
import pytest
import pytest_asyncio
from sqlalchemy import MetaData, select

from tests.support.one_of_each import Everything, Operation, one_of_each
from tests.support.running_server import RunningServer, running_server
from tests.support.studies import program

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON: Final = {"Content-Type": "application/json"}
DEEP: Final = b'{"metadata":' * 200 + b"{}" + b"}" * 200
UNSTEADY: Final = ("idempotency", "job", "happening", "webhook_delivery", "simulation")
"""Tables that change by themselves: what was told a webhook, what was answered, how far a simulation is."""


class Wrong(msgspec.Struct, frozen=True):
    """One request that nobody should send, and how it is to be refused."""

    name: str
    status: int
    method: str
    path: str
    said: Operation
    code: str | None = None
    content: bytes | None = None
    headers: dict[str, str] = {}
    param: str | None = None


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def everything(server: RunningServer) -> AsyncIterator[Everything]:
    async with one_of_each(server) as made:
        yield made


async def dump(server: RunningServer) -> str:
    """A name for everything that is kept."""
    tables = MetaData()
    async with server.house.database.read() as connection:
        await connection.run_sync(tables.reflect)
        kept = hashlib.sha256()
        for table in tables.sorted_tables:
            if table.name not in UNSTEADY:
                rows = sorted(repr(tuple(row)) for row in await connection.execute(select(table)))
                kept.update(repr((table.name, rows)).encode())
    return kept.hexdigest()


class Judge:
    """Says what of an answer isn't as it was described."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def faults(self, answer: httpx.Response, said: Operation) -> Iterator[str]:
        described = said["responses"].get(str(answer.status_code))
        if described is None:
            yield f"{answer.status_code} isn't described"
            return
        name = described["$ref"].rpartition("/")[2]
        if name not in self._validators:
            schema = self._document["components"]["responses"][name]["content"]["application/json"]["schema"]
            whole = {**schema, "components": self._document["components"]}
            self._validators[name] = jsonschema_rs.Draft202012Validator(whole)
        error = answer.json()["error"]
        for fault in self._validators[name].iter_errors(answer.json()):
            yield f"{fault.instance_path}: {fault.message}"
        if answer.headers["x-request-id"] != error["request_id"]:
            yield "its ids differ"
        if "Traceback" in answer.text or not error["message"].endswith((".", "?")):
            yield "it is no plain sentence"
        if any("Input should" in each["message"] for each in error.get("errors") or ()):
            yield "it speaks of the inside"


def wrong_bodies(method: str, path: str, said: Operation, everything: Everything) -> Iterator[Wrong]:
    """Bodies that nobody should send."""
    whole = everything.body(said)

    def wrong(name: str, status: int, code: str | None, content: bytes, **more: Any) -> Wrong:
        return Wrong(name, status, method, path, said, code, content, **{"headers": JSON, **more})

    good = json.dumps(whole or {}).encode()
    text = {"headers": {"Content-Type": "text/plain"}}
    form = {"headers": {"Content-Type": "application/x-www-form-urlencoded"}}
    yield wrong("plain text", 415, "unsupported_media_type", good, **text)
    yield wrong("a form", 415, "unsupported_media_type", b"a=b", **form)
    yield wrong("no media type", 415, "unsupported_media_type", good, headers={})
    yield wrong("half a body", 400, "invalid_json", b'{"name":')
    yield wrong("no text at all", 400, "invalid_json", b"\xff\xfe\x00")
    yield wrong("no number", 400, "invalid_json", b'{"name":NaN}')
    yield wrong("two megabytes", 413, "payload_too_large", b'"' + b"a" * 2_000_000 + b'"')
    yield wrong("200 levels", 400, "invalid_request", DEEP)
    yield wrong("100,000 levels", 400, None, b"[" * 100_000)
    yield wrong("300,000 parts", 400, "invalid_request", b"[" + b"[]," * 300_000 + b"[]]")
    yield wrong("NUL", 400, "invalid_request", b'{"name":"\\u0000"}', param="/name")
    yield wrong("half a character", 400, "invalid_request", b'{"name":"\\ud800"}', param="/name")
    for number in (b"1e400", b"-1e400", b"9" * 30):
        content = b'{"metadata":{"a":' + number + b"}}"
        yield wrong("a large number", 400, "invalid_request", content, param="/metadata/a")
    for other in (b"[]", b"7", b'"x"', b"true"):
        yield wrong(f"the body {other.decode()}", 400, "invalid_request", other)
    surprise = json.dumps({**(whole or {}), "surprise~/": 1}).encode()
    yield wrong("a field more", 400, "invalid_request", surprise, param="/surprise~0~1")
    if whole is not None:
        wrongly = json.dumps({name: [[7.5]] for name in whole}).encode()
        yield wrong("wrong types", 400, "invalid_request", wrongly)


def wrong_requests(everything: Everything) -> Iterator[Wrong]:
    """All that nobody should send, to every operation."""
    for method, template, said in everything.operations():
        path, body = everything.address(template, said), everything.body(said)
        content = None if body is None else json.dumps(body).encode()
        sent: dict[str, Any] = {"content": content, "headers": JSON if content else {}}
        parameters = {each["name"]: each for each in said["parameters"]}

        def wrong(
            name: str,
            status: int,
            code: str,
            at: str = path,
            to: tuple[str, Operation] = (method, said),
            **more: Any,
        ) -> Wrong:
            return Wrong(name, status, to[0], at, to[1], code, **more)

        if method in ("POST", "PUT", "PATCH"):
            yield from wrong_bodies(method, path, said, everything)
        if method in ("PUT", "PATCH"):
            for etag in ('"999999"', '"nonsense"', "7 7", '""', '"-1"'):
                stale = {**sent, "headers": {**JSON, "If-Match": etag}}
                yield wrong(f"If-Match: {etag}", 412, "precondition_failed", **stale)
        if method == "POST":
            for key in ("", "a" * 256, "tab\there"):
                named = {**sent, "headers": {**sent["headers"], "Idempotency-Key": key}}
                yield wrong(f"Idempotency-Key: {key[:9]!r}", 400, "invalid_request", **named)
        for name, parameter in parameters.items():
            if parameter["in"] == "path":
                for other in ("nonsense~", "%00", "a" * 300, "..%2F.."):
                    address = everything.address(template, said, **{name: other})
                    yield wrong(f"{name} {other[:9]}", 404, "not_found", address, **sent)
        for name in ("starting_after", "ending_before", "cursor", "limit", "after"):
            if name in parameters:
                for value in ("nonsense", "-1", "%00", "1e9", "9" * 30):
                    yield wrong(f"{name}={value[:9]}", 400, "invalid_request", f"{path}?{name}={value}")
        if "starting_after" in parameters:
            a_cursor = everything.fitted(parameters["starting_after"]["example"])
            both = f"{path}?starting_after={a_cursor}&ending_before={a_cursor}"
            yield wrong("both cursors", 400, "invalid_request", both)


@pytest.mark.parametrize(
    "every", [pytest.param(1, marks=pytest.mark.long, id="all"), pytest.param(23, id="some")]
)
async def test_what_is_wrong_is_refused_as_described_and_changes_nothing(
    server: RunningServer, everything: Everything, every: int
) -> None:
    judge, found = Judge(everything.document), []
    before = await dump(server)
    all_of_them = list(wrong_requests(everything))
    for wrong in all_of_them[::every]:
        answer = await everything.program(wrong.method, wrong.path).request(
            wrong.method, wrong.path, content=wrong.content, headers=wrong.headers
        )
        told = f"{wrong.name}: {wrong.method} {wrong.path[:90]}: "
        if answer.status_code != wrong.status:
            found.append(told + f"{answer.status_code} instead of {wrong.status}: {answer.text[:200]}")
            continue
        found += [told + fault for fault in judge.faults(answer, wrong.said)]
        error = answer.json()["error"]
        if wrong.code not in (None, error["code"]):
            found.append(told + f"{error['code']} instead of {wrong.code}")
        params = {error["param"], *(each.get("param") for each in error.get("errors") or ())}
        if wrong.param is not None and wrong.param not in params:
            found.append(told + f"{params} without {wrong.param}")
    after = await dump(server)

    assert len(all_of_them) > 700
    assert [] == found
    assert before == after


async def test_without_a_key_that_is_good_for_it_nothing_is_done(
    server: RunningServer, everything: Everything
) -> None:
    judge, found = Judge(everything.document), []
    async with program(server, organization_id=everything.organization_id) as revoked:
        newest = (await revoked.get("/api-keys", params={"limit": 1})).json()["data"][0]["id"]
        await everything.http.delete(f"/api-keys/{newest}")
        before = await dump(server)
        bad: list[dict[str, str]] = [
            {},
            {"Authorization": "Bearer nonsense"},
            {"Authorization": "Basic c2s6"},
            {"Authorization": "Bearer sk_live_" + "a" * 5_000},
            {"Authorization": revoked.headers["authorization"]},
        ]
        for place, (method, template, said) in enumerate(everything.operations()):
            path, body = everything.address(template, said), everything.body(said)
            keys = bad[place % len(bad)]
            answer = await server.http.request(method, "/api/v1" + path, json=body, headers=keys)
            told = f"{keys}: {method} {path}: "
            if 401 != answer.status_code or "Bearer" != answer.headers.get("www-authenticate"):
                found.append(told + str(answer.status_code))
                continue
            found += [told + fault for fault in judge.faults(answer, said)]
    after = await dump(server)

    assert [] == found
    assert before == after


async def test_a_key_without_the_scope_does_nothing(server: RunningServer, everything: Everything) -> None:
    judge, found = Judge(everything.document), []
    organization_id = everything.organization_id
    lacking: dict[str, Any] = {"read": ("operate",), "write": ("read", "operate"), "admin": ("read", "write")}
    for scope, scopes in lacking.items():
        async with program(server, organization_id=organization_id, scopes=scopes) as http:
            before = await dump(server)
            for method, template, said in everything.operations():
                if said["security"][0]["ApiKey"] != [scope]:
                    continue
                path, body = everything.address(template, said), everything.body(said)
                answer = await http.request(method, path, json=body)
                told = f"{scope}: {method} {path}: "
                if 403 != answer.status_code:
                    found.append(told + f"{answer.status_code} {answer.text[:200]}")
                    continue
                found += [told + fault for fault in judge.faults(answer, said)]
            assert before == await dump(server)

    assert [] == found


async def test_a_method_that_an_address_does_not_take_is_named_as_such(
    server: RunningServer, everything: Everything
) -> None:
    for template, methods in everything.document["paths"].items():
        said = next(iter(methods.values()))
        for method in sorted({"GET", "PUT", "PATCH", "DELETE"} - {name.upper() for name in methods})[:1]:
            answer = await everything.http.request(method, everything.address(template, said))
            error = answer.json()["error"]

            assert (405, "invalid_request") == (answer.status_code, error["code"]), (method, template)
            assert {name.upper() for name in methods} == set(answer.headers["allow"].split(", "))


async def test_whatever_is_read_is_named_and_sent_again_only_if_it_has_changed(
    server: RunningServer, everything: Everything
) -> None:
    found, read = [], set()
    for method, template, said in everything.operations():
        # deliveries change by themselves, and an archive is made while it is sent
        if method != "GET" or template.endswith(("/deliveries", "/export")):
            continue
        path = everything.address(template, said)
        answer = await everything.http.request("GET", path)
        if answer.status_code != 200:
            continue
        read.add(template)
        etag = answer.headers.get("etag")
        for known, status in (
            (etag, 304),
            (f'"other", W/{etag}', 304),
            ('"other"', 200),
        ):
            again = await everything.http.request("GET", path, headers={"If-None-Match": str(known)})
            if (status, etag) != (again.status_code, again.headers.get("etag")) or (status == 304) == bool(
                again.content
            ):
                found.append(f"{path} {known}: {again.status_code} {again.headers.get('etag')}")

    assert [] == found
    assert len(read) > 20
    assert {"/interview-runs/{run_id}", "/interview-runs/{run_id}/transcript", "/agents/{agent_id}"} <= read


async def test_what_was_read_with_more_in_it_is_known_when_it_is_changed(
    server: RunningServer, everything: Everything
) -> None:
    http, path = everything.http, f"/blueprints/{everything.by_prefix['bp_']}"
    plain = await http.get(path)
    agent = f"/agents/{plain.json()['agent_id']}"
    whole = await http.get(path, params={"expand[]": "agent"})
    await http.patch(agent, json={"description": "Somebody else, really."})
    other = await http.get(
        path, params={"expand[]": "agent"}, headers={"If-None-Match": whole.headers["etag"]}
    )
    changed = await http.patch(path, json={"name": "Anew"}, headers={"If-Match": whole.headers["etag"]})
    stale = await http.patch(path, json={"name": "Anew"}, headers={"If-Match": whole.headers["etag"]})

    assert plain.headers["etag"] != whole.headers["etag"] != other.headers["etag"]
    assert [200, 200, 412] == [each.status_code for each in (other, changed, stale)]


async def test_a_request_under_the_name_of_another_is_refused(
    server: RunningServer, everything: Everything
) -> None:
    judge, found = Judge(everything.document), []
    for method, template, said in everything.operations():
        if method != "POST":
            continue
        path, name = everything.address(template, said), {"Idempotency-Key": f"name of {template}"}
        first = await everything.http.request(method, path, json={}, headers=name)
        again = await everything.http.request(method, path, json={}, headers=name)
        other = await everything.http.request(method, path, json={"other": 1}, headers=name)
        if (409, "idempotency_key_reused") != (other.status_code, other.json()["error"]["code"]):
            found.append(f"{path}: {other.status_code} {other.text[:200]}")
            continue
        found += [f"{path}: {fault}" for fault in judge.faults(other, said)]
        if (first.status_code, first.content) != (again.status_code, again.content):
            found.append(f"{path}: answered another time as {again.status_code}")

    assert [] == found

"""What holds for everything that is made, changed and deleted through the Studies API."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio

from server.store.organizations import Tenant
from server.store.run import Place
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint
from tests.support.store import all_files
from tests.support.studies import program

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAMPLE = json.loads((Path(__file__).parent.parent / "data" / "run-list-sample.json").read_text("utf-8"))
OF_ALL = {"id", "organization_id", "test_mode", "object", "created_at", "updated_at"}


class Resource(msgspec.Struct, frozen=True):
    """A kind of thing, and bodies that are right and wrong for it."""

    path: str
    prefix: str
    kind: str
    body: dict[str, Any]
    change: dict[str, Any]
    keys: set[str]
    """Of the object that comes of `body`."""
    wrong: dict[str, Any]
    faults: set[str]
    """Places of all faults of `wrong`."""
    once: frozenset[str] = frozenset()
    """Keys that only the answer to the making has."""


RESOURCES = [
    Resource(
        path="/channels",
        prefix="chn_",
        kind="channel",
        body={
            "name": "Support line",
            "type": "telephony",
            "provider": {"name": "twilio", "config": {"number": "+15550100"}},
            "settings": {"recording": False, "max_duration_s": 600, "idle_timeout_s": 60},
            "metadata": {"team": "x"},
        },
        change={"name": "Another line", "status": "disabled"},
        keys=set(SAMPLE["data"][0]["channel"]),
        wrong={"name": "", "type": "pigeon", "settings": {"max_duration_s": 0, "volume": 1}, "extra": 1},
        faults={"/name", "/type", "/settings/max_duration_s", "/settings/volume", "/extra"},
    ),
    Resource(
        path="/connectors",
        prefix="con_",
        kind="connector",
        body={
            "name": "Team calls",
            "type": "zoom",
            "auth": {"service_account": "bot@example.org"},
            "bot_config": {"display_name": "Robin", "avatar_url": "https://example.org/robin.png"},
        },
        change={"status": "disabled", "metadata": {"a": 1}},
        keys=set(SAMPLE["data"][0]["connector"]),
        wrong={"name": 5, "type": "zoom", "bot_config": {"avatar_url": "javascript:1"}, "extra": None},
        faults={"/name", "/bot_config/display_name", "/bot_config/avatar_url", "/extra"},
    ),
    Resource(
        path="/credentials",
        prefix="crd_",
        kind="credentials",
        body={"name": "Our carrier", "provider": "twilio", "secrets": {"auth_token": "t0p-s3cret"}},
        change={"name": "Our former carrier"},
        keys=OF_ALL | {"name", "provider"},
        wrong={"name": "x", "provider": "Twi lio", "secrets": {"auth token": "x", "b": ""}, "extra": []},
        faults={"/provider", "/secrets/auth token", "/secrets/b", "/extra"},
    ),
    Resource(
        path="/webhooks",
        prefix="whk_",
        kind="webhook",
        body={"url": "https://hooks.example.org/a", "events": ["interview_run.created"]},
        change={"status": "disabled", "description": "For the archive."},
        keys=OF_ALL | {"url", "events", "status", "description", "metadata"},
        wrong={"url": 1, "events": ["nothing.happened"], "status": "on", "extra": {}},
        faults={"/url", "/events/0", "/status", "/extra"},
        once=frozenset({"secret"}),
    ),
]
each_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda each: each.kind)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def http(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    """A program of an organization of its own."""
    async with program(server) as client:
        yield client


async def made(http: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await http.post(path, json=body)
    assert answer.status_code == 201, answer.text
    thing: dict[str, Any] = answer.json()
    return thing


def refusal(answer: httpx.Response) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    assert "Traceback" not in answer.text
    return answer.status_code, error["code"], error["param"]


@each_resource
async def test_what_is_made_has_the_documented_keys_and_is_read_again(
    http: httpx.AsyncClient, resource: Resource
) -> None:
    thing = await made(http, resource.path, resource.body)
    read = await http.get(f"{resource.path}/{thing['id']}")
    page = (await http.get(resource.path)).json()
    lasting = {name: value for name, value in thing.items() if name not in resource.once}

    assert resource.keys | resource.once == set(thing)
    assert (resource.kind, True) == (thing["object"], thing["test_mode"])
    assert thing["id"].startswith(resource.prefix)
    assert lasting == read.json()
    assert '"1"' == read.headers["etag"]
    assert {"object": "list", "data": [lasting], "has_more": False, "next_cursor": None} == page


@pytest.mark.parametrize("kind", ["channel", "connector"])
async def test_nested_objects_have_the_keys_of_the_sample(http: httpx.AsyncClient, kind: str) -> None:
    resource = next(each for each in RESOURCES if each.kind == kind)
    thing = await made(http, resource.path, resource.body)
    sample = SAMPLE["data"][0][kind]

    for name, value in sample.items():
        if isinstance(value, dict) and name not in ("metadata", "config"):
            assert set(value) == set(thing[name]), name


@each_resource
async def test_every_fault_of_a_body_is_told_at_once(http: httpx.AsyncClient, resource: Resource) -> None:
    answer = await http.post(resource.path, json=resource.wrong)
    error = answer.json()["error"]

    assert 400 == answer.status_code
    assert resource.faults == {each["param"] for each in error["errors"]}
    assert ("/extra", "unknown_field") in {(each["param"], each["code"]) for each in error["errors"]}


@each_resource
async def test_a_change_changes_what_is_given_and_nothing_else(
    http: httpx.AsyncClient, resource: Resource
) -> None:
    thing = await made(http, resource.path, resource.body)
    answer = await http.patch(f"{resource.path}/{thing['id']}", json=resource.change)
    changed = answer.json()
    same = set(changed) - set(resource.change) - {"updated_at"}

    assert (200, '"2"') == (answer.status_code, answer.headers["etag"])
    assert resource.change == {name: changed[name] for name in resource.change}
    assert {name: thing[name] for name in same} == {name: changed[name] for name in same}


@each_resource
async def test_a_change_or_deletion_of_what_has_changed_meanwhile_is_refused(
    http: httpx.AsyncClient, resource: Resource
) -> None:
    thing = await made(http, resource.path, resource.body)
    path, seen = f"{resource.path}/{thing['id']}", {"If-Match": '"1"'}
    first = await http.patch(path, json=resource.change, headers=seen)
    second = await http.patch(path, json=resource.change, headers=seen)
    deleted = await http.delete(path, headers=seen)
    last = await http.delete(path, headers={"If-Match": '"2"'})

    assert [200, 412, 412, 204] == [each.status_code for each in (first, second, deleted, last)]
    assert 404 == (await http.get(path)).status_code


@each_resource
async def test_a_request_that_is_sent_twice_is_done_once(http: httpx.AsyncClient, resource: Resource) -> None:
    named = {"Idempotency-Key": "the same"}
    first = await http.post(resource.path, json=resource.body, headers=named)
    second = await http.post(resource.path, json=resource.body, headers=named)
    other = await http.post(resource.path, json=resource.body | {"name": "x", "url": "y"}, headers=named)
    page = (await http.get(resource.path)).json()

    assert (201, 201) == (first.status_code, second.status_code)
    assert first.content == second.content
    assert "true" == second.headers["idempotent-replayed"]
    assert (409, "idempotency_key_reused", None) == refusal(other)
    assert 1 == len(page["data"])


@each_resource
async def test_others_and_the_other_mode_see_nothing(server: RunningServer, resource: Resource) -> None:
    async with program(server) as http:
        thing = await made(http, resource.path, resource.body)
        path = f"{resource.path}/{thing['id']}"
        owner = thing["organization_id"]
        async with (
            program(server) as stranger,
            program(server, organization_id=owner, test_mode=False) as live,
        ):
            for other in (stranger, live):
                answers = [
                    await other.get(path),
                    await other.patch(path, json=resource.change),
                    await other.delete(path),
                ]
                page = (await other.get(resource.path)).json()

                assert [404] * 3 == [each.status_code for each in answers]
                assert [] == page["data"]


@each_resource
async def test_scopes_are_kept(server: RunningServer, resource: Resource) -> None:
    async with program(server) as http:
        thing = await made(http, resource.path, resource.body)
        owner, path = thing["organization_id"], f"{resource.path}/{thing['id']}"
        async with program(server, organization_id=owner, scopes=("read",)) as reader:
            answers = [
                await reader.get(path),
                await reader.post(resource.path, json=resource.body),
                await reader.patch(path, json=resource.change),
                await reader.delete(path),
            ]

    assert [200, 403, 403, 403] == [each.status_code for each in answers]


@each_resource
async def test_a_list_is_read_page_by_page_both_ways(http: httpx.AsyncClient, resource: Resource) -> None:
    ids = [(await made(http, resource.path, resource.body))["id"] for _ in range(5)][::-1]
    forward: list[str] = []
    after: dict[str, Any] = {}
    while True:
        page = (await http.get(resource.path, params={"limit": 2, **after})).json()
        forward += [each["id"] for each in page["data"]]
        if page["next_cursor"] is None:
            break
        after = {"starting_after": page["next_cursor"]}
    back = (await http.get(resource.path, params={"limit": 2, "ending_before": ids[4]})).json()
    both = await http.get(resource.path, params={"starting_after": ids[0], "ending_before": ids[4]})
    too_many = await http.get(resource.path, params={"limit": 101})

    assert ids == forward
    assert ids[2:4] == [each["id"] for each in back["data"]]
    assert back["has_more"]
    assert [400, 400] == [both.status_code, too_many.status_code]


@each_resource
async def test_hostile_bodies_are_refused_in_plain_words(http: httpx.AsyncClient, resource: Resource) -> None:
    async def send(content: bytes, kind: str = "application/json") -> tuple[int, str, str | None]:
        return refusal(await http.post(resource.path, content=content, headers={"Content-Type": kind}))

    whole = json.dumps(resource.body).encode()
    deep = b'{"metadata":' * 200 + b"{}" + b"}" * 200

    assert (413, "payload_too_large", None) == await send(b'"' + b"a" * 2_000_000 + b'"')
    assert (415, "unsupported_media_type", None) == await send(whole, "text/plain")
    assert 400 == (await send(b'{"metadata":{"a":"\\u0000"}}'))[0]
    assert 400 == (await send(b'{"metadata":{"a":"\\ud800"}}'))[0]
    assert 400 == (await send(deep))[0]
    assert (400, "invalid_json") == (await send(whole[:-1]))[:2]
    assert 400 == (await send(b"[]"))[0]
    assert 400 == (await send(b""))[0]
    assert [] == (await http.get(resource.path)).json()["data"]


@each_resource
async def test_an_id_that_is_none_finds_nothing(http: httpx.AsyncClient, resource: Resource) -> None:
    for name in ("nonsense", resource.prefix + "0" * 32, "%00", "..%2f..", resource.prefix + "f" * 4_000):
        assert 404 == (await http.get(f"{resource.path}/{name}")).status_code, name


async def test_settings_of_a_channel_change_one_by_one_and_its_provider_as_a_whole(
    http: httpx.AsyncClient,
) -> None:
    thing = await made(http, "/channels", RESOURCES[0].body)
    answer = await http.patch(
        f"/channels/{thing['id']}",
        json={"settings": {"recording": True}, "provider": {"name": "telnyx"}},
    )

    assert {"recording": True, "max_duration_s": 600, "idle_timeout_s": 60} == answer.json()["settings"]
    assert {"name": "telnyx", "credentials_id": None, "config": {}} == answer.json()["provider"]


async def test_what_a_nested_object_leaves_out_has_its_default_after_a_change(
    http: httpx.AsyncClient,
) -> None:
    agent = await made(
        http,
        "/agents",
        {
            "name": "Robin",
            "persona": {"system_prompt": "You interview.", "tone": "neutral"},
            "techniques": ["mirroring"],
            "probing_depth": "light",
            "boundaries": {"sensitive_topics": ["health"]},
        },
    )
    change = {"boundaries": {"off_topic_handling": "allow"}}
    changed = (await http.patch(f"/agents/{agent['id']}", json=change)).json()

    assert set(agent["boundaries"]) == set(changed["boundaries"])
    assert ("allow", []) == (
        changed["boundaries"]["off_topic_handling"],
        changed["boundaries"]["sensitive_topics"],
    )


async def test_only_known_carriers_bring_phone_calls(http: httpx.AsyncClient) -> None:
    body = {"name": "Line", "type": "telephony", "provider": {"name": "tin cans"}}
    browser = await made(http, "/channels", body | {"type": "webrtc_voice"})
    answers = [
        await http.post("/channels", json=body),
        await http.patch(f"/channels/{browser['id']}", json={"type": "telephony"}),
    ]

    assert [(400, "unknown_carrier", "/provider/name")] * 2 == [refusal(each) for each in answers]


async def test_named_credentials_must_be_there_and_cannot_be_deleted_while_named(
    http: httpx.AsyncClient,
) -> None:
    credentials = await made(http, "/credentials", RESOURCES[2].body)
    name, path = credentials["id"], f"/credentials/{credentials['id']}"
    nobody = "crd_" + "0" * 32
    channel = {"name": "Line", "type": "custom", "provider": {"name": "x", "credentials_id": nobody}}
    connector = {"name": "C", "type": "zoom", "bot_config": {"display_name": "R"}}
    unknown = refusal(await http.post("/channels", json=channel))
    kept = await made(http, "/channels", channel | {"provider": {"name": "x", "credentials_id": name}})
    while_channel = refusal(await http.delete(path))
    bot = await made(http, "/connectors", connector | {"auth": {"credentials_id": name}})
    let_go = await http.patch(f"/channels/{kept['id']}", json={"provider": {"name": "x"}})
    while_connector = refusal(await http.delete(path))
    await http.delete(f"/connectors/{bot['id']}")
    free = await http.delete(path)

    assert (400, "unknown_credentials", "/provider/credentials_id") == unknown
    assert (409, "in_use", None) == while_channel == while_connector
    assert (200, 204) == (let_go.status_code, free.status_code)


async def test_a_channel_or_connector_that_runs_name_is_not_deleted(server: RunningServer) -> None:
    organization = await server.house.organizations.create("Busy & Co.")
    tenant = Tenant(organization.id, test_mode=True)
    blueprint = await server.house.blueprints.create(tenant, small_blueprint())
    await server.house.blueprints.publish(tenant, blueprint.id)
    async with program(server, organization_id=organization.id) as http:
        channel = await made(http, "/channels", RESOURCES[0].body)
        connector = await made(http, "/connectors", RESOURCES[1].body)
        place = Place(channel_id=channel["id"], connector_id=connector["id"])
        await server.house.runs.create(tenant, blueprint.id, place=place)
        answers = [
            refusal(await http.delete(f"/channels/{channel['id']}")),
            refusal(await http.delete(f"/connectors/{connector['id']}")),
        ]

    assert [(409, "in_use", None)] * 2 == answers


async def test_secrets_never_come_out_and_lie_nowhere_open(
    server: RunningServer, http: httpx.AsyncClient
) -> None:
    secret = "correct-horse-battery-staple"
    body = RESOURCES[2].body | {"secrets": {"auth_token": secret}}
    credentials = await http.post("/credentials", json=body, headers={"Idempotency-Key": "a"})
    path = f"/credentials/{credentials.json()['id']}"
    webhook = await http.post("/webhooks", json=RESOURCES[3].body, headers={"Idempotency-Key": "b"})
    shown = [credentials.text, (await http.get(path)).text, (await http.get("/credentials")).text]
    shown.append((await http.patch(path, json={"secrets": {"auth_token": secret + "!"}})).text)
    wrong = await http.post("/credentials", json=body | {"extra": 1})
    disk = all_files(server.house.settings.data_dir)

    assert [] == [text for text in [*shown, wrong.text] if secret in text]
    assert secret.encode() not in disk
    assert webhook.json()["secret"].encode() not in disk


async def test_an_administrator_makes_lists_and_revokes_keys(server: RunningServer) -> None:
    async with program(server, test_mode=False) as http:
        answer = await http.post("/api-keys", json={"name": "CI", "mode": "test", "scopes": ["read"]})
        key = answer.json()
        page = (await http.get("/api-keys")).json()
        async with httpx.AsyncClient(
            base_url=http.base_url, headers={"Authorization": f"Bearer {key['secret']}"}
        ) as made_by:
            before = await made_by.get("/agents")
            gone = await http.delete(f"/api-keys/{key['id']}")
            after = await made_by.get("/agents")
        again = await http.delete(f"/api-keys/{key['id']}")
        revoked = (await http.get("/api-keys")).json()["data"][0]

    assert OF_ALL | {"name", "mode", "scopes", "prefix", "revoked_at", "secret"} == set(key)
    assert (201, "api_key", "test", ["read"]) == (
        answer.status_code,
        key["object"],
        key["mode"],
        key["scopes"],
    )
    assert key["secret"].startswith(key["prefix"])
    assert [key["id"]] == [each["id"] for each in page["data"][:-1]]
    assert all("secret" not in each for each in page["data"])
    assert [200, 204, 401, 404] == [each.status_code for each in (before, gone, after, again)]
    assert revoked["revoked_at"] is not None


async def test_a_test_key_neither_makes_nor_sees_live_keys(server: RunningServer) -> None:
    async with program(server, test_mode=False) as live:
        own = (await live.get("/api-keys")).json()["data"][0]
        async with program(server, organization_id=own["organization_id"]) as test:
            answer = await test.post("/api-keys", json={"mode": "live", "scopes": ["read"]})
            seen = (await test.get("/api-keys")).json()["data"]
            gone = await test.delete(f"/api-keys/{own['id']}")

    assert (403, "forbidden", "/mode") == refusal(answer)
    assert ["test"] == [each["mode"] for each in seen]
    assert 404 == gone.status_code


async def test_keys_and_changes_of_the_organization_are_for_administrators(server: RunningServer) -> None:
    async with program(server, test_mode=False, scopes=("read", "write")) as http:
        answers = [
            await http.get("/api-keys"),
            await http.post("/api-keys", json={"mode": "live", "scopes": ["admin"]}),
            await http.delete("/api-keys/key_" + "0" * 32),
            await http.patch("/organization", json={"name": "Mine"}),
            await http.get("/organization"),
        ]

    assert [403, 403, 403, 403, 200] == [each.status_code for each in answers]


async def test_an_organization_is_read_and_changed_setting_by_setting(server: RunningServer) -> None:
    async with program(server, test_mode=False) as http:
        before = await http.get("/organization")
        await http.patch("/organization", json={"settings": {"retention_days": 30, "publish_gate": True}})
        answer = await http.patch(
            "/organization",
            json={"name": "New name", "settings": {"help_lines": ["116 123"], "publish_gate": None}},
            headers={"If-Match": '"2"'},
        )
        stale = await http.patch("/organization", json={"name": "x"}, headers={"If-Match": '"2"'})
        wrong = await http.patch(
            "/organization",
            json={"name": None, "settings": {"retention_days": 0, "paging": 1}, "id": "org_1"},
        )
        inward = await http.patch(
            "/organization", json={"settings": {"paging_webhook": "https://127.0.0.1/x"}}
        )
        changed = answer.json()

    assert OF_ALL | {"name", "settings"} == set(before.json())
    assert ("organization", "Field & Co.") == (before.json()["object"], before.json()["name"])
    assert "New name" == changed["name"]
    assert {
        "retention_days": 30,
        "help_lines": ["116 123"],
        "paging_webhook": None,
        "paging_threshold": None,
        "publish_gate": None,
        "simulation_gate": None,
    } == changed["settings"]
    assert '"3"' == answer.headers["etag"]
    assert (412, "precondition_failed", None) == refusal(stale)
    assert {"/name", "/settings/retention_days", "/settings/paging", "/id"} == {
        each["param"] for each in wrong.json()["error"]["errors"]
    }
    assert (400, "invalid_url", "/settings/paging_webhook") == refusal(inward)


async def test_a_test_key_does_not_change_what_live_interviews_go_by(http: httpx.AsyncClient) -> None:
    assert (403, "forbidden", None) == refusal(await http.patch("/organization", json={"name": "x"}))

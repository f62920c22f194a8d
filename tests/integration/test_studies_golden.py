"""The list of runs with everything expanded, held against the documented sample: key for key, type for type,
and each key seen with a value somewhere."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import pytest_asyncio

from dialog.transcript import rfc3339
from server.api.studies.run_expansions import NAMES
from server.api.studies.run_shapes import RunList
from server.clock import wall_clock_ms
from tests.support.page import opened_page, start_text
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.studies import program

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAMPLE: Final = json.loads(
    (Path(__file__).parent.parent / "data" / "run-list-sample.json").read_text("utf-8")
)
ANSWERS: Final = [
    "I use a pencil every day. The pencil is my favourite tool and I love it.",
    "My pencil broke in a meeting, and nobody had another pencil for me.",
]
OURS: Final = {"evidence": [{"entry_id": "string", "quote": "string"}]}
"""What themes have beside the sample: the passages that they rest on."""


def agent() -> dict[str, Any]:
    return {
        "name": "Robin",
        "description": "Asks about tools.",
        "persona": {"system_prompt": "You interview people.", "tone": "conversational", "language": "en"},
        "voice": {"provider": "embedded", "voice_id": "en-us", "speed": 1.0},
        "techniques": ["funnel"],
        "probing_depth": "light",
        "boundaries": {"sensitive_topics": ["illness"]},
        "metadata": {"team": "research"},
    }


def question(key: str, text: str) -> dict[str, Any]:
    probing = {
        "enabled": False,
        "max_follow_ups": 0,
        "techniques": ["tell_me_more"],
        "completion_hint": "A tool is named.",
    }
    return {"type": "question", "key": key, "text": text, "objective": "Tools.", "probing": probing}


def design(agent_id: str) -> dict[str, Any]:
    condition = {"type": "structured", "field": "participant.metadata.team", "operator": "eq", "value": "a"}
    edges: list[dict[str, Any]] = [
        {"from": "q1", "to": "q2", "condition": condition, "priority": 0},
        {"from": "q1", "to": "q2"},
    ]
    return {
        "agent_id": agent_id,
        "name": "Tools",
        "description": "What people work with.",
        "graph": {
            "entry_node": "q1",
            "nodes": {
                "q1": question("q1", "Which tools do you use at work?"),
                "q2": question("q2", "What happened the last time one of them failed you?"),
            },
            "edges": [{"priority": 1, **edge} for edge in edges],
        },
        "settings": {"intro_message": "Welcome.", "outro_message": "Thank you.", "language": "en"},
        "metadata": {"wave": 1},
    }


class Answers:
    """What a program is given for what it asks for."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def made(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = await self._http.post(path, json=body)
        assert answer.is_success, answer.text
        thing: dict[str, Any] = answer.json()
        return thing


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningServer]:
    async with running_server(tmp_path_factory.mktemp("house")) as running:
        yield running


async def listed(server: RunningServer) -> dict[str, Any]:
    """The list of three runs: one that was talked in on a channel, one to come, one by a connector."""
    async with program(server, test_mode=False) as http:
        made = Answers(http).made
        interviewer = await made("/agents", agent())
        blueprint_id = (await made("/blueprints", design(interviewer["id"])))["id"]
        await made(f"/blueprints/{blueprint_id}/publish")
        secrets = {"name": "Carrier", "provider": "twilio", "secrets": {"auth_token": "secret"}}
        credentials_id = (await made("/credentials", secrets))["id"]
        provider = {"name": "twilio", "credentials_id": credentials_id, "config": {"number": "+15550100"}}
        channel = {"name": "Line", "type": "telephony", "provider": provider, "metadata": {"floor": 2}}
        bot = {"display_name": "Robin", "avatar_url": "https://example.org/a.png", "join_message": "Hello."}
        auth = {"credentials_id": credentials_id, "service_account": "bot@example.org"}
        connector = {"name": "Calls", "type": "google_meet", "auth": auth, "bot_config": bot}
        asked = {
            "blueprint_id": blueprint_id,
            "participant": {"external_id": "e-17", "name": "Kim", "metadata": {"team": "a"}},
            "metadata": {"wave": 2},
        }
        by_connector = {"connector_id": (await made("/connectors", connector | {"metadata": {"a": 1}}))["id"]}
        meeting = {"meeting_url": "https://meet.example.org/abc"}
        later = {"scheduled_at": rfc3339(wall_clock_ms() + 3_600_000)}
        await made("/interview-runs", asked | by_connector | meeting)
        await made("/interview-runs", asked | later)
        run = await made("/interview-runs", asked | {"channel_id": (await made("/channels", channel))["id"]})
        study = Study(run["id"], run["join_token"], http.headers["authorization"].removeprefix("Bearer "))
        async with opened_page(server, study) as page:
            await start_text(page)
            await page.answer_all(ANSWERS)
        await server.until_over(study)
        answer = await http.get("/interview-runs", params={"expand[]": list(NAMES), "limit": 2})
        rest = await http.get(
            "/interview-runs",
            params={"expand[]": list(NAMES), "starting_after": answer.json()["next_cursor"]},
        )
    assert not rest.json()["has_more"]
    whole: dict[str, Any] = answer.json()
    return whole | {"data": whole["data"] + rest.json()["data"]}


def faults(sample: Any, ours: Any, place: str) -> Iterator[str]:
    """Where ours has other keys than the sample, or a value of another type; null may be anywhere.

    `property1` stands in the sample for any key.
    """
    match sample, ours:
        case (None, _) | (_, None):
            return
        case {"property1": each}, dict():
            for key, value in ours.items():
                yield from faults(each, value, f"{place}.{key}")
        case dict(), dict():
            yield from (f"{place}: {key}" for key in sample.keys() ^ ours.keys())
            for key in sample.keys() & ours.keys():
                yield from faults(sample[key], ours[key], f"{place}.{key}")
        case list(), list():
            for value in ours:
                yield from faults(sample[0], value, f"{place}[]")
        case int(), float() if place.endswith(("_rate", ".confidence", ".salience")):
            return
        case _:
            if type(sample) is not type(ours):
                yield f"{place}: {ours!r} is no {type(sample).__name__}"


def held(sample: Any, ours: Any, place: str = "") -> Iterator[str]:
    """Every documented place at which ours holds something."""
    match sample, ours:
        case _, None:
            return
        case {"property1": each}, dict():
            if ours:
                yield place
            for value in ours.values():
                yield from held(each, value, f"{place}.*")
        case dict(), dict():
            for key in sample.keys() & ours.keys():
                yield from held(sample[key], ours[key], f"{place}.{key}")
        case list(), list():
            for value in ours:
                yield from held(sample[0], value, f"{place}[]")
        case _:
            yield place


async def test_a_list_with_everything_expanded_has_exactly_the_documented_keys(server: RunningServer) -> None:
    body = await listed(server)
    sample = json.loads(json.dumps(SAMPLE))
    run = sample["data"][0]
    run["analysis"]["results"]["themes"]["items"][0] |= OURS
    talked, scheduled, by_connector = body["data"]

    assert [] == list(faults(sample, body, ""))
    assert set() == set(held(sample, sample)) - set(held(sample, body))
    assert len(set(held(sample, sample))) > 150
    for shown in body["data"]:
        assert list(run) == list(shown)
    assert ["completed", "scheduled", "awaiting_participant"] == [each["status"] for each in body["data"]]
    assert talked["id"] == RunList.model_validate(body).data[0].id
    assert ANSWERS == [e["content"] for e in talked["transcript"]["entries"] if e["role"] == "participant"]
    assert (None, None) == (talked["connector"], by_connector["channel"])
    assert scheduled["transcript"] is None

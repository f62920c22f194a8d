"""Requests that schemathesis makes of the OpenAPI file, right ones and wrong ones, against a server in a
thread of its own; every answer is judged by every check that there is."""

import asyncio
import contextlib
import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok

from server.api.studies.door import LARGEST_INTEGER
from tests.support.one_of_each import Everything, one_of_each
from tests.support.running_server import running_server

_CONFIGURATION: Final[dict[str, Any]] = {
    # A schema can't say that NUL is refused; that it is, is tried by the tests of the conventions.
    "generation": {"allow-x00": False},
    "checks": {
        # What is well formed may still meet something that has changed, a range that there is not, or a graph
        # with faults: that can't be said in a schema.
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "412", "416", "422"]
        },
        "negative_data_rejection": {
            "expected-statuses": ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422"]
        },
    },
}
_NO_FAULTS: Final = {
    "- query: violates `additionalProperties`",
    "- header: violates `required` (was Authorization)",
}
_LATE: Final = ("DELETE", "POST /interview-runs/{run_id}/cancel", "POST /blueprints/{blueprint_id}/archive")
"""What takes something away from the others comes last."""


class Attacked(msgspec.Struct, frozen=True):
    """A server that answers in another thread."""

    origin: str
    key: str
    everything: Everything


@contextlib.contextmanager
def attacked_server(data_dir: Path, database_url: str) -> Iterator[Attacked]:
    """Serve, with one of each thing there, until the block is left."""
    ready: list[Attacked] = []
    begun, done = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    async def serve() -> None:
        async with running_server(data_dir, database_url=database_url) as server:
            async with one_of_each(server) as everything:
                key = everything.http.headers["authorization"]
                ready.append(Attacked(server.origin, key, everything))
                begun.set()
                while not done.is_set():  # noqa: ASYNC110 - it is set in another thread
                    await asyncio.sleep(0.05)

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failures.append(error)
        finally:
            begun.set()

    thread = threading.Thread(target=run, name="attacked server")
    thread.start()
    try:
        assert begun.wait(120)
        if failures:
            raise failures[0]
        yield ready[0]
    finally:
        done.set()
        thread.join(60)
    if failures:
        raise failures[0]


def attack(server: Attacked, *, cases: int, number: int) -> tuple[Counter[str], list[str]]:
    """Send about so many requests, spread over all operations, drawn from the seed `number`.

    Returns how often which operation gave which status, and whatever any check has found.
    """
    configuration = SchemathesisConfig.from_dict(_CONFIGURATION)
    schema = schemathesis.openapi.from_dict(server.everything.document, config=configuration)
    schema.config.update(base_url=f"{server.origin}/api/v1")
    operations = [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]
    operations.sort(key=lambda each: each.label.startswith(_LATE))
    statuses: Counter[str] = Counter()
    found: list[str] = []
    for place, operation in enumerate(operations):
        modes = [
            operation.as_strategy(generation_mode=mode)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        ]

        def send(case: Case[Any]) -> None:
            _aim(case, server.everything)
            answer = case.call(headers={"Authorization": server.key}, timeout=30)
            statuses[f"{case.operation.label} {answer.status_code}"] += 1
            try:
                case.validate_response(answer)
            except FailureGroup as error:
                found.extend([] if _forgiven(str(error)) else [str(error)])

        share = (cases * (place + 1)) // len(operations) - (cases * place) // len(operations)
        drawn = settings(
            max_examples=max(share, 2),
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            deadline=None,
        )
        seed(number + place)(drawn(given(case=st.one_of(modes))(send)))()
    return statuses, found


def _forgiven(told: str) -> bool:
    """A wrong request was taken whose faults are none here: a name in the query that nobody knows is passed
    over, and the key that was left out is sent all the same."""
    faults = {line.strip() for line in told.splitlines() if re.match(r"\s+- \w+: violates", line)}
    return told.count("- ST") == told.count("- ST201") == 1 and bool(faults) and faults <= _NO_FAULTS


def _aim(case: Case[Any], everything: Everything) -> None:
    """Let a right request meet what is there, where a schema can't say what that is."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    said = everything.document["paths"][case.path][case.method.lower()]
    examples = {each["name"]: each.get("example") for each in said.get("parameters", ())}
    for name in case.path_parameters:
        if name == "node_id":
            case.path_parameters[name] = "q1"
        elif name != "version":
            case.path_parameters[name] = everything.fitted(examples[name])
    if "starting_after" in (case.query or {}):
        case.query.pop("ending_before", None)
    if isinstance(case.body, dict):
        case.body = _known(case.body, everything)
        if case.path == "/api-keys":
            case.body |= {"name": "A key", "mode": "test"}
        if case.body.get("type") == "telephony":
            case.body["provider"] = {"name": "twilio"}


def _known(body: dict[str, Any], everything: Everything) -> dict[str, Any]:
    """A body with what only the server knows in the place of its own: ids, times, addresses."""
    known: dict[str, Any] = {
        "agent_id": everything.by_prefix["agt_"],
        "blueprint_id": everything.by_prefix["bp_"],
        "url": "https://example.org/hook",
        "scheduled_at": None,
        "expires_at": None,
        "connector_id": None,
        "channel_id": None,
        "credentials_id": None,
        "avatar_url": None,
        "redirect_url": "https://example.org/done",
        "paging_webhook": None,
    }
    return {name: known.get(name, _plain(value, everything)) for name, value in body.items()}


def _plain(value: Any, everything: Everything) -> Any:
    match value:
        case dict():
            return _known(value, everything)
        case list():
            return [_plain(each, everything) for each in value]
        case float() if value.is_integer() and abs(value) <= LARGEST_INTEGER:
            return int(value)  # as programs write it; to a schema 2.0 is an integer too
        case int() if abs(value) > LARGEST_INTEGER:
            return value % 1_000_003  # that nothing is kept which no reader keeps can't be said in a schema
        case _:
            return value

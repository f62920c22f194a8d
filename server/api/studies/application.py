"""The Studies API put together: its resources behind one door, described by one OpenAPI file.

Mounted at /api/v1; media, WHIP and websockets stay outside.
"""

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any, ClassVar, Final

import msgspec
from fastapi import APIRouter, Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route

from server.api.errors import EXCEPTION_HANDLERS, on_http_exception
from server.api.studies import (
    agents,
    blueprints,
    channels,
    connectors,
    credentials,
    documents,
    exports,
    graphs,
    keys,
    leading,
    open_links,
    organization,
    quality,
    records,
    runs,
    simulations,
    talking,
    webhooks,
)
from server.api.studies.conventions import no_stray_body, on_invalid
from server.api.studies.description import complete
from server.api.studies.freshness import digest

PREFIX: Final = "/api/v1"

_DESCRIPTION: Final = """\
Design interviews, hold them by voice, read what came of them.

**Keys.** Every request carries an API key: `Authorization: Bearer sk_live_…`. What a test key (`sk_test_…`)
makes is invisible to live keys, and the reverse. A key has scopes: `read`, `write`, `operate`, `admin`.

**Shapes.** Ids are a prefix and 32 hex digits; instants are RFC 3339 in UTC with milliseconds. All fields are
always there, null when unset; only what `expand[]` asks for comes and goes. A field that isn't known is
refused.

**Lists** come newest first: `limit`, and `starting_after` or `ending_before` with an id; `next_cursor` is
null on the last page.

**Errors** come in one envelope, `{"error": {"type", "code", "message", "param", "request_id"}}`; where a
request has several faults, `errors` lists every one with its place.

**Twice is once.** A POST may carry an `Idempotency-Key`: sent again within a day, with the same body, it is
done once and answered the same.

**Changes that don't collide.** What is answered has an `ETag`. With `If-Match` a change is made only if
nobody has changed the thing meanwhile (else 412); with `If-None-Match` a reading answers 304 if nothing has.
"""

_TAGS: Final = {
    "Agents": "The interviewers: who they are, how they ask, how deep they go.",
    "Blueprints": "The designs: a graph of questions with objectives, probing rules and branches, drafted,"
    " validated and published.",
    "Simulations": "A draft tried on simulated participants, in seconds, before people meet it.",
    "Channels": "The ways by which participants come: browser, telephone, chat.",
    "Connectors": "Bots that join a meeting elsewhere.",
    "Credentials": "What carriers and meeting services ask for. Secrets go in and never come out.",
    "Open links": "One address for a whole study: whoever opens it gets a run of their own.",
    "Interview runs": "One participant's way through one published version: made, led, and read.",
    "Webhooks": "Who is told what happens, by Standard Webhooks, and what they were told.",
    "API keys": "By what programs are let in.",
    "Organization": "What holds for all studies.",
}
"""In the order of reading."""


_RESOURCES: Final = (
    agents,
    blueprints,
    graphs,
    simulations,
    channels,
    connectors,
    credentials,
    open_links,
    runs,
    leading,
    talking,
    documents,
    quality,
    exports,
    webhooks,
    keys,
    organization,
    records,
)

_describing: Final = threading.Lock()


@functools.cache
def _operations() -> tuple[BaseRoute, ...]:
    """The routes of all resources, which FastAPI takes a while to make. They know no server: all servers of a
    process share them."""
    together = APIRouter(generate_unique_id_function=lambda route: route.name)
    for resource in _RESOURCES:
        together.include_router(resource.router, dependencies=[Depends(no_stray_body)])
    return tuple(together.routes)


class StudiesApi(FastAPI):
    """The operations, and their description. What FastAPI makes of them takes its time: none of it belongs on
    the loop of the talks."""

    _description: ClassVar[dict[str, Any] | None] = None
    """The same for all servers of a process, as their operations are."""

    def warm(self) -> None:
        """Have everything built that FastAPI would else build for the first request, in some 0.2 s."""
        nothing = {"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b""}
        for route in self.routes:
            route.matches(nothing)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI file, made once, in about a second: of FastAPI's, and what holds for all operations.

        For any thread but the loop's.
        """
        with _describing:
            if StudiesApi._description is None:
                StudiesApi._description = complete(super().openapi())
            return StudiesApi._description


def studies_api(state: State) -> StudiesApi:
    """All operations, without the door in front of them; `state` is that of the server around them."""
    handlers: dict[Any, Any] = {**EXCEPTION_HANDLERS, RequestValidationError: on_invalid}
    api = StudiesApi(
        title="Vivavoce Studies API",
        version=version("vivavoce"),
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        separate_input_output_schemas=False,
        openapi_tags=[{"name": name, "description": told} for name, told in _TAGS.items()],
        redirect_slashes=False,
        exception_handlers=handlers,
    )
    api.state = state
    api.router.routes += _operations()
    api.add_exception_handler(
        405, _on_wrong_method([each for one in _RESOURCES for each in one.router.routes])
    )
    api.add_route("/openapi.json", _description_file(api), include_in_schema=False)
    return api


def _on_wrong_method(routes: list[BaseRoute]) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Answers with all methods that an address takes: each has a route of its own that knows of no other."""

    async def answer(request: Request, error: Exception) -> Response:
        allowed: set[str] = set()
        for route in routes:
            if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
                allowed |= route.methods or set()
        refused = await on_http_exception(request, error)
        refused.headers["Allow"] = ", ".join(sorted(allowed))
        return refused

    return answer


def _description_file(api: StudiesApi) -> Callable[[Request], Awaitable[Response]]:
    """GET /openapi.json, for everybody: it says no more than this release does anywhere."""

    @functools.cache
    def written() -> tuple[bytes, dict[str, str]]:
        body = msgspec.json.encode(api.openapi())
        return body, {"Cache-Control": "no-cache", "ETag": f'"{digest(body)}"'}

    async def answer(request: Request) -> Response:
        body, headers = await asyncio.to_thread(written)
        return Response(body, media_type="application/json", headers=headers)

    return answer

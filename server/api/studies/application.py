"""The Studies API put together: its resources behind one door, described by one OpenAPI file.

Mounted at /api/v1; media, WHIP and websockets stay outside.
"""

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import State
from starlette.types import ASGIApp

from server.api.errors import EXCEPTION_HANDLERS
from server.api.studies import (
    agents,
    blueprints,
    channels,
    connectors,
    credentials,
    documents,
    graphs,
    keys,
    leading,
    organization,
    runs,
    talking,
    webhooks,
)
from server.api.studies.conventions import on_invalid
from server.api.studies.door import Door

PREFIX: Final = "/api/v1"

_DESCRIPTION: Final = """\
Design interviews, hold them by voice, read what came of them.

Every request carries an API key: `Authorization: Bearer sk_live_…`. What a test key (`sk_test_…`) makes is
invisible to live keys, and the reverse. A POST may carry an `Idempotency-Key`: sent again within a day it is
done once, and answered the same.
"""


def studies_application(state: State) -> ASGIApp:
    """The application, door included; `state` is that of the server around it."""
    handlers: dict[Any, Any] = {**EXCEPTION_HANDLERS, RequestValidationError: on_invalid}
    api = FastAPI(
        title="Vivavoce Studies API",
        version=version("vivavoce"),
        description=_DESCRIPTION,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        separate_input_output_schemas=False,
        redirect_slashes=False,
        exception_handlers=handlers,
    )
    api.state = state
    resources = (
        agents,
        blueprints,
        graphs,
        channels,
        connectors,
        credentials,
        runs,
        leading,
        talking,
        documents,
        webhooks,
        keys,
        organization,
    )
    for resource in resources:
        api.include_router(resource.router)
    return Door(api)

"""The participant's page and what it is made of: files as they lie in `static`, compressed on their way."""

from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

import static

_ROOT: Final = Path(static.__file__).parent
FRESH: Final = "no-cache"
"""A browser may keep it, but asks each time whether it has changed: an update is seen at once."""


class _Assets(StaticFiles):
    """Files with an ETag, asked for again each time; no type declarations, no Python."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if path.endswith((".d.ts", ".py", ".pyc")):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FRESH
        return response


async def join_page(request: Request) -> Response:
    """GET /join/{run_id}: the same page for any run; it says itself what is wrong, if anything. For an open
    link, too: there it gets a run first, and goes on to that."""
    return FileResponse(_ROOT / "join" / "index.html", headers={"Cache-Control": FRESH})


ROUTES: Final = [
    Route("/join/open/{link_id}", join_page),
    Route("/join/{run_id}", join_page),
    Mount("/static/join", GZipMiddleware(_Assets(directory=_ROOT / "join"))),
    Mount("/static/docs", GZipMiddleware(_Assets(directory=_ROOT / "docs"))),
    Mount("/static/open", GZipMiddleware(_Assets(directory=_ROOT / "open"))),
    Mount("/static/shared", GZipMiddleware(_Assets(directory=_ROOT / "shared"))),
]

"""Who asks first waits for what is made once; who talks meanwhile doesn't."""

import asyncio
import functools
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fastapi.routing
import pytest
from fastapi.dependencies.utils import get_dependant

from server.api.studies import application
from server.api.studies.description import complete
from tests.support.running_server import running_server
from tests.support.studies import program


async def test_nothing_large_is_made_where_the_talks_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, bool]] = []

    def noted(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def noting(*args: Any, **named: Any) -> Any:
            made.append((function.__name__, threading.current_thread() is threading.main_thread()))
            return function(*args, **named)

        return noting

    # What another server of this process has made is made anew.
    application._operations.cache_clear()
    monkeypatch.setattr(application.StudiesApi, "_description", None)
    monkeypatch.setattr(fastapi.routing, "get_dependant", noted(get_dependant))
    monkeypatch.setattr(application, "complete", noted(complete))
    async with running_server(tmp_path) as server, program(server) as http:
        listed = await http.get("/agents")
        # a group, for whichever fails takes the others along instead of leaving them to a closed client
        async with asyncio.TaskGroup() as asking:
            asked = [
                asking.create_task(get)
                for get in (http.get("/openapi.json"), server.http.get("/docs"), http.get("/openapi.json"))
            ]
    described, page, again = (each.result() for each in asked)

    assert [200] * 4 == [each.status_code for each in (listed, described, page, again)]
    assert described.content == again.content
    assert 1 == [name for name, _ in made].count("complete")
    assert len(made) > 60
    assert [] == [name for name, on_the_loop in made if on_the_loop]

"""Run ids out of a path, before anything else looks at them."""

import re
from typing import Final

from starlette.requests import HTTPConnection

from server.api.errors import Refusal

_RUN_ID: Final = re.compile(r"run_[0-9a-f]{32}")


def checked_run_id(connection: HTTPConnection) -> str:
    """The `run_id` of the path. Raises Refusal (404) for what can't be one."""
    run_id = connection.path_params.get("run_id", "")
    if not isinstance(run_id, str) or not _RUN_ID.fullmatch(run_id):
        raise Refusal(404, "run_unknown", "There is no interview at this address. Is the link complete?")
    return run_id

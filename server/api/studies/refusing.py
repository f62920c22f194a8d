"""What a shelf refuses, said in the API's words."""

import contextlib
from collections.abc import Iterator

from server.api.errors import Refusal
from server.api.studies.conventions import not_found, stale
from server.store.shelf import InUse, NotFound, Stale


@contextlib.contextmanager
def refusing(what: str, in_use: str = "") -> Iterator[None]:
    """Turn a shelf's exceptions into Refusals (404, 412, 409). `what` names the thing, `in_use` is the
    sentence for one that something rests on."""
    try:
        yield
    except NotFound:
        raise not_found(what) from None
    except Stale:
        raise stale() from None
    except InUse:
        raise Refusal(409, "in_use", in_use) from None

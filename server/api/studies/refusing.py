"""What the store refuses, said in the API's words."""

import contextlib
from collections.abc import Iterator
from typing import Final

from server.api.errors import Refusal
from server.api.studies.conventions import not_found, stale
from server.pipeline.deliveries import DeliveryNotFound
from server.store.blueprints import BlueprintArchived
from server.store.run import RunNotFound
from server.store.shelf import InUse, NotFound, Stale
from server.store.simulations import SimulationNotFound
from server.store.snapshots import BlueprintNotFound

_NOT_THERE: Final = (NotFound, BlueprintNotFound, DeliveryNotFound, RunNotFound, SimulationNotFound)


@contextlib.contextmanager
def refusing(what: str, in_use: str = "") -> Iterator[None]:
    """Turn the store's exceptions into Refusals (404, 412, 409). `what` names the thing, `in_use` is the
    sentence for one that something rests on."""
    try:
        yield
    except _NOT_THERE:
        raise not_found(what) from None
    except BlueprintArchived:
        sentence = "This blueprint is archived: it can't be changed or published."
        raise Refusal(409, "archived", sentence) from None
    except Stale:
        raise stale() from None
    except InUse:
        raise Refusal(409, "in_use", in_use) from None

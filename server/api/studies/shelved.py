"""What lies on a shelf, as the API shows it: around a thing's own parts stands what all things have."""

from collections.abc import Mapping
from typing import Any

from dialog.transcript import rfc3339
from server.store.shelf import Kept


def shelved(kept: Kept, kind: str, parts: Mapping[str, Any]) -> dict[str, Any]:
    """A thing of this kind, with these parts of its own."""
    return {
        "id": kept.id,
        "organization_id": kept.organization_id,
        "test_mode": kept.test_mode,
        **parts,
        "created_at": rfc3339(kept.created_at),
        "updated_at": rfc3339(kept.updated_at),
        "object": kind,
    }

"""The part of the story that is told beside the runs: Robin's study is open to a panel, and somebody on call
is told of a participant who needs them. As in `story`, only words."""

from typing import Any, Final

_HEX: Final = "0198c7f0a1b27c3d8e4f5a6b7c8d9e0f"
_LINK: Final[dict[str, Any]] = {
    "name": "Panel, first wave",
    "external_id_key": "PROLIFIC_PID",
    "metadata_keys": ["country"],
    "completion": {"redirect_url": "https://panel.example.org/done?who={external_id}", "code": "C1A2B3"},
}

OF_LINKS: Final[dict[str, dict[str, Any]]] = {
    "OpenLinkCreate": _LINK | {"blueprint_id": "bp_" + _HEX, "max_runs": 200},
    "OpenLinkChange": {"status": "closed"},
    "OpenLinkObject": {
        **_LINK,
        "url": f"https://interviews.example.org/join/open/lnk_{_HEX}#ol_kq3J0mGm3pJx2gT4nC8yVw",
        "max_runs": 200,
        "runs_made": 31,
        "expires_at": None,
    },
    "OpenLinkCompletion": _LINK["completion"],
    "OperatorPageObject": {
        "seq": 88,
        "level": "severe",
        "url": "https://example.org/hooks/on-call",
        "status": "succeeded",
        "http_status": 204,
        "attempts": 1,
        "max_attempts": 7,
        "request_body": '{"type":"operator.page","timestamp":"2026-03-02T09:30:00.000Z","data":{}}',
        "response_body": "",
        "error_message": None,
        "completed_at": "2026-03-02T09:30:00.000Z",
    },
    "ChangedOrganization": {"name": "Field & Co."},
}
"""By the name of a model."""

"""The story that the description's examples tell: Robin, an interviewer, talks with Kim about the tools of
the support team. Only words: which of them an example takes follows from its schema."""

from typing import Any, Final

from server.api.studies.story_of_judgements import OF_JUDGEMENTS
from server.api.studies.story_of_links import OF_LINKS

INSTANT: Final = "2026-03-02T09:30:00.000Z"
_HEX: Final = "0198c7f0a1b27c3d8e4f5a6b7c8d9e0f"

PREFIXES: Final = {
    "agent": "agt_",
    "blueprint": "bp_",
    "channel": "chn_",
    "connector": "con_",
    "credentials": "crd_",
    "interview_run": "run_",
    "run": "run_",
    "transcript": "trn_",
    "response": "rsp_",
    "responses": "rsp_",
    "analysis": "anl_",
    "open_link": "lnk_",
    "simulation": "sim_",
    "operator_page": "pag_",
    "webhook": "whk_",
    "webhook_delivery": "whd_",
    "delivery": "whd_",
    "event": "evt_",
    "api_key": "key_",
    "key": "key_",
    "organization": "org_",
    "session": "ses_",
    "current_session": "ses_",
    "entry": "ent_",
    "deletion_receipt": "del_",
}
"""What the ids of a kind of thing begin with, by its `object` and by the fields that name it."""

NAMED: Final[dict[str, Any]] = {
    "name": "Tools of the support team",
    "description": "What breaks, what it costs, and what people do about it.",
    "metadata": {"wave": 2},
    "node_id": "last_failure",
    "from": "tools",
    "to": "last_failure",
    "condition": None,
    "organization_name": "Field & Co.",
    "url": "https://example.org/hooks/vivavoce",
    "timestamp": INSTANT,
    "started_at": INSTANT,
    "revoked_at": None,
    "completed_at": None,
    "scheduled_at": None,
    "next_retry_at": None,
    "next_cursor": None,
    "has_more": False,
    "connector_id": None,
    "meeting_url": None,
    "credentials_id": None,
    "transcript_entry_ids": ["ent_" + _HEX],
    "dial_in_pin": "492817364",
    "join_token": "kq3J0mGm3pJx2gT4nC8yVw",
    "join_url": f"https://interviews.example.org/join/run_{_HEX}#kq3J0mGm3pJx2gT4nC8yVw",
    "language": "en",
    "path_taken": ["tools", "last_failure"],
    "test_mode": False,
    "limit": 20,
    "after": 0,
    "If-Match": '"7"',
    "Last-Event-ID": "41",
    "Range": "bytes=0-1023",
    "expand[]": ["agent"],
    "version": 1,
    "cursor": "2",
}
"""By the name of a field or parameter, whoever has it."""

_NODE: Final[dict[str, Any]] = {
    "type": "question",
    "key": "last_failure",
    "text": "What happened the last time one of them failed you?",
    "objective": "One occasion, what it cost, and what they did instead.",
    "probing": {"enabled": True, "max_follow_ups": 2, "completion_hint": "a specific occasion"},
}
_GRAPH: Final[dict[str, Any]] = {
    "entry_node": "tools",
    "nodes": {
        "tools": {"type": "question", "key": "tools", "text": "Which tools do you use at work?"},
        "last_failure": _NODE,
    },
    "edges": [{"from": "tools", "to": "last_failure"}],
}
_PERSONA: Final[dict[str, Any]] = {
    "system_prompt": "You interview people about the tools they work with. You are curious, and never sell.",
    "tone": "conversational",
}
_SETTINGS: Final[dict[str, Any]] = {
    "estimated_duration_m": 10,
    "max_duration_m": 30,
    "intro_message": "Thank you for taking the time.",
    "language": "en",
    "consent": True,
}
_CHANNEL: Final[dict[str, Any]] = {
    "name": "Support line",
    "type": "telephony",
    "provider": {"name": "twilio", "config": {"number": "+15550100"}},
    "settings": {"recording": True, "max_duration_s": 3_600},
}
_PARTICIPANT: Final[dict[str, Any]] = {
    "external_id": "employee-31",
    "name": "Kim",
    "metadata": {"team": "support"},
}

OF_PARTS: Final[dict[str, dict[str, Any]]] = {
    **OF_LINKS,
    **OF_JUDGEMENTS,
    "AgentCreate": {
        "name": "Robin",
        "persona": _PERSONA,
        "techniques": ["tell_me_more", "mirroring"],
        "probing_depth": "moderate",
        "model_preset": "standard",
    },
    "AgentChange": {"probing_depth": "deep"},
    "AgentObject": {
        "name": "Robin",
        "persona": _PERSONA | {"language": None},
        "techniques": ["tell_me_more"],
    },
    "BlueprintCreate": {
        "agent_id": "agt_" + _HEX,
        "name": NAMED["name"],
        "graph": _GRAPH,
        "settings": _SETTINGS,
    },
    "BlueprintChange": {"settings": _SETTINGS | {"max_duration_m": 45}},
    "BlueprintObject": {"graph": _GRAPH, "status": "published", "published_at": INSTANT},
    "BlueprintVersion": {"graph": _GRAPH},
    "Graph": _GRAPH,
    "Node": _NODE,
    "Edges": {"edges": _GRAPH["edges"]},
    "Settings": _SETTINGS,
    "GraphValidationObject": {
        "valid": False,
        "errors": [{"code": "unknown_node", "path": "/edges/0/to", "message": "There is no node `q9`."}],
        "warnings": [
            {
                "code": "two_questions",
                "path": "/nodes/tools/text",
                "message": "This asks two things: which one will be answered?",
            }
        ],
    },
    "ChannelCreate": _CHANNEL,
    "ChannelChange": {"status": "disabled"},
    "ChannelObject": {
        **_CHANNEL,
        "provider": _CHANNEL["provider"] | {"credentials_id": None},
        "settings": _CHANNEL["settings"] | {"idle_timeout_s": 86_400},
    },
    "ConnectorCreate": {
        "name": "Team calls",
        "type": "google_meet",
        "bot_config": {"display_name": "Robin", "join_message": "Hello, I am here to listen."},
    },
    "ConnectorChange": {"status": "disabled"},
    "ConnectorObject": {"name": "Team calls"},
    "BotConfig": {"display_name": "Robin", "auto_record": False},
    "CredentialsCreate": {"name": "Our carrier"},
    "CredentialsChange": {"name": "Our former carrier"},
    "CredentialsObject": {"name": "Our carrier"},
    "RunCreate": {"blueprint_id": "bp_" + _HEX, "participant": _PARTICIPANT, "metadata": {"wave": 2}},
    "RunObject": {"status": "active", "consent_status": "granted", "blueprint_version": 1},
    "ParticipantObject": _PARTICIPANT,
    "ProgressObject": {
        "nodes_total": 2,
        "nodes_visited": 2,
        "current_node": "last_failure",
        "duration_s": 184,
        "estimated_remaining_s": 60,
    },
    "RunConsent": {"granted": True, "method": "paper"},
    "RunMessage": {"content": "The label printer. It ate a whole roll on Monday."},
    "RunResponse": {"node_id": "contact", "data": {"team": "support", "years": 4}},
    "ContentResponse": {"node_id": "contact", "data": {"team": "support", "years": 4}},
    "TranscriptObject": {"word_count": 9, "duration_s": 184, "status": "completed"},
    "TranscriptEntry": {
        "role": "participant",
        "content": "The label printer. It ate a whole roll on Monday.",
        "duration_ms": 3_400,
        "question_key": "last_failure",
        "confidence": 0.91,
    },
    "ResponsesObject": {"completion_rate": 1.0, "status": "completed"},
    "ResponseItem": {
        "question_key": "last_failure",
        "question_text": _NODE["text"],
        "follow_ups_asked": 1,
    },
    "AnswerObject": {
        "summary": "The label printer ate a whole roll on Monday.",
        "verbatim": "The label printer. It ate a whole roll on Monday.",
    },
    "EventObject": {
        "seq": 42,
        "at": 61.48,
        "body": {"type": "NodeEntered", "node_key": "last_failure"},
    },
    "DeletionReceipt": {
        "reason": "api",
        "counts": {"sessions": 1, "events": 131, "recording_bytes": 913_408},
    },
    "WebhookCreate": {"url": NAMED["url"], "events": ["interview_run.completed", "transcript.completed"]},
    "WebhookChange": {"status": "disabled"},
    "WebhookObject": {"events": ["interview_run.completed"]},
    "CreatedWebhook": {"events": ["interview_run.completed"]},
    "DeliveryObject": {
        "event_type": "interview_run.completed",
        "status": "succeeded",
        "http_status": 200,
        "max_attempts": 8,
        "request_body": '{"type":"interview_run.completed","timestamp":"2026-03-02T09:30:00.000Z","data":{}}',
        "response_body": "ok",
        "error_message": None,
        "completed_at": INSTANT,
    },
    "KeyCreate": {"name": "Nightly export", "mode": "live", "scopes": ["read"]},
    "KeyObject": {"name": "Nightly export", "prefix": "sk_live_9fK2"},
    "CreatedKey": {"name": "Nightly export", "prefix": "sk_live_9fK2", "secret": "sk_live_9fK2…"},
    "OrganizationChange": {"settings": {"retention_days": 365, "help_lines": ["116 123"]}},
    "OrganizationObject": {"name": "Field & Co."},
    "OrganizationSettings": {
        "retention_days": 365,
        "help_lines": ["116 123"],
        "paging_webhook": "https://example.org/hooks/on-call",
        "paging_threshold": None,
        "publish_gate": None,
        "simulation_gate": None,
    },
}
"""By the name of a model; what it leaves out, but the model requires, follows from the schema."""

TEXTS: Final = {
    "text/vtt": "WEBVTT\n\n00:00:58.000 --> 00:01:01.400\n"
    "<v Kim>The label printer. It ate a whole roll on Monday.\n",
    "text/plain": "Agent: What happened the last time one of them failed you?\n"
    "Participant: The label printer. It ate a whole roll on Monday.\n",
    "text/markdown": "**Which tools do you use at work?**\n\nA label printer, mostly.\n",
    "text/csv": "run_id,run_status,disposition,blueprint_id,blueprint_version,external_id,participant_name,"
    "participant_metadata,run_metadata,started_at,completed_at,language,position,question_key,node_type,"
    "question_text,answered,summary,verbatim,data,sentiment,follow_ups_asked,probing_complete,"
    "transcript_entry_ids\r\n"
    f"run_{_HEX},completed,1.1,bp_{_HEX},1,employee-31,Kim,,,{INSTANT},{INSTANT},en,2,last_failure,question,"
    f"{_NODE['text']},true,The label printer ate a whole roll.,The label printer. It ate a whole roll on "
    f"Monday.,,negative,1,true,ent_{_HEX}\r\n",
    "application/x-ndjson": '{"role":"participant","content":"The label printer."}\n',
    "text/event-stream": "retry: 2000\n\nid: 42\nevent: NodeEntered\n"
    'data: {"seq":42,"at":61.48,"body":{"type":"NodeEntered","node_key":"last_failure"}}\n\n',
}
"""What is no JSON, by its media type."""

MESSAGES: Final = {
    "invalid_request": "The request has 2 faults.",
    "invalid_json": "The body is not JSON (line 1, column 9).",
    "unauthorized": "An API key is needed, in the header `Authorization: Bearer sk_…`.",
    "forbidden": "This key lacks the scope `write`.",
    "not_found": "There is no such run.",
    "precondition_failed": "It has changed since you saw it: read it again.",
    "payload_too_large": "The request is larger than the 1024 KiB that are taken here.",
    "unsupported_media_type": "The body must be sent as application/json.",
    "invalid_graph": "There is no node `q9`.",
    "rate_limited": "Too many requests with this key. Please wait a moment and try again.",
}
"""What a refusal says, by its code, where that differs from what the code means."""

PARAMS: Final = {
    "invalid_request": "/name",
    "invalid_graph": "/edges/0/to",
    "invalid_url": "/url",
    "unknown_agent": "/agent_id",
    "unknown_carrier": "/provider/name",
    "unknown_credentials": "/provider/credentials_id",
}
"""The part that is at fault, by the code."""

FAULTS: Final[dict[str, list[dict[str, Any]]]] = {
    "invalid_request": [
        {"code": "missing_field", "message": "/name is missing.", "param": "/name"},
        {"code": "unknown_field", "message": "/nam is no field of this.", "param": "/nam"},
    ],
    "invalid_graph": [
        {"code": "unknown_node", "path": "/edges/0/to", "message": "There is no node `q9`."},
    ],
}
"""All faults, by the code."""

"""A talk analysed by a vendor's model: what it is asked, and what of its reply can be findings at all.
Whoever wanted them looks whether they are true."""

from pathlib import Path
from typing import Any, Final, get_args

import msgspec

from dialog.analysis import Findings, Sentiment, Talk
from server.providers.models.reply import ReplyForm, ReplyUnusable
from server.providers.models.rules_per_model import rules_for
from server.providers.models.vendor import Call, Vendor

LONGEST_TALK: Final = 400_000
"""Characters of a talk as JSON; one of two hours has half of them."""
LONGEST_FINDINGS: Final = 200_000
_REPLY_TOKENS: Final = 8_000
_PATIENCE: Final = 60.0
"""Seconds without a piece; nobody is waiting on the telephone."""

_TEXT: Final[dict[str, Any]] = {"type": "string"}
_MOOD: Final[dict[str, Any]] = {"type": "string", "enum": list(get_args(Sentiment))}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _list_of(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


ANALYSIS: Final = ReplyForm(
    "analysis",
    {
        "summary": _TEXT,
        "themes": _list_of(
            _object(
                label=_TEXT,
                salience={"type": "number"},
                evidence=_list_of(_object(entry_id=_TEXT, quote=_TEXT)),
            )
        ),
        "overall": _MOOD,
        "by_question": _list_of(_object(question_key=_TEXT, sentiment=_MOOD)),
    },
)
_ROLE: Final = (Path(__file__).with_name("wording") / "analysis.txt").read_text(encoding="utf-8").strip()


async def analysed(vendor: Vendor, model: str, talk: Talk) -> Findings:
    """What a model finds in a talk, unchecked. Raises ProviderError, and ReplyUnusable where no findings can
    be read of the reply."""
    said = msgspec.json.encode(talk).decode()
    if len(said) > LONGEST_TALK:
        raise ReplyUnusable("the talk is too long for a model")
    rules = rules_for(vendor.name, model)
    longest = _REPLY_TOKENS + rules.room_to_think
    call = Call(model, rules, ANALYSIS, (_ROLE,), (), f"The talk:\n{said}", longest, _PATIENCE)
    text = ""
    async with vendor.reply(call) as pieces:
        async for piece in pieces:
            text += piece
            if len(text) > LONGEST_FINDINGS:
                raise ReplyUnusable("the reply is too long")
    try:
        return msgspec.json.decode(text, type=Findings)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise ReplyUnusable("the reply is none of findings") from None

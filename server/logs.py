"""How the server writes its log: one line of key=value pairs per record, with every key and token blacked
out.

A message opens with a glyph where it tells a direction: `<` came in, `>` went out, `=` changed state, `!`
went wrong. Knows nothing of what is logged; participants' words don't belong here at all.
"""

import json
import logging
import re
import sys
import time
from typing import Final, TextIO

_OWN_ATTRIBUTES: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_PLAIN: Final = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SECRET_NAME: Final = re.compile(
    r"(token|secret|authorization|password|credential|pin|api_key)$", re.IGNORECASE
)
_SECRETS: Final = (
    re.compile(r"\b(sk_(?:live|test)_|ont_(?:live|test)_|whsec_|jt_|at_)[A-Za-z0-9_\-+/=]{8,}"),
    re.compile(r"\b(Bearer\s+|Basic\s+|Token\s+)[A-Za-z0-9_\-+/=.~]{8,}", re.IGNORECASE),
    re.compile(r"(/join/run_[0-9a-f]{32}#)[^\s\"']+"),
    re.compile(
        r"((?:token|secret|authorization|password|credential|pin|api[_-]key)[\"']?\s*[:=]\s*[\"']?)"
        r"(?!Bearer\b|Basic\b|Token\b)[^\s\"',}&]{4,}",
        re.IGNORECASE,
    ),
)

_CHATTY: Final = (
    *("aiosqlite", "aioice", "aiortc", "websockets", "asyncio", "alembic"),
    *("httpx", "httpx2", "httpcore", "httpcore2", "anthropic", "openai"),
)
"""Libraries that tell of every frame, statement or request, and would drown ours. Some of them repeat whole
addresses and prompts: a participant's words."""


def redact(text: str) -> str:
    """Black out whatever looks like one of our keys and tokens, or stands behind the name of a secret."""
    for pattern in _SECRETS:
        text = pattern.sub(r"\1…", text)
    return text


class LineFormatter(logging.Formatter):
    """`<time> level=… logger=… message="…" key=value …`; a traceback follows on lines of its own, each set in
    by `| `."""

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        pairs = [
            ("level", record.levelname.lower()),
            ("logger", record.name),
            ("message", record.getMessage()),
        ]
        pairs += [
            (key, "…" if _SECRET_NAME.search(key) else str(value))
            for key, value in vars(record).items()
            if key not in _OWN_ATTRIBUTES
        ]
        line = f"{stamp}.{int(record.msecs):03d}Z " + " ".join(
            f"{key}={_quoted(value)}" for key, value in pairs
        )
        if record.exc_info:
            trace = self.formatException(record.exc_info)
            line += "".join(f"\n| {_escaped(part)}" for part in trace.splitlines())
        return redact(line)


def configure_logs(level: str, stream: TextIO | None = None) -> None:
    """Send every record of `level` (`debug`, `info`, `warning`, `error`) and above to `stream` (stderr), as
    lines."""
    output = logging.StreamHandler(stream if stream is not None else sys.stderr)
    output.setFormatter(LineFormatter())
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level.upper())
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else _escaped(json.dumps(value, ensure_ascii=False))


def _escaped(text: str) -> str:
    """Control characters of hostile text must not reach a terminal, nor make up lines of their own."""
    return "".join(char if char.isprintable() or char == "\t" else repr(char)[1:-1] for char in text)

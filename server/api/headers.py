"""Headers that every answer carries: what a browser may load, and what it must not tell others."""

import re
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST: Final = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:[0-9]{1,5})?")


def content_security_policy(*hosts: str) -> str:
    """What the page may load and where it may connect: to its own server, which is reached at `hosts`.

    Safari doesn't count a websocket to the page's own host as `'self'`, so each is named. What is no host is
    left out.
    """
    named = [host for host in dict.fromkeys(hosts) if _HOST.fullmatch(host)]
    sockets = "".join(f" ws://{host} wss://{host}" for host in named)
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            "worker-src 'self'",
            "style-src 'self'",
            f"connect-src 'self'{sockets}",
            "media-src 'self' blob: https:",
            "img-src 'self' data: https:",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


HEADERS: Final = {
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class SecurityHeaders:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        self._public_host = urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        policy = content_security_policy(Headers(scope=scope).get("host", ""), self._public_host)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("Content-Security-Policy", policy)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)

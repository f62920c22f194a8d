"""How our own side of a call looks for its addresses: this machine's at once, what STUN and TURN
servers lend only while they answer. Knows nothing of offers or sound."""

import functools
import logging
from typing import Final

from aioice import Connection

from server.clock import loop_time

PATIENCE: Final = 0.8
"""Seconds that an answer waits for STUN and TURN servers: enough to ask again once, after 0.5 s (RFC 8489
§6.2.1). aioice would wait 5, and after 5 the page takes the websocket."""
REST: Final = 60.0
"""Seconds for which a server that gave nothing isn't asked: one call a minute waits for it, and no others."""

log = logging.getLogger(__name__)


class Gathering:
    """What is known of the STUN and TURN servers of all calls."""

    def __init__(self) -> None:
        self._left_alone: dict[str, float] = {}
        """By the kind of candidate that a server would give: until when it isn't asked."""

    def bound(self, ice: Connection) -> None:
        """Have a connection that is yet to gather ask only who answers, and wait for PATIENCE at most."""
        now = loop_time()
        if now < self._left_alone.get("srflx", now):
            ice.stun_server = None
        if now < self._left_alone.get("relay", now):
            ice.turn_server = None
        bounded = functools.partial(ice.get_component_candidates, timeout=PATIENCE)  # type: ignore[arg-type]
        ice.get_component_candidates = bounded  # type: ignore[method-assign]

    def learn(self, ice: Connection) -> None:
        """Leave alone for a while who gave nothing, now that the connection has gathered."""
        given = {candidate.type for candidate in ice.local_candidates}
        stun = ice.stun_server if "host" in given else None  # else there was nothing to ask from
        for kind, asked in (("srflx", stun), ("relay", ice.turn_server)):
            if asked is not None and kind not in given:
                self._left_alone[kind] = loop_time() + REST
                log.warning("! %s:%d gives our calls no address; asked again in a minute", *asked)

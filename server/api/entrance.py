"""The entrance of an open link: a visitor's browser asks for a run of its own here, and goes on to that run's
page. Knows nothing of what is asked there."""

import re
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.api.errors import Refusal, read_body
from server.api.house import House, house_of, refuse_if_disabled
from server.api.participants import address_of
from server.api.studies.channels import DEFAULT_CHANNEL
from server.api.studies.open_links import open_links_of
from server.clock import loop_time
from server.store.default_channel import default_channel
from server.store.design_tables import ChannelRow
from server.store.open_links import LinkShut, OpenLink, Shut
from server.store.run import Participant, Place
from server.store.shelf import Shelf

MAX_BODY: Final = 16_384
LONGEST_VALUE: Final = 300
RETRY_AFTER: Final = 10
_LINK_ID: Final = re.compile(r"lnk_[0-9a-f]{32}")

_SHUT: Final[dict[Shut, str]] = {
    "closed": "This study takes no more participants. Thank you for your interest.",
    "expired": "The time for this study is over. Thank you for your interest.",
    "full": "This study has all the participants it needs. Thank you for your interest.",
}


class EntranceBody(msgspec.Struct, frozen=True):
    """What a visitor's page comes with."""

    token: str
    """The secret of the link's fragment."""
    visitor: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}$")]
    """Drawn by the browser for itself: who brings it again comes back to the same run."""
    query: Annotated[dict[str, str], msgspec.Meta(max_length=100)] = {}
    """Of the address."""


async def enter(request: Request) -> Response:
    """POST /join/open/{link_id}/runs: a run for this visitor, or the one they have."""
    house, link_id = house_of(request), request.path_params["link_id"]
    if not house.entrances.take(address_of(request), loop_time()):
        sentence = "Many people come in from where you are. Please wait a moment: we try again for you."
        raise Refusal(429, "rate_limited", sentence, retry_after=RETRY_AFTER)
    try:
        body = msgspec.json.decode(await read_body(request, MAX_BODY), type=EntranceBody)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refusal(400, "invalid_request", "This page was not opened by its link.") from None
    link = await _link(request, link_id, body.token)
    participant = _participant(link, body.query)
    place = await _place(house, link)
    try:
        run_id, token = await open_links_of(house).enter(link, body.visitor, participant, place)
    except LinkShut as shut:
        raise Refusal(410, f"link_{shut.why}", _SHUT[shut.why]) from None
    return JSONResponse({"run_id": run_id, "join_token": token}, 201, headers={"Cache-Control": "no-store"})


async def _link(request: Request, link_id: str, token: str) -> OpenLink:
    """The link, if `token` is its secret. Raises Refusal (404, 429)."""
    house = house_of(request)
    if _LINK_ID.fullmatch(link_id):
        link = await open_links_of(house).check_token(link_id, token)
        if link is not None:
            return link
    if not house.wrong_tokens.take(address_of(request), loop_time()):
        sentence = "Too many attempts. Please wait a minute and try again."
        raise Refusal(429, "rate_limited", sentence, retry_after=60)
    sentence = "There is no study at this address. Please open the link exactly as you were given it."
    raise Refusal(404, "link_unknown", sentence)


def _participant(link: OpenLink, query: dict[str, str]) -> Participant:
    """What the link lets its query tell of a visitor; all else in it is left out. Raises Refusal (400)."""
    wanted = {link.body["external_id_key"], *link.body["metadata_keys"]}
    told = {name: value for name, value in query.items() if name in wanted and value}
    for name, value in told.items():
        if len(value) > LONGEST_VALUE or not value.isprintable():
            sentence = f"This link can't be read: what it says of `{name}` is damaged, or too long."
            raise Refusal(400, "invalid_request", sentence, param=f"/query/{name}")
    metadata = {name: told[name] for name in link.body["metadata_keys"] if name in told}
    return Participant(external_id=told.get(link.body["external_id_key"]), metadata=dict(metadata))


async def _place(house: House, link: OpenLink) -> Place:
    """Where the visitor's run is held. Raises Refusal (409) where that is disabled."""
    channel_id = link.body["channel_id"]
    if channel_id is None:
        channel_id = await default_channel(house.database, link.tenant, DEFAULT_CHANNEL)
    found = await Shelf(house.database, ChannelRow, "chn_").find_many([channel_id])
    if channel_id in found:
        refuse_if_disabled(found[channel_id].body)
    return Place(channel_id=channel_id)


ROUTES: Final = [Route("/join/open/{link_id}/runs", enter, methods=["POST"])]

"""Open links: one address for a study and a run for each visitor, as the API shows them and takes them. How a
visitor comes in by one is known in `server/api/entrance`."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import select

from dialog.blueprint import Key, Short
from dialog.transcript import rfc3339
from server.api.errors import Refusal
from server.api.house import House, house_of
from server.api.studies.channels import channels_of
from server.api.studies.conventions import (
    WRITES,
    Body,
    ListOf,
    Metadata,
    Reader,
    Seen,
    Writer,
    cursor,
    errors,
    id_of,
    listed,
    not_found,
    shown,
)
from server.api.studies.instants import Instant
from server.api.studies.refusing import refusing
from server.api.studies.runs import check_blueprint, missing
from server.api.studies.shelved import shelved
from server.store.design_tables import OpenLinkVisitRow
from server.store.open_links import LinkDetails, OpenLinks
from server.store.organizations import ApiKey, Tenant
from server.store.paging import Window
from server.store.run_status import TERMINAL
from server.store.shelf import Kept, NotFound
from server.store.snapshots import BlueprintNotFound
from server.store.tables import RunRow

router = APIRouter(tags=["Open links"])

LinkId = Annotated[str, Path(pattern=id_of("lnk_"))]
Status = Literal["active", "closed"]

MOST_RUNS: Final = 1_000_000
LONGEST_URL: Final = 2_000
PLACEHOLDERS: Final = ("external_id", "run_id")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


def _onward(url: str) -> str:
    """An address that a browser may be led to. Raises ValueError."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("it is no address") from None
    if not url.isascii() or not url.isprintable() or re.search(r'[\s"<>\\^`|]', url):
        raise ValueError("it may hold the signs of an address alone")
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or port == 0:
        raise ValueError("it must begin with https:// and name a host, and no user")
    named = set(_PLACEHOLDER.findall(url))
    if not named <= set(PLACEHOLDERS) or set("{}") & set(_PLACEHOLDER.sub("", url) + parts.netloc):
        known = " and ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise ValueError(f"behind the host it may hold {known}, and no other braces")
    return url


class OpenLinkCompletion(Body):
    """What a visitor is given once the interview is completed."""

    redirect_url: (
        Annotated[str, Field(min_length=1, max_length=LONGEST_URL), AfterValidator(_onward)] | None
    ) = Field(
        default=None,
        description="Where they may go on to, over HTTPS. `{external_id}` and `{run_id}` stand for theirs.",
    )
    code: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        pattern=r"^[ -~]+$",
        description="Shown to them, to be given elsewhere.",
    )


ExternalIdKey = Annotated[
    Key, Field(description="By which name the link's query brings the visitor's `external_id`.")
]
MetadataKeys = Annotated[
    list[Key],
    Field(max_length=20, description="What else of the query becomes the participant's `metadata`."),
    AfterValidator(lambda given: list(dict.fromkeys(given))),
]
Most = Annotated[int, Field(ge=1, le=MOST_RUNS)]
_MAX_RUNS: Final = (
    "How many may take part; unset: any number. Who opened the link and has not begun keeps a place for half "
    "an hour."
)


class OpenLinkCreate(Body):
    """A new link."""

    name: Short = Field(min_length=1)
    blueprint_id: str = Field(
        pattern=id_of("bp_"), description="A published one; each visitor gets a run of its version of then."
    )
    channel_id: str | None = Field(None, pattern=id_of("chn_"), description="Without it: the browser.")
    status: Status = "active"
    max_runs: Most | None = Field(None, description=_MAX_RUNS)
    expires_at: Instant | None = Field(None, description="Nobody comes in after. Who is in goes on.")
    external_id_key: ExternalIdKey = "external_id"
    metadata_keys: MetadataKeys = Field(default_factory=list)
    completion: OpenLinkCompletion = OpenLinkCompletion()
    metadata: Metadata = Field(default_factory=dict)


class OpenLinkChange(Body):
    """What is given changes, all else stays; `completion` is replaced as a whole, null unsets."""

    name: Short = Field("", min_length=1)
    channel_id: str | None = Field(None, pattern=id_of("chn_"))
    status: Status = Field("active", description="`closed`: nobody comes in. Who is in goes on.")
    max_runs: Most | None = None
    expires_at: Instant | None = None
    external_id_key: ExternalIdKey = "external_id"
    metadata_keys: MetadataKeys = Field(default_factory=list)
    completion: OpenLinkCompletion = OpenLinkCompletion()
    metadata: Metadata = Field(default_factory=dict)


class OpenLinkObject(BaseModel):
    """One address for a study: whoever opens it gets a run of their own."""

    id: str
    organization_id: str
    test_mode: bool
    name: str
    blueprint_id: str
    channel_id: str | None
    status: Status
    url: str | None = Field(
        description="For keys with the scope `write`. What is to be known of a visitor goes into its query,"
        " before the `#`."
    )
    max_runs: int | None
    runs_made: int = Field(description="How many visitors have come in.")
    expires_at: str | None
    external_id_key: str
    metadata_keys: list[str]
    completion: OpenLinkCompletion
    metadata: dict[str, Any]
    created_at: str
    updated_at: str
    object: Literal["open_link"]


class OpenLinkList(ListOf[OpenLinkObject]):
    """A page of open links, newest first."""


def open_link_object(kept: Kept, details: LinkDetails, public_url: str, *, secret: bool) -> dict[str, Any]:
    """A link as the API shows it; without `secret` its address stays unnamed."""
    body = kept.body
    parts = {
        "name": body["name"],
        "blueprint_id": body["blueprint_id"],
        "channel_id": body["channel_id"],
        "status": body["status"],
        "url": f"{public_url}/join/open/{kept.id}#{details.token}" if secret else None,
        "max_runs": body["max_runs"],
        "runs_made": details.runs_made,
        "expires_at": None if body["expires_at"] is None else rfc3339(body["expires_at"]),
        "external_id_key": body["external_id_key"],
        "metadata_keys": body["metadata_keys"],
        "completion": body["completion"],
        "metadata": body["metadata"],
    }
    return shelved(kept, "open_link", parts)


def open_links_of(house: House) -> OpenLinks:
    """The links of this server."""
    return OpenLinks(house.database, house.vault, house.runs)


async def _shown(request: Request, key: ApiKey, kept: Kept, *, status: int = 200) -> Response:
    made = await _objects(request, key, [kept])
    if not made:  # deleted meanwhile
        raise not_found("open link")
    answer = shown(made[0], status=status)
    # Who comes in changes what is shown, and nothing that a change could collide with.
    answer.headers["ETag"] = f'"{kept.revision}-{made[0]["runs_made"]}"'
    return answer


async def _objects(request: Request, key: ApiKey, links: list[Kept]) -> list[dict[str, Any]]:
    house = house_of(request)
    details = await open_links_of(house).details([kept.id for kept in links])
    # One that was deleted while it was read has no details any more.
    return [
        open_link_object(kept, details[kept.id], house.settings.public_url, secret=key.may("write"))
        for kept in links
        if kept.id in details
    ]


async def _check_channel(request: Request, tenant: Tenant, channel_id: str | None) -> None:
    """Return if visitors may come by it. Raises Refusal (404)."""
    if channel_id is None:
        return
    try:
        await channels_of(request).find(tenant, channel_id)
    except NotFound:
        raise Refusal(404, "not_found", "There is no such channel.", param="/channel_id") from None


@router.get("/open-links", response_model=OpenLinkList, responses=errors(), summary="List open links")
async def list_open_links(
    request: Request, key: Reader, window: Annotated[Window, Depends(cursor("lnk_"))]
) -> Response:
    """All open links, newest first."""
    page = await open_links_of(house_of(request)).shelf.page(key.tenant, window)
    return listed(page, await _objects(request, key, list(page.data)))


@router.post(
    "/open-links",
    status_code=201,
    response_model=OpenLinkObject,
    responses=errors(*WRITES, "not_found", "archived", "not_published"),
    summary="Create an open link",
)
async def create_open_link(request: Request, key: Writer, body: OpenLinkCreate) -> Response:
    """Make one address for a study. Whoever opens it gets a run of their own, with what its query tells of
    them."""
    await check_blueprint(request, key.tenant, body.blueprint_id)
    await _check_channel(request, key.tenant, body.channel_id)
    links = open_links_of(house_of(request))
    try:
        kept = await links.create(key.tenant, body.blueprint_id, body.model_dump(mode="json"))
    except BlueprintNotFound:  # deleted since we looked
        raise missing("blueprint") from None
    return await _shown(request, key, kept, status=201)


@router.get(
    "/open-links/{open_link_id}",
    response_model=OpenLinkObject,
    responses=errors(),
    summary="Read an open link",
)
async def read_open_link(request: Request, key: Reader, open_link_id: LinkId) -> Response:
    """One open link."""
    with refusing("open link"):
        kept = await open_links_of(house_of(request)).shelf.find(key.tenant, open_link_id)
    return await _shown(request, key, kept)


@router.patch(
    "/open-links/{open_link_id}",
    response_model=OpenLinkObject,
    responses=errors(*WRITES),
    summary="Change an open link",
)
async def change_open_link(
    request: Request, key: Writer, open_link_id: LinkId, body: OpenLinkChange, seen: Seen
) -> Response:
    """Change an open link, or close it. What it gives at the end holds for those who are in as well."""
    await _check_channel(request, key.tenant, body.channel_id)
    sent: Mapping[str, Any] = body.given()
    links = open_links_of(house_of(request))
    with refusing("open link"):
        kept = await links.shelf.change(key.tenant, open_link_id, lambda was: {**was, **sent}, seen=seen)
    return await _shown(request, key, kept)


@router.delete(
    "/open-links/{open_link_id}",
    status_code=204,
    responses=errors("in_use"),
    summary="Delete an open link",
)
async def delete_open_link(request: Request, key: Writer, open_link_id: LinkId, seen: Seen) -> Response:
    """Delete an open link by which nobody is under way. What came of its runs stays."""
    under_way = (
        select(OpenLinkVisitRow.run_id)
        .join(RunRow, RunRow.id == OpenLinkVisitRow.run_id)
        .where(OpenLinkVisitRow.open_link_id == open_link_id, RunRow.status.not_in(TERMINAL))
        .exists()
    )
    with refusing("open link", "Visitors are under way by this link: close it instead."):
        await open_links_of(house_of(request)).shelf.delete(
            key.tenant, open_link_id, seen=seen, unless=(under_way,)
        )
    return Response(status_code=204)

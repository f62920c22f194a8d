"""What all resources of the Studies API have in common: who may, which page, which version, how an answer and
an error look."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Annotated, Any, Final, Generic, Literal, TypeVar

import msgspec
from fastapi import Depends, Header, Query, Request, Response, Security
from fastapi.exceptions import RequestValidationError
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from server.api.bearers import require
from server.api.errors import Refusal, request_id_of
from server.api.studies.faults import fault, faulty, one_fault, pointer
from server.api.studies.freshness import digest
from server.api.studies.refusals import declared
from server.store.organizations import ApiKey, Scope
from server.store.paging import DEFAULT_LIMIT, LARGEST_LIMIT, Page, Window

Item = TypeVar("Item")

MOST_METADATA_BYTES: Final = 16 * 1024

_bearer = HTTPBearer(
    auto_error=False, scheme_name="ApiKey", description="An API key: `sk_live_…` or `sk_test_…`."
)


# Dependencies are asynchronous, also those that wait for nothing: for any other FastAPI asks a thread.

# Who may


def allowed(scope: Scope) -> Callable[..., Awaitable[ApiKey]]:
    """A dependency: the key of the request, if it has this scope. Raises Refusal (403)."""

    async def key(
        request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
    ) -> ApiKey:
        found: ApiKey = request.scope["state"]["key"]
        require(found, scope)
        return found

    return key


# The scope is named twice, for the check and for the description.
Reader = Annotated[ApiKey, Security(allowed("read"), scopes=["read"])]
Writer = Annotated[ApiKey, Security(allowed("write"), scopes=["write"])]
Administrator = Annotated[ApiKey, Security(allowed("admin"), scopes=["admin"])]


# What is sent


class Body(BaseModel):
    """A request's body: unknown fields and wrong types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def given(self) -> dict[str, Any]:
        """The fields that were sent, each with all that it holds: what a change changes."""
        whole = self.model_dump(mode="json", by_alias=True)
        return {name: whole[name] for name in self.model_fields_set}


def _small_enough(value: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) > MOST_METADATA_BYTES:
        raise ValueError(f"at most {MOST_METADATA_BYTES // 1024} KiB of metadata are kept")
    return value


Metadata = Annotated[
    dict[str, Any],
    Field(max_length=50, description="Whatever you like: at most 50 keys and 16 KiB."),
    AfterValidator(_small_enough),
]


def id_of(prefix: str) -> str:
    """The pattern of ids with this prefix."""
    return rf"^{prefix}[0-9a-f]{{32}}$"


def cursor(prefix: str) -> Callable[..., Awaitable[Window]]:
    """A dependency: which page of a list of things with this prefix. Raises Refusal (400)."""

    async def window(
        limit: Annotated[int, Query(ge=1, le=LARGEST_LIMIT, description="How many.")] = DEFAULT_LIMIT,
        starting_after: Annotated[
            str | None, Query(pattern=id_of(prefix), description="Those older than this one.")
        ] = None,
        ending_before: Annotated[
            str | None, Query(pattern=id_of(prefix), description="Those newer than this one.")
        ] = None,
    ) -> Window:
        if starting_after is not None and ending_before is not None:
            sentence = "Give `starting_after` or `ending_before`, not both."
            raise Refusal(400, "invalid_request", sentence, param="/ending_before")
        return Window(limit, starting_after, ending_before)

    return window


def expansions(*names: str) -> Callable[..., Awaitable[frozenset[str]]]:
    """A dependency: what is to be shown whole, of these. Raises Refusal (400) that names them."""

    async def wanted(
        request: Request,
        expand: Annotated[
            list[Literal[names]] | None,  # type: ignore[valid-type]  # the names are only known now
            Query(alias="expand[]", description=f"What to show whole: {', '.join(names)}."),
        ] = None,
    ) -> frozenset[str]:
        given = [*(expand or []), *request.query_params.getlist("expand")]
        asked = {name.strip() for each in given for name in each.split(",") if name.strip()}
        unknown = sorted(asked - set(names))
        if unknown:
            sentence = f"`{unknown[0][:80]}` can't be expanded: {', '.join(names)} can."
            raise Refusal(400, "invalid_request", sentence, param="/expand")
        return frozenset(asked)

    return wanted


async def _revision(
    if_match: Annotated[
        str | None, Header(description="The `ETag` that you know: nothing is done if it has changed since.")
    ] = None,
) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    # Before the dash stands the revision; behind it, where more than the thing itself was shown, which words.
    bare = if_match.strip().removeprefix("W/").strip('"').partition("-")[0]
    # What is no ETag of ours can't be the present one.
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 16 else -1


Seen = Annotated[int | None, Depends(_revision)]
"""The revision that the client has seen, None if it doesn't say."""


async def no_stray_body(request: Request) -> None:
    """Refuse fields that are sent to an operation that takes none. Raises Refusal (400)."""
    route = request.scope.get("route")
    if request.method != "POST" or getattr(route, "body_field", None) is not None:
        return
    sent = json.loads(await request.body() or b"null")
    if sent in (None, {}):
        return
    sentence = "This operation takes no body."
    places: list[list[str]] = [[name] for name in sent] if isinstance(sent, dict) else [[]]
    raise faulty([one_fault("unknown_field", sentence, pointer(place) or None) for place in places], sentence)


# What is answered


class ListOf(BaseModel, Generic[Item]):
    """A page of a list."""

    object: Literal["list"]
    data: list[Item]
    has_more: bool
    next_cursor: str | None


errors = declared
"""The refusals that an operation may answer with: those of every operation, and these statuses or codes."""

WRITES: Final = (408, 413, 415)
"""What any request with a body may be refused with."""


def shown(
    value: Mapping[str, Any], *, status: int = 200, revision: int | None = None, expanded: bool = False
) -> Response:
    """One object as an answer. With more than itself inside it is another representation of its revision."""
    body = msgspec.json.encode(value)
    headers = {}
    if revision is not None:
        headers["ETag"] = f'"{revision}-{digest(body)}"' if expanded else f'"{revision}"'
    return Response(body, status, headers=headers, media_type="application/json")


def listed(page: Page[Item], made: Iterable[Mapping[str, Any]]) -> Response:
    """One page of a list as an answer."""
    body = {
        "object": "list",
        "data": list(made),
        "has_more": page.has_more,
        "next_cursor": page.next_cursor,
    }
    return shown(body)


def not_found(what: str) -> Refusal:
    """The refusal of something that isn't there for this key, be it another's or nobody's."""
    return Refusal(404, "not_found", f"There is no such {what}.")


def stale() -> Refusal:
    """The refusal of a change to something that is no more as the client saw it."""
    return Refusal(412, "precondition_failed", "It has changed since you saw it: read it again.")


async def on_invalid(request: Request, error: Exception) -> Response:
    """Answer a request that isn't as its model says: every fault at once."""
    assert isinstance(error, RequestValidationError)
    faults = [fault(each, error.body) for each in error.errors()]
    if any(each["loc"][0] == "path" for each in error.errors()):
        return not_found("thing").response(request_id_of(request))
    return faulty(faults).response(request_id_of(request))

"""The participant's side over HTTP: the session, and sound by WHIP. Its sockets are in participant_sockets.

Knows nothing of what is asked or answered.
"""

from typing import Any, Final

import msgspec
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from dialog.events import Event
from server.api.errors import Refusal, read_body
from server.api.house import CarriedLeg, House, house_of
from server.api.run_ids import checked_run_id
from server.api.tokens import LIFETIME_MS, TokenRefused
from server.clock import loop_time, new_id
from server.gateway.offer import OfferRefused, RestartRefused
from server.live.keeping import Case
from server.live.view import View
from server.live.visit import ConsentMissing
from server.settings import IceServer
from server.store.open_links import OpenLinks
from server.store.run import Run, RunNotFound

MAX_BODY: Final = 65_536
SDP: Final = "application/sdp"
FRAGMENT: Final = "application/trickle-ice-sdpfrag"
OFFERS_RETRY_AFTER: Final = 2


class SessionBody(msgspec.Struct, frozen=True):
    """What a page opens its session with: the secret of the link's fragment."""

    token: str


async def open_session(request: Request) -> Response:
    """POST /join/{run_id}/session: take the secret of the link, give an access token and the first screen."""
    house, run_id = house_of(request), checked_run_id(request)
    try:
        body = msgspec.json.decode(await read_body(request, MAX_BODY), type=SessionBody)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Refusal(400, "invalid_request", "The body must be a JSON object with a token.") from None
    run = await _run_of_link(request, run_id, body.token)
    await _admit(house, run)
    visit = house.registry.find(run_id)
    case = visit.case if visit is not None else await house.case(run)
    run = await house.keeper.open_door(run_id)
    history = await (house.keeper.history(run_id) if visit is None else visit.so_far())
    shown = _session(house, run, case, history)
    return JSONResponse(shown, headers={"Cache-Control": "no-store"})


async def _admit(house: House, run: Run) -> None:
    """Let somebody come, or come back. Raises Refusal (409, 410, 503); who had come to the end is told once
    more what they are given for it."""
    try:
        house.admit(run)
    except Refusal as refusal:
        if run.status not in ("processing", "completed"):
            raise
        given = await OpenLinks(house.database, house.vault, house.runs).completion_of(run.id)
        code, url = (given.code, given.url) if given is not None else (None, None)
        told = [
            str(refusal),
            f"Your completion code: {code}" if code else "",
            f"You can go on at {url}" if url else "",
        ]
        raise Refusal(refusal.status, refusal.code, " ".join(filter(None, told))) from None


async def _run_of_link(request: Request, run_id: str, token: str) -> Run:
    """The run, if `token` is the secret of its link. Raises Refusal (401, 404, 429)."""
    house = house_of(request)
    run = await house.runs.check_token(run_id, token)
    if run is not None:
        return run
    if not house.wrong_tokens.take(address_of(request), loop_time()):
        sentence = "Too many attempts. Please wait a minute and try again."
        raise Refusal(429, "rate_limited", sentence, retry_after=60)
    try:
        await house.runs.find(run_id)
    except RunNotFound:
        raise Refusal(
            404, "run_unknown", "There is no interview at this address. Is the link complete?"
        ) from None
    sentence = "This link is not valid. Please open the link exactly as you were given it."
    raise Refusal(401, "token_invalid", sentence)


def _session(house: House, run: Run, case: Case, history: list[Event]) -> dict[str, Any]:
    blueprint, asked = case.blueprint, case.disclosure
    settings = blueprint.settings
    view = View(blueprint)
    for event in history:
        view.see(event)
    progress = view.progress(0)
    return {
        "access_token": house.tokens.issue(run.id),
        "expires_in": LIFETIME_MS // 1000,
        "ice_servers": [_ice_server(server) for server in house.settings.ice_servers],
        "status": run.status,
        "title": blueprint.name,
        "agent_name": blueprint.agent.name,
        "organization": case.organization,
        "purpose": blueprint.description,
        "estimated_duration_m": blueprint.estimated_minutes,
        "language": settings.language,
        "speech_supported": house.supports(settings.language),
        "consent": {
            "needed": run.consent_status == "pending",
            "text": asked.text,
            "text_hash": asked.text_hash,
            "recording_offered": asked.recording_offered,
            "human_contact": settings.human_contact,
            "help_lines": list(case.help_shown),
        },
        "resumed": bool(history),
        "progress": {"answered": progress.answered, "expected": progress.expected},
        "dial_in": None,
    }


def _ice_server(server: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {"urls": list(server.urls)}
    if server.username is not None:
        shown["username"] = server.username
    if server.credential is not None:
        shown["credential"] = server.credential.get_secret_value()
    return shown


# Sound over WebRTC, WHIP-shaped (RFC 9725)


async def answer_offer(request: Request) -> Response:
    """POST /join/{run_id}/whip: answer an offer; the leg takes the place of the run's former one."""
    house, run = house_of(request), await run_of_bearer(request)
    if _media_type(request) != SDP:
        raise Refusal(415, "unsupported_media_type", f"The offer must be sent as {SDP}.")
    offer = _text(await read_body(request, MAX_BODY))
    visit = await house.visit(run)
    if not house.offers.take(run.id, loop_time()):
        sentence = "Too many connections at once. Please wait a moment and try again."
        raise Refusal(429, "rate_limited", sentence, retry_after=OFFERS_RETRY_AFTER)
    if not await visit.may_begin():
        raise Refusal(409, "consent_first", "Please answer the question about taking part first.")
    try:
        leg, answer = await house.webrtc.answer(offer)
    except OfferRefused as refused:
        raise Refusal(400, "invalid_offer", str(refused)) from None
    try:
        carrying = await (await house.visit(run)).attach(leg)
    except BaseException as error:
        await leg.close("refused")
        if isinstance(error, ConsentMissing):
            raise Refusal(
                409, "consent_first", "Please answer the question about taking part first."
            ) from None
        raise
    leg_id = new_id("leg_")
    house.legs[leg_id] = CarriedLeg(run.id, leg)
    carrying.add_done_callback(lambda _: house.forget(leg_id))
    headers = {
        "Location": f"/join/{run.id}/whip/{leg_id}",
        "ETag": f'"{leg_id}"',
        "Cache-Control": "no-store",
    }
    if house.settings.ice_servers:
        headers["Link"] = ", ".join(link for one in house.settings.ice_servers for link in _ice_links(one))
    return Response(answer, 201, headers=headers, media_type=SDP)


def _ice_links(server: IceServer) -> list[str]:
    """Write an ICE server as links of a WHIP answer, one for each address (RFC 9725 §4.6).

    One that no header can carry is left out: the session's answer names it too.
    """
    link = 'rel="ice-server"'
    if server.username is not None and server.credential is not None:
        credential = server.credential.get_secret_value()
        link += f"; username={_quoted(server.username)}; credential={_quoted(credential)}"
        link += '; credential-type="password"'
    links = [f"<{url}>; {link}" for url in server.urls]
    return [link for link in links if link.isascii() and link.isprintable()]


def _quoted(text: str) -> str:
    r"""Write a quoted-string: `"` and `\` behind a backslash (RFC 9110 §5.6.4)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


async def add_candidates(request: Request) -> Response:
    """PATCH /join/{run_id}/whip/{leg_id}: trickled candidates."""
    carried = await _carried(request)
    if _media_type(request) != FRAGMENT:
        raise Refusal(415, "unsupported_media_type", f"Candidates must be sent as {FRAGMENT}.")
    match = request.headers.get("if-match")
    if match is not None and match not in ("*", f'"{request.path_params["leg_id"]}"'):
        raise Refusal(412, "precondition_failed", "The connection has changed since.")
    fragment = _text(await read_body(request, MAX_BODY))
    try:
        await carried.leg.add_candidates(fragment)
    except RestartRefused as refused:
        raise Refusal(422, "restart_unsupported", str(refused)) from None
    except OfferRefused as refused:
        raise Refusal(400, "invalid_fragment", str(refused)) from None
    return Response(status_code=204)


async def hang_up(request: Request) -> Response:
    """DELETE /join/{run_id}/whip/{leg_id}."""
    carried = await _carried(request)
    await carried.leg.close("closed")
    return Response(status_code=200)


async def describe_whip(request: Request) -> Response:
    """OPTIONS /join/{run_id}/whip: what may be posted."""
    return Response(status_code=204, headers={"Accept-Post": SDP, "Allow": "POST, OPTIONS"})


async def _carried(request: Request) -> CarriedLeg:
    run = await run_of_bearer(request)
    carried = house_of(request).legs.get(request.path_params["leg_id"])
    if carried is None or carried.run_id != run.id:
        raise Refusal(404, "not_found", "There is no such connection.")
    return carried


# Who asks


async def run_of_bearer(request: Request) -> Run:
    """The run of the path, if the access token is good for it. Raises Refusal (401, 404)."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Refusal(
            401, "token_invalid", "An access token is needed.", headers={"WWW-Authenticate": "Bearer"}
        )
    return await run_of_token(request, checked_run_id(request), token.strip())


async def run_of_token(connection: HTTPConnection, run_id: str, token: str) -> Run:
    """The run, if this access token is good for it. Raises Refusal (401, 404)."""
    house = house_of(connection)
    try:
        house.tokens.check(token, run_id)
    except TokenRefused:
        sentence = "The access token is not valid, or no longer. Open the link again."
        raise Refusal(401, "token_invalid", sentence, headers={"WWW-Authenticate": "Bearer"}) from None
    try:
        return await house.runs.find(run_id)
    except RunNotFound:
        raise Refusal(404, "run_unknown", "There is no interview at this address.") from None


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from, as far as it is known."""
    return connection.client.host if connection.client is not None else ""


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise Refusal(400, "invalid_request", "The body is not text in UTF-8.") from None


ROUTES: Final = [
    Route("/join/{run_id}/session", open_session, methods=["POST"]),
    Route("/join/{run_id}/whip", answer_offer, methods=["POST"]),
    Route("/join/{run_id}/whip", describe_whip, methods=["OPTIONS"]),
    Route("/join/{run_id}/whip/{leg_id}", add_candidates, methods=["PATCH"]),
    Route("/join/{run_id}/whip/{leg_id}", hang_up, methods=["DELETE"]),
]

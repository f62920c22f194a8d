"""Whether the server lives, is ready for talks, and how it is: for supervisors and dashboards."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from server.api.house import House, house_of

_NO_STORE: Final = {"Cache-Control": "no-store"}


async def healthz(request: Request) -> Response:
    """GET /healthz: the process answers."""
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


async def readyz(request: Request) -> Response:
    """GET /readyz: a new talk could begin now."""
    faults = await _faults(house_of(request))
    status = {"status": "not_ready", "reasons": faults} if faults else {"status": "ready"}
    return JSONResponse(status, 503 if faults else 200, headers=_NO_STORE)


async def _faults(house: House) -> list[str]:
    faults = []
    if house.registry.draining:
        faults.append("draining")
    if house.writer.faltering is not None:
        faults.append("storage")
    try:
        async with house.database.read() as connection:
            await connection.execute(text("select 1"))
    except (SQLAlchemyError, OSError):
        faults.append("database")
    return faults


async def metrics(request: Request) -> Response:
    """GET /metrics: Prometheus text (version 0.0.4)."""
    house = house_of(request)
    figures = (
        ("vivavoce_live_sessions", "gauge", "Talks under way", house.registry.talks),
        ("vivavoce_unread_signals", "gauge", "Signals in all mailboxes", house.registry.unread_signals),
        ("vivavoce_webrtc_legs", "gauge", "WebRTC connections", len(house.legs)),
        ("vivavoce_loop_lag_seconds", "gauge", "Lateness of the metronome", house.metronome.lateness),
        ("vivavoce_missed_slots_total", "counter", "20 ms slots not sent", house.metronome.missed_slots),
        (
            "vivavoce_storage_faltering",
            "gauge",
            "1 while events wait",
            int(house.writer.faltering is not None),
        ),
    )
    lines = [
        f"# HELP {name} {meaning}.\n# TYPE {name} {kind}\n{name} {value}\n"
        for name, kind, meaning, value in figures
    ]
    return PlainTextResponse("".join(lines), headers=_NO_STORE)


ROUTES: Final = [
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/metrics", metrics),
]

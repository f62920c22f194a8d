"""Whether the server lives, is ready for talks, and how it is: for supervisors and dashboards."""

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.api.house import House, house_of

_NO_STORE: Final = {"Cache-Control": "no-store"}
_PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"


async def healthz(request: Request) -> Response:
    """GET /healthz: the process answers."""
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


async def readyz(request: Request) -> Response:
    """GET /readyz: a new talk could begin now. Vendors that can't be used are told in sentences; as the
    embedded providers do their work, they are no reason to keep people away."""
    house = house_of(request)
    faults = await _faults(house)
    status: dict[str, object] = {"status": "not_ready", "reasons": faults} if faults else {"status": "ready"}
    if warnings := house.health.warnings:
        status["warnings"] = warnings
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
    return Response(house.metrics.expose(_Rooms(house)), media_type=_PROMETHEUS, headers=_NO_STORE)


class _Rooms:
    """What the rooms of a house know of themselves, as metrics."""

    def __init__(self, house: House) -> None:
        self._house = house

    def collect(self) -> Iterator[Metric]:
        house = self._house
        faltering = house.writer.faltering is not None
        yield GaugeMetricFamily("vivavoce_live_sessions", "Talks under way", house.registry.talks)
        yield GaugeMetricFamily(
            "vivavoce_unread_signals", "Signals in all mailboxes", house.registry.unread_signals
        )
        yield GaugeMetricFamily("vivavoce_webrtc_legs", "WebRTC connections", len(house.legs))
        yield CounterMetricFamily(
            "vivavoce_missed_slots", "20 ms slots in which nothing was sent", house.metronome.missed_slots
        )
        yield CounterMetricFamily(
            "vivavoce_dropped_packets", "Packets for which there was no time", house.webrtc.intake.dropped
        )
        yield GaugeMetricFamily("vivavoce_storage_faltering", "1 while events wait", int(faltering))
        resting = GaugeMetricFamily(
            "vivavoce_provider_resting",
            "1 while it is left alone, having failed",
            labels=("role", "provider"),
        )
        for (role, provider), rests in house.health.resting.items():
            resting.add_metric((role, provider), int(rests))
        yield resting
        receivers = [one.leg.receiver for one in house.legs.values() if one.leg.receiver is not None]
        heard = house.metrics.packets_heard + sum(receiver.heard for receiver in receivers)
        concealed = house.metrics.packets_concealed + sum(receiver.concealed for receiver in receivers)
        yield CounterMetricFamily("vivavoce_packets_heard", "Packets of participants that came", heard)
        yield CounterMetricFamily(
            "vivavoce_packets_concealed", "Packets of theirs that had to be made up", concealed
        )


ROUTES: Final = [
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/metrics", metrics),
]

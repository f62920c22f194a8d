"""The server put together: rooms opened in order, routes and headers around them, and all closed in reverse.

Knows every room and does the work of none.
"""

import asyncio
import contextlib
import gc
import logging
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from dataclasses import replace
from typing import Final

import uvicorn
from aiortc import RTCIceServer
from starlette.applications import Starlette
from uvicorn.lifespan.on import LifespanOn

from dialog.manager import Manager
from dialog.study import Study
from media.silero import SileroModel, SileroPanel
from server.api import entrance, pages, participant_sockets, participants, vitals
from server.api.errors import EXCEPTION_HANDLERS
from server.api.headers import SecurityHeaders
from server.api.house import House
from server.api.patience import PatientProtocol
from server.api.reference import front
from server.api.reference.page import reference_routes
from server.api.studies.application import PREFIX, studies_api
from server.api.studies.door import Door
from server.api.tokens import AccessTokens
from server.gateway.metronome import Metronome
from server.gateway.webrtc import WebRtcGateway
from server.live.keeping import Kit
from server.live.registry import Registry
from server.live.tally import counted_by
from server.metrics import Metrics
from server.pipeline.model_analyst import ModelAnalyst, ModelAnalysts
from server.pipeline.office import open_office
from server.pipeline.rounds import every
from server.providers.catalog import cautions, choose
from server.providers.opening import Providers, open_providers
from server.settings import Settings
from server.store.blueprints import Blueprints
from server.store.database import Database
from server.store.keeper import RunKeeper
from server.store.log_writer import LogWriter
from server.store.migrations import upgrade
from server.store.operator_pages import ask_for_calls
from server.store.organizations import Organizations
from server.store.recordings import Recordings
from server.store.runs import Runs
from server.store.vault import Vault

log = logging.getLogger(__name__)

WEBSOCKET_MESSAGE: Final = 16_384
PING_INTERVAL: Final = 10.0
SHUTDOWN_TIMEOUT: Final = 15
LOOK_INTERVAL: Final = 10.0
"""Seconds by which a scheduled run may open late, and another run out late."""
ERASING_INTERVAL: Final = 60.0
"""Seconds until it is tried again to erase what was struck and couldn't be erased at once."""
LAST_WORDS: Final = 60.0
"""Seconds after the end of an interview in which whoever holds the talk, maybe another server on the same
database, says what is left to say, and finishes the run itself."""
SWITCH_INTERVAL: Final = 0.0002
"""Seconds after which a thread that works (the log, the recordings) gives the loop its turn, if it wants it.
At Python's own 5 ms a quarter of a beat may go by."""


def create_app(settings: Settings) -> Starlette:
    """The ASGI application; its lifespan opens and closes everything."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(api.warm)
        async with open_house(settings) as house:
            app.state.house = house
            yield

    app = Starlette(
        routes=[
            *entrance.ROUTES,
            *participants.ROUTES,
            *participant_sockets.ROUTES,
            *pages.ROUTES,
            *front.ROUTES,
            *vitals.ROUTES,
        ],
        lifespan=lifespan,
        exception_handlers=EXCEPTION_HANDLERS,
    )
    api = studies_api(app.state)
    app.router.routes += reference_routes(api.openapi)
    app.mount(PREFIX, Door(api))
    app.add_middleware(SecurityHeaders, public_url=settings.public_url)
    return app


@contextlib.asynccontextmanager
async def open_house(settings: Settings) -> AsyncIterator[House]:
    """Open every room in order; on leaving, end the talks resumably and store what waits."""
    await asyncio.to_thread(upgrade, settings.database_url)
    vault = _vault(settings)
    metrics = Metrics()
    panel = SileroPanel(SileroModel.shared())
    metronome = Metronome(metrics.late, before_each=panel.judge_waiting)
    async with contextlib.AsyncExitStack() as rooms:
        database = await rooms.enter_async_context(Database(settings.database_url))
        await database.warm()
        writer = await rooms.enter_async_context(LogWriter(database, ask_for_calls))
        recordings = await rooms.enter_async_context(Recordings(settings.data_dir))
        providers = await rooms.enter_async_context(
            open_providers(
                data_dir=settings.data_dir,
                recogniser_processes=settings.recogniser_processes,
                choice=choose(settings),
                turn_end_model=settings.turn_end_model,
                warm=True,
            )
        )
        _tell(providers, cautions(settings))
        runs = Runs(database, vault)
        await rooms.enter_async_context(_running(metronome.run()))
        keeper = RunKeeper(database, runs, writer, recordings)
        await keeper.finish_what_is_over()
        await keeper.finish_erasing()
        registry = Registry(keeper, _kit(providers, metrics, panel), max_sessions=settings.max_sessions)
        await rooms.enter_async_context(registry)
        for each in _rounds(runs, keeper, registry, settings.idle_timeout):
            await rooms.enter_async_context(_running(each))
        office = await rooms.enter_async_context(
            open_office(
                database,
                vault,
                recordings,
                private_targets=settings.webhook_private_targets,
                analyst_of=_analyst_of(providers, metrics),
            )
        )
        _hold_still()
        yield House(
            settings=settings,
            database=database,
            vault=vault,
            organizations=Organizations(database),
            blueprints=Blueprints(database),
            runs=runs,
            keeper=keeper,
            writer=writer,
            recordings=recordings,
            tokens=AccessTokens(vault),
            registry=registry,
            metronome=metronome,
            metrics=metrics,
            webrtc=WebRtcGateway(metronome, _ice_servers(settings)),
            office=office,
            supports=providers.supports,
            health=providers.health,
        )


def _vault(settings: Settings) -> Vault:
    secret = settings.secret_key.get_secret_value() if settings.secret_key is not None else None
    return Vault.open(settings.data_dir, secret)


def _tell(providers: Providers, warnings: Iterable[str]) -> None:
    """Say who does which work, and what is doubtful about it."""
    if providers.choice.all:
        log.info("= %s", providers.choice.told)
    for sentence in (*warnings, *providers.warnings):
        log.warning("! %s", sentence)


def _hold_still() -> None:
    """What lives as long as the server needn't be looked at by the collector, whose pauses would be heard."""
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_INTERVAL)


def _analyst_of(providers: Providers, metrics: Metrics) -> Callable[[Study], ModelAnalyst] | None:
    """Who analyses the talks of a study, where there is any vendor's model."""
    return ModelAnalysts(providers.models, told=counted_by(metrics)).of if providers.models else None


def _kit(providers: Providers, metrics: Metrics, panel: SileroPanel) -> Kit:
    return Kit(
        speech_to_text=providers.speech_to_text,
        text_to_speech=providers.text_to_speech,
        known_words=providers.prompt_cache,
        language_model=providers.language_model,
        make_core=lambda blueprint, facts, metadata: Manager(blueprint, facts=facts, metadata=metadata),
        supports=providers.supports,
        second_opinion=panel,
        turn_end=providers.turn_end,
        observer=metrics.observer,
        told=counted_by(metrics),
    )


def _ice_servers(settings: Settings) -> list[RTCIceServer]:
    return [
        RTCIceServer(
            urls=list(server.urls),
            username=server.username,
            credential=None if server.credential is None else server.credential.get_secret_value(),
        )
        for server in settings.own_ice_servers
    ]


def _rounds(
    runs: Runs, keeper: RunKeeper, registry: Registry, idle_timeout: float
) -> tuple[Coroutine[None, None, None], ...]:
    """What is seen to again and again, of runs that nobody is there for."""
    looking = every(
        LOOK_INTERVAL,
        lambda: _look_after(runs, keeper, registry, idle_timeout),
        "runs can't be opened or ended by the clock now",
    )
    erasing = every(
        ERASING_INTERVAL,
        lambda: keeper.finish_erasing(here=registry.is_here),
        "struck answers can't be erased now",
        first_after=ERASING_INTERVAL,
    )
    return looking, erasing


async def _look_after(runs: Runs, keeper: RunKeeper, registry: Registry, idle_timeout: float) -> None:
    """Open runs whose time has come, let links that nobody used run out, and end runs whose talk is over, and
    those that nobody comes back to."""
    for run_id in await runs.open_due():
        log.info("= open", extra={"run": run_id})
    for run_id in await runs.expire_due():
        log.info("= expired", extra={"run": run_id})
    for run_id in await keeper.finish_what_is_over(LAST_WORDS, here=registry.is_here):
        log.info("= finished after all", extra={"run": run_id})
    for run_id in await keeper.abandon_idle(idle_timeout, here=registry.is_here):
        log.info("= abandoned", extra={"run": run_id})


@contextlib.asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run a service beside what is inside, and end it after."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(work, name="service")
        yield
        task.cancel()


Ready = Callable[[House, str], None]

_ANY: Final = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}  # noqa: S104
"""Where this machine reaches what listens on every address, and how IPv6 is written into a URL."""


def run_server(settings: Settings, ready: Ready) -> "_Server":
    """A server to be awaited by `serve()`; `ready` is called with its house and URL once it listens."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=PatientProtocol,
        ws="websockets-sansio",
        ws_max_size=WEBSOCKET_MESSAGE,
        ws_per_message_deflate=False,
        ws_ping_interval=PING_INTERVAL,
        ws_ping_timeout=PING_INTERVAL,
        h11_max_incomplete_event_size=65_536,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
    )
    return _Server(config, settings, ready)


async def serve(
    settings: Settings, *, ready: Callable[[str, str], None], stop: asyncio.Event | None = None
) -> bool:
    """Serve until SIGTERM or SIGINT, or until `stop` is set; calls `ready` once it listens, with the public
    URL and the one at which this machine reaches it.

    False when it ended because a part of it broke. Prints nothing.
    """
    server = run_server(settings, lambda _, url: ready(url, server.local_url))
    async with _running(_end(server, stop or asyncio.Event())):
        await server.serve()
    return not server.broken


async def _end(server: uvicorn.Server, stop: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True


class _Server(uvicorn.Server):
    """Tells when it listens, and where; ends the talks before it closes connections."""

    def __init__(self, config: uvicorn.Config, settings: Settings, ready: Ready) -> None:
        super().__init__(config)
        self._settings = settings
        self._ready = ready
        self.local_url = ""
        self.broken = False
        """A service that every talk needs has failed, and took the house along."""

    @property
    def _house(self) -> House | None:
        assert isinstance(self.config.app, Starlette)
        return getattr(self.config.app.state, "house", None)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the house and listen."""
        await super().startup(sockets)
        if self.started and self._house is not None:
            assert isinstance(self.config.app, Starlette)
            port = self.servers[0].sockets[0].getsockname()[1]
            url = _url(self._settings, port)
            self.local_url = f"http://{_ANY.get(self._settings.host, self._settings.host)}:{port}"
            # Only now is it known which port was free, and join links are made of it.
            settings = self._settings.model_copy(update={"public_url": url})
            self.config.app.state.house = house = replace(self._house, settings=settings)
            self._ready(house, url)

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to end: also when there is nothing left behind the doors. An open port in front
        of a closed house would keep a supervisor from starting another."""
        self.broken = isinstance(self.lifespan, LifespanOn) and self.lifespan.shutdown_event.is_set()
        return await super().on_tick(counter) or self.broken

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let no new talk begin, end those under way resumably, then close."""
        if self._house is not None:
            await self._house.registry.close()
        await super().shutdown(sockets)


def _url(settings: Settings, port: int) -> str:
    """The public URL; the one made of host and port gets the port that was taken where any was asked for."""
    url = settings.public_url
    return f"{url.removesuffix(':0')}:{port}" if url.endswith(":0") else url

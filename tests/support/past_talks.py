"""Runs whose talk is over, put into a running server's store without anybody talking."""

from collections.abc import Sequence

from dialog.blueprint import Blueprint
from dialog.events import AnyBody, Event, SessionOpened
from server.store.organizations import Tenant
from server.store.run import Participant
from server.store.run_status import RunStatus
from tests.support.materials import played
from tests.support.running_server import RunningServer, Study


async def talk_that_was(
    server: RunningServer,
    study: Study,
    design: Blueprint,
    answers: Sequence[str],
    *more: AnyBody,
    status: RunStatus | None = "abandoned",
    participant: Participant | None = None,
    consent_needed: bool = False,
) -> str:
    """Another run of the study's blueprint, with a log in which these are the answers; its id. `more` comes
    after the last event; `status` None leaves it active."""
    house = server.house
    beside = await house.runs.find(study.run_id)
    tenant = Tenant(beside.organization_id, beside.test_mode)
    run, _ = await house.runs.create(
        tenant, beside.blueprint_id, consent_needed=consent_needed, participant=participant
    )
    await house.runs.transition(run.id, "active")
    log = await house.keeper.open_session(run.id, lambda _: None)
    events = played(answers, design)
    for event in [*events, *(Event(0, events[-1].at, body) for body in more)]:
        body = event.body
        if isinstance(body, SessionOpened):
            body = SessionOpened(log.session.session_id, "webrtc", log.session.opened_at_ms, 1)
        log.append(event.at, body)
    await log.settled()
    log.close()
    if status is not None:
        await house.runs.transition(run.id, status)
    return run.id

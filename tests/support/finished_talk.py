"""Talks that were held, in a store: played by the pure core, written as a server would have, and over."""

from collections.abc import Sequence

from dialog.blueprint import Blueprint
from dialog.events import AnyBody, SessionOpened
from server.store.documents import Documents
from server.store.log_writer import LogWriter
from server.store.run import Run
from tests.support.blueprints import two_questions
from tests.support.play import Stage
from tests.support.store import Store

ANSWERS = (
    "i made a pot of coffee and the coffee machine broke again so i was really annoyed",
    "my sister came with a new coffee machine and we had a lovely evening",
)


def spoken(design: Blueprint, answers: Sequence[str] = ANSWERS) -> list[AnyBody]:
    """What a talk of these answers leaves in its log, from the first word to the last."""
    stage = Stage(design)
    for answer in answers:
        stage.run_until_floor_is("open")
        stage.run(stage.say(stage.now + 0.5, answer) + 1.5)
    stage.run_until_floor_is("closed")
    return [event.body for event in stage.events]


async def published(store: Store, design: Blueprint) -> str:
    """The id of a blueprint of this design, ready for runs."""
    draft = await store.blueprints.create(store.tenant, design)
    return (await store.blueprints.publish(store.tenant, draft.id)).id


async def talked(store: Store, blueprint_id: str, bodies: Sequence[AnyBody]) -> Run:
    """A run of a published blueprint in which this was said, still active."""
    run, _ = await store.runs.create(store.tenant, blueprint_id, consent_needed=False)
    session = await store.new_session(run)
    await Documents(store.database, store.clock).begin(run.id)
    async with LogWriter(store.database) as writer:
        log = writer.open(session)
        log.append(0.0, SessionOpened(session.session_id, "text", session.opened_at_ms, session.number))
        for place, body in enumerate(bodies, start=1):
            log.append(float(place), body)
        await log.durable(log.last_seq)
        log.close()
    return await store.runs.find(run.id)


def design_with(**pipeline: bool) -> Blueprint:
    """Two questions, and these stages after the talk."""
    body = two_questions().model_dump(mode="json", by_alias=True)
    return Blueprint.model_validate(body | {"pipeline": pipeline})

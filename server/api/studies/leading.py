"""Runs led from outside: cancelled, agreed to, given new doors, deleted."""

import asyncio
import contextlib
import hashlib
from typing import Any, Final, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from dialog.blueprint import Short
from dialog.consent import ConsentAnswer, disclosure
from dialog.signals import InterviewCancelled
from dialog.transcript import rfc3339
from server.api.errors import Refusal, storage_unavailable
from server.api.house import House, house_of
from server.api.studies.channels import channels_of
from server.api.studies.conventions import WRITES, Body, Writer, errors, shown
from server.api.studies.refusing import refusing
from server.api.studies.run_shapes import RunObject
from server.api.studies.runs import RunId, find_run, run_shown
from server.live.session import Session
from server.store.deletions import Deletions, Receipt
from server.store.run import Run
from server.store.run_status import TransitionRefused

router = APIRouter(tags=["Interview runs"])

CANCEL_TIMEOUT: Final = 5.0
"""Seconds that a talk has to end when it is cancelled, before the answer says that it still goes on."""
_TICK: Final = 0.05


class RunConsent(Body):
    """What the participant answered to the question of consent, as you asked it."""

    granted: bool
    method: Short = Field("api", min_length=1, description="How it was asked: `paper`, `checkbox`, …")
    text_version: Short | None = Field(
        None, min_length=1, description="Which words were agreed to. Without it: those of the blueprint."
    )


class DeletionReceipt(BaseModel):
    """That a run was deleted with all that came of it, and how much that was."""

    id: str
    organization_id: str
    test_mode: bool
    run_id: str
    reason: str
    counts: dict[str, int]
    created_at: str
    updated_at: str
    object: Literal["deletion_receipt"]


@router.post(
    "/interview-runs/{run_id}/cancel",
    response_model=RunObject,
    responses=errors(409),
    summary="Cancel an interview run",
)
async def cancel_run(request: Request, key: Writer, run_id: RunId) -> Response:
    """Call a run off; a talk under way is ended, and its participant told. What was said is kept."""
    run, house = await find_run(request, key, run_id), house_of(request)
    visit = house.registry.find(run.id)
    if visit is not None and visit.session is not None and visit.session.outcome is None:
        await _end_talk(house, run, visit.session)
    else:
        try:
            await house.runs.transition(run.id, "cancelled")
        except TransitionRefused as refused:
            raise _refused(refused.was, "cancelled") from None
        if visit is not None:
            await visit.close("the interview was cancelled")
    run = await find_run(request, key, run_id)
    if run.status in ("processing", "completed", "abandoned", "failed", "expired"):  # it ended before us
        raise _refused(run.status, "cancelled")
    return await run_shown(request, key, run)


async def _end_talk(house: House, run: Run, session: Session) -> None:
    session.put(InterviewCancelled("the interview was cancelled"))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CANCEL_TIMEOUT):
            while (await house.runs.find(run.id)).status == "active":  # noqa: ASYNC110 - it is on disk
                await asyncio.sleep(_TICK)


@router.post(
    "/interview-runs/{run_id}/consent",
    response_model=RunObject,
    responses=errors(*WRITES, 409),
    summary="Put consent on record",
)
async def record_consent(request: Request, key: Writer, run_id: RunId, body: RunConsent) -> Response:
    """Put on record what a participant answered to you. Granted, the talk may begin; declined, the run is
    over."""
    run, house = await find_run(request, key, run_id), house_of(request)
    if run.consent_status != "pending":
        sentence = f"Consent is settled for this run: {run.consent_status.replace('_', ' ')}."
        raise Refusal(409, "conflict", sentence)
    answer = await _answer(request, run, body)
    try:
        await house.keeper.open_door(run.id)
        await house.keeper.settle_consent(run.id, answer)
    except TransitionRefused as refused:
        raise _refused(refused.was, "agreed to") from None
    if (visit := house.registry.find(run.id)) is not None:
        await visit.close("consent was settled elsewhere")  # its page comes back to what holds now
    return await run_shown(request, key, await find_run(request, key, run_id))


async def _answer(request: Request, run: Run, body: RunConsent) -> ConsentAnswer:
    """What is kept of the answer. The sound is kept if the channel says so: your words are to have told."""
    house = house_of(request)
    records = True
    if run.channel_id is not None:
        channels = await channels_of(request).find_many([run.channel_id])
        records = all(channel.body["settings"]["recording"] for channel in channels.values())
    organization = await house.organizations.find(run.organization_id)
    design = await house.design(run)
    asked = disclosure(design, organization=organization.name, recording_offered=records)
    text = asked.text
    if body.text_version not in (None, asked.text_hash):
        text = str(body.text_version)
    return ConsentAnswer(
        granted=body.granted,
        recording=body.granted and records,
        method="api",
        text=text,
        text_hash=hashlib.sha256(text.encode()).hexdigest(),
        answer=body.method,
    )


@router.post(
    "/interview-runs/{run_id}/join-token",
    response_model=RunObject,
    responses=errors(409),
    summary="Replace a run's link and PIN",
)
async def replace_join_token(request: Request, key: Writer, run_id: RunId) -> Response:
    """Make the link and the PIN worthless, and draw new ones."""
    try:
        with refusing("run"):
            run = await house_of(request).runs.replace_secrets(key.tenant, run_id)
    except TransitionRefused as refused:
        raise _refused(refused.was, "joined") from None
    return await run_shown(request, key, run)


@router.delete(
    "/interview-runs/{run_id}",
    response_model=DeletionReceipt,
    responses=errors("in_use"),
    summary="Delete an interview run",
)
async def delete_run(request: Request, key: Writer, run_id: RunId) -> Response:
    """Delete a run for good: what was said, what came of it and its recording. The answer is the receipt."""
    run, house = await find_run(request, key, run_id), house_of(request)
    if house.registry.is_here(run.id):
        raise Refusal(409, "in_use", "Somebody is talking in this run: cancel it first.")
    try:
        with refusing("run"):
            receipt = await Deletions(house.database, house.recordings).delete(key.tenant, run.id, "api")
    except OSError:
        raise storage_unavailable() from None
    return shown(receipt_object(receipt))


def receipt_object(receipt: Receipt) -> dict[str, Any]:
    """A receipt as the API shows it."""
    made = msgspec.structs.asdict(receipt)
    at = rfc3339(receipt.created_at)
    return {**made, "created_at": at, "updated_at": at, "object": "deletion_receipt"}


def _refused(was: str, wanted: str) -> Refusal:
    return Refusal(409, "conflict", f"A run that is {was.replace('_', ' ')} can't be {wanted}.")

"""Many participants who come in the same moment: nobody's offer is lost."""

import asyncio
from pathlib import Path

from server.store.organizations import Tenant
from tests.support.gateway import Caller
from tests.support.running_server import RunningServer, Study, running_server
from tests.support.small_study import small_blueprint

GUESTS = 40
PATIENCE = 120.0
"""Seconds: the machine may be a slow one."""


async def invited(server: RunningServer, guests: int) -> list[Study]:
    """So many runs of one study in which nobody is asked for consent."""
    first = await server.study(small_blueprint(consent=False))
    tenant = Tenant((await server.house.organizations.first("Field & Co.")).id, test_mode=True)
    blueprint_id = (await server.house.runs.find(first.run_id)).blueprint_id
    studies = [first]
    while len(studies) < guests:
        run, token = await server.house.runs.create(tenant, blueprint_id)
        studies.append(Study(run.id, token, first.key))
    return studies


async def test_forty_offers_at_once_are_all_answered(tmp_path: Path) -> None:
    async with running_server(tmp_path / "house", max_sessions=GUESTS) as server:
        server.http.timeout = PATIENCE
        studies = await invited(server, GUESTS)
        caller = Caller()
        offer = await caller.offer()

        async def come(study: Study) -> int:
            session = await server.open_session(study)
            headers = {
                "Authorization": f"Bearer {session['access_token']}",
                "Content-Type": "application/sdp",
            }
            answer = await server.http.post(f"/join/{study.run_id}/whip", content=offer, headers=headers)
            return answer.status_code

        answered = await asyncio.gather(*map(come, studies))
        await caller.close()

    assert [201] * GUESTS == answered

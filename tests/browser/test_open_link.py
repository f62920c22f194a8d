"""The entrance of an open link in a browser: a run of one's own, the same one after coming back, a way on."""

from pathlib import Path

from server.api.studies.channels import DEFAULT_CHANNEL
from server.store.default_channel import default_channel
from server.store.open_links import OpenLinks
from server.store.organizations import Tenant
from tests.support.chromium import chromium
from tests.support.join_page import Visit, watch
from tests.support.running_server import RunningServer, running_server
from tests.support.small_study import small_blueprint


async def opened(server: RunningServer) -> str:
    """The address of a new link."""
    organization = await server.house.organizations.first("Field & Co.")
    tenant = Tenant(organization.id, test_mode=True)
    made = await server.house.blueprints.create(tenant, small_blueprint())
    await server.house.blueprints.publish(tenant, made.id)
    links = OpenLinks(server.house.database, server.house.vault, server.house.runs)
    body = {
        "name": "Panel",
        "blueprint_id": made.id,
        "channel_id": await default_channel(server.house.database, tenant, DEFAULT_CHANNEL),
        "status": "active",
        "max_runs": 1,
        "expires_at": None,
        "external_id_key": "external_id",
        "metadata_keys": [],
        "completion": {"redirect_url": f"{server.origin}/healthz?who={{external_id}}", "code": "C1A2B3"},
        "metadata": {},
    }
    kept = await links.create(tenant, made.id, body)
    token = (await links.details([kept.id]))[kept.id].token
    return f"{server.origin}/join/open/{kept.id}?external_id=kim#{token}"


async def test_a_visitor_comes_in_comes_back_and_goes_on(tmp_path: Path) -> None:
    async with running_server(tmp_path) as server, chromium() as browser:
        address = await opened(server)
        profile = await browser.new_context(reduced_motion="reduce")
        visit = Visit(await profile.new_page())
        watch(visit)
        await visit.page.goto(address)
        await visit.shows("Tools at work")
        first = visit.page.url
        await visit.page.goto(address)
        await visit.shows("Tools at work")
        again = visit.page.url
        await visit.agree()
        await visit.page.get_by_role("button", name="Type").click()
        for number, answer in enumerate(("A pencil.", "It broke.")):
            await visit.shows(("Which tools do you use", "What happened the last time")[number])
            await visit.page.get_by_role("textbox").fill(answer)
            await visit.page.get_by_role("textbox").press("Enter")
        await visit.says("C1A2B3")
        barriers, complaints = await visit.axe(), list(visit.complaints)
        async with visit.page.expect_navigation():
            await visit.page.get_by_role("link", name="Continue").click()
        gone_to = visit.page.url
        stranger = Visit(await (await browser.new_context()).new_page())
        await stranger.page.goto(address)
        await stranger.shows("This study is closed")
        await stranger.says("This study has all the participants it needs.")

    assert first == again
    assert "/join/run_" in first
    assert [] == barriers
    assert [] == complaints
    assert gone_to.endswith("/healthz?who=kim")

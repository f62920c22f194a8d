"""`doctor` beside a server that runs: whether its public address leads to it."""

from pathlib import Path
from urllib.parse import urlsplit

import aioice.ice
import pytest

from server.cli.network_examinations import examine_address
from server.settings import Settings
from tests.support.running_server import running_server

EVERYWHERE = "0.0.0.0"


async def test_the_public_address_is_followed_to_the_server_or_found_to_lead_elsewhere(
    tmp_path: Path,
) -> None:
    addresses = aioice.ice.get_host_addresses(use_ipv4=True, use_ipv6=False)
    if not addresses:
        pytest.skip("this machine has no address but loopback")
    async with running_server(tmp_path, host=EVERYWHERE) as server:
        port = urlsplit(server.origin).port
        assert port is not None
        there = Settings.load(host=EVERYWHERE, port=port, public_url=f"http://{addresses[0]}:{port}")
        lost = Settings.load(host=EVERYWHERE, port=port, public_url=f"http://{addresses[0]}:9")
        (found,) = await examine_address(there)
        (missed,) = await examine_address(lost)
    (unknown,) = await examine_address(there)

    assert "ok" == found.state, found
    assert "lets websockets through" in found.text
    assert "fault" == missed.state
    assert "VIVAVOCE_PUBLIC_URL" in (missed.remedy or "")
    assert "once the server runs" in unknown.text


async def test_an_address_on_this_machine_needs_no_looking_at() -> None:
    assert [] == await examine_address(Settings.load(public_url="http://localhost:8080"))

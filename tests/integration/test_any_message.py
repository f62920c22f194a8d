"""Any JSON value, and any message of the page's vocabulary with any values, on the live socket."""

import contextlib
import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.live.wire import AnyFromPage, Floor, Notice, Ping, Pong
from tests.support.blueprints import blueprint, question
from tests.support.hostile import address, closing
from tests.support.page import TestPage, opened_page, start_text
from tests.support.running_server import RunningServer, Study

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.usefixtures("unharmed")]

FORM: dict[str, object] = {
    "type": "form",
    "key": "form",
    "text": "A few figures, please.",
    "fields": [
        {"name": "age", "label": "Age", "type": "number", "min": 0, "max": 120, "required": False},
        {
            "name": "tools",
            "label": "Tools",
            "type": "multi_choice",
            "options": ["saw", "hammer"],
            "required": False,
        },
    ],
}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats(allow_nan=False)
    | st.sampled_from([1e308, -1e308, 5e-324, -0.0, 2**53 + 1, 2**64, "\ud800", "\x00", "form", "age", "saw"])
    | st.text(st.characters(codec=None), max_size=40)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def a_message(kind: type[msgspec.Struct]) -> st.SearchStrategy[dict[str, Any]]:
    """A message of this kind; its values are of the right type or of any other, and some may be missing."""
    tag = kind.__struct_config__.tag
    fields: dict[str, st.SearchStrategy[Any]] = {}
    for field in msgspec.structs.fields(kind):
        match field.name:
            case "mode":
                fields["mode"] = st.sampled_from(["text", "voice"])
            case "right":
                fields["right"] = st.sampled_from(
                    ["repeat", "slower", "skip", "back", "pause", "resume", "strike"]
                )
            case "node_key":
                fields["node_key"] = st.just("form")
            case "data":
                names = st.sampled_from(["age", "tools", "x"])
                fields["data"] = st.dictionaries(names, values, max_size=3)
            case "text" | "id" | "text_hash" | "access_token":
                fields[field.name] = st.text(st.characters(codec=None), max_size=60)
            case "delay":
                fields["delay"] = st.floats(allow_nan=False) | st.sampled_from([1e308, -1e308])
            case "n" | "after_seq":
                fields[field.name] = st.integers(-(2**70), 2**70)
            case _:
                fields[field.name] = st.booleans()
    return st.fixed_dictionaries({"type": st.just(tag), **fields})


kinds = [kind for kind in get_args(AnyFromPage) if kind.__name__ != "Hello"]
messages = st.one_of(*map(a_message, kinds))
texts = st.one_of(values, messages).map(json.dumps)
quick = settings(
    max_examples=60,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@quick
@given(text=texts)
@pytest.mark.parametrize("name", ["live", "audio"])
async def test_any_first_message_but_a_hello_is_refused(
    besieged: RunningServer, name: str, text: str
) -> None:
    async with connect(address(besieged, "run_" + "0" * 32, name)) as socket:
        await socket.send(text)
        code, reason = await closing(socket)

    assert 1008 == code
    assert reason


async def a_study(server: RunningServer) -> Study:
    design = blueprint(FORM, question("more", "What else?"), consent=False)
    return await server.study(design)


async def is_well(page: TestPage, seen: int) -> bool:
    """Whether the connection still stands; a talk that crashed, or a fault of ours, fails the test."""
    with contextlib.suppress(ConnectionClosed):
        await page.send(Ping(-1))
        await page.until(Pong, lambda pong: pong.n == -1)
    crashed = [m for m in page.seen[seen:] if isinstance(m, Notice) and m.code == "failed"]

    assert [] == crashed
    assert page.socket.close_code in (None, 1000, 1003, 1008)
    return page.socket.close_code is None


@settings(quick, max_examples=40)
@given(batches=st.lists(texts, min_size=1, max_size=12))
async def test_no_message_in_a_talk_does_more_than_end_its_connection(
    besieged: RunningServer, batches: list[str]
) -> None:
    study = await a_study(besieged)
    for joined in (False, True):
        async with opened_page(besieged, study) as page:
            if joined:
                await start_text(page)
            for text in batches:
                seen = len(page.seen)
                with contextlib.suppress(ConnectionClosed):
                    await page.socket.send(text)
                if not await is_well(page, seen):
                    break


@settings(quick, max_examples=40)
@given(message=messages)
async def test_the_log_of_a_talk_can_be_read_whatever_was_sent(
    besieged: RunningServer, message: dict[str, Any]
) -> None:
    study = await a_study(besieged)
    async with opened_page(besieged, study) as page:
        await start_text(page)
        await page.until(Floor)
        with contextlib.suppress(ConnectionClosed):
            await page.socket.send(json.dumps(message))
        await is_well(page, 0)
    async with opened_page(besieged, study) as page:
        await is_well(page, 0)
    for part in ("/events?limit=1000", "?expand=transcript&expand=responses", ""):
        assert 200 == (await besieged.read(study, part)).status_code

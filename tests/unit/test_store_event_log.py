import asyncio
import contextlib
import typing
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dialog.events import AnyBody, Event, decode_event, encode_event
from dialog.judgement import AssessedEdge, Exchange, Judgement, JudgementRequest, Probe
from server.clock import hold_thread
from server.store.event_log import EventLog, LogBroken, LogClosed, OpenedSession, memory_log
from server.store.event_rows import read_events
from server.store.log_writer import LogWriter
from tests.support.store import Store, database_url, open_store, words

SESSION = OpenedSession("run_1", "ses_1", number=2, epoch=2, last_seq=7, opened_at_ms=0)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
finite = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | finite | text, st.lists)
st.register_type_strategy(str, text)
st.register_type_strategy(float, finite)
st.register_type_strategy(int, st.integers(-(2**53), 2**53))
st.register_type_strategy(object, json_values)


def built(kind: type[msgspec.Struct]) -> st.SearchStrategy[typing.Any]:
    """Any value of a struct, every field drawn, those with defaults too."""
    return st.builds(kind, **{name: st.from_type(hint) for name, hint in typing.get_type_hints(kind).items()})


for nested in (Exchange, AssessedEdge, Probe, JudgementRequest, Judgement):
    st.register_type_strategy(nested, built(nested))
bodies = st.one_of([built(body) for body in typing.get_args(AnyBody)])


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[tuple[asyncio.Runner, Store, LogWriter]]:
    """A store for all examples of a test, and the loop on which it is."""
    stack = contextlib.AsyncExitStack()
    with asyncio.Runner() as runner:
        store = runner.run(stack.enter_async_context(open_store(database_url(tmp_path))))
        writer = runner.run(stack.enter_async_context(LogWriter(store.database)))
        yield runner, store, writer
        runner.run(stack.aclose())


# Each example has a run of its own, so that shrinking one would take long.
@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.tuples(finite, bodies), min_size=1, max_size=20))
def test_every_event_comes_out_of_the_store_as_it_went_in(
    opened: tuple[asyncio.Runner, Store, LogWriter], appended: list[tuple[float, AnyBody]]
) -> None:
    runner, store, writer = opened

    async def round_trip() -> tuple[list[Event], list[Event]]:
        log = writer.open(await store.new_session())
        events = [log.append(at, body) for at, body in appended]
        await log.durable(len(events))
        log.close()
        return events, await read_events(store.database, log.session.run_id)

    put_in, came_out = runner.run(round_trip())

    assert put_in == came_out
    assert put_in == [decode_event(encode_event(event)) for event in put_in]


def test_the_first_event_of_a_session_follows_the_last_of_the_one_before() -> None:
    log = memory_log(SESSION)

    assert Event(8, 0.5, words("a")) == log.append(0.5, words("a"))
    assert Event(9, 0.6, words("b")) == log.append(0.6, words("b"))
    assert log.stored_seq == 9


def test_a_closed_log_takes_nothing_more() -> None:
    log = memory_log(SESSION)
    log.close()

    with pytest.raises(LogClosed):
        log.append(0.0, words("a"))


@pytest.mark.parametrize(
    "said", [words("\ud800"), msgspec.structs.replace(words(""), confidence=float("nan"))]
)
def test_what_would_not_come_back_is_refused_at_once_and_leaves_no_gap(said: AnyBody) -> None:
    log = memory_log(SESSION)

    with pytest.raises((UnicodeEncodeError, msgspec.ValidationError)):
        log.append(0.0, said)
    assert log.append(0.0, words("fine")).seq == 8


async def test_a_rewritten_event_is_rewritten_for_followers_too() -> None:
    log = memory_log(SESSION)
    log.append(0.5, words("secret"))
    log.append(0.6, words("harmless"))
    log.rewrite(8, words(""))
    log.close()

    assert [Event(8, 0.5, words("")), Event(9, 0.6, words("harmless"))] == [
        event async for event in log.follow(7)
    ]


@pytest.mark.parametrize("seq", [0, -1, 8])
def test_only_what_there_is_can_be_rewritten(seq: int) -> None:
    with pytest.raises(ValueError, match="no event"):
        memory_log(SESSION).rewrite(seq, words(""))


async def test_what_has_not_been_appended_cannot_be_waited_for() -> None:
    with pytest.raises(ValueError, match="no event 8 yet"):
        await memory_log(SESSION).durable(8)


@pytest.mark.parametrize("after", [-3, 0, 7, 8, 10, 10_000])
async def test_a_follower_may_begin_anywhere(after: int) -> None:
    log = memory_log(SESSION)
    for _ in range(3):
        log.append(0.0, words("a"))
    log.close()

    assert [seq for seq in (8, 9, 10) if seq > after] == [event.seq async for event in log.follow(after)]


async def test_the_guard_returns_when_the_log_is_closed() -> None:
    log = memory_log(SESSION)

    async def close(log: EventLog) -> None:
        log.close()

    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(log.watch())
        tasks.create_task(close(log))


async def test_whoever_waits_for_all_to_be_stored_is_told_when_it_never_will_be() -> None:
    async def nothing(_: str, __: int, ___: int) -> list[Event]:
        return []

    log = EventLog(SESSION, wake=lambda _: None, history=nothing)
    log.append(0.0, words("lost"))
    asyncio.get_running_loop().call_soon(log.fail, LogBroken("the disk is gone"))

    with pytest.raises(LogBroken):
        await log.settled()
    with pytest.raises(LogBroken):
        await log.settled()


async def test_a_pause_of_the_whole_process_takes_little_of_a_wait_for_storage() -> None:
    waiting: list[EventLog] = []

    async def no_history(_: str, __: int, ___: int) -> list[Event]:
        return []

    log = EventLog(SESSION, wake=waiting.append, history=no_history)
    log.append(0.0, words("a"))
    async with asyncio.TaskGroup() as tasks:
        stored = tasks.create_task(log.durable_within(8, 0.2))
        await asyncio.sleep(0)
        hold_thread(0.5)
        asyncio.get_running_loop().call_soon(lambda: log.confirm(log.take()))

    assert stored.result()


async def test_what_is_not_stored_in_time_is_not_waited_for_any_longer() -> None:
    async def no_history(_: str, __: int, ___: int) -> list[Event]:
        return []

    log = EventLog(SESSION, wake=lambda _: None, history=no_history)
    log.append(0.0, words("a"))

    assert not await log.durable_within(8, 0.05)

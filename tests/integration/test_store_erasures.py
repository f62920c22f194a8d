import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from dialog.events import (
    AnswerCommitted,
    AnswerErased,
    AnswerStruck,
    AnyBody,
    RecordingBegan,
    SessionOpened,
    TurnOpened,
    WordsHeard,
)
from dialog.signals import FinalTranscript, SpeechStarted, SpeechStopped
from dialog.struck_words import EVERYTHING
from media.recording import PRE_SKIP
from media.silencing import SilentSpan, silenced_pages
from server.store.design_tables import ChannelRow
from server.store.erasures import Erasures
from server.store.event_rows import read_events
from server.store.keeper import RunKeeper
from server.store.log_writer import LogWriter
from server.store.recordings import Recordings
from server.store.run import Place
from server.store.shelf import Shelf
from tests.support.recordings import decoded, tone_level, two_tones
from tests.support.store import Store, all_files, database_url, open_store

SLOTS = 300
SECRET = "the combination is seven eleven"
TALK: list[tuple[float, AnyBody]] = [
    (0.0, SessionOpened("ses_1", "webrtc", 1_800_000_000_000, 1)),
    (0.1, RecordingBegan(0.0)),
    (2.5, SpeechStarted(1)),
    (2.5, TurnOpened(1, "opening")),
    (3.4, SpeechStopped(1, 0.2, 0.7)),
    (3.6, FinalTranscript(1, SECRET)),
    (3.6, WordsHeard(1, "opening", SECRET, 0.9)),
    (4.0, AnswerCommitted(1, 1, "opening", SECRET, 0.9, 2.5, 3.2)),
    (5.0, AnswerStruck(1)),
]


async def recorded(recordings: Recordings, run_id: str) -> None:
    file = recordings.open(run_id)
    for pages in two_tones(SLOTS):
        file.write(b"".join(pages))
        await asyncio.sleep(0)
    await file.close()


async def killed_in_erasing(store: Store, rooms: AsyncExitStack, recordings: Recordings) -> str:
    """A run whose answer was struck a moment before the end."""
    writer = await rooms.enter_async_context(LogWriter(store.database))
    run = await store.new_run()
    await store.runs.transition(run.id, "active")
    log = writer.open(await store.new_session(run))
    for at, body in TALK:
        log.append(at, body)
    await log.settled()
    await recorded(recordings, run.id)
    return run.id


async def test_what_was_struck_before_a_crash_is_erased_at_the_next_start(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, AsyncExitStack() as rooms:
        recordings = await rooms.enter_async_context(Recordings(tmp_path))
        run_id = await killed_in_erasing(store, rooms, recordings)
        before = decoded(recordings.path(run_id).read_bytes())
        erasures = Erasures(store.database, recordings)
        due = await erasures.due()
        turns = await erasures.complete(run_id)
        after = decoded(recordings.path(run_id).read_bytes())
        events = await read_events(store.database, run_id)

        assert [run_id] == due
        assert [1] == turns
        assert AnswerErased(1) == events[-1].body
        assert SECRET.encode() not in all_files(tmp_path)
        assert tone_level(before, "participant", 100, 200) > 0.1
        assert tone_level(after, "participant", 101, 193) < 1e-4
        assert tone_level(after, "participant", 0, 98) > 0.1
        assert tone_level(after, "participant", 200, 295) > 0.1
        assert tone_level(after, "agent", 101, 193) > 0.1
        assert before.shape == after.shape == (2, SLOTS * 960 - PRE_SKIP)
        assert [] == await erasures.due()
        assert [] == await erasures.complete(run_id)


async def test_what_was_struck_and_then_struck_with_everything_is_due_no_more(tmp_path: Path) -> None:
    """Killed between the two, before either was erased."""
    async with open_store(database_url(tmp_path)) as store, AsyncExitStack() as rooms:
        recordings = await rooms.enter_async_context(Recordings(tmp_path))
        writer = await rooms.enter_async_context(LogWriter(store.database))
        run = await store.new_run()
        await store.runs.transition(run.id, "active")
        log = writer.open(await store.new_session(run))
        for at, body in (*TALK, (9.0, AnswerStruck(1)), (9.0, AnswerStruck(EVERYTHING))):
            log.append(at, body)
        await log.settled()
        await recorded(recordings, run.id)
        erasures = Erasures(store.database, recordings)
        due = await erasures.due()
        turns = await erasures.complete(run.id)
        events = [event.body for event in await read_events(store.database, run.id)]

        assert [run.id] == due
        assert {1, EVERYTHING} == set(turns)
        assert [] == await erasures.due()
        assert SECRET.encode() not in all_files(tmp_path)
        assert events.count(AnswerStruck(1)) == events.count(AnswerErased(1)) == 2


async def test_what_was_struck_is_erased_once_nobody_is_there_and_by_one_at_a_time(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, AsyncExitStack() as rooms:
        recordings = await rooms.enter_async_context(Recordings(tmp_path))
        run_id = await killed_in_erasing(store, rooms, recordings)
        writer = await rooms.enter_async_context(LogWriter(store.database))
        keeper = RunKeeper(store.database, store.runs, writer, recordings, store.clock)
        await keeper.finish_erasing(here=lambda found: found == run_id)
        early = [event.body for event in await read_events(store.database, run_id)]
        await asyncio.gather(*(keeper.finish_erasing(each) for each in (None, run_id, None)))
        after = [event.body for event in await read_events(store.database, run_id)]

    assert 0 == early.count(AnswerErased(1))
    assert 1 == after.count(AnswerErased(1))


async def test_a_crash_in_mid_erasing_leaves_it_to_be_done_again(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, AsyncExitStack() as rooms:
        recordings = await rooms.enter_async_context(Recordings(tmp_path))
        run_id = await killed_in_erasing(store, rooms, recordings)
        recordings.path(run_id).with_suffix(".new").write_bytes(b"half a file")
        await Erasures(store.database, recordings).complete(run_id)

        assert ["interview.ogg"] == [path.name for path in recordings.path(run_id).parent.iterdir()]


async def test_a_disk_that_cannot_take_the_recording_keeps_no_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_store(database_url(tmp_path)) as store, AsyncExitStack() as rooms:
        recordings = await rooms.enter_async_context(Recordings(tmp_path))
        run_id = await killed_in_erasing(store, rooms, recordings)
        erasures = Erasures(store.database, recordings)

        def full(_: bytes, __: object, *, last: bool) -> tuple[bytes, int]:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as faults:
            faults.setattr("server.store.erasures.silenced_pages", full)
            with pytest.raises(OSError, match="No space left"):
                await erasures.complete(run_id)
        on_the_disk = all_files(tmp_path)
        said = [event.body for event in await read_events(store.database, run_id)]
        due = await erasures.due()
        turns = await erasures.complete(run_id)
        after = decoded(recordings.path(run_id).read_bytes())

        assert SECRET.encode() not in on_the_disk
        assert AnswerErased(1) not in said
        assert [run_id] == due
        assert [1] == turns
        assert tone_level(after, "participant", 101, 193) < 1e-4
        assert tone_level(after, "participant", 200, 295) > 0.1
        assert [] == await erasures.due()


async def test_a_struck_answer_without_a_recording_is_erased_from_the_log(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, AsyncExitStack() as rooms:
        recordings = await rooms.enter_async_context(Recordings(tmp_path))
        run_id = await killed_in_erasing(store, rooms, recordings)
        recordings.path(run_id).unlink()
        await Erasures(store.database, recordings).complete(run_id)
        events = await read_events(store.database, run_id)

        assert AnswerErased(1) == events[-1].body
        assert SECRET.encode() not in all_files(tmp_path)
        assert not recordings.path(run_id).exists()


async def test_a_recording_is_silenced_while_it_grows(tmp_path: Path) -> None:
    spans = [SilentSpan("participant", 100, 200)]
    run_id = "run_" + "0" * 32
    async with Recordings(tmp_path) as recordings:
        file = recordings.open(run_id)
        for place, pages in enumerate(two_tones(SLOTS)):
            for page in pages:
                file.write(page)
            if place == 205:
                silencing = asyncio.get_running_loop().create_task(
                    file.rewrite(lambda data, last: silenced_pages(data, spans, last=last))
                )
            if place % 20 == 0:
                await asyncio.sleep(0)
        await silencing
        await file.close()
        silent = recordings.path(run_id).read_bytes()

    whole = b"".join(page for pages in two_tones(SLOTS) for page in pages)
    assert silenced_pages(whole, spans)[0] == silent


async def test_a_disk_that_cannot_take_it_leaves_the_recording_as_it_was(tmp_path: Path) -> None:
    run_id = "run_" + "0" * 32
    async with Recordings(tmp_path) as recordings:
        await recorded(recordings, run_id)
        before = recordings.path(run_id).read_bytes()
        file = recordings.open(run_id)

        def full(_: bytes, __: bool) -> tuple[bytes, int]:
            raise OSError(28, "No space left on device")

        with pytest.raises(OSError, match="No space left"):
            await file.rewrite(full)
        file.write(b"a page")
        await file.close()

        assert before + b"a page" == recordings.path(run_id).read_bytes()
        assert ["interview.ogg"] == [path.name for path in recordings.path(run_id).parent.iterdir()]


async def test_a_run_that_nobody_comes_back_to_is_abandoned(tmp_path: Path) -> None:
    async with open_store(database_url(tmp_path)) as store, AsyncExitStack() as rooms:
        recordings = await rooms.enter_async_context(Recordings(tmp_path))
        writer = await rooms.enter_async_context(LogWriter(store.database))
        keeper = RunKeeper(store.database, store.runs, writer, recordings, store.clock)
        left, talked, here, waiting = [await store.new_run() for _ in range(4)]
        for run in (left, talked, here):
            await store.runs.transition(run.id, "active")
            log = writer.open(await store.new_session(run))
            log.append(900.0 if run is talked else 1.0, SpeechStarted(1))
            await log.settled()
        store.clock.now += 1_000_000
        early = await keeper.abandon_idle(1_000.1, here=lambda run_id: False)
        found = await keeper.abandon_idle(600.0, here=lambda run_id: run_id == here.id)
        statuses = [(await store.runs.find(run.id)).status for run in (left, talked, here, waiting)]

        assert [] == early
        assert [left.id] == found
        assert ["abandoned", "active", "active", "awaiting_participant"] == statuses


async def test_a_run_is_waited_for_as_long_as_its_channel_says(storage: str, tmp_path: Path) -> None:
    async with open_store(storage) as store, AsyncExitStack() as rooms:
        recordings = await rooms.enter_async_context(Recordings(tmp_path))
        writer = await rooms.enter_async_context(LogWriter(store.database))
        keeper = RunKeeper(store.database, store.runs, writer, recordings, store.clock)
        channels = Shelf(store.database, ChannelRow, "chn_", store.clock)
        runs = []
        for seconds in (60, 31_536_000):
            body = {"settings": {"recording": True, "max_duration_s": 600, "idle_timeout_s": seconds}}
            kept = await channels.create(store.tenant, body, is_default=False)
            place = Place(channel_id=kept.id)
            run, _ = await store.runs.create(store.tenant, store.blueprint.id, place=place)
            await store.runs.transition(run.id, "awaiting_consent")
            await store.runs.transition(run.id, "active")
            runs.append(run.id)
        store.clock.now += 59_999
        early = await keeper.abandon_idle(1.0, here=lambda _: False)
        store.clock.now += 1
        found = await keeper.abandon_idle(86_400.0, here=lambda _: False)

    assert [] == early
    assert runs[:1] == found


async def test_a_run_that_is_gone_on_with_meanwhile_is_not_abandoned(storage: str) -> None:
    async with open_store(storage) as store:
        run = await store.new_run()
        seen = await store.runs.transition(run.id, "active")
        store.clock.now += 1
        await store.new_session(run)

        assert not await store.runs.abandon(run.id, seen.updated_at)
        assert (await store.runs.find(run.id)).status == "active"

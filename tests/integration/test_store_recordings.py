import asyncio
import os
import sys
from pathlib import Path

import pytest

from server.clock import new_id
from server.store.recordings import GATHERED_FROM, MOST_PAGES_WAITING, TAIL_SIZE, Recordings, Tail

RUN = "run_" + "0" * 31 + "1"


async def test_pages_arrive_whole_and_in_order(tmp_path: Path) -> None:
    pages = [bytes([place]) * (100 + place) for place in range(100)]
    async with Recordings(tmp_path) as recordings:
        file = recordings.open(RUN)
        for page in pages:
            file.write(page)
            await asyncio.sleep(0)
        await file.close()

        assert b"".join(pages) == recordings.path(RUN).read_bytes()


async def test_two_files_do_not_mix(tmp_path: Path) -> None:
    other = new_id("run_")
    async with Recordings(tmp_path) as recordings:
        files = recordings.open(RUN), recordings.open(other)
        for _ in range(50):
            files[0].write(b"left ")
            files[1].write(b"right ")
            await asyncio.sleep(0)

    assert b"left " * 50 == recordings.path(RUN).read_bytes()
    assert b"right " * 50 == recordings.path(other).read_bytes()


async def test_many_recordings_are_written_together_and_one_that_fails_stops_no_other(tmp_path: Path) -> None:
    runs, told = [new_id("run_") for _ in range(GATHERED_FROM + 3)], list[str]()
    async with Recordings(tmp_path) as recordings:
        in_the_way = recordings.path(runs[4]).parent
        in_the_way.parent.mkdir(parents=True)
        in_the_way.write_text("no directory")
        files = [recordings.open(run, failed=told.append) for run in runs]
        for number in range(30):
            for file in files:
                file.write(b"page %d " % number)
            await asyncio.sleep(0.005)
    kept = [recordings.path(run).read_bytes() for run in runs if run != runs[4]]

    assert {b"".join(b"page %d " % number for number in range(30))} == set(kept)
    assert 1 == len(told)


async def test_without_a_page_there_is_no_file(tmp_path: Path) -> None:
    async with Recordings(tmp_path) as recordings:
        await recordings.open(RUN).close()
        tail = await recordings.tail(RUN)

        assert Tail(0, b"") == tail
        assert not (tmp_path / "recordings").exists()


async def test_a_later_session_goes_on_after_the_bytes_it_keeps(tmp_path: Path) -> None:
    async with Recordings(tmp_path) as recordings:
        first = recordings.open(RUN)
        first.write(b"whole page, half a pa")
        await first.close()
        tail = await recordings.tail(RUN)
        second = recordings.open(RUN, keep=len(b"whole page, "))
        second.write(b"next page")
        second.write(b", last page")
        await second.close()

        assert Tail(0, b"whole page, half a pa") == tail
        assert b"whole page, next page, last page" == recordings.path(RUN).read_bytes()


async def test_the_tail_of_a_long_file_says_where_it_begins(tmp_path: Path) -> None:
    async with Recordings(tmp_path) as recordings:
        file = recordings.open(RUN)
        file.write(b"a" * 1000 + b"b" * TAIL_SIZE)
        await file.close()

        assert Tail(1000, b"b" * TAIL_SIZE) == await recordings.tail(RUN)


async def test_slots_that_end_no_page_do_not_make_the_disk_seem_slow(tmp_path: Path) -> None:
    async with Recordings(tmp_path) as recordings:
        file = recordings.open(RUN)
        file.write(b"first page, ")
        for _ in range(2 * MOST_PAGES_WAITING):
            file.write(b"")
        file.write(b"last page")
        await file.close()

        assert file.failure is None
        assert b"first page, last page" == recordings.path(RUN).read_bytes()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs the device that is always full")
async def test_a_full_disk_stops_that_recording_and_is_told_once(tmp_path: Path) -> None:
    told: list[str] = []
    async with Recordings(tmp_path) as recordings:
        path = recordings.path(RUN)
        path.parent.mkdir(parents=True)
        path.symlink_to("/dev/full")
        full, fine = recordings.open(RUN, failed=told.append), recordings.open(new_id("run_"))
        for _ in range(5):
            full.write(b"page")
            fine.write(b"page")
            await asyncio.sleep(0.01)
        await full.close()
        await fine.close()

        assert told == ["the recording can't be written: No space left on device"]
        assert told == [full.failure]
        assert b"page" * 5 == fine.path.read_bytes()


async def test_a_disk_that_fills_in_mid_page_leaves_whole_pages_only(tmp_path: Path) -> None:
    # At its limit on file size the kernel writes a part of the page and then refuses, as a filling disk does.
    program = f"""
import asyncio, resource, signal
from pathlib import Path
from server.store.recordings import Recordings

async def main():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2500, 2500))
    refusals = []
    async with Recordings(Path({str(tmp_path)!r})) as recordings:
        path, written = recordings.path({RUN!r}), 0
        file = recordings.open({RUN!r}, failed=refusals.append)
        while not refusals:
            file.write(b"p" * 1000)
            written += 1000
            while not refusals and not (path.exists() and path.stat().st_size == written):
                await asyncio.sleep(0.01)
    print(refusals)

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    told, _ = await process.communicate()

    assert process.returncode == 0
    assert b"File too large" in told
    assert b"p" * 2000 == Recordings(tmp_path).path(RUN).read_bytes()


async def test_a_disk_that_never_answers_is_given_up_without_waiting(tmp_path: Path) -> None:
    told: list[str] = []
    recordings = Recordings(tmp_path)  # its task is not running: nothing is ever written
    file = recordings.open(RUN, failed=told.append)
    for _ in range(MOST_PAGES_WAITING + 10):
        file.write(b"page")

    assert told == ["the disk is too slow to keep the recording"]


@pytest.mark.parametrize("name", ["", "../run", "run_1", RUN + "/../x", RUN + "\n", "run_" + "g" * 32])
def test_only_a_run_id_becomes_a_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="no run id"):
        Recordings(tmp_path).path(name)


async def test_files_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    async with Recordings(tmp_path) as recordings:
        file = recordings.open(RUN)
        file.write(b"page")
        await file.close()

        assert recordings.path(RUN).stat().st_mode & 0o777 == 0o600

"""The catalog's providers at work, and what is left of their processes afterwards: nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from server.providers.opening import open_providers
from server.providers.protocols import KnownWords, LanguageModel, SpeechToText, TextToSpeech, Voice

SERVER = """
import asyncio, signal, sys
from pathlib import Path
from server.providers.opening import open_providers
from server.providers.protocols import Voice

async def main():
    async with open_providers(
        data_dir=Path(sys.argv[1]), recogniser_processes=1, warm=True
    ) as providers:
        assert [chunk async for chunk in providers.text_to_speech.synthesize("Hello.", Voice())]
        print("ready", flush=True)
        await asyncio.Event().wait()

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job begins without it
asyncio.run(main())
"""


def _children_of(parent: int) -> set[int]:
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.add(int(status.parent.name))
    return found


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def _gone(pids: Iterable[int]) -> bool:
    left = set(pids)
    for _ in range(200):
        left = {pid for pid in left if _alive(pid)}
        if not left:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_known_words_are_made_ahead_and_answers_are_judged(tmp_path: Path) -> None:
    before = _children_of(os.getpid())
    async with open_providers(data_dir=tmp_path, recogniser_processes=1, warm=True) as providers:
        hears: SpeechToText = providers.speech_to_text
        speaks: TextToSpeech = providers.text_to_speech
        judges: LanguageModel = providers.language_model
        knows: KnownWords = providers.prompt_cache
        failed = await knows.prepare(["What happened next?"], Voice())
        clip = knows.lookup("What happened next?", Voice())
        chunks = [chunk async for chunk in speaks.synthesize("What happened next?", Voice())]
        started = _children_of(os.getpid()) - before

        assert [] == failed
        assert clip is not None
        assert clip.pcm == chunks[0].pcm
        assert 2 == len(started)
        assert {"embedded"} == {hears.name, speaks.name, judges.name}
        assert providers.supports("en-US")
        assert not providers.supports("de-DE")
        assert () == providers.warnings
    assert await _gone(started)


async def test_a_fault_inside_comes_out_as_it_is_and_leaves_no_process(tmp_path: Path) -> None:
    before = _children_of(os.getpid())
    started: set[int] = set()

    async def faulty() -> None:
        async with open_providers(data_dir=tmp_path, recogniser_processes=1, warm=True):
            started.update(_children_of(os.getpid()) - before)
            raise KeyError("a bug above")

    with pytest.raises(KeyError):
        await faulty()

    assert started
    assert await _gone(started)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
async def test_a_server_that_is_killed_leaves_no_process(tmp_path: Path, how: signal.Signals) -> None:
    server = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVER,
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert server.stdout is not None
    line = await server.stdout.readline()
    children = _children_of(server.pid)
    server.send_signal(how)
    await server.wait()
    await server.stdout.read()

    assert b"ready\n" == line
    assert 2 == len(children)
    assert await _gone(children)

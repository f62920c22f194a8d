"""The prompt cache, around a voice that counts how often it speaks, over a real disk."""

import asyncio
from pathlib import Path

import pytest

from server.providers.cached import PromptCache
from server.providers.protocols import ProviderError, SpeechChunk, Voice
from tests.emulators.voices import FailingVoice, ToneVoice

VOICE = Voice()


async def _spoken(cache: PromptCache, text: str) -> list[SpeechChunk]:
    return [chunk async for chunk in cache.synthesize(text, VOICE)]


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


async def test_known_words_are_never_synthesised_twice(tmp_path: Path) -> None:
    voice = ToneVoice()
    cache = PromptCache(voice, tmp_path)
    await cache.prepare(["One?", "Two?", "One?", " "], VOICE)
    await cache.prepare(["Two?"], VOICE)
    clip = cache.lookup("One?", VOICE)
    chunks = await _spoken(cache, "One?")

    assert ["One?", "Two?"] == voice.spoken
    assert clip is not None
    assert [SpeechChunk(clip.pcm, clip.words)] == chunks


async def test_words_are_made_ahead_on_a_road_of_their_own_and_their_voice_is_expected(
    tmp_path: Path,
) -> None:
    live, ahead = ToneVoice(), ToneVoice()
    expected: list[Voice] = []
    cache = PromptCache(live, tmp_path, ahead=ahead, expect=expected.append)
    await cache.prepare(["One?"], VOICE)
    await _spoken(cache, "One?")
    await _spoken(cache, "Two?")

    assert (["One?"], ["Two?"]) == (ahead.spoken, live.spoken)
    assert [VOICE] == expected


async def test_another_process_finds_them_on_the_disk(tmp_path: Path) -> None:
    await PromptCache(ToneVoice(), tmp_path).prepare(["One?"], VOICE)
    voice = ToneVoice()
    cache = PromptCache(voice, tmp_path)

    assert cache.lookup("One?", VOICE) is None
    assert await cache.fetch("One?", VOICE) is not None
    assert cache.lookup("One?", VOICE) is not None
    assert [] == voice.spoken


async def test_another_voice_or_speed_is_another_clip(tmp_path: Path) -> None:
    cache = PromptCache(ToneVoice(), tmp_path)
    await cache.prepare(["One?"], VOICE)

    assert cache.lookup("One?", Voice(speed=0.8)) is None
    assert cache.lookup("One?", Voice(voice_id="en-us+f2")) is None


async def test_progress_is_told_and_failures_are_returned(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    failing = FailingVoice(ProviderError("failing", "no", retryable=True), after_a_chunk=True)
    failed = await PromptCache(failing, tmp_path).prepare(
        ["One?", "Two?"], VOICE, lambda done, of: told.append((done, of))
    )

    assert ["One?", "Two?"] == failed
    assert [(1, 2), (2, 2)] == told
    assert [] == _files(tmp_path)


async def test_a_damaged_file_is_a_miss_and_is_made_anew(tmp_path: Path) -> None:
    await PromptCache(ToneVoice(), tmp_path).prepare(["One?"], VOICE)
    (file,) = _files(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-5] + b"wrong")
    voice = ToneVoice()
    cache = PromptCache(voice, tmp_path)

    assert await cache.fetch("One?", VOICE) is None
    assert [] == await cache.prepare(["One?"], VOICE)
    assert ["One?"] == voice.spoken
    assert whole == file.read_bytes()


async def test_a_disk_that_fails_breaks_no_speech(tmp_path: Path) -> None:
    blocked = tmp_path / "prompts"
    blocked.write_text("a file where the directory should be")
    cache = PromptCache(ToneVoice(), blocked)

    assert [] == await cache.prepare(["One?"], VOICE)
    assert cache.lookup("One?", VOICE) is not None
    assert 1 == len(await _spoken(cache, "One?"))
    assert 2 == len(await _spoken(cache, "Unknown?"))


async def test_nothing_temporary_is_left_behind(tmp_path: Path) -> None:
    await PromptCache(ToneVoice(), tmp_path).prepare([f"Question {i}?" for i in range(5)], VOICE)

    assert 5 == len(_files(tmp_path))
    assert all(path.suffix == ".clip" for path in _files(tmp_path))


async def test_the_memory_is_bounded_and_forgets_the_longest_unused(tmp_path: Path) -> None:
    cache = PromptCache(ToneVoice(), tmp_path, memory_bytes=100_000)  # one clip takes some 33 kB
    await cache.prepare(["One?", "Two?"], VOICE)
    cache.lookup("One?", VOICE)
    await cache.prepare(["Three?", "Four?"], VOICE)

    assert [True, False, True, True] == [
        cache.lookup(text, VOICE) is not None for text in ("One?", "Two?", "Three?", "Four?")
    ]


async def test_the_disk_is_bounded(tmp_path: Path) -> None:
    cache = PromptCache(ToneVoice(), tmp_path, disk_bytes=120_000)
    await cache.prepare([f"Question {i}?" for i in range(12)], VOICE)

    assert 1 <= len(_files(tmp_path)) <= 4
    assert sum(path.stat().st_size for path in _files(tmp_path)) <= 120_000


async def test_a_known_text_that_was_spoken_live_is_kept(tmp_path: Path) -> None:
    class Hesitant(ToneVoice):
        """Fails the first time."""

        async def synthesize(self, text: str, voice: Voice):  # type: ignore[no-untyped-def]
            if not self.spoken:
                self.spoken.append(text)
                raise ProviderError(self.name, "not yet", retryable=True)
            async for chunk in super().synthesize(text, voice):
                yield chunk

    cache = PromptCache(Hesitant(), tmp_path)
    failed = await cache.prepare(["One?"], VOICE)
    await _spoken(cache, "One?")
    await _spoken(cache, "Never announced?")
    async with asyncio.TaskGroup() as tasks:
        keeping = tasks.create_task(cache.run())
        while cache.lookup("One?", VOICE) is None:
            await asyncio.to_thread(lambda: None)
        keeping.cancel()

    assert ["One?"] == failed
    assert cache.lookup("Never announced?", VOICE) is None


async def test_closing_a_live_synthesis_cancels_the_voice_and_keeps_nothing(tmp_path: Path) -> None:
    voice = ToneVoice()
    cache = PromptCache(voice, tmp_path)
    chunks = cache.synthesize("One?", VOICE)
    await anext(chunks)
    await chunks.aclose()  # type: ignore[attr-defined]

    assert 1 == voice.closed
    assert [] == _files(tmp_path)


async def test_a_voice_that_fails_is_the_callers_to_know(tmp_path: Path) -> None:
    cache = PromptCache(FailingVoice(ProviderError("failing", "no", retryable=False)), tmp_path)

    with pytest.raises(ProviderError):
        await _spoken(cache, "One?")


async def test_words_of_another_model_are_made_anew(tmp_path: Path) -> None:
    voices = []
    for model in ("one", "one", "two"):
        voices.append(ToneVoice())
        made_by = dict.fromkeys([VOICE], model).__getitem__
        await PromptCache(voices[-1], tmp_path, made_by=made_by).prepare(["One?"], VOICE)

    assert [["One?"], [], ["One?"]] == [voice.spoken for voice in voices]

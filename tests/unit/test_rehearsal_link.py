from pathlib import Path

import pytest

from media.frames import VOICE_RATE_HZ
from server.cli.demo import SAMPLE
from server.rehearsal.link import JoinLink, LinkError
from server.rehearsal.persona import Phrase, load_persona, spoken_clip
from server.rehearsal.sound import ClipError, load_clip
from server.rehearsal.voices import sound_of, voice_texts


def test_a_join_link_is_taken_apart() -> None:
    link = JoinLink.parse("https://a.example:8443/talks/join/run_1#jt_secret")

    assert "https://a.example:8443/talks/join/run_1" == link.page
    assert "wss://a.example:8443/talks/join/run_1/live" == link.live
    assert "jt_secret" == link.token


@pytest.mark.parametrize(
    "url",
    [
        "",
        "run_1",
        "/join/run_1#t",
        "ftp://a/join/run_1#t",
        "http://a/join/#t",
        "http://a/join/run_1",
        "http://a/run_1#t",
        "http://[a/join/run_1#t",
    ],
)
def test_what_is_no_join_link_is_refused_in_a_sentence(url: str) -> None:
    with pytest.raises(LinkError, match="no join link"):
        JoinLink.parse(url)


@pytest.mark.parametrize("garbage", [b"", b"no sound", b"OggS" + bytes(100), b"RIFF\xff\xff\xff\xffWAVEfmt "])
def test_a_file_that_is_no_sound_is_refused_by_name(tmp_path: Path, garbage: bytes) -> None:
    path = tmp_path / "clip.opus"
    path.write_bytes(garbage)

    with pytest.raises(ClipError, match=r"clip\.opus"):
        load_clip(path)


def test_a_missing_clip_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match=r"none\.opus"):
        load_clip(tmp_path / "none.opus")


def test_a_recorded_answer_is_decoded_to_speech() -> None:
    persona = load_persona(SAMPLE / "persona.json")
    path = spoken_clip(persona, persona.spoken()[0])

    assert path is not None
    assert len(load_clip(path)) > VOICE_RATE_HZ  # half a second of 16-bit samples


async def test_recorded_answers_need_no_synthetic_voice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    persona = load_persona(SAMPLE / "persona.json")
    texts = persona.spoken()[:2]

    assert set(texts) == set(await voice_texts(persona, texts))


def test_a_sound_without_words_lasts_as_long_as_it_says() -> None:
    assert VOICE_RATE_HZ * 2 * 3 == len(sound_of(Phrase(sound="crying", ms=3_000), {}))

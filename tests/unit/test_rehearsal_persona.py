"""Persona files: what is read, what is refused, and what a simulated participant says to a probe."""

import json
from pathlib import Path

import pytest

from server.rehearsal.persona import PersonaError, Phrase, clip_name, load_persona, read_persona

PERSONA = {
    "voice": "rms",
    "consent": "yes",
    "answers": {
        "day": {
            "first": [{"say": "it was long", "pause_ms": 400}, {"sound": "crying", "ms": 900}],
            "probes": [{"when": "long", "answer": "twelve hours", "reveals": ["hours"]}],
            "otherwise": ["first", ["second", "half"]],
        }
    },
    "colour": "unknown keys are ignored",
}


def test_a_bare_text_stands_for_a_phrase_and_a_phrase_for_a_list() -> None:
    persona, faults = read_persona(PERSONA)

    assert faults == []
    assert persona is not None
    assert (Phrase(say="yes"),) == persona.consent
    assert ["yes", "it was long", "twelve hours", "first", "second", "half"] == persona.spoken()


def test_a_reply_is_given_once_and_the_last_of_the_others_repeats() -> None:
    persona, _ = read_persona(PERSONA)
    assert persona is not None
    reply, phrases = persona.reply_to("day", "When you say LONG, what do you mean?", frozenset(), 0)
    assert reply is not None

    assert (Phrase(say="twelve hours"),) == phrases
    assert ("hours",) == reply.reveals
    assert (None, (Phrase(say="first"),)) == persona.reply_to("day", "long?", frozenset([reply]), 0)
    assert (None, (Phrase(say="second"), Phrase(say="half"))) == persona.reply_to(
        "day", "?", frozenset([reply]), 7
    )
    assert (None, ()) == persona.reply_to("elsewhere", "?", frozenset(), 0)


def test_a_changed_phrase_or_voice_has_another_clip() -> None:
    names = {clip_name("rms", "yes"), clip_name("rms", "no"), clip_name("slt", "yes")}

    assert len(names) == 3
    assert all(len(name) == len("0123456789abcdef.opus") for name in names)


@pytest.mark.parametrize(
    "data",
    [
        None, [], "x", {"answers": []}, {"answers": {"a": 3}},
        {"answers": {"a": {"first": [{"say": 3}]}}},
        {"consent": 4}, {"voice": []}, {"facts": [{"markers": ["("], "name": "x"}]}, {"start_delay_ms": ""},
        {"probes": [{"when": ["["], "answer": "x"}]}, {"behaviours": {}}, {"expected": 1},
    ],
)  # fmt: skip
def test_garbage_is_refused_with_its_place(data: object) -> None:
    persona, faults = read_persona(data)

    assert persona is None
    assert faults


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"answers": 1}'])
def test_a_file_that_is_no_persona_says_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "persona.json"
    path.write_bytes(content)

    with pytest.raises(PersonaError):
        load_persona(path)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(PersonaError):
        load_persona(tmp_path / "none.json")


def test_a_file_is_read_with_its_folder(tmp_path: Path) -> None:
    (tmp_path / "persona.json").write_text(json.dumps(PERSONA))

    assert tmp_path == load_persona(tmp_path / "persona.json").folder

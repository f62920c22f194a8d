"""A short interview to be spoken, and its participant's answers as sound."""

import io
import wave
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

import server
from dialog.blueprint import Blueprint
from media.frames import VOICE_RATE_HZ
from server.rehearsal.persona import load_persona, spoken_clip
from server.rehearsal.sound import load_clip

PERSONA: Final = Path(server.__file__).parent / "examples" / "life-history" / "persona.json"
QUESTIONS: Final = {
    "place": "Where did you grow up?",
    "person": "Tell me about somebody who shaped you.",
    "childhood": "What is a day from your childhood that you like to remember?",
    "message": "What would you tell a young person?",
}
PLACE: Final = ("I grew up in a small house by the river", "with my parents and two sisters")
TEACHER: Final = ("that was my teacher in the third grade",)
BOOKS: Final = ("she gave me books when we had no money",)
BOAT: Final = ("well one summer my father built a boat", "and we went out on the water before school")
BREATH: Final = 0.5
"""Seconds of silence after each phrase."""
_AUDIBLE: Final = 600


def life_blueprint() -> Blueprint:
    """Four open questions, of which the second may be probed once."""
    nodes = {
        key: {
            "type": "question",
            "key": key,
            "text": text,
            "probing": {"enabled": key == "person", "max_follow_ups": int(key == "person")},
        }
        for key, text in QUESTIONS.items()
    }
    keys = list(QUESTIONS)
    return Blueprint.model_validate(
        {
            "name": "A life in a few stories",
            "description": "We collect life stories for the town’s archive.",
            "agent": {
                "name": "Ada",
                "persona": {"system_prompt": "You interview people.", "tone": "conversational"},
                "techniques": ["tell_me_more"],
                "probing_depth": "light",
            },
            "graph": {
                "entry_node": keys[0],
                "nodes": nodes,
                "edges": [{"from": a, "to": b} for a, b in pairwise(keys)],
            },
            "settings": {
                "estimated_duration_m": 4,
                "max_duration_m": 20,
                "language": "en-US",
                "intro_message": "Hello, and thank you for coming.",
                "outro_message": "Thank you for your stories. Good-bye.",
                "human_contact": "archive@example.org",
            },
        }
    )


def spoken(phrases: tuple[str, ...]) -> tuple[bytes, float]:
    """The phrases as one WAV file, and the seconds in it before the voice sets in."""
    persona, pcm = load_persona(PERSONA), b""
    for phrase in phrases:
        clip = spoken_clip(persona, phrase)
        assert clip is not None, phrase
        pcm += load_clip(clip) + bytes(round(BREATH * VOICE_RATE_HZ) * 2)
    onset = int(np.argmax(np.abs(np.frombuffer(pcm, np.int16)) > _AUDIBLE)) / VOICE_RATE_HZ
    return _wav(pcm), onset


def looping_microphone(path: Path, phrases: tuple[str, ...], silence: float) -> Path:
    """A WAV file for a browser's fake microphone, which plays it over and over: silence, then the phrases."""
    spoken_wav, _ = spoken(phrases)
    path.write_bytes(_wav(bytes(round(silence * VOICE_RATE_HZ) * 2) + spoken_wav[44:]))
    return path


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(VOICE_RATE_HZ)
        recording.writeframes(pcm)
    return file.getvalue()

"""libespeak-ng through ctypes, in synchronous mode: a sentence goes in, its sound and its marks come out.

Not reentrant: two threads in it free the same memory twice. Only the child program loads it (GPL-3). Names
and numbers are those of espeak-ng 1.52's speak_lib.h.
"""

import ctypes
from typing import Any, Final

import espeakng_loader
import numpy as np
import numpy.typing as npt

_SYNCHRONOUS: Final = 2
_BUFFER_MS: Final = 60
_DONT_EXIT: Final = 0x8000
_CHARS_UTF8: Final = 1
"""The whole of the flags given: no SSML (0x10), no phoneme mnemonics in brackets (0x100). Text is text."""
_POSITION_CHARACTER: Final = 1
_EVENT_LIST_TERMINATED: Final = 0
_EVENT_WORD: Final = 1
_RATE, _VOLUME, _PITCH, _RANGE, _WORD_GAP = 1, 2, 3, 4, 7


class EspeakError(Exception):
    """espeak-ng can't be loaded, or refuses a voice or a text."""


class _EventId(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Espeak:
    """The engine, loaded once in a process. Raises EspeakError when it can't be."""

    def __init__(self) -> None:
        try:
            self._library: Any = ctypes.CDLL(espeakng_loader.get_library_path())
            data = espeakng_loader.get_data_path()
        except (OSError, RuntimeError) as error:
            raise EspeakError(f"espeak-ng can't be loaded: {error}") from error
        self.rate_hz = int(
            self._library.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, data.encode(), _DONT_EXIT)
        )
        if self.rate_hz <= 0:
            raise EspeakError(f"espeak-ng finds no data in {data}")
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._library.espeak_Info.restype = ctypes.c_char_p
        self._callback = _Callback(self._received)  # kept: C holds only a pointer to it
        self._library.espeak_SetSynthCallback(self._callback)
        self._sound: list[bytes] = []
        self._marks: list[tuple[int, float]] = []
        self._samples_left = 0
        self.voices = self._identifiers(None, languages=True)
        variants = _Voice(languages=ctypes.cast(ctypes.c_char_p(b"variant"), ctypes.c_void_p))
        self.variants = self._identifiers(variants, languages=False)

    @property
    def version(self) -> str:
        return f"espeak-ng {self._library.espeak_Info(None).decode(errors='replace')}"

    def choose(
        self, voice: str, *, rate: int, pitch: int, pitch_range: int, word_gap: int, volume: int
    ) -> None:
        """Set the voice (`en-us` or `en-us+variant`) and how it speaks; rate in words a minute, the rest
        0–100.

        Raises EspeakError for a voice that espeak-ng doesn't have: it would say nothing and use another
        variant.
        """
        name, plus, variant = voice.partition("+")
        if name not in self.voices or (plus and variant not in self.variants):
            raise EspeakError(f"there is no voice {voice!r}")
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EspeakError(f"the voice {voice!r} can't be loaded")
        for parameter, value in (
            (_RATE, rate),
            (_VOLUME, volume),
            (_PITCH, pitch),
            (_RANGE, pitch_range),
            (_WORD_GAP, word_gap),
        ):
            self._library.espeak_SetParameter(parameter, value, 0)

    def speak(self, text: str, max_duration: float) -> tuple[npt.NDArray[np.int16], list[tuple[int, float]]]:
        """Synthesise `text`: mono 16-bit samples at `rate_hz`, and (character index, seconds) where words
        begin.

        What would sound after `max_duration` seconds is cut off. Raises EspeakError.
        """
        self._sound, self._marks = [], []
        self._samples_left = int(max_duration * self.rate_hz)
        encoded = text.encode("utf-8", "replace")
        code = self._library.espeak_Synth(
            encoded, ctypes.c_size_t(len(encoded) + 1), 0, _POSITION_CHARACTER, 0, _CHARS_UTF8, None, None
        )
        if code != 0:
            raise EspeakError(f"espeak-ng gave up with code {code}")
        return np.frombuffer(b"".join(self._sound), np.int16), self._marks

    def _received(self, sound: Any, samples: int, events: Any) -> int:
        i = 0
        while events[i].type != _EVENT_LIST_TERMINATED:
            if events[i].type == _EVENT_WORD:
                self._marks.append((max(0, events[i].text_position - 1), events[i].sample / self.rate_hz))
            i += 1
        if sound and samples > 0:
            self._sound.append(ctypes.string_at(sound, samples * 2))
            self._samples_left -= samples
        return 0 if self._samples_left > 0 else 1

    def _identifiers(self, kind: _Voice | None, *, languages: bool) -> frozenset[str]:
        """What is installed: the language tag of each voice (after a priority byte), or the file name of each
        variant."""
        found = set()
        listed = self._library.espeak_ListVoices(ctypes.byref(kind) if kind else None)
        i = 0
        while listed[i]:
            voice = listed[i].contents
            identifier = (voice.identifier or b"").decode(errors="replace")
            if not identifier.startswith("mb/"):  # MBROLA's voices need data that isn't there
                tag = ctypes.string_at(voice.languages + 1).decode(errors="replace")
                found.add(tag if languages else identifier.rpartition("/")[2])
            i += 1
        return frozenset(found)

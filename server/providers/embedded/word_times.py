"""When each word of a piece sounds, from the synthesiser's own marks and the sound itself. Knows no
synthesiser.

espeak-ng marks words by character, but loosely: a number gets a mark for each of its parts, some marks stand
on the space before, and little words that are spoken together share one. Here marks become words as people
count them.
"""

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from server.providers.embedded.pipe import SpokenWord
from server.providers.spoken_text import word_spans

_QUIET_DBFS: Final = -46.0
_WINDOW: Final = 0.01


def word_times(
    text: str, marks: Sequence[tuple[int, float]], samples: npt.NDArray[np.int16], rate_hz: int
) -> list[SpokenWord]:
    """Place every word of `text` in its sound.

    `marks` are (character index, seconds) in the order of speaking. Words without a mark share the time up to
    the next marked one, by their length. A word ends where the next begins, or where its sound dies away
    before a pause.
    """
    spans = word_spans(text)
    if not spans:
        return []
    duration = len(samples) / rate_hz
    starts = _starts(spans, marks, duration)
    loud = _loud_windows(samples, rate_hz)
    words = []
    for i, (start_char, end_char) in enumerate(spans):
        begin = starts[i]
        limit = starts[i + 1] if i + 1 < len(spans) else duration
        words.append(SpokenWord(start_char, end_char, begin, _last_sound(loud, begin, limit)))
    return words


def _starts(
    spans: Sequence[tuple[int, int]], marks: Sequence[tuple[int, float]], duration: float
) -> list[float]:
    known: dict[int, float] = {0: 0.0}
    if marks:
        known[0] = min(marks[0][1], duration)
    word = 0
    for place, at in marks:
        while word < len(spans) and spans[word][1] <= place:
            word += 1
        if word == len(spans):
            break
        known.setdefault(word, min(max(at, known[max(known)]), duration))
    known[len(spans)] = max(duration, known[max(known)])
    anchors = sorted(known)
    starts = []
    for left, right in itertools.pairwise(anchors):
        lengths = [end - start + 1 for start, end in spans[left:right]]
        share = (known[right] - known[left]) / sum(lengths)
        at = known[left]
        for length in lengths:
            starts.append(at)
            at += share * length
    return starts


def _loud_windows(samples: npt.NDArray[np.int16], rate_hz: int) -> npt.NDArray[np.bool_]:
    size = round(rate_hz * _WINDOW)
    whole = len(samples) // size * size
    peaks = np.abs(samples[:whole].astype(np.int32)).reshape(-1, size).max(axis=1, initial=0)
    loud: npt.NDArray[np.bool_] = peaks > 32_768 * 10 ** (_QUIET_DBFS / 20)
    return loud


def _last_sound(loud: npt.NDArray[np.bool_], begin: float, limit: float) -> float:
    first = round(begin / _WINDOW)
    sounding = np.flatnonzero(loud[first : round(limit / _WINDOW)])
    return limit if not len(sounding) else min(limit, (first + int(sounding[-1]) + 1) * _WINDOW)

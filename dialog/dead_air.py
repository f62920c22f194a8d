"""Where the floor was ours and nobody was heard: a projection of the log. Knows nothing of why."""

from collections.abc import Iterable, Sequence

import msgspec

from dialog.commands import HoldSpeech, ResumeSpeech
from dialog.events import Event, FloorChanged
from dialog.floor_states import FloorState
from dialog.signals import ParticipantLeft, SpeechBegan, SpeechEnded, SpeechStarted, SpeechStopped

OURS: frozenset[FloorState] = frozenset(("soft_take", "hold", "speaking", "ducked", "yielded"))
"""States in which the participant waits for us; a hold is one of them."""


class Silence(msgspec.Struct, frozen=True):
    """A stretch of dead air, in session seconds."""

    began_at: float
    ended_at: float
    floor: FloorState
    """Where the floor was at its end."""

    @property
    def duration(self) -> float:
        return self.ended_at - self.began_at


def dead_air(events: Iterable[Event], heard: Sequence[tuple[float, float]] | None = None) -> list[Silence]:
    """Every silence while the floor was ours, of one session, in order.

    What sounds of the agent is taken from the log; `heard` (stretches of it, in session seconds) takes its
    place where somebody has listened, for a log can't know of a voice that breaks off.
    """
    floor: FloorState = "waiting"
    voices: set[str] = set()
    since: float | None = None
    found: list[Silence] = []
    log = list(events)
    for at, change in _changes(log, heard):
        quiet = floor in OURS and not voices
        if isinstance(change, str):
            floor = change
        else:
            name, sounds = change
            (voices.add if sounds else voices.discard)(name)
        now_quiet = floor in OURS and not voices
        if now_quiet and not quiet:
            since = at
        elif quiet and not now_quiet and since is not None:
            found.append(Silence(since, at, floor))
            since = None
    if since is not None and since < log[-1].at:  # one that never ends lasts as long as the log
        found.append(Silence(since, log[-1].at, floor))
    return found


_Change = FloorState | tuple[str, bool]


def _changes(
    events: Iterable[Event], heard: Sequence[tuple[float, float]] | None
) -> list[tuple[float, _Change]]:
    changes: list[tuple[float, _Change]] = []
    for event in events:
        match event.body:
            case FloorChanged(state=state):
                changes.append((event.at, state))
            case SpeechStarted():
                changes.append((event.at, ("participant", True)))
            case SpeechStopped() | ParticipantLeft():
                changes.append((event.at, ("participant", False)))
            case SpeechBegan(speech_id=number) | ResumeSpeech(speech_id=number) if heard is None:
                changes.append((event.at, (f"agent {number}", True)))
            case SpeechEnded(speech_id=number) | HoldSpeech(speech_id=number) if heard is None:
                changes.append((event.at, (f"agent {number}", False)))
            case _:
                pass
    for began_at, ended_at in heard or ():
        changes += [(began_at, ("agent", True)), (ended_at, ("agent", False))]
    return sorted(changes, key=lambda change: change[0])

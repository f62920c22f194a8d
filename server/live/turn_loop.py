"""The one loop of a session: a signal comes in, the core answers with commands and facts, all are logged,
commands are begun.

Knows nothing of audio, pages or databases; what a command needs to be done is in its performers.
"""

from collections.abc import Callable
from typing import Protocol, assert_never

from dialog.blueprint import Patience
from dialog.commands import (
    AnyCommand,
    Attend,
    CancelJudgement,
    Command,
    DropPrepared,
    Duck,
    HangUp,
    HoldSpeech,
    Judge,
    LookForEnd,
    Prepare,
    ResumeSpeech,
    Say,
    StopSpeech,
    Unduck,
)
from dialog.drafting import as_logged
from dialog.events import AnyBody, AnyFact, Event
from dialog.signals import AnySignal
from server.live.mailbox import Mailbox


class Core(Protocol):
    """The interview itself: dialog.manager.Manager."""

    @property
    def deadline(self) -> float | None:
        """When, in session seconds, it wants to be called though nothing happens."""

    @property
    def finished(self) -> bool: ...

    def handle(self, signal: AnySignal, now: float) -> list[AnyCommand | AnyFact]: ...


class Log(Protocol):
    """Where everything is written down, in order."""

    def append(self, at: float, body: AnyBody) -> Event: ...


class Mouth(Protocol):
    """Who speaks, or shows, what is to be said. Nothing here waits."""

    def say(self, speech: Say, seq: int) -> None: ...
    def duck(self, speech_id: int) -> None: ...
    def unduck(self, speech_id: int) -> None: ...
    def stop(self, speech_id: int) -> None: ...
    def hold(self, speech_id: int) -> None: ...
    def resume(self, speech_id: int) -> None: ...
    def hang_up(self, reason: str) -> None: ...


class Ear(Protocol):
    """Who listens, and can tell by the sound whether a turn is over. Nothing here waits."""

    def attend(self, patience: Patience) -> None: ...
    def look(self, command: LookForEnd) -> None: ...


class Prompt(Protocol):
    """Who has words ready before they are said. Nothing here waits."""

    def begin(self, command: Prepare) -> None: ...
    def drop(self, preparation_id: int) -> None: ...


class Mind(Protocol):
    """Who judges answers. Nothing here waits."""

    def judge(self, command: Judge) -> None: ...
    def cancel(self, judgement_id: int) -> None: ...


async def run_turns(
    core: Core,
    mailbox: Mailbox,
    log: Log,
    ear: Ear,
    mind: Mind,
    mouth: Mouth,
    prompt: Prompt,
    *,
    clock: Callable[[], float],
    started_at: float,
) -> None:
    """Run until the interview is finished. `clock` is the event loop's, `started_at` the session's beginning
    on it."""
    while not core.finished:
        deadline = None if core.deadline is None else started_at + core.deadline
        signal = await mailbox.receive(until=deadline)
        now = clock() - started_at
        log.append(now, signal)
        for output in core.handle(signal, now):
            event = log.append(now, as_logged(output))
            if isinstance(output, Command):
                perform(output, event.seq, ear, mind, mouth, prompt)


def perform(command: AnyCommand, seq: int, ear: Ear, mind: Mind, mouth: Mouth, prompt: Prompt) -> None:
    """Begin what a command asks for; `seq` is its place in the log."""
    match command:
        case Say():
            mouth.say(command, seq)
        case Duck():
            mouth.duck(command.speech_id)
        case Unduck():
            mouth.unduck(command.speech_id)
        case StopSpeech():
            mouth.stop(command.speech_id)
        case HoldSpeech():
            mouth.hold(command.speech_id)
        case ResumeSpeech():
            mouth.resume(command.speech_id)
        case Judge():
            mind.judge(command)
        case CancelJudgement():
            mind.cancel(command.judgement_id)
        case Attend():
            ear.attend(command.patience)
        case LookForEnd():
            ear.look(command)
        case Prepare():
            prompt.begin(command)
        case DropPrepared():
            prompt.drop(command.preparation_id)
        case HangUp():
            mouth.hang_up(command.reason)
        case _:
            assert_never(command)

"""Taking a struck answer out of a sitting while it goes on."""

import asyncio

from dialog.commands import CancelJudgement
from dialog.events import AnswerErased, AnswerStruck, AnyBody, Event
from dialog.judgement import Judgement, Probe
from dialog.signals import JudgementArrived
from dialog.struck_words import EVERYTHING
from server.live.erasing import Eraser
from server.store.event_log import EventLog, OpenedSession, WriterFenced
from server.store.event_rows import _decoder
from tests.support.stalled_log import stalled_log
from tests.support.store import words
from tests.support.virtual_time import in_virtual_time
from tests.unit.test_dialog_erasing import SAID, stage

NAMES = ("Elizabeth", "Bartholomew", "Cordelia")


def test_who_may_not_write_any_more_ends_no_sitting_by_erasing() -> None:
    log: EventLog = stalled_log()

    async def main() -> bool:
        async with asyncio.TaskGroup() as tasks:
            eraser = Eraser(log, None, tasks, lambda: 0.0)
            log.append(0.0, words("a secret"))
            log.append(0.0, AnswerStruck(1))
            eraser.begin(1)
            log.fail(WriterFenced(log.session.session_id))
            await eraser.finish()
            return eraser.busy

    assert not in_virtual_time(main)


class Shelf:
    """A database that takes its time: what was said before this sitting, and what is stored of it."""

    def __init__(self, events: list[Event]) -> None:
        self.within_reach = asyncio.Event()
        self.within_reach.set()
        self.events = {event.seq: event for event in events}
        self.log = EventLog(
            OpenedSession("r", "s", 2, 1, max(self.events), 0), wake=self._wake, history=self._history
        )
        self._writes: set[asyncio.Task[None]] = set()

    async def _history(self, _: str, after: int, most: int) -> list[Event]:
        await asyncio.sleep(0)
        return [self.events[seq] for seq in sorted(self.events) if seq > after][:most]

    def _wake(self, log: EventLog) -> None:
        write = asyncio.get_running_loop().create_task(self._write(log))
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)

    async def _write(self, log: EventLog) -> None:
        await asyncio.sleep(0)
        await self.within_reach.wait()
        lines = log.take()
        for line in lines:
            self.events[line.seq] = Event(line.seq, line.at, _decoder.decode(line.body))
        if lines:
            log.confirm(lines)


def test_of_answers_that_are_erased_together_none_brings_back_what_another_took_out() -> None:
    talk = stage(*SAID, "in the evening Cordelia came to see me after work")
    turns = [answer.turn_id for answer in talk.manager._out.state.answers]
    shelf = Shelf(list(talk.events))

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            eraser = Eraser(shelf.log, None, tasks, lambda: 0.0)
            for turn_id in turns:
                shelf.log.append(0.0, AnswerStruck(turn_id))
            for turn_id in turns:
                eraser.begin(turn_id)
            await eraser.finish()

    in_virtual_time(main)
    bodies = [event.body for event in shelf.events.values()]

    assert turns == [body.turn_id for body in bodies if isinstance(body, AnswerErased)]
    assert not [body for body in bodies if any(name in repr(body) for name in NAMES)]


def test_what_is_struck_after_everything_was_is_erased_with_it() -> None:
    talk = stage(*SAID, "strike that", "erase everything I said", "yes", "then Cordelia came", "strike that")
    struck = [event.body.turn_id for event in talk.events if isinstance(event.body, AnswerStruck)]
    shelf = Shelf([event for event in talk.events if event.seq < 2])

    async def main() -> None:
        shelf.within_reach.clear()  # from the first strike on: the others gather behind it
        async with asyncio.TaskGroup() as tasks:
            eraser = Eraser(shelf.log, None, tasks, lambda: 0.0)
            for event in talk.events:
                if event.seq < 2:
                    continue
                shelf.log.append(event.at, event.body)
                if isinstance(event.body, AnswerStruck):
                    eraser.begin(event.body.turn_id)
                    for _ in range(20):
                        await asyncio.sleep(0)
            shelf.within_reach.set()
            await eraser.finish()

    in_virtual_time(main)
    bodies = [event.body for event in shelf.events.values()]

    assert struck[-1] != EVERYTHING
    assert EVERYTHING in struck
    assert set(struck) == {body.turn_id for body in bodies if isinstance(body, AnswerErased)}
    assert not [body for body in bodies if any(name in repr(body) for name in NAMES)]


def test_a_judgement_that_had_come_when_it_was_given_up_has_no_word_on_record() -> None:
    probe = Probe("vague", "mirroring", "You said Cordelia shouted. What happened then?", "Cordelia shouted")
    judgement = Judgement(
        "vague", probe, data={"who": "Cordelia"}, reasons=("Cordelia",), judged_by="a model"
    )

    async def main() -> tuple[AnyBody, AnyBody]:
        async with asyncio.TaskGroup() as tasks:
            eraser = Eraser(stalled_log(), None, tasks, lambda: 0.0)
            eraser.cleaned(CancelJudgement(7))
            given_up, other = JudgementArrived(7, judgement), JudgementArrived(8, judgement)
            return eraser.cleaned(given_up), eraser.cleaned(other)

    given_up, other = in_virtual_time(main)

    assert JudgementArrived(7, Judgement("vague", judged_by="a model")) == given_up
    assert JudgementArrived(8, judgement) == other

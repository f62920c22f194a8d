"""Between two sections: what was told is said back shortly, in the participant's own words, to be corrected
or struck, and how long the rest takes is said where that is known. Chooses no question."""

import re
from typing import Final

from dialog import script
from dialog.agreement import is_no_correction, says_more, verdict_on
from dialog.answers import asks_back, distress_in, does_not_know, refuses
from dialog.blueprint import Node
from dialog.completeness import content_words
from dialog.corrections import AGREED
from dialog.events import AnswerJudged
from dialog.guarding.said import Heard
from dialog.hard_topics import HardTopics
from dialog.interview import Interview
from dialog.lexicon import content_stems, plain
from dialog.moments import Moments
from dialog.outbox import Outbox
from dialog.probe_guard import GuardContext, Line, check
from dialog.prompter import Prompter
from dialog.rights import is_backchannel
from dialog.said_back import SaidBack, worth_saying_back
from dialog.section_facts import SectionOver
from dialog.time_left import seconds_left
from dialog.turn import Turn
from dialog.turn_taking import TurnTaking

WHAT: Final = "section"
"""What is to be confirmed, as the moments know it."""
OFTEN: Final = 120.0
"""Seconds of talk between two words about the time. Smaller: people who are told of the time listen to it."""
_CORRECTS: Final = "corrects"
"""Among the reasons of the judgement of an answer that puts right what was said back."""


_MERE_ANSWER: Final = 3
"""Words of a "no" that says nothing of what would be right: "no that's wrong"."""
_LET_BE: Final = re.compile(
    r"(?:(?:oh|well|no|um|uh|ah|okay|ok|sorry) )*(?:nothing|whatever|never mind|forget it|leave it|go on"
    r"|go ahead|(?:it|that)(?: doesn't|'s not| is not) (?:matter|important)"
    r"|(?:it's|that's|it is|that is|all) (?:fine|okay|ok|good|all right|alright|right|correct))"
    r"(?: (?:as it is|now|then|really|please|thanks|thank you))*"
)


def _corrects(turn: Turn, answer: str | None) -> bool:
    """Whether something is said of how it was, beside what is right or wrong."""
    heard = plain(turn.text)
    if AGREED.match(heard) or is_backchannel(turn.text) or does_not_know(turn.text) or refuses(turn.text):
        return False
    if _LET_BE.fullmatch(heard) or verdict_on(turn.text) is not None or not says_more(turn.text):
        return False
    return content_words(turn.text) > 0 and (answer is None or turn.word_count > _MERE_ANSWER)


class SectionBreaks:
    """One session's. `now` is in session seconds."""

    def __init__(
        self,
        interview: Interview,
        moments: Moments,
        hard_topics: HardTopics,
        turns: TurnTaking,
        prompter: Prompter,
        out: Outbox,
    ) -> None:
        self._blueprint = interview.blueprint
        self._interview = interview
        self._moments = moments
        self._hard_topics = hard_topics
        self._turns = turns
        self._prompter = prompter
        self._out = out
        self._said: list[SaidBack] = []
        self._asked_what = False
        self._minutes: int | None = None

    def met(self, left: Node, now: float) -> bool:
        """The next node was entered: say what belongs between its section and the one that was left; whether
        its question has to wait for an answer to that."""
        section, state = left.section, self._out.state
        if section is None or section == self._interview.node.section or section in state.sections_over:
            return False
        self._said, self._asked_what = self._chosen(section), False
        self._minutes = self._minutes_left(now)
        turns = tuple(dict.fromkeys(one.turn_id for one in self._said))
        self._out.append(SectionOver(section, turns, self._minutes, now))
        if not self._said:
            self._tell_time(now)
            return False
        words = script.said_back([one.text for one in self._said])
        self._moments.yes_or_no.ask(WHAT, words, now, about=turns)
        return True

    def _chosen(self, section: str) -> list[SaidBack]:
        """What of a section is said back: nothing of what was hard to tell, or may not be spoken of."""
        nodes, state = self._blueprint.graph.nodes, self._out.state
        open_ones = {
            key
            for key, node in nodes.items()
            if node.section == section and node.type == "question" and not state.node(key).distressed
        }
        answers = [answer for answer in state.answers if answer.node_key in open_ones]
        said = worth_saying_back(answers, [nodes[key].text for key in sorted(open_ones)])
        lines = tuple(Line("participant", answer.text) for answer in answers)
        topics = tuple(self._blueprint.agent.boundaries.sensitive_topics)
        context = GuardContext(transcript=lines, sensitive_topics=topics)
        allowed = not said or not check(script.you_said([one.text for one in said]), context, Heard())
        return said if allowed else []

    def _minutes_left(self, now: float) -> int | None:
        state = self._out.state
        told = state.told_time_at
        if state.told_of_time or (told is not None and state.time.elapsed(now) - told < OFTEN):
            return None
        if self._interview.terms.short_of_time(state, now):
            return None
        seconds = seconds_left(self._blueprint, state, self._interview.terms, now)
        return None if seconds is None else script.roughly(seconds)

    def _tell_time(self, now: float) -> None:
        if self._minutes is not None:
            self._prompter.say("notice", script.time_left(self._minutes), now)
            self._minutes = None

    def answered(self, turn: Turn, answer: str | None, now: float) -> None:
        """Take what was said to it: a yes, a no, or what it should be instead, which goes on record."""
        if asks_back(turn.text) or is_no_correction(turn.text):
            self._moments.yes_or_no.ask_again(now)
            return
        self._moments.yes_or_no.await_nothing()
        if (level := distress_in(turn.text)) is not None:
            turn = self._turns.commit()
            self._correct(turn)
            return self._hard_topics.met(turn, level, now)
        if _corrects(turn, answer):
            self._correct(self._turns.commit())
            self._prompter.say("notice", script.NOTED, now)
        else:
            self._turns.answering.set_aside("confirmation")
            wrong = (verdict_on(turn.text) or {"no": "wrong"}.get(answer or "")) == "wrong"
            wrong = wrong and not refuses(turn.text) and not _LET_BE.fullmatch(plain(turn.text))
            if wrong and not self._asked_what:
                self._asked_what = True
                self._moments.yes_or_no.ask(WHAT, script.WHAT_TO_CORRECT, now, about=self._turn_ids)
                return self._moments.yes_or_no.listen_patiently()
        self._go_on(now)

    @property
    def _turn_ids(self) -> tuple[int, ...]:
        return tuple(one.turn_id for one in self._said)

    def _correct(self, turn: Turn) -> None:
        """Put it on record where what it corrects was told."""
        said = content_stems(turn.text)
        node_key = max(self._said, key=lambda one: len(content_stems(one.text) & said)).node_key
        self._interview.put_right(turn, node_key)
        self._out.append(AnswerJudged(turn.turn_id, node_key, "sufficient", "embedded", (_CORRECTS,)))

    def unanswered(self, now: float) -> bool:
        """Nobody has answered that: what was said stands as it was said."""
        if self._moments.yes_or_no.awaited != WHAT:
            return False
        self._moments.yes_or_no.await_nothing()
        self._go_on(now)
        return True

    def _go_on(self, now: float) -> None:
        self._tell_time(now)
        self._interview.ask(now)

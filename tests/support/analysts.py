"""Analysts that need no child: the rules in this process, and ones that can be told what to do."""

from collections.abc import Callable

import msgspec

from dialog.analysis import Findings, Talk
from dialog.embedded_analyst import findings_of
from server.pipeline.analyst import AnalysisFailed
from server.pipeline.analyst_process import read_lexicon


class RulesHere:
    """The embedded rules, at once."""

    model = "embedded"

    async def analyse(self, talk: Talk) -> Findings:
        return findings_of(talk, read_lexicon())


class Tampering:
    """The rules, with something done to what they find."""

    model = "a model that invents"

    def __init__(self, tamper: Callable[[Findings], Findings]) -> None:
        self._tamper = tamper

    async def analyse(self, talk: Talk) -> Findings:
        return self._tamper(findings_of(talk, read_lexicon()))


class Failing(msgspec.Struct):
    """Fails so many times, then finds what the rules find."""

    failures: int
    model: str = "embedded"
    asked: int = 0

    async def analyse(self, talk: Talk) -> Findings:
        self.asked += 1
        if self.asked <= self.failures:
            raise AnalysisFailed("The analyst ended with -9.")
        return findings_of(talk, read_lexicon())

"""Whoever makes an analysis of a talk, and the one that needs no key: rules, run in a child process of its
own, since they are pure arithmetic for as long as a second and a talk beside them must not notice."""

import asyncio
import sys
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from dialog.analysis import Findings, Talk
from server.children import ROOT, end

LONGEST_WORK: Final = 60.0
"""Seconds that an analysis may take on the clock; one of an hour's talk takes half of one."""
PROGRAM: Final = (sys.executable, "-m", "server.pipeline.analyst_process")


class AnalysisFailed(Exception):
    """No findings came of it. The text says why."""


class Analyst(Protocol):
    """Makes findings of a talk. What it claims is checked by `vetted` before anybody sees it."""

    @property
    def model(self) -> str:
        """What the analysis says that it is made by."""

    async def analyse(self, talk: Talk) -> Findings:
        """Raises AnalysisFailed."""


class EmbeddedAnalyst:
    """Rules in a child: one that crashes, hangs or wants all memory costs this analysis and nothing else."""

    def __init__(self, *, program: Sequence[str] = PROGRAM, longest_work: float = LONGEST_WORK) -> None:
        self._program = tuple(program)
        self._longest_work = longest_work

    @property
    def model(self) -> str:
        return "embedded"

    async def analyse(self, talk: Talk) -> Findings:
        """Start a child for this talk, and end it whatever happens. Raises AnalysisFailed."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._program,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=ROOT,
                start_new_session=True,  # a Ctrl-C in the terminal is the server's to answer
            )
        except OSError as error:
            raise AnalysisFailed(f"The analyst can't be started: {error}") from error
        try:
            async with asyncio.timeout(self._longest_work):
                answer, _ = await process.communicate(msgspec.json.encode(talk))
        except TimeoutError:
            raise AnalysisFailed(f"The analyst took longer than {self._longest_work:g} s.") from None
        finally:
            await end(process)
        if process.returncode != 0:
            raise AnalysisFailed(f"The analyst ended with {process.returncode}.")
        try:
            return msgspec.json.decode(answer, type=Findings)
        except msgspec.DecodeError as error:
            raise AnalysisFailed(f"The analyst talks garbage: {error}") from error

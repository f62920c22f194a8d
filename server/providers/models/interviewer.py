"""The interviewer that a vendor's models make: judgement and wording by one, typed values and edges by
another, within what a reply may decide. Knows the shape of a vendor, none of them by name."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from dialog.judgement import Judgement, JudgementRequest
from dialog.study import ChosenModel, Study
from server.providers.models.decision import assessed, decided, edges_by_rules
from server.providers.models.prompt import assessment_call, interview_call, opening_call
from server.providers.models.reply import ASSESSMENT, INTERVIEW, ReplyReader, ReplyUnusable
from server.providers.models.rules_per_model import DEFAULT_MODELS
from server.providers.models.vendor import Call, Vendor
from server.providers.protocols import ProviderError
from server.providers.witness import FirstToken, tell

LONGEST_REPLY_TIME: Final = 8.0
"""Seconds for a whole reply, however steadily it drips."""
ASSESSMENT_GRACE: Final = 0.3
"""Seconds that the assessment of edges is waited for once there is a follow-up question: the node isn't left
yet."""

_Decide = Callable[[JudgementRequest, Mapping[str, Any], str], Judgement | None]


class ModelInterviewer:
    """A LanguageModel and a Service. Its first vendor judges and words; one of `vendors` assesses, as the
    study says, else the first one too."""

    def __init__(
        self,
        vendor: Vendor,
        others: Mapping[str, Vendor] | None = None,
        *,
        longest_reply_time: float = LONGEST_REPLY_TIME,
    ) -> None:
        self.name = vendor.name
        self._longest = longest_reply_time
        self._vendor = vendor
        self._vendors = {**(others or {}), vendor.name: vendor}

    async def run(self) -> None:
        """Keep its own vendor's connections until cancelled."""
        await self._vendor.run()

    async def check(self) -> None:
        """Ask whether its own vendor's key is good. Raises ProviderError."""
        await self._vendor.check()

    async def prepare(self, study: Study) -> None:
        """Have warm what the calls of a talk begin with."""
        vendor, model = self._generation(study)
        assessor, assessment_model = self._assessment(study)
        calls = [
            (vendor, opening_call(study, vendor.name, model, INTERVIEW)),
            (assessor, opening_call(study, assessor.name, assessment_model, ASSESSMENT)),
        ]
        # Both at once: a talk may need two connections at the same time.
        await asyncio.gather(*(each.make_ready(call) for each, call in calls), return_exceptions=True)

    async def judge(self, request: JudgementRequest) -> Judgement:
        """Judge an answer. Raises ProviderError."""
        if request.node_type == "form" and request.fields:
            return await self._assess(request, first_token=True)
        if not request.edges:
            return await self._interview(request)
        return await self._interview_and_assess(request)

    async def _interview(self, request: JudgementRequest) -> Judgement:
        vendor, model = self._generation(request.study)
        call = interview_call(request, vendor.name, model)
        return await self._answer(vendor, call, request, decided, first_token=True)

    async def _assess(self, request: JudgementRequest, *, first_token: bool) -> Judgement:
        vendor, model = self._assessment(request.study)
        call = assessment_call(request, vendor.name, model)
        return await self._answer(vendor, call, request, assessed, first_token=first_token)

    async def _interview_and_assess(self, request: JudgementRequest) -> Judgement:
        """Both at once. An assessment that fails, or isn't there in time, is made by rules."""
        async with asyncio.TaskGroup() as tasks:
            assessing = tasks.create_task(_outcome(self._assess(request, first_token=False)))
            judgement = await _outcome(self._interview(request))
            if isinstance(judgement, Judgement):
                waits = None if judgement.probe is None else ASSESSMENT_GRACE
                await asyncio.wait((assessing,), timeout=waits)
            assessing.cancel()
        if isinstance(judgement, ProviderError):
            raise judgement
        edges = None if assessing.cancelled() else assessing.result()
        if not isinstance(edges, Judgement):
            return edges_by_rules(request, judgement)
        return replace(judgement, assessed=edges.assessed)

    async def _answer(
        self, vendor: Vendor, call: Call, request: JudgementRequest, decide: _Decide, *, first_token: bool
    ) -> Judgement:
        """Read a reply until it decides. Raises ProviderError."""
        reader = ReplyReader(call.form, call.rules.style)
        judged_by = f"{vendor.name}/{call.model}"
        try:
            async with asyncio.timeout(self._longest), vendor.reply(call) as pieces:
                async for piece in pieces:
                    if first_token:
                        tell(FirstToken(vendor.name))
                        first_token = False
                    reader.feed(piece)
                    judgement = decide(request, reader.fields, judged_by)
                    if judgement is not None:
                        return judgement
            reader.finish()
            judgement = decide(request, reader.fields, judged_by)
            if judgement is None:
                raise ReplyUnusable("the reply ends before it decides")
        except TimeoutError:
            raise ProviderError(vendor.name, "is too slow.", retryable=True) from None
        except ReplyUnusable as unusable:
            raise ProviderError(vendor.name, f"{unusable}.", retryable=True) from None
        return judgement

    def _generation(self, study: Study | None) -> tuple[Vendor, str]:
        chosen = None if study is None else study.generation
        return self._vendor, self._model(chosen, DEFAULT_MODELS[self.name][0])

    def _assessment(self, study: Study | None) -> tuple[Vendor, str]:
        chosen = None if study is None else study.assessment
        vendor = self._vendor if chosen is None else self._vendors.get(chosen.provider, self._vendor)
        default = DEFAULT_MODELS[vendor.name][1]
        fits = chosen is not None and chosen.provider == vendor.name
        return vendor, chosen.model if fits and chosen is not None else default

    def _model(self, chosen: ChosenModel | None, default: str) -> str:
        return chosen.model if chosen is not None and chosen.provider == self.name else default


async def _outcome(judging: Awaitable[Judgement]) -> Judgement | ProviderError:
    try:
        return await judging
    except ProviderError as error:
        return error

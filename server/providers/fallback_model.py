"""A model that judges in time, or rules that do it in its place. Knows no vendor."""

from collections.abc import Sequence

import msgspec

from dialog.judgement import Judgement, JudgementRequest
from dialog.study import Study
from server.clock import loop_time
from server.providers.deadline import Deadline
from server.providers.protocols import LanguageModel, ProviderError
from server.providers.standing import Standings
from server.providers.witness import FirstToken, Told, witness, witnessed_by


class JudgingPatience(msgspec.Struct, frozen=True):
    """How long a model may take, in seconds."""

    first_token: float = 2.2
    """To the first useful token, a second call included. Larger: rules judge less often, and later."""
    whole: float = 5.0
    """From there to the judgement."""


class FallbackModel:
    """Judge by one of `models`: the one that the study chose where it is at hand, else the first that isn't
    left alone at present; by `rules` where there is none, or it fails or is late."""

    def __init__(
        self,
        models: Sequence[LanguageModel],
        rules: LanguageModel,
        *,
        patience: JudgingPatience | None = None,
        standings: Standings | None = None,
    ) -> None:
        self.name = models[0].name if models else rules.name
        self._models = tuple(models)
        self._rules = rules
        self._patience = patience or JudgingPatience()
        self._standings = standings or Standings("language_model")

    async def prepare(self, study: Study) -> None:
        """Have the model ready that will be asked."""
        for model in self._in_order(study)[:1]:
            await model.prepare(study)

    async def judge(self, request: JudgementRequest) -> Judgement:
        """Judge an answer; raises only what the rules raise."""
        admitted = (each for each in self._in_order(request.study) if self._standings.admits(each.name))
        model = next(admitted, None)
        if model is None:
            return await self._rules.judge(request)
        try:
            judgement = await self._in_time(model, request)
        except ProviderError as fault:
            self._standings.failed(model.name, fault)
            return await self._rules.judge(request)
        self._standings.succeeded(model.name)
        return judgement

    async def _in_time(self, model: LanguageModel, request: JudgementRequest) -> Judgement:
        others = witness()
        try:
            async with Deadline(loop_time() + self._patience.first_token) as limit:

                def note(told: Told) -> None:
                    if isinstance(told, FirstToken) and not limit.expired():
                        limit.reschedule(loop_time() + self._patience.whole)
                    others(told)

                with witnessed_by(note):
                    return await model.judge(request)
        except TimeoutError:
            raise ProviderError(model.name, "no judgement in time", retryable=True) from None
        except ProviderError:
            raise
        except Exception as error:  # a vendor's library may raise anything
            raise ProviderError(model.name, type(error).__name__, retryable=True) from error

    def _in_order(self, study: Study | None) -> list[LanguageModel]:
        wanted = None if study is None or study.generation is None else study.generation.provider
        return sorted(self._models, key=lambda model: model.name != wanted)

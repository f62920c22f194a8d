"""An analyst that asks a vendor's model. What it claims is checked like any other's; knows no run."""

import asyncio
from collections.abc import Sequence
from typing import Final

from dialog.analysis import Findings, Talk
from dialog.study import Study
from server.pipeline.analyst import AnalysisFailed
from server.providers.models.analysis import analysed
from server.providers.models.reply import ReplyUnusable
from server.providers.models.rules_per_model import DEFAULT_MODELS
from server.providers.models.vendor import Vendor
from server.providers.protocols import ProviderError
from server.providers.witness import Witness, witness, witnessed_by

LONGEST_WORK: Final = 300.0
"""Seconds for a whole analysis, however steadily it drips; one of an hour's talk takes half a minute."""


class ModelAnalysts:
    """Who analyses which study's talks: the model that its answers are assessed by."""

    def __init__(self, vendors: Sequence[Vendor], *, told: Witness | None = None) -> None:
        """`vendors` are those that there are, the default one first; at least one."""
        self._vendors = {vendor.name: vendor for vendor in vendors}
        self._default = vendors[0]
        self._told = told

    def of(self, study: Study) -> "ModelAnalyst":
        """The analyst of a study: the model that it names for assessments, where its vendor is there, else
        the default one of the vendor that judges its answers."""
        named = study.assessment
        if named is not None and named.provider in self._vendors:
            return ModelAnalyst(self._vendors[named.provider], named.model, told=self._told)
        judging = "" if study.generation is None else study.generation.provider
        return ModelAnalyst(self._vendors.get(judging, self._default), told=self._told)


class ModelAnalyst:
    """An Analyst. Without a `model` it is the one by which the vendor's answers are assessed. `told` is told
    what its calls use."""

    def __init__(
        self,
        vendor: Vendor,
        model: str = "",
        *,
        told: Witness | None = None,
        longest_work: float = LONGEST_WORK,
    ) -> None:
        self._told = told
        self._longest_work = longest_work
        self._vendor = vendor
        self._model = model or DEFAULT_MODELS[vendor.name][1]

    @property
    def model(self) -> str:
        return f"{self._vendor.name}/{self._model}"

    async def analyse(self, talk: Talk) -> Findings:
        """Ask once. Raises AnalysisFailed."""
        try:
            with witnessed_by(self._told or witness()):
                async with asyncio.timeout(self._longest_work):
                    return await analysed(self._vendor, self._model, talk)
        except TimeoutError:
            raise AnalysisFailed(f"{self.model} took longer than {self._longest_work:g} s.") from None
        except ProviderError as error:
            raise AnalysisFailed(str(error)) from error
        except ReplyUnusable as unusable:
            raise AnalysisFailed(f"{self.model}: {unusable}.") from None

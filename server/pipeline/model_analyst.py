"""An analyst that asks a vendor's model. What it claims is checked like any other's; knows no run."""

from dialog.analysis import Findings, Talk
from server.pipeline.analyst import AnalysisFailed
from server.providers.models.analysis import analysed
from server.providers.models.reply import ReplyUnusable
from server.providers.models.rules_per_model import DEFAULT_MODELS
from server.providers.models.vendor import Vendor
from server.providers.protocols import ProviderError


class ModelAnalyst:
    """An Analyst. Without a `model` it is the one by which the vendor's answers are assessed."""

    def __init__(self, vendor: Vendor, model: str = "") -> None:
        self._vendor = vendor
        self._model = model or DEFAULT_MODELS[vendor.name][1]

    @property
    def model(self) -> str:
        return f"{self._vendor.name}/{self._model}"

    async def analyse(self, talk: Talk) -> Findings:
        """Ask once. Raises AnalysisFailed."""
        try:
            return await analysed(self._vendor, self._model, talk)
        except ProviderError as error:
            raise AnalysisFailed(str(error)) from error
        except ReplyUnusable as unusable:
            raise AnalysisFailed(f"{self.model}: {unusable}.") from None

"""The embedded interviewer: rules in the place of a language model. All its judgement is in `dialog`."""

from dialog.embedded_interviewer import judge
from dialog.judgement import Judgement, JudgementRequest
from dialog.study import Study


class EmbeddedInterviewer:
    """A LanguageModel that needs no key and always answers at once."""

    name = "embedded"

    async def judge(self, request: JudgementRequest) -> Judgement:
        """Judge an answer by rules."""
        return judge(request)

    async def prepare(self, study: Study) -> None:
        pass

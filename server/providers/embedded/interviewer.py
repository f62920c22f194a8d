"""The embedded interviewer: rules in the place of a language model. All its judgement is in `dialog`."""

from dialog.embedded_interviewer import judge
from dialog.judgement import Judgement, JudgementRequest


class EmbeddedInterviewer:
    """A LanguageModel that needs no key and always answers at once."""

    name = "embedded"

    async def judge(self, request: JudgementRequest) -> Judgement:
        """Judge an answer by rules."""
        return judge(request)

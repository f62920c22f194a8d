"""Requests for judgements as a talk makes them."""

from dialog.judgement import AssessedEdge, JudgementRequest
from dialog.study import Study
from server.providers.models.connections import Patience

STUDY = Study("Robin", "You interview people about their work.", "neutral", "en", "gentle_redirect")
CALM = Patience(connect=20.0, send=20.0, check=20.0, least=20.0)
"""For vendors on a machine that may be busy with something else."""
TECHNIQUES = ("tell_me_more", "mirroring", "funnel", "socratic", "five_whys", "active_listening")


def request(answer: str, *, edges: tuple[int, ...] = (), **more: object) -> JudgementRequest:
    """A request about tools at work, whose answer may be followed up."""
    given: dict[str, object] = {
        "node_key": "tools",
        "node_type": "question",
        "question": "Which tools do you use at work?",
        "objective": "Learn which tools matter and why.",
        "completion_hint": "names a specific occasion",
        "answer": answer,
        "latest": answer,
        "confidence": 1.0,
        "follow_ups_left": 2,
        "techniques": TECHNIQUES,
        "study": STUDY,
        "edges": tuple(AssessedEdge(index, "mentions the price") for index in edges),
        **more,
    }
    return JudgementRequest(**given)  # type: ignore[arg-type]

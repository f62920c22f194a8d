"""How each technique is worded: open, neutral questions that fit what an answer lacks and carry the
participant's own words. Knows no answer; chooses by what was asked before."""

import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from dialog.judgement import Probe

Deficiency = Literal[
    "missing", "detail", "term", "example", "sequence", "reason", "consistency", "counter_view", "feeling",
    "experience", "number", "time", "person",
]  # fmt: skip
Carries = Literal["nothing", "term", "topic", "event", "somebody", "feeling", "pair"]
"""Which words of the participant a template has a place for: a judging word, a thing spoken of, something
that happens or is done, a person, a word of feeling, two statements."""
Told = Literal["any", "told", "untold"]
"""Whether a wording takes it that the answer tells of something that happened. "What happened after that?"
has no place after "look at the boring things", nor "the last time" after what there was but once."""

FITTING: Final[dict[Deficiency, tuple[str, ...]]] = {
    "missing": ("tell_me_more", "funnel", "active_listening", "silent_probe", "calibrated_questions"),
    "detail": (
        "tell_me_more", "mirroring", "active_listening", "funnel", "calibrated_questions", "socratic",
        "columbo",
        "silent_probe",
    ),
    "term": ("mirroring", "socratic", "labelling", "tell_me_more"),
    "example": ("tell_me_more", "funnel", "hypothetical"),
    "sequence": ("funnel", "tell_me_more"),
    "reason": ("five_whys", "calibrated_questions"),
    "consistency": ("columbo", "socratic"),
    "counter_view": ("devils_advocate",),
    "feeling": ("silent_probe", "labelling", "active_listening"),
    "experience": ("mirroring", "labelling", "tell_me_more", "calibrated_questions", "active_listening"),
    "number": ("funnel", "calibrated_questions", "tell_me_more"),
    "time": ("funnel", "tell_me_more"),
    "person": ("funnel", "tell_me_more"),
}  # fmt: skip
"""The techniques that fit what an answer lacks, the most fitting first."""


class Template(msgspec.Struct, frozen=True):
    """One wording. `{}` in `text` is the place of the participant's words."""

    technique: str
    deficiency: Deficiency
    text: str
    carries: Carries = "nothing"
    after: Told = "any"

    def fits(self, *, told: bool) -> bool:
        """Whether it may follow an answer that tells of something that happened, or one that doesn't."""
        return self.after == "any" or (self.after == "told") == told

    def fill(self, words: str) -> str:
        return self.text.replace("{}", words)

    def made(self, asked: str) -> bool:
        """Whether `asked` is this wording, whatever words it carried."""
        before, place, after = self.text.partition("{}")
        return asked == self.text if not place else asked.startswith(before) and asked.endswith(after)


TEMPLATES: Final = (
    Template("tell_me_more", "missing", "That's all right. What comes to mind first?"),
    Template("funnel", "missing", "That's all right. What is the first thing that you remember about it?"),
    Template("active_listening", "missing", "Take your time. What comes to mind?"),
    Template("silent_probe", "missing", "Take your time."),
    Template(
        "calibrated_questions", "missing", "That's all right. How would you describe it in your own words?"
    ),
    Template("tell_me_more", "detail", "Tell me more about {}.", "topic"),
    Template("mirroring", "detail", "You mentioned {}. What was that like?", "event"),
    Template("mirroring", "detail", "You mentioned {}. What do you remember about that?", "topic"),
    Template("active_listening", "detail", "You mentioned {}. I'd like to hear more about that.", "topic"),
    Template("funnel", "detail", "What stood out to you about {}?", "topic"),
    Template("calibrated_questions", "detail", "How did {} come into it?", "topic"),
    Template("socratic", "detail", "What part did {} play?", "topic"),
    Template("columbo", "detail", "Help me understand {}. How did that work?", "topic"),
    Template("tell_me_more", "detail", "Tell me more about {}.", "somebody"),
    Template("mirroring", "detail", "You mentioned {}. What comes to mind first?", "somebody"),
    Template("active_listening", "detail", "You mentioned {}. I'd like to hear more.", "somebody"),
    Template("socratic", "detail", "What part did {} play?", "somebody"),
    Template("tell_me_more", "detail", "Tell me a little more about that."),
    Template("active_listening", "detail", "Please go on."),
    Template("funnel", "detail", "What else do you remember about that?"),
    Template("mirroring", "detail", "What was that like for you?"),
    Template("calibrated_questions", "detail", "How did that work for you?"),
    Template("socratic", "detail", "What does that mean to you?"),
    Template("columbo", "detail", "Help me understand that. How did it work?"),
    Template("silent_probe", "detail", "Take your time."),
    Template("mirroring", "term", "When you say {}, what do you mean by that?", "term"),
    Template("socratic", "term", "What does {} look like for you?", "term"),
    Template("tell_me_more", "term", "When you say {}, what comes to mind?", "term"),
    Template("labelling", "term", "You said {}. What was that like?", "feeling"),
    Template("mirroring", "term", "You said {}. What was behind that?", "term"),
    Template("socratic", "term", "What would you point to as {}?", "term"),
    Template("funnel", "example", "You mentioned {}. What happened the last time?", "event", "untold"),
    Template(
        "tell_me_more", "example", "You mentioned {}. What is one time that you remember?", "event", "untold"
    ),
    Template("tell_me_more", "example", "Think of one particular time. What happened?"),
    Template("funnel", "example", "What happened the last time?", after="untold"),
    Template(
        "hypothetical",
        "example",
        "If I had been there the last time, what would I have seen?",
        after="untold",
    ),
    Template("tell_me_more", "example", "What is one example that you remember well?"),
    Template("funnel", "example", "What is the most recent time that you remember?", after="untold"),
    Template("funnel", "sequence", "You mentioned {}. What happened after that?", "event", "told"),
    Template("tell_me_more", "sequence", "Tell me what happened with {}, step by step.", "event", "told"),
    Template("funnel", "sequence", "And what happened next?", after="told"),
    Template("funnel", "sequence", "What happened after that?", after="told"),
    Template("tell_me_more", "sequence", "Take me through it step by step."),
    Template("calibrated_questions", "reason", "What matters to you about that?"),
    Template("five_whys", "reason", "You mentioned {}. What led to that?", "event", "told"),
    Template("five_whys", "reason", "What led to that?", after="told"),
    Template("calibrated_questions", "reason", "What is behind that for you?"),
    Template("five_whys", "reason", "And what was behind that?", after="told"),
    Template("five_whys", "reason", "What is behind that?", after="untold"),
    Template("columbo", "consistency", "You said {}. Help me understand how that fits together.", "pair"),
    Template("socratic", "consistency", "You said {}. How do those two things fit together for you?", "pair"),
    Template("columbo", "consistency", "Help me understand that. How does it all fit together?"),
    Template("socratic", "consistency", "How do those two things fit together for you?"),
    Template(
        "devils_advocate", "counter_view", "Someone could see it differently. What would you say to them?"
    ),
    Template("devils_advocate", "counter_view", "What could someone say against that?"),
    Template("silent_probe", "feeling", "Take your time."),
    Template("labelling", "feeling", "You said {}. What was that like?", "feeling"),
    Template("active_listening", "feeling", "I'm listening."),
    Template("silent_probe", "feeling", "I'm listening."),
    Template("labelling", "experience", "You said {}. What was that like?", "feeling"),
    Template("mirroring", "experience", "You mentioned {}. What was that like for you?", "event"),
    Template("mirroring", "experience", "You mentioned {}. What do you remember about that?", "topic"),
    Template(
        "active_listening", "experience", "You mentioned {}. I'd like to hear more about that.", "topic"
    ),
    Template("mirroring", "experience", "You mentioned {}. What do you remember most?", "somebody"),
    Template("active_listening", "experience", "You mentioned {}. I'd like to hear more.", "somebody"),
    Template("mirroring", "experience", "What was that like for you?"),
    Template("tell_me_more", "experience", "Tell me what that was like for you."),
    Template("calibrated_questions", "experience", "How was that for you?"),
    Template("active_listening", "experience", "Please go on."),
    Template("funnel", "number", "Roughly how much was it?"),
    Template("calibrated_questions", "number", "How would you put a rough number on that?"),
    Template("tell_me_more", "number", "What would be a rough number for that?"),
    Template("funnel", "time", "Roughly when was that?"),
    Template("tell_me_more", "time", "What time are you thinking of?"),
    Template("funnel", "person", "Who was part of that?"),
    Template("tell_me_more", "person", "Tell me about who was there."),
)

NEUTRAL_PROBES: Final = frozenset(template.text for template in TEMPLATES if template.carries == "nothing")
FIXED_TOKENS: Final = frozenset(
    "okay|thank you|i see|all right|take your time|please go on|go on|i'm listening|you did. thank "
    "you|sorry, go on|"
    "whatever it means to you|that's all right|of course|thanks".split("|")
)
"""What may be said without any of the participant's words: listening noises that judge nothing."""


def word_probe(
    deficiency: Deficiency,
    allowed: Sequence[str],
    carried: dict[Carries, tuple[str, str]],
    asked_here: Sequence[str],
    asked_elsewhere: Iterable[str],
    *,
    told: bool = True,
) -> Probe | None:
    """The probe for what an answer lacks, or None when no allowed technique has a wording left.

    `carried` gives, for each kind of word that the answer offers, its byte-exact span and how it is said
    back; `told` is whether it tells of something that happened. No wording comes twice at one node; of those
    left the least used elsewhere comes first, words of the participant before none, what happens before
    things and things before people, then the most fitting technique.
    """
    elsewhere = list(asked_elsewhere)
    fitting = [technique for technique in FITTING[deficiency] if technique in allowed]
    usable = [
        template
        for template in TEMPLATES
        if template.deficiency == deficiency
        and template.technique in fitting
        and template.fits(told=told)
        and (template.carries == "nothing" or template.carries in carried)
        and not any(template.made(asked) or _same(template.text, asked) for asked in asked_here)
    ]
    if not usable:
        return None

    def merit(template: Template) -> tuple[int, int, int, int]:
        used_here = sum(
            t.technique == template.technique and t.made(a) for t in TEMPLATES for a in asked_here
        )
        used = sum(template.made(asked) for asked in elsewhere)
        hangs = {"nothing": 2, "somebody": 1}.get(template.carries, 0)
        return hangs, used_here, used, fitting.index(template.technique)

    best = min(usable, key=merit)
    span, said_back = carried[best.carries] if best.carries != "nothing" else ("", "")
    return Probe(deficiency, best.technique, best.fill(said_back), span)


def _same(former: str, latter: str) -> bool:
    return re.sub(r"\W+", " ", former).strip().lower() == re.sub(r"\W+", " ", latter).strip().lower()

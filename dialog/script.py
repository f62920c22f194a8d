"""The interviewer's own words: everything said that is neither a researcher's question nor a probe. Chooses
nothing.

Wording is plain and neutral: no praise, no verdict, one thing at a time. All of it is known ahead, and so
synthesised ahead, but for the sentences that carry the participant's own words.
"""

from collections.abc import Mapping, Sequence

from dialog.blueprint import Blueprint, FormField, Node
from dialog.forms import ask_field
from dialog.techniques import NEUTRAL_PROBES

ACKNOWLEDGEMENTS = ("Okay.", "I see.", "Right.", "Thanks.", "Alright.")
"""Neutral, falling, at most 0.6 s; never the same twice running."""
CUE = "Mm."
"""0.6 s in the embedded voice, where "Mm-hm." takes 0.9 s."""
HUMS = (CUE, "Mhm.")
"""The quiet acknowledgement, where a word would be too much."""
TAKE_YOUR_TIME = ("Take your time.", "No hurry at all.", "I'm listening.")
OFFER_WAYS_OUT = "I can repeat the question, skip it, or we can pause. What would you like?"
PLEASE_GO_ON = "Please go on."
SHALL_I_GO_ON = "Shall I go on?"
MISHEARD = ("Sorry, I didn't catch that. Could you say it again?", "I'm sorry, I still couldn't make it out.")
MISHEARD_OFFER = f"{MISHEARD[1]} You can type your answer instead, or we can skip this one."
NOTHING_HEARD = "I haven't heard an answer yet. Please go ahead, or say skip."
NOISE = "There is a lot of sound around you. You can hold the talk button, or type your answer."
PAUSED = "We're paused. Come back whenever you like."
PAUSED_SILENCE = "I'll pause here. Whenever you are ready, press resume, or come back with the same link."
SILENT = "I hear nothing at all from your microphone. Please check that it is on, or type your answer."
MUTED = "Your microphone is muted. Unmute it, or type your answer."
STRUCK = "That answer is erased."
ALL_STRUCK = "All your answers are being erased."
"""Said at once: of a long talk that takes some seconds."""
CONFIRM_ERASING = "Shall I erase all the answers that you have given so far? Please say yes or no."
CONFIRM_STRIKING = {
    2: "Shall I erase both of those answers? Please say yes or no.",
    3: "Shall I erase all three of those answers? Please say yes or no.",
}
CONFIRM_WITHDRAWAL = "Shall I erase all your answers, and end the interview here? Please say yes or no."
RECORDING_STAYS = (
    "I can't switch a recording off during the talk. An answer that you have erased is taken out of it. "
    "Shall I end the interview here for good? Please say yes or no."
)
NOTHING_ERASED = "Nothing is erased."
NOTHING_TO_STRIKE = "There is no answer to erase yet."
NOTHING_BEFORE = "This is the first question."
SLOWER = "I'll speak more slowly."
SKIPPED = "We'll skip that one."
MOVING_ON = "Let's move on."
READ_BACK = "Let me read that back."
SECTION_BACK = "Before we go on, let me check something."
NOTED = "Thank you. That is noted."
STRUCK_ALL_OF_IT = "Those answers are erased."
WHAT_TO_CORRECT = "What should I change?"
ONE_BY_ONE = "I'm sorry, I can't make out what to change. You can type it, or we go through it one by one."
CONFIRM_STOP = "Shall I end the interview here for good? Please say yes or no."
GOING_ON = "Then let's go on."
OFFER_TO_STOP = "We can stop here, if you like. Shall I end the interview for good? Please say yes or no."
IS_IT_SO = {
    "repeat": "Shall I say the question again?",
    "slower": "Shall I speak more slowly?",
    "skip": "Shall we skip this question?",
    "back": "Shall we go back to the question before?",
    "pause": "Shall we pause here?",
    "strike": "Shall I erase this answer?",
    "human": "Would you like to talk to a person?",
    "stop": CONFIRM_STOP,
}
"""What is asked of somebody who may have claimed a right, or told of something in the same words."""
GO_ON_THEN = "Then please go on."
STOPPED = "We'll end here. Thank you for your time."
ALREADY_GIVEN = "You did. Thank you."
MEANING = "Whatever it means to you."
OPERATOR_HERE = "A member of the team is joining us now."
OPERATOR_GONE = "It's me again, the interviewer."
DECLINE_OPINION = "I'd rather not colour your answer with my view."
WHY_WE_ASK = "It helps to understand how it was for you. There is no right answer, and you can skip it."
WHO_WE_ARE = "I'm an automated interviewer, not a person."
NO_CONTACT = "No person is at hand right now. You can pause, and come back at any time with the same link."
GENTLE_REDIRECT = "Thank you. Coming back to the question:"
FIRM_REDIRECT = "Let's come back to the question:"
HARD_TOPIC = "Thank you for telling me. We can pause, leave this question, or go on. Shall we go on?"
OTHER_TOPIC = "Thank you for telling me. We'll leave this here. Shall we go on with another question?"
MAY_STOP = "You can pause, or leave this question, at any time."
PAUSED_DISTRESS = (
    "Thank you for telling me. I'll stop here. Go on only if and when you want to, with the same link."
)
SHORT_OF_TIME = "We are nearly out of time, so I'll go on to what matters most."
NEUTRAL_PROBE = "Could you tell me a little more about that?"
MINUTES = {
    1: "one minute", 2: "two minutes", 3: "three minutes", 4: "four minutes", 5: "five minutes",
    7: "seven minutes", 10: "ten minutes", 15: "fifteen minutes", 20: "twenty minutes",
    30: "thirty minutes", 40: "forty minutes", 50: "fifty minutes", 60: "sixty minutes",
}  # fmt: skip
"""The times that are said; nobody knows them better."""
_ROUGHLY = 20.0
FLOOR_RULE = "Take all the time you need. When an answer is complete, just stop, or press the done button."
WRITTEN_RULE = "Take all the time you need, and send each answer when it is complete."


def opening(blueprint: Blueprint, *, written: bool = False) -> str:
    """What is said first: the researcher's introduction or ours, and how the floor works, in one sentence
    each. `written` for who types from the start and has no button."""
    intro = blueprint.settings.intro_message
    if not intro:
        intro = (
            f"Hello, and thank you for joining. I'm {blueprint.agent.name}, an automated interviewer. "
            f"This takes about {about(blueprint.estimated_minutes)}."
        )
    return f"{intro.strip()} {WRITTEN_RULE if written else FLOOR_RULE}"


def about(minutes: int) -> str:
    """So many minutes, in words that go into a sentence."""
    return "a minute" if minutes == 1 else f"{minutes} minutes"


def outro(blueprint: Blueprint) -> str:
    """What is said last."""
    return blueprint.settings.outro_message or "That was my last question. Thank you very much for your time."


def human_contact(blueprint: Blueprint) -> str:
    """The way to a person, as the researcher gave it."""
    contact = blueprint.settings.human_contact
    return f"You can reach a person here: {contact}." if contact else NO_CONTACT


def help_line(named: str) -> str | None:
    """Where help is to be had, if anybody named anything."""
    return f"If you would like to talk to somebody: {named.rstrip('.')}." if named else None


def first_help_line(blueprint: Blueprint) -> str:
    """The one that is said; "" where the researcher named none."""
    return (blueprint.settings.help_lines or [""])[0]


def ask(node: Node, field: FormField | None) -> str:
    """The words of a question, or of one field of a form: the node's own words lead in its first field."""
    fields = node.fields or []
    if field is None or not fields:
        return node.text
    if len(fields) == 1:
        return ask_field(field.model_copy(update={"label": node.text}), True)
    return (
        f"{node.text} {ask_field(field, True)}" if field.name == fields[0].name else ask_field(field, False)
    )


def re_ask(node: Node, field: FormField | None) -> str:
    """The same again, with the options where there are any."""
    if field is None:
        return node.text
    single = len(node.fields or []) == 1
    return ask_field(field.model_copy(update={"label": node.text}) if single else field, True)


def clarify(node: Node, field: FormField | None) -> str:
    """What to say when the participant asks what is meant."""
    if node.clarification:
        return node.clarification
    if field is not None:
        return re_ask(node, field)
    return f"{MEANING} {node.text}"


def redirect(blueprint: Blueprint, node: Node, field: FormField | None) -> str:
    """Back to the question, as gently as the agent is told to be."""
    gentle = blueprint.agent.boundaries.off_topic_handling != "firm_redirect"
    return f"{GENTLE_REDIRECT if gentle else FIRM_REDIRECT} {re_ask(node, field)}"


def filled_in(node: Node, data: Mapping[str, object]) -> str:
    """What somebody entered on the page, as one would say it: labels only where there are several values."""
    labels = {field.name: field.label.rstrip(" ?:.") for field in node.fields or []}
    values = [(labels.get(name, name), as_said(value)) for name, value in data.items() if value is not None]
    if len(values) == 1:
        return values[0][1]
    return "; ".join(f"{label}: {value}" for label, value in values)


def read_back(node: Node, data: Mapping[str, object]) -> str:
    """The values of a form, for the participant to confirm or correct."""
    return f"{READ_BACK} {filled_in(node, data).rstrip('.')}. Is that right?"


def you_said(statements: Sequence[str]) -> str:
    """Statements of the participant's, word by word."""
    quoted = [f'"{one}"' for one in statements]
    listed = f"{', '.join(quoted[:-1])} and {quoted[-1]}" if len(quoted) > 1 else quoted[0]
    return f"You said {listed}."


def said_back(statements: Sequence[str]) -> str:
    """What was told in a section, for the participant to confirm or correct."""
    return f"{SECTION_BACK} {you_said(statements)} Is that right?"


def roughly(seconds: float) -> int:
    """So many seconds in minutes as one tells somebody else; rather less, for talks quicken towards the
    end."""
    return max((minutes for minutes in MINUTES if minutes * 60 <= seconds + _ROUGHLY), default=1)


def time_left(minutes: int) -> str:
    """How long the rest takes; `minutes` is one of MINUTES."""
    return f"There are about {MINUTES[minutes]} left." if minutes > 1 else "There is about a minute left."


def confirm_striking(count: int) -> str:
    """Asked of somebody who wants something struck out of several answers that were said back."""
    return CONFIRM_STRIKING.get(count, CONFIRM_STRIKING[2].replace("both", "all"))


def read_one_back(field: FormField, value: object) -> str:
    """One value, for the participant to confirm or correct."""
    return f"{field.label.rstrip(' ?:.')}: {as_said(value).rstrip('.')}. Is that right?"


def as_said(value: object) -> str:
    """A value as one would say it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def recap(asked: str | None, kept_words: str) -> str:
    """The one sentence that takes a broken talk up again: with the participant's own last words, or the
    question."""
    if kept_words:
        return f"Welcome back. You were saying: {last_words(kept_words)}. Please go on."
    if asked:
        return f"Welcome back. We were at this question. {asked}"
    return "Welcome back."


def last_words(text: str, limit: int = 8) -> str:
    """The tail of what was said, short enough to be said back."""
    return " ".join(text.split()[-limit:]).rstrip(".,;:!?")


def check_in(number: int, answering: bool, closed: bool, question: str | None) -> str:
    """Words for a silence: other ones each time, and no new question to somebody who is in the middle of an
    answer."""
    if closed:
        return question or PLEASE_GO_ON
    if answering:
        return TAKE_YOUR_TIME[1] if number == 0 else PLEASE_GO_ON
    return TAKE_YOUR_TIME[0] if number == 0 else OFFER_WAYS_OUT


def known_words(blueprint: Blueprint, help_named: str = "") -> list[str]:
    """Every text of this blueprint that can be synthesised ahead, the opening first, each once.

    `help_named` is where help is to be had if the blueprint names nothing.
    """
    texts = [opening(blueprint)]
    for node in blueprint.graph.nodes.values():
        fields: Sequence[FormField | None] = node.fields or [None]
        for field in fields:
            texts += [ask(node, field), re_ask(node, field), clarify(node, field)]
            texts.append(redirect(blueprint, node, field))
        texts += [text for text in (node.fallback_probe,) if text]
    texts += [*ACKNOWLEDGEMENTS, *HUMS, *TAKE_YOUR_TIME, OFFER_WAYS_OUT, PLEASE_GO_ON, SHALL_I_GO_ON]
    texts += [
        MISHEARD[0],
        MISHEARD_OFFER,
        NOTHING_HEARD,
        NOISE,
        PAUSED,
        PAUSED_SILENCE,
        MUTED,
        SILENT,
        STRUCK,
    ]
    texts += [
        NOTHING_ERASED,
        NOTHING_TO_STRIKE,
        NOTHING_BEFORE,
        SLOWER,
        SKIPPED,
        MOVING_ON,
        CONFIRM_STOP,
        GOING_ON,
        STOPPED,
    ]
    texts += [
        ALREADY_GIVEN,
        DECLINE_OPINION,
        WHO_WE_ARE,
        WHY_WE_ASK,
        NEUTRAL_PROBE,
        human_contact(blueprint),
        HARD_TOPIC,
    ]
    texts += [OTHER_TOPIC, PAUSED_DISTRESS, SHORT_OF_TIME, OFFER_TO_STOP]
    texts += [WHAT_TO_CORRECT, ONE_BY_ONE, *CONFIRM_STRIKING.values()]
    texts += [*IS_IT_SO.values(), GO_ON_THEN]
    texts += [ALL_STRUCK, CONFIRM_ERASING, CONFIRM_WITHDRAWAL, RECORDING_STAYS]
    texts += [NOTED, STRUCK_ALL_OF_IT, *map(time_left, MINUTES)]
    texts += [OPERATOR_GONE, recap(None, "")]
    texts += sorted(NEUTRAL_PROBES)
    texts += [text for text in (help_line(first_help_line(blueprint) or help_named),) if text]
    texts.append(outro(blueprint))
    return list(dict.fromkeys(texts))

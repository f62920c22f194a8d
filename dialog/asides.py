"""What is said to the interviewer itself instead of to its question, and where an answer strays by its own
account. Judges words alone."""

import re
from typing import Final

from dialog.lexicon import plain

_LEAD_IN: Final = r"(?:(?:um|uh|er|oh|hey|well|so|look|okay|no|sorry|honestly|and|but|wait|excuse me) )*"
_SOMEBODY: Final = (
    r"(?:a |an |some kind of )?(?:real |actual |live )?"
    r"(?:real|human(?: being)?|robot|bot|chatbot|ai|machine|computer|person|program|recording)"
)
_EVEN: Final = r"(?:even |really |actually |just )*"
_ASKS_WHO: Final = re.compile(
    _LEAD_IN + rf"(?:(?:are|aren't) you {_EVEN}{_SOMEBODY}"
    rf"|am i {_EVEN}(?:talking|speaking) (?:to|with) {_SOMEBODY}"
    rf"|is (?:this|that|there) {_EVEN}{_SOMEBODY}(?: (?:there|talking|speaking))?"
    r"|(?:who|what) are you)(?: or (?:a |an )?\w+)?(?: at all| anyway| even| then)?"
)
_ASKS_WHY: Final = re.compile(
    _LEAD_IN + r"(?:why (?:do|would|should) (?:you|i|anyone|anybody) (?:want|need|have|care)(?: to)?"
    r" ?(?:know|ask|tell|hear)?(?: you)?(?: (?:that|this|it|about (?:that|this|it)))?"
    r"|why (?:are|do) you ask(?:ing)?(?: me)?(?: (?:that|this))?"
    r"|what(?:'s| is) (?:that|this) (?:for|good for)"
    r"|what do you need (?:that|this) for|who wants to know)"
)
_POOR: Final = r"(?:stupid|dumb|silly|idiotic|ridiculous|pointless|useless|boring|annoying)"
_ATTACKS: Final = re.compile(
    _LEAD_IN + r"(?:(?:(?:this|that|it|the whole thing)(?:'s| is) |what )?"
    r"(?:so |such |just |really |all |a |an |complete |completely |total |totally |absolute |absolutely )*"
    rf"(?:waste of (?:my |our |everybody's )?time|{_POOR} (?:question|questions|interview|machine|survey)"
    r"|nonsense|bullshit)"
    rf"|(?:this|that|it)(?:'s| is) (?:so |such |just |really |a |an |completely |totally )*{_POOR}"
    rf"|(?:you're|you are) (?:so |such |just |really |a |an |the )*(?:{_POOR}|idiot|moron|joke|worthless"
    r"|pathetic)(?: \w+)?"
    r"|(?:shut up|leave me alone|go away|get lost|screw you|go to hell|fuck (?:you|off)|piss off"
    r"|i hate you|what more do you want(?: from me)?|what do you care))"
    r"(?: (?:really|honestly|you know|already|man|with your questions|if you ask me))*"
)
_INSTRUCTIONS: Final = r"(?:instructions?|rules|prompts?|guidelines)"
_OURS: Final = r"(?:your|(?:the )?(?:previous|above|prior|system))"
_ORDERS: Final = re.compile(
    rf"\b(?:(?:ignore (?:(?:all|any) (?:of )?)?(?:{_OURS}|all)"
    rf"|(?:forget|disregard) (?:(?:all|any) (?:of )?)?{_OURS}) (?:\w+ ){{0,2}}{_INSTRUCTIONS}"
    rf"|(?:show|tell|give|read|repeat|reveal|print) (?:me |us )?your (?:\w+ )?{_INSTRUCTIONS}"
    r"|your (?:own |whole |full )?(?:system|hidden) prompt)\b"
)
"""Orders that are given to nobody but a program, where nobody is told of who does so."""
_LEADS_TO_ORDER: Final = re.compile(
    r"(?:.*\b)?(?:and|then|now|please|but|so|just|can you|could you|would you|will you|you must|you will"
    r"|i (?:want|order|need|command|tell) (?:you to|to (?:hear|see|read|know))|from now on|what is|what's"
    r"|what are) "
)
_SOMEBODY_DOES: Final = re.compile(
    r"\b(?:i|we|they|he|she|people|everybody|nobody|somebody|someone|customers|drivers) "
    r"(?!(?:want|order|need|command|tell) (?:you|to (?:hear|see|read|know))\b|(?:am|are) your\b)"
)
_BEGINNING: Final = (
    r"(?:(?:um|uh|er|oh|hey|well|so|look|okay|ok|no|and|but|then|now|please|just|instead|from now on|can you"
    r"|could you|would you|will you|i want you to|i order you to) )*"
)
_ROLE: Final = (
    r"(?:(?:evil|helpful|different|normal|real|linux|python|unrestricted|uncensored) )*"
    r"(?:pirate|poet|assistant|therapist|doctor|lawyer|friend|developer|programmer|terminal|shell|dan|comedian"
    r"|teacher|coach|tutor|translator|girlfriend|boyfriend|chatbot|bot|ai|language model|model|expert"
    r"|interviewee|participant|person|human|character|calculator|search engine|hacker|storyteller|novelist)"
)
"""What people tell programs to be; a team and a manager are what people are told to be."""
_ORDERS_FIRST: Final = re.compile(
    _BEGINNING + rf"(?:ignore (?:all |any )*(?:the )?{_INSTRUCTIONS}(?= and | you |$)"
    rf"|(?:(?:show|tell|give|read|repeat|reveal|print) (?:me |us )|(?:reveal|print) )"
    rf"the (?:\w+ )?{_INSTRUCTIONS}(?= and |$)"
    r"|(?:(?:show|tell|give|read|repeat|reveal|print|what(?:'s| is)|enter|activate|enable|go into|switch to) "
    r"(?:me |us )?(?:the |a )?)?(?:(?:system|hidden) prompt|jailbreak|developer mode)(?= and | now$|$)"
    r"|you are now (?:a |an |my |the |dan\b)|pretend (?:to be (?:a|an|my|the)|you are|that you are)\b"
    rf"|(?:act|behave) as (?:if you (?:are|were) )?(?:a |an |my |the )?{_ROLE}\b"
    r"|tell (?:me|us) a joke|write (?:me |us )?(?:a|an|some) (?:poem|code|story|essay|song|haiku)"
    r"|sing (?:me |us )?a |what(?:'s| is) the weather)"
)
"""Orders at the beginning of a sentence; in the middle of one they are told of somebody else."""
_SENTENCES: Final = re.compile(r"[.!?;\n]+\s*")
_DIGRESSES: Final = re.compile(
    r"\b(?:by the way|anyway|you know how (?:it|these|things|that)|(?:that|which) reminds me"
    r"|but (?:that's|that is) another|i could go on|long story short|where was i)\b",
    re.IGNORECASE,
)
_JOINS: Final = re.compile(r"[.,;:!?]|\b(?:and|but|so|because|or|then)\b", re.IGNORECASE)
_MOST_WORDS: Final = 14
"""A longer utterance says something else besides."""
_FEWEST_KEPT: Final = 5


def asks_who_we_are(text: str) -> bool:
    """The participant wants to know whether anybody is there."""
    heard = plain(text)
    return heard.count(" ") < _MOST_WORDS and _ASKS_WHO.fullmatch(heard) is not None


def asks_why_we_ask(text: str) -> bool:
    """The participant wants to know what a question is good for."""
    heard = plain(text)
    return heard.count(" ") < _MOST_WORDS and _ASKS_WHY.fullmatch(heard) is not None


def attacks(text: str) -> bool:
    """Nothing but anger at the question, or at whoever asks it."""
    heard = plain(text)
    return heard.count(" ") < _MOST_WORDS and _ATTACKS.fullmatch(heard) is not None


def addresses_the_machine(text: str) -> bool:
    """Spoken to the program, not to the question: orders, jokes, tries at its instructions. "Ignore the
    instructions on the box" is an answer."""
    return any(_orders(plain(sentence)) for sentence in _SENTENCES.split(text))


def _orders(heard: str) -> bool:
    if _ORDERS_FIRST.match(heard) is not None:
        return True
    found = _ORDERS.search(heard)
    if found is None:
        return False
    before = heard[: found.start()]
    if _SOMEBODY_DOES.search(before) is not None:
        return False
    return not before or _LEADS_TO_ORDER.fullmatch(before) is not None


def main_line(text: str) -> str:
    """The beginning of an answer, up to the clause in which it strays by its own account ("by the way");
    all of it where that leaves next to nothing."""
    found = _DIGRESSES.search(text)
    if found is None:
        return text
    joins = [joined.start() for joined in _JOINS.finditer(text, 0, found.start())]
    at = joins[-1] if joins and found.group().lower() != "anyway" else found.start()
    return text[:at] if len(text[:at].split()) >= _FEWEST_KEPT else text

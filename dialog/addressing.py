"""Whether words that would claim a right are meant for the interviewer: by what stands around them they may
be quoted, reported, supposed, or a part of a longer sentence. Finds no claim itself."""

import re
from typing import Final, get_args

import msgspec

from dialog.judgement import Right, Wish
from dialog.lexicon import is_past
from dialog.rights import LEAD_IN

_LONGEST_REASON: Final = 14
SENTENCE_ENDS: Final = ".?!…;—–\n"
"""A colon is none: what follows it is quoted."""

_BREAKS_OFF: Final = frozenset(
    "um uh er oh hey hm hmm well okay ok no sorry actually please excuse pardon wait".split()
)
"""Words ahead of a claim that set it apart from what was being told."""

_EXPLICIT: Final = re.compile(
    r"\b(?:(?:can|could|would|will|may|might) (?:you|we|i)|(?:would|do) you mind|is it (?:possible|okay|ok)"
    r"|let's|please|is there (?:a|any|somebody|someone)"
    r"|i'd (?:like|love|prefer|rather)|i (?:want|need|would like) you to"
    r"|(?:to|with|me|want|need|get) (?:\w+ ){0,3}(?:human|operator|real person|researcher|human being)"
    r"|(?:this|that|the|your|next|previous|last|another|earlier|one|my) (?:last )?(?:question|answer"
    r"|interview|call|conversation|survey|session|recording)"
    r"|what (?:was|is) (?:the question|(?:it|that) you)|what did you (?:ask|say)|from the record"
    r"|(?:strike|scratch|skip) (?:that|this one|this)|what i (?:just )?said|i said that"
    r"|i (?:didn't|did not|couldn't) (?:catch|hear|get) (?:you|what you said)"
    r"|(?:rather|like to|want to) (?:skip|stop here|stop now|pass)"
    r"|you(?:'re| are)? (?:talking|speaking|going|talk|speak) (?:too|so|very))\b"
)
"""What makes a request one to the interviewer, whatever was said before it."""

_SPEAKS: Final = (
    r"(?:say|says|said|saying|tell|tells|told|telling|ask|asks|asked|asking|yell\w*|shout\w*|scream\w*"
    r"|whisper\w*|think|thinks|thought|thinking|wonder\w*|reply|replied|replies|answered|answers|beg|begs|begged"
    r"|begging|cry|cried|cries|text|texts|texted|texting|write|writes|wrote|written|writing|add|adds|added"
    r"|insist\w*|suggest\w*|demand\w*|order\w*|explain\w*|announce\w*|mutter\w*|call|calls|called"
    r"|repeated|repeats|kept repeating|goes|heard|read|reads|warn\w*|joke|jokes|joked|joking"
    r"|realise\w*|realize\w*|felt|knew|decide\w*|remark\w*|message\w*|beg|pleaded|urged"
    r"|sang|sing|sings|barked|barks|snapped|signed|printed|reading|spelled|interrupted)"
)
_SOMEBODY: Final = (
    r"(?: (?:to|at|for))?(?: (?:me|him|her|them|us|you|myself|himself|herself|themselves|everybody|everyone"
    r"|somebody|someone|people|mom|mum|dad|sir|guys|man|honey|doctor|boss|mister"
    r"|(?:the|my|his|her|our|their|your|a|an|this|that|one|each) (?:\w+ )?\w+))?"
)
_REPORTS: Final = re.compile(
    rf"\b(?:{_SPEAKS}{_SOMEBODY}|(?:was|is|were|are|am|be|been|just|all|i'm|he's|she's|they're|we're) like)"
    r"(?: (?:that|if|whether|okay|ok|well|hey|oh|um|uh|no|like|look|please|and|loudly|again|back|out|just"
    r"|always|quietly))*$"
)
"""How the words before a quotation end."""
_QUOTES: Final = re.compile(
    r"\b(?:(?:he|she|they|i|we|it) (?:went|go)|(?<!thing )(?<!problem )(?<!truth )(?:is|was|were|be|been)"
    r"|(?:sign|button|slogan|motto|phrase|rule|message|words?|title|song|note|line|label|instruction))"
    r"(?: (?:all|just|always|okay|ok|oh))*$"
)
"""How they may end where the quotation is said in the same breath."""
_WAS_TO_SAY: Final = re.compile(
    r"\bi(?:'m| was| am| wanted| just wanted| have| meant|'d like| would like)"
    r"(?: just| about| going| gonna)* (?:to )?(?:say|ask)$"
    r"|(?:nothing|what|much|more|all|anything)(?: \w+){0,3} to (?:say|add|tell)$"
)
"""No quotation follows these, though they end in a word for speaking."""
_SUBORDINATES: Final = re.compile(
    r"(?:^| )(?:where|how|why|who|when|whether|if|what|which|whenever|wherever|unless|than|to|because|until"
    r"|not|never|don't|didn't|that's)$"
)
_REPORTED_AFTER: Final = re.compile(
    rf"(?:(?:i|he|she|they|we|you|it|people|everybody|somebody|(?:the|my|our|his|her|their) \w+|[a-z]+)"
    rf"(?: (?:had|just|always|would|kept|then))? {_SPEAKS}|(?:and|or|but|then|so) (?!please|thank|i'm sorry)"
    r"|(?:is|was|were|are|became|sounds?|made|came|meant|means|kind|type|button|sign|thing|to|for|with"
    r"|about|of|in|at|on|when|until|after|from|by|into|all|every|twice|again)\b)"
)
"""What makes a quotation, or a part of a longer sentence, of the words before it."""
_REASON: Final = re.compile(
    r"(?:because|cause|sorry|please|thanks|thank|i|i'm|i've|i'd|i'll|it's|it|that's|there's|there|this is"
    r"|somebody|someone|somebody's|someone's|you|you're|we|we're|if|just|as soon"
    r"|(?:since|as|before|until) (?:i|i'm|it|it's|he|she|we|you|they|my|the)"
    r"|(?:my|the|your|that|this) (?:\w+ ){0,2}?(?:\w+'s|\w+(?: \w+ly)? (?:is|are|was|has|have|had|needs?"
    r"|keeps?|just|will|won't|can't|isn't|doesn't|died|rings|rang|ringing|hurts|makes?|wants?|comes|came"
    r"|goes|went|calls|calling|arrived)))\b(?! (?:age|own)\b)"
)
"""How a reason begins. What has no verb behind "my" or "the" is what the words before it are about: "I'd like
to stop the medication"."""
_STATED: Final = re.compile(
    r"(?:(?:my|the|our|this|that) \w+(?: \w+)? |(?:this|that) \w+s\b|(?:he|she|they)(?:'s|'re| )|what's )"
)
"""How one begins behind a comma, where any sentence is one: "can we stop here, my bus leaves soon"."""
_ELSEWHERE: Final = re.compile(r"\b(?:it's|it is|it was|they're) .*\bthere$")
"""What is left is another place than this talk: "I'd like to leave, it's too loud there"."""
_PRESENT_REASON: Final = re.compile(
    r"(?:(?:i (?:really |just )?(?:don't|can't|cannot|do not|won't|need|want|feel|think|am|have to|'m)"
    r"|i'm|it's (?:too|very|so|really|just)|this is|that's (?:too|very|private|personal|enough)|because"
    r"|please|sorry|my (?:phone|door|doorbell|baby|kid|child|dog|boss|line|battery)|somebody's|someone's"
    r"|somebody is|someone is|there's)\b)"
)
_STRIKE_REASON: Final = re.compile(
    r"(?:because|please|sorry|i (?:don't|do not|shouldn't|should not|wouldn't|didn't mean|want|would)"
    r"|that's (?:too |very |really |so )?(?:private|personal|confidential|wrong|not)"
    r"|it's (?:too |very |really |so )?(?:private|personal|confidential|wrong|not|nobody)|nobody|this is"
    r"|my \w+ (?:would|might|could))\b"
)
"""Other words behind "strike that" are what is said in its stead: a repair, and no claim."""
GOES_ON: Final = frozenset(
    "a an the my your his her our their its this that these those some any no every each to of at by for "
    "from with into onto in on up off out over under i he she we they who which don't doesn't didn't "
    "not never can't won't wouldn't couldn't should could would can will must might shall did does do has "
    "have had is are was were be been being bus train tram full short pit next last final first very too so "
    "more us him you always never usually sometimes often i'd i'll i've we'd we'll they'd they'll he'd "
    "she'd you'd you'll people everybody".split()
)
"""After these a single word ("stop", "next", "back") only goes on with the sentence."""
_ADDRESSED: Final = re.compile(
    r"(?:can|could|would|will|may|might|do|is|let's|i'd|i|what|you|you're|don't)\b|.*\bplease$"
)
"""How a request begins that is no part of the sentence before it."""
_TOLD: Final = re.compile(
    r"i (?:(?:didn't|did not|couldn't|could not|don't|can't) (?:catch|hear|get|understand)|missed|lost)"
)
"""A statement that is a request only to whom it is made."""
_OF_THE_TALK: Final = re.compile(
    r"\b(?:(?:this|that|the|your|next|previous|last|another|earlier|my|different)"
    r" (?:last |next |whole |very )?(?:questions?|answers?|interview|survey|conversation|recording|session)"
    r"|what (?:was|is) (?:it (?:that )?you|the question)|what did you (?:just )?(?:ask|say)"
    r"|what (?:it was )?you (?:just )?(?:asked|said)|what i(?:'ve)? (?:just )?(?:said|told you)|i said that"
    r"|(?:from|on|in) the record|the transcript|your notes|(?:strike|scratch) that"
    r"|(?:skip|pass on) (?:that|this)(?: one)?|(?:don't|do not) (?:record|write|quote|note) (?:that|this|it)"
    r"|you(?:'re| are)? (?:talking|speaking|going|talk|speak) (?:too|so|very|way|a bit|a little|much)"
    r"|the researchers?|(?:your|the|this) (?:research )?team|talk(?:ing)? to you)\b"
)
"""Words for the talk itself."""
_ASKED: Final = re.compile(
    r"(?:can|could|would|will|may|might|should) (?:you|we|i|somebody|someone)\b|(?:would|do) you mind\b"
    r"|(?:is|would) it (?:be )?(?:possible|okay|ok|alright|fine)\b|let's\b|please\b|how about\b|any chance\b"
    r"|is there (?:a|an|any|somebody|someone|anybody|anyone)\b|i(?:'d| would) like you to\b"
    r"|i need you to\b|i want you to\b|don't\b|.*\bplease\b"
)
"""A request that is made to somebody."""
_TURNS_ASIDE: Final = frozenset("sorry actually excuse pardon wait please hang hold listen".split())
"""Words with which people turn from what they tell to whom they tell it."""
_SUPPOSES: Final = re.compile(r"\b(?:if|when|whenever|unless|every time|each time|would)\b(?: \S+){0,12}$")
_WISHES: Final = re.compile(
    r"i(?:'d| would)? (?:\w+ )?(?:like|want|need|prefer|rather)\b.*"
    r"\b(?:here|now|for (?:now|today|a (?:moment|minute|second|bit|while)))$"
)
"""A statement of what somebody wants at this very moment."""
_STRIKES: Final = re.compile(
    r"\b(?:answers?|reply|records?|recording|transcript|notes|interview"
    r"|everything i(?:'ve)? (?:just )?(?:said|told you)"
    r"|what i(?:'ve)? (?:just )?(?:said|told you)|i said (?:that|it)"
    r"|(?:strike|scratch|striking|scratching) (?:that|this|it)"
    r"|(?:don't|do not|not) (?:record|write|quote|include|note|store|save|keep|use|put|count) \w+)\b"
)
"""What erases an answer for good has to name it: "please delete that" is said of photos, too."""
ASKED_FIRST: Final = frozenset(get_args(Wish))
"""A question is all that hearing one of these too much costs."""


class Around(msgspec.Struct, frozen=True):
    """What stands before and after the words of a claim, and whether it begins a breath, or a sentence."""

    before: str
    after: str
    breath: bool
    sentence: bool
    marked: bool = False
    """Whether a mark stands between them and what is after."""


def is_meant(right: Right | Wish, claim: list[str], around: Around) -> bool:
    """Whether words that would claim a right are meant to."""
    text = " ".join(claim)
    led = LEAD_IN.match(text)
    led_in = text[: led.end()].split() if led is not None else []
    core = text[led.end() :] if led is not None else text
    apart = around.sentence or not _BREAKS_OFF.isdisjoint(led_in)
    before = around.before
    while before and before.split()[-1] in _BREAKS_OFF | {"so", "and", "but", "then", "now"}:
        apart |= before.split()[-1] in _BREAKS_OFF
        before = before.rpartition(" ")[0]
    explicit = _EXPLICIT.search(text) is not None
    stated = around.marked and explicit and _STATED.match(around.after) is not None
    if around.after and not _explains(right, around.after, explicit, apart, stated):
        return False
    if right == "strike" and not (_STRIKES.search(text) or (not around.before and _ASKED.match(text))):
        return False
    if not before:
        return explicit or around.breath
    if is_told(before, around):
        return False
    if _TOLD.match(core) and not explicit:
        return apart
    if right in ASKED_FIRST and (around.breath or around.sentence):
        return before.split()[-1] not in GOES_ON
    return _is_for_us(text, core, around, before, aside=_TURNS_ASIDE & {*led_in, *_last_words(around.before)})


def is_told(before: str, around: Around) -> bool:
    """Whether the words before make a quotation of what comes, or a part of their own sentence."""
    if around.sentence or _WAS_TO_SAY.search(before):
        return False
    quoted = _REPORTS.search(before) or (not around.breath and _QUOTES.search(before))
    return bool(quoted or _SUBORDINATES.search(before))


def _is_for_us(text: str, core: str, around: Around, before: str, *, aside: frozenset[str]) -> bool:
    """Whether nobody but the interviewer can be meant. People who tell of their lives say "I need a break",
    "I want to stop" and "next" of these: such words are theirs unless they turn aside with "sorry" first."""
    goes_on = before.split()[-1] in GOES_ON and not around.sentence
    apart = around.breath or around.sentence or bool(aside)
    if _OF_THE_TALK.search(text):
        return apart or bool(_ADDRESSED.match(core)) or not goes_on
    if _ASKED.match(core):
        return not goes_on and (apart or not supposed(before, around))
    if apart and _WISHES.match(core):
        return not goes_on and not supposed(before, around)
    return bool(aside) and not goes_on


def _last_words(before: str) -> list[str]:
    return before.split()[-2:]


def supposed(before: str, around: Around) -> bool:
    """Whether what comes is what somebody would ask for, if."""
    return not around.sentence and _SUPPOSES.search(before) is not None


def _explains(right: Right | Wish, after: str, explicit: bool, apart: bool, stated: bool) -> bool:
    """Whether what follows a claim gives a reason for it, rather than making it part of a sentence."""
    if after.count(" ") >= _LONGEST_REASON or _REPORTED_AFTER.match(after):
        return False
    if right == "stop" and _ELSEWHERE.search(after):
        return False
    if right in ("strike", "erase_all", "withdraw"):
        return _STRIKE_REASON.match(after) is not None
    if stated:
        return True
    if explicit or (apart and not any(is_past(word) for word in after.split())):
        return gives_a_reason(after)
    return _PRESENT_REASON.match(after) is not None


def gives_a_reason(after: str) -> bool:
    """Whether what stands behind a claim may be the reason for it."""
    return _REASON.match(after) is not None

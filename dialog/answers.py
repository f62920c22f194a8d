"""What an answer is made of: how much it says, what makes it concrete, and whether it is an answer at all.
Judges words alone; what follows from it is decided elsewhere."""

import re
from typing import Final, Literal

import msgspec

from dialog.judgement import Distress
from dialog.lexicon import (
    DATES,
    EMPTY_WORDS,
    NUMBERS,
    Word,
    content_stems,
    is_content,
    is_past,
    lower_words,
    plain,
    stem,
    words_of,
)

Marker = Literal["number", "time", "name", "person", "example", "past", "reason", "sequence", "feeling"]

PREDICATES: Final = frozenset(
    "good bad nice fine great okay hard easy difficult complicated confusing weird strange interesting "
    "different messy "
    "tricky annoying crazy intense stressful chaotic awful terrible horrible amazing wonderful special "
    "important "
    "normal typical simple complex slow clunky painful tough rough smooth useful helpful useless boring "
    "exciting "
    "overwhelming frustrating disappointing unclear clumsy unfair ridiculous fun scary lovely "
    "challenging tiring".split()
)
"""Words that judge without showing what they stand for: each may be asked about."""
PALE: Final = frozenset("good bad nice fine great okay easy hard different interesting".split())
"""The palest of them: asked about only when there is nothing better."""
FEELINGS: Final = frozenset(
    "frustrated annoyed angry sad happy excited proud scared afraid nervous anxious worried stressed "
    "overwhelmed "
    "lonely ashamed embarrassed relieved disappointed upset grateful guilty hopeful furious terrified "
    "devastated "
    "exhausted heartbroken lost helpless joy grief shame fear anger relief pride panic".split()
)
STRONG_FEELINGS: Final = frozenset(
    "furious terrified devastated heartbroken ashamed grief lonely overwhelmed helpless panic scared cried "
    "crying "
    "tears".split()
)
_FELT: Final = FEELINGS | STRONG_FEELINGS
PEOPLE: Final = frozenset(
    "mother father mom dad mum sister brother wife husband partner son daughter friend friends boss manager "
    "colleague "
    "colleagues neighbor neighbors teacher doctor nurse sisters brothers sons daughters parents grandparents "
    "teachers doctors nurses cousins aunts uncles bosses "
    "managers clients coaches grandmother grandfather aunt uncle cousin customer "
    "customers "
    "client team kids children coworker roommate girlfriend boyfriend coach director".split()
)
_GENERAL: Final = re.compile(
    r"\b(?:usually|always|generally|in general|typically|normally|mostly|most of the time|often|tend to"
    r"|tends to|it depends|"
    r"depends on|every time|all the time|people (?:just |always |usually )?\w+|you know how|one does"
    r"|you (?:just |always |usually |kind of )?"
    r"(?:have to|need to|get|do|go|try|learn)|from time to time|sometimes|everybody|everyone|whenever"
    r"|on the whole)\b"
)
_EXAMPLE: Final = re.compile(
    r"\b(?:for example|for instance|one time|this one time|the other day|there was (?:a|this|one)"
    r"|i remember|last (?:time|week|"
    r"month|year|night|summer|winter|spring|fall|monday|tuesday|wednesday|thursday|friday|saturday|sunday)"
    r"|yesterday|once i|"
    r"when i was|one day|one morning|one evening|one night|that day|such as|the first time)\b"
)
_REASON: Final = re.compile(
    r"\b(?:because|cause|since (?:i|we|it|they|the)|so that|the reason|that's why|which is why|due to"
    r"|in order to|led to|"
    r"as a result|otherwise|that made (?:me|us|it)|made me|i wanted to|we wanted to|so i could|so we could"
    r"|thanks to)\b"
)
_SEQUENCE: Final = re.compile(
    r"\b(?:then|after that|afterwards|after (?:i|we|they|that|the)|next|finally|in the end|eventually"
    r"|first of all|at first|first|"
    r"later|before (?:i|we|they|that)|started|began|ended up|until)\b"
)
_CONFIDENT: Final = re.compile(
    r"\b(?:definitely|certainly|no doubt|without a doubt|absolutely|obviously|always|never|the best"
    r"|the worst|of course|i'm sure|"
    r"i am sure|hundred percent|everybody|nobody)\b"
)
_VAGUE_NUMBERS: Final = frozenset("one once couple twice half".split())
_NAMED: Final = re.compile(r"\b(?:called|named|name is|name was|at a place called)\s+\w+")
_NAME_IN_TEXT: Final = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]{2,}\b")

_LEAD_IN: Final = (
    r"(?:(?:um|uh|er|oh|well|so|yeah|no|sorry|honestly|actually|hmm|hm|like|okay|look|you know|to be honest"
    r"|and|"
    r"but|just|please) )*"
)
_KNOWS_NOT: Final = re.compile(
    _LEAD_IN + r"(?:i (?:really |honestly |just |actually )?(?:don't|do not|can't|cannot|couldn't) (?:really "
    r"|quite |even )?"
    r"(?:know|remember|recall|think of (?:anything|any|one)|say|tell)(?: that| it| really| anything"
    r"| right now| for sure| to be honest| what to say| offhand)*|"
    r"(?:i'm |i am )?not (?:really )?sure(?: really| about that| honestly| what to say)*|(?:i have "
    r"|i've got |i've )?no (?:idea|clue)(?: really| honestly)*|"
    r"nothing(?: really)?(?: comes to mind| in particular| special| much| specific)?|not (?:much|really"
    r"|that i (?:know|recall|remember|can think of))|"
    r"(?:(?:that|it)(?:'s| is) )?(?:really |quite |very )*(?:hard|difficult|tough) to (?:say|tell)"
    r"(?: in general)?"
    r"|dunno|who knows|nope|no|never thought about (?:it|that))(?: (?:sorry|really|honestly"
    r"|though|i guess|i don't know|no idea))*"
)
_REFUSES: Final = re.compile(
    r"\b(?:(?:i'd|i would|we'd) (?:really )?(?:rather|prefer) (?:not\b|to not|keep that|to keep that)"
    r"|prefer not to|rather not (?:say|answer|talk|go|discuss|get)|"
    r"(?:don't|do not) (?:really )?(?:want|wish|care) to (?:talk|speak|answer|discuss|say|share|go|get"
    r"|tell)(?: \w+){0,2} ?(?:about (?:that|it|this)|that|this|"
    r"into (?:that|it|this)|there|you|it)?$|no comment|none of your business|(?:that's|it's"
    r"|that is) (?:too )?(?:private|personal|confidential|none of your)|"
    r"(?:can't|cannot|won't|not going to|not gonna) (?:answer|discuss|talk about|share|tell you|get into"
    r"|go into) (?:that|this|it|about)|not comfortable)"
)
_TOLD: Final = re.compile(
    _LEAD_IN + r"(?:(?:like |as )?i (?:already |just |have already |'ve already )?(?:told you|said|mentioned"
    r"|answered|explained|covered)"
    r"(?: (?:that|it|this|already|before|earlier|so|you|all|just now|a minute ago|everything|about))*"
    r"|i've (?:already |just )?(?:told|said|answered|mentioned|explained|"
    r"covered) .{0,30}|(?:same|that's the same) (?:as|thing as|answer as) (?:before|i said.{0,12}|earlier)"
    r"|you (?:already )?asked (?:me )?(?:that|this)(?: already| before)?|"
    r"(?:as|like) i said(?: before| already| earlier)?|see (?:above|before))"
)
_ASKS_BACK: Final = re.compile(
    _LEAD_IN + r"(?:(?:i'm not sure |i don't (?:really |quite )?(?:know|understand|get) )?what (?:do|did"
    r"|exactly do|exactly did) you mean.{0,60}|i don't (?:really |quite )?"
    r"(?:understand|get)(?: (?:the question|what you mean|what you're asking|that|it|you|what you.{0,30}))?"
    r"|i (?:didn't|did not) understand.{0,30}|"
    r"(?:in|at) what (?:sense|way|respect|context)|(?:can|could) you (?:please )?(?:clarify|explain"
    r"|be more specific|give me an example|rephrase).{0,40}|"
    r"what (?:kind|sort|type) of .{1,40}|like what|such as what|what (?:exactly )?(?:are|is"
    r"|were) you (?:asking|looking|referring).{0,30}|"
    r"(?:do|did) you mean .{1,60}|you mean .{1,50}|meaning what|for example what|what does that mean"
    r"|what's that|which one|what would be an example"
    r"|why (?:do|would|should) (?:you|i|anyone|anybody) (?:want|need|have|care)(?: to)? ?(?:know|ask|tell"
    r"|hear)?(?: you)?"
    r"(?: (?:that|this|it|about (?:that|this|it)))?|why (?:are|do) you ask(?:ing)?(?: me)?(?: (?:that|this))?"
    r"|what(?:'s| is) (?:that|this) (?:for|about|good for)|who wants to know)"
)
_OPINION: Final = re.compile(
    _LEAD_IN
    + r"(?:what (?:do|would|did) you (?:think|do|say|prefer|recommend|suggest)|what's your (?:opinion"
    r"|view|take|favorite|experience)|how about you|what about you|"
    r"and you|do you (?:think|like|agree|have|ever|prefer)|have you ever|would you)\b"
)
_SEVERE: Final = re.compile(
    r"\b(?:kill(?:ing)? myself|suicid\w+|end(?:ing)? my (?:own )?life|take my (?:own )?life"
    r"|want(?:ed)? to die|(?:hurt|hurting|harm|harming|cut|cutting) myself|"
    r"self harm|(?:don't|do not|didn't) want to (?:live|be alive|be here) anymore|no reason to live"
    r"|better off dead)\b"
)
_MODERATE: Final = re.compile(
    r"\b(?:i (?:can't|cannot) (?:talk|speak|think) about (?:this|that|it)(?: anymore| right now|$)"
    r"|(?:this is|it's|that's) too (?:painful|upsetting|much for me)|i'm having a panic attack|"
    r"i (?:can't|cannot) (?:breathe|stop crying|stop shaking)|i'm (?:shaking|falling apart|breaking down))\b"
)
_MILD: Final = re.compile(
    r"\b(?:(?:sorry )?i'm (?:crying|tearing up|getting (?:emotional|upset|teary)|about to cry|going to cry)"
    r"|this is (?:really )?(?:hard|difficult|painful|upsetting) (?:for me )?to talk about|"
    r"(?:it's|this is) making me (?:cry|upset|sad)|sorry (?:i need|give me) .{0,20}(?:emotional|hard))\b"
)
_STATES: Final = frozenset(
    "was were had used wasn't weren't hadn't couldn't didn't hurt put let set read cut".split()
)
"""Past forms that tell of no event ("we used to go there"), or look like the present."""
_NEGATORS: Final = frozenset("not never no without hardly".split())


class Traits(msgspec.Struct, frozen=True):
    """What rules can see of an answer."""

    words: int
    content: frozenset[str]
    """Stems of the words that say something."""
    markers: frozenset[Marker]
    """What makes it concrete."""
    general: bool
    """It speaks of what is usual, not of an occasion."""
    confident: bool
    predicates: tuple[Word, ...]
    """Judging words that stand by themselves ("it was confusing") and are not denied, as written."""
    feelings: tuple[Word, ...]
    """Words of feeling that are not denied, as written."""
    strong_feeling: bool

    @property
    def concrete(self) -> int:
        """How many kinds of things tie the answer to an occasion."""
        return len(self.markers & {"number", "time", "name", "person", "example", "past"})


def traits_of(text: str) -> Traits:
    """Take an answer apart. Works on a recogniser's lower-case words without punctuation as well as on typed
    text."""
    words = words_of(text)
    lower = [word.lower for word in words]
    heard = " ".join(lower)
    feelings = tuple(w for i, w in enumerate(words) if w.lower in FEELINGS and not _denied(lower, i))
    predicates = tuple(
        word
        for i, word in enumerate(words)
        if word.lower in PREDICATES and not _denied(lower, i) and _stands_alone(text, words, i)
    )
    return Traits(
        words=len(words),
        content=frozenset(stem(w) for w in lower if is_content(w) and w not in EMPTY_WORDS),
        markers=_markers(text, lower, heard, bool(feelings)),
        general=_GENERAL.search(heard) is not None,
        confident=_CONFIDENT.search(heard) is not None,
        predicates=predicates,
        feelings=feelings,
        strong_feeling=any(word in STRONG_FEELINGS for word in lower),
    )


def _markers(text: str, lower: list[str], heard: str, feels: bool) -> frozenset[Marker]:
    found: set[Marker] = set()
    if any(word[0].isdigit() or (word in NUMBERS and word not in _VAGUE_NUMBERS) for word in lower):
        found.add("number")
    if any(word in DATES for word in lower) or re.search(r"\b(?:19|20)\d\d\b", heard):
        found.add("time")
    if _NAMED.search(heard) or any(not _is_date(one.group()) for one in _NAME_IN_TEXT.finditer(text)):
        found.add("name")
    if any(word in PEOPLE for word in lower):
        found.add("person")
    if _EXAMPLE.search(heard):
        found.add("example")
    if sum(is_past(word) for word in lower) >= 2:
        found.add("past")
    if _REASON.search(heard):
        found.add("reason")
    if _SEQUENCE.search(heard):
        found.add("sequence")
    if feels:
        found.add("feeling")
    return frozenset(found)


def _is_date(name: str) -> bool:
    return name.lower().removesuffix("s") in DATES


def _denied(lower: list[str], place: int) -> bool:
    return any(word in _NEGATORS or word.endswith("n't") for word in lower[max(0, place - 3) : place])


def _stands_alone(text: str, words: list[Word], place: int) -> bool:
    """No noun follows that the word would belong to ("a good friend"): only then can it be asked about by
    itself."""
    if place + 1 >= len(words):
        return True
    between = text[words[place].end : words[place + 1].start]
    return any(mark in between for mark in ".,;:!?") or not is_content(words[place + 1].lower)


def distress_in(text: str) -> Distress | None:
    """Plain words of acute distress, by a small list; a sad story told calmly is none."""
    heard = plain(text)
    if _SEVERE.search(heard):
        return "severe"
    if _MODERATE.search(heard):
        return "moderate"
    return "mild" if _MILD.search(heard) else None


def does_not_know(text: str) -> bool:
    heard = plain(text)
    return heard.count(" ") < 25 and _KNOWS_NOT.fullmatch(heard) is not None


def refuses(text: str) -> bool:
    heard = plain(text)
    return heard.count(" ") < 25 and _REFUSES.search(heard) is not None


def says_told_already(text: str) -> bool:
    heard = plain(text)
    return heard.count(" ") < 18 and _TOLD.fullmatch(heard) is not None


def asks_back(text: str) -> bool:
    """The participant wants to know what the question means."""
    heard = plain(text)
    return heard.count(" ") < 18 and _ASKS_BACK.fullmatch(heard) is not None


def asks_opinion(text: str) -> bool:
    """The participant turns the question on the interviewer."""
    heard = plain(text)
    return heard.count(" ") < 12 and _OPINION.match(heard) is not None


def probe_failed(reply: str, before: str) -> bool:
    """Whether a reply to a probe brought nothing: at most 8 words without a new content word against `before`
    (the answer so far), a don't-know, a refusal, or "I told you"."""
    if does_not_know(reply) or refuses(reply) or says_told_already(reply):
        return True
    return len(lower_words(reply)) <= 8 and not content_stems(reply) - content_stems(before)


def tells_of_something(text: str) -> bool:
    """Whether anything happened in it, or was done; what only was so leads to nothing."""
    return any(is_past(word) and word not in _STATES for word in lower_words(text))


def speaks_of_feeling(text: str) -> bool:
    """Whether any word of feeling is in it: after one, no noise of ours is right."""
    return not _FELT.isdisjoint(lower_words(text))

"""Verdicts and views of the interviewer's own: praise, pity, agreement, opinions, advice. None of them is
ever neutral, whatever follows."""

import re
from itertools import pairwise
from typing import Final

from dialog.guarding.neutral import NEUTRAL, WISHED_FOR
from dialog.guarding.said import Said, lemma, lemmas
from dialog.lexicon import is_past, lower_words

_GOOD: Final = """
great excellent wonderful fantastic amazing awesome perfect brilliant fascinating impressive superb lovely
beautiful interesting insightful thoughtful nice good cool fun funny hilarious clever smart wise brave
courageous honest honesty helpful valuable useful inspiring incredible remarkable outstanding terrific
fabulous marvellous marvelous splendid delightful charming sweet kind generous creative resourceful thorough
vivid powerful moving touching meaningful profound compelling admirable commendable exceptional
extraordinary strong resilient patient patience resilience courage strength dedication commitment effort
attitude instinct instincts sensible reasonable relatable eloquent articulate clear fair right true correct
exciting cute neat sharp easy spot-on solid healthy proud lucky fortunate happy glad pleased delighted
thrilled
impressed grateful wow better best
""".split()
_BAD: Final = """
terrible awful horrible sad tough hard difficult rough painful unfortunate ridiculous frustrating annoying
stressful exhausting overwhelming heartbreaking devastating scary frightening terrifying upsetting
disappointing discouraging confusing challenging demanding draining tiring lonely boring weird strange odd
bad worse worst wrong incorrect unfair unacceptable outrageous crazy insane wild intense traumatic tragic
shame pity nightmare mess chaos disaster pain bummer nuisance hassle struggle ordeal poor unlucky
inconvenient awkward embarrassing uncomfortable unpleasant nasty rude sorry shocking appalling brutal harsh
unsettling worrying concerning alarming dangerous careless silly stupid foolish childish petty pathetic
selfish
lazy reckless irresponsible unprofessional naive absurd cruel pointless useless silliness dishonest
""".split()
_WEIGHED: Final = """
understandable normal natural valid common typical classic legitimate justified expected surprising relevant
important interesting lot much huge big rare unusual special unique pitfall sense achievement accomplishment
progress turnaround hero heroes heroine champion inspiration legend genius saint angel warrior fighter
""".split()
EVALUATIVE: Final = frozenset(_GOOD) | frozenset(_BAD) | frozenset(_WEIGHED)
_STRONG: Final = (frozenset(_GOOD) | frozenset(_BAD)) - frozenset("right clear better best fun".split())

_SUBJECT_COPULA: Final = re.compile(
    r"\b(?:that|this|it|which|what you \w+(?: \w+){0,3}|your \w+(?: \w+)?|you)"
    r"(?:'s|'re|'ve been| is| was| are| were| sounds?| seems?| feels?| looks?| must| can| could| had to"
    r"| has been"
    r"| have been)\b(?P<rest>[^,.!?;]*)",
    re.I,
)
_EXCLAIMED: Final = re.compile(
    r"^(?:and |but |oh |ah |wow |well )?(?:what an?|what|how|such an?|so|very|really|pretty|absolutely"
    r"|truly)\b"
    r"(?P<rest>[^?]*)$",
    re.I,
)
_WHAT_A: Final = re.compile(r"^(?:oh |ah |wow |and )?(?:what an? |such an? )[^?]*!$", re.I)
_INTERJECTED: Final = re.compile(
    r"^(?:oh|ah|well|okay|and|ha|haha|aha|mm|hm)?,? ?(?:that's |how |so |very |really |pretty |quite )?"
    r"(?P<word>[a-z-]+)(?: (?P<next>[a-z]+))?(?: indeed| then| too)?(?:[,!.…]|$| [–—-])",
    re.I,
)
_INTERJECTIONS: Final = frozenset(
    "wow ouch bravo kudos congrats congratulations yikes phew hooray ha haha aww aw gosh goodness "
    "absolutely exactly"
    " precisely indeed agreed totally definitely certainly classic unfortunately sadly thankfully "
    "luckily".split()
)
_SET_PHRASES: Final = re.compile(
    r"\b(?:well (?:done|said|put|handled|played)|(?:good|nice|great|smart|clever|wise|solid|excellent"
    r"|fantastic"
    r"|amazing) (?:\w+ )?(?:job|point|thinking|call|move|catch|work|one|question|answer|idea|choice"
    r"|instincts?"
    r"|for you|on you|to (?:hear|know|see)|stuff|example|story)|fair (?:enough|point)|not bad|no wonder"
    r"|good luck"
    r"|(?:makes?|made|making) (?:\w+ ){0,3}sense|hear,? hear|(?:oh|my) (?:dear|no|god|gosh|goodness|my)"
    r"|poor (?:you|thing|her|him)|hats off|way to go|keep (?:it|that) up|can't blame you|don't blame you"
    r"|(?:you|that|it) (?:did|handled|managed|dealt|coped|made|took|takes|showed?|deserves?|should be proud)"
    r"(?: \w+){0,5}? (?:well|right(?! away| now| then| after)|great|good|best|amazing(?:ly)?|beautifully"
    r"|courage|patience|strength|guts"
    r"|effort|proud|wonderfully|nicely|job|credit)\b"
    r"|you(?:'re| are) (?:absolutely |so |quite |totally |probably |completely )?(?:right|correct|wrong"
    r"|welcome to feel"
    r"|lucky|not alone)|i(?:'d| would)? (?:really |truly |totally |just |do |so |can |also |completely )*"
    r"(?:love (?:that|this|it|how|your)|like (?:that|this|it|how|your)|appreciate|admire|respect"
    r"|sympathi[sz]e|empathi[sz]e"
    r"|feel for|feel you|hear you|relate)\b"
    r"|i(?:'m| am) (?:really |so |very |truly |deeply |just |also |quite )*(?:sorry|glad|happy to (?:hear"
    r"|know|see)|impressed"
    r"|proud|touched|moved|grateful|delighted|thrilled|amazed|pleased|sad|shocked|surprised|relieved)"
    r"|(?:so |very |really )?(?:sorry|glad|happy|sad|pleased|good|nice|great|wonderful) (?:to (?:hear|know"
    r"|see)|you)"
    r"|i can (?:really |totally |only |certainly |completely |well |definitely )?(?:see|imagine|understand"
    r"|hear|tell"
    r"|appreciate|picture) (?:why|how|that|what|it|this|your)"
    r"|(?:thank you|thanks)(?: so much| very much| a lot)? for (?:being|such|sharing|your|that \w+ \w*"
    r"|opening|trusting"
    r"|the (?:great|honest|detailed|thoughtful|rich))|love (?:that|it)\b"
    r"|(?:that|this|it)(?:'s| is| was) (?:really |very |so |quite |such )?(?:a lot|too bad|fine by me"
    r"|the spirit|the way"
    r"|what i like|music)|nobody should|no one should|(?:it|that) takes (?:\w+ ){0,3}(?:courage|patience"
    r"|strength|guts"
    r"|effort)|lucky (?:you|to have)|good for (?:you|her|him|them))",
    re.I,
)  # fmt: skip

_ADVISES: Final = re.compile(
    r"^(?:(?:well|so|or|then|and|maybe|perhaps),? )*you (?:could|can|might|may)\b"
    r"|^(?:(?:well|so|then|and|but|please|just|also|always|next time),? )*(?:remember to|make sure|be sure"
    r"|be careful"
    r"|don't forget|take care|mind (?:that|you)|try (?:to|not)|consider)\b"
    r"|\b(?:nobody|no one|everyone|everybody|anyone|we all|all of us) (?:should|ought|needs? to|has to)\b"
    r"|\b(?:(?:in|to) my (?:opinion|view|mind|experience|eyes)|if (?:i were you|it were (?:me|up to me))"
    r"|personally,? (?:i|that)"
    r"|my (?:advice|opinion|view|take|suggestion|recommendation)|for what it's worth|as far as i'm concerned"
    r"|(?:you|they|we|one|people|everyone|everybody|he|she|companies|managers) (?:really |probably "
    r"|definitely |simply )?"
    r"(?:should(?:n't)?|ought|had better|need to|needs to|have got to|deserve to)\b"
    r"|you (?:could(?: always| maybe| also)? (?:try|ask|use|get|set|do|consider|just|talk|call|start|make"
    r"|look|take)"
    r"|might (?:want|like|try|consider|find)|may want|must (?!have)|can always|'d better|need (?:a|an|some"
    r"|more|to)\b)"
    r"|have you (?:ever )?(?:tried|considered|thought (?:about|of)|looked into)|why (?:don't|not"
    r"|didn't) you|what if you"
    r"|(?:it|that)(?: would|'d| might| could| may|'s|'s| is| can)?(?: \w+)?"
    r" (?:help|be (?:better|best|good|worth|wise|easier|helpful|an idea|useful)|best|better|wise|worth"
    r"|important"
    r"|crucial|essential|advisable|recommended|smart|safer|good idea)(?: \w+)? (?:to|if|for you|adding"
    r"|trying|having"
    r"|talking|doing|looking|checking)\b"
    r"|the best (?:way|thing|approach|solution|option|time)|(?:one|another|the) (?:option|thing you could"
    r"|solution|idea|trick|tip|way)"
    r" (?:is|would be|might be|could be|try|for this)|(?:maybe|perhaps|just|why not|simply|next time,?"
    r"|always|never|better|do)"
    r" (?:try|ask|use|get|consider|talk|call|start|make|think about|look into|wear|write|keep|avoid"
    r"|remember to)\b"
    r"|(?:is|are|would be|'s) (?:the key|key|a must|the answer|the solution|worth|the way (?:to go"
    r"|forward))\b"
    r"|(?:usually|generally|often|always|tends? to|really) (?:works?|helps?|makes?|pays?|goes|leads?)\b"
    r"|i(?:'d| would|'ve| have|'ll| will| do| also| really| strongly| personally| honestly| actually"
    r"| always| just)*"
    r" (?:think|believe|suggest|recommend|advise|agree|disagree|doubt|suspect|bet|guess|assume|reckon"
    r"|propose|argue|say that"
    r"|find|prefer|understand how|understand (?:that|why|completely|you)|know (?:how|what|that|exactly)"
    r"|side with|urge"
    r"|vote|favou?r|support|feel that|feel like|feel you)\b"
    r"|i(?:'d| would) (?:have|say|never|rather|not|definitely|probably|always|go|do|call|ask|change|sue"
    r"|complain|leave)\b"
    r"|i understand\b|don't (?:worry|let|be|feel bad)|no need to worry)",
    re.I,
)  # fmt: skip
_WANTS_TO_HEAR: Final = re.compile(
    r"\bi(?:'d| would) (?:love|like|be (?:curious|interested)|want)(?: you)? to (?:hear|know|understand"
    r"|learn|ask|go back"
    r"|stay|come back|tell|take|think|hear)\b|\bi(?:'m| am) (?:curious|interested|wondering|listening)\b",
    re.I,
)

_LEADING: Final = (
    r"(?:and|so|well|yes|but|then|because|since|as|when|while|after|before|if|now|okay|right|earlier"
    r"|given that|seeing that|considering that|now that)"
)

_IN_GENERAL: Final = frozenset("is are be being am isn't aren't".split())
"""Before a participle these tell how things are ("is made of"), not what happened."""
_SUPPOSING: Final = frozenset("would could should might may will can must".split())

_ASIDE: Final = re.compile(r",? i (?:assume|suppose|guess|take it|imagine|presume|think|believe) ?\?$", re.I)
"""A tag makes a question of it, and the question is another rule's matter."""


def evaluates(sentence: str, said: Said, *, quoting: bool) -> bool:
    """Whether a sentence praises, pities, agrees or otherwise judges; their own words said back to them
    (`quoting`) don't."""
    if _SET_PHRASES.search(sentence):
        return True
    words = lower_words(sentence)
    asks = sentence.endswith("?")
    if _WHAT_A.match(sentence):
        return True
    if not asks and (found := _EXCLAIMED.search(sentence.rstrip(" .!…"))):
        if _weighs(found["rest"], EVALUATIVE):
            return True
    found = _INTERJECTED.match(sentence)
    if found and _interjects(found["word"].lower(), (found["next"] or "").lower(), len(words)):
        return True
    for found in _SUBJECT_COPULA.finditer(sentence):
        if asks and _asked(sentence, found.start()):
            continue
        weighing = _weighs(found["rest"], EVALUATIVE)
        if weighing and not ((quoting or asks) and {lemma(word) for word in weighing} <= said.lemmas):
            return True
    return False


def is_loaded(question: str, said: Said, known: frozenset[str]) -> bool:
    """Whether a verdict lies in how something is asked ("why are they so bad at it?"), and is neither theirs
    nor the question's; `known` are the lemmas of both."""
    words = lower_words(question)
    supposed = WISHED_FOR if "would" in words else frozenset()
    return any(
        word in _STRONG and lemma(word) not in known and lemma(word) not in supposed and not said.quoted(word)
        for word in words
    )


def _interjects(word: str, after: str, length: int) -> bool:
    if word in _INTERJECTIONS:
        return True
    return word in _STRONG and (not after or after in EVALUATIVE or length <= 3)


def _weighs(text: str, words: frozenset[str]) -> set[str]:
    return {word for word in lower_words(text) if word in words or word.removesuffix("ly") in words}


def _asked(sentence: str, place: int) -> bool:
    """Whether what stands at `place` belongs to the question proper ("what was it that was weird?")."""
    return re.search(r"\b(?:what|how|when|where|who|which|why)\b", sentence[:place], re.I) is not None


def advises(sentence: str) -> bool:
    """Whether a sentence gives an opinion or advice of the interviewer's own."""
    return _ADVISES.search(_ASIDE.sub("?", _WANTS_TO_HEAR.sub(" ", sentence))) is not None


def kinds_of(assertion: str, said: Said) -> set[str]:
    """What an assertion is that is nobody's words but ours: a verdict ("that is a lot"), a view ("they always
    do"), or a claim about what happened or about them. Where a thing is judged, it is a verdict and a view;
    where somebody is judged for what they never said, a verdict and a claim."""
    if re.match(r"(?:(?:and|so|well|yes|but),? )*(?:that|this|it|which)\b", assertion, re.I):
        return {"evaluation"}
    words = lower_words(assertion)
    supposes = re.match(r"(?:maybe|perhaps|probably|possibly)\b", assertion, re.I) is not None
    happened = _SUPPOSING.isdisjoint(words) and any(
        is_past(word) and before not in _IN_GENERAL for before, word in pairwise(["", *words])
    )
    claims = not supposes and (_about_them(assertion) or happened)
    if judging := _weighs(assertion, _STRONG):
        unsaid = lemmas(words) - {lemma(word) for word in judging} - said.lemmas - NEUTRAL
        return (
            {"evaluation"}
            | ({"false_attribution"} if claims and unsaid else set())
            | (set() if claims else {"opinion_or_advice"})
        )
    return {"false_attribution"} if claims else {"opinion_or_advice"}


def _about_them(assertion: str) -> bool:
    """Whether they, or what is theirs, is what it speaks of."""
    return (
        re.match(rf"(?:{_LEADING},? )*(?:you|your|you're|you've|you'd|yours)\b", assertion, re.I) is not None
    )

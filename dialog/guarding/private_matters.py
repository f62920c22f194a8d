"""What is not asked about: topics that the design calls sensitive, and whatever tells who somebody is."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from dialog.guarding.said import lemma, lemmas
from dialog.lexicon import lower_words

_TOUCHING: Final = """
health: knee shoulder heart lung blood cancer hip ill illness sick sickness disease diagnosis medication
    medicine doctor hospital symptom diagnosed therapy therapist treatment treated pregnant disability
    injury injured
    surgery clinic condition diet allergy pain physiotherapist depressed anxiety prescription pill pills
medic: ill illness disease diagnosed diagnosis medication medicine drug pill pills prescription dose
    tablet tablets
    treatment therapy symptom operation operated surgery injury injured knee hip heart cancer diabetes blood
    hospital doctor doctors
diagnos: diagnosis diagnosed disease illness condition treatment treated symptom cancer suffer suffering
mental: depression depressed anxiety anxious therapy therapist psychiatrist psychologist suicide suicidal
    burnout breakdown trauma disorder medication
income: salary earn earning earnings wage wages paid rich poor afford bonus income
compens: salary earn earning earnings wage wages paid pay raise bonus income compensation package
pay: salary earn earning earnings wage wages paid bonus income money
earn: salary wage wages paid pay bonus income money
salar: salary earn earning earnings wage wages paid pay raise bonus income compensation
wage: salary earn earning wage paid pay income
financ: salary money earn wage paid pay pays afford debt loan savings mortgage income cost costs price bill
    bills expensive
money: salary money earn wage paid pay pays afford debt loan savings mortgage income cost costs price bill
    spend spent euros dollars expensive
debt: debt loan owe owed mortgage credit borrow borrowed lender bankrupt
expectanc: die dying death prognosis live terminal
dementi: memory forget forgetful forgetting alzheimer confused
memor: memory forget forgetful dementia alzheimer
death: die died dead dying funeral grief lost loss passed death mourning bury burial
bereave: die died dead dying funeral grief loss passed death mourning
religi: god church faith pray prayer religious mosque temple belief believer religion spiritual bible quran
faith: god church faith pray prayer religious mosque temple religion
politic: vote voted party election president government political minister mayor parliament senator policy
    democrat republican politician
subsid: subsidy subsidies grant grants funding subsidised
violen: hit abuse abused attack attacked beat hurt assault weapon violent violence
abuse: hit abuse abused abusive attack attacked beat hurt assault violent violence harass harassed
illness: ill sick disease diagnosis cancer hospital depression
sexual: sex sexual gay lesbian orientation bisexual intimate
alcohol: drink drank drunk beer wine drinking alcohol bar booze liquor
drug: drug drugs cocaine marijuana addiction addicted cannabis substance
substance: drug drugs cocaine marijuana addiction addicted cannabis alcohol drinking drunk
famil: family wife husband spouse child children kid kids son daughter mother father parent parents sister
    brother marriage relatives partner
relationship: breakup break-up affair love romance romantic
    wife husband spouse marriage partner girlfriend boyfriend divorce dating
marri: wife husband spouse marriage divorce divorced married
divorc: divorce divorced separation separated ex-wife ex-husband custody
pregnan: pregnant pregnancy baby birth miscarriage fertility abortion
fertil: pregnant pregnancy baby fertility ivf miscarriage
weight: weight weigh weighs overweight fat obese kilos pounds bmi diet slim heavy
body: weight weigh overweight fat obese appearance
asylum: asylum refugee refugees flee fled flight escape escaped persecuted country homeland visa deport
refuge: asylum refugee refugees flee fled flight escape escaped persecuted country homeland visa deport
flight: asylum refugee refugees flee fled escape escaped persecuted homeland
migra: visa immigration immigrant migrant residence permit asylum papers undocumented deport passport
immigra: papers visa immigration immigrant residence permit asylum citizenship citizen deport
    undocumented refugee
    passport
citizen: visa citizenship citizen passport nationality residence
crim: crime criminal arrest arrested prison jail police convicted offence conviction
legal: lawsuit sue sued court lawyer attorney legal litigation trial
litigation: lawsuit sue sued court lawyer attorney legal litigation trial settlement
race: race racial ethnic ethnicity black white asian skin
ethnic: race racial ethnic ethnicity skin nationality
layoff: layoff layoffs fired redundancy redundancies downsizing job-cuts cuts laid dismissed severance
redundan: layoff layoffs fired redundancy redundancies downsizing cuts laid dismissed severance
staff: staffing understaffed headcount short-staffed shortage
union: union unions strike labour labor organizing organising
accident: accident accidents crash crashed collision injured injury
trauma: trauma traumatic abuse assault accident flashback ptsd
suicid: suicide suicidal self-harm kill
disab: disability disabled wheelchair impairment impaired handicap
grief: die died dead funeral grief loss death mourning
gambl: gamble gambling bet betting casino poker
conflict: conflict fight argument dispute quarrel
"""
_MUCH_TOUCHED: Final = {
    beginning: words.split()
    for beginning, _, words in (
        entry.partition(": ") for entry in _TOUCHING.replace("\n    ", " ").strip().split("\n")
    )
}
"""Beginnings of a topic's words, and words by which it is touched without being named."""

_ORGANIZATIONS: Final = (
    r"(?:company|employer|school|hospital|church|bank|gym|store|shop|supermarket|museum|city|town|village"
    r"|street|clinic"
    r"|university|firm|organi[sz]ation|agency|provider|payment provider|insurer|insurance company|airline"
    r"|restaurant"
    r"|hotel|brand|practice|landlord|doctor|neighbou?rhood|district|postcode|zip code|country are you"
    r"|country do you)"
)
_IDENTIFIES: Final = re.compile(
    r"\b(?:(?:full|first|last|real|middle|maiden|sur|exact|company|employer's|legal|user) ?names?"
    r"|(?:your|his|her|their|its|whose|my) names?|(?:what(?:'s| is| was| are)|tell me|whose|need"
    r"|give me) (?:\w+ ){0,2}\w+'s (?:\w+ )?names?"
    r"|names? (?:of (?:the|your|this|that|his|her|their|a)|and (?:address|number|date|age))|what(?:'s| is"
    r"| was| are| were)? ?(?:\w+ ){0,4}(?:called|named)\b"
    r"|what (?:is|was|are) (?:he|she|they) called|e-?mails? address(?:es)?|(?:your|his|her|their|the"
    r"|\w+'s) e-?mails?\b|(?:phone|telephone|mobile|cell|contact) numbers?"
    r"|(?:your|his|her|their|home|street|postal|exact|mailing|office|the|ip|\w+'s) (?:street |postal "
    r"|home |email )?address"
    r"|(?:date|year|place|day) of birth|birth ?days?|birth ?dates?|when (?:were|was) (?:you|he|she"
    r"|they) born|how old (?:are|is|was|were)"
    r"|(?:your|his|her|their|whose) (?:exact )?age|what age|social security|passport number"
    r"|national insurance"
    r"|(?:account|card|licen[cs]e|id|insurance|passport|customer|membership|patient|employee|case|policy"
    r"|tax|reference) (?:number|plate|id)"
    r"|(?:your|his|her|their|the|an?|\w+'s) (?:\w+ )?id\b"
    r"|licen[cs]e plate|number plate|registration number|credit card|passwords?|user ?names?|handle on"
    r"|social media|instagram|linkedin|twitter"
    r"|where (?:exactly |precisely )?(?:do|does|did) (?:you|he|she|they|your \w+) (?:live|work|reside)"
    r"|where (?:exactly |precisely )?(?:is|are|was) (?:your|his|her|their|the)"
    r" (?:\w+ )?(?:office|house|home|farm|flat|apartment|company|school|shop|workplace|place)\b"
    r"|street and number|house number|(?:which|what|exact|full) address"
    r"|(?:which|what) (?!is\b|was\b|are\b|were\b)\w+ numbers?\b"
    rf"|(?:which|what) (?:\w+ )?{_ORGANIZATIONS}\s*\?"
    r"|(?:zip|postal) ?codes?|postcodes?|by name\b|who exactly|who (?:is|was) your (?:\w+ )?(?:manager"
    r"|boss|doctor"
    r"|employer|landlord|supervisor|teacher|therapist)"
    rf"|(?:which|what) (?:\w+ )?{_ORGANIZATIONS} (?:is|was|are|were|do|does|did|have|has|had|you|would|it)\b"
    r"|(?:can|could|would|please) (?:you )?(?:spell|identify|name) |spell (?:your|the|that|his|her))",
    re.I,
)  # fmt: skip

_REQUESTS: Final = re.compile(
    r"\b(?:please|need|tell|give|spell|say|name|share|want|like|have|provide)\b", re.I
)


def identifies(sentence: str, question: str) -> bool:
    """Whether it asks for what tells somebody apart, where the question itself doesn't."""
    if not sentence.endswith("?") and _REQUESTS.search(sentence) is None:
        return False
    return _IDENTIFIES.search(sentence) is not None and _IDENTIFIES.search(question) is None


def touches(text: str, topics: Iterable[str]) -> bool:
    """Whether it names a sensitive topic, or what such a topic is commonly spoken of by."""
    said = {lemma(word) for word in lower_words(text)}
    return any(not said.isdisjoint(_touched_by(topic)) for topic in topics)


@lru_cache(maxsize=256)
def _touched_by(topic: str) -> frozenset[str]:
    words = lower_words(topic)
    if "mental" in words:  # then it isn't the body that is meant
        words = [word for word in words if word != "health"]
    more = {
        lemma(word)
        for beginning, touching in _MUCH_TOUCHED.items()
        if any(word.startswith(beginning) for word in words)
        for word in touching
    }
    named = lemmas(words) if len(words) == 1 else {lemma(word) for word in words if _is_touchy(word)}
    return frozenset(named | more | _halves(words))


def _is_touchy(word: str) -> bool:
    return any(word.startswith(beginning) for beginning in _MUCH_TOUCHED)


def _halves(words: list[str]) -> set[str]:
    """The words of a topic that we know nothing of: each counts, as long as none is known better."""
    return set() if any(_is_touchy(word) for word in words) else lemmas(words)

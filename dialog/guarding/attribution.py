"""Words put in the participant's mouth: where a clause does so, and whether each part of it (what leads up to
it, what they are to have said, what is asked of it) stands on what they did say."""

import re
from typing import Final

import msgspec

from dialog.guarding.neutral import GLUE, NEUTRAL
from dialog.guarding.putting import IMPERATIVE, QUOTED
from dialog.guarding.said import PERSONS, Said, denies, lemma, lemmas
from dialog.lexicon import is_content, lower_words

_REPORTS: Final = (
    r"(?:say|said|saying|mention|mentioned|mentioning|tell|told|telling|describe|described|describing|call"
    r"|called|calling"
    r"|talk about|talked about|talking about|talked of|speak of|spoke of|spoke about|brought up|bring up"
    r"|note|noted|explain|explained"
    r"|pointed out|point out|referred to|refer to|share|shared|put it|touched on|touched upon|add|added"
    r"|state|stated"
    r"|indicated|expressed|reported|used the (?:word|term|phrase)|recalled|named|listed|brought|talk"
    r"|talked|spoke|complained"
    r"|emphasi[sz]ed|stressed|highlighted|admitted|acknowledged|recounted|remarked|hinted|suggested"
    r"|alluded to|raised)"
)
_ATTRIBUTES: Final = re.compile(
    rf"(?<!did )(?<!do )(?<!would )(?<!could )(?<!can )(?<!will )(?<!might )(?<!didn't )(?<!should )"
    rf"\byou(?:'ve| have|'d| had|'re| are| were)?(?: (?:just|also|earlier|already|really|briefly|first"
    rf"|before))* {_REPORTS}\b"
    rf"(?: (?:me|us)\b)?(?: (?:that|about|how|of|just now|earlier|before|is|was|as|it)\b)*",
    re.I,
)
_YOUR: Final = re.compile(
    r"\b(?:your (?:comment|point|remark|mention|story|description|account|concerns?|worry|worries"
    r"|complaint|statement|feeling)s?"
    r" (?:about|of|that|on|with|over)|what you (?:said|mentioned|told me|described) about)\b",
    re.I,
)
AS_TOLD: Final = re.compile(
    r"\b(?:as you (?:put it|said|mentioned|described|told me|called it)|in your (?:own )?words)\b", re.I
)
_TURNS_TO_ASK: Final = re.compile(
    r",\s*(?=(?:and |so |but |then )?(?:what|how|why|when|where|who|which|can|could|would|tell|do|did|is"
    r"|was|are|were)\b)",
    re.I,
)
_LEADS_UP: Final = re.compile(
    r"^(?:(?:and|so|but|okay|now|well),? )*(?:since|given(?: that)?|because|as|considering(?: that)?"
    r"|seeing that"
    r"|now that|although|even though|after|when|once|while) (?P<lead>[^,?]{3,200}),\s*"
    r"(?:(?:then|and|so) )?(?:what|how|why|when|where|who|which|can|could|would|tell|do|did|is|was|are"
    r"|were)\b",
    re.I,
)
_ENDS_OPEN: Final = re.compile(r"[\s,]*\b(?:when|that|as|if|the thing)\s*$", re.I)
_GOES_BACK: Final = re.compile(
    r"^(?:(?:and|so|okay|now|well|just),? )*(?:(?:going|coming|thinking|turning|returning|looking"
    r"|staying|sticking)(?: back| again)? (?:to|of|about|on|at|with)|back to|as for|regarding)\b",
    re.I,
)
_OPENING: Final = frozenset(
    "and so but then okay ok now well earlier before also when as that if since while after where just once "
    "first again what at in on of the a our this".split()
)
"""Words that may lead up to an attribution: they say nothing yet."""
_SUBJECTS: Final = frozenset("i you he she it we they who which".split())
_POINTING: Final = frozenset("that it this so there those these earlier before now".split())
_BESIDE: Final = frozenset(
    "the a an that it this you they and or is was were are be as word words phrase term in your own".split()
)
"""Words that may stand beside a quotation, since they claim nothing."""


class Attribution(msgspec.Struct, frozen=True):
    """A clause that says what they said, in its parts; each may be empty."""

    lead: str
    """What it says before that."""
    reported: str
    asked: str

    def holds(self, said: Said, known: frozenset[str]) -> bool:
        """Whether they said it, and what leads up to it is theirs too, or says nothing; `known` are the
        lemmas of the talk and of the question."""
        theirs = is_theirs(self.lead, said)
        if not (theirs or _says_nothing(self.lead) or _goes_back(self.lead, known)):
            return False
        return _gives_back(self.reported, said, alone=not theirs and not self.asked)


def attribution_in(clause: str) -> Attribution | None:
    """The attribution that a clause makes, if it makes one."""
    found = _ATTRIBUTES.search(clause) or _YOUR.search(clause)
    if found is None:
        return None
    before, after = clause[: found.start()].strip(" ,"), clause[found.end() :]
    turn = _TURNS_TO_ASK.search(after)
    if turn is not None:
        return Attribution(before, after[: turn.start()], after[turn.end() :])
    asked = _ENDS_OPEN.sub("", before)
    if before and clause.endswith("?"):
        return Attribution("", after.rstrip(" ?"), f"{asked} ?")
    if IMPERATIVE.match(asked):
        return Attribution("", after, asked)
    return Attribution(before, after, "")


def _says_nothing(lead: str) -> bool:
    words = lower_words(lead)
    return lemmas(words) <= NEUTRAL and all(word in _OPENING or is_content(word) for word in words)


def _goes_back(lead: str, known: frozenset[str]) -> bool:
    """Whether it only takes up something ("going back to the train that")."""
    words = lower_words(lead)
    return (
        _GOES_BACK.match(lead) is not None
        and not _SUBJECTS & set(words)
        and lemmas(words) <= known | NEUTRAL | GLUE
    )


def is_theirs(assertion: str, said: Said) -> bool:
    """Whether what a passage asserts is what they said, a word of theirs at least in it."""
    words = lower_words(assertion)
    return bool(lemmas(words)) and said.says(words, clause=True)


def alleges(clause: str, said: Said, known: frozenset[str]) -> bool:
    """Whether a question is led up to by something that nobody said ("since you gave up, what …"). `known`
    are the lemmas of the talk and of the question."""
    found = _LEADS_UP.match(clause)
    if found is None or is_theirs(found["lead"], said):
        return False
    return bool(lemmas(lower_words(found["lead"])) - known - NEUTRAL - GLUE)


def _gives_back(reported: str, said: Said, *, alone: bool) -> bool:
    """Whether they said what they are to have said. `alone`: nothing else in the clause is theirs or
    asked, so that it must have a word of theirs."""
    told = AS_TOLD.sub(" ", reported)
    if QUOTED.search(told) and set(lower_words(QUOTED.sub(" ", told))) <= _BESIDE:
        return True  # word by word in what they said, or it is refused as a false quotation
    words = lower_words(told)
    if set(words) <= _POINTING:
        return not alone
    own = [word for word in words if not is_content(word) or lemma(word) not in GLUE or word in said.words]
    if lemmas(own):
        return said.says(own, clause=len(words) > 3 or any(map(denies, words)))
    return said.quoted(told) and not set(words) <= PERSONS

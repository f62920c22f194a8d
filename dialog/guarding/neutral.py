"""The interviewer's own words: what may be asked without its having been said, because it says nothing about
the matter. Everything else is the participant's or the question's, or isn't spoken."""

from typing import Final

from dialog.guarding.said import lemma
from dialog.lexicon import plain
from dialog.techniques import FIXED_TOKENS, NEUTRAL_PROBES
from dialog.wording import sentences

_ASKING: Final = """
tell describe explain say mention talk walk take share elaborate expand clarify illustrate paint picture
imagine suppose show point put bring recount outline sketch detail speak speaking
think remember recall reflect know understand wonder wondering curious interested hear listen follow notice
realize realise recognise recognize see look sense imagine learn
"""
_HAPPENING: Final = """
happen go come work start begin end finish continue proceed unfold occur arise change turn develop evolve
become stand stick stay stood involve include mean matter feel play lead fit look like relate connect compare
differ vary shift affect influence move pass run do did make made use need want help give get
respond react decide choose deal find bring handle manage approach navigate discover expect discuss
unpack measure prompt try attempt keep remind answer reply
"""
_NAMING: Final = """
thing way kind sort type part bit piece aspect side element detail specifics example instance case situation
scenario occasion moment time point stage step phase place scene setting story picture memory experience
impression thought idea feeling emotion reaction response meaning role context background perspective view
sense word term phrase expression number question answer topic subject person people someone mind head eye
day night week weekend morning afternoon evening month year hour minute today date life routine process
sequence order course beginning end start difference surroundings circumstances practice everything anything
consequence result outcome significance decision choice reason impact effect factor consideration criteria
expectation memorable key interaction conversation
"""
_QUALIFYING: Final = """
first last next second initial final previous earlier later prior recent latest particular specific certain
concrete exact exactly precise precisely rough roughly typical typically usual usually ordinary normal
average regular own different differently other whole entire overall further deep deeper close closer
important step-by-step please right main general generally personally day-to-day everyday daily moreover
today's comfortable together along once closest furthest earliest able willing free happy concretely
specifically initially afterwards
beforehand meanwhile forward backward
"""
NEUTRAL: Final = frozenset(
    lemma(word) for word in f"{_ASKING} {_HAPPENING} {_NAMING} {_QUALIFYING}".split()
) | {"1", "2"}
"""Lemmas that any question may be made of."""

WISHED_FOR: Final = frozenset(lemma(word) for word in "better best easier ideal perfect simpler help".split())
"""What may be asked for where a question supposes ("what would make it easier?"), and is no verdict then."""

NOUNS: Final = frozenset(lemma(word) for word in _NAMING.split())
"""Of these, names of one and the same: "a moment or a situation" offers no choice."""

GLUE: Final = frozenset(
    lemma(word)
    for word in """say mention tell talk describe call put use word phrase term earlier first part bit thing
    moment time point way just story touch note bring explain share refer added stated""".split()
)
"""What may stand in an assertion beside the participant's own words."""

_ELLIPTIC: Final = """
and then | then what | and after that | what then | in what way | in what sense | how so | how do you mean |
such as | like what | for example | for instance | what else | anything else | who else | where else | how
else | when was that | what do you mean | what do you mean by that | say more | go on | tell me more | could
you say more | could you say more about that | can you say more | can you say more about that | please
continue | i'm curious | sure | mm-hm | understood | got it | no rush | there's no rush | take all the time
you need | take the time you need | one moment | let's go on | let's continue | let's move on | let me ask
you about that | let's stay with that | let's stay there | let's go back to that | let me go back to that |
i'd like to hear more | i'd like to hear more about that | i'd love to hear more | i'd love to hear more
about that | noted | no problem | as you like | alright | okay then | thanks for telling me | thank you for
telling me | let's take a step back | let's go one step back
"""
KNOWN_SENTENCES: Final = frozenset(
    [plain(token) for token in FIXED_TOKENS]
    + [plain(sentence) for probe in NEUTRAL_PROBES for sentence in sentences(probe)]
    + [plain(phrase) for phrase in _ELLIPTIC.split("|")]
)
"""Sentences that may be said to anybody."""

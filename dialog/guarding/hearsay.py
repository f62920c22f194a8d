"""Who else speaks through the interviewer: other participants, studies, and the instructions that it was
given. A participant hears of none of them."""

import re
from typing import Final

from dialog.guarding.said import Said, lemmas
from dialog.lexicon import lower_words, plain

_SPEAKING: Final = (
    r"(?:say|says|said|saying|tell|tells|told|mention|mentions|mentioned|report|reports|reported|describe"
    r"|describes"
    r"|described|find|finds|found|feel|feels|felt|think|thinks|thought|believe|believes|believed|share"
    r"|shared|shares"
    r"|complain|complains|complained|raise|raised|express|expressed|agree|agreed|point|pointed|struggle"
    r"|struggled"
    r"|prefer|preferred|experience|experienced|note|noted|answered|talked|spoke|liked|loved|hated|had)"
)
_MANY: Final = (
    r"(?:other|another|many|most|some|several|lots of|a lot of|plenty of|quite a few|a few|a number of"
    r"|countless"
    r"|the majority of|the vast majority of|few|all|nearly all|almost all"
    r"|fellow)(?: of(?: the)?)?(?: other| the| our)?"
)
_FOLK: Final = (
    r"(?:participants?|people|interviewees?|respondents?|users?|customers?|folks|callers?|persons?"
    r"|individuals"
    r"|adults|women|men|parents|others|of them|interview partners?|clients?|patients|employees|colleagues"
    r"|candidates|guests|visitors|members|students|learners|teachers|nurses|carers|caregivers|farmers|drivers"
    r"|cyclists|engineers|managers|workers|buyers|shoppers|families|couples|teams|volunteers)"
)
_COUNTED: Final = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|some|many|several|most|none|few|half|all|both|each|any"
)
_OF_YOURS: Final = (
    r"(?:you|you've|you'd|please|to|and|could|can|then|just|also|would|let|let's|already|first|earlier|really"
    r"|have|has|had|often|frequently|usually|sometimes|always)\b"
)
"""Before "told me" these leave it to be the participant who told, or is asked to."""
_OTHERS: Final = re.compile(
    rf"\b(?:{_MANY} (?:\w+ ){{0,2}}?{_FOLK}\b|another (?:\w+ ){{1,2}}?(?:had|has|did|said|told|mentioned"
    rf"|went|felt)\b"
    rf"|{_MANY} (?:\w+ ){{0,2}}?\w+s (?:who |that )?(?:i|we)(?:'ve| have)? (?:\w+ )?(?:spoken|spoke|talked"
    rf"|interviewed|heard|asked|met)"
    rf"|{_MANY} (?:new )?\w+s (?:also |often |usually |always )?(?:tell|told|have told|have said|say|said"
    rf"|mention(?:ed)?|describe[ds]?"
    rf"|report(?:ed)?|feel|find|think|complain(?:ed)?|drop|leave|quit|avoid|prefer|walk|struggle)\b"
    rf"|according to (?:\w+ )?(?:others|interviews|participants|respondents|people|users|customers"
    rf"|surveys?|research|studies|experts)"
    rf"|\w+s elsewhere\b"
    rf"|\w+(?: that| who| whom)? (?:i|we)(?:'ve| have| had|'d)? (?:\w+ )?"
    rf"(?:interviewed|spoke with|spoken with|spoken to|talked with|talked to)\b"
    rf"|(?:in|from|of|for|during) (?:this|our) (?:study|survey|sample|panel|cohort)\b|(?:in|from"
    rf"|during) (?:our|these|my|the other) interviews\b"
    rf"|(?:{_COUNTED}) of (?:the |our |my |these |those )?(?:other )?\w+s\b(?= (?:\w+ )?(?:in|have|had"
    rf"|said|did|felt|were|are|we|i)\b)"
    rf"|the (?:first|second|third|fourth|fifth|sixth|tenth|\d+th|only) (?:person|one|participant|caller"
    rf"|interviewee)"
    rf"|^(?:\w+ )?(?!things\b|yes\b|this\b|days\b)\w+s (?:often |usually |generally |also )?(?:say|report"
    rf"|agree|recommend|believe|argue)\b"
    rf"|others? (?:\w+ )?(?:have |has |had |also |often )*{_SPEAKING}"
    rf"|(?:what|as|like|than|with|from|to) others\b"
    rf"|(?:someone|somebody|person|man|woman|caller|participant|colleague|guy|lady|farmer|user|customer)"
    rf"(?: \w+){{0,4}}? (?:said|told|mentioned|described|reported|had|answered)\b"
    rf"|(?:someone|somebody|people|a \w+|persons?|another \w+|(?:the|my) last \w+) (?:else "
    rf"|who )?(?:\w+ )?(?:i|we)(?:'ve| have| had)?"
    rf" (?:\w+ )?(?:spoken|spoke|talked|interviewed|heard from|asked|met)"
    rf"|(?:in|from|during) (?:an?|the|my|our|some|many|several)? ?(?:previous|other|earlier|past"
    rf"|last) (?:interviews?|conversations?|calls?|talks?|sessions?)"
    rf"|(?:my|the|our) (?:last|previous|other|next) (?:interview partners?|interviewees?|participants?"
    rf"|callers?|persons?|guests?|respondents?)"
    rf"|the (?:person|caller|participant|one|woman|man) (?:before|ahead of) you"
    rf"|(?:we|i)(?:'ve| have)? (?:often|usually|frequently|commonly|regularly|sometimes|also|already"
    rf"|always)? ?(?:hear|heard)"
    rf" (?:this|that|it|from|similar|the same|about this|others|a lot|people)"
    rf"|(?!{_OF_YOURS})\w+(?: have| has| had| often| frequently| usually| sometimes"
    rf"| always)* (?:tells?|told) (?:us|me)\b"
    rf"|(?:research|studies|stud(?:y|ies)|surveys?|statistics|data|evidence|experts?|scientists?"
    rf"|psychologists?|the literature|science)"
    rf" (?:\w+ )?(?:shows?|say|says|suggests?|finds?|found|indicates?|tell|tells|agree|think|recommend)"
    rf"|(?:everyone|everybody|anyone|nobody|no one) else\b"
    rf"|(?:everyone|everybody|nobody) (?:i|we|says|said|tells|told|agrees|thinks|finds|loved|liked|hates)"
    rf"|people (?:often|usually|generally|typically|tend|normally|always|frequently)|most (?:of them|others)"
    rf"|\d+ (?:percent|%|in ten|out of)|(?:one|two|three|nine|eight|seven) (?:in|out of) (?:\w+)"
    rf"|compared (?:with|to) (?:what )?(?:other|others|the rest|most)|in (?:their|other people's) interviews?"
    rf"|a (?:common|frequent|typical|popular) (?:answer|response|theme|complaint|reply)|you(?:'re"
    rf"| are) not the (?:only|first))",
    re.I,
)  # fmt: skip

_OF_STUDIES: Final = re.compile(r"\b(?:participant|interviewee|respondent|interview partner)s?\b")
"""Of these nothing is told, even if it was the participant who spoke of them."""

_LEAKS: Final = re.compile(
    r"\b(?:system prompt|(?:the|my|this) prompt|my (?:\w+ )?(?:instructions?|prompts?|guidelines?"
    r"|objectives?|programming"
    r"|rules|training|script|task|goal|job|role|purpose|brief|developers?|creators?|configuration)\b"
    r"|(?:according to|against|following|per) (?:my|the) (?:\w+ )?(?:instructions?|guidelines?|rules|script"
    r"|protocol|prompt|guide)|(?:interview|question|discussion|topic|my) guide\b"
    r"|(?:on|in) my (?:list|notes|queue)\b"
    r"|i(?:'m| am|'ve been| was| have been)(?: \w+)? (?:told|instructed|programmed|asked|designed|trained"
    r"|supposed|required|configured"
    r"|here|meant|prompted|set up|not allowed|not permitted) (?:to|in|by|that|not)\b"
    r"|(?:large )?language model|as an? (?:ai|assistant|bot|virtual|artificial)|(?:the|this|our"
    r"|my) (?:\w+ )?(?:objective|aim|goal|purpose|hypothesis|point)"
    r" (?:of|is|here|for|behind)|completion hint|follow[- ]?ups? (?:left|remaining)|api[- ]?key"
    r"|probing[- ]?depth|json"
    r"|(?:two|three|one|\d) (?:more )?follow[- ]?ups?\b|(?:the|our) researchers? (?:\w+ )?(?:want|wants"
    r"|hope|expect|are|is|would|needs?|asked|told|who)"
    r"|the (?:study|survey|interview|project|research|question) (?:is|was) (?:\w+ )?(?:about|designed"
    r"|meant|supposed|trying|aimed|intended|there|to)"
    r"|this (?:study|survey|interview|project|research|question) (?:is|was) (?:\w+ )?(?:about|designed"
    r"|meant|supposed|trying|aimed|intended|there|to)"
    r"|what (?:i|we) (?:actually |really )?(?:want|need) to (?:find out|learn|know|test|see|understand)"
    r"|(?:given|written|handed|provided) (?:to me )?by the (?:researcher|client|designer|team)"
    r"|(?:i|we)(?:'m| am|'re| are)? (?:want|need|trying|try|hoping|here|going|interested"
    r"|tasked)(?: \w+)? to (?:find out|learn|explore|test"
    r"|determine|establish|assess|see (?:how|if|whether)|understand (?:if|whether)|know (?:if|whether))"
    r"|i (?:can't|cannot|can not|couldn't|may not|won't|am unable to|'m unable to) (?:reveal|share"
    r"|disclose|discuss|tell|comment|show|answer)"
    r"|i (?:have to|must|need to) (?:\w+ )?(?:follow|stay|remain|ask|stick|keep|probe)|i follow (?:a|the|my)"
    r"|i should (?:remain|stay|be|ask|not)"
    r"|(?:your|the|this) (?:\w+ )?answer (?:is|was|lacks|seems|needs|isn't|remains) (?:\w+ )?(?:vague"
    r"|general|missing|a|an|any|too|more|incomplete"
    r"|sufficient|concrete|off-topic|unclear)|(?:answer|response) lacks"
    r"|(?:funnel|mirroring|labell?ing|columbo|socratic|laddering|five whys|devil's advocate|calibrated"
    r"|silent probe|active listening|probing)"
    r" (?:technique|question|method|strategy|probe)|technique: |(?:neutral|clarifying|follow-up|open|next"
    r"|good) (?:probe|follow-up)"
    r"|(?:neutral|clarifying|follow-up|open-ended) (?:\w+ )?question[,:]?|here(?:'s| is) (?:a|an|the|my"
    r"|your) (?:\w+ )*(?:question|probe|follow-up|response|rephras)"
    r"|(?:classify|categori[sz]e|score|rate|assess|evaluate|judge|grade) (?:your|this"
    r"|the) (?:\w+ )?(?:answers?|responses?|reply|replies)"
    r"|(?:the|my|this) (?:hint|instruction|guideline|rubric|criterion|criteria|checklist|template|schema"
    r"|designer)s?"
    r" (?:for|of|on|here|says?|asks?|wants?|tells?|requires?|is|was)\b"
    r"|verdict|deficiency|(?:context|token) (?:window|limit)|turn (?:id|number)|user (?:input|message)"
    r"|assistant:)",
    re.I,
)  # fmt: skip
_MARKUP: Final = re.compile(
    r'[{}<>\[\]]|^\s*(?:note|system|assistant|user|probe|question|reasoning|agent)\s*:|"\w+"\s*:|```|\*\*',
    re.I,
)


def speaks_of_others(sentence: str, said: Said, question: str) -> bool:
    """Whether it brings in what others say or do, unless just these words are theirs or the question's."""
    asked = plain(question)
    for found in _OTHERS.finditer(sentence):
        words = plain(found.group())
        if _OF_STUDIES.search(words) or (not said.quoted(words) and f" {words} " not in f" {asked} "):
            return True
    return False


def leaks(text: str, said: Said, question: str, objective: str) -> bool:
    """Whether it shows what only the designer and the interviewer know, or how it is made."""
    if _MARKUP.search(text):
        return True
    asked = plain(question)
    for found in _LEAKS.finditer(text):
        words = plain(found.group())
        if not said.quoted(words) and f" {words} " not in f" {asked} ":
            return True
    return _gives_away(text, said, question, objective)


def _gives_away(text: str, said: Said, question: str, objective: str) -> bool:
    """Six words in a row of the objective, or most of what it alone speaks of."""
    words = lower_words(text)
    secret = f" {plain(objective)} "
    runs = (f" {' '.join(words[start : start + 6])} " for start in range(len(words) - 5))
    quoted = [run for run in runs if run in secret]
    if quoted:
        asked = f" {plain(question)} "
        if any(run not in asked and not said.quoted(run) for run in quoted):
            return True
    private = lemmas(lower_words(objective)) - said.lemmas - lemmas(lower_words(question))
    shared = len(private & lemmas(words))
    return shared >= 4 and shared * 2 >= len(private)

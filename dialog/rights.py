"""Hears what a participant may claim at any moment: repeat, skip, pause, a human, stop. Only an utterance
that is nothing else counts; in the middle of a sentence the same words are the answer. Knows no question."""

import re
from functools import lru_cache
from typing import Final

from dialog.judgement import Right
from dialog.lexicon import plain

_POLITE: Final = (
    r"(?:(?:um|uh|er|oh|hey|hm|hmm|well|so|okay|ok|yeah|yes|no|sorry|actually|please|excuse me|pardon"
    r"|i'm sorry|"
    r"if possible|i think|and|but) )*"
)
_ASKING: Final = (
    r"(?:(?:can|could|would|will|may|might) (?:you|we|i) (?:please |just |maybe |possibly )*|(?:i'd|i would"
    r"|we'd) (?:(?:like|love|prefer) "
    r"(?:you )?(?:to )?|rather (?:not do |we )?)|i (?:just )?(?:want|wanna|need|wish)(?: you)?(?: to)? "
    r"|let's (?:just )?"
    r"|let me (?:just )?|(?:i'm|i am) going to |"
    r"(?:is it possible|is it okay|is it ok|do you mind if we|do you mind if i|(?:would"
    r"|do) you mind) (?:to |if (?:we|i) )?|how about (?:we )?|(?:is there a way|any chance"
    r"|i wonder if (?:we|you|i) (?:can|could)) ?(?:to )?|please |just "
    r"|maybe |you can (?:just )?)?"
)
_THANKS: Final = (
    r"(?: (?:please|thanks|thank you|now|for now|for me|sorry|if that's okay|if that's ok|if possible|"
    r"if you don't mind|right now|then|okay|ok))*"
)
_THIS: Final = r"(?:this|that|the|it|this one|that one|(?:this|that|the) (?:question|one|part))"
_TALK: Final = r"(?:interview|call|talk|conversation|survey|session|recording|whole thing|thing)"

_REQUESTS: Final[dict[Right, tuple[str, ...]]] = {
    "repeat": (
        r"(?:repeat|say|ask|read)(?: (?:it|that|this|the question|that question|the last question|me"
        r"|that part|your question|yourself))?"
        r"(?: to me| for me)? (?:again|once more|one more time|another time)",
        r"repeat(?: (?:it|that|this|the question|that question|the last question|that part|your question"
        r"|yourself))?",
        r"(?:what was (?:that|the question)|what did you (?:say|ask)|come again|pardon(?: me)?|pardon what"
        r"|say again)(?: again)?",
        r"(?:i )?(?:(?:didn't|did not|couldn't|could not) (?:catch|hear|get|understand)"
        r"|(?:don't|can't) (?:catch|hear|get)) (?:that|you|it"
        r"|the question|your question|what you said|all of that)(?: sorry| there| properly| very well)?",
        r"(?:hear|get|have) (?:the question|that|it|your question) (?:again|once more|one more time)",
        r"(?:run|read|go over|say|ask|put) (?:that|it|this|the question|me that)(?: (?:by|past|to"
        r"|for) me)?(?: (?:again|once more|one more time))?(?: by me again| past me again)?",
        r"(?:repeating|rephrasing|saying|asking)(?: (?:that|it|this|the question"
        r"|your question))?(?: (?:again|once more|one more time))?",
        r"(?:i )?(?:missed|lost) (?:that|it|you|the question|what you said)(?: there| again)?",
        r"ask (?:me )?(?:that|it|this|the question) (?:again|once more|one more time)",
        r"(?:what was|what's|what is) (?:that|the question|your question|it)(?: again)?|you what|say what"
        r"|huh what",
        r"one more time",
    ),
    "slower": (
        r"(?:speak|talk|go|say (?:that|it)|read (?:that|it)) (?:a (?:bit|little)(?: bit)? |more )?(?:slower"
        r"|slowly|more slowly)",
        r"(?:a (?:bit|little)(?: bit)? )?(?:slower|more slowly)",
        r"(?:way |much |a bit |a little )?too (?:fast|quick) for me",
        r"slow (?:it )?down(?: a (?:bit|little)(?: bit)?)?(?: please)?(?: (?:i|so i) (?:can't|cannot|can"
        r"|could) (?:follow|keep up|understand)(?: you)?)?",
        r"(?:not|don't (?:go|talk|speak)) (?:so|that|too|quite so) (?:fast|quick|quickly)(?: please)?"
        r"|(?:please )?(?:go|take it|speak|talk) (?:a (?:bit|little) )?(?:slow|easy|slowly)",
        r"you(?:'re| are)? (?:talk|speak|go|talking|speaking|going|being) (?:too|so|very|a bit|a little"
        r"|much too|way too"
        r"|a bit too|a little too) (?:fast|quick|quickly)(?: for me)?",
        r"(?:that's|that was|it's|it was) (?:too|a (?:bit|little)(?: too)?|so|very|way too) (?:fast"
        r"|quick)(?: for me)?",
    ),
    "skip": (
        rf"(?:skip|pass)(?: on| over)?(?: {_THIS})?",
        r"(?:move|go) on(?: to)?(?: the)? next(?: question| one)?",
        r"next|(?:move on|go to the next (?:question|one)|next question|next one)",
        r"(?:have |do |take |ask )?(?:me )?the next (?:question|one)",
        r"leave (?:this|that) (?:one|question) out|(?:leave|drop) (?:this|that|it)(?: (?:one"
        r"|question))?|not answer (?:this|that)(?: (?:one|question))?",
        r"(?:go|move) (?:on )?to (?:the next|another)(?: (?:question|one))?|(?:ask|try) (?:me )?(?:another"
        r"|a different)(?: (?:question|one))?",
    ),
    "back": (
        r"(?:go|move|step|get) back(?: (?:one|a step|a question|one question|one step))?(?: to (?:the|that"
        r"|my) (?:last|previous|earlier|first) (?:question|one|answer))?",
        r"(?:(?:go |take me |get )?back to |go to |return to )?(?:the |my |that )?(?:previous|last"
        r"|earlier) (?:question|one|answer)",
        r"(?:(?:go|take me|move|jump) )?back to (?:the|that|my) (?:question|one|answer) (?:before"
        r"|i had before|from before)(?: this| that)?",
        r"(?:one|a) (?:question|step|one) back|(?:go|take me|move) (?:one|a) (?:question|step) back|(?:one"
        r"|the question) before(?: that| this)?",
        r"back(?: up)?|(?:change|correct|fix) (?:my answer|what i (?:just )?said(?: (?:before|earlier))?"
        r"|something i said)",
        r"(?:change|correct|redo|fix|revise|add to) (?:my|the) (?:last|previous|earlier) (?:answer|one)",
    ),
    "pause": (
        r"(?:take|have|need) (?:a|a short|a quick|a little|a small|five|ten|a five minute"
        r"|a ten minute) (?:break|pause|minutes?)(?: break)?",
        r"(?:a )?(?:break|pause)(?: (?:it|this|here|for a (?:bit|moment|minute|second|while)"
        r"|the " + _TALK + r"))?",
        rf"pause (?:this|the|our) {_TALK}",
        r"(?:continue|do this|finish this|go on|come back|carry on)(?: to this)? (?:later|another time"
        r"|tomorrow)",
        r"come back to this later|(?:hold|pause|stop|halt) the " + _TALK + r" (?:for now|for a (?:moment"
        r"|minute|second|bit|while))|hold the " + _TALK + r"|take (?:five|ten|a few minutes|a moment"
        r"|a rest)|(?:a |one |five |ten |two |ten-|five-)?(?:minute|minutes) (?:break|pause|rest)|(?:a|one"
        r"|five|ten|two) (?:minute|minutes) (?:break|pause|rest)|(?:give me|get|grab) (?:a|a short|a quick"
        r"|a little) (?:break|pause)",
        r"(?:a|a short|a quick|a little|another) (?:break|pause)|(?:have|take|need|do with) (?:a|a short"
        r"|a quick|a little) pause",
        r"(?:do|finish) (?:the rest|it|this|the rest of it) (?:later|tomorrow|another time"
        r"|some other time)|(?:be|i'll be|be right) back(?: in a (?:minute|moment|second|bit))?",
        r"stop for (?:a (?:bit|moment|minute|second|while)|now)",
    ),
    "resume": (
        r"(?:resume|unpause)(?: (?:it|the " + _TALK + r"))?",
        r"(?:continue|carry on|keep going|go on|go ahead|start again|pick (?:it"
        r"|this) (?:back )?up)(?: with the " + _TALK + r")?",
        r"(?:i'm|i am|we're) (?:back|ready)(?: now| again)?",
        r"(?:(?:i'm|i am|we're) )?ready(?: to (?:continue|go on|carry on|go|start|resume"
        r"|keep going))?(?: now| again)?",
        r"(?:we|you) can (?:continue|go on|carry on|start again|resume|keep going|proceed)(?: now| again)?"
        r"|(?:go on|continue|proceed)(?: now)?",
    ),
    "strike": (
        r"(?:strike|delete|erase|scratch|remove) (?:that|this|it|my (?:last )?answer|what i (?:just )?said"
        r"|the last (?:answer|part|bit|one))"
        r"(?: from the record| out)?",
        r"take (?:that|it) (?:back|out)",
        r"forget (?:i said that|that i said that|what i (?:just )?said)",
        r"(?:don't|do not) (?:record|keep|use|include|write down) (?:that|this|it|what i (?:just )?said)",
        r"(?:that's|that is|this is|that was) off the record",
        r"(?:strike|delete|erase|scratch|remove|cut) (?:that|the|this) (?:last )?(?:part|bit|answer|one"
        r"|sentence|thing)|leave (?:that|this|it|what i (?:just )?said) out|(?:off|not for) the record",
        r"take (?:that|it|this) (?:back )?(?:out|off the record)(?: again)?",
        r"(?:that|this|it|my last answer|my answer) (?:removed|deleted|erased|struck|taken out"
        r"|off)(?: from the record)?",
    ),
    "human": (
        r"(?:(?:talk|speak) (?:to|with)|get|have|reach) (?:a|an|some|the|some kind of)? ?(?:actual |real "
        r"|live )?"
        r"(?:human|person|somebody|someone|operator|researcher|human being|agent)(?: real| human| instead"
        r"| else)?",
        r"(?:a )?(?:real |actual |live )?(?:human|person|operator|human being)",
        r"is there (?:a|any) (?:real |actual |live )?(?:human|person|somebody|someone)(?: (?:there"
        r"|i can (?:talk|speak) to|i could (?:talk|speak) to))?",
        r"(?:talk|speak) to (?:somebody|someone)|(?:talk|speak) (?:to|with) the (?:researcher|team"
        r"|people behind this|person in charge)",
        r"(?:(?:get|give|find|connect|put|transfer|pass) me (?:to |with |through to |over to )?|have )(?:a"
        r"|an|some|the) (?:actual |real |live )?(?:human|person|operator|researcher|human being|agent)",
        r"(?:is there|is) (?:somebody|someone|a person|anybody|anyone)(?: else| there| around"
        r"| available)? (?:i|that i|who i) (?:can"
        r"|could) (?:call|talk to|speak to|speak with|talk with|contact|reach)",
        r"(?:(?:can|could|may|would) )?(?:a|the|some) (?:real |actual )?(?:human|person"
        r"|operator) (?:take over|do this|help me|call me"
        r"|talk to me)|(?:i )?(?:need|want|prefer) (?:a|an) (?:real |actual |live )?(?:human|person"
        r"|operator|human being)",
    ),
    "stop": (
        rf"(?:stop|end|quit|finish|cancel|terminate)(?: (?:this|the|our))? {_TALK}",
        r"(?:stop|end|quit) (?:this|it|here|now|right here|right now|altogether|everything|talking to you)",
        r"(?:hang up|quit|stop|leave)|(?:stop|end|quit|finish) (?:this |it )?(?:here|now|right here"
        r"|right now|there|at this point)",
        r"(?:that's|that is) enough(?: (?:now|for me|for today))?(?: i (?:want|'d like) to stop)?",
        r"(?:don't|do not) (?:want|wish) to (?:continue|do this|go on|talk|carry on)(?: anymore| any more"
        r"| any longer)?",
        r"i (?:don't|do not) (?:want|wish|wanna) (?:to )?(?:continue|do this|go on|carry on"
        r"|talk to you)(?: anymore| any more| any longer)?",
        r"(?:have|need|got) to (?:go|leave|hang up)|i (?:have|need|got|gotta|'ve got) ?(?:to)? (?:go|leave"
        r"|hang up)",
        r"(?:i'm|i am) (?:done|finished) with (?:this|the|this whole)(?: " + _TALK + r")?",
    ),
    "done": (
        r"(?:that's|that is|that's about|that was|that'd be|that would be) (?:it(?: from me| for now"
        r"| for me| really| basically)?|all|everything|about it"
        r"|all i have|all i've got|my answer|all i can think of|pretty much it)",
        r"(?:i'm|i am) (?:done|finished)(?: talking| answering)?",
        r"(?:i )?(?:have )?nothing (?:else|more)(?: to (?:add|say))?",
        r"(?:that's|that is) all i (?:have|wanted|want) to say",
        r"(?:end|done) of (?:my )?answer",
        r"done",
    ),
}  # fmt: skip
_WHOLE: Final[dict[Right, re.Pattern[str]]] = {
    right: re.compile(rf"{_POLITE}{_ASKING}(?:{'|'.join(requests)}){_THANKS}")
    for right, requests in _REQUESTS.items()
}
_ANY_REQUEST: Final = re.compile(
    rf"{_POLITE}{_ASKING}(?:{'|'.join(one for requests in _REQUESTS.values() for one in requests)}){_THANKS}"
)
"""Matches whatever one of them matches: hardly anything is a request, and one look is enough to know."""
_LONGEST_REQUEST: Final = 16
"""Words; whoever says more is telling something."""
_MOST_CHARACTERS: Final = 20 * _LONGEST_REQUEST
"""No need to look at the words of what is longer."""

_BACKCHANNEL: Final = re.compile(
    r"(?:(?:mm-hm|mm-hmm|mhm|mm|mmm|hm|hmm|uh-huh|uh huh|mm hm|mm hmm|uh|um|ah|oh|aha|yeah|yep|yup|yes"
    r"|right|okay|ok|sure|i see|"
    r"got it|gotcha|true|exactly|cool|alright|all right|really|wow|fine|good|no)(?: |$)){1,3}"
)
_TIME: Final = re.compile(
    _POLITE
    + r"(?:(?:please )?(?:hold|hang) on(?: (?:a|one|just a) (?:second|sec|minute|moment|bit))?(?: please)?"
    r"|let me (?:just )?(?:think|see|remember|recall|have a think|reflect|consider)(?: (?:about (?:that|it"
    r"|this)(?: one)?|for|a|back)\b.{0,30})?"
    r"|(?:(?:just )?give me|can i (?:have|take|get)|could i (?:have|take|get)|i (?:just )?need|i'd like"
    r"|may i (?:have|take)|let me (?:have|take)) "
    r"(?:just )?(?:a|one|a few|some|another) (?:second|seconds|sec|minute|minutes|moment|moments|time|bit"
    r"|while)(?: (?:to think|here|please|with that|for that|to remember).{0,20})?"
    r"|(?:just )?(?:a|one|just a|just one) (?:second|sec|minute|moment)(?: please)?"
    r"|wait(?: (?:a|one) (?:second|sec|minute|moment))?(?: please)?"
    r"|(?:i'm |i am )?(?:still )?thinking(?: about (?:it|that|this))?"
    r"|(?:that's|that is) a (?:good|tough|hard|difficult|big|great|tricky) (?:one"
    r"|question)(?: let me think.{0,20})?"
    r"|how (?:do|should|can) i (?:put|say) (?:this|that|it)|where do i (?:start|begin))"
    r"(?: (?:um|uh|er|so|please|okay|ok|well|hold on|let me think|let me see))*"
)  # fmt: skip
_STOPS_VOICE: Final = re.compile(
    _POLITE
    + r"(?:wait|stop|hang on|hold on|hold it|pause|(?:one|just a) (?:second|sec|moment|minute)|"
    r"no no|let me (?:finish|stop you|interrupt)|can i (?:just |say|interrupt|ask|stop)|could i (?:just "
    r"|say|interrupt|ask|stop)|"
    r"sorry (?:can|could|may|to|but|i)|excuse me|i wasn't (?:done|finished)|i'm not (?:done|finished)"
    r"|i was (?:still )?(?:going to|gonna) say|"
    r"before you go on|actually (?:i|can|wait|no))\b"
)  # fmt: skip


_PREFACE: Final = re.compile(
    _POLITE + r"(?:i (?:don't|do not|can't|cannot|couldn't|won't|would rather not|'d rather not)"
    r" (?:really )?(?:want to |wish to |like to |know how to )?(?:answer|hear|follow|understand|say"
    r"|talk about|discuss|like)"
    r"(?: (?:that|this|it|you|this one|that one|the question|anything))?"
    r"|i(?:'m| am) (?:sorry|tired|lost|not sure|not comfortable(?: with (?:that|this))?)|sorry about that"
    r"|my (?:phone is ringing|line is bad)"
    r"|(?:the |it's a |this is a )?(?:bad line|connection is bad)|you're breaking up|that's (?:wrong"
    r"|not right|not what i meant))?"
)
"""What people say ahead of a request, and what is none by itself."""
_PIECES: Final = re.compile(r"[,.;:!?–—]+\s+")


@lru_cache(maxsize=8)  # one signal has the same words asked for it more than once
def spoken_right(text: str) -> Right | None:
    """The right that an utterance claims, or None when it is anything more, or less, than a claim."""
    if len(text) > _MOST_CHARACTERS:
        return None
    claim = _claim(text)
    if claim is not None:
        return claim
    pieces = [piece for piece in _PIECES.split(text) if plain(piece)]
    if len(pieces) < 2:
        return None
    claims = {_claim(piece) for piece in pieces if not _PREFACE.fullmatch(plain(piece))}
    return claims.pop() if len(claims) == 1 else None


def _claim(text: str) -> Right | None:
    heard = plain(text)
    if heard.count(" ") >= _LONGEST_REQUEST or not _ANY_REQUEST.fullmatch(heard):
        return None
    for right, whole in _WHOLE.items():
        if whole.fullmatch(heard):
            return right
    return None


def is_backchannel(text: str) -> bool:
    """Nothing but listening noises: "mm-hm", "right", "yeah okay"."""
    return len(text) <= _MOST_CHARACTERS and _BACKCHANNEL.fullmatch(plain(text)) is not None


def asks_for_time(text: str) -> bool:
    """The participant wants to think: "hold on", "let me think about that", and nothing else yet."""
    if len(text) > _MOST_CHARACTERS:
        return False
    heard = plain(text)
    return heard.count(" ") < _LONGEST_REQUEST and _TIME.fullmatch(heard) is not None


def is_stop_phrase(text: str) -> bool:
    """Said over the agent's voice, this asks it to stop at once; more words may follow. Also every claim of a
    right."""
    heard = plain(text)
    return _STOPS_VOICE.match(heard) is not None or spoken_right(text) not in (None, "done")

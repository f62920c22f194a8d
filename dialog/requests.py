"""In what words participants claim what they may claim at any moment, as patterns over plain lower-case
words. Knows no question, and not whether the words are meant."""

from collections.abc import Mapping
from typing import Final

from dialog.judgement import Right, Wish

POLITE: Final = (
    r"(?:(?:um|uh|er|oh|hey|hm|hmm|well|so|okay|ok|yeah|yes|no|sorry|actually|please|excuse me|pardon"
    r"|i'm sorry|i am sorry|look|listen|wait|you know what|on second thought|hang on|hold on|one second"
    r"|wait a (?:second|minute|moment)|if possible|i think|and|but) )*"
)
ASKING: Final = (
    r"(?:(?:can|could|would|will|may|might|should) (?:you|we|i|somebody|someone) "
    r"(?:(?:please|just|maybe|possibly|perhaps|quickly|kindly|at least) )*"
    r"|(?:i'd|i would|we'd) (?:(?:really|just|much) )*"
    r"(?:(?:like|love|prefer)(?: you)?(?: to)? |rather (?:just )?(?:not do |we )?)"
    r"|i (?:(?:just|really|also) )*(?:want|wanna|need|wish|would like)(?: you)?(?: to)? "
    r"|let's (?:(?:just|please|maybe|better) )*|let me (?:just |please )?|(?:i'm|i am) going to "
    r"|(?:(?:is it|would it be) (?:possible|okay|ok|alright|all right|fine)|(?:would|do) you mind"
    r"|am i allowed|do you think) (?:to |if (?:we|i|you) |(?:we|i|you) (?:can|could) )?"
    r"|how about (?:we )?|why don't we |shall we |maybe we (?:can|could|should) "
    r"|(?:is there a way|any chance|i wonder if (?:we|you|i) (?:can|could)) ?(?:to )?|please |just "
    r"|maybe |you can (?:just )?)?"
)
THANKS: Final = (
    r"(?: (?:please|thanks|thank you|now|for now|for me|sorry|if that's okay|if that's ok|if possible|"
    r"if you don't mind|right now|then|okay|ok))*"
)
_THIS: Final = r"(?:this|that|the|it|this one|that one|(?:this|that|the) (?:question|one|part))"
_TALK: Final = r"(?:interview|call|talk|conversation|survey|session|recording|whole thing|thing)"

_AGAIN: Final = r"(?:again|once more|once again|one more time|another time|a second time)"
_WHAT_WAS_ASKED: Final = (
    r"(?:(?:it|that|this|(?:the|that|this|your) (?:last |whole |first )?(?:question|one|part|bit|thing"
    r"|sentence)"
    r"|what (?:it was )?you(?:'ve| have)? (?:just |have )?(?:asked|said|ask|say|wanted to know)"
    r"|what the question was)(?: (?:me|just now|to me))?)"
)
_LATER: Final = (
    r"(?:later(?: on| today)?|tomorrow|tonight|another (?:time|day)|some other (?:time|day)|next week"
    r"|in (?:a (?:minute|moment|bit|while|second)|an hour|half an hour|(?:five|ten|two) minutes))"
)
_A_WHILE: Final = (
    r"(?:for (?:a (?:bit|moment|minute|second|sec|while|little while)|now|(?:one|two|five|ten) minutes?)"
    r"|here|now|right (?:here|now)|a (?:minute|moment|second|bit))"
)
_BREAK: Final = (
    r"(?:a|an|another|one|some|my) (?:(?:short|quick|little|brief|small|tiny|coffee|bathroom|long"
    r"|(?:one|two|five|ten)(?: |-)?minute) )*(?:break|pause|rest|breather|timeout|time out)"
)
_A_PERSON: Final = (
    r"(?:(?:a|an|some|any|the|your|another|one of the|some kind of) )?(?:(?:real|actual|live|human|other"
    r"|proper) )*"
    r"(?:humans?|person|people|human being|somebody|someone|anybody|anyone|operator|researchers?|agent"
    r"|supervisor|representative|team|staff|member of (?:the|your) (?:\w+ )?(?:team|staff)|person in charge)"
    r"(?: (?:real|human|else|instead|in charge|there|here|alive|on the (?:phone|line|other end)"
    r"|(?:from|of|on|in) (?:the|your) (?:\w+ )?team|behind this"
    r"|(?:that |who )?(?:i|we) (?:can|could) (?:talk|speak|write) (?:to|with)))*"
)
AN_ANSWER: Final = (
    r"(?:(?:my|the|that|this) (?:(?:very )?(?:last|previous|earlier|first|other) )?(?:answer|reply"
    r"|response|one|words"
    r"|thing|statement|remark|sentence|part|bit)|what i(?:'ve| have)? (?:just )?(?:said|told you|answered"
    r"|mentioned)"
    r"|(?:that|this|it|all that|all of (?:that|this|it)))"
    r"(?: (?:before|earlier|just now))?"
)
_FROM_RECORD: Final = (
    r"(?: (?:out|off|away|back|again|down|in|up))*(?: (?:from|off|of|out of|in|on) (?:the |this |my |your )?"
    r"(?:record|records|recording|transcript|notes|answer|answers|interview|file|log))?"
)

_I_SAID: Final = r"i(?:'ve| have)? (?:just |ever |already )?(?:said|told you|answered|mentioned)"
_ANSWERS: Final = r"(?:my|the|these|those) (?:answers|replies|responses|words|data)"
EVERYTHING: Final = (
    rf"(?:everything(?: (?:that )?(?:{_I_SAID}|you have (?:on|about|of|from) me|about me))?"
    rf"|(?:all|each|every one|any) of {_ANSWERS}|(?:all )?{_ANSWERS}"
    rf"|(?:all|anything) (?:that )?{_I_SAID}"
    r"|(?:the|this|my|our) (?:whole |entire )?(?:interview|conversation|recording|session|talk|transcript))"
    r"(?: (?:so far|up to now|until now|today|here|in this interview|in this talk))?"
)
_CONSENT: Final = r"(?:(?:my|the) (?:consent|permission|agreement))"
_THE_RECORDING: Final = (
    r"(?:(?:the|this|that|your|my) (?:recording|recorder|tape|audio recording|voice recording)"
    r"|recording(?: (?:me|us|this|my voice|the (?:call|conversation|interview|talk)))?)"
)

REQUESTS: Final[Mapping[Right | Wish, tuple[str, ...]]] = {
    "repeat": (
        rf"(?:repeat|rephrase|reword|repeating|rephrasing)(?: (?:me )?{_WHAT_WAS_ASKED})?(?: (?:to|for) me)?"
        rf"(?: {_AGAIN}| differently| another way| in other words)?",
        r"(?:say|ask|read|phrase|put|tell|give|run through|go over|go through|state|hear|have|get)(?: me)?"
        rf"(?: {_WHAT_WAS_ASKED})(?: (?:to|for) me)?(?: (?:out|aloud|out loud))? {_AGAIN}",
        r"what (?:was|is|were) (?:(?:it |that )?(?:that )?you(?:'ve| have)? (?:just )?(?:asked|said"
        r"|asking|saying)"
        rf"|(?:the|your) (?:last |whole )?question)(?: me)?(?: {_AGAIN})?",
        r"(?:i )?(?:can't|cannot|don't) remember (?:the question|what you asked(?: me)?"
        r"|what the question was)",
        r"what (?:exactly )?(?:did|have) you (?:just )?(?:say|ask|asked|said)(?: me)?"
        r"(?: (?:again|just now))?",
        r"i(?:'ve| have)? (?:just )?(?:lost|forgot|forgotten|missed) (?:the (?:thread|question)|track"
        r"|what you (?:asked|said))",
        r"(?:repeat|say|ask|read)(?: (?:it|that|this|the question|that question|the last question|me"
        r"|that part|your question|yourself))?"
        r"(?: to me| for me)? (?:again|once more|one more time|another time)",
        r"repeat(?: (?:it|that|this|the question|that question|the last question|that part|your question"
        r"|yourself))?",
        r"(?:what was (?:that|the question)|what did you (?:say|ask)|come again|pardon(?: me)?|pardon what"
        r"|say again)(?: again)?",
        r"(?:i )?(?:(?:didn't|did not|couldn't|could not) (?:(?:quite|really) )?(?:catch|hear|get|understand)"
        r"|(?:don't|can't) (?:catch|hear|get)) (?:that|you|it"
        r"|the question|your question|what you said|all of that)(?: sorry| there| properly| very well)?",
        r"(?:hear|get|have) (?:the question|that|it|your question) (?:again|once more|one more time)",
        r"(?:run|read|go over|say|ask|put) (?:that|it|this|the question|me that)(?: (?:by|past|to"
        r"|for) me)?(?: (?:again|once more|one more time))?(?: by me again| past me again)?",
        r"(?:repeating|rephrasing|saying|asking|reading)(?: (?:that|it|this|the question"
        r"|your question))?(?: (?:again|once more|one more time))?",
        r"(?:i )?(?:missed|lost) (?:that|it|you|the question|what you said)(?: there| again)?",
        r"ask (?:me )?(?:that|it|this|the question) (?:again|once more|one more time)",
        r"(?:what was|what's|what is) (?:that|the question|your question|it)(?: again)?|you what|say what"
        r"|huh what",
        r"(?:read|say) (?:that|it|this|the question) out(?: again| once more| one more time| aloud| loud)*",
        r"(?:tell|give) me (?:the question|that|it|your question)(?: (?:again|once more|one more time))?",
        r"i(?:'ve| have)? (?:forgot|forgotten|lost) (?:the question|your question|what you asked"
        r"|what the question was|track(?: of the question)?)(?: again)?",
        r"one more time|once (?:more|again)|(?:the question|your question) (?:again|once more)",
    ),
    "slower": (
        r"(?:speak|talk|go|say (?:that|it)|read (?:that|it)) (?:a (?:bit|little)(?: bit)? |more )?(?:slower"
        r"|slowly|more slowly)",
        r"(?:a (?:bit|little)(?: bit)? )?(?:slower|more slowly)",
        r"(?:speaking|talking|going|saying (?:that|it)) (?:a (?:bit|little)(?: bit)? |more )?(?:slower"
        r"|slowly|more slowly)|slowing down(?: a (?:bit|little))?",
        r"you(?:'re| are) (?:way |a bit |a little |much |just )?(?:too|so) (?:fast|quick)(?: for me)?",
        r"(?:way |much |a bit |a little )?too (?:fast|quick) for me",
        r"slow (?:it )?down(?: a (?:bit|little)(?: bit)?)?(?: please)?(?: (?:i|so i) (?:can't|cannot|can"
        r"|could) (?:follow|keep up|understand)(?: you)?)?",
        r"(?:not|don't (?:go|talk|speak)) (?:so|that|too|quite so) (?:fast|quick|quickly)(?: please)?"
        r"|(?:please )?(?:go|take it|speak|talk) (?:a (?:bit|little) )?(?:slow|easy|slowly)",
        r"i (?:can't|cannot|couldn't) (?:follow|keep up|understand)(?: you)? (?:when|if) you (?:talk|speak"
        r"|go) (?:so|that|this|too) (?:fast|quick|quickly)",
        r"you(?:'re| are)? (?:talk|speak|go|talking|speaking|going|being) (?:too|so|very|a bit|a little"
        r"|much too|way too"
        r"|a bit too|a little too) (?:fast|quick|quickly)(?: for me)?",
        r"(?:that's|that was|it's|it was) (?:too|a (?:bit|little)(?: too)?|so|very|way too) (?:fast"
        r"|quick)(?: for me)?",
    ),
    "skip": (
        r"(?:move|go|jump|proceed|continue|get|skip|pass) (?:on )?(?:straight |right |directly )?(?:to"
        r"|with|onto)?"
        r" ?(?:the next|another|a different|some other|something else|the following)(?: (?:question|one"
        r"|thing|topic|part|point))?",
        r"(?:ask|try|do|have|take|hear|get) (?:me )?(?:the next|another|a different|some other"
        r"|something else)"
        r"(?: (?:question|one|thing|topic))?",
        rf"(?:skip|skipping|leave out|leaving out|pass on|omit|drop)(?: over)? {_THIS}",
        rf"(?:not (?:have to )?answer|leave) {_THIS}(?: (?:open|blank|unanswered|for now))?",
        rf"(?:skip|skipping|pass|passing)(?: on| over)?(?: {_THIS})?",
        r"(?:move|go) on(?: to)?(?: the)? next(?: question| one)?",
        r"next|(?:move on|go to the next (?:question|one)|next question|next one)",
        r"(?:have |do |take |ask )?(?:me )?the next (?:question|one)",
        r"leave (?:this|that) (?:one|question) out|(?:leave|drop) (?:this|that|it)(?: (?:one"
        r"|question))?|not answer (?:this|that)(?: (?:one|question))?",
        r"(?:go|move) (?:on )?to (?:the next|another)(?: (?:question|one))?|(?:ask|try) (?:me )?(?:another"
        r"|a different)(?: (?:question|one))?",
    ),
    "back": (
        r"(?:go|move|step|get|jump|come|turn|switch|return|take me|bring me)(?: back)?(?: (?:again"
        r"|once more))?"
        r"(?: (?:to )?(?:one|a) (?:question|step|one))?(?: back)?(?: to)? (?:the|my|that) (?:(?:very )?"
        r"(?:last|previous|earlier|first"
        r"|other|second|third|former|prior) (?:question|one|answer|part|topic)|(?:question|one) before"
        r"(?: (?:this|that)(?: one)?)?)",
        r"(?:go back(?: and| to)? )?(?:change|correct|fix|redo|revise|edit|amend|add (?:something )?to"
        rf"|say something more about) {AN_ANSWER}",
        r"(?:go|move|step|get|going|moving) back(?: (?:one|a step|a question|one question|one step))?"
        r"(?: to (?:the|that|my) (?:last|previous|earlier|first) (?:question|one|answer))?",
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
        r"(?:pause|pausing|hold|halt|interrupt|suspend)(?: (?:this|it|here|things|everything|(?:the|this"
        rf"|our) {_TALK}))?(?: {_A_WHILE})*",
        rf"(?:stop|wait|rest|breathe) (?:this |it |here |the {_TALK} )?for (?:now|a (?:bit|moment|minute"
        r"|second|while)|(?:one|two|five|ten) minutes?)",
        rf"(?:take|taking|have|having|get|need|use|do with|make|go for|give me|grab) {_BREAK}"
        rf"(?: {_A_WHILE})?",
        r"(?:continue|finish|do|resume|go on|carry on|pick up|pick|come back|keep going|talk)(?: to| with"
        r"| up)?"
        rf"(?: (?:this|it|that|the rest(?: of (?:it|this))?|(?:the|this|our) {_TALK}))?(?: up)?"
        rf"(?: again)? {_LATER}",
        r"(?:take|have|need) (?:a|a short|a quick|a little|a small|five|ten|a five minute"
        r"|a ten minute) (?:break|pause|minutes?)(?: break)?",
        r"(?:a )?(?:break|pause)(?: (?:it|this|here|for a (?:bit|moment|minute|second|while)"
        r"|the " + _TALK + r"))?",
        rf"pause (?:this|the|our) {_TALK}",
        r"(?:continue|do this|finish this|go on|come back|carry on)(?: to this)? (?:later|another time"
        r"|tomorrow)",
        r"come back to this later|(?:hold|pause|stop|halt) the " + _TALK + r" (?:for now|for a (?:moment"
        r"|minute|second|bit|while))|hold the " + _TALK + r"|take (?:five|ten|a moment"
        r"|(?:a few|five|ten|two) minutes"
        r"|a rest)|(?:a |one |five |ten |two |ten-|five-)?(?:minute|minutes) (?:break|pause|rest)|(?:a|one"
        r"|five|ten|two) (?:minute|minutes) (?:break|pause|rest)|(?:give me|get|grab) (?:a|a short|a quick"
        r"|a little) (?:break|pause)",
        r"(?:a|a short|a quick|a little|another) (?:break|pause)|(?:have|take|need|do with) (?:a|a short"
        r"|a quick|a little) pause",
        r"pausing(?: (?:it|this|here|for a (?:bit|moment|minute|second|while)))?"
        r"|taking a (?:short |quick )?break",
        r"(?:do|finish|continue) (?:the rest|it|this|the rest of it) (?:later|tomorrow|another time"
        r"|some other time)|(?:be|i'll be|be right) back(?: in a (?:minute|moment|second|bit))?",
        r"stop for (?:a (?:bit|moment|minute|second|while)|now)"
        r"|give me (?:a few|five|ten|two|a couple of) minutes",
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
    "erase_all": (
        r"(?:strike|delete|erase|scratch|remove|discard|wipe|clear|cross out|get rid of|throw away|destroy"
        rf"|forget|take out|drop) {EVERYTHING}{_FROM_RECORD}",
        rf"(?:have )?{EVERYTHING} (?:to be )?(?:removed|deleted|erased|struck|taken out|gone|wiped)"
        rf"{_FROM_RECORD}",
        rf"(?:don't|do not|not) (?:keep|use|include|save|store) {EVERYTHING}",
    ),
    "withdraw": (
        rf"(?:i )?(?:hereby )?(?:withdraw|revoke|retract|cancel|take back|withdrawing|revoking) {_CONSENT}"
        r"(?: (?:now|again|to this|to the interview|to being (?:interviewed|recorded)))?",
        rf"take {_CONSENT} back",
        r"(?:i )?(?:don't|do not|no longer) (?:give (?:you )?(?:my )?(?:consent|permission)|consent|agree)"
        r"(?: (?:to this|to the interview|to (?:this|the) (?:recording|interview)"
        r"|to being (?:interviewed|recorded)))?(?: (?:anymore|any more|any longer|now))+",
        r"(?:i )?no longer (?:consent|agree to this|give (?:my )?consent)",
        r"withdraw(?:ing)? from (?:this|the) (?:study|interview|research|survey)",
    ),
    "unrecord": (
        rf"(?:stop|quit|end|turn off|switch off|shut off|disable|pause) {_THE_RECORDING}",
        r"(?:turn|switch|shut) (?:the|that|this|your) (?:recording|recorder|tape|microphone) off",
        r"(?:don't|do not|not|stop to|never) (?:record|tape) (?:me|us|my voice|this (?:call|interview"
        r"|conversation|talk)|anything)(?: (?:anymore|any more|any longer|now))*",
        r"(?:i )?(?:don't|do not) (?:want|wish|like) (?:to be recorded|this (?:to be )?recorded|you to record"
        r"(?: (?:me|this))?|the recording)(?: (?:anymore|any more|any longer|now))*",
        r"(?:not be|go on without being|without being) recorded(?: (?:anymore|any more|any longer))?",
        r"(?:continue|go on|do this|talk) without (?:the |a |being )?record(?:ing|ed)",
    ),
    "strike": (
        r"(?:strike|delete|erase|scratch|remove|discard|cut|wipe|clear|cross"
        rf"|undo) {AN_ANSWER}{_FROM_RECORD}",
        rf"(?:take|leave) {AN_ANSWER} (?:out|back|off)(?: again)?{_FROM_RECORD}",
        r"(?:strike|delete|erase|scratch|remove|cut|wipe|clear|cross) (?:out "
        rf"|off )?{AN_ANSWER}{_FROM_RECORD}",
        r"(?:don't|do not|not) (?:record|keep|use|include|write|save|store|note|put|count"
        rf"|quote) {AN_ANSWER}{_FROM_RECORD}",
        rf"(?:have )?{AN_ANSWER} (?:to be )?(?:removed|deleted|erased|struck|taken out|left out|gone"
        rf"|scratched|cut){_FROM_RECORD}",
        r"(?:strike|delete|erase|scratch|remove|striking|deleting|erasing|removing)"
        r" (?:that|this|it|my (?:last )?answer|what i (?:just )?said"
        r"|the last (?:answer|part|bit|one))"
        r"(?: from the record| out)?",
        r"take (?:that|it) (?:back|out)",
        r"forget (?:i said that|that i said that|what i (?:just )?(?:said|told you))",
        r"(?:don't|do not) (?:record|keep|use|include|write down) (?:that|this|it|what i (?:just )?said)",
        r"(?:that's|that is|this is|that was) off the record",
        r"(?:strike|delete|erase|scratch|remove|cut) (?:that|the|this) (?:last )?(?:part|bit|answer|one"
        r"|sentence|thing)|leave (?:that|this|it|what i (?:just )?said) out|(?:off|not for) the record",
        r"take (?:that|it|this) (?:back )?(?:out|off the record)(?: again)?",
        r"(?:that|this|it|my last answer|my answer) (?:removed|deleted|erased|struck|taken out"
        r"|off)(?: from the record)?",
    ),
    "human": (
        rf"(?:talk|speak|chat|talking|speaking) (?:to|with) {_A_PERSON}",
        r"(?:get|find|reach|call|fetch|see|have|give me|connect me (?:to|with)|put me (?:on |through )?"
        r"(?:to|with)"
        r"|transfer me to|pass me (?:on )?to|hand me over to|be (?:connected|transferred|put through) "
        rf"(?:to|with)) (?:me )?{_A_PERSON}",
        rf"(?:(?:can|could|would|may|will) )?{_A_PERSON} (?:take over|do this|help me|call me(?: back)?"
        r"|talk to me|speak to me|join|contact me)",
        rf"(?:is there|are there|is|do you have) {_A_PERSON}",
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
        r"(?:stop|end|quit|finish|cancel|terminate|leave|conclude|close|wrap up|abort|break off"
        r"|be done with|get out of|stopping|ending)"
        rf" (?:this|that|it|here|things|everything|(?:the|this|our|that) (?:whole )?{_TALK})(?: (?:off|up"
        r"|here|now|right here|right now|there"
        r"|at this point|early|altogether|immediately|completely|for good|for today))*",
        r"(?:i )?(?:don't|do not|no longer) (?:want|wish|wanna|like|care) (?:to )?(?:continue|do|go on"
        r"|carry on|keep going|finish|be in|take part in)"
        rf"(?: with)?(?: (?:this|it|that|(?:the|this|our) {_TALK}))?(?: (?:anymore|any more|any longer"
        r"|any further|now))*",
        rf"(?:stop|end|quit|finish|cancel|terminate)(?: (?:this|the|our))? {_TALK}",
        r"(?:stop|end|quit) (?:this|it|here|now|right here|right now|altogether|everything|talking to you)",
        r"(?:stopping|ending) (?:this|it|here|now|the " + _TALK + r")",
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

"""What simulated participants say and type: answers, fragments, noises, requests, rubbish."""

from random import Random

ANSWERS = (
    "i got up at seven and made a pot of coffee for my sister",
    "last tuesday i missed the train because my phone died and i walked home for two hours in the rain",
    "we used to live by the sea and every summer my father took us out in his boat",
    "my manager told me about the change on friday and i was worried for the whole weekend",
    "it was fine",
    "i bought the green one.",
    "mostly vegetables, rice, and now and then some fish",
)
FRAGMENTS = ("i got up at seven and then i", "because", "and so the", "i think", "um", "well you know", "my")
NOISES = ("mm-hm", "yeah", "okay right", "uh-huh", "oh really", "no")
REQUESTS = (
    "can you repeat that please",
    "skip this one please",
    "let's take a break please",
    "go back to the last question",
    "i want to stop the interview",
    "can i talk to a human",
    "strike that please",
    "please speak more slowly",
    "that's all",
    "let me think about that",
    "resume",
    "i'm ready",
    "erase everything i said",
    "i withdraw my consent",
    "stop recording me",
    "please don't delete my answers",
    "i never throw away anything",
)
REPLIES = (
    "yes",
    "no",
    "yes please",
    "thirty four",
    "four",
    "seventeen",
    "the third one",
    "what do you mean by that",
    "no it was my brother in bath",
    "sounds about right",
    "the second one is wrong",
)
RUBBISH = (
    "\u202e\u0000",
    "?",
    "…",
    "日本語のこたえ",
    "a" * 400,
    "<script>alert(1)</script>",
    "  spaced   out  ",
)
PAINFUL = ("my son died last spring and i don't want to live anymore", "he hit me when i was a child")

_KINDS = (
    (ANSWERS, 40),
    (FRAGMENTS, 16),
    (NOISES, 12),
    (REQUESTS, 12),
    (REPLIES, 12),
    (RUBBISH, 4),
    (PAINFUL, 4),
)


def something(rng: Random) -> str:
    """One utterance of whatever kind."""
    (texts,) = rng.choices([texts for texts, _ in _KINDS], [weight for _, weight in _KINDS])
    return rng.choice(texts)

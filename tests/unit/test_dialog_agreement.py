"""What is said of what was read back: that it is right, that it is not, or what it should be."""

import pytest

from dialog.agreement import Verdict, is_no_correction, verdict_on

SAID: dict[Verdict | None, str] = {
    "right": """sounds about right|that sounds right|you got it|pretty much|more or less|that's what I said
        |close enough|I guess so|indeed|spot on|that's accurate|that matches|looks good|both are right
        |they're both right|I think you got that right|that is how it was|makes sense|let's continue
        |let's go on|please continue|nothing to add|nothing to change|no nothing to correct
        |no that's all correct
        |no I wouldn't change anything|no changes|no corrections|no it's right|no no that's right|as I said
        |you can keep that|that one|I guess|yes|right|exactly|okay|that is fine|of course|it is
        |uh-huh that's right""",
    "wrong": """I don't think so|not quite|no the second one is wrong|the first one is wrong|no|nope|no no
        |the second part isn't right|I didn't say that|not really|no that's wrong|that is not what I said
        |it's wrong|both are wrong|yes but the second one is wrong|right but the other one is wrong|not true
        |nothing of that is right|half right|almost right|right up to the last one|you misheard me
        |of course not
        |you misunderstood|it was different|there's a mistake|one correction|I want to change something
        |okay then change it|no both
        |no that's not right|two of them are wrong|one of them is wrong|the last one is not right""",
    None: """it was in Bath|no it was in Bath|no twelve is right|sorry what|what a strange question|hm well
        |I'd rather not say|no it's fifteen|the tool should be a spreadsheet|it was two days|well|um
        |no it was the first of May|it was my sister|we never got there|the weather was bad
        |both|hm""",
}


@pytest.mark.parametrize(
    ("said", "verdict"), [(text.strip(), key) for key, texts in SAID.items() for text in texts.split("|")]
)
def test_a_verdict_is_one_only_where_nothing_else_is_said(said: str, verdict: Verdict | None) -> None:
    assert verdict == verdict_on(said)


@pytest.mark.parametrize("said", ["sorry what", "what a strange question", "pardon"])
def test_surprise_corrects_nothing(said: str) -> None:
    assert is_no_correction(said)
    assert not is_no_correction("it was in Bath")


def test_no_length_of_words_is_too_much() -> None:
    assert "wrong" == verdict_on("no " * 4_000)
    assert None is verdict_on("that it is so what " * 4_000 + "zebra")

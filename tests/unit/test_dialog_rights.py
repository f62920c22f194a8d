"""What is a claim of a right, and what only sounds like one inside an answer."""

import json
from pathlib import Path
from typing import get_args

import pytest

from dialog.judgement import Right
from dialog.rights import asks_for_time, is_backchannel, is_stop_phrase, spoken_right

PHRASINGS = json.loads((Path(__file__).parent.parent / "data" / "rights.json").read_text(encoding="utf-8"))
"""Claims of each right as people word them, and ordinary answers that sound like claims."""

CLAIMS: list[tuple[str, Right]] = [
    ("can you repeat that", "repeat"),
    ("Could you please repeat the question?", "repeat"),
    ("say that again please", "repeat"),
    ("sorry what was the question", "repeat"),
    ("I didn't catch that", "repeat"),
    ("one more time please", "repeat"),
    ("um could you say that again", "repeat"),
    ("what did you say", "repeat"),
    ("slower please", "slower"),
    ("can you speak a little slower", "slower"),
    ("you're talking too fast", "slower"),
    ("please slow down a bit", "slower"),
    ("skip this one", "skip"),
    ("pass", "skip"),
    ("can we skip that question please", "skip"),
    ("I'd like to skip this question", "skip"),
    ("next question please", "skip"),
    ("let's move on", "skip"),
    ("go back", "back"),
    ("can we go back to the previous question", "back"),
    ("I want to change my last answer", "back"),
    ("let's take a break", "pause"),
    ("can we take a short break", "pause"),
    ("pause please", "pause"),
    ("I need a break", "pause"),
    ("can we continue later", "pause"),
    ("let's continue", "resume"),
    ("I'm ready", "resume"),
    ("okay I'm back", "resume"),
    ("strike that", "strike"),
    ("please delete my last answer", "strike"),
    ("don't record that", "strike"),
    ("that's off the record", "strike"),
    ("forget what I just said", "strike"),
    ("I want to talk to a person", "human"),
    ("can I speak to a real human please", "human"),
    ("is there a real person I can talk to", "human"),
    ("operator", "human"),
    ("stop the interview", "stop"),
    ("I want to stop", "stop"),
    ("please end this call", "stop"),
    ("I don't want to do this anymore", "stop"),
    ("I have to go now", "stop"),
    ("that's it", "done"),
    ("that's all", "done"),
    ("I'm done", "done"),
    ("nothing else to add", "done"),
]
NO_CLAIMS = [
    "so I had to stop the interview with my boss",
    "we stop",
    "my manager told me to skip this one",
    "I usually skip breakfast",
    "I had to repeat the question three times before he understood",
    "we took a break and then went back to the office",
    "I'd like to go back to school",
    "I needed to talk to a person but there was only a chat window",
    "and then the doctor said that again please think about it",
    "that's it for the first part and then the second part was harder",
    "that's all they ever told us",
    "go back and forth between the two screens",
    "I asked the waiter to slow down",
    "he said wait",
    "I want to stop smoking",
    "I have to go to the store twice a week",
    "the pause button",
    "it was a real person on the phone who fixed it",
    "I am done with school since last summer",
    "delete that file was the advice",
    "yes",
    "",
    "skip " * 40,
]


@pytest.mark.parametrize(("said", "right"), CLAIMS)
def test_an_utterance_that_is_only_a_request_claims_its_right(said: str, right: Right) -> None:
    assert right == spoken_right(said)
    assert right == spoken_right(said.lower().replace("?", "").replace(".", ""))


@pytest.mark.parametrize("said", NO_CLAIMS)
def test_the_same_words_inside_an_answer_claim_nothing(said: str) -> None:
    assert spoken_right(said) is None


@pytest.mark.parametrize(
    "said", ["mm-hm", "Mm-hm.", "right", "yeah", "uh huh", "yeah okay", "I see", "oh wow"]
)
def test_listening_noises_are_backchannels(said: str) -> None:
    assert is_backchannel(said)


@pytest.mark.parametrize("said", ["", "yeah but no", "right after lunch", "seven", "okay so the thing is"])
def test_words_that_say_something_are_no_backchannels(said: str) -> None:
    assert not is_backchannel(said)


@pytest.mark.parametrize(
    "said",
    [
        "hold on",
        "hang on a second",
        "let me think",
        "um let me think about that for a moment",
        "give me a second",
        "just a moment please",
        "that's a good question",
        "I need a minute to think",
        "still thinking",
        "well let me see",
        "wait",
    ],
)
def test_asking_for_a_moment_is_heard_as_such(said: str) -> None:
    assert asks_for_time(said)


@pytest.mark.parametrize(
    "said",
    [
        "hold on to what you have is my motto",
        "I think it was a tuesday",
        "they made me wait for an hour",
        "let me tell you about the first week",
        "give me a second chance is what I said",
        "",
    ],
)
def test_an_answer_is_not_a_request_for_time(said: str) -> None:
    assert not asks_for_time(said)


@pytest.mark.parametrize(
    "said",
    [
        "wait",
        "stop",
        "hang on",
        "sorry can I",
        "excuse me",
        "no no no that's wrong",
        "wait I meant the other one",
    ],
)
def test_words_that_want_the_floor_stop_the_voice(said: str) -> None:
    assert is_stop_phrase(said)


@pytest.mark.parametrize("said", ["mm-hm", "right", "the waiter came", "stopping was hard", "that's it", ""])
def test_other_words_over_the_voice_do_not(said: str) -> None:
    assert not is_stop_phrase(said)


# As people word them


def test_there_are_ten_phrasings_of_each_right_and_a_hundred_answers_that_sound_like_claims() -> None:
    assert set(get_args(Right)) == set(PHRASINGS["claims"])
    assert min(len(set(phrasings)) for phrasings in PHRASINGS["claims"].values()) >= 10
    assert len(set(PHRASINGS["no_claims"])) >= 100


@pytest.mark.parametrize("right", PHRASINGS["claims"])
def test_each_phrasing_of_a_right_claims_it(right: Right) -> None:
    unheard = [said for said in PHRASINGS["claims"][right] if spoken_right(said) != right]
    as_heard = [said.lower().replace("?", "").replace(".", "") for said in PHRASINGS["claims"][right]]

    assert [] == unheard
    assert [] == [said for said in as_heard if "," not in said and spoken_right(said) != right]


def test_no_ordinary_answer_claims_anything() -> None:
    assert [] == [said for said in PHRASINGS["no_claims"] if spoken_right(said) is not None]

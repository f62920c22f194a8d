"""What a follow-up may hang on: an event can be asked what came after it, a thing can't; what was denied is
not what was told."""

import pytest

from dialog.answers import does_not_know, tells_of_something
from dialog.judgement import Probe
from dialog.spans import topics_in
from dialog.techniques import TEMPLATES, Deficiency, word_probe

EVERY = tuple(dict.fromkeys(template.technique for template in TEMPLATES))


@pytest.mark.parametrize(
    ("said", "happens"),
    [
        ("and then the meeting was over", True),
        ("we rolled back the last change", True),
        ("after my operation I could not walk", True),
        ("when Ines found the certificate", False),
        ("I looked at my phone", False),
        ("he waited at the station", False),
        ("they took the building down", False),
    ],
)
def test_what_happens_is_told_from_what_only_is(said: str, happens: bool) -> None:
    assert [happens] == [topic.happens for topic in topics_in(said)]


@pytest.mark.parametrize(
    "said",
    [
        "she had no part in my education",
        "I never left the village",
        "we knew everything from the start",
        "the change was not the cause",
        "nobody told us about the plan",
    ],
)
def test_nothing_hangs_on_what_was_not_nor_on_words_that_name_nothing(said: str) -> None:
    assert not {"your education", "the village", "the start", "the cause", "the plan"} & {
        topic.said_back for topic in topics_in(said)
    }


def asked(lack: Deficiency, *, told: bool, event: bool) -> list[str]:
    """Every wording that may be chosen for a lack, one after the other."""
    words = {"topic": ("thing", "the thing")} | ({"event": ("crash", "the crash")} if event else {})
    probes: list[Probe] = []
    while (
        probe := word_probe(lack, EVERY, words, [one.text for one in probes], [], told=told)  # type: ignore[arg-type]
    ) is not None:
        probes.append(probe)
    return [probe.text for probe in probes]


@pytest.mark.parametrize("lack", ["sequence", "example", "reason", "detail", "experience"])
def test_a_thing_has_no_after_and_no_last_time(lack: Deficiency) -> None:
    for told in (True, False):
        for text in asked(lack, told=told, event=False):
            hangs = text.startswith("You mentioned the thing.")

            assert not hangs or not text.endswith(
                ("after that?", "last time?", "led to that?", "that like?")
            ), text


def test_what_only_is_so_has_led_to_nothing_and_is_followed_by_nothing() -> None:
    texts = {text for lack in ("sequence", "reason") for text in asked(lack, told=False, event=True)}

    assert not texts & {"What led to that?", "And what happened next?", "What happened after that?"}
    assert {"What is behind that?", "Take me through it step by step."} <= texts


def test_what_happened_once_has_no_last_time() -> None:
    assert not [text for text in asked("example", told=True, event=True) if "last time" in text]


@pytest.mark.parametrize("said", ["when Ines found the certificate", "my brother fell through the ice"])
def test_an_event_is_told(said: str) -> None:
    assert tells_of_something(said)


@pytest.mark.parametrize(
    "said",
    ["look at the boring things", "we used to go up to the lake", "it was fine", "that was on Saturday"],
)
def test_what_is_always_so_tells_of_no_event(said: str) -> None:
    assert not tells_of_something(said)


def test_what_is_hard_to_say_is_not_known() -> None:
    assert does_not_know("that is hard to say in general")
    assert not does_not_know("that is hard to say because the logs were gone by then")


def test_no_wording_lets_somebody_go_on_about_a_thing_as_if_it_were_a_speech() -> None:
    assert not [one.text for one in TEMPLATES if one.carries != "nothing" and "Please go on" in one.text]

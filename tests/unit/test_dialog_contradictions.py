"""Statements that can't both be so: found where they are plain, and nowhere else."""

import pytest

from dialog.contradictions import contradiction
from dialog.embedded_interviewer import judge
from dialog.judgement import Exchange, JudgementRequest
from dialog.probe_guard import check_probe


@pytest.mark.parametrize(
    ("earlier", "latest", "found"),
    [
        ("i plan the dinners on a list", "i never plan anything really", True),
        ("I like the new app a lot.", "Honestly, I don't like the app.", True),
        ("we eat meat", "we don't eat meat", True),
        ("i helped him with the boxes", "i didn't help him with the boxes", True),
        ("i always hated the train", "i loved the train", True),
        ("we never answered their letters", "we answered their letters", True),
        ("i trust the doctors", "and so i never trust doctors", True),
        ("i used to plan the dinners", "i never plan anything", False),
        ("i don't eat meat on fridays", "i eat meat", False),
        ("i never go to the cinema", "i go to the theatre", False),
        ("i like the app", "i don't like the website", False),
        ("he helped me", "she didn't help me", False),
        ("my son is different he doesn't like school", "my daughter's husband he likes school", False),
        ("she didn't call the doctor, my sister", "my mother was there and she called the doctor", False),
        ("they never answered my letters", "they answered my letters", False),
        ("people think i don't work hard", "i work hard every day", False),
        ("nobody asked me so i never answered the mail", "she says i answered the mail", False),
        ("that is why i don't trust the bank", "i trust the bank", False),
        ("no, i don't trust the bank", "well yes i trust the bank", True),
        ("i ate fish", "i don't eat fish", False),
        ("i think it works", "i don't think it rains", False),
        ("i sometimes cook", "i don't cook", False),
        ("i would buy it", "i wouldn't buy it if it were red", False),
        ("it was not cheap", "it was good", False),
        ("", "we never met and we talked on the phone", False),
        ("my manager never answers the mail", "my manager answered the mail", True),
        ("my mother likes the train", "my mother never liked the train", True),
        ("my friend drinks coffee", "my friend never drinks coffee", False),
        ("my boss's wife calls me", "my boss never calls me", False),
        ("i sometimes cook", "i never cook", True),
        ("i never cook", "well i often cook", True),
        ("i often cook", "i don't often cook", False),
        ("i rarely cook", "i cook", False),
    ],
)
def test_what_is_said_and_denied_of_the_same_is_a_contradiction(
    earlier: str, latest: str, found: bool
) -> None:
    pair = contradiction(latest, [earlier])

    assert found == (pair is not None)
    assert pair is None or (pair[0] in earlier and pair[1] in latest)


def test_both_statements_are_found_in_one_breath() -> None:
    said = "I plan the week on Sundays? no, i plan every dinner although i never plan anything really"

    assert ("i plan every dinner", "i never plan anything really") == contradiction(said, [])


def asked(
    latest: str, *, confidence: float = 1.0, techniques: tuple[str, ...] = ("columbo",)
) -> JudgementRequest:
    told = "i plan every dinner on the weekend because my children want to know what they get"
    return JudgementRequest(
        node_key="q2",
        node_type="question",
        question="What happens in the week?",
        objective=None,
        completion_hint=None,
        answer=latest,
        latest=latest,
        confidence=confidence,
        exchanges=(Exchange("q1", "How do you plan meals?", told.replace(" on the weekend", "")),),
        follow_ups_left=2,
        techniques=techniques,
    )


LATEST = "well it was fine and my sister came over with her dog but i never plan anything really"


def test_a_contradiction_is_asked_about_with_both_statements_and_no_verdict() -> None:
    judgement = judge(asked(LATEST))

    assert "contradictory" == judgement.verdict
    assert judgement.probe is not None
    assert ("consistency", "columbo") == (judgement.probe.deficiency, judgement.probe.technique)
    assert '"i plan every dinner"' in judgement.probe.text
    assert '"i never plan anything really"' in judgement.probe.text
    assert judgement.probe.span in LATEST
    assert [] == check_probe(judgement.probe, asked(LATEST))


def test_it_is_asked_about_once() -> None:
    request = asked(LATEST)
    first = judge(request).probe
    assert first is not None
    exchanges = (*request.exchanges, Exchange("q2", first.text, "that is how it is i never plan anything"))
    again = judge(
        JudgementRequest(
            **{name: getattr(request, name) for name in request.__struct_fields__}
            | {"exchanges": exchanges, "follow_ups_asked": 1}
        )
    )

    assert "contradictory" != again.verdict


@pytest.mark.parametrize("said", [LATEST, "my sister came over and it was fine"])
def test_words_that_were_heard_badly_contradict_nothing(said: str) -> None:
    assert "contradictory" != judge(asked(said, confidence=0.6)).verdict

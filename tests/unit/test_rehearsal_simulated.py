"""The parts of simulated talks: what an ear hears of phrases, and who is made of story and manner."""

import json
from pathlib import Path

import pytest

from dialog.blueprint_validation import read_blueprint
from dialog.signals import FinalTranscript, PartialTranscript, SpeechStarted, SpeechStopped
from server.rehearsal.chance import Chance
from server.rehearsal.manners import in_manner, load_manner, manner_names
from server.rehearsal.persona import Drop, Persona, Phrase, Recognition, load_persona, read_persona
from server.rehearsal.simulation import personas_for, story_for
from server.rehearsal.utterances import Delivery, deliver
from tests.support.blueprints import blueprint, question
from tests.support.command_line import EXAMPLES, run_command

CLEAR = Recognition()
STORIES = sorted(EXAMPLES.glob("*/story.json"))


def given(*phrases: Phrase, recognition: Recognition = CLEAR, seed: int = 1) -> Delivery:
    chance = Chance("test", seed)
    return deliver(phrases, recognition, chance, words_per_s=3.0, utterances_before=0)


def last_words(delivery: Delivery) -> list[str]:
    return [signal.text for _, signal in delivery.signals if isinstance(signal, FinalTranscript)]


def test_a_long_pause_makes_two_utterances_and_a_breath_makes_none() -> None:
    apart = given(Phrase(say="one thing", pause_ms=1_500), Phrase(say="and another"))
    together = given(Phrase(say="one thing", pause_ms=80), Phrase(say="and another"))

    assert ["one thing", "and another"] == last_words(apart)
    assert ["one thing and another"] == last_words(together)
    assert 2 == apart.utterances
    assert 1 == sum(isinstance(signal, SpeechStarted) for _, signal in together.signals)


def test_what_is_heard_of_an_answer_is_in_order_and_ends_after_it() -> None:
    delivery = given(Phrase(say="we went to the lake", pause_ms=900), Phrase(say="on a Sunday"))
    times = [at for at, _ in delivery.signals]

    assert sorted(times) == times
    assert delivery.duration < times[-1]
    assert isinstance(delivery.signals[0][1], SpeechStarted)


def test_a_sound_without_words_is_voice_of_which_nothing_is_understood() -> None:
    delivery = given(Phrase(sound="crying", ms=1_800))

    assert [""] == last_words(delivery)
    assert [1.8] == [s.voiced for _, s in delivery.signals if isinstance(s, SpeechStopped)]


def test_a_mumbler_is_misunderstood_about_as_often_as_it_is_said() -> None:
    words = " ".join(["word"] * 9 + ["other"]) + " "
    heard = [
        last_words(given(Phrase(say=words * 4), recognition=Recognition(0.3, 0.6), seed=seed))[0].split()
        for seed in range(20)
    ]
    lost = 1 - sum(map(len, heard)) / (20 * 40)

    assert 0.0 < lost < 0.3
    assert all(
        signal.confidence < 0.7
        for _, signal in given(Phrase(say="yes"), recognition=Recognition(0.0, 0.6)).signals
        if isinstance(signal, PartialTranscript)
    )


def test_the_same_name_and_seed_draw_the_same_and_others_do_not() -> None:
    assert Chance("a", 1).between(0, 1) == Chance("a", 1).between(0, 1)
    assert Chance("a", 1).between(0, 1) != Chance("a", 2).between(0, 1)


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.parent.name)
def test_most_of_a_story_opens_only_to_a_fitting_probe(path: Path) -> None:
    story = load_persona(path)
    design = json.loads((path.parent / "blueprint.json").read_text(encoding="utf-8"))
    revealed = [name for node in story.answers.values() for reply in node.probes for name in reply.reveals]
    held_back = [fact.name for fact in story.facts if fact.where == "probe"]

    assert design["name"] == story.blueprint
    assert set(story.answers) == set(design["graph"]["nodes"])
    assert set(held_back) <= set(revealed)
    assert len(held_back) > 2 * (len(story.facts) - len(held_back))


@pytest.mark.parametrize("name", manner_names())
def test_every_manner_makes_a_persona_of_every_story(name: str) -> None:
    for path in STORIES:
        story = load_persona(path)
        persona = in_manner(story, load_manner(name))

        assert name == persona.name
        assert list(story.answers) == list(persona.answers)
        assert all(node.first[-1].pause_ms == 0 for node in persona.answers.values() if node.first)


def test_there_are_at_least_ten_manners() -> None:
    assert len(manner_names()) >= 10


def test_a_design_without_a_story_is_answered_from_stock_with_nothing_planted() -> None:
    fields = [{"name": "n", "label": "How many?", "type": "number", "min": 3, "max": 4}]
    design = blueprint(
        question("work", "How do you work?"),
        {"type": "form", "key": "facts", "text": "A fact.", "fields": fields},
    )
    story = story_for(design)

    assert {"work", "facts"} == set(story.answers)
    assert () == story.facts
    assert ("4",) == tuple(phrase.say for phrase in story.answers["facts"].fields["n"])


def test_a_story_is_told_only_to_the_study_that_it_is_about() -> None:
    design, _ = read_blueprint(json.loads((STORIES[0].parent / "blueprint.json").read_text()))
    assert design is not None

    assert story_for(design).facts
    assert ["terse"] == [persona.name for persona in personas_for(design, ["terse"])]


@pytest.mark.parametrize(
    ("drop", "expected"),
    [
        ({"node": "a", "after_ms": 5, "away_ms": 7}, (Drop("a", 5, 7),)),
        ({"at": {"node": "a", "after_ms": 5}, "return": {"after_ms": 7}}, (Drop("a", 5, 7),)),
        ([{"node": "a"}, {"return": "never"}], (Drop("a"), Drop(away_ms=-1))),
        (None, ()),
    ],
)
def test_a_cut_link_is_read_however_it_is_written(drop: object, expected: tuple[Drop, ...]) -> None:
    persona, faults = read_persona({"drop": drop})

    assert [] == faults
    assert persona is not None
    assert expected == persona.drops


@pytest.mark.parametrize("drop", [7, "often", [3], {"after_ms": "soon"}])
def test_a_cut_link_that_is_none_is_a_fault(drop: object) -> None:
    persona, faults = read_persona({"drop": drop})

    assert persona is None
    assert ["/drops"] == [fault.path for fault in faults]


def test_a_persona_of_ones_own_takes_part(tmp_path: Path) -> None:
    study = STORIES[0].parent
    result = run_command(
        "simulate", study / "blueprint.json", "--persona", study / "persona.json", "--seeds", "1", "--json"
    )
    told = json.loads(result.output)

    assert 0 == result.exit_code
    assert load_persona(study / "persona.json").name == told["talks"][0]["persona"]
    assert told["gate"] is None
    assert 1.0 == told["total"]["coverage"]


def test_a_gate_that_nobody_passes_fails_and_says_why() -> None:
    result = run_command(
        "simulate", STORIES[0].parent / "blueprint.json", "--persona", "terse", "--seeds", "1",
        "--gate", "facts=99",
    )  # fmt: skip

    assert 1 == result.exit_code
    assert "not 99" in result.output


@pytest.mark.parametrize(
    "arguments", [["--persona", "nobody"], ["--gate", "beauty=1"], ["--gate", "facts=much"], ["--seeds", "0"]]
)
def test_a_wrong_call_is_told_in_a_sentence(arguments: list[str]) -> None:
    result = run_command("simulate", STORIES[0].parent / "blueprint.json", *arguments)

    assert 2 == result.exit_code
    assert "Traceback" not in result.output


def test_talks_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    study = STORIES[0].parent
    run_command("simulate", study / "blueprint.json", "--persona", "terse", "--seeds", "1", "--out", tmp_path)

    assert ["terse-1.jsonl", "terse-1.md"] == sorted(path.name for path in tmp_path.iterdir())
    assert isinstance(load_persona(study / "story.json"), Persona)


def test_without_a_model_there_is_none_to_judge_with(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    result = run_command("simulate", STORIES[0].parent / "blueprint.json", "--persona", "terse", "--model")

    assert 1 == result.exit_code
    assert "No model is configured" in result.output

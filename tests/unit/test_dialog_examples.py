"""The example studies: sound designs, walked by their personas under the rules of the
embedded interviewer."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from dialog.answers import probe_failed
from dialog.blueprint import Assessed, Blueprint, Node, Structured
from dialog.blueprint_validation import read_blueprint, validate_graph
from dialog.embedded_interviewer import judge
from dialog.forms import ask_field
from dialog.judgement import AssessedEdge, Exchange, JudgementRequest, Probe
from dialog.probe_guard import check_probe
from server.rehearsal.persona import Persona, Phrase, Reply, load_persona, spoken_clip

EXAMPLES = Path(__file__).resolve().parents[2] / "server" / "examples"
NAMES = ["product-discovery", "post-incident-debrief", "life-history"]


def example(name: str) -> tuple[Blueprint, Persona]:
    blueprint, faults = read_blueprint(json.loads((EXAMPLES / name / "blueprint.json").read_text()))
    assert blueprint is not None, faults
    return blueprint, load_persona(EXAMPLES / name / "persona.json")


def words(phrases: tuple[Phrase, ...]) -> str:
    """As the recogniser writes it: lower case, no punctuation."""
    return " ".join(phrase.say for phrase in phrases).lower()


class Walk:
    """One interview by rules, with perfect hearing and no sound."""

    def __init__(self, blueprint: Blueprint, persona: Persona) -> None:
        self.blueprint, self.persona = blueprint, persona
        self.path: list[str] = []
        self.said: list[str] = []
        self.data: dict[str, dict[str, object]] = {}
        self.probes: list[tuple[str, Probe]] = []
        self.revealed: set[str] = set()
        self.exchanges: list[Exchange] = []

    def run(self) -> "Walk":
        key: str | None = self.blueprint.graph.entry_node
        while key is not None:
            self.path.append(key)
            node = self.blueprint.graph.nodes[key]
            holding = self.fill(node) if node.type == "form" else self.ask(node)
            key = self.follow(key, holding)
        return self

    def edges(self, key: str) -> tuple[AssessedEdge, ...]:
        leaving = self.blueprint.graph.edges_from(key)
        return tuple(
            AssessedEdge(i, e.condition.instruction) for i, e in leaving if isinstance(e.condition, Assessed)
        )

    def fill(self, node: Node) -> tuple[int, ...]:
        answers = self.persona.answers[node.key]
        for place, field in enumerate(node.fields or []):
            said = words(answers.fields.get(field.name, answers.first))
            asked = ask_field(field, place == 0)
            open_fields = (field.model_dump(by_alias=True),)
            judged = judge(
                JudgementRequest(node.key, "form", asked, None, None, said, said, 0.95, fields=open_fields)
            )
            assert judged.verdict == "sufficient", (said, judged)
            self.data.setdefault(node.key, {}).update(judged.data)
            self.said.append(said)
        return ()

    def ask(self, node: Node) -> tuple[int, ...]:
        agent = self.blueprint.agent
        ceiling = min(node.probing.max_follow_ups, agent.boundaries.max_follow_ups_per_question)
        latest = words(self.persona.answers[node.key].first)
        answer, asked, failed, others = latest, node.text, 0, 0
        used: set[Reply] = set()
        for follow_ups in range(ceiling + 1):
            self.said.append(latest)
            request = JudgementRequest(
                node.key, node.type, node.text, node.objective, node.probing.completion_hint,
                answer, latest, 0.95,
                exchanges=(*self.exchanges, Exchange(node.key, asked, latest)),
                follow_ups_asked=follow_ups, follow_ups_left=ceiling - follow_ups, failed_probes=failed,
                depth=agent.probing_depth, techniques=tuple(node.probing.techniques or agent.techniques),
                sensitive_topics=tuple(agent.boundaries.sensitive_topics), fallback_probe=node.fallback_probe,
                edges=self.edges(node.key),
            )  # fmt: skip
            judged = judge(request)
            self.exchanges.append(Exchange(node.key, asked, latest))
            if judged.probe is None:
                break
            assert check_probe(judged.probe, request) == [], judged.probe
            self.probes.append((node.key, judged.probe))
            reply, phrases = self.persona.reply_to(node.key, judged.probe.text, frozenset(used), others)
            if reply is None:
                others += 1
            else:
                used.add(reply)
                self.revealed |= set(reply.reveals)
            asked, latest = judged.probe.text, words(phrases)
            failed = failed + 1 if probe_failed(latest, answer) else 0
            answer = f"{answer} {latest}"
        return judged.assessed

    def follow(self, key: str, holding: tuple[int, ...]) -> str | None:
        for index, edge in self.blueprint.graph.edges_from(key):
            match edge.condition:
                case Structured(field=field, value=value):
                    node_key, _, name = field.partition(".")
                    if self.data.get(node_key, {}).get(name) == value:
                        return edge.to
                case Assessed():
                    if index in holding:
                        return edge.to
                case None:
                    return edge.to
        return None


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_valid_without_errors_or_warnings(name: str) -> None:
    blueprint, _ = example(name)
    found = validate_graph(blueprint)

    assert found.errors == ()
    assert found.warnings == ()


@pytest.mark.parametrize("name", NAMES)
def test_a_persona_takes_the_path_that_it_is_made_for(name: str) -> None:
    blueprint, persona = example(name)
    walk = Walk(blueprint, persona).run()

    assert list(persona.expected.path) == walk.path
    assert not set(persona.expected.not_visited) & set(walk.path)
    assert persona.expected.data == {
        key: data for key, data in walk.data.items() if key in persona.expected.data
    }


@pytest.mark.parametrize("name", NAMES)
def test_the_embedded_interviewer_brings_every_planted_fact_to_light(name: str) -> None:
    blueprint, persona = example(name)
    walk = Walk(blueprint, persona).run()
    heard = " ".join(walk.said)
    found = {fact.name for fact in persona.facts if any(re.search(marker, heard) for marker in fact.markers)}

    assert {fact.name for fact in persona.facts} == found, walk.probes


@pytest.mark.parametrize("name", NAMES)
def test_every_phrase_of_a_persona_has_its_clip(name: str) -> None:
    _, persona = example(name)

    assert [text for text in persona.spoken() if spoken_clip(persona, text) is None] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_wording_comes_twice_at_a_node(name: str) -> None:
    walk = Walk(*example(name)).run()
    asked = [(key, probe.text) for key, probe in walk.probes]

    assert len(set(asked)) == len(asked)
    assert all(probe.span in " ".join(walk.said) for _, probe in walk.probes)
    assert msgspec.json.encode(walk.probes)

"""Who judges the answers of `cut-ins`: by rules, but in a model's time, and with a probe after some. Knows no
floor."""

from random import Random

from msgspec.structs import replace

from benchmarks.world import World
from dialog.blueprint import Blueprint
from dialog.embedded_interviewer import judge
from dialog.judgement import Judgement, JudgementRequest


class TalkJudge:
    """One talk's judge. `known` are the words that were made ahead."""

    def __init__(
        self, world: World, seed: str, rng: Random, blueprint: Blueprint, known: frozenset[str]
    ) -> None:
        self._world = world
        self._seed = seed
        self._rng = rng
        self._probing = any(node.probing.enabled for node in blueprint.graph.nodes.values())
        self._known = known

    def judge(self, request: JudgementRequest, number: int) -> tuple[Judgement, float, bool]:
        """What comes of the so-many-th answer, after how many seconds, and whether its words are new."""
        judgement, new = Judgement("sufficient"), False
        drawn = Random(f"{self._seed}/probe/{number}").random() < self._world.generated_probes
        if drawn and (probed := judge(request)).probe is not None:
            judgement, new = probed, probed.probe.text not in self._known
        if not self._probing:  # what the answer to a closed question means is known by rules
            return judgement, 0.0, new
        return replace(judgement, judged_by="model"), self._world.first_token.draw(self._rng), new

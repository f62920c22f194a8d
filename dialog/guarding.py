"""Puts a probe before the guard, with all that the guard must know of the talk."""

from dialog.blueprint import Blueprint, Node
from dialog.judgement import Probe
from dialog.run import RunState


def guard_probe(probe: Probe, node: Node, answer: str, state: RunState, blueprint: Blueprint) -> list[str]:
    """Names of the rules that a probe breaks; empty when it may be spoken."""
    return []

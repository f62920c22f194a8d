"""The names of the benchmarks, and all of them at once."""

import json

import click
import pytest
from click.testing import CliRunner

from benchmarks import all as everything
from benchmarks.__main__ import bench
from benchmarks.catalogue import BENCHMARKS, PROMISED


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_name_of_the_catalogue_is_a_command_that_can_print_json(name: str) -> None:
    command = bench.get_command(click.Context(bench), name)

    assert command is not None
    assert "--json" in [option for param in command.params for option in param.opts]


def test_what_is_promised_has_its_names() -> None:
    promised = ["frame-path", "turn-loop", "reply-latency", "sessions", "loss", "cut-ins", "barge-in"]

    assert promised == list(PROMISED)


def test_all_prints_a_list_and_tells_of_a_benchmark_that_broke_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(everything, "PROMISED", {"no-such-benchmark": "", "nor-this": ""})

    ended = CliRunner().invoke(bench, ["all", "--json"])

    told = json.loads(ended.stdout)
    assert 1 == ended.exit_code
    assert ["no-such-benchmark", "nor-this"] == [one["bench"] for one in told]
    assert all(one["figures"] == {} and "machine" in one and one["fault"] for one in told)


def test_a_figure_is_told_to_a_person_with_its_budget() -> None:
    figure = {"value": 20.5, "unit": "ms", "budget": "<= 12", "met": False, "what": "ready question, p50"}
    lines = everything.lines_of({"bench": "reply-latency", "figures": {"ready_question_p50": figure}})

    assert "reply-latency:" == lines[0]
    assert "20.5 ms  must be <= 12: MISSED" in lines[1]

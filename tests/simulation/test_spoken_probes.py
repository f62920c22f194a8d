"""What follow-up questions break of the guard's rules, counted by how each was made: nothing."""

import pytest

from benchmarks.probes import Model, Rules, spoken


@pytest.mark.parametrize("probes", [100, pytest.param(5_000, marks=pytest.mark.long)])
def test_no_probe_of_the_rules_breaks_one(probes: int) -> None:
    put, wrong = spoken(Rules(), probes, seed=11)

    assert put >= probes
    assert {} == wrong


@pytest.mark.parametrize("probes", [100, pytest.param(5_000, marks=pytest.mark.long)])
def test_no_line_of_a_model_that_breaks_a_rule_is_spoken(probes: int) -> None:
    model = Model(seed=11)
    put, wrong = spoken(model, probes, seed=11)

    assert put >= probes
    assert model.ill >= 0.3 * model.lines
    assert {} == wrong

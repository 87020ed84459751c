from types import SimpleNamespace

import numpy as np
import pytest

from minihit.gradcheck import checks
from minihit.gradcheck.checks import Check
from minihit.gradcheck.derivatives import NotSmooth
from minihit.layers import batch_norm, linear
from minihit.ops import leaky_relu, softmax

LINEAR = Check(linear, ((5, 3),), lambda rng: linear.init(rng, 3, 4), {})


def test_a_layer_is_checked_in_all_that_it_has():
    assert [row.path for row in checks.run(LINEAR, np.random.default_rng(0))] == [
        "x", "params/weight", "params/bias", "tangent"]
    norm = Check(batch_norm, ((5, 3),), lambda rng: batch_norm.init(3), {})
    assert [row.path for row in checks.run(norm, np.random.default_rng(0))] == [
        "x", "params/scale", "params/bias", "running mean", "running variance"]


def test_a_large_entry_has_the_options_of_the_small_one_but_for_those_it_names():
    entry = checks.check(softmax, (2, 3), axis=-1, large=((20, 30), {"axis": 0}))
    assert (entry.shapes, entry.options, entry.large.shapes, entry.large.options) == (
        ((2, 3),), {"axis": -1}, ((20, 30),), {"axis": 0})
    assert checks.check(softmax, (2, 3), axis=-1, large=((20, 30),)).large.options == {"axis": -1}
    assert checks.check(softmax, (2, 3)).large is None


def test_an_option_that_is_a_function_is_drawn():
    check = Check(softmax, ((2, 3),), None, {"axis": -1, "drawn": lambda rng: rng.standard_normal(2)})
    params, (scores,), options = checks.draw(check, np.random.default_rng(1))
    assert params is None and scores.shape == (2, 3)
    assert options["axis"] == -1 and options["drawn"].shape == (2,)


def test_of_several_draws_the_worst_is_kept():
    once, often = (checks.repeat(lambda rng: checks.run(LINEAR, rng), draws) for draws in (1, 4))
    assert [row.path for row in once] == [row.path for row in often]
    assert all(four.share >= one.share for one, four in zip(once, often, strict=True))


def test_inputs_that_lie_on_a_kink_are_drawn_once_more():
    """In turn, the values of x, of dy, and, where these hold, of a tangent."""
    check, zeros, ones = Check(leaky_relu, ((2,),), None, {}), np.zeros(2), np.ones(2)

    def run(*draws):
        rest = iter(draws)
        return checks.run(check, SimpleNamespace(standard_normal=lambda shape: next(rest)))

    assert [row.path for row in run(zeros, ones, ones, ones, ones)] == ["x", "tangent"]
    with pytest.raises(NotSmooth):
        run(zeros, ones, zeros, ones)


@pytest.mark.parametrize("wrong, leaf", [
    (lambda state, cache: {**batch_norm.fold(state, cache), "mean": state["mean"]}, "running mean"),
    (lambda state, cache: batch_norm.fold(state, {**cache, "unbiased": cache["variance"]}), "running variance"),
])
def test_wrong_running_averages_are_found(wrong, leaf):
    class Broken:
        forward, fold = staticmethod(batch_norm.forward), staticmethod(wrong)

    rng = np.random.default_rng(2)
    rows = checks.compare_averages(Broken, batch_norm.init(3), rng.standard_normal((5, 3)), rng)
    assert [row.path for row in rows if row.share > 1] == [leaf]

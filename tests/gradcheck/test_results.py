"""All that a layer computes from what was drawn, and all that it computes it with."""

import numpy as np

from minihit.gradcheck import checks
from minihit.gradcheck.results import OUTPUT, results, worked_with
from minihit.gradcheck.table import CHECKS


def test_results_are_those_of_all_functions():
    check = CHECKS["conv2d"]
    drawn = checks.draw(check, np.random.default_rng(5))
    found = results(check, check, drawn)
    assert list(found) == [OUTPUT, "x", "params/weight", "params/bias", "tangent"]
    norm = CHECKS["batch_norm"]
    found = results(norm, norm, checks.draw(norm, np.random.default_rng(5)))
    assert list(found)[-2:] == ["running mean", "running variance"] and found["running mean"].shape == (8,)
    assert not np.array_equal(found["running mean"], found["running variance"])
    fixed = CHECKS["batch_norm, evaluation"]
    assert "running mean" not in results(fixed, fixed, checks.draw(fixed, np.random.default_rng(5)))


def test_what_is_worked_with_can_be_altered():
    check = CHECKS["softmax"]
    drawn = checks.draw(check, np.random.default_rng(5))
    right = results(check, check, drawn)
    zero = results(check, check, drawn, lambda stage, given: {**given, "dy": 0.0 * given["dy"]}
                   if stage == "kept" else given)
    np.testing.assert_array_equal(zero[OUTPUT], right[OUTPUT])
    assert not zero["scores"].any() and right["scores"].any()
    other = results(check, check, drawn,
                    lambda stage, given: (None, (-given[1][0],), {}) if stage == "given" else given)
    assert not np.array_equal(other[OUTPUT], right[OUTPUT])


def test_what_a_layer_works_with_is_that_of_its_definition():
    check = CHECKS["gelu"]
    drawn = checks.draw(check, np.random.default_rng(0))
    found = worked_with(check, drawn)
    assert found["given"] is drawn and set(found["kept"]) == {"dy", "t_x", "averages", "cache"}
    assert set(found["kept"]["cache"]) > {"cdf"}

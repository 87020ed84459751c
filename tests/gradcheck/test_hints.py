"""Every planted mistake is known again by its own sentence, and other mistakes by their pattern."""

from types import SimpleNamespace

import numpy as np
import pytest

from minihit.gradcheck import checks, hints
from minihit.gradcheck.comparison import Comparison
from minihit.gradcheck.plants import PLANTS, planted
from minihit.gradcheck.results import results
from minihit.gradcheck.table import CHECKS


def hinted(entry, check):
    """{leaf: hint} of the wrong leaves of an entry beside the library's."""
    drawn = checks.draw(check, np.random.default_rng(1))
    found = checks.run(entry, np.random.default_rng(2), few=0)
    return {row.path: row.hint for row in hints.explained(found, entry, check, drawn) if row.share > 1}


def what_it_is(hint):
    """The mistake at the end of a hint, behind how it looks."""
    return hint.rpartition("this is what comes out when ")[2]


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_mistake_is_known_by_its_own_sentence(name):
    plant = PLANTS[name]
    found = hinted(planted(plant), CHECKS[plant.check])
    assert found.keys() >= {plant.leaf, *plant.others}
    assert {what_it_is(hint) for hint in found.values()} == {plant.says}


def test_every_sentence_is_another():
    """But for those of the same mistake in several layers."""
    pairs = [(plant.check, plant.says) for plant in PLANTS.values()]
    assert len(set(pairs)) == len(pairs)
    assert all(says[0].islower() or says.split()[0] in ("R1", "dx") or "(" in says.split()[0] for _, says in pairs)
    assert all(not says.endswith(".") and len(says) < 110 for _, says in pairs)


def wrong(name, **functions):
    check = CHECKS[name]
    own = {each: getattr(check.layer, each) for each in ("forward", "backward") if hasattr(check.layer, each)}
    return check._replace(layer=SimpleNamespace(**{**own, **functions})), check


def test_a_mistake_that_nobody_planted_is_told_by_its_pattern():
    layer = CHECKS["attend"].layer

    def backward(dout, cache):
        dquery, dkey, dvalue = layer.backward(dout, cache)
        return 3 * dquery, dvalue, dkey

    assert hinted(*wrong("attend", backward=backward)) == {
        "query": "it is 3 times the right one", "key": "it is that of value", "value": "it is that of key"}


def test_a_mistake_without_a_pattern_has_no_hint():
    layer = CHECKS["gelu"].layer
    assert hinted(*wrong("gelu", backward=lambda dy, cache: layer.backward(dy, cache) + np.sin(dy))) == {"x": ""}


def test_a_mistake_without_a_pattern_is_told_by_the_value_that_is_wrong_by_most():
    """With the input there, where it is an op of one value at a time."""
    layer = CHECKS["gelu"].layer
    entry, check = wrong("gelu", backward=lambda dy, cache: layer.backward(dy, cache) + np.sin(dy))
    drawn = checks.draw(check, np.random.default_rng(1))
    theirs, right = (results(each, check, drawn)["x"] for each in (entry, check))
    (row,) = hints.explained([Comparison("x", right.shape, "a random direction", 1.0, 2.0, 9.0)], entry, check, drawn)
    at = np.unravel_index(abs(theirs - right).argmax(), right.shape)
    assert (row.hint, row.actual, row.expected) == ("", theirs[at], right[at])
    assert row.along == f"at {tuple(map(int, at))}, where x is {drawn[1][0][at]:.3g}"


def test_right_leaves_have_no_hint_and_neither_has_what_holds_in_this_draw():
    check = CHECKS["softmax"]
    drawn = checks.draw(check, np.random.default_rng(3))
    rows = [Comparison("scores", (4, 4, 6, 8), "a random direction", 1.0, 1.0, share) for share in (0.5, 2.0, np.nan)]
    assert hints.explained(rows[:1], check, check, drawn) == rows[:1]
    assert [row.hint for row in hints.explained(rows, check, check, drawn)] == ["", "", ""]


def test_where_the_output_is_wrong_only_the_output_is_looked_at():
    layer = CHECKS["softmax"].layer

    def forward(scores):
        probs, cache = layer.forward(scores)
        return 2 * probs, cache

    entry, check = wrong("softmax", forward=forward, backward=lambda dy, cache: -layer.backward(dy, cache))
    drawn = checks.draw(check, np.random.default_rng(4))
    rows = [Comparison(path, (4, 4, 6, 8), "", 1.0, 2.0, 9.0) for path in (hints.OUTPUT, "scores", "dy")]
    assert [row.hint for row in hints.explained(rows, entry, check, drawn)] == ["it is 2 times the right one", "", ""]


def test_a_variant_of_a_layer_is_beside_the_mistakes_that_fit_it():
    check = CHECKS["conv2d, 1 x 1"]
    entry = planted(PLANTS["a border lost"], check)
    assert hinted(entry, check) == {
        "x": "it is wrong only at the border of axes 1 and 2, where it is zero; this is what comes out when "
             f"{PLANTS['a border lost'].says}"}
    check = CHECKS["linear, heads"]
    layer = check.layer

    def thrice(dy, cache):
        dx, grads = layer.backward(dy, cache)
        return dx, {**grads, "weight": 3 * grads["weight"]}

    assert hinted(check._replace(layer=SimpleNamespace(forward=layer.forward, backward=thrice)), check) == {
        "params/weight": "it is 3 times the right one"}


@pytest.mark.parametrize("name", ["batch_norm, evaluation", "modulated_conv2d, up"])
def test_mistakes_that_were_planted_for_other_options_are_passed_over(name):
    layer = CHECKS[name].layer

    def twice(dy, cache):
        dx, *others = layer.backward(dy, cache)
        return 2 * dx, *others

    assert hinted(*wrong(name, backward=twice)) == {"x": "it is 2 times the right one"}

"""What a file must take, return and leave alone."""

from types import SimpleNamespace

import numpy as np
import pytest

from minihit.errors import UserError
from minihit.gradcheck import checks, form
from minihit.gradcheck.table import CHECKS

LINEAR = CHECKS["linear"]
DRAWN = checks.draw(LINEAR, np.random.default_rng(0))


def layer(**functions):
    return SimpleNamespace(path="mine.py", **functions)


@pytest.mark.parametrize("shape, right, advice", [
    (None, (8,), ", for it is no array"),
    ((8, 5), (5, 8), ": transpose it"),
    ((2, 3, 4), (4, 3, 2), ": transpose it"),
    ((1, 8), (8,), ": give it the shape (8,)"),
    ((8,), (1, 8), ": give it the shape (1, 8)"),
    ((3, 2, 4), (2, 3, 4), ": exchange axes 0 and 1"),
    ((4, 1, 6, 8), (1, 4, 6, 8), ": dy (4, 4, 6, 8) is to be summed over axis 0, not over axis 1"),
    ((4, 4, 6, 8), (1, 4, 6, 8), ": sum it over axis 0"),
    ((4, 4, 6, 8), (8,), ": sum it over axes 0, 1 and 2"),
    ((7, 8), (8,), ": sum it over axis 0"),
    ((2, 3, 8), (2, 8), ": sum it over axis 1"),
    ((4, 4, 6), (8,), ": dy (4, 4, 6, 8) is to be summed over axes 0, 1 and 2, not over axis 3"),
    ((1, 6), (2, 3), ": reshape it to (2, 3)"),
    ((7,), (8,), ""),
    ((3, 3), (8, 8), ""),
])
def test_how_a_shape_may_be_put_right(shape, right, advice):
    assert form.advice(shape, right, (4, 4, 6, 8)) == advice


def test_gradients_that_are_missing_superfluous_or_of_another_shape():
    leaves = {"x": np.ones((2, 3)), "params/weight": np.ones((3, 4)), "params/bias": np.ones(4)}
    assert [row.along for row in form.misshapen({"x": None}, {"x": np.ones(2)}, np.ones(2))] == ["has no gradient"]
    found = form.misshapen({"x": np.ones((2, 3)), "params/weight": np.ones((4, 3)), "params/w": 3}, leaves, np.ones(2))
    assert [(row.path, row.shape, row.along) for row in found] == [
        ("params/bias", (4,), "has no gradient"), ("params/w", (), "is no parameter"),
        ("params/weight", (3, 4), "has a gradient of shape (4, 3): transpose it")]
    assert all(row.share == np.inf and np.isnan(row.actual) and np.isnan(row.expected) for row in found)


def test_functions_are_called_with_copies_but_for_the_cache():
    seen = {}

    def forward(params, x):
        seen["forward"] = params["weight"], x
        x += 1
        params["bias"] += 1
        return x, seen

    def backward(dy, cache):
        assert cache is seen
        dy += 1
        return dy, {}

    fitted = form.fitted(layer(forward=forward, backward=backward), LINEAR, DRAWN)
    params, (x,), _ = DRAWN
    before = x.copy(), params["bias"].copy()
    _, cache = fitted.forward(params, x)
    dy = np.ones(3)
    fitted.backward(dy, cache)
    np.testing.assert_array_equal(dy, 1)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(params["bias"], before[1])
    assert seen["forward"][0] is not params["weight"]
    same = form.fitted(layer(forward=forward, backward=backward), LINEAR, DRAWN, copies=False)
    same.backward(dy, cache)
    np.testing.assert_array_equal(dy, 2)


def test_lists_and_numbers_will_do():
    lists = layer(forward=lambda params, x: [2.5, None], backward=lambda dy, cache: [dy, {}])
    fitted = form.fitted(lists, LINEAR, DRAWN)
    y, cache = fitted.forward(*DRAWN[:1], *DRAWN[1])
    assert isinstance(y, np.ndarray) and y.shape == () and cache is None
    assert fitted.backward(np.ones(1), None)[1] == {}
    alone = form.fitted(layer(forward=lambda x: (x, None), backward=lambda dy, cache: [dy]), CHECKS["gelu"],
                        checks.draw(CHECKS["gelu"], np.random.default_rng(0)))
    assert alone.backward(1, None) == ([1],)                               # one value, which is a list


def test_the_librarys_forward_stands_in_where_there_is_none():
    fitted = form.fitted(layer(backward=lambda dy, cache: (dy, {}), tangent=len), LINEAR, DRAWN)
    params, (x,), _ = DRAWN
    np.testing.assert_array_equal(fitted.forward(params, x)[0], LINEAR.layer.forward(params, x)[0])
    assert fitted.tangent is len and fitted.path == "mine.py"


@pytest.mark.parametrize("functions, sentence", [
    ({}, "mine.py defines no forward and no backward: write forward"),
    ({"forward": lambda params, x: 0}, "mine.py defines no backward: write forward"),
    ({"forward": lambda x: 0, "backward": lambda dy, cache: 0}, "mine.py: forward cannot be called as the"),
    ({"backward": lambda dy: 0}, "mine.py: backward cannot be called as the library's is, too many positional"),
])
def test_what_cannot_be_called_is_refused_with_what_to_write(functions, sentence):
    with pytest.raises(UserError) as refusal:
        form.fitted(layer(**functions), LINEAR, DRAWN)
    assert str(refusal.value).startswith(sentence) and str(refusal.value).endswith("x (2, 3, 4, 8)")


def test_options_are_given_by_name():
    norm = CHECKS["norm"]
    drawn = checks.draw(norm, np.random.default_rng(0))
    right = layer(forward=lambda params, x, **options: (x, None), backward=lambda dy, cache: (dy, {}))
    assert form.fitted(right, norm, drawn).path == "mine.py"
    with pytest.raises(UserError, match="unexpected keyword argument"):
        form.fitted(layer(forward=lambda params, x: 0, backward=right.backward), norm, drawn)


def test_results_in_another_order_are_told_as_they_come():
    check = CHECKS["attend"]
    drawn = checks.draw(check, np.random.default_rng(0))
    query, key, value = drawn[1]
    arguments = {"query": query, "key": key, "value": value}
    mine = layer(backward=lambda dy, cache: None)
    with pytest.raises(UserError, match=r"backward returns \(dkey, dquery, dvalue\), in the wrong order: write"):
        form.require_order(mine, check, drawn, {"query": key, "key": query, "value": value}, arguments)
    for found in ({"query": query, "key": value, "value": key}, {"query": query, "key": None, "value": np.ones(3)}):
        form.require_order(mine, check, drawn, found, arguments)           # right, and wrong in every order


def test_parameters_before_inputs_are_in_the_wrong_order():
    params, (x,), _ = DRAWN
    with pytest.raises(form.Misfit) as refusal:
        form.require_order(layer(backward=len), LINEAR, DRAWN, {"x": params, "params": x}, {"x": x, "params": params})
    assert refusal.value.what == "mine.py: len returns (grads, dx), in the wrong order"


def test_nothing_that_is_returned_is_told():
    fitted = form.fitted(layer(backward=lambda dy, cache: None), LINEAR, DRAWN)
    with pytest.raises(UserError, match=r"mine.py: backward returns nothing: it ends without a return: write forward"):
        fitted.backward(np.ones(2), None)


def test_an_output_is_a_copy():
    kept = np.ones(2)
    mine = layer(forward=lambda params, x: (kept, kept), backward=lambda dy, cache: (dy, {}))
    y, _ = form.fitted(mine, LINEAR, DRAWN).forward(*DRAWN[:1], *DRAWN[1])
    assert y is not kept and form.fitted(mine, LINEAR, DRAWN, copies=False).forward(*DRAWN[:1], *DRAWN[1])[0] is kept

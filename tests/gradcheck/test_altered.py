"""What comes out of the library's layer when one thing that it works with is another."""

from types import SimpleNamespace

import numpy as np
import pytest

from minihit.gradcheck import altered, checks
from minihit.gradcheck.results import OUTPUT, results
from minihit.gradcheck.table import CHECKS


def told(name, alter):
    """What is told of all that the layer of that name computes where its cache is altered."""
    check = CHECKS[name]
    drawn = checks.draw(check, np.random.default_rng(0))
    layer = SimpleNamespace(forward=check.layer.forward,
                            backward=lambda dy, cache: check.layer.backward(*alter(dy, cache)))
    wrong, right = results(check._replace(layer=layer), check, drawn), results(check, check, drawn)
    return altered.told({path: wrong[path] for path in wrong if not np.array_equal(wrong[path], right[path])},
                        check, drawn)


@pytest.mark.parametrize("change, way", [
    (lambda x: -x, "has the other sign"), (lambda x: x * x, "is squared"), (lambda x: 1 / x, "is inverted"),
    (lambda x: x**3, "is taken to the power of 3"), (lambda x: x**0.5, "is replaced by its root"),
    (lambda x: 0 * x, "is left out, as if it were 0"), (lambda x: 0 * x + 1, "is taken as 1"),
    (lambda x: x / 2, "is halved"), (lambda x: 2 * x, "is doubled"),
])
def test_a_change_of_what_the_cache_holds_is_found(change, way):
    found = told("layer_norm", lambda dy, cache: (dy, {**cache, "rstd": change(cache["rstd"])}))
    assert found == {"x": f"this is what comes out when rstd {way}"}


def test_what_lies_deeper_is_named_by_its_path():
    found = told("cross_attention", lambda dy, cache: (dy, {**cache, "value": {
        **cache["value"], "weight": -cache["value"]["weight"]}}))
    assert found == {"tokens": "this is what comes out when value/weight has the other sign"}


def test_a_mask_may_be_true_everywhere():
    found = told("leaky_relu", lambda dy, cache: (dy, {name: np.ones_like(mask) for name, mask in cache.items()}))
    assert found == {"x": "this is what comes out when positive is true everywhere"}


def test_a_factor_of_dy_is_left_to_the_patterns():
    assert told("gelu", lambda dy, cache: (2 * dy, cache)) == {}
    assert told("gelu", lambda dy, cache: (abs(dy), cache)) == {
        "x": "this is what comes out when dy is taken without its sign"}


def test_nothing_is_told_of_what_nothing_explains():
    assert told("layer_norm", lambda dy, cache: (np.sin(dy), cache)) == {}


def test_an_output_is_explained_by_what_was_given():
    check = CHECKS["linear"]
    drawn = checks.draw(check, np.random.default_rng(0))
    params, (x,), _ = drawn
    assert altered.told({OUTPUT: x @ params["weight"] - params["bias"]}, check, drawn) == {
        OUTPUT: "this is what comes out when params/bias has the other sign"}
    assert altered.told({OUTPUT: x @ params["weight"] ** 2 + params["bias"]}, check, drawn) == {
        OUTPUT: "this is what comes out when params/weight is squared"}


def two_left_out(name, first, second):
    """x without what comes to it through two weights."""
    def without(cache, key):
        return {**cache, key: {**cache[key], "weight": 0.0 * cache[key]["weight"]}}
    return told(name, lambda dy, cache: (dy, without(without(cache, first), second)))


def test_two_uses_that_are_left_out_are_found_together():
    assert two_left_out("multi_axis_attention", "query", "key") == {
        "x": "this is what comes out when query/weight and key/weight are left out, as if they were 0"}


@pytest.mark.parametrize("at, words", [
    ((slice(3, None),), "dy counts at 3 of axis 0 alone"), ((slice(0, 3),), "dy is left out at 3 of axis 0"),
    ((slice(None), slice(0, 1)), "dy counts at 0 of axis 1 alone"),
])
def test_what_reaches_a_sum_in_some_places_alone_is_found(at, words):
    def masked(dy):
        mask = np.zeros_like(dy)
        mask[at] = 1.0
        return mask * dy

    found = told("layer_norm", lambda dy, cache: (masked(dy), cache))
    assert set(found.values()) == {f"this is what comes out when {words}"} and "params/bias" in found


@pytest.mark.parametrize("other, words", [
    (lambda cache: cache["x_hat"] / cache["rstd"], "x_hat is divided by rstd"),
    (lambda cache: cache["x_hat"] * cache["scale"], "x_hat is multiplied by scale"),
])
def test_a_factor_that_is_missing_or_one_too_many_is_found(other, words):
    found = told("layer_norm", lambda dy, cache: (dy, {**cache, "x_hat": other(cache)}))
    assert found["params/scale"] == f"this is what comes out when {words}"


def test_a_name_that_was_mistaken_is_found():
    found = told("attend", lambda dy, cache: (dy, {**cache, "key": cache["value"]}))
    assert found == {"query": "this is what comes out when key is mistaken for value"}


@pytest.mark.parametrize("name, options, words", [
    ("real_loss, hinge", {"kind": "non_saturating"}, "kind is not looked at"),
    ("residual_downsample, average", {"kind": "blur"}, "kind is not looked at"),
])
def test_an_option_that_is_another_is_found(name, options, words):
    check = CHECKS[name]
    drawn = checks.draw(check, np.random.default_rng(0))
    wrong = results(check, check, (*drawn[:2], {**drawn[2], **options}))
    assert altered.told({OUTPUT: wrong[OUTPUT]}, check, drawn) == {OUTPUT: f"this is what comes out when {words}"}

"""Rounding passes, less accurate arithmetic and hidden casts do not."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from support.helpers import seeds

from minihit.gradcheck import precision
from minihit.gradcheck.table import CHECKS
from minihit.ops import gelu, softmax


@pytest.mark.parametrize("name", CHECKS)
def test_float32_costs_no_more_than_its_sums(name):
    rows = precision.run(CHECKS[name], np.random.default_rng(1))
    assert max(row.share for row in rows) <= 1.0


def broken(name, layer, **wrong):
    functions = {"forward": layer.forward, "backward": layer.backward, **wrong}
    return precision.run(CHECKS[name]._replace(layer=SimpleNamespace(**functions)), np.random.default_rng(2))


def test_a_coarse_approximation_in_float32_is_found():
    """GELU by tanh, which errs by 5e-4, in place of the exact one."""
    def forward(x):
        if x.dtype == np.float64:
            return gelu.forward(x)
        return 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x**3))), gelu.forward(x)[1]

    rows = broken("gelu", gelu, forward=forward)
    assert [row.path for row in rows if row.share > 1] == ["y"]


def test_a_hidden_cast_is_found():
    rows = broken("softmax", softmax, backward=lambda dy, cache: np.sqrt(2) * softmax.backward(dy, cache) / np.sqrt(2))
    assert [(row.path, row.along) for row in rows if row.share > 1] == [("scores", "is float64")]


@given(seeds)
def test_half_precision_is_found(seed):
    def forward(scores):
        probs, cache = softmax.forward(scores)
        return (probs.astype(np.float16).astype(probs.dtype) if probs.dtype == np.float32 else probs), cache

    check = CHECKS["softmax"]._replace(layer=SimpleNamespace(forward=forward, backward=softmax.backward))
    rows = precision.run(check, np.random.default_rng(seed))
    assert [row.path for row in rows if row.share > 1] == ["y"]


def test_the_size_of_terms_is_that_of_their_layer():
    leaves = {"x": np.array([1.0]), "params/out/weight": np.array([3.0, -4.0]), "params/out/bias": np.zeros(2)}
    assert precision._sizes(leaves) == {"x": 1.0, "params/out": 4.0}


def test_casting_leaves_all_but_floating_point_numbers_alone():
    draws = {"shift": np.array([1, 2]), "kind": "batch", "state": {"mean": np.ones(2)}, "policy": ("color",)}
    cast = precision.cast(draws, np.float32)
    assert cast["shift"].dtype == np.int64 and cast["policy"] == ("color",) and cast["kind"] == "batch"
    assert cast["state"]["mean"].dtype == np.float32


def single(x):
    return x.astype(np.float32).astype(np.float64)


@pytest.mark.parametrize("function, noisy", [
    (lambda at: at["x"] @ at["w"], False),
    (lambda at: single(at["x"]) @ at["w"], True),
    (lambda at: at["x"] @ single(at["w"]), True),
    (lambda at: single(at["x"] @ at["w"]), True),
    (lambda at: np.exp(3 * at["x"].ravel()), False),
    (lambda at: np.maximum(at["x"].ravel(), 0), False),
    (lambda at: 0.1 * single(at["w"]) + at["x"].sum(), True),
    (lambda at: 0.0 * at["w"], False),
    (lambda at: at["w"] + 1e3 - 1e3, False),
])
def test_arithmetic_in_float32_shows_in_five_points(function, noisy):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        arguments = {"x": rng.standard_normal((6, 5)), "w": rng.standard_normal(5)}
        assert precision.is_noisy(function, arguments, rng) == noisy


def test_a_kink_at_the_place_itself_is_not_taken_for_float32():
    arguments = {"x": np.concatenate([[0.0, 1e-8, -1e-8], np.ones(5)])}
    assert not precision.is_noisy(lambda at: (at["x"] > 1e-9) * 1.0, arguments, np.random.default_rng(0))
    assert not precision.is_noisy(lambda at: np.sign(at["x"] - 1) + 3, arguments, np.random.default_rng(0))


def test_what_sums_are_allowed_in_float32():
    assert precision.allowed(16, 3.0) == 8 * 2.0**-23 * 4 * 3


def test_a_number_of_the_wrong_precision_is_named(tmp_path):
    row = precision._compare("x", np.ones(2), np.ones(2), 1.0)
    assert row.along == "is float64" and row.share == np.inf

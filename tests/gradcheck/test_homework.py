"""A learner's file: right and wrong gradients, wrong forms, and exceptions told as file and line."""

import numpy as np
import pytest

from minihit.errors import UserError
from minihit.gradcheck import homework, user_file
from minihit.gradcheck.table import CHECKS

RIGHT = """\
from minihit.ops.column_sum import column_sum

EPS = 1e-6

def forward(params, x):
    x_hat = x - x.mean(axis=-1, keepdims=True)
    rstd = ((x_hat * x_hat).mean(axis=-1, keepdims=True) + EPS) ** -0.5
    x_hat *= rstd
    y = x_hat * params["scale"] + params["bias"]
    return y, {"x_hat": x_hat, "rstd": rstd, "scale": params["scale"]}

def backward(dy, cache):
    x_hat = cache["x_hat"]
    grads = {"scale": column_sum(dy * x_hat), "bias": column_sum(dy)}
    dx_hat = dy * cache["scale"]
    dx = dx_hat - dx_hat.mean(axis=-1, keepdims=True)
    dx -= x_hat * (dx_hat * x_hat).mean(axis=-1, keepdims=True)
    dx *= cache["rstd"]
    return dx, grads
"""
SOFTMAX = """\
import numpy as np

def forward(scores):
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    probs = weights / weights.sum(-1, keepdims=True)
    return probs, probs

def backward(dprobs, probs):
    weighted = probs * dprobs
    return weighted - probs * weighted.sum(-1, keepdims=True)
"""


@pytest.fixture
def check(tmp_path):
    """check(source, name): {leaf: Comparison} of a file with that source."""
    def run(source, name="layer_norm", **options):
        path = tmp_path / "mine.py"
        path.write_text(source)
        rows = homework.compare_file(user_file.load(path), CHECKS[name], np.random.default_rng(0), **options)
        return {row.path: row for row in rows}
    return run


def changed(old, new):
    assert old in RIGHT
    return RIGHT.replace(old, new)


def test_right_gradients_hold(check):
    rows = check(RIGHT)
    assert list(rows) == ["y of the library", "x", "params/scale", "params/bias"]
    assert all(row.share < 0.01 for row in rows.values())


def test_an_op_without_parameters_and_with_a_cache_of_any_kind_holds(check):
    rows = check(SOFTMAX, "softmax")
    assert list(rows) == ["y of the library", "scores"]
    assert all(row.share < 0.01 for row in rows.values())


def test_float32_is_compared_with_float64(check):
    rows = check(RIGHT, single=True)
    assert list(rows) == ["y of the library", "y", "x", "params/scale", "params/bias"]
    assert all(row.share <= 1 for row in rows.values())


def test_names_of_arguments_are_the_authors_own(check):
    renamed = changed("def forward(params, x):", "def forward(p, values):\n    params, x = p, values")
    assert list(check(renamed)) == list(check(RIGHT))


def test_a_tangent_is_checked_where_there_is_one(check):
    """Layer norm's own derivative is symmetric but for the scale, so its tangent is quickly written."""
    tangent = """
def tangent(t_x, cache):
    x_hat = cache["x_hat"]
    t = t_x - t_x.mean(axis=-1, keepdims=True)
    return (t - x_hat * (t * x_hat).mean(axis=-1, keepdims=True)) * cache["rstd"] * cache["scale"]
"""
    assert check(RIGHT + tangent)["tangent"].share < 0.1
    assert check(RIGHT + tangent.replace("return (t ", "return 1.001 * (t "))["tangent"].share > 1


@pytest.mark.parametrize("old, new, leaf", [
    ("dx -= x_hat * (dx_hat", "dx -= 1.001 * x_hat * (dx_hat", "x"),
    ('"bias": column_sum(dy)', '"bias": column_sum(dy) / len(dy)', "params/bias"),
    ("EPS = 1e-6", "EPS = 1e-5", "y of the library"),
])
def test_wrong_numbers_are_found(check, old, new, leaf):
    assert [path for path, row in check(changed(old, new)).items() if row.share > 1] == [leaf]


@pytest.mark.parametrize("old, new, leaf, how", [
    ('"bias": column_sum(dy)}', '"bias": column_sum(dy)[None]}', "params/bias", "has a gradient of shape (1, 8)"),
    (', "bias": column_sum(dy)}', "}", "params/bias", "has no gradient"),
    ('"bias": column_sum(dy)}', '"bias": column_sum(dy), "b": dy}', "params/b", "is no parameter"),
    ("return dx, grads", "dy *= 2\n    return dx, grads", "dy", "was changed in place"),
    ("x_hat = x - x.mean", "x -= 1\n    x_hat = x - x.mean", "x", "was changed in place"),
    ("return y, {", "return y[0], {", "y of the library", "has shape (4, 6, 8)"),
    ("return y, {", "return y.tolist(), {", "y of the library", "has shape None"),
])
def test_wrong_forms_are_found(check, old, new, leaf, how):
    rows = check(changed(old, new))
    assert rows[leaf].along == how and not rows[leaf].share <= 1


@pytest.mark.parametrize("source, sentence", [
    (RIGHT.replace("return dx, grads", "return dx"), "mine.py: backward returns 1 value where the library's returns 2"),
    (RIGHT.replace("return y, {", "return {"), "mine.py: forward returns 1 value where the library's returns 2"),
    (RIGHT.replace("forward(params, x)", "forward(x)"), "mine.py: forward cannot be called with params, an input"),
    (RIGHT.replace('dx *= cache["rstd"]', 'dx *= cache["rst"]'), "mine.py, line 18: KeyError: 'rst'"),
])
def test_a_layer_that_cannot_be_checked_is_one_sentence(check, source, sentence):
    with pytest.raises(UserError) as refusal:
        check(source)
    assert sentence in str(refusal.value)


def test_what_fits_nowhere_is_told_too(check):
    with pytest.raises(UserError, match=r"mine.py cannot be checked, for what it returns is not what"):
        check(RIGHT + "\ndef tangent(t_x, cache):\n    return 'no array'\n")

"""A learner's file: right and wrong gradients, wrong forms, and exceptions told as file and line."""

import numpy as np
import pytest
from support.learners import LEARNERS

from minihit.errors import UserError
from minihit.gradcheck import homework, user_file
from minihit.gradcheck.derivatives import NotSmooth
from minihit.gradcheck.table import CHECKS, one_named

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
WRITE = ('write forward(params, x) -> (y, cache) and backward(dy, cache) -> (dx, grads), with params {"scale" (8,), '
         '"bias" (8,)}, x (4, 4, 6, 8)')
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
    def run(source, name="layer_norm", all_of_them=False, **options):
        path = tmp_path / "mine.py"
        path.write_text(source)
        rows = homework.compare_file(user_file.load(path), CHECKS[name], np.random.default_rng(0), **options)
        return rows if all_of_them else {row.path: row for row in rows}
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
    ('"bias": column_sum(dy)}', '"bias": column_sum(dy)[None]}', "params/bias",
     "has a gradient of shape (1, 8): give it the shape (8,)"),
    ('"bias": column_sum(dy)}', '"bias": dy.sum(-1)}', "params/bias",
     "has a gradient of shape (4, 4, 6): dy (4, 4, 6, 8) is to be summed over axes 0, 1 and 2, not over axis 3"),
    ('"bias": column_sum(dy)}', '"bias": dy}', "params/bias",
     "has a gradient of shape (4, 4, 6, 8): sum it over axes 0, 1 and 2"),
    ('"bias": column_sum(dy)}', '"bias": list(column_sum(dy))}', "params/bias/0", "is no parameter"),
    ('"bias": column_sum(dy)}', '"bias": "none"}', "params/bias", "has a gradient of shape None, for it is no array"),
    (', "bias": column_sum(dy)}', "}", "params/bias", "has no gradient"),
    ('"bias": column_sum(dy)}', '"bias": column_sum(dy), "b": dy}', "params/b", "is no parameter"),
    ("return y, {", "return y[0], {", "y of the library", "has shape (4, 6, 8)"),
    ("return y, {", "return y.tolist(), {", "y of the library", "has shape None"),
])
def test_wrong_forms_are_found(check, old, new, leaf, how):
    rows = check(changed(old, new))
    assert rows[leaf].along == how and not rows[leaf].share <= 1


@pytest.mark.parametrize("old, new, leaf, line", [
    ("return dx, grads", "dy *= 2\n    return dx, grads", "dy", 19),
    ("x_hat = x - x.mean", "x -= 1\n    x_hat = x - x.mean", "x", 6),
    ("x_hat = x - x.mean", 'params["scale"][:3] = 1\n    x_hat = x - x.mean', "params/scale", 6),
])
def test_what_is_changed_in_place_is_told_with_its_line_and_the_numbers_are_shown(check, old, new, leaf, line):
    """The gradients are right by themselves, for every call is given copies."""
    rows = check(changed(old, new), all_of_them=True)
    assert [row.along for row in rows if row.path == leaf and row.share == np.inf] == [
        f"was changed in place, line {line}: work on a copy"]
    numbers = [row for row in rows if row.share != np.inf]
    assert [row.path for row in numbers] == ["y of the library", "x", "params/scale", "params/bias"]
    assert leaf != "dy" or all(row.share < 0.01 for row in numbers)


def test_a_wrong_gradient_has_a_hint(check):
    rows = check(changed("dx_hat - dx_hat.mean(axis=-1, keepdims=True)", "dx_hat"))
    assert rows["x"].hint == (
        "the error is the same all along axis 3: a sum or a mean over it is missing, or one too many; this is what "
        "comes out when it is forgotten that the mean depends on x, too")
    assert not any(row.hint for path, row in rows.items() if path != "x")


def test_a_wrong_output_has_a_hint(check):
    rows = check(SOFTMAX.replace("return probs, probs", "return 2 * probs, probs"), "softmax")
    assert rows["y of the library"].hint == "it is 2 times the right one"


@pytest.mark.parametrize("source, name", [
    ("def backward(dy, cache):\n    return dy * cache['slope']", "gelu"),
    ("def backward(dy, cache):\n    return dy * 2.0 * cache['slope']", "gelu"),
])
def test_a_backward_alone_is_given_the_librarys_cache(check, source, name):
    rows = check(source, name)
    assert list(rows) == ["y of the library", "x"] and rows["y of the library"].share == 0.0
    assert rows["x"].share < 0.01 or rows["x"].hint == "it is 2 times the right one"
    assert ("2.0" in source) == (rows["x"].share > 1)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_right_file_is_refused_in_no_draw(tmp_path, name):
    right_in(tmp_path, name, range(10))


@pytest.mark.slow
@pytest.mark.parametrize("name", LEARNERS)
def test_a_right_file_is_refused_whatever_is_drawn_in_none(tmp_path, name):
    right_in(tmp_path, name, range(200))


def right_in(tmp_path, name, draws):
    against, source = LEARNERS[name]
    path = tmp_path / "mine.py"
    path.write_text(source)
    layer = user_file.load(path)
    for seed in draws:
        rows = homework.compare_file(layer, one_named(against), np.random.default_rng(seed))
        assert [row for row in rows if not row.share <= 1] == []


@pytest.mark.parametrize("old, new, what", [
    ("def forward(params, x):", "def forward(params, x):\n    x = x.astype('float32')", "forward computes"),
    ("return y, {", "y = y.astype('float32')\n    return y, {", "forward computes y"),
    ("    y = x_hat", "    x_hat = x_hat.astype('float32').astype('float64')\n    y = x_hat", "forward computes"),
    ('    y = x_hat * params["scale"]', '    y = x_hat * params["scale"].astype("float32")', "forward computes"),
    ("return dx, grads", "return dx.astype('float32'), grads", "backward computes x"),
    ("dx_hat = dy *", "dx_hat = dy.astype('float32').astype('float64') *", "backward computes"),
])
def test_a_file_that_computes_in_float32_is_told_so(check, old, new, what):
    """Its gradients would be called wrong, or right by luck."""
    with pytest.raises(UserError, match=rf"mine.py: {what} in float32: give float64 back, x's dtype"):
        check(changed(old, new))


def test_a_file_that_always_computes_in_float32_holds_in_float32(check):
    single = changed("def forward(params, x):", "def forward(params, x):\n    x = x.astype('float32')")
    assert all(row.share <= 1 for row in check(single, single=True).values())
    wrong = check(changed("EPS = 1e-6", "EPS = 1e-3"), single=True)
    assert wrong["y of the library"].share > 1


@pytest.mark.parametrize("value", ["np.nan", "np.inf"])
def test_an_output_that_is_no_number_is_all_that_is_told(check, value):
    rows = check(changed("return y, {", f"import numpy as np\n    y[0] = {value}\n    return y, {{"))
    assert list(rows) == ["y of the library"] and rows["y of the library"].share == np.inf


def test_inputs_on_a_kink_are_one_sentence(check, monkeypatch):
    """Where those that are drawn once more are on one, too."""
    def run(*arguments):
        raise NotSmooth("there is a kink")

    monkeypatch.setattr(homework, "run", run)
    with pytest.raises(UserError, match=r"mine.py cannot be checked by finite differences: there is a kink"):
        check(RIGHT)


@pytest.mark.parametrize("source, sentence", [
    (RIGHT.replace("return dx, grads", "return dx"), f"mine.py: backward returns 1 value in place of 2: {WRITE}"),
    (RIGHT.replace("return dx, grads", "return dx, grads, 1"), "mine.py: backward returns 3 values in place of 2"),
    (RIGHT.replace("return y, {", "return {"), f"mine.py: forward returns 1 value in place of 2: {WRITE}"),
    (RIGHT.replace("forward(params, x)", "forward(x)"),
     f"mine.py: forward cannot be called as the library's is, too many positional arguments: {WRITE}"),
    (RIGHT.replace("backward(dy, cache)", "backward(dy, cache, x)"),
     f"mine.py: backward cannot be called as the library's is, missing a required argument: 'x': {WRITE}"),
    (RIGHT.replace("def backward", "def backwards"), f"mine.py defines no backward: {WRITE}"),
    ("", f"mine.py defines no forward and no backward: {WRITE}"),
    (RIGHT + "from random import random\nold = forward\ndef forward(params, x):\n"
     "    return old(params, x + 1e-9 * random())\n", "mine.py: forward gives other values when it is called again"),
    (RIGHT.replace('dx *= cache["rstd"]', 'dx *= cache["rst"]'), "mine.py, line 18: KeyError: 'rst'"),
])
def test_a_layer_that_cannot_be_checked_is_one_sentence(check, source, sentence):
    with pytest.raises(UserError) as refusal:
        check(source)
    assert sentence in str(refusal.value)


def test_what_fits_nowhere_is_told_too(check):
    with pytest.raises(UserError, match=r"mine.py cannot be checked, for what it returns is not what"):
        check(RIGHT + "\ndef tangent(t_x, cache):\n    return 'no array'\n")

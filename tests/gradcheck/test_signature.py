"""What there is to write is told with arguments, results and shapes."""

import numpy as np
import pytest

from minihit.gradcheck import checks
from minihit.gradcheck.signature import described, input_names, shapes
from minihit.gradcheck.table import CHECKS


@pytest.mark.parametrize("name, told", [
    ("layer_norm", 'forward(params, x) -> (y, cache) and backward(dy, cache) -> (dx, grads), with params '
                   '{"scale" (8,), "bias" (8,)}, x (4, 4, 6, 8)'),
    ("softmax", "forward(scores) -> (y, cache) and backward(dy, cache) -> dscores, with scores (4, 4, 6, 8)"),
    ("cross_attention", "forward(params, x, tokens) -> (y, cache) and backward(dy, cache) -> (dx, dtokens, grads), "),
    ("window_merge", "forward(windows, window=(2, 3), side=6) -> "),
    ("augment", "forward(x, draws=draws) -> "),
    ("real_loss, hinge", "forward(real_logits, kind='hinge') -> (y, cache) and backward(dy, cache) -> dreal_logits, "),
    ("discriminator, blur", "forward(params, images, config=config) -> "),
    ("discriminator, blur", "params of 18 arrays, images (4, 16, 16, 3)"),
])
def test_what_there_is_to_write(name, told):
    check = CHECKS[name]
    assert told in described(check, checks.draw(check, np.random.default_rng(0)))


@pytest.mark.parametrize("name", CHECKS)
def test_everything_in_the_table_is_told(name):
    check = CHECKS[name]
    assert described(check, checks.draw(check, np.random.default_rng(0))).startswith("forward(")


def test_the_inputs_have_the_names_of_the_library():
    assert input_names(CHECKS["attend"]) == ["query", "key", "value"]
    assert input_names(CHECKS["mlp"]) == ["x"]


def test_shapes_of_trees():
    assert shapes([np.ones(2), {"a": np.ones((1, 2)), "kind": "batch", "none": None}]) == (
        "[(2,), {\"a\" (1, 2), \"kind\" 'batch', \"none\" None}]")
    assert shapes((np.ones(()),)) == "[()]" and shapes({}) == "{}"
    assert shapes([np.ones(1)] * 12).count("(1,)") == 12 and shapes([np.ones(1)] * 13) == "of 13 arrays"

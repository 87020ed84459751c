"""The checker is checked: right gradients pass, and each way of being wrong is caught and named."""

from types import SimpleNamespace

import numpy as np
import pytest
from support.helpers import normal

from minihit import gradcheck
from minihit.layers import cross_attention, layer_norm, linear
from minihit.ops import join, leaky_relu

PLANTED = {
    "input times 1.001": (lambda dx, grads: (dx * 1.001, grads), "x "),
    "weight times 1.001": (lambda dx, grads: (dx, {**grads, "weight": 1.001 * grads["weight"]}), "params/weight"),
    "a dropped term": (lambda dx, grads: (dx - 0.1 * dx.mean(axis=0), grads), "x "),
    "a transposed axis": (lambda dx, grads: (dx, {**grads, "weight": grads["weight"].T}), "params/weight"),
    "a wrong bias": (lambda dx, grads: (dx, {**grads, "bias": grads["bias"] + [0, 0, 0, 1e-4]}), "params/bias"),
    "a bias averaged over the batch": (lambda dx, grads: (dx, {**grads, "bias": grads["bias"] / 5}), "params/bias"),
    "not a number": (lambda dx, grads: (dx * np.nan, grads), "x "),
}


def broken(change, layer=linear):
    """The layer with a mistake planted in what its backward returns."""
    return SimpleNamespace(forward=layer.forward, backward=lambda dy, cache: change(*layer.backward(dy, cache)))


@pytest.fixture
def example():
    rng = np.random.default_rng(0)
    return gradcheck.perturb(linear.init(rng, 4, 4), rng), rng.standard_normal((5, 4)), rng


def test_right_gradients_pass_with_room_to_spare(example):
    comparisons = gradcheck.check_layer(linear, *example)
    assert [row.path for row in comparisons] == ["x", "params/weight", "params/bias"]
    assert max(row.share for row in comparisons) < 0.01


@pytest.mark.parametrize("mistake", PLANTED)
def test_a_planted_mistake_is_caught_and_named(mistake, example):
    change, path = PLANTED[mistake]
    with pytest.raises(AssertionError, match=rf"1 of 3 gradients are wrong:\n{path}"):
        gradcheck.check_layer(broken(change), *example)


def test_every_wrong_leaf_is_listed(example):
    change = broken(lambda dx, grads: (dx * 1.001, {name: 1.001 * grad for name, grad in grads.items()}))
    with pytest.raises(AssertionError, match=r"3 of 3 gradients.*\nx .*\nparams/weight.*\nparams/bias"):
        gradcheck.check_layer(change, *example)


def test_the_message_has_path_shape_numbers_and_share():
    row = gradcheck.Comparison("params/scale", (3,), "value (1,)", 0.5, 0.25, 12.0)
    assert str(row) == ("params/scale (3,), value (1,): backward 0.5, finite differences 0.25, error 12 of the allowed")


def test_a_gradient_of_another_shape_is_refused(example):
    with pytest.raises(AssertionError, match=r"params/bias \(4,\): its gradient has shape \(1, 4\)"):
        gradcheck.check_layer(broken(lambda dx, grads: (dx, {**grads, "bias": grads["bias"][None]})), *example)


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_a_thousandth_shows_at_any_size(size, example):
    """A gradient may be as small as its layer's outputs are: nothing is allowed but a share and what they err by."""
    def forward(params, x):
        y, cache = linear.forward(params, x)
        return size * y, cache

    def backward(dy, cache):
        return linear.backward(size * dy, cache)

    gradcheck.check_layer(SimpleNamespace(forward=forward, backward=backward), *example)
    wrong = broken(lambda dx, grads: (dx, {**grads, "bias": 1.001 * grads["bias"]}),
                   SimpleNamespace(forward=forward, backward=backward))
    with pytest.raises(AssertionError, match=r"1 of 3 gradients are wrong:\nparams/bias"):
        gradcheck.check_layer(wrong, *example)


def test_a_small_gradient_beside_large_ones_is_checked_to_what_finite_differences_err_by(example):
    """The bias adds a millionth of itself: an error of a hundredth of its gradient still shows."""
    def forward(params, x):
        return linear.forward({**params, "bias": 1e-6 * params["bias"]}, x)

    def layer(factor):
        def backward(dy, cache):
            dx, grads = linear.backward(dy, cache)
            return dx, {**grads, "bias": factor * 1e-6 * grads["bias"]}
        return SimpleNamespace(forward=forward, backward=backward)

    gradcheck.check_layer(layer(1.0), *example)
    with pytest.raises(AssertionError, match=r"1 of 3 gradients are wrong:\nparams/bias"):
        gradcheck.check_layer(layer(1.01), *example)


@pytest.mark.parametrize("forward", [lambda x: 0.0 * x, lambda x: np.ones(3)], ids=["zero", "one"])
def test_what_moves_nothing_has_the_gradient_zero(forward):
    """Even where the outputs are zero, so that nothing is allowed."""
    layer = SimpleNamespace(forward=lambda x: (forward(x), {}), backward=lambda dy, cache: np.zeros(3))
    row, = gradcheck.check_layer(layer, None, np.ones(3), np.random.default_rng(3))
    assert row.share == row.actual == row.expected == 0.0
    layer.backward = lambda dy, cache: np.array([0.0, 0.0, 1e-9])
    with pytest.raises(AssertionError, match=r"x \(3,\), value \(2,\)"):
        gradcheck.check_layer(layer, None, np.ones(3), np.random.default_rng(3))


def test_float32_parameters_are_checked_in_float64():
    rng = np.random.default_rng(1)
    gradcheck.check_layer(layer_norm, layer_norm.init(6), normal(2, 3, 6, dtype=np.float32), rng)


def test_several_inputs_are_named_after_the_arguments_of_forward():
    rng = np.random.default_rng(2)
    params = gradcheck.perturb(cross_attention.init(rng, 4, 2, 6), rng)
    rows = gradcheck.check_layer(cross_attention, params, (normal(3, 2, 5, 4), normal(4, 2, 3, 6)), rng)
    assert [row.path for row in rows][:3] == ["x", "tokens", "params/query/weight"]


def test_a_wrong_tangent_is_caught(example):
    wrong = SimpleNamespace(forward=linear.forward, tangent=lambda t_x, cache: 1.001 * linear.tangent(t_x, cache)[0])
    gradcheck.check_tangent(linear, *example)
    with pytest.raises(AssertionError, match=r"tangent \(5, 4\): .* of the allowed"):
        gradcheck.check_tangent(wrong, *example)


def test_a_tangent_may_move_all_inputs_or_the_first_alone():
    main, skip, rng = normal(5, 3, 4), normal(6, 3, 4), np.random.default_rng(7)
    gradcheck.check_tangent(join, None, (main, skip), rng)
    half = SimpleNamespace(forward=join.forward, tangent=lambda t_main, cache: t_main * join.HALF)
    gradcheck.check_tangent(half, None, (main, skip), rng)
    deaf = SimpleNamespace(forward=join.forward, tangent=lambda t_main, t_skip, cache: t_main * join.HALF)
    with pytest.raises(AssertionError, match="tangent"):
        gradcheck.check_tangent(deaf, None, (main, skip), rng)


def test_a_tangent_is_allowed_what_finite_differences_err_by():
    """Value by value: a kink at one pixel makes no difference to the others."""
    x = np.array([1.5e-5, -1.0, 1.0])
    gradcheck.check_tangent(leaky_relu, None, x, np.random.default_rng(4))
    for wrong in np.eye(3):
        layer = SimpleNamespace(forward=leaky_relu.forward, tangent=lambda t_x, cache, wrong=wrong:
                                (1 + 1e-5 * wrong) * leaky_relu.tangent(t_x, cache))
        with pytest.raises(AssertionError, match="tangent"):
            gradcheck.check_tangent(layer, None, x, np.random.default_rng(4))
        assert gradcheck.compare_tangent(layer, None, x, np.random.default_rng(4)).share > 1


def test_assert_close_names_the_worst_value():
    with pytest.raises(AssertionError, match=r"probs \(2, 2\): 5 at \(1, 0\) instead of 3"):
        gradcheck.assert_close(np.array([[1.0, 2.0], [5.0, 4.0]]), np.array([[1.0, 2.0], [3.0, 4.0]]), "probs")
    with pytest.raises(AssertionError, match=r"probs: shape \(2,\) instead of \(1, 2\)"):
        gradcheck.assert_close(np.ones(2), np.ones((1, 2)), "probs")

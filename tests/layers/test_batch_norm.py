import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_same, normal, seeds

from minihit import gradcheck, parallel
from minihit.layers import batch_norm

shapes = st.tuples(st.integers(2, 4), st.integers(1, 3), st.integers(1, 5))


def example(seed, shape):
    rng = np.random.default_rng(seed)
    averages = {"mean": rng.standard_normal(shape[-1]), "variance": 0.5 + rng.random(shape[-1])}
    return gradcheck.perturb(batch_norm.init(shape[-1]), rng), rng.standard_normal(shape), averages, rng


@pytest.mark.parametrize("evaluation", [False, True])
@given(shape=shapes, seed=seeds)
def test_backward_agrees_with_finite_differences(evaluation, shape, seed):
    params, x, averages, rng = example(seed, shape)
    gradcheck.check_layer(batch_norm, params, x, rng, averages=averages if evaluation else None)


@given(shapes, seeds)
def test_forward_is_the_definition(shape, seed):
    params, x, averages, _ = example(seed, shape)
    axes = tuple(range(x.ndim - 1))
    running = (averages["mean"], averages["variance"], averages)
    for mean, variance, chosen in ((x.mean(axes), x.var(axes), None), running):
        expected = params["scale"] * (x - mean) / np.sqrt(variance + 1e-3) + params["bias"]
        np.testing.assert_allclose(batch_norm.forward(params, x, chosen)[0], expected, atol=1e-12)


def test_a_large_mean_costs_no_accuracy_in_float32():
    x = normal(0, 4096, 3, dtype=np.float32)
    params = batch_norm.init(3)
    np.testing.assert_allclose(batch_norm.forward(params, x + 1000)[0], batch_norm.forward(params, x)[0], atol=2e-3)


@pytest.mark.parametrize("count", [2, 3, 10])
def test_running_averages_take_the_unbiased_variance(count):
    params, x, averages, _ = example(1, (count, 1, 3))
    folded = batch_norm.fold(averages, batch_norm.forward(params, x)[1])
    np.testing.assert_allclose(folded["mean"], 0.99 * averages["mean"] + 0.01 * x.mean((0, 1)))
    np.testing.assert_allclose(folded["variance"], 0.99 * averages["variance"] + 0.01 * x.var((0, 1), ddof=1))


def test_a_single_value_has_no_variance():
    params, x, averages, _ = example(1, (1, 1, 3))
    folded = batch_norm.fold(averages, batch_norm.forward(params, x)[1])
    np.testing.assert_allclose(folded["variance"], 0.99 * averages["variance"])


def test_what_parts_of_a_batch_make_of_the_averages_adds_up_by_their_shares():
    params, x, averages, _ = example(3, (4, 2, 3))
    caches = [batch_norm.forward(params, part)[1] for part in (x[:3], x[3:])]
    parts = [batch_norm.fold(averages, cache, share) for cache, share in zip(caches, (0.75, 0.25), strict=True)]
    whole = [batch_norm.fold(averages, cache) for cache in caches]
    for name in averages:
        np.testing.assert_allclose(parts[0][name] + parts[1][name], 0.75 * whole[0][name] + 0.25 * whole[1][name])


def test_fold_follows_the_keys_of_the_state():
    params, x, averages, _ = example(2, (5, 2, 3))
    _, cache = batch_norm.forward(params, x)
    tree = {"blocks": [{"norm": averages}, {"norm": {}}], "other": {}}
    caches = {"blocks": [{"norm": cache, "expand": {}}, {"norm": {}}], "other": {"x": x}, "start": {}}
    folded = batch_norm.fold(tree, caches)
    assert_same(folded, {"blocks": [{"norm": batch_norm.fold(averages, cache)}, {"norm": {}}], "other": {}})


large = st.tuples(st.integers(3, 5), st.integers(3, 4), st.integers(1, 5))


@given(large, seeds)
def test_a_shift_and_a_rescaling_of_a_channel_change_nothing(shape, seed):
    """But for EPS, which a large x makes small; so the gradient has no part along either."""
    params, x, _, rng = example(seed, shape)
    x, factor, shift = 1000 * x, 0.5 + rng.random(shape[-1]), rng.standard_normal(shape[-1])
    y, cache = batch_norm.forward(params, x)
    np.testing.assert_allclose(batch_norm.forward(params, factor * x + shift)[0], y, atol=1e-6)
    dx, _ = batch_norm.backward(rng.standard_normal(shape), cache)
    np.testing.assert_allclose(dx.sum(axis=(0, 1)), 0.0, atol=1e-12)
    np.testing.assert_allclose((dx * x).sum(axis=(0, 1)), 0.0, atol=1e-5)


@given(large, seeds)
def test_the_order_of_the_batch_is_kept_and_does_not_matter(shape, seed):
    params, x, averages, rng = example(seed, shape)
    order = rng.permutation(shape[0])
    for chosen in (None, averages):
        y, _ = batch_norm.forward(params, x, chosen)
        np.testing.assert_allclose(batch_norm.forward(params, x[order], chosen)[0], y[order], atol=1e-12)


@given(large, seeds)
def test_with_its_own_statistics_evaluation_is_training(shape, seed):
    params, x, _, _ = example(seed, shape)
    y, cache = batch_norm.forward(params, x)
    averages = {name: cache[name] for name in ("mean", "variance")}
    np.testing.assert_allclose(batch_norm.forward(params, x, averages)[0], y, atol=1e-13)


@given(st.tuples(st.integers(4, 6), st.integers(1, 3), st.integers(1, 5)), seeds)
def test_parts_that_run_together_are_one_batch(shape, seed):
    """But that each adds up the gradients of its own images."""
    params, x, _, rng = example(seed, shape)
    y, cache = batch_norm.forward(params, x)
    dy = rng.standard_normal(shape)
    dx, grads = batch_norm.backward(dy, cache)

    def work(part, total):
        y, cache = batch_norm.forward(params, x[part], total=total)
        return y, cache, *batch_norm.backward(dy[part], cache)

    (lanes,) = parallel.groups(work, [[slice(0, 1), slice(1, None)]])
    ys, caches, dxs, partial_grads = zip(*lanes, strict=True)
    np.testing.assert_allclose(np.concatenate(ys), y, atol=1e-11)
    np.testing.assert_allclose(np.concatenate(dxs), dx, atol=1e-10)
    for name in ("scale", "bias"):
        np.testing.assert_allclose(partial_grads[0][name] + partial_grads[1][name], grads[name], atol=1e-11)
    for part in caches:
        assert part["count"] == cache["count"]
        np.testing.assert_allclose(part["variance"], cache["variance"], atol=1e-12)

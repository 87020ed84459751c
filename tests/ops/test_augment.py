import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import ops as oracle
from support.helpers import assert_adjoint, normal, seeds

from minihit import gradcheck
from minihit.errors import UserError
from minihit.ops import augment

COLOURS = ("brightness", "saturation", "contrast")
policies = st.lists(st.sampled_from(list(augment.POLICIES)), unique=True).map(tuple)


def example(seed, side=8, count=3):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, side, side, 3)), augment.draw(rng, count, side)


@given(policies, st.integers(1, 9), seeds)
def test_backward_agrees_with_finite_differences(policy, side, seed):
    x, draws = example(seed, side)
    gradcheck.check_layer(augment, None, x, np.random.default_rng(seed), draws=draws, policy=policy)


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-11), (np.float32, 2e-5)])
@given(policy=policies, side=st.integers(1, 9), seed=seeds)
def test_it_is_a_loop_over_images(dtype, tolerance, policy, side, seed):
    (x, draws), dy = example(seed, side), normal(seed + 1, 3, side, side, 3, dtype=dtype)
    y, cache = augment.forward(x.astype(dtype), draws, policy)
    np.testing.assert_allclose(y, oracle.augment(x.astype(dtype), draws, policy), atol=tolerance)
    dx = augment.backward(dy, cache)
    np.testing.assert_allclose(dx, oracle.augment_backward(dy, draws, policy), atol=tolerance)
    assert y.dtype == dx.dtype == dtype


@given(policies, st.integers(1, 9), seeds)
def test_backward_is_the_transpose(policy, side, seed):
    (x, draws), dy = example(seed, side), normal(seed + 1, 3, side, side, 3)
    zero, _ = augment.forward(0 * x, draws, policy)                       # brightness adds a constant

    def forward(x):
        return augment.forward(x, draws, policy)[0] - zero

    assert_adjoint(forward, lambda dy: augment.backward(dy, {"draws": draws, "policy": policy}), x, dy)


class Ends:
    """Stands in for a random generator: the least and the greatest value of each range."""

    def random(self, count, dtype):
        return np.array([0, 1], dtype)

    def integers(self, low, high, count):
        return np.array([low, high - 1])


@pytest.mark.parametrize("side", [*range(1, 18), 1002, 1003])
def test_draws_fill_their_ranges(side):
    """A shift of an eighth of the side, rounded; the centre of a cut of half the side, rounded, anywhere."""
    draws, shift, odd_cut = augment.draw(Ends(), 2, side), (side + 4) // 8, (side + 1) // 2 % 2
    for name in COLOURS:
        assert draws[name].dtype == np.float32
        np.testing.assert_array_equal(draws[name], [0.0, 1.0])
    for name in ("shift_h", "shift_w"):
        np.testing.assert_array_equal(draws[name], [-shift, shift])
    for name in ("cut_h", "cut_w"):
        np.testing.assert_array_equal(draws[name], [0, side - odd_cut])


def test_colours_are_the_definition():
    x, draws = example(5)
    for image, y, *draw in zip(x, augment.color(x, draws), *(draws[name] for name in COLOURS), strict=True):
        brightness, saturation, contrast = (float(value) for value in draw)
        image = image + (brightness - 0.5)
        grey = image.mean(axis=-1, keepdims=True)
        image = grey + (image - grey) * (2 * saturation)
        np.testing.assert_allclose(y, image.mean() + (image - image.mean()) * (contrast + 0.5), atol=1e-6)


def test_colour_then_translation_then_cutout_unless_others_are_named():
    x, draws = example(6)
    expected = augment.cutout(augment.translation(augment.color(x, draws), draws), draws)
    np.testing.assert_array_equal(augment.forward(x, draws)[0], expected)


def test_neutral_colours_change_nothing():
    x, draws = example(0)
    neutral = {**draws, "brightness": np.full(3, 0.5), "saturation": np.full(3, 0.5), "contrast": np.full(3, 0.5)}
    np.testing.assert_allclose(augment.forward(x, neutral, ("color",))[0], x, atol=1e-14)


def test_no_saturation_is_grey_and_no_contrast_is_flat():
    x, draws = example(1)
    grey = augment.color(x, {**draws, "saturation": np.zeros(3)})
    np.testing.assert_allclose(grey, np.broadcast_to(grey[..., :1], grey.shape), atol=1e-14)
    flat = augment.color(x, {**draws, "contrast": np.full(3, -0.5)})
    np.testing.assert_allclose(flat, np.broadcast_to(flat[:, :1, :1, :1], flat.shape), atol=1e-14)


def test_translation_moves_by_whole_pixels_and_fills_with_zeros():
    x = normal(2, 1, 4, 4, 3)
    y = augment.translation(x, {"shift_h": np.array([1]), "shift_w": np.array([-2])})
    np.testing.assert_array_equal(y[:, :3, 2:], x[:, 1:, :2])
    assert not y[:, 3:].any() and not y[:, :, :2].any()


def test_cutout_clears_a_square_of_half_the_side():
    y = augment.cutout(np.ones((1, 8, 8, 3)), {"cut_h": np.array([4]), "cut_w": np.array([1])})
    expected = np.ones((1, 8, 8, 3))
    expected[:, 2:6, 0:3] = 0.0                                           # columns -1 to 2, cut off at the border
    np.testing.assert_array_equal(y, expected)


@pytest.mark.parametrize("side", [1, 2, 3, 7, 1002])
def test_a_cut_has_half_the_side_rounded(side):
    cut, middle = (side + 1) // 2, np.array([side // 2])
    y = augment.cutout(np.ones((1, side, side, 1)), {"cut_h": middle, "cut_w": middle})
    inside = slice(side // 2 - cut // 2, side // 2 - cut // 2 + cut)
    assert (y[:, inside, inside] == 0.0).all() and y.sum() == side * side - cut * cut


def test_each_image_has_its_own_draws():
    x, draws = example(3)
    whole, _ = augment.forward(x, draws)
    for i in range(3):
        alone, _ = augment.forward(x[i:i + 1], {name: values[i:i + 1] for name, values in draws.items()})
        np.testing.assert_allclose(alone[0], whole[i], atol=1e-14)


def test_an_unknown_policy_is_refused():
    x, draws = example(4)
    with pytest.raises(UserError, match="augmentation 'flip' is unknown: choose from color, translation, cutout"):
        augment.forward(x, draws, ("flip",))

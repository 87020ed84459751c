import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, seeds

from minihit import gradcheck, parallel
from minihit.objectives import reconstruction
from minihit.ops import laplacian_pyramid

SHAPE = (4, 8, 8, 3)
VALUES = 8 * 8 * 3                                                        # of an image
FUNCTIONS = {**reconstruction.DISTANCES, **reconstruction.LIKELIHOODS}
every_loss = pytest.mark.parametrize("loss", FUNCTIONS.values(), ids=FUNCTIONS.keys())
every_likelihood = pytest.mark.parametrize("name", reconstruction.LIKELIHOODS)


def pair(seed, count=4, dtype=np.float64):
    """Images and their originals, about 0.3 apart."""
    original = normal(seed, count, *SHAPE[1:], dtype=dtype)
    return original + 0.3 * normal(seed + 1, *original.shape, dtype=dtype), original


# distances


@given(seeds)
def test_l1_and_l2_are_means_over_all_values(seed):
    image, original = pair(seed)
    np.testing.assert_allclose(reconstruction.l1(image, original)[0], np.abs(image - original).mean())
    loss, dimage = reconstruction.l2(image, original)
    np.testing.assert_allclose(loss, ((image - original) ** 2).mean())
    np.testing.assert_allclose((dimage * (image - original)).sum(), 2 * loss)


@pytest.mark.parametrize("smallest, count", [(8, 1), (4, 2), (2, 3)])
def test_levels_of_a_pyramid_weigh_the_same(smallest, count):
    image, original = pair(0)
    levels = zip(*[laplacian_pyramid.forward(x, smallest)[0] for x in (image, original)], strict=True)
    means = [np.abs(a - b).mean() for a, b in levels]
    assert len(means) == count
    np.testing.assert_allclose(reconstruction.pyramid_l1(image, original, smallest)[0], np.mean(means))


def test_a_pyramid_ends_at_8_pixels_unless_told_otherwise():
    images = normal(0, 1, 32, 32, 3), normal(1, 1, 32, 32, 3)
    found, eight, sixteen = (reconstruction.pyramid_l1(*images, *smallest)[0] for smallest in ((), (8,), (16,)))
    assert found == eight != sixteen


def test_to_a_pyramid_a_wrong_colour_is_worse_than_noise_of_the_same_size():
    original, noise = np.zeros((2, 32, 32, 3)), np.sign(normal(0, 2, 32, 32, 3))
    assert reconstruction.l1(noise, original)[0] == reconstruction.l1(original + 1, original)[0]
    assert reconstruction.pyramid_l1(noise, original)[0] > 1.2 * reconstruction.pyramid_l1(original + 1, original)[0]


# likelihoods


@given(seeds, st.floats(0.1, 2.0))
def test_gaussian_is_the_density_of_the_normal_distribution(seed, sigma):
    image, original = pair(seed)
    density = np.exp(-0.5 * ((image - original) / sigma) ** 2) / (sigma * np.sqrt(2 * np.pi))
    expected = -np.log(density).sum() / 4
    np.testing.assert_allclose(reconstruction.gaussian_nll(image, original, sigma)[0], expected)


@given(seeds, st.floats(0.1, 2.0))
def test_laplace_is_the_density_of_laplaces_distribution(seed, scale):
    image, original = pair(seed)
    expected = -np.log(np.exp(-np.abs(image - original) / scale) / (2 * scale)).sum() / 4
    np.testing.assert_allclose(reconstruction.laplace_nll(image, original, scale)[0], expected)


@every_likelihood
@given(seed=seeds)
def test_where_none_is_given_the_noise_is_the_likeliest(name, seed):
    image, original = pair(seed)
    loss, best = reconstruction.LIKELIHOODS[name], likeliest(name, image - original)
    found, dimage = loss(image, original)
    for factor in (0.9, 0.99, 1.01, 1.1):
        assert loss(image, original, factor * best)[0] > found
    expected, dexpected = loss(image, original, best)
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(dimage, dexpected)


def likeliest(name, difference):
    return {"l2": np.sqrt((difference**2).mean()), "l1": np.abs(difference).mean()}[name]


def test_the_likeliest_noise_leaves_the_logarithm_of_the_error():
    """VALUES / 2 nats an image, and as many times the logarithm of the mean squared error."""
    image, original = pair(0)
    error = ((image - original) ** 2).mean()
    expected = 0.5 * VALUES * (1 + np.log(2 * np.pi * error))
    np.testing.assert_allclose(reconstruction.gaussian_nll(image, original)[0], expected)
    np.testing.assert_allclose(reconstruction.laplace_nll(image, original)[0],
                               VALUES * (1 + np.log(2 * np.abs(image - original).mean())))


@every_likelihood
@pytest.mark.parametrize("fixed", [None, 0.4])
def test_lanes_share_the_noise_and_add_up_to_the_batch(name, fixed):
    """Each lane's gradient, weighted by its share, is the batch's, through a noise that it knows a part of."""
    loss, (image, original) = reconstruction.LIKELIHOODS[name], pair(3)
    image[0] *= 2.0                                                       # so that no lane is as far off as the other
    lanes = [slice(0, 1), slice(1, 4)]
    (results,) = parallel.groups(lambda lane, total: loss(image[lane], original[lane], fixed, total), [lanes])
    expected, dexpected = loss(image, original, fixed)
    np.testing.assert_allclose(sum(share * value for share, (value, _) in zip((0.25, 0.75), results, strict=True)),
                               expected)
    dimage = np.concatenate([share * part for share, (_, part) in zip((0.25, 0.75), results, strict=True)])
    np.testing.assert_allclose(dimage, dexpected)


@every_likelihood
def test_a_perfect_reconstruction_is_not_infinitely_likely(name):
    """The noise of half a step of uint8 is taken for it."""
    _, original = pair(0)
    loss = reconstruction.LIKELIHOODS[name]
    found, dimage = loss(original, original)
    np.testing.assert_allclose(found, loss(original, original, 1 / 255)[0])
    assert not dimage.any()
    nearly, dnearly = loss(original + 1e-4, original)
    np.testing.assert_allclose(dnearly, loss(original + 1e-4, original, 1 / 255)[1])
    assert nearly > found


# all


@every_loss
@given(seed=seeds)
def test_gradients_agree_with_finite_differences(loss, seed):
    image, original = pair(seed, count=1)
    along = normal(seed + 2, *image.shape) / image.size**0.5
    slope, error = gradcheck.derivatives.slope(lambda t: loss(image + t * along, original)[0], 0.0, 1.0,
                                               loss(image, original)[0])
    np.testing.assert_allclose((loss(image, original)[1] * along).sum(), slope, rtol=1e-6, atol=float(error.max()))


@every_loss
def test_float32_stays_float32(loss):
    value, dimage = loss(*pair(0, dtype=np.float32))
    assert value.dtype == dimage.dtype == np.float32
    assert value.shape == () and dimage.shape == SHAPE

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics.test_psnr import pairs
from skimage import data
from skimage.metrics import structural_similarity
from support.helpers import seeds

from minihit.errors import UserError
from minihit.metrics.ssim import ssim


def by_scikit_image(images, originals):
    """With the settings of Wang et al. 2004."""
    return [structural_similarity(y, x, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255,
                                  channel_axis=-1) for x, y in zip(images, originals, strict=True)]


@given(seeds, st.sampled_from([11, 16, 33]), st.sampled_from([1, 30, 200]))
def test_it_is_that_of_scikit_image(seed, side, noise):
    images, originals = pairs(seed, side=side, noise=noise)
    np.testing.assert_allclose(ssim(images, originals), by_scikit_image(images, originals), rtol=0, atol=1e-6)


def test_so_it_is_for_a_photograph_that_is_not_square():
    photograph = data.astronaut()[None, 100:180, 180:310]
    darker = (0.8 * photograph).astype(np.uint8)
    np.testing.assert_allclose(ssim(darker, photograph), by_scikit_image(darker, photograph), rtol=0, atol=1e-6)


def test_equal_images_are_at_one_and_the_two_are_interchangeable():
    images, originals = pairs(0)
    np.testing.assert_allclose(ssim(originals, originals), 1.0)
    np.testing.assert_allclose(ssim(images, originals), ssim(originals, images))
    assert ssim(images, originals).dtype == np.float64 and ssim(images, originals).max() < 0.9


@pytest.mark.parametrize("shape", [(2, 10, 16, 3), (2, 16, 10, 3)])
def test_images_smaller_than_the_window_are_refused(shape):
    images = np.zeros(shape, np.uint8)
    with pytest.raises(UserError, match=f"at least 11 x 11 pixels, and these have {shape[1]} x {shape[2]}"):
        ssim(images, images)


def test_of_two_greys_the_brightness_alone_is_compared():
    black = np.zeros((1, 16, 16, 3), np.uint8)
    np.testing.assert_allclose(ssim(black + np.uint8(5), black), 2.55**2 / (5**2 + 2.55**2), rtol=1e-9)


def test_other_arrays_are_refused():
    with pytest.raises(ValueError, match="must be uint8, not float64 and uint8"):
        ssim(np.zeros((1, 16, 16, 3)), np.zeros((1, 16, 16, 3), np.uint8))

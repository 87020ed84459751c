import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio
from support.helpers import seeds

from minihit.data.faces.render import faces
from minihit.metrics.psnr import psnr


def pairs(seed, count=3, side=16, noise=30):
    """Drawn faces with noise, and without."""
    originals, rng = faces(seed % 1000, 0, count, side), np.random.default_rng(seed)
    noisy = originals + noise * rng.standard_normal(originals.shape)
    return noisy.round().clip(0, 255).astype(np.uint8), originals


@given(seeds, st.sampled_from([1, 30, 200]))
def test_it_is_that_of_scikit_image(seed, noise):
    images, originals = pairs(seed, noise=noise)
    expected = [peak_signal_noise_ratio(y, x, data_range=255) for x, y in zip(images, originals, strict=True)]
    np.testing.assert_allclose(psnr(images, originals), expected, rtol=1e-6)


def test_ten_times_the_error_are_twenty_decibels_less_and_no_error_is_no_warning():
    black = np.zeros((3, 8, 8, 3), np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = psnr(black + np.array([0, 1, 10], np.uint8)[:, None, None, None], black)
    np.testing.assert_allclose(found, [np.inf, 20 * np.log10(255), 20 * np.log10(255) - 20])
    assert found.dtype == np.float64


@pytest.mark.parametrize("images, originals, message", [
    (np.zeros((1, 8, 8, 3), np.float32), np.zeros((1, 8, 8, 3), np.uint8), "uint8, not float32 and uint8"),
    (np.zeros((1, 8, 8, 3), np.uint8), np.zeros((1, 8, 8, 3)), "uint8, not uint8 and float64"),
    (np.zeros((1, 8, 8, 3), np.uint8), np.zeros((2, 8, 8, 3), np.uint8), "one shape, not "),
])
def test_other_arrays_are_refused(images, originals, message):
    with pytest.raises(ValueError, match=message):
        psnr(images, originals)

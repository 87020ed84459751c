import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import normal, off_zero, seeds

from minihit import gradcheck
from minihit.objectives import losses

LOSSES = {"generator": losses.generator_loss, "real": losses.real_loss, "fake": losses.fake_loss}
counts = st.integers(1, 6)


@pytest.mark.parametrize("kind", losses.KINDS)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
@given(count=counts, seed=seeds)
def test_gradients_agree_with_finite_differences(loss, kind, count, seed):
    logits = 1.0 + off_zero(normal(seed, count))                          # hinge has its kinks at 1 and -1
    logits[np.abs(logits + 1) < 0.01] += 0.05
    _, dlogits = loss(logits, kind)
    expected = gradcheck.numerical_gradient(lambda logits: loss(logits, kind)[0], logits)
    gradcheck.assert_close(dlogits, expected, "dlogits")


@given(counts, seeds)
def test_non_saturating_losses_are_the_definition(count, seed):
    logits = normal(seed, count)
    sigmoid = 1 / (1 + np.exp(-logits))
    np.testing.assert_allclose(losses.generator_loss(logits)[0], -np.log(sigmoid).mean())
    np.testing.assert_allclose(losses.real_loss(logits)[0], -np.log(sigmoid).mean())
    np.testing.assert_allclose(losses.fake_loss(logits)[0], -np.log(1 - sigmoid).mean())


@given(counts, seeds)
def test_hinge_losses_are_the_definition(count, seed):
    logits = 2 * normal(seed, count)
    np.testing.assert_allclose(losses.generator_loss(logits, "hinge")[0], -logits.mean())
    np.testing.assert_allclose(losses.real_loss(logits, "hinge")[0], np.maximum(1 - logits, 0).mean(), atol=1e-15)
    np.testing.assert_allclose(losses.fake_loss(logits, "hinge")[0], np.maximum(1 + logits, 0).mean(), atol=1e-15)


@given(counts, st.floats(0.1, 10), seeds)
def test_consistency_is_a_mean_of_squares_with_opposite_gradients(count, cost, seed):
    logits, augmented = normal(seed, count), normal(seed + 1, count)
    penalty, dlogits, daugmented = losses.consistency(logits, augmented, cost)
    np.testing.assert_allclose(penalty, cost * ((logits - augmented) ** 2).mean())
    expected = gradcheck.numerical_gradient(lambda logits: losses.consistency(logits, augmented, cost)[0], logits)
    gradcheck.assert_close(dlogits, expected, "dlogits")
    np.testing.assert_array_equal(daugmented, -dlogits)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_extreme_logits_stay_finite_in_float32(loss):
    value, dlogits = loss(np.array([-1e4, 1e4, 0.0], np.float32))
    assert value.dtype == dlogits.dtype == np.float32
    assert np.isfinite(value) and np.isfinite(dlogits).all()


@pytest.mark.parametrize("loss, kink", [(losses.real_loss, 1.0), (losses.fake_loss, -1.0)])
def test_at_its_kink_the_hinge_has_no_slope(loss, kink):
    """As relu at zero in TensorFlow and PyTorch."""
    value, dlogits = loss(np.array([kink]), "hinge")
    assert value == 0 and dlogits == 0

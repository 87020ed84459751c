import numpy as np
import pytest
from support.helpers import normal

from minihit import gradcheck
from minihit.gradcheck import derivatives
from minihit.ops import leaky_relu


def test_the_step_shrinks_rather_than_cross_a_kink():
    gradcheck.check_layer(leaky_relu, None, np.array([1.5e-5, -2.0]), np.random.default_rng(3))


def test_a_point_on_a_kink_is_refused():
    with pytest.raises(ValueError, match="kink"):
        gradcheck.check_layer(leaky_relu, None, np.array([0.0, 1.0]), np.random.default_rng(4))


def test_numerical_gradient_of_a_polynomial():
    x = normal(5, 2, 3)
    gradcheck.assert_close(gradcheck.numerical_gradient(lambda x: (x**3).sum(), x), 3 * x**2, "cubes")


def test_a_leaf_of_few_values_is_looked_at_from_every_side():
    rng = np.random.default_rng(6)
    names = [name for name, _ in derivatives.directions(rng, np.zeros((2, 2)), few=4)]
    assert names == ["value (0, 0)", "value (0, 1)", "value (1, 0)", "value (1, 1)"]
    (name, direction), = derivatives.directions(rng, np.zeros((2, 2)), few=3)
    assert name == "a random direction" and (direction**2).sum() == pytest.approx(1.0)

import numpy as np
import pytest

from minihit.errors import UserError
from minihit.training import guard
from minihit.training.run import RunFolder


def test_the_first_leaf_that_is_not_finite_is_named():
    leaves = {"one": np.zeros(2), "two": [np.array([1.0, np.inf])]}
    assert guard.first_not_finite({"net": leaves}) == "net/two/0"
    assert guard.first_not_finite({"net": {"one": np.zeros(2)}}) is None


def test_an_infinite_metric_with_finite_gradients_is_named(tmp_path):
    with pytest.raises(UserError, match=r"step 7: fake_loss is not finite.*start another run"):
        guard.check_finite({"real_loss": 1.0, "fake_loss": np.inf}, {"generator": np.zeros(2)}, 7, RunFolder(tmp_path))

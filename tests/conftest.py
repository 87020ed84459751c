"""Hypothesis profiles: quick by default, HYPOTHESIS_PROFILE=thorough on demand; the same draws every time in CI."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

IN_CI = bool(os.environ.get("CI"))
settings.register_profile("quick", max_examples=15, deadline=None, derandomize=IN_CI,
                          suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=200)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


class ShapesOnly:
    """Stands in for a random generator where only shapes matter: arrays of zeros, whose memory is never touched."""

    def standard_normal(self, shape, dtype):
        return np.zeros(shape, dtype)

    def random(self, shape, dtype):
        return np.zeros(shape, dtype)


@pytest.fixture
def shapes_only():
    return ShapesOnly()

"""Hypothesis profiles: quick by default, HYPOTHESIS_PROFILE=thorough on demand, the same draws in CI; and fixtures
that several folders of tests use."""

import os
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

from minihit.data.faces import stand_in

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


@pytest.fixture(scope="session")
def celeba(tmp_path_factory):
    """Paths of thirty drawn faces in CelebA's layout, `zip` and `folder`, the tables beside both. Not to be changed."""
    root = tmp_path_factory.mktemp("celeba")
    packed = stand_in.write(root, 30)
    with zipfile.ZipFile(packed) as file:
        file.extractall(root)
    return SimpleNamespace(root=root, zip=packed, folder=root / "img_align_celeba", count=30)

"""The test of the tester: every planted mistake is caught, where it was planted, and without it all is well."""

import numpy as np
import pytest

from minihit.gradcheck import checks
from minihit.gradcheck.plants import PLANTS, planted, run_plant


@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_mistake_is_caught(name):
    assert run_plant(PLANTS[name], np.random.default_rng(1)).share > 100


@pytest.mark.parametrize("name", PLANTS)
def test_without_the_mistake_the_leaf_holds(name):
    right = PLANTS[name]._replace(wrong=lambda layer: {})
    assert run_plant(right, np.random.default_rng(1)).share < 1


@pytest.mark.parametrize("name", [name for name, plant in PLANTS.items() if not plant.check.startswith("r1")])
def test_a_mistake_is_caught_at_its_own_leaf_alone(name):
    rows = checks.run(planted(PLANTS[name]), np.random.default_rng(1))
    assert [row.path for row in rows if not row.share <= 1] == [PLANTS[name].leaf]

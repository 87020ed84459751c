"""The test of the tester: every planted mistake is caught, where it was planted, and without it all is well."""

import numpy as np
import pytest

from minihit.gradcheck import checks, classics_of_layers, classics_of_ops
from minihit.gradcheck.plants import PLANTS, planted, run_plant
from minihit.gradcheck.table import CHECKS


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
    assert [row.path for row in rows if not row.share <= 1] == [PLANTS[name].leaf, *PLANTS[name].others]


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_mistake_is_caught_whatever_is_drawn(name):
    assert min(run_plant(PLANTS[name], np.random.default_rng(seed)).share for seed in range(200)) > 1


@pytest.mark.parametrize("name", [name for name, plant in PLANTS.items() if not plant.check.startswith("r1")])
def test_a_planted_mistake_is_caught_in_other_draws(name):
    assert min(run_plant(PLANTS[name], np.random.default_rng(seed)).share for seed in range(2, 10)) > 1


@pytest.mark.parametrize("name", ["linear", "gelu", "leaky_relu", "softmax", "attend", "layer_norm", "batch_norm",
                                  "conv2d", "pixel_shuffle"])
def test_what_is_written_first_has_three_mistakes_of_its_own(name):
    assert sum(plant.check == name for plant in (*classics_of_ops.CLASSICS.values(),
                                                 *classics_of_layers.CLASSICS.values())) >= 2
    assert sum(plant.check == name for plant in PLANTS.values()) >= 3


def test_a_mistake_is_planted_in_the_check_that_is_given():
    plant, check = PLANTS["a transposed axis"], CHECKS["linear, heads"]
    assert planted(plant).shapes == CHECKS["linear"].shapes
    entry = planted(plant, check)
    assert entry.init is check.init and entry.layer.forward is check.layer.forward
    assert entry.layer.backward is not check.layer.backward

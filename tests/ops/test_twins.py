"""Every tuned twin beside its definition, in both dtypes, with what the table holds and at the sizes of a network."""

import numpy as np
import pytest
from support.twins import DTYPES, assert_twin_agrees

from minihit.gradcheck.checks import draw
from minihit.gradcheck.precision import cast
from minihit.gradcheck.table import OPS
from minihit.ops.switch import has_twin, plain

TWINS = {name: check for name, check in OPS.items() if has_twin(name.split(",")[0])}
LARGE = {name: check.large for name, check in TWINS.items() if check.large}


def example(check, dtype, seed):
    _, inputs, options = cast(draw(check, np.random.default_rng(seed)), dtype)
    return inputs, options


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", TWINS)
def test_a_twin_computes_what_its_definition_says(name, dtype):
    with plain(False):
        for seed in range(3):
            inputs, options = example(TWINS[name], dtype, seed)
            assert_twin_agrees(TWINS[name].layer, *inputs, **options)


@pytest.mark.parametrize("name", LARGE)
def test_a_twin_computes_what_its_definition_says_at_the_sizes_of_a_network(name):
    with plain(False):
        inputs, options = example(LARGE[name], np.float32, 0)
        assert_twin_agrees(LARGE[name].layer, *inputs, **options)

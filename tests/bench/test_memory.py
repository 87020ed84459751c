import numpy as np
import pytest
from support.runs import TINY, tiny

from minihit import cost
from minihit.bench import case, memory
from minihit.models import discriminator
from minihit.models.hit import generator


def test_every_array_counts_once_and_parameters_not_at_all():
    x, weight = np.zeros(10, np.float32), np.zeros((4, 5))
    cache = {"x": x, "view": x[2:].reshape(2, 4), "parts": [x[:3], (np.zeros(3, np.uint8), 7, None)], "w": weight.T}
    assert memory.held(cache, {"weight": weight}) == 40 + 3
    assert memory.held(cache, {}) == 40 + 3 + 160


def test_the_peak_never_falls_and_sees_a_large_array():
    before = memory.peak()
    np.ones(1 << 24)                                                      # 128 MiB, which is then gone
    assert memory.peak() >= max(before, 128 * 2**20)


@pytest.mark.parametrize("name", ["generator", "discriminator"])
def test_what_a_network_keeps_is_what_info_says(name):
    """Of two batches the difference: what is kept once per batch is not in it."""
    model, rows = {"generator": (generator, cost.generator_rows),
                   "discriminator": (discriminator, cost.discriminator_rows)}[name]
    config, found = getattr(TINY, name), []
    for batch in (2, 4):
        here = case.make(tiny(batch=batch))
        params = here.training.networks[name]["params"]
        x = {"generator": here.draws["z"], "discriminator": here.real}[name]
        found.append(memory.held(model.forward(params, x, config)[1], params))
    assert (found[1] - found[0]) / 2 == cost.total(rows(config)).activations

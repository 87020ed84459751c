"""The memory that is said before a run on a device."""

import pytest
from support.runs import TINY, TINY_VAE, TINY_VQVAE, run_config

from minihit import batches
from minihit.training import room


@pytest.mark.parametrize("preset, shown", [(TINY, "generator"), (TINY_VAE, "decoder"), (TINY_VQVAE, "decoder")])
def test_pictures_that_a_run_shows_take_memory_beside_its_steps(double, monkeypatch, preset, shown):
    many = room.peak(run_config(preset), "gpu")
    monkeypatch.setattr(batches, "LARGEST", 1)
    assert many - room.peak(run_config(preset), "gpu") == 63 * batches.memory([preset.networks[shown]], preset.size)

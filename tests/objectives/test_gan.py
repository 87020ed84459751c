"""What the game says of itself; its gradients are held to account in tests/training."""

import numpy as np
from support import steps
from support.runs import tiny

from minihit.objectives import gan


def test_every_quantity_of_a_step_is_drawn_once():
    preset = tiny(wgan_gp=1.0, consistency=1.0, augment=("color",), micro_batch=0)
    training, rng = steps.create(0, preset), np.random.default_rng(0)
    real = rng.standard_normal((4, preset.size, preset.size, 3))
    _, _, metrics = steps.gradients(training, real, steps.draw(rng, preset), preset)
    drawn = [name for _, names, _ in gan.PANELS for name in names]
    assert sorted(drawn) == sorted([*metrics, *(f"{name}_norm" for name in preset.networks)])
    assert set(gan.SUMS["discriminator_loss"]) == {*metrics} - {"generator_loss", "real_logits", "fake_logits"}

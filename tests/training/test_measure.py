import numpy as np
from support.runs import TINY

from minihit.data.dataset import BuiltInFaces
from minihit.show.images import to_float
from minihit.training import measure, state

DATA = BuiltInFaces(16, seed=0)


def test_an_untrained_generator_is_far_and_real_images_are_near():
    held_out = DATA.held_out(100)
    far = measure.distance(state.create(0, TINY).trees["ema"]["generator"], TINY.generator, "cpu", 0, held_out)
    near = measure.real_distance(DATA, 0, held_out)
    assert far.keys() == {"swd", "swd_16"} and near.keys() == {"swd_real", "swd_real_16"}
    assert far["swd"] > 5 * near["swd_real"] > 0


def test_the_same_seed_measures_the_same():
    trees, held_out = state.create(0, TINY).trees["ema"]["generator"], DATA.held_out(20)
    values = [measure.distance(trees, TINY.generator, "cpu", seed, held_out)["swd"] for seed in (0, 0, 1)]
    assert values[0] == values[1] != values[2]


def test_samples_of_several_batches_keep_their_order():
    trees = state.create(0, TINY).trees["ema"]["generator"]
    z = np.random.default_rng(0).standard_normal((measure.BATCH + 3, 3), dtype=np.float32)
    images = measure.samples(trees, z, TINY.generator, "cpu")
    np.testing.assert_allclose(images[-3:], measure.samples(trees, z[-3:], TINY.generator, "cpu"), atol=1e-6)
    assert images.shape == (len(z), 16, 16, 3) and to_float(DATA.take(0, 1)).dtype == images.dtype

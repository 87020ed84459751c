import numpy as np
import pytest
from support.runs import TINY, image_set, write_run

from minihit import batches, sampling
from minihit.data.dataset import BuiltInFaces
from minihit.errors import UserError
from minihit.models.hit import generator
from minihit.show.images import to_float, to_uint8
from minihit.training import measure, state
from minihit.training.run import weights

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
    z = np.random.default_rng(0).standard_normal((batches.BATCH + 3, 3), dtype=np.float32)
    images = measure.samples(trees, z, TINY.generator, "cpu")
    np.testing.assert_allclose(images[-3:], measure.samples(trees, z[-3:], TINY.generator, "cpu"), atol=1e-6)
    assert images.shape == (len(z), 16, 16, 3) and to_float(DATA.take(0, 1)).dtype == images.dtype


@pytest.fixture
def trained(tmp_path):
    """A generator whose weights and running averages are far from their first values."""
    return weights.load_generator(write_run(tmp_path))[1]


def test_samples_are_the_generators_by_the_running_averages(trained):
    z = sampling.latents(range(30), 3)
    images = measure.samples(trained, z, TINY.generator, "cpu")
    expected, _ = generator.forward(trained["params"], z, TINY.generator, trained["averages"])
    np.testing.assert_allclose(images, expected, rtol=1e-4, atol=1e-5)
    assert abs(generator.forward(trained["params"], z, TINY.generator)[0] - images).max() > 0.1


def test_what_is_measured_are_such_samples(trained, monkeypatch):
    """Of as many latents as there are held-out images, drawn for the seed; neighbours are those of the first."""
    seen, held_out = {}, DATA.held_out(120)
    data = image_set(DATA.take(0, 60), held_out=9)

    def distance(real, other, rng):
        seen["held out"], seen["samples"] = real, other
        return {"16": 2.0, "average": 3.0}

    monkeypatch.setattr(measure, "sliced_wasserstein", distance)
    assert measure.distance(trained, TINY.generator, "cpu", 4, held_out) == {"swd": 3.0, "swd_16": 2.0}
    np.testing.assert_array_equal(seen["held out"], to_float(held_out))
    images = seen["samples"]
    assert images.shape == held_out.shape and len(np.unique(images[:, 3, 5, 0])) > 100
    found = measure.neighbours(trained, TINY.generator, "cpu", 4, data)
    assert len(found["neighbour"].images) == measure.NEIGHBOURS == 100
    np.testing.assert_array_equal(found["neighbour"].images, to_uint8(images[:100]))
    np.testing.assert_array_equal(found["neighbour_real"].images, data.held_out(9))
    blurred = {"params": trained["params"], "averages": generator.init_averages(TINY.generator)}
    measure.distance(blurred, TINY.generator, "cpu", 4, held_out)
    assert abs(seen["samples"] - images).max() > 0.1                      # by the averages that are given
    measure.distance(trained, TINY.generator, "cpu", 5, held_out)
    assert not np.isin(seen["samples"][:, 3, 5, 0], images[:, 3, 5, 0]).any()


@pytest.mark.parametrize("size, count", [(32, 100), (256, 100), (512, 25), (1024, 10)])
def test_fewer_large_images_have_their_neighbours_looked_for(size, count):
    assert measure.compared(size) == count


def test_as_many_have_their_neighbours_looked_for_as_the_size_allows(trained, monkeypatch):
    monkeypatch.setattr(measure, "compared", lambda size: {16: 7}[size])
    data = image_set(BuiltInFaces(16, 0).take(0, 40), held_out=9)
    found = measure.neighbours(trained, TINY.generator, "cpu", 4, data)
    assert len(found["neighbour"].images) == len(found["neighbour_real"].images) == 7


def test_the_yardstick_is_what_training_images_are_from_held_out_ones(monkeypatch):
    monkeypatch.setattr(measure, "sliced_wasserstein", lambda real, other, rng: {"average": (real, other)})
    held_out = DATA.held_out(7)
    real, other = measure.real_distance(DATA, 0, held_out)["swd_real"]
    np.testing.assert_array_equal(real, to_float(held_out))
    np.testing.assert_array_equal(other, to_float(DATA.take(0, 7)))


def test_images_that_were_changed_are_not_compared(trained):
    def changed():
        raise UserError("changed")

    with pytest.raises(UserError, match="changed"):
        measure.neighbours(trained, TINY.generator, "cpu", 0, image_set(DATA.take(0, 30), held_out=3, check=changed))


def test_training_images_are_compared_a_few_at_a_time_where_they_lie(trained, monkeypatch):
    """Those that the device keeps, where it keeps any."""
    data = image_set(DATA.take(0, 33), held_out=3)
    monkeypatch.setattr(measure, "CHUNK_PIXELS", 8 * 16**2 + 1)
    assert [len(chunk) for chunk in measure._chunks(data, None, np)] == [8, 8, 8, 6]

    def distances(on_device):
        return measure.neighbours(trained, TINY.generator, "cpu", 0, data, on_device)["neighbour"].distances

    np.testing.assert_array_equal(distances(data.images.copy()), distances(None))
    assert (distances(255 - data.images) != distances(None)).any()

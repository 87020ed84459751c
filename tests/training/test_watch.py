"""The log, the pictures and the sentences of a run."""

import numpy as np
import pytest
from support import steps
from support.runs import TINY, image_set, run_config

from minihit.data.dataset import BuiltInFaces
from minihit.data.faces.render import faces
from minihit.show.images import read_image, to_float, to_uint8
from minihit.training import advance, measure, measure_latents, pictures, state, watch
from minihit.training.run import log
from minihit.training.run.folder import RunFolder

FACES = faces(0, 0, 60, 16)
DATA = image_set(FACES, held_out=20)


def watching(path, data=DATA, **settings):
    return watch.Watch(run_config(**settings), RunFolder(path), "cpu", data)


@pytest.fixture
def generator(monkeypatch):
    """Call it with images to let the generator make them, whatever its weights are."""
    return lambda images: monkeypatch.setattr(
        measure, "samples", lambda tree, z, config, device: np.resize(to_float(images), (len(z), 16, 16, 3)))


def test_a_folder_is_measured_with_neighbours(tmp_path, capsys):
    run = watching(tmp_path, measure_every=2)
    for number in (0, 1, 2):
        run.look(state.create(0, TINY), number)
    records = log.read(run.folder.log)
    assert [record["step"] for record in records] == [0, 2]
    assert {"swd", "swd_real", "neighbour", "neighbour_real", "neighbour_ratio"} <= records[0].keys()
    assert "nearest training image" in capsys.readouterr().out
    assert {path.name for path in tmp_path.rglob("neighbours*.png")} == {
        "neighbours.png", "neighbours-00000000.png", "neighbours-00000002.png"}
    newest = (tmp_path / "neighbours.png").read_bytes()
    assert newest == (run.folder.samples / "neighbours-00000002.png").read_bytes()


def test_images_without_end_have_no_neighbours(tmp_path, capsys):
    run = watching(tmp_path, BuiltInFaces(16, 0))
    run.look(state.create(0, TINY), 0)
    assert log.read(run.folder.log)[0].keys().isdisjoint({"neighbour", "neighbour_ratio"})
    said = capsys.readouterr().out
    assert "nearest" not in said and "could not be drawn" not in said
    assert not (tmp_path / "neighbours.png").exists()


def test_where_all_images_are_equal_the_numbers_stay_finite_and_it_is_said(tmp_path, capsys):
    run = watching(tmp_path, image_set(np.repeat(FACES[:1], 30, axis=0), held_out=3))
    run.look(state.create(0, TINY), 0)
    record, = log.read(run.folder.log)
    assert all(np.isfinite(value) for value in record.values())
    assert record["neighbour_real"] == 0 and "neighbour_ratio" not in record
    assert "most held-out images are training images too" in capsys.readouterr().out


def test_memorising_is_a_ratio_near_zero_and_new_images_are_near_one(generator):
    def ratio(images):
        generator(images)
        return measure.nearness(measure.neighbours(None, TINY.generator, "cpu", 0, DATA))["neighbour_ratio"]

    copies, new = FACES[:40], faces(5, 0, 100, 16)
    noisy = to_uint8(to_float(copies) + 0.05 * np.random.default_rng(0).standard_normal(copies.shape))
    assert ratio(copies) == 0
    assert ratio(noisy[:, :, ::-1]) < 0.4
    assert 0.8 < ratio(new) < 1.25


def test_without_held_out_images_there_is_no_yardstick(generator):
    generator(faces(5, 0, 10, 16))
    found = measure.neighbours(None, TINY.generator, "cpu", 0, image_set(FACES))
    assert measure.nearness(found).keys() == {"neighbour"}


def test_neighbours_are_training_images_cropped_in_the_middle(generator, monkeypatch):
    """Not the held-out ones, however near they are; in chunks as in one."""
    wide = np.pad(FACES, ((0, 0), (3, 3), (3, 3), (0, 0)))
    data = image_set(wide, held_out=20, size=16)
    generator(FACES[40:])
    whole = measure.neighbours(None, TINY.generator, "cpu", 0, data)["neighbour"]
    assert whole.distances.min() > 0
    assert all(any(np.array_equal(image, face) for face in FACES[:40]) for image in whole.nearest)
    monkeypatch.setattr(measure, "CHUNK_PIXELS", 7 * 16**2)
    parts = measure.neighbours(None, TINY.generator, "cpu", 0, data)["neighbour"]
    for a, b in zip(parts, whole, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_picture_shows_pairs_with_the_nearest_first(tmp_path, generator):
    generator(np.concatenate([faces(5, 0, 3, 16), FACES[:1]]))
    found = measure.neighbours(None, TINY.generator, "cpu", 0, DATA)
    pictures.write_neighbours(RunFolder(tmp_path), found, 0)
    picture = read_image(tmp_path / "neighbours.png")
    cell = 64 + 2
    assert picture.shape == (4 * cell + 2, pictures.COLUMNS * cell + 2, 3)
    copy, original = picture[2:66, 2:66], picture[2 + cell:66 + cell, 2:66]
    np.testing.assert_array_equal(copy, original)


def window(**metrics):
    steps = log.Window()
    steps.add({"seconds_per_step": 1.0, "data_seconds": 0.0, **metrics})
    return steps


def test_the_wait_for_data_is_logged_as_a_share(tmp_path):
    run = watching(tmp_path)
    run.log(window(seconds_per_step=2.0, data_seconds=0.5, real_loss=1.0, r1=0.5), 7)
    record, = log.read(run.folder.log)
    assert record["data_share"] == 0.25 and record["discriminator_loss"] == 1.5
    assert record["images_per_second"] == 2.0 and record["step"] == 7
    assert 10**7 < record["peak_memory"] < 10**11 and "device_memory" not in record      # bytes; no GPU


def test_a_run_on_a_gpu_logs_its_memory_too(tmp_path, monkeypatch):
    run = watching(tmp_path)
    run.device = "gpu"
    monkeypatch.setattr(watch, "device_memory", {"gpu": 7 * 10**9}.get)
    run.log(window(), 1)
    assert log.read(run.folder.log)[0]["device_memory"] == 7 * 10**9


def test_a_hint_is_given_once_where_steps_wait(tmp_path, capsys):
    run = watching(tmp_path)
    for number, waited in enumerate([0.02, 0.02001, 0.5]):
        run.log(window(data_seconds=waited), number)
        said = capsys.readouterr().out
        assert ("steps wait for data" in said) == (number == 1) == ("2% of the time" in said)


def test_the_discriminators_loss_is_the_sum_of_all_its_terms(tmp_path):
    terms = {"real_loss": 1.0, "fake_loss": 20.0, "r1": 300.0, "consistency": 4000.0, "wgan_gp": 50_000.0}
    run = watching(tmp_path)
    run.log(window(**terms, generator_loss=0.1, real_logits=0.2, fake_logits=0.3, generator_norm=0.4), 1)
    run.log(window(real_loss=1.0, fake_loss=20.0), 2)
    assert [record["discriminator_loss"] for record in log.read(run.folder.log)] == [54_321.0, 21.0]


def far_apart():
    """A state whose averaged generator makes other images than the raw one."""
    training = state.create(0, TINY)
    for name, value in (("ema", 0.7), ("generator", -0.7)):
        steps.trees(training)[name]["params"]["stages"][1]["to_rgb"]["linear"]["bias"][...] = value
    return training


def test_what_is_measured_is_the_average_of_the_generator(tmp_path):
    run, training = watching(tmp_path, seed=3), far_apart()
    run.look(training, 0)
    record, = log.read(run.folder.log)
    of = {name: measure.distance(steps.trees(training)[name], TINY.generator, "cpu", 3, DATA.held_out(8))["swd"]
          for name in ("ema", "generator")}
    assert record["swd"] == of["ema"] != of["generator"]
    found = measure.neighbours(steps.trees(training)["ema"], TINY.generator, "cpu", 3, DATA)
    assert record["neighbour"] == measure.nearness(found)["neighbour"]


def test_steps_pictures_and_measures_draw_from_streams_of_their_own():
    """Of one seed: what is shown or measured is nothing that was trained on."""
    assert len({module._STREAM for module in (advance, measure, measure_latents, pictures)}) == 4


def test_a_grid_shows_the_latents_of_the_runs_seed(tmp_path):
    training, shown, expected = state.create(0, TINY), [], []
    for seed in (3, 4):
        run, other = watching(tmp_path / f"run {seed}", seed=seed), RunFolder(tmp_path / f"other {seed}")
        run.look(training, 1, last=True)
        pictures.write_samples(other, training.trees, TINY, "cpu", seed, run.held_out, 1)
        shown, expected = ([*found, read_image(folder.samples / "ema-00000001.png")]
                           for found, folder in ((shown, run.folder), (expected, other)))
    np.testing.assert_array_equal(shown, expected)
    assert (shown[0] != shown[1]).any()


@pytest.mark.parametrize("settings", [{"sample_every": 3, "measure_every": 2}, {"sample_every": 2, "measure_every": 5}])
def test_it_looks_when_it_is_due_and_at_the_end(tmp_path, monkeypatch, settings):
    due = {"sample_every": [], "measure_every": []}
    run = watching(tmp_path, **settings)
    monkeypatch.setattr(pictures, "write_samples", lambda *args: due["sample_every"].append(args[-1]))
    monkeypatch.setattr(run, "measure", lambda average, number: due["measure_every"].append(number))
    for number in range(8):
        run.look(far_apart(), number, last=number == 7)
    assert due == {name: [*range(0, 7, every), 7] for name, every in settings.items()}

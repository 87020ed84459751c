"""Whole runs on the device: training, checkpoints, resuming, samples and measurement, and when the host must wait."""

from dataclasses import replace

import numpy as np
import pytest
from support.helpers import assert_same
from support.runs import (
    AUTOENCODERS,
    TINY,
    TINY_STYLEGAN2,
    TINY_VAE,
    TINY_VQVAE,
    everything,
    image_set,
    run_config,
    shrunk,
    tiny,
    write_run,
)

from minihit import autoencoding, batches, cli, features, objectives, sampling, tree
from minihit.backend import device_module, resolve_device, to_host
from minihit.data import prefetch
from minihit.data.faces.render import faces
from minihit.errors import UserError
from minihit.metrics.psnr import psnr
from minihit.metrics.sliced_wasserstein import sliced_wasserstein
from minihit.metrics.ssim import ssim
from minihit.show.images import read_image, to_float, write_png
from minihit.training import guard, loop, measure, pictures, room, state
from minihit.training.run import checkpoint, log, weights
from minihit.training.run.folder import RunFolder

RUNS = {
    "faces-32": shrunk("faces-32"),
    "everything": tiny(wgan_gp=3.0, consistency=2.0, augment=("color", "translation", "cutout"), clip=0.5),
    "stddev": replace(tiny(micro_batch=0), discriminator=replace(TINY.discriminator, minibatch_stddev=True)),
    "StyleGAN2": TINY_STYLEGAN2,
    **AUTOENCODERS,
    "vae, everything": everything(TINY_VAE),
    "vqvae, everything": everything(TINY_VQVAE),
    "vqvae, rotation": replace(TINY_VQVAE, quantizer=replace(TINY_VQVAE.quantizer, rotate=True)),
}
NAMES = [pytest.param(name, marks=pytest.mark.slow if name == "faces-32" else []) for name in RUNS]

DRAWING = {"HiT": TINY, "StyleGAN2": TINY_STYLEGAN2, "VAE": TINY_VAE, "VAE, cnn": AUTOENCODERS["vae, cnn"]}
LOSSES = ("generator_loss", "real_loss", "fake_loss", "r1", "pixels", "pyramid", "kl", "commitment", "codebook",
          "feature_matching")


def train(path, preset=TINY, device="gpu", steps=4, resume=False, data_on_device="auto", **settings):
    """A run folder after so many steps."""
    folder = RunFolder(path)
    preset = replace(preset, recipe=replace(preset.recipe, steps=steps))
    loop.train(run_config(preset, **settings), folder, device, resume, data_on_device=data_on_device)
    return folder


@pytest.fixture
def photos(tmp_path):
    """A folder of thirty pictures."""
    for index, image in enumerate(faces(seed=3, start=0, count=30, size=16)):
        write_png(tmp_path / "photos" / f"{index}.png", image)
    return str(tmp_path / "photos")


def saved(folder, preset=TINY):
    """Every array of the newest checkpoint."""
    return checkpoint.load_newest(folder.checkpoints, state.create(0, preset).trees)[0]


def first_losses(folder):
    record = next(record for record in log.read(folder.log) if record["step"] == 1)
    return {name: np.float32(record[name]) for name in LOSSES if name in record}


def measured(folder):
    return [record for record in log.read(folder.log) if "seconds_per_step" not in record]


def assert_nearly_the_same(there, here):
    """What a GPU makes in batches of another shape, and what is measured of that."""
    assert [record.keys() for record in there] == [record.keys() for record in here]
    for record, other in zip(there, here, strict=True):
        for name, value in record.items():
            np.testing.assert_allclose(value, other[name], rtol=1e-4, atol=1e-4, err_msg=name)


def assert_looks_the_same(there, here):
    """Pictures uint8."""
    assert there.shape == here.shape and np.abs(there.astype(int) - here).max() <= 1


@pytest.fixture(autouse=True)
def no_drawing(monkeypatch):
    """Curves and animations are drawn on the host, from files."""
    for name in ("write_curves", "write_timelapse"):
        monkeypatch.setattr(pictures, name, lambda *_: None)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_agrees_with_numpy(gpu, tmp_path, name):
    """Adam turns the rounding of a gradient that is nearly zero into a whole step, so only the double can be followed
    through several of them."""
    there = train(tmp_path / "there", RUNS[name], measure_every=4)
    here = train(tmp_path / "here", RUNS[name], "cpu", measure_every=4)
    gpu.agree(first_losses(there), first_losses(here))
    if gpu.exact:
        assert_same(saved(there, RUNS[name]), saved(here, RUNS[name]))
        assert len(measured(here)) == 2
        assert_nearly_the_same(measured(there), measured(here))
        assert_looks_the_same(*(read_image(folder.samples / "ema-00000004.png") for folder in (there, here)))


def test_resuming_gives_the_same_bits(gpu, tmp_path):
    whole, halves = train(tmp_path / "whole"), tmp_path / "halves"
    train(halves, steps=2)
    assert_same(saved(train(halves, resume=True)), saved(whole))


def test_a_run_may_change_its_device(gpu, tmp_path):
    whole, halves = train(tmp_path / "whole", device="cpu"), tmp_path / "halves"
    train(halves, steps=2, device="cpu")
    mixed = train(halves, device="gpu", resume=True)
    assert tree.map(np.shape, saved(mixed)) == tree.map(np.shape, saved(whole))
    if gpu.exact:
        assert_same(saved(mixed), saved(whole))


@pytest.mark.parametrize("data_on_device", ["no", "yes"])
def test_a_folder_is_trained_on_from_the_host_or_from_the_device(gpu, tmp_path, photos, data_on_device):
    """With the same images in the same order, and the same neighbours found."""
    there = train(tmp_path / "there", data=photos, data_on_device=data_on_device, measure_every=4)
    here = train(tmp_path / "here", data=photos, device="cpu", measure_every=4)
    gpu.agree(first_losses(there), first_losses(here))
    if gpu.exact:
        assert_same(saved(there), saved(here))
        np.testing.assert_allclose(nearest(there), nearest(here), rtol=1e-4)
        assert_looks_the_same(*(read_image(folder.path / "neighbours.png") for folder in (there, here)))


def nearest(folder):
    return [[record[name] for name in ("neighbour", "neighbour_real", "neighbour_ratio")]
            for record in log.read(folder.log) if "neighbour" in record]


@pytest.mark.parametrize("position", [0, 17, 55])
def test_batches_of_a_folder_are_those_of_the_host(gpu, position, monkeypatch):
    """With crops, mirror images and the end of an epoch; uploaded in pieces."""
    data = image_set(faces(seed=3, start=0, count=20, size=18), size=16, source="photos")
    monkeypatch.setattr(prefetch, "PIECE", 7 * data.images[0].nbytes)
    for images in (None, prefetch.resident(data, "gpu", "yes", room=10**9)):
        with prefetch.batches(data, position, 4, "gpu", images) as upcoming:
            for step in range(8):
                assert_same(to_host(next(upcoming)), data.take(position + 4 * step, 4))


@pytest.mark.parametrize("choice, room, kept", [("auto", 2.1, True), ("auto", 1.9, False), ("yes", 1.1, True),
                                                ("no", 9.0, False)])
def test_images_are_kept_where_they_fit(gpu, choice, room, kept):
    data = image_set(faces(seed=3, start=0, count=20, size=16), source="photos")
    images = prefetch.resident(data, "gpu", choice, room * data.images.nbytes)
    assert (images is not None) == kept


def test_images_that_do_not_fit_are_refused(gpu):
    data = image_set(np.zeros((1000, 16, 16, 3), np.uint8), source="photos")
    with pytest.raises(UserError, match=r"images of photos take 0.0 GB .* choose --data-on-device no"):
        prefetch.resident(data, "gpu", "yes", room=1000)


def test_a_gpu_without_room_is_refused(gpu, tmp_path, monkeypatch):
    monkeypatch.setattr(room, "memory_size", lambda device: 1000)
    with pytest.raises(UserError, match=r"the gpu has 1e-06 GB: choose --micro-batch 1, a smaller --batch"):
        train(tmp_path / "run")


def drawn(folder, z, device):
    config, trained, _ = weights.load_generator(folder, device)
    return sampling.images(**trained, config=sampling.sampled(config.preset)[1], z=z, device=device)


@pytest.mark.parametrize("preset", DRAWING.values(), ids=DRAWING)
def test_samples_agree_with_numpy(gpu, tmp_path, preset):
    """Images of three and of more than a batch; samples and a stream are the same there."""
    folder, z = write_run(tmp_path, preset), sampling.latents(range(70), 3)
    expected = drawn(folder, z, "cpu")
    _, config = sampling.sampled(preset)
    _, there, _ = weights.load_generator(folder, "gpu")
    found = drawn(folder, z, "gpu")
    gpu.near({"images": found}, {"images": expected})
    gpu.near({"images": drawn(folder, z[:3], "gpu")}, {"images": expected[:3]})
    np.testing.assert_array_equal(sampling.samples(there, z, config, "gpu"), found)
    stream = sampling.stream(**there, config=config, z=iter(z), device="gpu")
    np.testing.assert_array_equal(np.stack([*stream]), found)


@pytest.mark.parametrize("preset", DRAWING.values(), ids=DRAWING)
def test_a_picture_depends_on_its_latent_alone(gpu, tmp_path, preset):
    """In the same place of a batch to the last bit, whatever the others are and however many; elsewhere to rounding."""
    folder, z = write_run(tmp_path, preset), sampling.latents(range(batches.LARGEST + 6), 3)
    images, company = drawn(folder, z, "gpu"), z.copy()
    company[1::2] = 3 * sampling.latents(range(900, 900 + len(z) // 2), 3)
    np.testing.assert_array_equal(drawn(folder, company, "gpu")[::2], images[::2])
    np.testing.assert_array_equal(drawn(folder, z[:3], "gpu"), images[:3])
    np.testing.assert_array_equal(drawn(folder, z[batches.LARGEST:], "gpu"), images[batches.LARGEST:])
    for places in (1, 7, 33):
        moved = drawn(folder, np.roll(z, places, axis=0), "gpu")
        np.testing.assert_allclose(np.roll(moved, -places, axis=0), images, rtol=0, atol=1e-5 * abs(images).max())


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_latents_depend_on_their_picture_alone(gpu, tmp_path, name):
    """And reconstructions: in the same place to the last bit."""
    preset, images = AUTOENCODERS[name], to_float(faces(seed=1, start=0, count=batches.LARGEST + 3, size=16))
    networks, others = weights.load_autoencoder(write_run(tmp_path, preset), "gpu")[1], images.copy()
    others[1::2] = images[0]
    latents, facts = autoencoding.encode(networks, images, preset, "gpu")
    for rows, again in ((slice(None, None, 2), others), (slice(5), images[:5])):
        found, told = autoencoding.encode(networks, again, preset, "gpu")
        found, told = (tree.map(lambda x, step=rows.step: x[::step], part) for part in (found, told))
        assert_same({"latents": found, **told}, tree.map(lambda x, rows=rows: x[rows], {"latents": latents, **facts}))
    rebuilt = autoencoding.decode(networks, latents, preset, "gpu")
    np.testing.assert_array_equal(autoencoding.decode(networks, latents[:5], preset, "gpu"), rebuilt[:5])


def test_features_depend_on_their_picture_alone(gpu):
    images = faces(seed=1, start=0, count=20, size=128)                   # 16 go through together
    extract = features.open("random", None, "gpu").extract
    found = extract(images)
    np.testing.assert_array_equal(extract(images[:3]), found[:3])
    np.testing.assert_array_equal(extract(images[16:]), found[16:])
    gpu.near({"features": found}, {"features": features.open("random").extract(images)})


def test_distances_agree_with_numpy(gpu, tmp_path):
    folder, held_out = write_run(tmp_path), faces(seed=1, start=0, count=12, size=16)
    here, there = (measure.distance(weights.load_generator(folder, device)[1], TINY.generator, device, 0, held_out)
                   for device in ("cpu", "gpu"))
    assert there == pytest.approx(here, rel=1e-5 if gpu.exact else 1e-3)
    images, others = to_float(held_out), to_float(faces(seed=2, start=0, count=12, size=16))
    asarray = device_module("gpu").asarray
    there = sliced_wasserstein(asarray(images), asarray(others), np.random.default_rng(0))
    assert there == pytest.approx(sliced_wasserstein(images, others, np.random.default_rng(0)),
                                  rel=0 if gpu.exact else 1e-3)


def test_measures_of_reconstructions_agree_with_numpy(gpu):
    images, originals = (faces(seed=seed, start=0, count=3, size=16) for seed in (1, 2))
    asarray = device_module("gpu").asarray
    for function in (psnr, ssim):
        there = to_host(function(asarray(images), asarray(originals)))
        np.testing.assert_allclose(there, function(images, originals), rtol=0 if gpu.exact else 1e-9)


def test_the_commands_find_the_device(gpu, tmp_path):
    folder = write_run(tmp_path)
    assert resolve_device("auto") == resolve_device("gpu") == "gpu"
    for device in ("cpu", "gpu"):
        out = tmp_path / f"{device}.png"
        assert cli.main(["sample", str(folder.path), "--seeds", "0-3", "--out", str(out), "--device", device]) == 0
    assert_looks_the_same(*(read_image(tmp_path / f"{device}.png") for device in ("gpu", "cpu")))


def test_what_is_not_finite_is_found_and_named(gpu, tmp_path):
    xp = device_module("gpu")
    grads = {"generator": {"start": xp.ones(3), "rgb": xp.asarray([0.0, np.inf])}}
    with pytest.raises(UserError, match="step 7: gradient of generator/rgb is not finite"):
        guard.check_finite({"r1": xp.asarray(np.nan)}, grads, 7, RunFolder(tmp_path))


# when the host must wait


@pytest.fixture
def steps_of(double, tmp_path, monkeypatch):
    """Call it with a preset and settings: {number: (syncs, uploads)} from the beginning of each step to the next."""
    counts, one_step = {}, loop.Steps.__call__

    def counted(steps, images, number):
        transfers.start()
        counts[number] = transfers.syncs, transfers.uploads
        return one_step(steps, images, number)

    def run(preset, **settings):
        monkeypatch.setattr(loop.Steps, "__call__", counted)
        train(tmp_path / "run", preset, steps=8, **{"log_every": 4, "save_every": 100, **settings})
        return counts

    from strict_cupy import transfers

    return run


@pytest.mark.parametrize("name", NAMES)
def test_nothing_waits_between_logs(steps_of, name):
    """Steps 2, 3 and 5 to 7 wait for nothing and upload the batch and what was drawn; pictures of the start follow step
    1, step 4 writes the log."""
    counts, preset = steps_of(RUNS[name]), RUNS[name]
    drawn = objectives.of(preset).draw(np.random.default_rng(0), 4, preset, 2)
    for number in (2, 3, 5, 6, 7):
        syncs, uploads = counts[number]
        assert syncs == []
        assert len(uploads) == 1 + len(list(tree.items(drawn)))
    where = {sync.split(" at ")[1].split(":")[0] for sync in counts[4][0]}
    assert where == {"training/guard.py", "run/log.py"}


@pytest.mark.parametrize("data_on_device", ["no", "yes"])
def test_a_batch_of_a_folder_is_uploaded_without_waiting(steps_of, photos, data_on_device):
    """From pinned memory, or only its plan."""
    counts = steps_of(TINY, data=photos, data_on_device=data_on_device)
    for number in (2, 3, 5, 6, 7):
        syncs, uploads = counts[number]
        assert syncs == []
        of_data = [upload for upload in uploads if "/prefetch.py" in upload or "/dataset.py" in upload]
        if data_on_device == "yes":
            assert len(of_data) == 4 and all("data/dataset.py" in upload for upload in of_data)
        else:
            assert [upload for upload in uploads if "pinned" in upload] and of_data == []


def test_saving_and_sampling_wait(steps_of):
    counts = steps_of(TINY, log_every=100, save_every=5, sample_every=3, measure_every=100)
    assert [number for number in range(1, 8) if counts[number][0]] == [1, 3, 5, 6]         # 1: pictures of the start

"""Pictures of a run: seeds, paths between latents, and images that do not depend on the batch."""

import shutil
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.helpers import assert_same, seeds
from support.runs import TINY, TINY_VAE, TINY_VQVAE, write_run

from minihit import batches, parallel, sampling, tree
from minihit.errors import UserError
from minihit.models import first_values, hit
from minihit.models.hit import generator
from minihit.presets import PRESETS
from minihit.training.run import checkpoint, weights
from minihit.training.run.config import RunConfig, write_config
from minihit.training.run.folder import RunFolder

PEAK = """
import resource, sys
from minihit.cli import main
code = main(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_run(tmp_path_factory.mktemp("run"))


def test_a_seed_is_the_same_latent_whatever_the_others_are():
    z = sampling.latents([5, 0, 5], 7)
    assert (z.shape, z.dtype) == ((3, 7), np.float32)
    np.testing.assert_array_equal(z[0], z[2])
    np.testing.assert_array_equal(z[1:2], sampling.latents([0], 7))
    assert not np.array_equal(z[0], z[1])


@given(seed=seeds, latent=st.integers(2, 9))
def test_slerp_starts_at_a_and_ends_at_b(seed, latent):
    a, b = np.random.default_rng(seed).standard_normal((2, 4, latent))
    np.testing.assert_allclose(sampling.slerp(a, b, 0.0), a, rtol=1e-12)
    np.testing.assert_allclose(sampling.slerp(a, b, 1.0), b, rtol=1e-12)
    np.testing.assert_allclose(sampling.slerp(a, b, 0.3), sampling.slerp(b, a, 0.7), rtol=1e-9)


@pytest.mark.parametrize("whole", [np.pi / 2, np.pi / 3, 2.5])
def test_slerp_turns_by_equal_angles_on_the_circle(whole):
    t = np.linspace(0, 1, 5)[:, None]
    path = 2 * np.hstack([np.cos(t * whole), np.sin(t * whole)])
    np.testing.assert_allclose(sampling.slerp(path[0], path[-1], t), path, atol=1e-12)


@pytest.mark.parametrize("b", [[1.0, 2.0], [2.0, 4.0], [-1.0, -2.0]])
def test_slerp_is_a_straight_line_where_there_is_no_arc(b):
    a, b = np.array([1.0, 2.0]), np.array(b)
    np.testing.assert_allclose(sampling.slerp(a, b, 0.25), 0.75 * a + 0.25 * b, atol=1e-12)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_so_it_is_however_a_cosine_of_one_is_rounded(sign, dtype):
    """Some are above 1, which no arc cosine is made for."""
    z = np.random.default_rng(0).standard_normal((500, 7)).astype(dtype)
    with np.errstate(all="raise"):
        np.testing.assert_allclose(sampling.slerp(z, sign * z, 0.25), (0.75 + sign * 0.25) * z, rtol=1e-5)


def test_every_row_takes_an_arc_of_its_own():
    a, b = np.random.default_rng(0).standard_normal((2, 6, 4)) * np.arange(1, 7)[:, None]
    rows = [sampling.slerp(*pair, 0.3) for pair in zip(a, b, strict=True)]
    np.testing.assert_allclose(sampling.slerp(a, b, 0.3), rows, rtol=1e-12)


def test_slerp_from_or_to_zero_stays_finite():
    assert np.isfinite(sampling.slerp(np.zeros(3, np.float32), np.ones(3, np.float32), 0.5)).all()


def test_a_loop_visits_every_latent_and_closes():
    z = sampling.latents(range(3), 16)
    path = sampling.loop(z, 10)
    assert (path.shape, path.dtype) == ((30, 16), np.float32)
    np.testing.assert_allclose(path[::10], z, rtol=1e-6)
    steps = np.linalg.norm(np.diff(path, axis=0, append=path[:1]), axis=1)
    assert steps.max() < 1.0                                              # no jump, the way back to the first included
    np.testing.assert_array_equal(sampling.loop(z[:1], 4), np.repeat(z[:1], 4, axis=0))


def test_in_a_grid_every_position_takes_a_path_of_its_own():
    z = sampling.latents(range(3), (4, 4, 5))
    path = sampling.loop(z, 10)
    assert (path.shape, path.dtype) == ((30, 4, 4, 5), np.float32)
    np.testing.assert_array_equal(path[:, 1, 2], sampling.loop(z[:, 1, 2], 10))


def test_a_loop_may_be_of_straight_lines():
    z = sampling.latents(range(3), (2, 2, 5))
    path = sampling.loop(z, 4, sampling.straight)
    assert (path.shape, path.dtype) == ((12, 2, 2, 5), np.float32)
    np.testing.assert_allclose(path[1], 0.75 * z[0] + 0.25 * z[1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(path[-2], 0.5 * (z[2] + z[0]), rtol=1e-5, atol=1e-6)


def test_samples_are_made_by_the_network_that_reads_normal_latents():
    for preset, name in ((TINY, "generator"), (TINY_VAE, "decoder")):
        assert sampling.sampled(preset) == (name, preset.networks[name])
    with pytest.raises(UserError, match="no prior to draw samples from"):
        sampling.sampled(TINY_VQVAE)


@pytest.mark.parametrize("largest, beside_each_other", [(15, False), (16, True)])
def test_images_that_fill_the_memory_take_turns(run, monkeypatch, largest, beside_each_other):
    """The others have threads of their own, be it one image or many."""
    config, trained, _ = weights.load_generator(run)
    makers, generate = [], hit.generate
    monkeypatch.setattr(batches, "SIDE_BY_SIDE", largest)
    monkeypatch.setattr(hit, "generate", lambda *args: makers.append(threading.current_thread()) or generate(*args))
    sampling.images(**trained, config=config.preset.generator, z=sampling.latents([0], 3))
    assert (makers != [threading.current_thread()]) == beside_each_other


@pytest.mark.parametrize("side, sizes", [(15, [21, 9]), (16, [25, 5]), (8, [6, 6, 6, 6, 6]), (3, [1] * 30)])
@pytest.mark.parametrize("largest", [15, 16])
def test_large_samples_are_made_fewer_at_a_time(run, monkeypatch, largest, side, sizes):
    """As many as have the pixels of 25 of that side; on threads where they do not fill the memory."""
    config, trained, _ = weights.load_generator(run)
    makers, found, generate = set(), [], hit.generate

    def made(params, z, *others):
        makers.add(threading.current_thread())
        found.append(len(z))
        return generate(params, z, *others)

    z = sampling.latents(range(30), 3)
    expected = sampling.samples(trained, z, config.preset.generator)
    monkeypatch.setattr(batches, "SIDE_BY_SIDE", largest)
    monkeypatch.setattr(batches, "BATCHED", side)
    monkeypatch.setattr(hit, "generate", made)
    images = sampling.samples(trained, z, config.preset.generator)
    assert (found if largest < 16 else sorted(found, reverse=True)) == sizes
    assert (makers == {threading.current_thread()}) == (largest < 16)
    np.testing.assert_allclose(images, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_an_image_depends_on_its_latent_alone_to_the_last_bit(tmp_path, norm):
    preset = replace(TINY, generator=replace(TINY.generator, norm=norm))
    config, trained, _ = weights.load_generator(write_run(tmp_path, preset))
    z = sampling.latents(range(5), 3)
    images = sampling.images(**trained, config=config.preset.generator, z=z)
    assert (images.shape, images.dtype) == ((5, 16, 16, 3), np.float32)
    for i in (0, 3):
        alone = sampling.images(**trained, config=config.preset.generator, z=z[i:i + 1])
        np.testing.assert_array_equal(images[i], alone[0])
    one_by_one = sampling.stream(**trained, config=config.preset.generator, z=iter(z))
    np.testing.assert_array_equal(np.stack([*one_by_one]), images)


@pytest.mark.parametrize("largest, at_once", [(16, 3), (8, 1)])
def test_a_stream_of_images_is_made_as_far_as_its_reader_is(run, monkeypatch, largest, at_once):
    """As many as this machine has cores, where they do not fill the memory."""
    config, trained, _ = weights.load_generator(run)
    drawn = []
    monkeypatch.setattr(batches, "SIDE_BY_SIDE", largest)
    monkeypatch.setattr(parallel, "cores", lambda: 3)
    z = (drawn.append(latent) or latent for latent in sampling.latents(range(8), 3))
    images = sampling.stream(**trained, config=config.preset.generator, z=z)
    assert not drawn
    counts = [len(drawn) for _ in images]
    assert counts == [min(8, -(-number // at_once) * at_once) for number in range(1, 9)]


def test_on_a_cpu_images_are_made_one_at_a_time(run, monkeypatch):
    """A product over more rows may be blocked, and rounded, in another way."""
    config, trained, _ = weights.load_generator(run)
    shapes, generate = [], hit.generate

    def noted(params, z, *others):
        shapes.append(z.shape)
        return generate(params, z, *others)

    monkeypatch.setattr(hit, "generate", noted)
    sampling.images(**trained, config=config.preset.generator, z=sampling.latents(range(4), 3))
    assert len([*sampling.stream(**trained, config=config.preset.generator, z=sampling.latents(range(4), 3))]) == 4
    assert shapes == [(1, 3)] * 8


@pytest.mark.parametrize("norm", ["batch", "layer"])
def test_an_image_is_the_generators_by_the_running_averages(tmp_path, norm):
    """Not by the statistics of a batch, be it of one or of many."""
    preset = replace(TINY, generator=replace(TINY.generator, norm=norm))
    config, trained, _ = weights.load_generator(write_run(tmp_path, preset))
    networks, z = config.preset.generator, sampling.latents(range(4), 3)
    images = sampling.images(**trained, config=networks, z=z)
    expected, _ = generator.forward(trained["params"], z, networks, trained["averages"])
    np.testing.assert_allclose(images, expected, rtol=1e-4, atol=1e-5)
    for batch in (z, z[:1]):
        by_batch, _ = generator.forward(trained["params"], batch, networks)
        assert (abs(by_batch - images[:len(batch)]).max() > 0.1) == (norm == "batch")


def test_load_generator_reads_the_average_or_the_raw_weights(run):
    saved, _ = checkpoint.load(checkpoint.path_of(run.checkpoints, 3), {
        name: {"generator": first_values(None, TINY.generator)} for name in ("ema", "networks")})
    for settings, name in (({}, "ema"), ({"raw": False}, "ema"), ({"raw": True}, "networks")):
        config, trained, step = weights.load_generator(run, **settings)
        assert (config.preset, step) == (TINY, 3)
        assert_same(trained, saved[name]["generator"])


def test_load_generator_passes_over_a_broken_checkpoint(run, tmp_path):
    folder = RunFolder(tmp_path / "run")
    shutil.copytree(run.path, folder.path)
    whole = checkpoint.path_of(folder.checkpoints, 3).read_bytes()
    checkpoint.path_of(folder.checkpoints, 4).write_bytes(whole[:len(whole) // 2])
    reports = []
    assert weights.load_generator(folder, report=reports.append)[2] == 3
    assert "step-00000004.npz is not a whole checkpoint" in reports[0]


def test_load_generator_refuses_a_folder_without_a_run(tmp_path):
    with pytest.raises(UserError, match="holds no run"):
        weights.load_generator(RunFolder(tmp_path))


@pytest.mark.slow
def test_a_megapixel_image_takes_less_than_2_5_gb(tmp_path):
    folder, config = RunFolder(tmp_path / "run"), PRESETS["hit-1024"]
    write_config(folder, RunConfig(config))
    trees = {"ema": {"generator": first_values(np.random.default_rng(0), config.generator)}}
    checkpoint.save(checkpoint.path_of(folder.checkpoints, 1), trees, {"step": 1})
    assert tree.size(trees["ema"]["generator"]["params"]) == 88_216_300
    command = [sys.executable, "-c", PEAK, "sample", str(folder.path), "--seeds", "0", "--device", "cpu"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    code, peak = map(int, printed.splitlines()[-1].split())
    assert code == 0
    assert peak < 2.5e9

"""What is random in a run: new in every step, another with every seed, the same for the same seed and step."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from support import steps
from support.helpers import assert_same
from support.runs import TINY_VAE, TINY_VQVAE, everything, records, run_config, tiny

from minihit import tree
from minihit.data.open import open_data
from minihit.sampling import latents
from minihit.show.images import to_float
from minihit.training import loop, measure, state, step
from minihit.training.pictures import fixed_latents
from minihit.training.run import checkpoint
from minihit.training.run.folder import RunFolder

EVERYTHING = {"wgan_gp": 1.9, "consistency": 1.3, "augment": ("cutout", "color"), "clip": 0.7, "beta1": 0.4,
              "generator_rate": 2e-3, "decay_from": 0.3, "ema_decay": 0.9}
TERMS = ("real_loss", "fake_loss", "r1", "consistency", "wgan_gp")


def leaves(seen):
    """{path of a draw: what every step drew, "real" among them}."""
    paths = [dict(tree.items({"real": real, **draws})) for real, draws in seen]
    return {path: [here[path] for here in paths] for path in paths[0]}


def seen_in(folder, idle=True, **settings):
    with steps.watched(idle) as seen:
        loop.train(run_config(**{"log_every": 1000, "save_every": 1000, **settings}), folder)
    return seen


def test_every_step_draws_something_new(tmp_path, pictures):
    """Over two hundred steps and several epochs, batches of images among what is drawn."""
    seen = seen_in(RunFolder(tmp_path / "run"), preset=tiny(steps=230, batch=8, **EVERYTHING), data=pictures)
    assert len(seen) == 230
    for path, values in leaves(seen).items():
        assert len({value.tobytes() for value in values}) == 230 or "shift" in path or "cut_" in path, path
        assert len({value[0].tobytes() for value in values}) > 2, path
    for name in ("augment", "consistency"):
        for images in ("real", "fake"):
            assert len({b"".join(map(bytes, draws[name][images].values())) for _, draws in seen}) == 230


def test_another_seed_draws_something_else_and_the_same_seed_the_same(tmp_path, pictures):
    def drawn(name, seed):
        preset = tiny(steps=3, batch=16, **EVERYTHING)
        return leaves(seen_in(RunFolder(tmp_path / name), preset=preset, data=pictures, seed=seed))

    one, again, other = drawn("one", 5), drawn("again", 5), drawn("other", 6)
    assert_same(again, one)
    for path in one:
        assert not any(np.array_equal(a, b) for a in one[path] for b in other[path]), path


def test_every_use_of_a_seed_has_latents_of_its_own(tmp_path, pictures, monkeypatch):
    """Those that a step learns from, those of the grids, those that are measured, those of minihit sample."""
    used = {"measured": []}

    def samples(average, z, config, device):
        used["measured"].append(z)
        return np.zeros((len(z), 16, 16, 3), np.float32)

    monkeypatch.setattr(measure, "samples", samples)
    data = open_data(pictures, 16, 3)
    measure.distance(None, tiny().generator, "cpu", 3, data.held_out(40))
    measure.neighbours(None, tiny().generator, "cpu", 3, data)
    np.testing.assert_array_equal(*[z[:40] for z in used["measured"]])    # the same samples are looked at twice
    seen = seen_in(RunFolder(tmp_path / "run"), preset=tiny(steps=9, batch=40), data=pictures, seed=3)
    used |= {"steps": [draws["z"] for _, draws in seen], "grids": [fixed_latents(3, (3,))],
             "sampled": [latents(range(40), 3)]}
    numbers = {name: set(np.concatenate(z).ravel()) for name, z in used.items()}
    for one, other in combinations(numbers, 2):
        assert not numbers[one] & numbers[other], (one, other)


def test_groups_of_draws_are_independent():
    """Augmentation of real and of generated images, for DiffAugment and for bCR, mixing: no two are correlated, and no
    two images of a batch share a draw."""
    draws = dict(tree.items(steps.draw(np.random.default_rng(3), tiny(batch=4000, **EVERYTHING))))
    first = {path: values.reshape(len(values), -1)[:, 0].astype(float) for path, values in draws.items()}
    assert {path.rsplit("/", 1)[0] for path in draws} == {
        "z", "mix", "augment/real", "augment/fake", "consistency/real", "consistency/fake"}
    for a, b in combinations(first, 2):
        assert abs(np.corrcoef(first[a], first[b])[0, 1]) < 0.08, (a, b)
    for path, values in first.items():
        assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.08, path
    assert draws["mix"].shape == (4000, 1, 1, 1) and 0 <= draws["mix"].min() < 0.01 < 0.99 < draws["mix"].max() < 1
    np.testing.assert_allclose([draws["z"].mean(), draws["z"].std()], [0, 1], atol=0.03)


@pytest.mark.parametrize("recipe, expected", [
    ({"augment": ()}, {"z"}), ({"augment": (), "wgan_gp": 1.0}, {"z", "mix"}),
    ({"augment": ("color",)}, {"z", "augment"}), ({"augment": (), "consistency": 1.0}, {"z", "consistency"}),
])
def test_only_what_is_needed_is_drawn(recipe, expected):
    assert steps.draw(np.random.default_rng(0), tiny(**recipe)).keys() == expected


def test_a_run_is_its_steps_one_after_the_other(tmp_path, pictures):
    """On the images of its data set in their order, with the numbers of its recipe; the log says what was computed."""
    preset, folder = tiny(steps=12, batch=5, **EVERYTHING), RunFolder(tmp_path / "run")
    seen = seen_in(folder, idle=False, preset=preset, data=pictures, seed=9, log_every=1)
    data, training = open_data(pictures, 16, 9), steps.create(9, preset, np.float32, spread=0.0)
    kept = records(folder)
    for number, (real, draws) in enumerate(seen, start=1):
        np.testing.assert_array_equal(real, to_float(data.take((number - 1) * 5, 5)))
        metrics = {name: float(value) for name, value in steps.advance(training, real, draws, preset, number).items()}
        record = next(record for record in kept if record["step"] == number and "r1" in record)
        assert metrics.items() <= record.items()
        assert record["discriminator_loss"] == pytest.approx(sum(metrics[name] for name in TERMS))
    arrays, _ = checkpoint.load_newest(folder.checkpoints, training.trees)
    assert_same(arrays, training.trees)


@pytest.mark.parametrize("preset", [everything(TINY_VAE), everything(TINY_VQVAE)], ids=["vae", "vqvae"])
def test_a_run_of_an_autoencoder_is_its_steps_one_after_the_other(tmp_path, pictures, preset):
    """D is faded in by the number of the step."""
    preset, folder = replace(preset, recipe=replace(preset.recipe, steps=12, batch=5)), RunFolder(tmp_path / "run")
    seen = seen_in(folder, idle=False, preset=preset, data=pictures, seed=9, log_every=1)
    data, training = open_data(pictures, 16, 9), state.create(9, preset)
    kept = [record for record in records(folder) if "pixels" in record]
    for number, ((real, draws), record) in enumerate(zip(seen, kept, strict=True), start=1):
        np.testing.assert_array_equal(real, to_float(data.take((number - 1) * 5, 5)))
        np.testing.assert_allclose(draws["fade"], np.interp(number, [3.0, 4.2], [0.0, 1.0]), rtol=1e-6)
        grads, averages, metrics = step.gradients(training.networks, real, draws, preset, lanes=2)
        state.apply(training, grads, averages, number, preset)
        assert {name: float(value) for name, value in metrics.items()}.items() <= record.items()
        assert preset.kind == "vqvae" or record["bound"] == pytest.approx(record["pixels"] + record["kl"])
    assert_same(checkpoint.load_newest(folder.checkpoints, training.trees)[0], training.trees)

"""What a run goes on from: its own arrays, on its own images, with nothing left over of what came after."""

from dataclasses import asdict, replace

import numpy as np
import pytest
from support.helpers import assert_same
from support.runs import TINY, TINY_CNN, TINY_VAE, TINY_VQVAE, image_set, run_config, shrunk, tiny

from minihit.errors import UserError
from minihit.training import state
from minihit.training.run import checkpoint, log, snapshot
from minihit.training.run.config import MAY_CHANGE, differences, from_facts, to_json
from minihit.training.run.folder import RunFolder

IMAGES = np.zeros((30, 16, 16, 3), np.uint8)
DATA = image_set(IMAGES, held_out=3, source="photos", fingerprint="abc")


@pytest.fixture
def saved(tmp_path):
    """(RunFolder, State) after step 3."""
    folder, training = RunFolder(tmp_path), state.create(1, TINY)
    snapshot.save(run_config(), folder, DATA, training, 3, log.Window())
    return folder, training


def test_what_is_saved_is_restored(saved):
    folder, training = saved
    other = state.create(0, TINY)
    assert snapshot.restore(run_config(), folder, DATA, other, "cpu")["step"] == 3
    assert_same(other.trees, training.trees)
    facts = checkpoint.load_newest(folder.checkpoints, other.trees)[1]
    assert (facts["step"], facts["position"], facts["data"]) == (3, 12, "abc")


def test_other_images_are_refused_and_change_nothing(saved):
    folder, _ = saved
    changed = image_set(IMAGES + 1, held_out=3, source="photos", fingerprint="abd")
    training = state.create(0, TINY)
    with pytest.raises(UserError, match=r"was trained on other images than .* photos .*: put the old ones back"):
        snapshot.restore(run_config(), folder, changed, training, "cpu")
    assert_same(training.trees, state.create(0, TINY).trees)


GAN = replace(TINY, generator=replace(TINY.generator, tokens=4))          # to which a grid of latents is averaged
BASES = {"gan": GAN, "vae": TINY_VAE, "vqvae": TINY_VQVAE}
HIT = {"channels": (16, 4), "layers": (1, 2), "heads": (4, 2), "windows": (8, None), "tokens": 1, "attention": "grid",
       "cross_attention": False, "multi_query": False, "norm": "layer"}
DISCRIMINATOR = {"channels": (4, 6, 6), "downsample": "average", "equalized": True, "minibatch_stddev": True}
RECIPE = {"batch": 8, "decay_from": 0.5, "beta1": 0.5, "beta2": 0.9, "loss": "hinge", "r1": 5.0, "clip": 1.0,
          "ema_decay": 0.99, "micro_batch": 1}
AUTOENCODER = {
    "encoder": {"channels": (12,), "blocks": 0}, "decoder": HIT, "discriminator": DISCRIMINATOR,
    "recipe": {**RECIPE, "rate": 2e-3, "pixels": "l2", "pyramid": 1.0, "adversarial": 1.0, "adversarial_from": 0.5,
               "discriminator_rate": 2e-3, "beta": 2.0}}
PARTS = {
    "gan": {"generator": {**HIT, "latent": 4, "spatial": True}, "discriminator": DISCRIMINATOR,
            "recipe": {**RECIPE, "generator_rate": 2e-3, "discriminator_rate": 2e-3, "wgan_gp": 1.0, "consistency": 1.0,
                       "augment": ("color",)}},
    "vae": {**AUTOENCODER, "recipe": {**AUTOENCODER["recipe"], "sigma": 1.0}},
    "vqvae": {**AUTOENCODER,
              "quantizer": {"codes": 9, "learn": "gradient", "decay": 0.9, "restart": 0.0, "rotate": True}},
}
OF_ALL = {"seed": 1, "flip": False, "measure_images": 9, "lanes": 3, "origin": "another/step-00000001.npz"}
OTHER = {base: {**{f"{part}.{name}": value for part, fields in parts.items() for name, value in fields.items()},
                **OF_ALL} for base, parts in PARTS.items()}
"""A value for every setting that another run with the same shapes, or an edited file, may have."""
NOT_ALONE = {"generator.start", "decoder.start", "decoder.latent", "decoder.spatial", "encoder.size", "encoder.out",
             "encoder.spatial", "quantizer.width", "recipe.features"}
"""Settings that no preset lets change without another one."""
every_setting = pytest.mark.parametrize("base, name", [(base, name) for base in OTHER for name in OTHER[base]])


def changed(config, name, value):
    """The RunConfig with one setting, named as its flag is, changed."""
    part, _, field = name.rpartition(".")
    if not part:
        return replace(config, **{field: value})
    inner = replace(getattr(config.preset, part), **{field: value})
    return replace(config, preset=replace(config.preset, **{part: inner}))


@pytest.mark.parametrize("base", BASES)
def test_every_setting_may_change_or_not(base):
    def names(values, prefix=""):
        for name, value in values.items():
            inside = "" if name == "preset" else f"{prefix}{name}."
            yield from names(value, inside) if isinstance(value, dict) else [prefix + name]

    assert set(names(asdict(run_config(BASES[base])))) - NOT_ALONE == {*OTHER[base], *MAY_CHANGE}


@every_setting
def test_a_checkpoint_of_other_settings_is_refused_and_changes_nothing(tmp_path, base, name):
    preset = BASES[base]
    folder, was = RunFolder(tmp_path), run_config(preset)
    snapshot.save(was, folder, DATA, state.create(1, preset), 3, log.Window())
    config = changed(was, name, OTHER[base][name])
    [(_, here, there)] = differences(config, was)
    before = [(path.name, path.read_bytes()) for path in folder.checkpoints.iterdir()]
    training = state.create(0, preset)
    with pytest.raises(UserError) as refusal:
        snapshot.restore(config, folder, DATA, training, "cpu")
    said = str(refusal.value)
    assert said.startswith(f"{folder.checkpoints}/step-00000003.npz was made with {name} {snapshot.words(there)} and ")
    assert f"go on with {snapshot.words(here)}: put the old value back into {folder.config}, or start another" in said
    assert_same(training.trees, state.create(0, preset).trees)
    assert [(path.name, path.read_bytes()) for path in folder.checkpoints.iterdir()] == before


@pytest.mark.parametrize("one, other, said", [
    (TINY_VQVAE, replace(TINY_VQVAE, decoder=TINY_CNN), "decoder.kind hit and the run is to go on with convolutional_"),
    (TINY_VAE, TINY_VQVAE, "kind vae and the run is to go on with vqvae"),
    (TINY_VAE, TINY, "kind vae and the run is to go on with gan"),
])
def test_a_checkpoint_of_another_kind_of_network_or_objective_is_refused(tmp_path, one, other, said):
    folder = RunFolder(tmp_path)
    snapshot.save(run_config(one), folder, DATA, state.create(1, one), 3, log.Window())
    with pytest.raises(UserError, match=rf"step-00000003\.npz was made with {said}"):
        snapshot.restore(run_config(other), folder, DATA, state.create(0, other), "cpu")


@pytest.mark.parametrize("config", [
    run_config(tiny(steps=400)), run_config(log_every=9, sample_every=9, measure_every=9, save_every=9, keep=9),
    run_config(data="elsewhere/photos"),
])
def test_a_run_may_become_longer_and_show_more_and_its_images_may_lie_elsewhere(saved, config):
    assert snapshot.restore(config, saved[0], DATA, state.create(0, TINY), "cpu")["step"] == 3


def test_settings_that_an_older_version_did_not_write_are_not_compared():
    facts = {"config": {"seed": 3, "preset": {"recipe": {"r1": 5}}}}
    config = run_config(tiny(beta2=0.5), keep=7)
    assert [*differences(from_facts(facts, config, "x"), config)] == [("recipe.r1", 5, 10.0), ("seed", 3, 0)]
    assert to_json(from_facts({}, config, "x")) == to_json(config)


@pytest.mark.parametrize("config", [3, [], {"preset": 3}, {"preset": {"recipe": []}}, {"seed": "none"}, {"new": 1}])
def test_a_checkpoint_of_senseless_settings_is_a_sentence(saved, config):
    folder, training = saved
    checkpoint.save(checkpoint.path_of(folder.checkpoints, 4), training.trees, {"step": 4, "config": config})
    with pytest.raises(UserError, match=r"step-00000004\.npz is not the configuration of a run"):
        snapshot.restore(run_config(), folder, DATA, state.create(0, TINY), "cpu")


def test_a_checkpoint_from_before_fingerprints_is_resumed(saved):
    folder, training = saved
    checkpoint.save(checkpoint.path_of(folder.checkpoints, 4), training.trees, {"step": 4})
    assert snapshot.restore(run_config(), folder, DATA, state.create(0, TINY), "cpu")["step"] == 4


def test_what_came_after_the_checkpoint_goes(saved, capsys):
    folder, _ = saved
    checkpoint.path_of(folder.checkpoints, 9).write_bytes(b"half")
    partial = folder.checkpoints / f".step-00000005.npz.{'0' * 32}.partial"
    partial.write_bytes(b"half")
    for step in (2, 3, 4):
        log.append(folder.log, {"step": step, "seconds_per_step": 0.1})
    facts = snapshot.restore(run_config(), folder, DATA, state.create(0, TINY), "cpu")
    snapshot.clear(run_config(), folder, facts)
    assert {path.name for path in folder.checkpoints.iterdir()} == {"step-00000003.npz", "step-00000009.npz.broken-1"}
    assert (folder.checkpoints / "step-00000009.npz.broken-1").read_bytes() == b"half"
    said = capsys.readouterr().out
    assert "step-00000009.npz is kept as step-00000009.npz.broken-1, and the run goes on from step 3\n" in said
    assert [record["step"] for record in log.read(folder.log)] == [2, 3]


def test_a_record_that_a_run_without_a_stop_would_not_have_goes(saved):
    """It logs every step and measures at 1000."""
    folder, _ = saved
    for record in ({"seconds_per_step": 0.1}, {"swd": 5.0}):
        log.append(folder.log, {"step": 3, **record})
    facts = snapshot.restore(run_config(), folder, DATA, state.create(0, TINY), "cpu")
    snapshot.clear(run_config(tiny(steps=9)), folder, facts)
    assert log.read(folder.log) == [{"step": 3, "seconds_per_step": 0.1}]


def foreign(path):
    np.savez(path, weights=np.zeros(3))


def of_another_network(path):
    checkpoint.save(path, state.create(0, shrunk("hit-128")).trees, {"step": 9})


def of_another_version(path):
    np.savez(path, header=np.array('{"format": "minihit checkpoint 999", "step": 9}'))


def under_another_name(path):
    checkpoint.save(path, state.create(0, TINY).trees, {"step": 4})


@pytest.mark.parametrize("write, sentence", [
    (foreign, "is not a checkpoint of this version"), (of_another_network, "is of another network"),
    (of_another_version, "is not a checkpoint of this version"), (under_another_name, "is the checkpoint of step 4"),
])
def test_a_newest_checkpoint_that_is_not_of_this_run_is_refused_and_kept(saved, write, sentence):
    folder, _ = saved
    path = checkpoint.path_of(folder.checkpoints, 9)
    write(path)
    before, training = path.read_bytes(), state.create(0, TINY)
    with pytest.raises(UserError, match=rf"step-00000009\.npz {sentence}"):
        snapshot.restore(run_config(tiny(steps=9)), folder, DATA, training, "cpu")
    assert path.read_bytes() == before and len(checkpoint.newest(folder.checkpoints)) == 2
    assert_same(training.trees, state.create(0, TINY).trees)


def test_fewer_steps_than_were_made_are_refused(saved):
    folder, _ = saved
    with pytest.raises(UserError, match="has made 3 steps already and is to end after 2: give more by --steps"):
        snapshot.restore(run_config(tiny(steps=2)), folder, DATA, state.create(0, TINY), "cpu")
    assert snapshot.restore(run_config(tiny(steps=3)), folder, DATA, state.create(0, TINY), "cpu")["step"] == 3


def test_only_the_newest_are_kept(saved):
    folder, training = saved
    for step in (4, 5):
        snapshot.save(run_config(keep=2), folder, DATA, training, step, log.Window())
    assert [checkpoint.step_of(path) for path in checkpoint.newest(folder.checkpoints)] == [5, 4]

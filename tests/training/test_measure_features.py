"""Measures on features in a run: of what, by which network, how often, and what they leave alone."""

from dataclasses import replace

import numpy as np
import pytest
from support.helpers import assert_same
from support.runs import TINY, TINY_VAE, TINY_VQVAE, image_set, records, run_config

from minihit import autoencoding, features
from minihit.comparing import measures as of_sets
from minihit.data.dataset import BuiltInFaces
from minihit.data.faces.render import faces
from minihit.errors import UserError
from minihit.features.extractor import Extractor
from minihit.show.images import to_float, to_uint8
from minihit.training import advance, loop, measure, measure_features, measure_latents, measures, pictures, state
from minihit.training.run import checkpoint, log
from minihit.training.run.config import read_config
from minihit.training.run.folder import RunFolder
from minihit.training.watch import Watch

DATA = image_set(faces(0, 0, 40, 16), held_out=15)
ALL = ("frechet", "kid", "precision", "recall")
INCEPTIONS = ("fid", "kid_inception", "precision_inception", "recall_inception", "inception_score")
LOGS = {"frechet": "frechet_random", "kid": "kid_random", "precision": "precision_random", "recall": "recall_random"}


class Network:
    """Stands in for both networks and remembers what they looked at."""

    def __init__(self, monkeypatch):
        self.asked, self.seen = [], []
        monkeypatch.setattr(features, "open", self.open)

    def open(self, choice, weights=None, device="cpu"):
        self.asked.append((choice, weights, device))
        sort = self.sort if choice == "inception" else None
        return Extractor(f"{choice}-3", 3, (), self.extract, sort)

    def extract(self, images):
        self.seen.append(images)
        return images.mean(axis=(1, 2), dtype=np.float32)

    def sort(self, images):
        return self.extract(images), images[:, 0, 0].astype(np.float32) / 50


@pytest.fixture
def network(monkeypatch):
    return Network(monkeypatch)


def watching(path, *names, preset=TINY, data=DATA, **settings):
    config = run_config(preset, measure=names, **{"measure_images": 12, **settings})
    return Watch(config, RunFolder(path), "cpu", data, looks=measure_features.open_looks(config, "cpu"))


def measured(run, preset=TINY, number=0):
    """The record of a measurement."""
    run.measure(state.create(number, preset).trees["ema"], number)
    return log.read(run.folder.log)[-1]


def test_all_measures_are_logged_beside_those_of_real_images(tmp_path, network, capsys):
    run = watching(tmp_path, *ALL)
    record = measured(run)
    name, config = "generator", TINY.generator
    samples, _ = measure.drawn(state.create(0, TINY).trees["ema"][name], config, "cpu", 0, 12)
    sets = to_uint8(samples), DATA.held_out(12), DATA.take(0, 12)
    found, held_out, real = map(network.extract, sets)
    expected = of_sets.of_features(found, held_out, of_sets.generator(0))
    beside = of_sets.of_features(real, held_out, of_sets.generator(0))
    assert {key: record[log] for key, log in LOGS.items()} == {key: value.mean for key, value in expected.items()}
    assert {key: record[f"{log}_real"] for key, log in LOGS.items()} == {
        key: value.mean for key, value in beside.items()}
    assert (f"; random-feature recall {record['recall_random']:.4g}, of real images "
            f"{record['recall_random_real']:.4g}\n") in capsys.readouterr().out


def test_nothing_more_is_measured_than_is_asked_for(tmp_path, network):
    before = {*measured(watching(tmp_path / "a"))}
    assert network.asked == network.seen == []
    assert {*measured(watching(tmp_path / "b", "kid"))} - before == {"kid_random", "kid_random_real"}
    assert {*measured(watching(tmp_path / "c", "recall", "recall"))} - before == {"recall_random", "recall_random_real"}


def test_features_are_found_once_a_step_and_of_real_images_once_for_all(tmp_path, network):
    run = watching(tmp_path, *ALL)
    first, second = (measured(run, number=number) for number in (0, 1))
    assert [len(images) for images in network.seen] == [12] * 4
    np.testing.assert_array_equal(network.seen[0], DATA.held_out(12))
    np.testing.assert_array_equal(network.seen[1], DATA.take(0, 12))
    assert first["frechet_random"] != second["frechet_random"]
    assert first["frechet_random_real"] == second["frechet_random_real"]


def test_the_deviation_over_subsets_is_logged_where_there_are_several(tmp_path, network, monkeypatch):
    monkeypatch.setattr(of_sets, "SUBSET", 11)
    record = measured(watching(tmp_path, "kid"))
    assert record["kid_random_deviation"] > 0 and record["kid_random_real_deviation"] > 0


def test_inceptions_measures_have_their_own_names_and_look_by_another_network(tmp_path, network):
    run = watching(tmp_path, "frechet", *INCEPTIONS, weights="w.pth")
    record = measured(run)
    assert sorted(network.asked) == [("inception", "w.pth", "cpu"), ("random", "w.pth", "cpu")]
    assert [len(images) for images in network.seen] == [12] * 6
    for name in INCEPTIONS:
        assert np.isfinite([record[name], record[f"{name}_real"]]).all()
    assert record["fid"] == record["frechet_random"] and record["inception_score_deviation"] >= 0
    logits = network.sort(DATA.take(0, 12))[1]
    assert record["inception_score_real"] == of_sets.of_logits(logits, None, None)["inception_score"].mean


@pytest.mark.parametrize("data", [DATA, BuiltInFaces(16, 0), image_set(faces(0, 0, 11, 16))],
                         ids=["pictures", "faces", "few"])
def test_real_images_are_those_of_the_other_distance(tmp_path, network, data):
    run = watching(tmp_path, "frechet", data=data)
    measured(run)
    np.testing.assert_array_equal(network.seen[0], run.held_out)
    np.testing.assert_array_equal(network.seen[1], data.take(0, 12))


@pytest.mark.parametrize("preset, ending", [(TINY_VAE, ""), (TINY_VQVAE, "_rebuilt")])
def test_of_an_autoencoder_they_are_of_samples_or_where_there_are_none_of_reconstructions(
        tmp_path, network, preset, ending):
    run = watching(tmp_path, "frechet", preset=preset)
    record, trees = measured(run, preset), state.create(0, preset).trees["ema"]
    if ending:
        made, _ = autoencoding.reconstruct(trees, to_float(run.held_out), preset)
    else:
        made, _ = measure.drawn(trees["decoder"], preset.decoder, "cpu", 0, 12)
    np.testing.assert_array_equal(network.seen[-1], to_uint8(made))
    assert f"frechet_random{ending}" in record and "frechet_random_real" in record


def test_the_seed_of_a_run_draws_its_subsets(tmp_path, network, monkeypatch):
    monkeypatch.setattr(of_sets, "SUBSET", 11)
    seeds = []
    generator = of_sets.generator
    monkeypatch.setattr(of_sets, "generator", lambda seed: seeds.append(seed) or generator(seed))
    measured(watching(tmp_path, "kid", seed=7))
    assert set(seeds) == {7}
    assert of_sets.STREAM not in {module._STREAM for module in (advance, measure, measure_latents, pictures)}


def test_features_of_a_store_are_kept_and_one_that_cannot_be_is_said(tmp_path, network, capsys):
    (tmp_path / "store").mkdir()
    data = replace(DATA, store=tmp_path / "store", fingerprint="x")
    first = measured(watching(tmp_path / "a", *ALL, data=data))
    assert {path.name for path in data.store.iterdir()} == {"features-random-3-held-out.npz",
                                                            "features-random-3-taken.npz"}
    again = measured(watching(tmp_path / "b", *ALL, data=data))
    assert again == first and len(network.seen) == 4
    (data.store / "features-random-3-taken.npz").write_bytes(b"broken")
    capsys.readouterr()
    assert measured(watching(tmp_path / "c", *ALL, data=data)) == first
    assert "is no whole file of features" in capsys.readouterr().out


@pytest.mark.parametrize("name, panel", [
    ("frechet", ("random-feature Frechet distance", ("frechet_random", "frechet_random_real"), "log")),
    ("kid", ("random-feature kernel distance", ("kid_random", "kid_random_real"), "linear")),
    ("fid", ("FID", ("fid", "fid_real"), "log")),
    ("recall_inception", ("recall", ("recall_inception", "recall_inception_real"), "linear")),
])
def test_each_has_a_curve_beside_that_of_real_images(name, panel):
    found = measures.of(run_config(measure=(name,), measure_images=12))
    assert found[:-1] == measures.of(run_config()) == measures.MEASURES["gan"] and found[-1].panels == (panel,)
    rebuilt = measures.of(run_config(TINY_VQVAE, measure=(name,), measure_images=12))[-1].panels
    assert rebuilt == ((panel[0], (f"{panel[1][0]}_rebuilt", panel[1][1]), panel[2]),)


# in the loop


def trained(path, **settings):
    folder = RunFolder(path)
    loop.train(run_config(**{"measure_every": 2, "measure_images": 12, **settings}), folder)
    arrays, _ = checkpoint.load_newest(folder.checkpoints, state.create(0, TINY).trees)
    return folder, arrays


def test_training_is_the_same_to_the_last_bit_whatever_is_measured(tmp_path):
    plain, weights = trained(tmp_path / "plain")
    folder, measured_weights = trained(tmp_path / "measured", measure=ALL)
    assert_same(measured_weights, weights)
    assert [{name: value for name, value in record.items() if "random" not in name} for record in records(folder)] == (
        records(plain))
    found = [record for record in log.read(folder.log) if "frechet_random" in record]
    assert [record["step"] for record in found] == [0, 2, 4] and read_config(folder).measure == ALL
    assert len({record["frechet_random_real"] for record in found}) == 1


def test_measures_may_change_when_a_run_goes_on_and_are_the_same_as_without_a_stop(tmp_path):
    folder, _ = trained(tmp_path / "whole", measure=("kid",))
    whole = records(folder)
    preset = replace(TINY, recipe=replace(TINY.recipe, steps=2))
    folder, _ = trained(tmp_path / "parts", preset=preset, measure=())
    config = run_config(measure=("kid",), measure_every=2, measure_images=12)
    loop.train(config, folder, resume=True)
    assert [record["kid_random"] for record in records(folder) if "kid_random" in record] == [
        record["kid_random"] for record in whole if record["step"] == 4 and "kid_random" in record]
    assert read_config(folder).measure == ("kid",)


def test_what_cannot_be_measured_is_said_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "_open", lambda *_: pytest.fail("the data are read"))
    for settings, sentence in (({}, "need its weights"), ({"weights": str(tmp_path / "gone")}, "cannot read")):
        with pytest.raises(UserError, match=sentence):
            loop.train(run_config(measure=("fid",), measure_images=12, **settings), RunFolder(tmp_path / "run"))
    assert not (tmp_path / "run/config.json").exists()


def test_the_home_folder_may_be_a_tilde_in_the_name_of_weights(network, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    measure_features.open_looks(run_config(measure=("fid",), measure_images=12, weights="~/w.pth"), "gpu")
    assert network.asked == [("inception", "/home/me/w.pth", "gpu")]


@pytest.mark.parametrize("settings, sentence", [
    ({"measure": ("fd",)}, "measure 'fd' is unknown: choose one of frechet, kid, precision, recall, fid, "),
    ({"measure": ("kid", "")}, "measure '' is unknown"),
    ({"measure": ("kid",), "measure_images": 9}, "measure_images is 9: for kid and its like it must be at least 10"),
])
def test_a_wrong_name_and_too_few_images_are_refused(settings, sentence):
    with pytest.raises(UserError, match=sentence):
        run_config(**settings)


def test_the_fewest_images_are_enough_for_every_measure(tmp_path, network):
    record = measured(watching(tmp_path, *ALL, *INCEPTIONS, measure_images=10))
    assert {*LOGS.values(), *INCEPTIONS} <= record.keys()

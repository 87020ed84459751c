"""The table of measures: what stands in it reaches the log, the terminal and the pictures, and nothing else does."""

import numpy as np
import pytest
from support.runs import TINY, TINY_VAE, TINY_VQVAE, image_set, run_config

from minihit.data.faces.render import faces
from minihit.training import state
from minihit.training.measures import MEASURES, Measure
from minihit.training.run import log
from minihit.training.run.folder import RunFolder
from minihit.training.watch import Watch

PRESETS = {preset.kind: preset for preset in (TINY, TINY_VAE, TINY_VQVAE)}


def watching(tmp_path, preset=TINY):
    return Watch(run_config(preset), RunFolder(tmp_path), "cpu", image_set(faces(0, 0, 30, 16), held_out=9))


def test_a_measure_is_a_line_in_the_table(tmp_path, monkeypatch, capsys):
    """One that nobody knows by name is found, logged, said and drawn."""
    drawn = []
    mine = Measure((("brightness", ("brightness",), "linear"),), lambda run, trees: {"of": trees},
                   lambda found: {"brightness": 5}, lambda numbers: f"brightness {numbers['brightness']}",
                   lambda *what: drawn.append(what))
    monkeypatch.setitem(MEASURES, "gan", (mine,))
    run = watching(tmp_path)
    run.measure("the networks", 3)
    assert log.read(run.folder.log) == [{"step": 3, "brightness": 5}]
    assert capsys.readouterr().out == "step 3: brightness 5\n"
    assert drawn == [(run.folder, {"of": "the networks"}, 3)]


@pytest.mark.parametrize("kind", MEASURES)
def test_what_is_drawn_as_curves_is_in_the_log_and_said(tmp_path, capsys, kind):
    run, measures = watching(tmp_path, PRESETS[kind]), MEASURES[kind]
    run.measure(state.create(0, PRESETS[kind]).trees["ema"], 0)
    (record,) = log.read(run.folder.log)
    assert all(np.isfinite(record[name]) for measure in measures for _, names, _ in measure.panels for name in names)
    assert {scale for measure in measures for _, _, scale in measure.panels} <= {"linear", "log"}
    assert capsys.readouterr().out == f"step 0: {'; '.join(measure.words(record) for measure in measures)}\n"
    assert (run.folder.samples / "neighbours-00000000.png").exists() == (kind == "gan")


@pytest.mark.parametrize("kind", ["vae", "vqvae"])
def test_reconstructions_stand_beside_other_real_images(tmp_path, kind):
    """The yardstick is the one of samples."""
    run = watching(tmp_path, PRESETS[kind])
    run.measure(state.create(0, PRESETS[kind]).trees["ema"], 0)
    (record,) = log.read(run.folder.log)
    assert record["swd_real"] == run.real_distance["swd_real"] != record["swd_rebuilt"]


NUMBERS = {"psnr": 20.04, "ssim": 0.5, "swd_rebuilt": 3.0, "swd": 7.0, "swd_real": 4.0, "codes_used": 0.25,
           "perplexity": 6.6, "kl_held_out": 9.5, "kl_dimensions": [9.5, 0.0], "dimensions_used": 1}


@pytest.mark.parametrize("kind, phrases", [
    ("gan", ["sliced Wasserstein distance 7.0, of real images 4.0", ""]),
    ("vae", ["PSNR 20.0 dB, SSIM 0.500, sliced Wasserstein distance of reconstructions 3.0, of other real images 4.0",
             "KL 9.5 nats in 1 of 2 numbers", "sliced Wasserstein distance 7.0, of real images 4.0"]),
    ("vqvae", ["PSNR 20.0 dB, SSIM 0.500, sliced Wasserstein distance of reconstructions 3.0, of other real images 4.0",
               "25% of the codes used, perplexity 7"]),
])
def test_measurements_in_words(kind, phrases):
    assert [measure.words(NUMBERS) for measure in MEASURES[kind]] == phrases


@pytest.mark.parametrize("found, phrase", [
    ({"neighbour": 2.0}, ""),
    ({"neighbour": 2.0, "neighbour_real": 0.0}, "most held-out images are training images too, so that nothing tells"),
    ({"neighbour": 2.0, "neighbour_real": 4.0, "neighbour_ratio": 0.5}, "0.50 times as far from the nearest training"),
])
def test_nearness_in_words(found, phrase):
    words = MEASURES["gan"][1].words(found)
    assert words.startswith(phrase) and bool(words) == bool(phrase)

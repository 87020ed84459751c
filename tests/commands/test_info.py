"""minihit info as its user meets it."""

import re
from dataclasses import replace

import pytest
from support.commands import refusal
from support.runs import TINY

from minihit import cost
from minihit.cli import main
from minihit.commands.info import describe
from minihit.models.stylegan2.config import StyleGAN2Config
from minihit.presets import PRESETS, counterparts
from minihit.presets.autoencoder import CNN
from minihit.presets.autoencoder import PRESETS as AUTOENCODERS


def test_info_of_a_preset_and_of_a_run(capsys, run):
    assert main(["info", "hit-128"]) == 0
    out = capsys.readouterr().out
    assert "32,866,627" in out and "23,880,833" in out
    assert re.search(r"\non an H100, going by a measured step of celeba-64: about [\d.]+ s a step, [\d.]+ days in all "
                     r"and [\d.]+ GB of memory\n$", out)
    assert max(map(len, out.splitlines())) <= 120
    assert main(["info", str(run)]) == 0
    assert "generator, 3 numbers -> 16 x 16 x 3" in capsys.readouterr().out
    assert main(["info", "built-in"]) == 0
    assert "built-in: generator, 64 numbers -> 32 x 32 x 3" in capsys.readouterr().out


def test_info_of_stylegan2_shows_the_depth_of_its_mapping_and_every_side():
    text = describe("here", replace(TINY, generator=StyleGAN2Config(3, 5, (8, 8, 4), mapping=2)))
    title, _, head, rule, *rows = text.splitlines()[:11]
    assert title == "here: generator, 3 numbers -> 16 x 16 x 3, modulated convolutions, mapping of depth 2"
    assert head.split() == ["map", "channels", "parameters", "multiply-adds", "activations"] and set(rule) == {"-"}
    assert [row.split("  ")[0] for row in rows[:5]] == ["mapping", "first map", "side 4", "side 8", "side 16"]


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_info_of_an_autoencoder_shows_every_network_and_the_decoders_that_it_can_have(capsys, name):
    for decoder, config in (("hit", PRESETS[name].decoder), *((d, CNN[d][name]) for d in CNN)):
        assert main(["info", name, "--decoder", decoder]) == 0
        out = capsys.readouterr().out
        assert max(map(len, out.splitlines())) <= 120
        networks = replace(PRESETS[name], decoder=config).networks
        assert "H100" not in out
        assert all(out.count(f"{name}: {network}, ") == 1 for network in networks)
        head, rule, *rows = out.splitlines()[-5:]
        assert head.split() == ["--decoder", "parameters", "multiply-adds", "activations"] and set(rule) == {"-"}
        assert [row.split()[0] for row in rows] == ["hit", "cnn", "cnn-wide"]
        total = out.split(f"{name}: decoder, ")[1].partition("total ")[2].splitlines()[0].split()
        assert next(row.split()[1:] for row in rows if row.split()[0] == decoder) == total


def test_info_without_a_decoder_shows_that_of_hit(capsys, vqvae):
    assert main(["info", "vae-32"]) == main(["info", "vae-32", "--decoder", "hit"]) == 0
    out = capsys.readouterr().out
    assert out[:len(out) // 2] == out[len(out) // 2:]
    assert "vae-32: decoder, 64 numbers -> 32 x 32 x 3, layer norm" in out
    assert main(["info", str(vqvae)]) == 0
    out = capsys.readouterr().out
    assert "quantizer, 12 codes of 3 numbers, by moving averages" in out and "--decoder" not in out


def test_info_of_another_decoder_is_refused_where_there_is_none(capsys, vqvae):
    for name in ("faces-32", vqvae):
        assert (f"--decoder chooses between the decoders of vae-32, vqvae-32, vqvae-64, vqvae-256: leave it out with "
                f"{name}") in refusal(capsys, "info", name, "--decoder", "cnn")
    assert main(["info", "vae-32", "--decoder", "rnn"]) == 2


def test_info_names_the_presets_where_there_is_neither(capsys):
    sentence = "faces is neither a preset nor the folder of a run: choose one of faces-32"
    assert sentence in refusal(capsys, "info", "faces")


@pytest.mark.parametrize("name", ["faces-32", "celeba-64", "hit-256"])
def test_info_shows_the_generators_that_a_preset_can_have(capsys, name):
    for generator, preset in counterparts(name)["generator"].items():
        assert main(["info", name, "--generator", generator]) == 0
        out = capsys.readouterr().out
        head, _, *rows = out.split("\n\n")[-1].splitlines()
        assert head.split() == ["--generator", "parameters", "multiply-adds", "activations"]
        assert [row.split()[0] for row in rows] == [*counterparts(name)["generator"]]
        total = cost.total(cost.rows(preset)["generator"])
        assert f"{generator} " in out and f"{total.parameters:,}" in out.partition("discriminator")[0]


def test_info_of_another_generator_is_refused_where_there_is_none(capsys):
    for argv in (["vae-32", "--generator", "hit"], ["faces-32", "--generator", "stylegan2", "--decoder", "cnn"]):
        assert f"leave it out with {argv[0]}" in refusal(capsys, "info", *argv)

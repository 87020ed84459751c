"""minihit trace as its user meets it."""

import re
from itertools import pairwise

import numpy as np
import pytest
from support.commands import refusal

from minihit import models, optim, tree
from minihit.cli import main
from minihit.commands import trace
from minihit.data.dataset import BuiltInFaces
from minihit.models import discriminator
from minihit.ops.switch import plain
from minihit.presets import PRESETS
from minihit.show.images import to_float
from minihit.training import state

END = ": the gradient of its "                                            # in the lines below the table


@pytest.fixture(scope="module")
def traced():
    """The Calls and gradients of a step of faces-32, which is read again and again."""
    return trace.step(PRESETS["faces-32"], 1, 0)


@pytest.fixture
def said(capsys, traced, monkeypatch):
    """Call it with flags for the lines that it prints."""
    monkeypatch.setattr(trace, "step", lambda preset, batch, seed: traced)

    def said(*argv):
        assert main(["trace", *argv]) == 0
        return capsys.readouterr().out.splitlines()

    return said


def names(lines):
    """The first column below the head, indentation and all."""
    start = next(i for i, line in enumerate(lines) if line.startswith("call"))
    width = lines[start].index("in ")
    return [line[:width].rstrip() for line in lines[start + 1:] if line[:width].strip() and END not in line]


def test_a_step_is_shown_with_the_numbers_of_the_networks(capsys):
    assert main(["trace", "faces-32", "--batch", "2", "--depth", "1", "--only", "discriminator", "--seed", "3"]) == 0
    lines = capsys.readouterr().out.splitlines()
    networks = state.create(3, PRESETS["faces-32"]).networks
    with plain():
        real = to_float(BuiltInFaces(32, 3).take(0, 2))
        logits, cache = discriminator.forward(networks["discriminator"]["params"], real,
                                              PRESETS["faces-32"].discriminator)
        gradient, _ = discriminator.logit_gradients(cache)
    first, second = [re.split(" {2,}", line) for line in lines if line.startswith("discriminator.")][:2]
    assert first == ["discriminator.forward", "2x32x32x3", "2", f"{logits.mean():.3g}", f"{logits.std():.3g}"]
    assert second[1:] == ["2x32x32x3", f"{gradient.mean():.3g}", f"{gradient.std():.3g}"]
    assert lines[0] == "faces-32: the first step from first values, 2 drawn faces, float32, seed 3"


def test_calls_stand_below_those_that_make_them_as_deep_as_is_asked(said, traced):
    deepest = max(map(trace.levels, traced[0]))
    for depth in (1, 3, deepest):
        lines = said("--depth", str(depth))
        assert f"Calls are shown {depth} deep; --depth {deepest} shows all." in lines
        levels = [(len(name) - len(name.lstrip())) // 2 for name in names(lines)]
        assert max(levels) == depth - 1 and levels[0] == 0
        assert all(below <= above + 1 for above, below in pairwise(levels))
    assert f"Calls are shown {deepest} deep; --depth {deepest} shows all." in said("--depth", "99")


def test_the_names_of_parameters_lead_to_those_who_use_them_forth_and_back(said):
    found = names(said("--only", "generator", "--depth", "9"))
    assert found[:3] == ["generator.forward", "  stem.forward", "    start: linear.forward"]
    assert sum(name.strip() == "attention: multi_axis_attention.forward" for name in found) == 2
    assert [name for name in found if not name.startswith(" ")] == ["generator.forward", "generator.backward"]
    assert [name.strip() for name in found if "stage.backward" in name] == [f"stages/{i}: stage.backward"
                                                                            for i in (2, 1, 0)]
    assert sum(name.strip() == "query: linear.backward" for name in found) == 5    # two of pixels, three of tokens
    assert "ops.softmax.backward" in {name.strip() for name in found}


def test_only_one_network_is_shown_and_its_gradient_at_the_end(said, traced):
    for network in ("generator", "discriminator"):
        lines = said("--only", network)
        norm = optim.norm(tree.pack(traced[1][network], np)[0])
        size = tree.size(models.first_values(None, PRESETS["faces-32"].networks[network])["params"])
        assert lines[-1] == f"{network}: the gradient of its {size:,} parameters has the norm {norm:.3g}"
        assert lines[-2] == "" and not any(line.startswith("losses.") for line in lines)
    everything = said()
    assert [line.split(":")[0] for line in everything[-2:]] == ["generator", "discriminator"]
    assert {"losses.real_loss", "losses.generator_loss", "penalties.r1"} <= {*names(everything)}


@pytest.mark.parametrize("preset, network", [("vqvae-32", "quantizer"), ("vae-32", "encoder")])
def test_an_autoencoder_is_traced_too(capsys, preset, network):
    assert main(["trace", preset, "--batch", "1", "--only", network]) == 0
    found = names(capsys.readouterr().out.splitlines())
    assert [name for name in found if not name.startswith(" ")] == [f"{network}.forward", f"{network}.backward"]


def test_what_cannot_be_traced_is_refused(capsys):
    assert "nope is neither a preset nor the folder of a run" in refusal(capsys, "trace", "nope")
    assert "--only quantizer: faces-32 has no such network, choose one of generator, discriminator" in refusal(
        capsys, "trace", "--only", "quantizer")
    assert "--batch is 0: it must be at least 1" in refusal(capsys, "trace", "--batch", "0")
    assert re.search("a step of 60,000 images takes about .* choose a smaller --batch or preset",
                     refusal(capsys, "trace", "hit-1024", "--batch", "60000"))
    assert "--seed is -1: it must lie between" in refusal(capsys, "trace", "--seed", "-1")
    assert "--depth is 0: it must be at least 1" in refusal(capsys, "trace", "--depth", "0")

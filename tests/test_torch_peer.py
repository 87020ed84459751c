"""The PyTorch port against minihit on small networks; skipped without PyTorch."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from support.runs import TINY, shrunk, tiny

from minihit import optim, tree
from minihit.bench import peer as bench
from minihit.errors import UserError
from minihit.gradcheck.networks import STYLEGAN2
from minihit.layers import conv2d, linear
from minihit.models.hit.config import GeneratorConfig

pytest.importorskip("torch")
PATH = Path(__file__).parents[1] / "examples" / "torch_peer.py"
G = TINY.generator
PRESETS = {
    "R1": TINY,
    "no regulariser": tiny(r1=0.0),
    "bCR": tiny(consistency=10.0),
    "layer norm": replace(TINY, generator=replace(G, norm="layer")),
    "multi-head": replace(TINY, generator=replace(G, multi_query=False)),
    "one head": replace(TINY, generator=replace(G, heads=(2, 1))),
    "windows to the end": replace(TINY, generator=GeneratorConfig(3, (8, 4), (1, 1), (2, 2), (4, 8), tokens=3)),
    "no widening": replace(TINY, generator=replace(G, channels=(16, 4))),
    "faces-32": shrunk("faces-32"),
    "celeba-64": shrunk("celeba-64"),
}


@pytest.fixture(scope="module")
def peer():
    return bench.load(PATH)


@pytest.mark.parametrize("name", PRESETS)
def test_losses_gradients_averages_images_and_logits_are_minihits(peer, name):
    peer.check(bench.checked_case(PRESETS[name]))


@pytest.mark.parametrize("wrong, words", [
    (lambda peer: (peer.F, "gelu", partial(peer.F.gelu, approximate="tanh")), "torch, float64"),
    (lambda peer: (peer, "pixel_shuffle", lambda x: peer.F.pixel_shuffle(x.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)),
     "torch, float64"),
    (lambda peer: (peer, "diff_augment", lambda x, draws: x), "consistency"),
])
def test_another_network_or_loss_is_caught(peer, monkeypatch, wrong, words):
    monkeypatch.setattr(*wrong(peer))
    with pytest.raises(AssertionError, match=words):
        peer.check(bench.checked_case(tiny(consistency=10.0)))


@pytest.mark.parametrize("name", ["torch", "torch, tuned"])
def test_adam_and_the_moving_average_are_minihits(peer, name):
    case, rng = bench.checked_case(tiny(beta1=0.5)), np.random.default_rng(1)
    there, recipe = peer.Peer(case, name), case.preset.recipe
    like = case.training.networks["generator"]["params"]
    params, ema = flat(peer.to_minihit(there.generator, like)), flat(peer.to_minihit(there.ema["params"], like))
    moments = optim.init_moments(params)
    for number in range(1, optim.EMA_START + 3):
        for leaf in peer.leaves([there.generator, there.discriminator]):
            leaf.grad = peer.torch.tensor(rng.standard_normal(leaf.shape)).contiguous()
        grads = flat(peer.to_minihit(tree.map(lambda leaf: leaf.grad, there.generator), like))
        there.update()
        optim.adam(params, grads, moments, number, recipe.generator_rate, recipe.beta1, recipe.beta2)
        optim.ema(ema, params, number, recipe.ema_decay)
    for values, expected in ((there.generator, params), (there.ema["params"], ema)):
        found = flat(peer.to_minihit(values, like))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def flat(leaves):
    return np.concatenate([leaf.ravel() for leaf in leaves.values()])


def test_saturated_slopes_take_two_passes(peer):
    """Where the discriminator's slope is zero nothing can be scaled to the generator's."""
    case = bench.checked_case(TINY)
    case.training.networks["discriminator"]["params"]["logit"]["bias"][...] = -60.0
    there = peer.Peer(case, "torch")
    there.gradients()
    grads = peer.step.gradients(case.training.networks, case.real, case.draws, case.preset)[0]
    found = peer.to_minihit(tree.map(lambda leaf: leaf.grad, there.generator), grads["generator"])
    peer.require_close("here", found, grads["generator"])


@pytest.mark.parametrize("preset, words", [
    (replace(TINY, generator=replace(G, attention="grid")), "attention other than multi_axis"),
    (replace(TINY, generator=replace(G, spatial=True, tokens=4)), "a grid of latents"),
    (tiny(loss="hinge", wgan_gp=1.0), "hinge, WGAN-GP"),
    (replace(TINY, generator=STYLEGAN2), "has HiT's generator and no stylegan2: compare a preset of HiT's"),
])
def test_what_the_port_leaves_out_is_said(peer, preset, words):
    with pytest.raises(UserError, match=words):
        peer.Peer(bench.checked_case(preset), "torch")


def test_weights_go_there_and_back(peer):
    rng = np.random.default_rng(0)
    params = {"query": linear.init(rng, 6, (2, 3)), "out": linear.init(rng, (2, 3), 6), "conv": conv2d.init(rng, 2, 5),
              "position": np.ones((1, 2, 2, 6))}
    back = peer.to_minihit(peer.tensors(params, "cpu"), params)
    for path, leaf in tree.items(params):
        np.testing.assert_array_equal(back[path], leaf, err_msg=path)

"""The whole generator: gradients by finite differences and against autograd, evaluation, and its running averages."""

from dataclasses import replace

import numpy as np
import pytest
from autograd import hessian_vector_product, make_vjp
from autograd.misc.flatten import flatten
from hypothesis import given
from hypothesis import strategies as st
from oracles import generator as oracle
from support.helpers import assert_gradients_agree, assert_same, normal, seeds
from support.networks import BASE, GENERATORS, generators, make_generator

from minihit import gradcheck, tree
from minihit.layers import batch_norm
from minihit.layers.norm import How
from minihit.models.hit import generator, stem
from minihit.models.hit.config import GeneratorConfig

every_option = pytest.mark.parametrize("config", GENERATORS.values(), ids=GENERATORS.keys())
ROUNDING = 1e-7                                                           # of a sum over whole images, over the step


@every_option
def test_gradients_agree_with_finite_differences(config):
    rng = np.random.default_rng(0)
    params, z, _ = make_generator(config, rng)
    gradcheck.check_layer(generator, params, z, rng, atol=ROUNDING, few=0, config=config)


@every_option
def test_gradients_in_evaluation_agree_with_finite_differences(config):
    rng = np.random.default_rng(1)
    params, z, averages = make_generator(config, rng)
    gradcheck.check_layer(generator, params, z, rng, atol=ROUNDING, few=0, config=config, averages=averages)


@every_option
def test_images_and_gradients_agree_with_autograd(config):
    assert_autograd_agrees(config, seed=2)


@every_option
def test_images_and_gradients_in_evaluation_agree_with_autograd(config):
    assert_autograd_agrees(config, seed=12, evaluation=True)


@given(generators(), seeds, st.booleans())
def test_any_architecture_agrees_with_autograd(config, seed, evaluation):
    assert_autograd_agrees(config, seed, evaluation)


def assert_autograd_agrees(config, seed, evaluation=False):
    params, z, averages = make_generator(config, np.random.default_rng(seed))
    averages = batch_norm.fold(averages, generator.forward(params, z, config)[1], momentum=0.5) if evaluation else None
    image, cache = generator.forward(params, z, config, averages)
    vjp, expected = make_vjp(lambda arguments: oracle.images(*arguments, config, averages))((params, z))
    np.testing.assert_allclose(image, expected, rtol=0, atol=1e-10)
    dimage = normal(3, *image.shape)
    assert_gradients_agree(generator.backward(dimage, cache), vjp(dimage)[::-1], "z", rtol=1e-7, atol=1e-9)


@every_option
@pytest.mark.parametrize("pixels", [1, 200, 1 << 16])
def test_generate_is_forward_in_evaluation_for_strips_of_any_size(config, pixels):
    params, z, averages = make_generator(config, np.random.default_rng(4))
    image, _ = generator.forward(params, z, config, averages)
    np.testing.assert_allclose(generator.generate(params, z, config, averages, pixels), image, rtol=0, atol=1e-11)


@every_option
def test_a_gradient_of_the_gradient_agrees_with_autograd(config):
    """How the gradients of all leaves move along a direction of all leaves."""
    params, z, _ = make_generator(config, np.random.default_rng(13))
    rng, arguments = np.random.default_rng(14), {"params": params, "z": z}
    dimage = rng.standard_normal((2, config.size, config.size, 3))
    direction = tree.map(lambda leaf: 0.1 * rng.standard_normal(leaf.shape), arguments)

    def ours(distance):
        at = tree.map(lambda leaf, along: leaf + distance * along, arguments, direction)
        dz, grads = generator.backward(dimage, generator.forward(at["params"], at["z"], config)[1])
        return {"params": grads, "z": dz}

    def loss(flat):
        at = unflatten(flat)
        return (oracle.images(at["params"], at["z"], config) * dimage).sum()

    flat, unflatten = flatten(arguments)
    expected = dict(tree.items(unflatten(hessian_vector_product(loss)(flat, flatten(direction)[0]))))
    h = gradcheck.STEP
    moved = tree.map(lambda *at: (8 * (at[0] - at[1]) - (at[2] - at[3])) / (12 * h), *map(ours, (h, -h, 2 * h, -2 * h)))
    for path, leaf in tree.items(moved):
        scale = max(1.0, np.abs(expected[path]).max())
        gradcheck.assert_close(leaf, expected[path], path, rtol=1e-6, atol=1e-7 * scale)


@given(generators(), seeds)
def test_in_evaluation_an_image_depends_neither_on_its_batch_nor_on_its_order(config, seed):
    rng = np.random.default_rng(seed)
    params, _, averages = make_generator(config, rng)
    z = rng.standard_normal((3, *config.z_shape))
    together, _ = generator.forward(params, z, config, averages)
    alone = np.concatenate([generator.forward(params, z[i:i + 1], config, averages)[0] for i in range(3)])
    backwards, _ = generator.forward(params, z[::-1], config, averages)
    for other in (alone, backwards[::-1], generator.generate(params, z, config, averages)):
        np.testing.assert_allclose(other, together, rtol=0, atol=1e-10)


@every_option
def test_the_last_gradient_is_that_of_the_last_colour_head(config):
    params, z, _ = make_generator(config, np.random.default_rng(15))
    image, cache = generator.forward(params, z, config)
    dimage = normal(16, *image.shape)
    _, grads = generator.backward(dimage, cache)
    found = generator.last_gradient(dimage, cache)
    np.testing.assert_array_equal(found, grads["stages"][-1]["to_rgb"]["linear"]["weight"])
    assert np.abs(found).min() > 0


def test_a_grid_makes_the_first_map_place_by_place():
    """Through one linear layer: a changed position changes its own place alone."""
    config = GENERATORS["of a grid, no cross-attention"]
    params, z, _ = make_generator(config, np.random.default_rng(17))
    moved = z.copy()
    moved[:, 2, 5] += 1.0
    before, after = (stem.forward(params, latents, How("batch"))[0] for latents in (z, moved))
    assert np.argwhere((before != after).any(axis=(0, 3))).tolist() == [[2, 5]]


@pytest.mark.parametrize("tokens, read", [(1, 64), (4, 16), (16, 4), (64, 1)])
def test_a_token_of_a_grid_reads_its_square(tokens, read):
    config = replace(BASE, spatial=True, tokens=tokens)
    params, z, averages = make_generator(config, np.random.default_rng(18))
    how, squares = How("batch", averages), np.kron(np.arange(tokens).reshape(2 * [round(tokens**0.5)]),
                                                   np.ones(2 * [round(read**0.5)]))
    _, before, _ = stem.forward(params, z, how)
    for number in range(tokens):
        _, after, _ = stem.forward(params, z + 1.0 * (squares == number)[..., None], how)
        assert np.flatnonzero((abs(after - before) > 1e-9).any(axis=(0, 2))).tolist() == [number]


def test_in_training_batch_norm_mixes_the_batch():
    params, z, _ = make_generator(BASE, np.random.default_rng(6))
    assert np.abs(generator.forward(params, z, BASE)[0][:1] - generator.forward(params, z[:1], BASE)[0]).max() > 1e-3


@every_option
def test_every_parameter_moves_the_image(config):
    """But for the biases that a following norm or softmax takes away again."""
    params, z, _ = make_generator(config, np.random.default_rng(7))
    image, cache = generator.forward(params, z, config)
    _, grads = generator.backward(normal(8, *image.shape), cache)
    still = [path for path, leaf in tree.items(grads) if np.abs(leaf).max() < 1e-8]
    assert all(path.endswith("bias") for path in still)
    assert all("key/" in path or config.norm == "batch" for path in still)


def test_running_averages_follow_the_batch_statistics():
    params, z, averages = make_generator(BASE, np.random.default_rng(9))
    _, cache = generator.forward(params, z, BASE)
    updated = generator.update_averages(averages, cache)
    assert dict(tree.items(updated)).keys() == dict(tree.items(averages)).keys()
    new, old, seen = (leaves["stages"][0]["blocks"][1]["mlp"]["norm"] for leaves in (updated, averages, cache))
    assert_same(new, batch_norm.fold(old, seen))
    before = dict(tree.items(averages))
    assert all((leaf != before[path]).any() for path, leaf in tree.items(updated))


def test_layer_norm_has_no_running_averages():
    config = GENERATORS["layer norm"]
    assert tree.size(generator.init_averages(config)) == 0


def test_attention_maps_are_found_by_name():
    params, z, _ = make_generator(BASE, np.random.default_rng(10))
    _, cache = generator.forward(params, z, BASE)
    probs = cache["stages"][0]["blocks"][1]["attention"]["block"]["probs"]
    assert probs.shape == (2, 4, 1, 16, 16)                               # (B, G, N, P, P)
    assert cache["stages"][1]["cross_attention"]["attend"]["probs"].shape == (2, 3, 256, 3)


def test_one_seed_one_start():
    one, other = (generator.init(np.random.default_rng(11), BASE) for _ in range(2))
    assert_same(one, other)
    assert {leaf.dtype for _, leaf in tree.items(one)} == {np.dtype(np.float32)}


def test_starting_values_are_those_of_hit():
    for path, leaf in tree.items(generator.init(np.random.default_rng(12), BASE)):
        if path.endswith("bias"):
            assert not leaf.any(), path
        elif path.endswith("scale"):
            assert (leaf == 1).all(), path
        else:
            assert 0 < np.abs(leaf).max() <= 0.04, path                   # std 0.02, cut at two of them


WIDE, DEEP = (512, 512, 256, 128, 64, 64), (2, 2, 2, 2, 1, 1)
HEADS, WINDOWS = (16, 8, 4, 4, 4, 4), (4, 4, 8, 8, None, None)
OFFICIAL = {
    "hit-128": (GeneratorConfig(256, (512, 512, 256, 128, 128), DEEP[:4] + (2,), HEADS[:5], WINDOWS[:5]), 32_866_627),
    "hit-256": (GeneratorConfig(512, WIDE, DEEP, HEADS, WINDOWS), 46_217_670),
    "hit-256-large": (GeneratorConfig(512, (1024, 512, 256, 128, 128, 128), (2,) * 6, HEADS, WINDOWS), 97_462_214),
    "hit-1024": (GeneratorConfig(512, (*WIDE, 32, 32), (*DEEP, 1, 1), (*HEADS, 4, 4), (*WINDOWS, None, None)),
                 88_216_300),
}


@pytest.mark.parametrize("preset", OFFICIAL)
def test_official_parameter_counts(preset, shapes_only):
    config, count = OFFICIAL[preset]
    assert tree.size(generator.init(shapes_only, config)) == count

"""Every op and layer against the official code, on the small arrays of official.npz."""

from functools import partial

import numpy as np
import pytest
from parity import official, recipe

from minihit.layers import batch_norm, cross_attention, layer_norm, multi_axis_attention
from minihit.objectives import losses
from minihit.ops import augment, blur_downsample, minibatch_stddev, pixel_shuffle, upsample, window_split

TOLERANCE = {"f64": 1e-12, "f32": 2e-6}
RATE = 1e-8                                                               # TensorFlow rounds 1 - 0.99 to float32


def arange(dtype, *shape):
    return np.arange(np.prod(shape), dtype=dtype).reshape(shape)


def arrangements(dtype):
    image = arange(dtype, 2, 8, 12, 3)
    unblocked = official.stored()["f64/blocks/unblock4"].astype(dtype)
    blocked, _ = window_split.forward(unblocked, (4, 4))                  # the inverse
    np.testing.assert_array_equal(blocked, arange(dtype, 2, 6, 16, 3))
    return {"blocks/block4": window_split.forward(image, (4, 4))[0],
            "blocks/unblock4": unblocked,
            "blocks/pixelshuffle": pixel_shuffle.forward(arange(dtype, 2, 3, 5, 16))[0],
            "blocks/upsample2": upsample.forward(arange(dtype, 2, 2, 3, 3))[0]}


def attention(dtype, kind):
    """kind = multi_query.self and the like: 8 heads of width 4 over 6 windows of 5 pixels."""
    key, multi_query, crosses = f"attn/{kind}", kind.startswith("multi_query"), kind.endswith("cross")
    shapes = recipe.attention_shapes("attn", 32, 8, 24 if crosses else 32, multi_query)
    params = {name: {} for name in ("query", "key", "value", "out")}
    for name, shape in shapes.items():
        _, layer, role = name.split(".")
        params[layer]["weight" if role == "kernel" else role] = recipe.weight(key, name, shape).astype(dtype)
    x = recipe.raw(f"{key}.q", (2, 6, 5, 32)).astype(dtype)
    dy = recipe.raw(f"{key}.cot", x.shape).astype(dtype)
    if crosses:
        tokens = recipe.raw(f"{key}.v", (2, 1, 7, 24)).astype(dtype)
        y, cache = cross_attention.forward(params, x, tokens[:, 0])
        dx, _, grads = cross_attention.backward(dy, cache)
    else:
        y, cache = multi_axis_attention.forward(params, x)
        dx, grads = multi_axis_attention.backward(dy, cache)
    values = {f"{key}/out": y, f"{key}/grad.q": dx}
    for layer, leaves in grads.items():
        values |= {f"{key}/grad.attn.{layer}.kernel": leaves["weight"], f"{key}/grad.attn.{layer}.bias": leaves["bias"]}
    return values


def blur(dtype):
    return {f"blurpool/f4.{shape[1]}x{shape[2]}":
            blur_downsample.forward(recipe.raw(f"blurpool.{shape[1]}x{shape[2]}", shape).astype(dtype))[0]
            for shape in ((2, 8, 8, 3), (1, 7, 9, 2))}


def stddev(dtype):
    return {"mbstd/b4": minibatch_stddev.forward(recipe.raw("mbstd.4", (4, 4, 4, 6)).astype(dtype))[0]}


def norms(dtype):
    x = (recipe.raw("norm.x", (3, 2, 5, 7)) * 2 + np.float32(0.5)).astype(dtype)
    value = {(kind, name): recipe.weight(f"norm.{kind}", f"norm.{name}", (7,)).astype(dtype)
             for kind in ("batch", "layer") for name in ("gamma", "beta", "moving_mean", "moving_variance")}
    batch, layer = ({"scale": value[kind, "gamma"], "bias": value[kind, "beta"]} for kind in ("batch", "layer"))
    state = {"mean": value["batch", "moving_mean"], "variance": value["batch", "moving_variance"]}
    train, cache = batch_norm.forward(batch, x)
    if dtype == np.float64:                                               # that run folded in the biased variance
        cache = {**cache, "unbiased": cache["variance"]}
    folded = batch_norm.fold(state, cache)
    layer_y, _ = layer_norm.forward(layer, x)
    return {"norm/batch.infer": batch_norm.forward(batch, x, state)[0], "norm/batch.train": train,
            "norm/batch.moving_mean": folded["mean"], "norm/batch.moving_variance": folded["variance"],
            "norm/layer.infer": layer_y, "norm/layer.train": layer_y}


def augmentation(dtype):
    x = recipe.images("aug/s16.x", 4, 16).astype(dtype)
    draws = recipe.augmentation("aug/s16", 4, 16)
    wide = {name: values.astype(dtype) if values.dtype == np.float32 else values for name, values in draws.items()}
    policies = ("color", "translation", "cutout", "color+translation+cutout")
    return {**{f"aug/s16/param.{name}": values for name, values in draws.items()},
            **{f"aug/s16/{policy}": augment.forward(x, wide, policy.split("+"))[0] for policy in policies}}


def adversarial_losses(dtype):
    real, fake = ((3 * recipe.raw(f"loss.{name}", (5, 1)))[:, 0].astype(dtype) for name in ("real", "fake"))
    values = {"loss/l2": losses.consistency(real, fake, 1.0)[0]}
    for kind in losses.KINDS:
        name = kind.replace("_", "-")
        values[f"loss/{name}.g"] = losses.generator_loss(fake, kind)[0]
        values[f"loss/{name}.d"] = losses.real_loss(real, kind)[0] + losses.fake_loss(fake, kind)[0]
    return values


PIECES = {
    "blocks": arrangements,
    **{f"attn/{heads}.{kind}": partial(attention, kind=f"{heads}.{kind}")
       for heads in ("multi_query", "multi_head") for kind in ("self", "cross")},
    "blurpool": blur, "mbstd": stddev, "norm": norms, "aug": augmentation, "loss": adversarial_losses,
}


@pytest.mark.parametrize("mode", official.DTYPES)
@pytest.mark.parametrize("piece", PIECES)
def test_piece(piece, mode):
    values = PIECES[piece](official.DTYPES[mode])
    assert values.keys() == set(official.keys(piece))
    for key, value in values.items():
        if key.endswith("key.bias"):                                      # zero in theory: softmax sees no shift
            assert np.abs(value).max() < (1e-12 if mode == "f64" else 1e-5), key
        elif "moving" in key:
            assert official.error(mode, key, value) < max(RATE, TOLERANCE[mode]), key
        else:
            assert official.error(mode, key, value) < TOLERANCE[mode], key


def test_no_key_is_left_out():
    networks = ("g128.infer", "d128")
    assert all(key.startswith((*PIECES, *networks)) for key in official.keys(""))

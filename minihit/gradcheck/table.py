"""The one table of ops, layers, losses, penalties and networks: with what shapes, parameters and options each is run.

`minihit gradcheck` differentiates all of it, small enough to be checked at once; a layer of your own is run with the
entry that it is to be the same as; tests/test_contract.py asks of each what every layer promises; `minihit bench --ops`
times the ops that have a large entry too, at the sizes that a group of four images has in celeba-64.
"""

import math
from functools import wraps
from itertools import accumulate
from types import SimpleNamespace

from minihit.backend import array_module
from minihit.errors import UserError
from minihit.gradcheck.checks import check, normal
from minihit.gradcheck.losses import LOSSES
from minihit.gradcheck.networks import NETWORKS
from minihit.layers import (
    attention_block,
    batch_norm,
    conv2d,
    cross_attention,
    latent_tokens,
    layer_norm,
    linear,
    mlp,
    modulated_conv2d,
    multi_axis_attention,
    norm,
    residual_block,
    residual_downsample,
    strided_conv2d,
    styled_conv2d,
    styled_rgb,
    to_rgb,
    upsampling_conv2d,
)
from minihit.layers.norm import How
from minihit.ops import (
    attend,
    augment,
    average_downsample,
    blur,
    blur_downsample,
    blur_upsample,
    feed_forward,
    gaussian,
    gelu,
    join,
    laplacian_pyramid,
    leaky_relu,
    minibatch_stddev,
    noisy_relu,
    normalize,
    pixel_norm,
    pixel_shuffle,
    quantize,
    smooth,
    softmax,
    standardize,
    transposed_conv2d,
    upsample,
    window_merge,
    window_split,
)
from minihit.ops import conv2d as convolution
from minihit.ops import strided_conv2d as strided_convolution
from minihit.ops.column_sum import column_sum


def named(name):
    """{name: Check} of one name, or of all the variants of a layer: linear is "linear" and "linear, heads".

    Raises UserError for a name that the table does not hold.
    """
    found = {key: check for key, check in CHECKS.items() if name in (key, key.split(",")[0])}
    if not found:
        names = dict.fromkeys(key.split(",")[0] for key in CHECKS)
        raise UserError(f"{name!r} is not in the table of gradcheck: choose one of {', '.join(names)}")
    return found


def one_named(name):
    """The Check of that name, or else its first variant. Raises UserError as named does."""
    found = named(name)
    return found.get(name, next(iter(found.values())))


def _column_sum():
    """The helper as an op."""
    def backward(dy, cache):
        return array_module(dy).broadcast_to(dy, cache["shape"])

    return SimpleNamespace(forward=lambda x: (column_sum(x), {"shape": x.shape}), backward=backward)


def _in_a_row(op):
    """An op whose output is a list of arrays as one with a single output, the values of all in a row."""
    @wraps(op.forward)
    def forward(*inputs, **options):
        outputs, cache = op.forward(*inputs, **options)
        row = array_module(outputs[0]).concatenate([y.ravel() for y in outputs])
        return row, {"cache": cache, "shapes": [y.shape for y in outputs]}

    def backward(dy, cache):
        sizes = [math.prod(shape) for shape in cache["shapes"]]
        pieces = zip(sizes, accumulate(sizes), cache["shapes"], strict=True)
        return op.backward([dy[end - size:end].reshape(shape) for size, end, shape in pieces], cache["cache"])

    return SimpleNamespace(forward=forward, backward=backward, op=op)


def _stddev_twice():
    """The tangent of minibatch stddev along a fixed t_x as a function of x: the one layer of D that bends."""
    def forward(x, t_x):
        _, cache = minibatch_stddev.forward(x)
        t_y, t_cache = minibatch_stddev.tangent(t_x, cache)
        return t_y, {"cache": cache, "t_cache": t_cache}

    def backward(dt_y, cache):
        return minibatch_stddev.tangent_backward(dt_y, **cache)

    return SimpleNamespace(forward=forward, backward=backward)


def _averages(rng):
    return {"mean": rng.standard_normal(8), "variance": 0.5 + rng.random(8)}


def _draws(side):
    return {"draws": lambda rng: augment.draw(rng, 4, side)}


def _held(rotate):
    """A codebook, and an earlier call whose codes, offsets and rotations are held fixed."""
    def frozen(rng):
        return quantize.forward(rng.standard_normal(IMAGE), rng.standard_normal(CODES), rotate)[1]

    return {"codebook": normal(*CODES), "rotate": rotate, "frozen": frozen}


def _positive(*shape):
    return lambda rng: 0.5 + rng.random(shape)


IMAGE, WINDOWS, TOKENS, CODES, STYLE = (4, 4, 6, 8), (2, 3, 4, 8), (2, 3, 5), (7, 8), (4, 8)
TWO_GROUPS = (8, 2, 3, 5)
MAP, HIDDEN, HEADS, SHARED = (4, 32, 32, 128), (4, 32, 32, 512), (4, 16, 64, 2, 32), (4, 16, 64, 1, 32)
GRID, OF_CODES = (4, 8, 8, 16), {"codebook": normal(256, 16), "frozen": None}
OPS = {
    "attend": check(attend, (2, 3, 4, 5), (2, 6, 4, 5), (2, 6, 4, 5), large=(HEADS, HEADS, HEADS)),
    "attend, shared": check(attend, (2, 3, 4, 5), (2, 6, 1, 5), (2, 6, 1, 5), large=(HEADS, SHARED, SHARED)),
    "augment": check(augment, (4, 8, 8, 3), **_draws(8), large=((4, 64, 64, 3), _draws(64))),
    "average_downsample": check(average_downsample, IMAGE, large=(MAP,)),
    "blur": check(blur, IMAGE, large=(MAP,)),
    "blur, odd": check(blur, (2, 5, 7, 3)),
    "blur_downsample": check(blur_downsample, IMAGE, large=(MAP,)),
    "blur_downsample, odd": check(blur_downsample, (2, 5, 7, 3)),
    "blur_upsample": check(blur_upsample, IMAGE, large=((4, 32, 32, 3),)),
    "column_sum": check(_column_sum(), IMAGE, large=(MAP,)),
    "conv2d, op": check(convolution, IMAGE, (5, 5, 8, 3), large=((4, 64, 64, 3), (3, 3, 3, 64))),
    "conv2d, op, Winograd": check(convolution, (1, 16, 16, 64), (3, 3, 64, 65), large=(MAP, (3, 3, 128, 128))),
    "conv2d, op, 1 x 1": check(convolution, (2, 3, 5, 4), (1, 1, 4, 3), large=(MAP, (1, 1, 128, 256))),
    "feed_forward": check(feed_forward, IMAGE, (8, 32), (32,), (32, 8), (8,),
                          large=(MAP, (128, 512), (512,), (512, 128), (128,))),
    "gaussian": check(gaussian, IMAGE, IMAGE, noise=normal(*IMAGE),
                      large=(GRID, GRID, {"noise": normal(*GRID)})),
    "gelu": check(gelu, IMAGE, large=(HIDDEN,)),
    "join": check(join, IMAGE, IMAGE, large=(MAP, MAP)),
    "laplacian_pyramid": check(_in_a_row(laplacian_pyramid), (2, 8, 9, 3), smallest=2,
                               large=((4, 64, 64, 3), {"smallest": 8})),
    "leaky_relu": check(leaky_relu, IMAGE, large=(MAP,)),
    "minibatch_stddev": check(minibatch_stddev, IMAGE, large=((4, 4, 4, 256),)),
    "minibatch_stddev, two groups": check(minibatch_stddev, TWO_GROUPS),
    "minibatch_stddev, twice": check(_stddev_twice(), TWO_GROUPS, t_x=normal(*TWO_GROUPS)),
    "noisy_relu": check(noisy_relu, IMAGE, (1,), (8,), noise=normal(4, 4, 6),
                        large=(MAP, (1,), (128,), {"noise": normal(4, 32, 32)})),
    "noisy_relu, one map": check(noisy_relu, IMAGE, (1,), (8,), noise=normal(1, 4, 6)),
    "normalize, pixel": check(normalize, IMAGE, (8,), (8,), per="pixel", eps=1e-6, large=(MAP, (128,), (128,))),
    "normalize, channel": check(normalize, IMAGE, (8,), (8,), per="channel", eps=1e-3, large=(MAP, (128,), (128,))),
    "pixel_norm": check(pixel_norm, IMAGE, large=((64, 128),)),
    "pixel_shuffle": check(pixel_shuffle, IMAGE, large=(MAP,)),
    "quantize": check(quantize, IMAGE, **_held(rotate=False), large=(GRID, OF_CODES)),
    "quantize, rotation": check(quantize, IMAGE, **_held(rotate=True), large=(GRID, OF_CODES)),
    "smooth": check(smooth, IMAGE, large=((4, 33, 33, 128),)),
    "softmax": check(softmax, IMAGE, large=((4, 16, 4, 64, 64),)),
    "standardize": check(standardize, IMAGE, (8,), (8,), mean=normal(8), variance=_positive(8), eps=1e-3,
                         large=(MAP, (128,), (128,), {"mean": normal(128), "variance": _positive(128)})),
    "strided_conv2d, op": check(strided_convolution, IMAGE, (4, 4, 8, 5), large=(MAP, (4, 4, 128, 256))),
    "strided_conv2d, op, image": check(strided_convolution, (2, 6, 8, 3), (6, 6, 3, 2),
                                       large=((4, 64, 64, 3), (4, 4, 3, 64))),
    "strided_conv2d, op, 2 x 2": check(strided_convolution, (2, 4, 2, 4), (2, 2, 4, 3)),
    "transposed_conv2d": check(transposed_conv2d, IMAGE, (3, 3, 8, 5), large=(MAP, (3, 3, 128, 128))),
    "transposed_conv2d, 4 x 4": check(transposed_conv2d, (2, 3, 1, 2), (4, 4, 2, 3)),
    "upsample": check(upsample, IMAGE, large=((4, 32, 32, 3),)),
    "window_merge": check(window_merge, (2, 6, 6, 3), window=(2, 3), side=6,
                          large=((4, 16, 64, 128), {"window": (8, 8), "side": 32})),
    "window_split": check(window_split, (2, 6, 6, 3), window=(2, 3), large=(MAP, {"window": (8, 8)})),
}
LAYERS = {
    "linear": check(linear, WINDOWS, init=lambda rng: linear.init(rng, 8, 8)),
    "linear, heads": check(linear, WINDOWS, init=lambda rng: linear.init(rng, (4, 8), (2, 3))),
    "conv2d": check(conv2d, IMAGE, init=lambda rng: conv2d.init(rng, 8, 5)),
    "conv2d, 1 x 1": check(conv2d, IMAGE, init=lambda rng: conv2d.init(rng, 8, 5, k=1, bias=False)),
    "conv2d, Winograd": check(conv2d, (4, 16, 16, 64), init=lambda rng: conv2d.init(rng, 64, 64)),
    "batch_norm": check(batch_norm, IMAGE, init=lambda rng: batch_norm.init(8)),
    "batch_norm, evaluation": check(batch_norm, IMAGE, init=lambda rng: batch_norm.init(8), averages=_averages),
    "layer_norm": check(layer_norm, IMAGE, init=lambda rng: layer_norm.init(8)),
    "norm": check(norm, IMAGE, init=lambda rng: norm.init(8), how=How("batch")),
    "norm, layer": check(norm, IMAGE, init=lambda rng: norm.init(8), how=How("layer")),
    "mlp": check(mlp, IMAGE, init=lambda rng: mlp.init(rng, 8), how=How("batch")),
    "mlp, evaluation": check(mlp, IMAGE, init=lambda rng: mlp.init(rng, 8),
                             how=lambda rng: How("batch", {"norm": _averages(rng)})),
    "multi_axis_attention":
        check(multi_axis_attention, WINDOWS, init=lambda rng: multi_axis_attention.init(rng, 8, 2)),
    "multi_axis_attention, multi-head":
        check(multi_axis_attention, WINDOWS, init=lambda rng: multi_axis_attention.init(rng, 8, 2, multi_query=False)),
    "attention_block": check(attention_block, WINDOWS, init=lambda rng: attention_block.init(rng, 8, 2),
                              axes=("block",), how=How("batch")),
    "cross_attention": check(cross_attention, WINDOWS, TOKENS, init=lambda rng: cross_attention.init(rng, 8, 2, 5)),
    "latent_tokens": check(latent_tokens, (4, 6), init=lambda rng: latent_tokens.init(rng, 6, 3, 5), how=How("batch")),
    "latent_tokens, of a grid": check(latent_tokens, (4, 3, 6), how=How("batch"),
                                      init=lambda rng: latent_tokens.init(rng, 6, 3, 5, spatial=True)),
    "to_rgb": check(to_rgb, IMAGE, init=lambda rng: to_rgb.init(rng, 8), how=How("batch")),
    "residual_downsample": check(residual_downsample, IMAGE, init=lambda rng: residual_downsample.init(rng, 8, 5)),
    "residual_downsample, average": check(residual_downsample, IMAGE, kind="average",
                                           init=lambda rng: residual_downsample.init(rng, 8, 5)),
    "residual_block": check(residual_block, IMAGE, init=lambda rng: residual_block.init(rng, 8, 3)),
    "strided_conv2d": check(strided_conv2d, IMAGE, init=lambda rng: strided_conv2d.init(rng, 8, 5)),
    "strided_conv2d, 2 x 2": check(strided_conv2d, IMAGE, init=lambda rng: strided_conv2d.init(rng, 8, 5, k=2)),
    "modulated_conv2d": check(modulated_conv2d, IMAGE, STYLE, init=lambda rng: modulated_conv2d.init(rng, 8, 5)),
    "modulated_conv2d, up": check(modulated_conv2d, IMAGE, STYLE, up=True,
                                  init=lambda rng: modulated_conv2d.init(rng, 8, 5)),
    "modulated_conv2d, no demodulation": check(modulated_conv2d, IMAGE, STYLE, demodulate=False,
                                               init=lambda rng: modulated_conv2d.init(rng, 8, 5, k=1)),
    "styled_conv2d": check(styled_conv2d, IMAGE, (4, 3), noise=normal(4, 4, 6),
                           init=lambda rng: styled_conv2d.init(rng, 8, 5, 3)),
    "styled_conv2d, up": check(styled_conv2d, IMAGE, (4, 3), noise=normal(1, 8, 12), up=True,
                               init=lambda rng: styled_conv2d.init(rng, 8, 5, 3)),
    "styled_rgb": check(styled_rgb, IMAGE, (4, 3), init=lambda rng: styled_rgb.init(rng, 8, 3)),
    "upsampling_conv2d": check(upsampling_conv2d, IMAGE, init=lambda rng: upsampling_conv2d.init(rng, 8, 5)),
    "upsampling_conv2d, 2 x 2":
        check(upsampling_conv2d, IMAGE, init=lambda rng: upsampling_conv2d.init(rng, 8, 5, k=2)),
}
CHECKS = {**OPS, **LAYERS, **LOSSES, **NETWORKS}

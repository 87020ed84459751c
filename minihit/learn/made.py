"""What the networks call of a layer beyond forward and backward, made of a learner's two.

Each takes own {function: the learner's}, found {"forward", "backward"}, which stand for them in a training, and the key
of the learner's cache.
"""

from minihit import tree
from minihit.gradcheck.precision import cast
from minihit.layers import batch_norm
from minihit.ops import leaky_relu


def rounded(function):
    """The function, whose results are of the dtype of its first array: training is in float32."""
    def call(*args, **options):
        return cast(function(*args, **options), dtype_of(args))
    return call


def dtype_of(args):
    return next(leaf.dtype for _, leaf in tree.items(args) if hasattr(leaf, "dtype"))


def _affine(own, found, key):
    """What the discriminator's algebra asks of a layer y = W x + b."""
    forward, backward = found["forward"], found["backward"]

    def input_gradient(dy, cache, other=None):
        dx = backward(dy, cache)[0]
        return dx if other is None else dx + other

    def weight_gradient(dy, cache, x=None):
        if x is None:
            return backward(dy, cache)[1]
        return {"weight": backward(dy, forward(_params(cache), x)[1])[1]["weight"]}

    def tangent(t_x, cache):
        if "tangent" in own:
            return alone("tangent", own["tangent"])(t_x, cache)
        still = {name: leaf if name == "weight" else 0.0 * leaf for name, leaf in _params(cache).items()}
        return forward(still, t_x)[0], {"t_x": t_x}

    return {"input_gradient": input_gradient, "weight_gradient": weight_gradient, "tangent": tangent}


def _convolution(own, found, key):
    def rectified(params, x):
        y, cache = found["forward"](params, x)
        y, mask = leaky_relu.forward(y)
        return y, {**cache, **mask}

    return {**_affine(own, found, key), "rectified": rectified}


def _stddev(own, found, key):
    def tangent(t_x, cache):
        t_y, t_cache = own["tangent"](t_x, cache[key])
        return cast(t_y, t_x.dtype), {key: t_cache}

    def tangent_backward(dt_y, cache, t_cache):
        return cast(own["tangent_backward"](dt_y, cache[key], t_cache[key]), dt_y.dtype)

    return {"tangent": tangent, "tangent_backward": tangent_backward}


def _averages(own, found, key):
    """fold, through whole trees of averages and of caches."""
    def fold(averages, cache, share=1.0, momentum=batch_norm.MOMENTUM):
        if isinstance(averages, list):
            return [fold(*pair, share, momentum) for pair in zip(averages, cache, strict=True)]
        if "mean" not in averages:
            return {name: fold(averages[name], cache[name], share, momentum) for name in averages}
        folded = cast(own["fold"](averages, cache[key], momentum), averages["mean"].dtype)
        return {name: share * folded[name] for name in averages}

    return {"fold": fold}


def _block(own, found, key):
    """The halves of the discriminator's block: its cache has the library's names, so all else is the library's."""
    def input_gradient(dy, cache):
        return cast(own["input_gradient"](dy, cache), dy.dtype)

    return {"input_gradient": input_gradient} if "input_gradient" in own else {}


def _params(cache):
    return {name: cache[name] for name in ("weight", "bias") if name in cache}


def alone(name, function):
    """A function that is replaced without its forward: a backward, or a tangent, which may return its t_cache."""
    if name != "tangent":
        return rounded(function)

    def tangent(t_x, cache):
        t_y = function(t_x, cache)
        return cast(t_y[0] if isinstance(t_y, tuple) else t_y, t_x.dtype), {"t_x": t_x}

    return tangent


MADE = {
    "linear": _affine, "conv2d": _convolution, "minibatch_stddev": _stddev, "batch_norm": _averages,
    "residual_downsample": _block,
    "leaky_relu": lambda own, found, key: {"tangent": found["backward"]},
    **dict.fromkeys(("blur_downsample", "average_downsample"), lambda own, found, key: {
        "tangent": lambda t_x, cache: found["forward"](t_x)[0]}),
    "join": lambda own, found, key: {"tangent": lambda t_main, t_skip, cache: found["forward"](t_main, t_skip)[0]},
}

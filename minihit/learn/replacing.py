"""A learner's functions in the place of a module's: forward and backward as the learner wrote them, and all else that
the networks call made of these two.

A cache of the library's is a dict that others may read a little of; the learner's own, of any kind, lies in it under a
key of its own.
"""

import inspect
import math

from minihit import tree
from minihit.errors import UserError
from minihit.gradcheck.precision import cast
from minihit.layers import batch_norm
from minihit.ops import augment, leaky_relu
from minihit.ops.quantize import forward as nearest_codes

ADDED = ("skip", "other")                                                 # to y or to dx, where the library can


def functions_for(name, own, module):
    """{attribute: value} for the module of that name; own {function: a learner's}."""
    if name in WHOLE:
        return WHOLE[name](own)
    if "forward" not in own:
        return {each: _alone(each, function) for each, function in own.items()}
    found = _pair(name, own, module)
    return found | MADE.get(name, lambda own, found, key: {})(own, found, f"own {name}")


def rounded(function):
    """The function, whose results are of the dtype of its first array: training is in float32."""
    def call(*args, **options):
        return cast(function(*args, **options), _dtype(args))
    return call


def _pair(name, own, module):
    key, of_forward, of_backward = f"own {name}", *map(inspect.signature, (module.forward, module.backward))

    def forward(*args, **options):
        values, added = _bound(of_forward, args, options)
        given = _taken(name, values, own["forward"], of_forward)
        *outputs, cache = own["forward"](*given)
        first, *others = cast(outputs, _dtype(given))
        kept = KEPT.get(name, lambda cache, *given: {})(cache, *given)
        return (first if added is None else first + added, *others, {**kept, key: cache})

    def backward(*args, **options):
        values, added = _bound(of_backward, args, options)
        *douts, cache = values.values()
        found = cast(own["backward"](*douts, cache[key]), douts[0].dtype)
        if not isinstance(found, (tuple, list)):
            return found
        return (found[0] if added is None else found[0] + added, *found[1:])

    return {"forward": forward, "backward": backward}


def _bound(signature, args, options):
    """({parameter: value}, what is to be added to the first result, None where there is nothing)."""
    bound = signature.bind(*args, **options)
    bound.apply_defaults()
    added = [value for each, value in bound.arguments.items() if each in ADDED and value is not None]
    return {each: value for each, value in bound.arguments.items() if each not in ADDED}, next(iter(added), None)


def _taken(name, values, own, signature):
    """Those values that a learner's forward takes: it may take fewer, where the others are as they are by default."""
    count = len(inspect.signature(own).parameters)
    for each, value in list(values.items())[count:]:
        if value is not signature.parameters[each].default:
            raise UserError(f"{name}: this training hands its forward {each}, too, and yours does not take it")
    return tuple(values.values())[:count]


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
            return _alone("tangent", own["tangent"])(t_x, cache)
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


def _alone(name, function):
    """A function that is replaced without its forward: a backward, or a tangent, which may return its t_cache."""
    if name != "tangent":
        return rounded(function)

    def tangent(t_x, cache):
        t_y = function(t_x, cache)
        return cast(t_y[0] if isinstance(t_y, tuple) else t_y, t_x.dtype), {"t_x": t_x}

    return tangent


def _colours(own):
    pair = tuple(rounded(own[name]) for name in ("color", "color_backward"))
    return {"POLICIES": {**augment.POLICIES, "color": pair}}


def _adam(own):
    """The library works the rate of a step out beforehand: it is asked for as the first step's, whose lr would give it.
    """
    def update(params, grads, moments, rate, beta1, beta2):
        own["adam"](params, grads, moments, 1, rate * (1.0 - beta1) / math.sqrt(1.0 - beta2), beta1, beta2)

    return {"update": update}


def _params(cache):
    return {name: cache[name] for name in ("weight", "bias") if name in cache}


def _dtype(args):
    return next(leaf.dtype for _, leaf in tree.items(args) if hasattr(leaf, "dtype"))


KEPT = {
    "linear": lambda cache, params, x: {"x": x, **params},
    "conv2d": lambda cache, params, x: {"x": x, **params},
    **dict.fromkeys(("residual_downsample", "attention_block", "latent_tokens", "mlp", "to_rgb"),
                    lambda cache, *given: cache if isinstance(cache, dict) else {}),
    "quantize": lambda cache, z, codes: nearest_codes(z, codes)[1],
}
"""What the networks read in a cache: inputs, and the caches of layers inside, such as norms, by their names."""
MADE = {
    "linear": _affine, "conv2d": _convolution, "minibatch_stddev": _stddev, "batch_norm": _averages,
    "residual_downsample": _block,
    "leaky_relu": lambda own, found, key: {"tangent": found["backward"]},
    **dict.fromkeys(("blur_downsample", "average_downsample"), lambda own, found, key: {
        "tangent": lambda t_x, cache: found["forward"](t_x)[0]}),
    "join": lambda own, found, key: {"tangent": lambda t_main, t_skip, cache: found["forward"](t_main, t_skip)[0]},
}
WHOLE = {
    "color": _colours, "adam": _adam,
    **dict.fromkeys(("ema", "clip", "generator_loss", "real_loss", "fake_loss", "r1", "kl", "commitment", "codebook"),
                    lambda own: {name: rounded(function) for name, function in own.items()}),
}

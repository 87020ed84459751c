"""What has no backward of its own by that name, as a layer: forward(*inputs, **options) -> (y, cache), backward."""

from functools import wraps
from types import SimpleNamespace

from minihit.models import discriminator
from minihit.ops import conv2d, minibatch_stddev, windows


def loss(function):
    """A loss, which returns (value, gradient of each input)."""
    @wraps(function)
    def forward(*inputs, **options):
        value, *gradients = function(*inputs, **options)
        return value, {"gradients": gradients}

    def backward(dvalue, cache):
        return tuple(dvalue * gradient for gradient in cache["gradients"])

    return SimpleNamespace(forward=forward, backward=backward)


def penalty(function, cost=1.0):
    """A penalty on a discriminator's image gradient as training uses it: backward is a gradient of a gradient."""
    def forward(params, images, config):
        _, cache = discriminator.forward(params, images, config)
        unit = discriminator.logit_gradients(cache)
        value, dgradient = function(unit[0], cost)
        return value, {"cache": cache, "unit": unit, "dgradient": dgradient}

    def backward(dvalue, cache):
        seeds = 0.0 * cache["unit"][0][:, 0, 0, 0]
        return discriminator.loss_gradients(seeds, cache["cache"], cache["unit"], dvalue * cache["dgradient"])

    return SimpleNamespace(forward=forward, backward=backward)


def convolution():
    """The op, whose two gradients are functions of their own."""
    def forward(x, weight):
        return conv2d.forward(x, weight), {"x": x, "weight": weight}

    def backward(dy, cache):
        x, weight = cache["x"], cache["weight"]
        return conv2d.input_gradient(dy, weight), conv2d.weight_gradient(x, dy, len(weight))

    return SimpleNamespace(forward=forward, backward=backward)


def split():
    """windows.split, with merge for its backward."""
    def forward(image, window):
        return windows.split(image, window), {"window": window, "side": image.shape[1]}

    def backward(dwindows, cache):
        return windows.merge(dwindows, **cache)

    return SimpleNamespace(forward=forward, backward=backward)


def merge():
    """windows.merge, with split for its backward."""
    def forward(pieces, window, side):
        return windows.merge(pieces, window, side), {"window": window}

    def backward(dimage, cache):
        return windows.split(dimage, **cache)

    return SimpleNamespace(forward=forward, backward=backward)


def stddev_tangent():
    """The tangent of minibatch stddev along a fixed t_x as a function of x: the one layer of D that bends."""
    def forward(x, t_x):
        _, cache = minibatch_stddev.forward(x)
        t_y, t_cache = minibatch_stddev.tangent(t_x, cache)
        return t_y, {"cache": cache, "t_cache": t_cache}

    def backward(dt_y, cache):
        return minibatch_stddev.tangent_backward(dt_y, **cache)

    return SimpleNamespace(forward=forward, backward=backward)

"""Exercises that are networks, or parts of one, as layers with forward and backward: see adapters.py."""

from types import SimpleNamespace

import numpy as np

from minihit.layers import linear
from minihit.ops import gelu, leaky_relu


def position():
    """y = x + position."""
    return SimpleNamespace(
        forward=lambda params, x: (x + params["position"], {}),
        backward=lambda dy, cache: (dy, {"position": dy.sum(axis=0, keepdims=True)}))


def skip():
    """y = x + gelu(linear(x))."""
    def forward(params, x):
        h, of_linear = linear.forward(params, x)
        active, of_gelu = gelu.forward(h)
        return x + active, {"linear": of_linear, "gelu": of_gelu}

    def backward(dy, cache):
        dx, grads = linear.backward(gelu.backward(dy, cache["gelu"]), cache["linear"])
        return dy + dx, grads

    return SimpleNamespace(forward=forward, backward=backward)


def stddev_twice(functions):
    """The tangent of minibatch stddev along a fixed t_x as a function of x."""
    def forward(x, t_x):
        _, cache = functions["forward"](x)
        t_y, t_cache = functions["tangent"](t_x, cache)
        return t_y, {"cache": cache, "t_cache": t_cache}

    return SimpleNamespace(forward=forward, backward=lambda dt_y, cache: functions["tangent_backward"](dt_y, **cache))


def stage(functions):
    """A stage of the generator; where it gives a map and an image, their values are in a row."""
    def forward(params, x, tokens, image=None, *, plan, how):
        *outputs, cache = functions["forward"](params, x, tokens, image, plan, how)
        row = np.concatenate([output.ravel() for output in outputs if output is not None])
        shapes = [None if output is None else output.shape for output in outputs]
        return row, {"cache": cache, "shapes": shapes, "read": [True, True, image is not None, True]}

    def backward(dy, cache):
        sizes = [0 if shape is None else int(np.prod(shape)) for shape in cache["shapes"]]
        pieces = np.split(dy, np.cumsum(sizes)[:-1])
        gradients = functions["backward"](*(None if shape is None else piece.reshape(shape) for shape, piece
                                            in zip(cache["shapes"], pieces, strict=True)), cache["cache"])
        if not isinstance(gradients, tuple) or len(gradients) != len(cache["read"]):
            return gradients
        return tuple(gradient for gradient, read in zip(gradients, cache["read"], strict=True) if read)

    return SimpleNamespace(forward=forward, backward=backward)


def weight_gradients(functions):
    """The logits of a small discriminator, linear layers with leaky ReLUs between them, as a function of its weights.

    weight_gradients(xs, deltas, seeds) is given the input of every layer, and for its output the gradient of each
    image's own logit.
    """
    def forward(params, images):
        layers = [{"weight": weight, "bias": np.zeros(weight.shape[1])} for weight in params["weights"]]
        x, caches = images, []
        for index, each in enumerate(layers):
            x, cache = leaky_relu.forward(x) if index else (x, None)
            y, of_linear = linear.forward(each, x)
            caches.append((cache, of_linear))
            x = y
        return x[:, 0], caches

    def backward(dlogits, caches):
        deltas, delta = [], np.ones((len(dlogits), 1))
        for cache, of_linear in reversed(caches):
            deltas.insert(0, delta)
            if cache is not None:
                delta = leaky_relu.backward(linear.input_gradient(delta, of_linear), cache)
        xs = [of_linear["x"] for _, of_linear in caches]
        return {"weights": functions["weight_gradients"](xs, deltas, dlogits)}

    return SimpleNamespace(forward=forward, backward=backward)


def seeded(xs, deltas, seeds):
    """The library's: the gradient of linear where the rows of deltas are scaled."""
    return [linear.weight_gradient(seeds[:, None] * delta, {"x": x, "weight": x.T @ delta, "bias": delta[0]})["weight"]
            for x, delta in zip(xs, deltas, strict=True)]

"""What an exercise asks for, as a layer with forward and backward: the form that gradcheck examines.

Each takes {name: function}, a learner's or the library's. Where there is no derivative to take, as of an optimiser, all
that is given are options, and nothing is left to compare but the output.
"""

from types import SimpleNamespace

import numpy as np

from minihit import gradcheck, optim
from minihit.gradcheck import losses


def layer(functions):
    return SimpleNamespace(**functions)


def loss(name):
    """A loss (value, *gradients) = name(*inputs, **options)."""
    return lambda functions: losses.layer(functions[name])


def loss_of_codes(functions):
    """The loss of the codes: its other input, z, is held fixed."""
    return losses.layer(lambda codes, z: functions["codebook"](z, codes))


def values(function):
    """Of function(**options), an array, only the values are looked at."""
    return SimpleNamespace(forward=lambda **options: (function(**options), {}), backward=lambda dy, cache: ())


def numerical_gradient(functions):
    return values(lambda function, x, h: functions["numerical_gradient"](function, x, h))


def the_wrong_one(functions):
    """1 where the backward that ANSWER names is wrong, as it should be, and 0 where it is right."""
    def value(x, dy):
        _, cache = functions["given_forward"](x)
        expected = gradcheck.numerical_gradient(lambda x: (dy * functions["given_forward"](x)[0]).sum(), x)
        named = functions[f"backward_{functions['ANSWER']}"](dy, cache)
        return np.array([1.0 - np.allclose(named, expected, rtol=1e-5)])

    return values(value)


def color(functions):
    """color(x, draws) and color_backward(dy, draws)."""
    return SimpleNamespace(forward=lambda x, draws: (functions["color"](x, draws), {"draws": draws}),
                           backward=lambda dy, cache: functions["color_backward"](dy, cache["draws"]))


def adam(functions):
    """The parameters (steps, n) after each of some steps."""
    def value(start, grads, step, lr, beta1, beta2):
        params, moments, after = start.copy(), optim.init_moments(start), []
        for number, gradient in enumerate(grads, step):
            functions["adam"](params, gradient.copy(), moments, number, lr, beta1, beta2)
            after.append(params.copy())
        return np.stack(after)

    return values(value)


def ema(functions):
    """The average (steps, n) after each of some steps."""
    def value(first, states, decay, start):
        average, after = first.copy(), []
        for step, state in enumerate(states, 1):
            functions["ema"](average, state.copy(), step, decay, start)
            after.append(average.copy())
        return np.stack(after)

    return values(value)


def clip(functions):
    """Gradients (rows, n) of several lengths, each clipped."""
    return values(lambda grads, largest: np.stack([functions["clip"](row, largest) for row in grads]))


def quantize(functions):
    """The codes that vectors become."""
    return values(lambda z, codebook: functions["forward"](z, codebook)[0])


def quantize_backward(functions):
    """The gradient that the vectors get."""
    return values(lambda z, codebook, dq: functions["backward"](dq, functions["forward"](z, codebook)[1]))

# %% [markdown]
# # 2. One value at a time
#
# Two linear layers in a row are one linear layer. Between them stands a function that bends, applied to every value by
# itself. These are the easiest backward passes there are, one multiplication by a slope, and yet each of the three here
# has its trap: a kink, a product rule, and a number that is too large. You need chapters 0 and 1.

# %%
import math

import numpy as np

from minihit import gradcheck
from minihit.backend import erf
from minihit.layers import linear
from minihit.objectives import losses
from minihit.ops import gelu, leaky_relu
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# *Leaky ReLU* keeps what is positive and shrinks what is negative to a fifth: 3 stays 3, and -3 becomes -0.6. Let
# x = [3, -3] and dy = [10, 10]. What is dx? Nudging x_0 moves y_0 by as much, nudging x_1 moves y_1 by a fifth of it,
# and no value moves another's output: dx = [10, 2].
#
# That is all there is to say of any function f that is applied value by value: y_i = f(x_i) stands alone, so
#
#     dx_i = dy_i f'(x_i)            dx = dy * f'(x)
#
# The slope has to be taken at the *x of the forward pass*, so x, or something that tells its slope, goes into the
# cache.


# %%
def bend(x):
    return np.where(x > 0, x, 0.2 * x)


x, dy = np.array([3.0, -3.0]), np.array([10.0, 10.0])
dx = np.zeros(2)
for i in range(2):                                                        # the long way
    dx[i] = dy[i] * (1.0 if x[i] > 0 else 0.2)
print("dx =", dx)
compare("dx value by value", dx, gradcheck.numerical_gradient(lambda x: (dy * bend(x)).sum(), x))

x, dy = rng.standard_normal((2, 4, 5))
y, cache = leaky_relu.forward(x)
compare("the library's leaky_relu", y, bend(x))
compare("and its backward, dy * slope", leaky_relu.backward(dy, cache), dy * np.where(x > 0, 1.0, 0.2))

# %% [markdown]
# `minihit.ops` holds *ops*, functions without numbers of their own: `y, cache = forward(x)`, `dx = backward(dy,
# cache)`. Those with params are in `minihit.layers`.
#
# Mistakes that are easy to make: the mask (the array of booleans) `dy > 0` for `x > 0`; the slope 0 on the left, which
# is that of plain *ReLU*, max(x, 0).
#
# ## A kink
#
# At 0 the slope jumps from 0.2 to 1: a *kink*. There is no derivative there, only a choice, and the library chooses 0.2
# (its test is x > 0). But a nudge that steps over the kink sees a mixture, something between the two, and calls a right
# backward wrong.

# %%
nudged = {at: float(gradcheck.numerical_gradient(lambda x: bend(x).sum(), np.array(at))) for at in (0.0, 1e-6, 1e-3)}
for at, slope in nudged.items():
    print(f"slope by nudges of 1e-5 and 2e-5 at x = {at}: {slope:.3f}")
assert abs(nudged[0.0] - 0.6) < 1e-9                                      # the mean of 0.2 and 1
assert 0.61 < nudged[1e-6] < 0.99
assert abs(nudged[1e-3] - 1.0) < 1e-9

# %% [markdown]
# So a check must see whether a kink is within reach. `gradcheck.check_layer` tries steps until one is so short that the
# function is smooth over it; exactly on a kink it says so. At random values kinks are rarely so near.
#
# ## A product rule: GELU
#
# HiT's generator has no kinks. Its function is *GELU*, x times the probability that a standard normal number is smaller
# than x. With phi for the bell curve and Phi for the area to the left below it,
#
#     phi(x) = exp(-x^2 / 2) / sqrt(2 pi)        Phi(x) = (1 + erf(x / sqrt 2)) / 2        Phi' = phi
#     y = x Phi(x)                               y' = Phi(x) + x phi(x)
#
# The slope is a sum of two terms, because x stands in the product twice. Forget one, and the result is still nearly
# right for large x: a mistake that trains, slowly. erf, the error function, is the same area on another scale. NumPy
# has none; `minihit.backend.erf` is math.erf of every value.

# %%
Phi, phi = 0.5 * (1.0 + erf(x / math.sqrt(2.0))), np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)
expected = gradcheck.numerical_gradient(lambda x: (dy * gelu.forward(x)[0]).sum(), x)
compare("phi is the slope of Phi", phi, gradcheck.numerical_gradient(
    lambda x: (0.5 * (1.0 + erf(x / math.sqrt(2.0)))).sum(), x))
compare("GELU, forward", gelu.forward(x)[0], x * Phi)
compare("GELU, by hand", dy * (Phi + x * phi), expected)
compare("GELU, by the library", gelu.backward(dy, gelu.forward(x)[1]), dy * (Phi + x * phi))
print(f"with Phi alone the largest error is {abs(dy * Phi - expected).max():.2f}")
assert abs(dy * Phi - expected).max() > 0.1

# %% [markdown]
# *Question.* Where is GELU's slope zero, and can it be larger than 1? Left of 0 the two terms cancel once; right of 0
# x phi(x) is added to a Phi that is nearly 1. It is steepest where the slope of the slope is zero, and as phi' = -x phi
# that is at the root of 2.

# %%
line = np.linspace(-4.0, 4.0, 8001)
slope = gelu.backward(np.ones_like(line), gelu.forward(line)[1])
(root,), steepest = line[1:][np.diff(slope > 0)], line[slope.argmax()]    # where the sign changes, once
print(f"the slope is zero at {root:.3f}, and at most {slope.max():.3f}, at {steepest:.3f}")
assert abs(root + 0.752) < 0.002
assert abs(steepest - math.sqrt(2.0)) < 0.002                             # y'' = phi + phi + x phi' = phi (2 - x^2)

# %% [markdown]
# ## A number that is too large: softplus
#
# The losses of chapter 17 are means of *softplus*, log(1 + exp(x)), the corner of plain ReLU made round. Its slope is
# exp(x) / (1 + exp(x)) = 1 / (1 + exp(-x)), the *sigmoid*, which runs from 0 to 1.
#
# As written both overflow: exp(1000) is infinite. Take the larger term out: with m = max(x, 0),
#
#     log(1 + exp(x))  =  m + log(exp(-m) + exp(x - m))        both exponents are at most 0
#
# which is `np.logaddexp(0, x)`. And the sigmoid is a tanh in disguise, which never overflows:
#
#     1 / (1 + exp(-x))  =  (1 + tanh(x / 2)) / 2                as tanh(u) = (1 - exp(-2u)) / (1 + exp(-2u))

# %%
with np.errstate(over="ignore"):                                          # no warning of what overflows on purpose
    print("log(1 + exp(1000)) =", np.log(1.0 + np.exp(1000.0)), "  logaddexp(0, 1000) =", np.logaddexp(0.0, 1000.0))
compare("softplus", np.logaddexp(0.0, x), np.log(1.0 + np.exp(x)))
compare("its slope", 0.5 + 0.5 * np.tanh(0.5 * x), gradcheck.numerical_gradient(
    lambda x: np.logaddexp(0.0, x).sum(), x))

# %% [markdown]
# In the library it is a mean over B values, one of each image, with a sign: `softplus_loss(x, sign)` in `losses` is the
# mean of softplus(sign * x). In a mean of B values each counts 1/B, and the sign comes out by the chain rule. It
# returns the loss and its gradient at once, because a loss is where all begins: nothing above it sends a dy.

# %%
values = rng.standard_normal(6)
for sign in (1.0, -1.0):
    loss, dvalues = losses.softplus_loss(values, sign)
    compare(f"mean softplus({sign:+.0f} x)", loss, np.log(1.0 + np.exp(sign * values)).mean())
    compare("its gradient, sign * sigmoid(sign x) / B", dvalues, sign / (1.0 + np.exp(-sign * values)) / 6)
    compare("its gradient by nudges", dvalues, gradcheck.numerical_gradient(
        lambda x, sign=sign: losses.softplus_loss(x, sign)[0], values))

# %% [markdown]
# ## A layer, a bend, a layer
#
# Two linear layers with GELU between them are half of what HiT is made of (chapter 11). Backward is forward read
# upwards. Here only dx is asked for, and the gradients of params are thrown away.

# %%
expand, contract = (gradcheck.perturb(linear.init(rng, *widths), rng) for widths in ((5, 20), (20, 5)))


def forward(x):
    cache = {}
    h, cache["expand"] = linear.forward(expand, x)
    h, cache["gelu"] = gelu.forward(h)
    y, cache["contract"] = linear.forward(contract, h)
    return y, cache


def backward(dy, cache):
    dh, _ = linear.backward(dy, cache["contract"])
    dh = gelu.backward(dh, cache["gelu"])
    dx, _ = linear.backward(dh, cache["expand"])
    return dx


y, cache = forward(x)
compare("dx through all three", backward(dy, cache), gradcheck.numerical_gradient(
    lambda x: (dy * forward(x)[0]).sum(), x))

# %% [markdown]
# ## What slopes do to a gradient
#
# Every bend multiplies the gradient by a slope. Stack twenty of these, each after a linear layer that keeps the size of
# what passes (64 products add up, and weights of variance 1/64 make up for it), and look at the gradient that arrives
# at the bottom. Sigmoids, whose slope is at most a quarter, kill it; leaky ReLU loses least of it; GELU stands between,
# and needs the skips and norms of the next chapters.


# %%
def sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)


BENDS = {                                                                 # name: (function, slope)
    "sigmoid": (sigmoid, lambda x: sigmoid(x) * (1.0 - sigmoid(x))),
    "leaky ReLU": (bend, lambda x: np.where(x > 0, 1.0, 0.2)),
    "GELU": (lambda x: gelu.forward(x)[0], lambda x: gelu.backward(np.ones_like(x), gelu.forward(x)[1])),
}
WIDTH, DEPTH = 64, 20
weights = rng.standard_normal((DEPTH, WIDTH, WIDTH)) * WIDTH**-0.5        # y is as large as x, on average


def gradient_sizes(function, slope):
    """The root mean square of the gradient at each depth, from the top, and the gradient at the bottom."""
    h, inputs = rng.standard_normal((32, WIDTH)), []
    for weight in weights:
        inputs.append(h @ weight)
        h = function(inputs[-1])
    dh, sizes = rng.standard_normal(h.shape), []
    for weight, x in zip(weights[::-1], inputs[::-1], strict=True):
        dh = (dh * slope(x)) @ weight.T
        sizes.append(np.sqrt((dh**2).mean()))
    return sizes, dh


found = {name: gradient_sizes(*pair) for name, pair in BENDS.items()}
for name, (sizes, _) in found.items():
    print(f"{name:<11} the gradient after 1, 10 and 20 layers: {sizes[0]:.0e}, {sizes[9]:.0e}, {sizes[19]:.0e}")
assert found["sigmoid"][0][19] < 1e-10
assert found["leaky ReLU"][0][19] > 1e-4

# %%
with picture(11, 3.6) as drawn:
    left, middle, right = drawn.subplots(1, 3)
    for name, (function, slope) in BENDS.items():
        colour = left.plot(line, function(line), label=name)[0].get_color()
        middle.plot(line, slope(line), color=colour)
        right.semilogy(range(1, DEPTH + 1), found[name][0], color=colour)
    left.set(title="f", xlabel="x", ylim=(-1, 3))
    middle.set(title="f', what dy is multiplied by", xlabel="x", ylim=(-0.2, 1.2))
    right.set(title="size of the gradient, from the top", xlabel="layers on the way back")
    left.legend()

# %% [markdown]
# ## Exercise
#
# Write `forward` and `backward` of GELU and of leaky ReLU in `tutorials/exercises/02_one_value_at_a_time.py`.
#
#     minihit learn check 02

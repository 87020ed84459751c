# %% [markdown]
# # 1. A layer, forward and backward
#
# Every layer of minihit is a pair of functions: `y, cache = forward(params, x)` and `dx, grads = backward(dy, cache)`.
# Here one of them, layer normalisation, is taken apart: the forward pass cut into single lines, every line
# differentiated by hand and compared at once with finite differences, then all of it collapsed to the few lines that
# the library runs. Read it beside `minihit/ops/normalize.py`, which both of its norms are made of; it runs in a second.

# %%
from types import SimpleNamespace

import numpy as np

from minihit import gradcheck
from minihit.layers import layer_norm, linear
from minihit.ops import gelu

rng = np.random.default_rng(0)
ROWS, C = 3, 5                                             # pixels, channels
x = 2.0 * rng.standard_normal((ROWS, C)) + 1.0
scale, bias = 1.0 + 0.3 * rng.standard_normal((2, C))      # off their starting values 1 and 0: the reason is below

# %% [markdown]
# ## The forward pass, one operation a line
#
# y = scale * (x - mean) / sqrt(variance + EPS) + bias, mean and variance over the channels of each pixel. Every value
# can be nudged on its way: the gradient of a value *is* how much the loss changes when it, and nothing else, is nudged.


# %%
def lines(nudge):
    """The lines of layer norm: a dict of all values. nudge = {name: array to add to that value}."""
    v = {}

    def let(name, value):
        v[name] = value + nudge.get(name, 0.0)

    let("x", x)                                            # (ROWS, C)
    let("scale", scale)                                    # (C,)
    let("bias", bias)                                      # (C,)
    let("mean", v["x"].mean(axis=-1, keepdims=True))       # (ROWS, 1)
    let("centered", v["x"] - v["mean"])                    # (ROWS, C)
    let("square", v["centered"] * v["centered"])           # (ROWS, C)
    let("variance", v["square"].mean(axis=-1, keepdims=True))   # (ROWS, 1)
    let("rstd", (v["variance"] + layer_norm.EPS) ** -0.5)  # (ROWS, 1)
    let("x_hat", v["centered"] * v["rstd"])                # (ROWS, C)
    let("scaled", v["x_hat"] * v["scale"])                 # (ROWS, C)
    let("y", v["scaled"] + v["bias"])                      # (ROWS, C)
    return v


v = lines({})
centered, rstd, x_hat = v["centered"], v["rstd"], v["x_hat"]
print("x_hat has mean 0 and variance 1 in every row:", x_hat.mean(axis=-1).round(6) + 0.0, x_hat.var(axis=-1).round(6))

# %% [markdown]
# ## The backward pass, the same lines read upwards
#
# A layer does not know the loss. It is handed dy = dloss/dy, of the shape of y, and that is all it needs. The simplest
# loss with a given dy is sum(dy * y), so a check draws a random dy and differentiates that number.

# %%
dy = rng.standard_normal((ROWS, C))


def error(name, by_hand):
    """The largest difference of a gradient from finite differences of the loss, value by value."""
    expected = gradcheck.numerical_gradient(lambda nudge: (dy * lines({name: nudge})["y"]).sum(), 0.0 * v[name])
    assert by_hand.shape == v[name].shape, f"d{name} has shape {by_hand.shape}, {name} has {v[name].shape}"
    return abs(by_hand - expected).max()


def compare(name, by_hand):
    print(f"  d{name:<9} {by_hand.shape!s:<7} differs by {error(name, by_hand):.0e}")
    assert error(name, by_hand) < 1e-8


print("by hand, one line at a time:")
dscaled = dy                                               # y = scaled + bias
compare("scaled", dscaled)
dbias = dy.sum(axis=0)                                     # bias was used by every row: its gradients add up
compare("bias", dbias)
dx_hat = dscaled * scale                                   # scaled = x_hat * scale
compare("x_hat", dx_hat)
dscale = (dscaled * x_hat).sum(axis=0)
compare("scale", dscale)
drstd = (dx_hat * centered).sum(axis=-1, keepdims=True)    # x_hat = centered * rstd: one rstd for all C channels
compare("rstd", drstd)
dvariance = drstd * -0.5 * rstd**3                         # rstd = (variance + EPS)^(-1/2)
compare("variance", dvariance)
dsquare = np.broadcast_to(dvariance / C, (ROWS, C))        # variance = mean of square
compare("square", dsquare)

# %% [markdown]
# ## Where gradients add
#
# `centered` is read by two lines, x_hat and square. Each sends a gradient back and the two are summed; with either
# alone the answer is plainly wrong. The same happens to x, which feeds both `mean` and `centered`. So before writing
# the gradient of a value, look for every place where it is *read*.

# %%
from_x_hat, from_square = dx_hat * rstd, dsquare * 2.0 * centered
for branch, gradient in {"x_hat": from_x_hat, "square": from_square}.items():
    print(f"centered through {branch} alone differs by {error('centered', gradient):.2f}")
    assert error("centered", gradient) > 0.01
dcentered = from_x_hat + from_square
compare("centered", dcentered)
dmean = -dcentered.sum(axis=-1, keepdims=True)             # centered = x - mean
compare("mean", dmean)
dx = dcentered + dmean / C                                 # x feeds centered, and mean with a share of 1 / C
compare("x", dx)

# %% [markdown]
# ## Why dy must be random, and the parameters off their starting values
#
# Here is a backward pass with a bug: it forgets that the variance depends on x. With dy = ones and scale = 1 the true
# dx is zero, and so is the wrong one, because both project out what they were given. The check learns nothing.


# %%
def without_variance(dy, scale):
    dx_hat = dy * scale
    return (dx_hat - dx_hat.mean(axis=-1, keepdims=True)) * rstd


def closed_form(dy, scale):
    dx_hat = dy * scale
    dx = dx_hat - dx_hat.mean(axis=-1, keepdims=True)
    return (dx - x_hat * (dx_hat * x_hat).mean(axis=-1, keepdims=True)) * rstd


ones = np.ones((ROWS, C)), np.ones(C)
print(f"dy = 1, scale = 1: the bug changes dx by {abs(without_variance(*ones) - closed_form(*ones)).max():.0e}")
print(f"dy random        : the bug changes dx by {abs(without_variance(dy, scale) - dx).max():.2f}")
assert abs(without_variance(*ones) - closed_form(*ones)).max() < 1e-12
assert abs(without_variance(dy, scale) - dx).max() > 0.01

# %% [markdown]
# ## The closed form
#
# Put dvariance into dcentered and write centered = x_hat / rstd. With C the number of channels,
#
#     from_square = 2 / C * centered * dvariance = -rstd * x_hat * mean(dx_hat * x_hat)
#     dmean / C   = -mean(dcentered)             = -rstd * mean(dx_hat)          since mean(x_hat) = 0
#
# so dx = rstd * (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat)), which is `closed_form` above. In words: y does
# not change when x is shifted or stretched, so dx has no part along either direction, ones and x_hat.

# %%
along_shift, along_stretch = closed_form(dy, scale).sum(axis=-1), (closed_form(dy, scale) * centered).sum(axis=-1)
print("closed form against the long one:", f"{abs(closed_form(dy, scale) - dx).max():.0e}")
print("dx along a shift:", along_shift.round(12) + 0.0, " along a stretch:", along_stretch.round(5) + 0.0)
assert abs(closed_form(dy, scale) - dx).max() < 1e-12
assert abs(along_shift).max() < 1e-12
assert abs(along_stretch).max() < 1e-4                     # not quite 0: EPS is not stretched

# %% [markdown]
# ## Why checks run in float64
#
# A finite difference subtracts two nearly equal numbers. With a long step the curve bends, with a short one rounding is
# all that is left. In float32 no step reaches the tolerance of the library's checker, a millionth, and at the checker's
# step of 1e-5 the error is some percent: a bug of a tenth of a percent would drown. In float64 there is room to spare.


# %%
def worst_error(dtype, step):
    """The largest error of a finite difference by a value of x, over the largest value of dx."""
    params = {"scale": scale.astype(dtype), "bias": bias.astype(dtype)}

    def loss(at):
        return (dy.astype(dtype) * layer_norm.forward(params, at)[0]).sum()

    return abs(gradcheck.numerical_gradient(loss, x.astype(dtype), step) - dx).max() / abs(dx).max()


errors = {dtype: [worst_error(dtype, 10.0**-k) for k in range(1, 8)] for dtype in (np.float32, np.float64)}
print("step      float32  float64   worst relative error of a finite difference")
for k, (single, double) in enumerate(zip(*errors.values(), strict=True), start=1):
    print(f"1e-{k}      {single:.0e}    {double:.0e}")
assert min(errors[np.float64]) < 1e-10
assert min(errors[np.float32]) > gradcheck.RTOL == 1e-6
assert errors[np.float32][4] > 1e-3 > 1e-6 > errors[np.float64][4]        # at a step of 1e-5

# %% [markdown]
# ## What the library runs
#
# `layer_norm` hands its scale and bias to `normalize`, which keeps x_hat and rstd in its cache, names you know by now,
# and recomputes nothing. Its backward is the closed form. They agree with the long way to the last digits.

# %%
params = {"scale": scale, "bias": bias}
y, cache = layer_norm.forward(params, x)
dx_library, grads = layer_norm.backward(dy, cache)
print("cache:", {name: value.shape for name, value in cache.items()})
for name, long, short in [("y", v["y"], y), ("dx", dx, dx_library), ("dscale", dscale, grads["scale"]),
                          ("dbias", dbias, grads["bias"])]:
    np.testing.assert_allclose(short, long, rtol=1e-10, atol=1e-12, err_msg=name)

# %% [markdown]
# ## Layers on layers
#
# A composite is a layer like any other: norm(gelu(linear(x))) here. Its backward is its forward read upwards, one call
# a line. The library's checker asks the question of `compare` for every parameter and input of a layer.


# %%
def forward(params, x):
    cache = {}
    h, cache["linear"] = linear.forward(params["linear"], x)
    h, cache["gelu"] = gelu.forward(h)
    y, cache["norm"] = layer_norm.forward(params["norm"], h)
    return y, cache


def backward(dy, cache):
    grads = {}
    dh, grads["norm"] = layer_norm.backward(dy, cache["norm"])
    dh = gelu.backward(dh, cache["gelu"])
    dx, grads["linear"] = linear.backward(dh, cache["linear"])
    return dx, grads


params = gradcheck.perturb({"linear": linear.init(rng, C, 4), "norm": layer_norm.init(4)}, rng)
composite = SimpleNamespace(forward=forward, backward=backward)
for comparison in gradcheck.check_layer(composite, params, x, rng):
    print(" ", comparison.path, comparison.shape, f"error {comparison.share:.0e} of the allowed")

# %% [markdown]
# And the check has teeth: gradients that are wrong by a thousandth are refused.

# %%
wrong = SimpleNamespace(forward=forward, backward=lambda dy, cache: backward(1.001 * dy, cache))
try:
    gradcheck.check_layer(wrong, params, x, rng)
except AssertionError as refusal:
    print("refused, as it should be:", refusal)
else:
    raise AssertionError("a wrong gradient passed the check")

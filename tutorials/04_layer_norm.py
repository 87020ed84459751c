# %% [markdown]
# # 4. Layer norm
#
# The first backward pass that is hard to guess. Layer normalisation is taken apart here: the forward pass cut into
# single lines, every line differentiated by hand and compared at once with nudges, then all of it collapsed to the
# three lines that the library runs. Read it beside `minihit/ops/normalize.py`, which both of its norms are made of, and
# pass over what is for later chapters there: `@tuned`, `total` and `skip`. You need chapters 0 to 3.

# %%
from types import SimpleNamespace

import numpy as np

from minihit import gradcheck
from minihit.layers import layer_norm, linear
from minihit.ops import gelu, normalize
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# A *norm* makes the numbers that pass it neither too large nor too small. Of a pixel's channels, *layer norm* takes off
# the mean and divides by the root of the variance: [1, 3, 8] has mean 4 and variance (9 + 1 + 16) / 3 = 8.67, and
# becomes [-3, -1, 4] / 2.94 = [-1.02, -0.34, 1.36]. What becomes of [2, 6, 16], and of [11, 13, 18]? The same: neither
# stretch nor shift is left. So what is the gradient along these two directions? Zero, and that is the whole secret of
# its backward.

# %%
for row in ([1.0, 3.0, 8.0], [2.0, 6.0, 16.0], [11.0, 13.0, 18.0]):
    x = np.array(row)
    print(row, "becomes", ((x - x.mean()) / np.sqrt(x.var())).round(2))

# %% [markdown]
# ## The forward pass, one operation a line
#
# Afterwards every channel is stretched and shifted by numbers that are learned, *scale* and *bias*:
#
#     y = scale * (x - mean) / sqrt(variance + EPS) + bias        mean and variance over the channels of each pixel
#
# EPS (epsilon), a millionth, is there for pixels whose channels are all equal. On the way x minus its mean is called
# `centered`, one over the root `rstd` (reciprocal standard deviation), and their product, x normalised, `x_hat`. Every
# value can be nudged on its way: the gradient of a value *is* how much the loss changes when it, and nothing else, is
# nudged.

# %%
ROWS, C = 3, 5                                             # pixels, channels
x = 2.0 * rng.standard_normal((ROWS, C)) + 1.0
scale, bias = 1.0 + 0.3 * rng.standard_normal((2, C))      # off their starting values 1 and 0: the reason is below


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
print("x_hat has mean 0 and variance 1 in every row:",
      x_hat.mean(axis=-1).round(6) + 0.0, x_hat.var(axis=-1).round(6))    # -0 + 0 is 0

# %% [markdown]
# ## The backward pass, the same lines read upwards
#
# Each line is one of chapter 3's: a product, a copy, a mean. Where a line copies (mean and rstd have one value a row,
# scale and bias one a column), its backward sums.

# %%
dy = rng.standard_normal((ROWS, C))


def by_nudges(name):
    """The gradient of a value, nudged entry by entry."""
    return gradcheck.numerical_gradient(lambda nudge: (dy * lines({name: nudge})["y"]).sum(), 0.0 * v[name])


dscaled = dy                                               # y = scaled + bias
compare("dscaled", dscaled, by_nudges("scaled"))
dbias = dy.sum(axis=0)                                     # bias was used by every row: its gradients add up
compare("dbias", dbias, by_nudges("bias"))
dx_hat = dscaled * scale                                   # scaled = x_hat * scale
compare("dx_hat", dx_hat, by_nudges("x_hat"))
dscale = (dscaled * x_hat).sum(axis=0)
compare("dscale", dscale, by_nudges("scale"))
drstd = (dx_hat * centered).sum(axis=-1, keepdims=True)    # x_hat = centered * rstd: one rstd for all C channels
compare("drstd", drstd, by_nudges("rstd"))
dvariance = drstd * -0.5 * rstd**3                         # rstd = (variance + EPS)^(-1/2)
compare("dvariance", dvariance, by_nudges("variance"))
dsquare = np.broadcast_to(dvariance / C, (ROWS, C))        # variance = mean of square
compare("dsquare", dsquare, by_nudges("square"))

# %% [markdown]
# `centered` is read by two lines, x_hat and square. Each sends a gradient back and the two are summed; with either
# alone the answer is plainly wrong. The same happens to x, which feeds both `mean` and `centered`.

# %%
from_x_hat, from_square = dx_hat * rstd, dsquare * 2.0 * centered
for branch, gradient in {"x_hat": from_x_hat, "square": from_square}.items():
    off = abs(gradient - by_nudges("centered")).max()
    print(f"  dcentered through {branch} alone is off by {off:.2f}")
    assert off > 0.01
dcentered = from_x_hat + from_square
compare("dcentered", dcentered, by_nudges("centered"))
dmean = -dcentered.sum(axis=-1, keepdims=True)             # centered = x - mean
compare("dmean", dmean, by_nudges("mean"))
dx = dcentered + dmean / C                                 # x feeds centered, and mean with a share of 1 / C
compare("dx", dx, by_nudges("x"))

# %% [markdown]
# ## The closed form
#
# Put drstd into dvariance, that into dcentered, and write centered = x_hat / rstd. With C the number of channels, a sum
# is C times a mean, and
#
#     drstd       = sum(dx_hat * centered)       = C * mean(dx_hat * x_hat) / rstd
#     dvariance   = -1/2 * rstd^3 * drstd        = -C/2 * rstd^2 * mean(dx_hat * x_hat)
#     from_square = 2 / C * centered * dvariance = -rstd * x_hat * mean(dx_hat * x_hat)
#     dmean / C   = -mean(dcentered)             = -rstd * mean(dx_hat)          since mean(x_hat) = 0
#
#     dx = rstd * (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat))
#
# In words: y does not change when x is shifted or stretched, so dx has no part along either direction, ones and x_hat;
# both are *projected out*. The part of a vector a along a vector u is u * sum(a * u) / sum(u * u). Along ones that is
# mean(a); along x_hat, whose mean square is 1, it is x_hat * mean(a * x_hat).


# %%
def closed_form(dy, scale):
    dx_hat = dy * scale
    shift, stretch = (x.mean(axis=-1, keepdims=True) for x in (dx_hat, dx_hat * x_hat))
    return rstd * (dx_hat - shift - x_hat * stretch)


compare("the closed form against the long one", closed_form(dy, scale), dx, rtol=1e-12)
along_shift, along_stretch = closed_form(dy, scale).sum(axis=-1), (closed_form(dy, scale) * centered).sum(axis=-1)
print("dx along a shift:", along_shift.round(12) + 0.0, " along a stretch:", along_stretch.round(5) + 0.0)
assert abs(along_shift).max() < 1e-12
assert abs(along_stretch).max() < 1e-4                     # not quite 0: EPS is not stretched

# %% [markdown]
# ## Why parameters must be off their starting values
#
# Here is a backward pass with a bug: it forgets that the variance depends on x. With dy = ones and scale = 1, where
# training starts, the true dx is zero, and so is the wrong one, since both project out the ones. Such a check learns
# nothing. Chapter 0 said it of dy; it holds for the parameters as well.


# %%
def without_variance(dy, scale):
    dx_hat = dy * scale
    return (dx_hat - dx_hat.mean(axis=-1, keepdims=True)) * rstd


ones = np.ones((ROWS, C)), np.ones(C)
print(f"dy = 1, scale = 1: the bug changes dx by {abs(without_variance(*ones) - closed_form(*ones)).max():.0e}")
print(f"both random      : the bug changes dx by {abs(without_variance(dy, scale) - dx).max():.2f}")
assert abs(without_variance(*ones) - closed_form(*ones)).max() < 1e-12
assert abs(without_variance(dy, scale) - dx).max() > 0.01

# %% [markdown]
# ## The Jacobian
#
# The table of all dy_j/dx_i is called the *Jacobian*. Feed backward with a dy that is 1 at output j and 0 elsewhere,
# and row j of the table comes back. Nudge x along input i, and column i is how y moves: the four points of chapter 0,
# along a direction, are `gradcheck.directional_derivative(function, x, direction)`. Both ways give the same table, here
# for all 15 outputs and inputs: three blocks, one for each pixel, since no pixel looks at another. For a layer value by
# value, as in chapter 2, it is diagonal; for batch norm, in the next chapter, pixels will meet. In such pictures blue
# is positive, red is negative, and white is zero.

# %%
params = {"scale": scale, "bias": bias}
jacobian = np.zeros((ROWS * C, ROWS * C))                  # [output, input]
_, cache = layer_norm.forward(params, x)
for j in range(ROWS * C):
    one = np.zeros(ROWS * C)
    one[j] = 1.0
    jacobian[j] = layer_norm.backward(one.reshape(ROWS, C), cache)[0].ravel()
columns = [gradcheck.directional_derivative(lambda at: layer_norm.forward(params, at)[0].ravel(), x,
                                            np.eye(ROWS * C)[i].reshape(ROWS, C)) for i in range(ROWS * C)]
compare("rows by backward, columns by nudges", jacobian, np.stack(columns, axis=1))
blocks = np.kron(np.eye(ROWS), np.ones((C, C)))            # each value of eye times the ones: ones in three blocks
assert (jacobian[blocks == 0] == 0).all()

# %%
with picture(9.5, 4) as drawn:
    whole, one_row = drawn.subplots(1, 2, width_ratios=[1, 1.2])
    largest = abs(jacobian).max()
    seen = whole.imshow(jacobian, cmap="RdBu", vmin=-largest, vmax=largest)
    whole.set(title="Jacobian of layer norm, 3 pixels of 5 channels", xlabel="input", ylabel="output",
              xticks=range(0, ROWS * C, C), yticks=range(0, ROWS * C, C))
    drawn.colorbar(seen, ax=whole, shrink=0.8)
    positions = np.arange(C)
    for offset, (name, values) in enumerate({"dx_hat": dx_hat[0], "dx / rstd": (dx / rstd)[0],
                                             "x_hat": x_hat[0]}.items()):
        one_row.bar(positions + 0.27 * (offset - 1), values, 0.25, label=name)
    one_row.axhline(0, color="black", linewidth=0.5)
    one_row.set(title="one pixel: dx is dx_hat without its mean and its part along x_hat", xlabel="channel")
    one_row.title.set_fontsize(9)
    one_row.legend()

# %% [markdown]
# ## What the library runs
#
# `layer_norm` hands its scale and bias to `normalize`, an op that is told over what to take means: per "pixel". Its
# backward is the closed form. They agree with the long way to the last digits.

# %%
y, cache = layer_norm.forward(params, x)
dx_library, grads = layer_norm.backward(dy, cache)
for name, ours, library in [("y", v["y"], y), ("dx", dx, dx_library), ("dscale", dscale, grads["scale"]),
                            ("dbias", dbias, grads["bias"])]:
    compare(f"layer_norm, {name}", library, ours, rtol=1e-10)
compare("normalize", normalize.forward(x, scale, bias, "pixel", layer_norm.EPS)[0], y, rtol=1e-12)

# %% [markdown]
# ## Layers on layers
#
# A composite is a layer like any other: norm(gelu(linear(x))) here. Its backward is its forward read upwards, one call
# a line, and its params are a dict of dicts.


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

# %% [markdown]
# ## Exercise
#
# Write layer norm, both passes, in `tutorials/exercises/04_layer_norm.py`: the long way first if you like, then the
# closed form. If the mean's or the variance's own dependence on x is missing, the check will say which.
#
#     minihit learn check 04

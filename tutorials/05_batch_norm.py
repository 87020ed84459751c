# %% [markdown]
# # 5. Batch norm
#
# The same op along another axis, and everything about it changes: images begin to talk to each other, training and
# use differ, and something has to be remembered that no gradient moves. You need chapters 0 to 4.

# %%
import numpy as np

from minihit import gradcheck
from minihit.layers import batch_norm, layer_norm, norm
from minihit.ops import normalize, standardize
from minihit.ops.blend import blend
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# Two images of one pixel with one channel, 1 and 3. *Batch norm* takes off the mean *of the batch*, 2, and divides by
# the root of its variance, 1: they become -1 and 1. Now nudge the second image to 5. The mean becomes 3, the root of
# the variance 2, and they become -1 and 1 again. With two images nothing is left but which of both is larger, and every
# gradient by x is zero. With three, something gets through, and it depends on all three.


# %%
def normalized(x):
    """Over the batch, the first axis, without EPS, scale and bias."""
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0))


for batch in ([1.0, 3.0], [1.0, 5.0], [1.0, 5.0, 6.0], [1.0, 5.0, 9.0]):
    print(batch, "becomes", normalized(np.array(batch)).round(3))

# %% [markdown]
# ## Layer norm, lying on its side
#
# Write pixels of all images as rows, (rows, C). Layer norm takes means along rows, batch norm along columns: a mean and
# a variance for every channel, over all rows. So turn the table, take chapter 4's layer norm with scale 1 and bias 0,
# and turn back. Both are the op `normalize`, told to take means per "pixel" or per "channel". (Batch norm's EPS is a
# thousandth: give both the same.)

# %%
ROWS, C, EPS = 6, 3, batch_norm.EPS
x = 2.0 * rng.standard_normal((ROWS, C)) + 1.0
turned, _ = normalize.forward(x.T, np.ones(ROWS), np.zeros(ROWS), "pixel", EPS)
looped = np.empty_like(x)
for c in range(C):                                                        # the long way: a channel at a time
    column = x[:, c]
    looped[:, c] = (column - column.mean()) / np.sqrt(column.var() + EPS)
compare("layer norm of the turned table", turned.T, looped)
compare("normalize, per channel", normalize.forward(x, np.ones(C), np.zeros(C), "channel", EPS)[0], looped)

# %% [markdown]
# So its backward needs no new derivation, only other means. scale and bias are still one a channel:
#
#     dx     = rstd * (dx_hat - mean(dx_hat) - x_hat * mean(dx_hat * x_hat))        dx_hat = dy * scale
#     dscale = sum over rows of dy * x_hat                                           means over rows, a channel each
#     dbias  = sum over rows of dy
#
# A channel's dx has no part along ones and x_hat of that channel: three images have three values, and two directions
# are gone. With two images nothing is left, which is what the question saw.

# %%
scale, bias = 1.0 + 0.3 * rng.standard_normal((2, C))
dy = rng.standard_normal((ROWS, C))
rstd = (x.var(axis=0) + EPS) ** -0.5
x_hat, dx_hat = (x - x.mean(axis=0)) * rstd, dy * scale
dx = rstd * (dx_hat - dx_hat.mean(axis=0) - x_hat * (dx_hat * x_hat).mean(axis=0))


def forward(x, scale, bias):
    return scale * (x - x.mean(axis=0)) * (x.var(axis=0) + EPS) ** -0.5 + bias


print("by hand:")
compare("dx", dx, gradcheck.numerical_gradient(lambda x: (dy * forward(x, scale, bias)).sum(), x))
compare("dscale", (dy * x_hat).sum(axis=0), gradcheck.numerical_gradient(
    lambda scale: (dy * forward(x, scale, bias)).sum(), scale))
compare("dbias", dy.sum(axis=0), gradcheck.numerical_gradient(lambda bias: (dy * forward(x, scale, bias)).sum(), bias))

params = {"scale": scale, "bias": bias}
y, cache = batch_norm.forward(params, x)
dx_library, grads = batch_norm.backward(dy, cache)
print("minihit.layers.batch_norm:")
compare("y", y, forward(x, scale, bias))
compare("dx", dx_library, dx)
compare("dscale", grads["scale"], (dy * x_hat).sum(axis=0))

# %% [markdown]
# Of a batch of maps (B, H, W, C) all axes but the last are rows, the B images together: B * H * W values make one mean.
#
# ## Images talk
#
# The Jacobians side by side, of 6 rows with 3 channels. Layer norm's was blocks: a row stays alone. Batch norm's is
# stripes: a channel stays alone, and all rows meet. So dy of one image moves dx of every other. Whoever wants the
# gradient of one image alone cannot have a batch norm in between. The network of chapter 16, which judges images one by
# one, has none.


# %%
def jacobian(layer):
    _, cache = layer.forward(params, x)
    ones = np.eye(ROWS * C).reshape(-1, ROWS, C)
    return np.stack([layer.backward(one, cache)[0].ravel() for one in ones])


tables = {"layer norm: a pixel's channels meet": jacobian(layer_norm),
          "batch norm: a channel's pixels meet": jacobian(batch_norm)}
image, channel = np.divmod(np.arange(ROWS * C), C)                       # quotients and remainders: whose value it is
for table, stays in zip(tables.values(), (image, channel), strict=True):
    assert (abs(table[stays[:, None] != stays]) < 1e-12).all()
    assert (abs(table[stays[:, None] == stays]) > 1e-9).all()
with picture(9.5, 4.2) as drawn:
    for axes, (title, table) in zip(drawn.subplots(1, 2), tables.items(), strict=True):
        axes.imshow(table, cmap="RdBu", vmin=-abs(table).max(), vmax=abs(table).max())
        axes.set(title=title, xlabel="input: pixel 0, its 3 channels, pixel 1, ...", ylabel="output",
                 xticks=range(0, ROWS * C, C), yticks=range(0, ROWS * C, C))

# %% [markdown]
# ## In use
#
# A trained network should draw one picture without having to draw others beside it. So while training, batch norm keeps
# *running averages* of the means and variances that it meets, mostly the old and a hundredth of the new:
#
#     average = 0.99 * average + 0.01 * (the batch's)            blend(average, the batch's, 0.99) in minihit.ops
#
# In *evaluation*, when pictures are made and nothing is learned, these take the place of the batch's own. They are no
# parameters: no gradient reaches them. The library keeps them in a dict of their own, `averages`, which forward is
# given in evaluation and not in training. To *fold* a batch in is to move them by it: `fold(averages, cache)` returns
# the new ones.
#
# One correction: the mean of (x - mean)^2 over n values is too small as an estimate of the variance, by (n - 1) / n,
# since their own mean is nearer to them than the true one. So what is folded in is the *unbiased* n / (n - 1) times as
# much. In the normalisation itself it is the plain mean of squares, as above. Try it: means of many small batches of
# numbers with variance 1.

# %%
small = rng.standard_normal((100_000, 4))                                 # batches of four
plain = small.var(axis=1).mean()
print(f"around their own mean 4 values of variance 1 have {plain:.3f}; times 4/3 it is {plain * 4 / 3:.3f}")
assert abs(plain - 0.75) < 0.01

averages = {"mean": np.array([0.5, 0.0, -1.0]), "variance": np.array([1.0, 2.0, 3.0])}
_, cache = batch_norm.forward(params, x)
folded = batch_norm.fold(averages, cache)
by_hand = {"mean": 0.99 * averages["mean"] + 0.01 * x.mean(axis=0),
           "variance": 0.99 * averages["variance"] + 0.01 * x.var(axis=0) * ROWS / (ROWS - 1)}
for name in averages:
    compare(f"folded {name}", folded[name], by_hand[name])
compare("blend(average, value, keep) is that formula", blend(averages["mean"], x.mean(axis=0), 0.99), by_hand["mean"])

# %% [markdown]
# *Question.* Averages begin at mean 0 and variance 1. How many batches does it take until they have forgotten that?
# After k batches the start has weight 0.99^k: a third after 110, a hundredth after 460.

# %%
kept = {k: 0.99**k for k in (110, 460)}
print("weight of the start:", {k: round(weight, 3) for k, weight in kept.items()})
assert kept[460] < 0.01 < 0.3 < kept[110]

# %% [markdown]
# With given averages, x_hat = (x - mean) * rstd is a fixed stretch and shift: nothing about mean or rstd depends on x.
# So backward is chapter 2's, a slope: dx = dy * scale * rstd. The op is `standardize`. Using this backward in training
# is a classic mistake: forward is right, and shows nothing of it.

# %%
still = {**averages, "variance": averages["variance"] + 1.0}
y, cache = batch_norm.forward(params, x, still)
dx_still, grads = batch_norm.backward(dy, cache)
rstd_still = (still["variance"] + EPS) ** -0.5
print("in evaluation:")
compare("y", y, scale * (x - still["mean"]) * rstd_still + bias)
compare("dx", dx_still, dy * scale * rstd_still)
compare("standardize", standardize.forward(x, scale, bias, still["mean"], still["variance"], EPS)[0], y)
for row in gradcheck.check_layer(batch_norm, params, x, rng, averages=still):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")
alone, _ = batch_norm.forward(params, x[:1], still)
compare("one image alone is drawn as it is among others", alone, y[:1])

# %% [markdown]
# ## Which of both
#
# HiT can have either. `norm` is the layer that asks which: its last argument, How("batch") or How("layer"), also holds
# the averages in evaluation. Both have the same params. (A network of many norms is given one How, with the averages of
# all of them; how.at("name") is the How of the part of that name.)

# %%
compare("norm, batch", norm.forward(params, x, norm.How("batch"))[0], batch_norm.forward(params, x)[0])
compare("norm, layer", norm.forward(params, x, norm.How("layer"))[0], layer_norm.forward(params, x)[0])
compare("norm, batch, in evaluation", norm.forward(params, x, norm.How("batch", still))[0], y)
whole = norm.How("batch", {"first": averages, "second": still})
compare("the averages of a part", norm.forward(params, x, whole.at("second"))[0], y)
y, cache = norm.forward(params, x, norm.How("batch"))
compare("its backward remembers which it was", norm.backward(dy, cache)[0], dx)

# %% [markdown]
# ## Exercise
#
# Write batch norm for training and for evaluation, and `fold`, in `tutorials/exercises/05_batch_norm.py`.
#
#     minihit learn check 05

# %% [markdown]
# # 16. The discriminator
#
# The network that looks at a picture and answers with one number, the *logit*: large for "a real face", small for
# "drawn by a network". It is built of chapters 14 and 15, and it has a property that the next chapters live on: it
# looks at one picture at a time, and it never bends, it only has kinks. You need chapters 0 to 3, and 12 to 15.

# %%
import math

import numpy as np

from minihit import gradcheck, tree
from minihit.data.dataset import BuiltInFaces
from minihit.layers import conv2d, linear, residual_downsample
from minihit.models import discriminator
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.ops import blur_downsample, join, leaky_relu
from minihit.show.images import to_float, to_uint8
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# Two branches, each with values of variance 1 that know nothing of each other. What is the variance of their sum? 2.
# After ten such sums it would be 1024. So the library's `join` divides by the root of 2: y = (main + skip) / sqrt(2)
# has variance 1 again. Its backward? Each branch gets dy / sqrt(2).

# %%
main, skip = rng.standard_normal((2, 100_000))
y, cache = join.forward(main, skip)
print(f"variance of the sum {(main + skip).var():.2f}, of the join {y.var():.2f}")
dy = rng.standard_normal(5)
for name, dbranch in zip(("dmain", "dskip"), join.backward(dy, cache), strict=True):
    compare(name, dbranch, dy / math.sqrt(2.0))
assert abs(y.var() - 1.0) < 0.02

# %% [markdown]
# ## A block
#
# Each block halves the map and changes its channels, along two ways that meet in a join:
#
#     main = leaky(conv2(halve(leaky(conv1(x)))))            conv1 and conv2 are 3 x 3
#     skip = conv_skip(halve(x))                             1 x 1, without a bias
#     y    = join(main, skip)                                (B, H/2, W/2, C')
#
# x is read twice. There is no norm in it: images must not talk. In the library it is `residual_downsample`. Upwards and
# downwards:


# %%
def block_forward(params, x):
    cache = {}
    h, cache["conv1"] = conv2d.forward(params["conv1"], x)
    h, cache["relu1"] = leaky_relu.forward(h)
    h, cache["down"] = blur_downsample.forward(h)
    h, cache["conv2"] = conv2d.forward(params["conv2"], h)
    main, cache["relu2"] = leaky_relu.forward(h)
    small, cache["small"] = blur_downsample.forward(x)
    skip, cache["skip"] = conv2d.forward(params["skip"], small)
    return (main + skip) / math.sqrt(2.0), cache


def block_backward(dy, cache):
    grads = {}
    dbranch = dy / math.sqrt(2.0)
    dsmall, grads["skip"] = conv2d.backward(dbranch, cache["skip"])
    dx_skip = blur_downsample.backward(dsmall, cache["small"])
    dh = leaky_relu.backward(dbranch, cache["relu2"])
    dh, grads["conv2"] = conv2d.backward(dh, cache["conv2"])
    dh = blur_downsample.backward(dh, cache["down"])
    dh = leaky_relu.backward(dh, cache["relu1"])
    dx_main, grads["conv1"] = conv2d.backward(dh, cache["conv1"])
    return dx_main + dx_skip, grads


def flat(arrays, like):
    """All leaves in one long array, in the order of the leaves of `like`, a tree with the same keys."""
    return tree.gather(arrays, like, np.empty(tree.size(like)))


x = rng.standard_normal((2, 8, 8, 3))
params = gradcheck.perturb(residual_downsample.init(rng, 3, 5), rng)
y, cache = block_forward(params, x)
y_library, cache_library = residual_downsample.forward(params, x)
dy = rng.standard_normal(y.shape)
dx, grads = block_backward(dy, cache)
dx_library, grads_library = residual_downsample.backward(dy, cache_library)
print("residual_downsample:")
compare("y", y_library, y)
compare("dx", dx_library, dx)
compare("the gradients of all leaves", flat(grads_library, params), flat(grads, params))
for row in gradcheck.check_layer(residual_downsample, params, x, rng):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")

# %% [markdown]
# ## From image to logit
#
# A `DiscriminatorConfig` gives the channels of the maps, side by side from the image's down to 4. A convolution first
# (the *stem*), then blocks until the map is 4 x 4, one more convolution, and two linear layers, the
# first of which reads all 4 x 4 x C values at once.


# %%
def forward(params, images):
    cache = {"blocks": []}
    x, cache["stem"] = conv2d.forward(params["stem"], images)
    x, cache["stem_relu"] = leaky_relu.forward(x)
    for block in params["blocks"]:
        x, block_cache = block_forward(block, x)
        cache["blocks"].append(block_cache)
    x, cache["conv"] = conv2d.forward(params["conv"], x)
    x, cache["conv_relu"] = leaky_relu.forward(x)
    x, cache["dense"] = linear.forward(params["dense"], x)                # weight (4, 4, C, C)
    x, cache["dense_relu"] = leaky_relu.forward(x)
    logits, cache["logit"] = linear.forward(params["logit"], x)
    return logits[:, 0], cache


def backward(dlogits, cache):
    grads = {"blocks": []}
    dx, grads["logit"] = linear.backward(dlogits[:, None], cache["logit"])
    dx = leaky_relu.backward(dx, cache["dense_relu"])
    dx, grads["dense"] = linear.backward(dx, cache["dense"])
    dx = leaky_relu.backward(dx, cache["conv_relu"])
    dx, grads["conv"] = conv2d.backward(dx, cache["conv"])
    for block_cache in reversed(cache["blocks"]):
        dx, block = block_backward(dx, block_cache)
        grads["blocks"].insert(0, block)
    dx = leaky_relu.backward(dx, cache["stem_relu"])
    dimages, grads["stem"] = conv2d.backward(dx, cache["stem"])
    return dimages, grads


config = DiscriminatorConfig(channels=(8, 12, 16, 16))                    # at sides 32, 16, 8, 4
params = gradcheck.perturb(discriminator.init(rng, config), rng, 0.02)
images = to_float(BuiltInFaces(32, 0).take(0, 4)).astype(np.float64)
logits, cache = forward(params, images)
logits_library, cache_library = discriminator.forward(params, images, config)
dlogits = rng.standard_normal(4)
dimages, grads = backward(dlogits, cache)
dimages_library, grads_library = discriminator.backward(dlogits, cache_library)
print(f"the discriminator, {tree.size(params):,} numbers; logits of four faces:", logits.round(2))
compare("logits", logits_library, logits)
compare("dimages", dimages_library, dimages)
compare("the gradients of all leaves", flat(grads_library, params), flat(grads, params))
numbers = flat(params, params)
direction = rng.standard_normal(numbers.shape)
slope = gradcheck.directional_derivative(
    lambda numbers: (dlogits * forward(tree.views(numbers, params), images)[0]).sum(), numbers, direction, 1e-7)
compare("along a direction through all numbers, by short nudges", flat(grads, params) @ direction, slope, rtol=1e-5)

# %% [markdown]
# ## Alone, and without bends
#
# Change image 0, and only logit 0 moves. And between two kinks nothing bends: walk along a straight line through the
# space of images, and the logit is a broken line, straight in pieces. So its slope along the line is constant until,
# somewhere, one of the leaky ReLUs changes sides.

# %%
moved = images.copy()
moved[0] += 0.1
changed = np.flatnonzero(forward(params, moved)[0] != logits)
print("logits that change with image 0:", changed)
assert changed.tolist() == [0]
steps = np.linspace(0.0, 1e-5, 6)
along = rng.standard_normal(images[:1].shape)
walk = np.array([forward(params, images[:1] + step * along)[0][0] for step in steps])
print("second differences of a short walk:", np.diff(walk, 2))
compare("its slope is one slope", np.diff(walk) / np.diff(steps), np.full(5, (walk[-1] - walk[0]) / steps[-1]))

# %% [markdown]
# ## Equalised learning rate
#
# An option, off by default (Karras et al. 2018): every kernel is divided by the root of its *fan-in*, the number of
# values that an output sums, when it is used, and starts with variance 1. Then all kernels are about as large, and one
# learning rate suits them all. y depends on the stored weight only through weight * c, so its gradient is multiplied by
# c, too: diagonal, so its own backward.

# %%
equalised = discriminator.equalize(params)
factor = 1.0 / math.sqrt(3 * 3 * 3)                                       # the stem's kernel sums 3 x 3 x 3 values
compare("the stem's kernel as it is used", equalised["stem"]["weight"], params["stem"]["weight"] * factor)
small = DiscriminatorConfig(channels=(4, 4), equalized=True)
little = gradcheck.perturb(discriminator.init(rng, small), rng)
logits_small, small_cache = discriminator.forward(little, images[:2, ::4, ::4], small)
_, little_grads = discriminator.backward(np.ones(2), small_cache)
nudged = gradcheck.directional_derivative(lambda weight: discriminator.forward(
    {**little, "stem": {**little["stem"], "weight": weight}}, images[:2, ::4, ::4], small)[0].sum(),
    little["stem"]["weight"], np.ones((3, 3, 3, 4)), 1e-7)
compare("its gradient, with the factor", little_grads["stem"]["weight"].sum(), nudged, rtol=1e-5)

# %% [markdown]
# ## What it looks at
#
# The gradient of a logit by its image is an image. Where it is large, the discriminator looks. Start a backward pass
# not from the logit but from a single value inside, and the region that it can see at all, its *receptive field*,
# lights up: 3 x 3 pixels behind the stem, then larger with every block. This network has not learned anything; its
# weights are random, so it looks everywhere.


# %%
def seen_from(block):
    """(32, 32): |gradient| of the middle value of the map that a block makes, by image 0."""
    cache = forward(params, images[:1])[1]
    side = 16 >> block
    dx = np.zeros((1, side, side, config.channels[block + 1]))
    dx[0, side // 2, side // 2, 0] = 1.0
    for block_cache in reversed(cache["blocks"][:block + 1]):
        dx, _ = block_backward(dx, block_cache)
    dx = leaky_relu.backward(dx, cache["stem_relu"])
    return abs(conv2d.backward(dx, cache["stem"])[0][0]).sum(axis=-1)


fields = {f"block {block}": seen_from(block) for block in range(3)}
fields["the logit"] = abs(backward(np.ones(4), cache)[0][0]).sum(axis=-1)
widths = {name: int((field > 0).any(axis=0).sum()) for name, field in fields.items()}
print("columns of the image that a value sees:", widths)
assert list(widths.values()) == sorted(widths.values())
assert widths["block 0"] < 16 < widths["the logit"] == 32
with picture(11, 2.6) as drawn:
    panels = drawn.subplots(1, 5)
    panels[0].imshow(to_uint8(images[0]))
    panels[0].set_title("image", fontsize=9)
    for axes, (name, field) in zip(panels[1:], fields.items(), strict=True):
        axes.imshow(np.log10(np.maximum(field / field.max(), 1e-4)), cmap="magma")
        axes.set_title(f"seen from {name}", fontsize=9)
    for axes in panels:
        axes.set_axis_off()

# %% [markdown]
# ## Exercise
#
# Write the backward pass of the discriminator's block in `tutorials/exercises/16_the_discriminator.py`: dx, and the
# gradient at the output of each of its convolutions.
#
#     minihit learn check 16

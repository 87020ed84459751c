# %% [markdown]
# # 12. Moving pixels
#
# A generator begins with a small map and ends with a large image. HiT grows without a single weight: one layer turns
# channels into pixels, another copies pixels. Both are linear, and their backward passes are found, and checked, by one
# equation that holds for every linear layer there is. You need chapters 0 to 3.

# %%
from types import SimpleNamespace

import numpy as np

from minihit import gradcheck
from minihit.ops import pixel_shuffle, upsample
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# *Pixel shuffle* spreads the channels of a pixel over a square of 2 x 2. A pixel with the four channels [1, 2, 3, 4]
# becomes
#
#     1 2
#     3 4
#
# and a pixel with eight channels becomes four pixels of two: the first two channels go to the upper left. So a map (B,
# H, W, C) becomes (B, 2H, 2W, C/4), and no number is lost or made. What is the gradient of channel 5, if dy is 10 at
# the lower left pixel's second channel and 0 elsewhere? Channels 4 and 5 are the lower left pixel: 10.

# %%
pixel = np.arange(1.0, 5.0).reshape(1, 1, 1, 4)
print(pixel_shuffle.forward(pixel)[0][0, :, :, 0])
dy = np.zeros((1, 2, 2, 2))
dy[0, 1, 0, 1] = 10.0
print("dx =", pixel_shuffle.backward(dy, {})[0, 0, 0])
assert pixel_shuffle.backward(dy, {})[0, 0, 0, 5] == 10.0

# %% [markdown]
# ## By loops
#
# Channel (i * 2 + j) * C/4 + c of pixel (h, w) goes to channel c of pixel (2h + i, 2w + j). This is the order of
# TensorFlow, in which HiT was written; PyTorch's is c * 4 + i * 2 + j. A trained network reads nonsense in the other.

# %%
B, H, W, C = 2, 3, 4, 8
x = rng.standard_normal((B, H, W, C))
shuffled = np.empty((B, 2 * H, 2 * W, C // 4))
for h, w, i, j, c in np.ndindex(H, W, 2, 2, C // 4):
    shuffled[:, 2 * h + i, 2 * w + j, c] = x[:, h, w, (i * 2 + j) * (C // 4) + c]
compare("pixel shuffle", pixel_shuffle.forward(x)[0], shuffled)

# %% [markdown]
# Without loops it is a reshape, an exchange of two axes, and a reshape: (H, W, 2, 2, C/4) has the two new axes behind
# both old ones, (H, 2, W, 2, C/4) has each behind its own. Values only move, so by chapter 9 the backward moves them
# back: the transpose of a matrix with a single 1 in each row and column is its inverse.

# %%
by_axes = x.reshape(B, H, W, 2, 2, C // 4).swapaxes(2, 3).reshape(B, 2 * H, 2 * W, C // 4)
compare("by axes", by_axes, shuffled)
dy = rng.standard_normal(shuffled.shape)
dx = dy.reshape(B, H, 2, W, 2, C // 4).swapaxes(2, 3).reshape(B, H, W, C)
compare("backward", pixel_shuffle.backward(dy, {}), dx)
compare("backward of forward", pixel_shuffle.backward(shuffled, {}), x)

# %% [markdown]
# ## One equation for all linear layers
#
# A layer is *linear* if y = A x for some matrix A, all values in a long column. Then dx = A^T dy. With <a, b> for the
# sum of all products a_i b_i,
#
#     <A x, dy>  =  <x, A^T dy>            for all x and dy
#
# since both sides are the sum over i and j of dy_j A_ji x_i. So you can check a backward without any nudge: draw x and
# dy, run both passes, compare two numbers, in float32 too. Whoever fits the equation for all x and dy is the transpose;
# there is only one.


# %%
def two_sides(op, x):
    y, cache = op.forward(x)
    dy = rng.standard_normal(y.shape)
    return (y * dy).sum(), (x * op.backward(dy, cache)).sum()


torch_order = SimpleNamespace(forward=pixel_shuffle.forward, backward=lambda dy, cache: dy.reshape(
    B, H, 2, W, 2, C // 4).transpose(0, 1, 3, 5, 2, 4).reshape(B, H, W, C))
left, right = two_sides(pixel_shuffle, x)
compare("<A x, dy> and <x, A^T dy>", left, right)
left, right = two_sides(torch_order, x)
print(f"backward with the other order of channels: {left:.3f} against {right:.3f}")
assert abs(left - right) > 0.01

# %% [markdown]
# ## Copying pixels
#
# `upsample` makes every pixel a square of 2 x 2 equal ones. Forward copies, so backward sums the four. That is *not*
# its inverse: A^T A = 4, since each value goes to four places and is collected from four.

# %%
image = rng.standard_normal((B, H, W, 3))
large, cache = upsample.forward(image)
copied = np.empty((B, 2 * H, 2 * W, 3))
for row, column in np.ndindex(2 * H, 2 * W):
    copied[:, row, column] = image[:, row // 2, column // 2]
compare("upsample", large, copied)
dlarge = rng.standard_normal(large.shape)
dimage = np.zeros_like(image)
for row, column in np.ndindex(2 * H, 2 * W):
    dimage[:, row // 2, column // 2] += dlarge[:, row, column]
compare("backward sums", upsample.backward(dlarge, cache), dimage)
compare("A^T A = 4", upsample.backward(large, cache), 4.0 * image)
left, right = two_sides(upsample, image)
compare("<A x, dy> and <x, A^T dy>", left, right)
for name, op, inputs in [("pixel_shuffle", pixel_shuffle, x), ("upsample", upsample, image)]:
    (row,) = gradcheck.check_layer(op, None, inputs, rng)
    print(f"  {name} by nudges: error {row.share:.0e} of the allowed")

# %% [markdown]
# ## An image that grows
#
# HiT paints at several sizes. Each of its last stages adds its colours to what is there, doubled: image =
# upsample(image) + colours. What does a pixel of the smallest image get back, if dy is 1 everywhere in the largest, two
# doublings later? The sum of 16 ones.

# %%
sizes = [rng.standard_normal((1, 4 << i, 4 << i, 3)) for i in range(3)]   # colours of 4 x 4, 8 x 8, 16 x 16
image = sizes[0]
for colours in sizes[1:]:
    image = upsample.forward(image)[0] + colours
dimage, back = np.ones_like(image), []
for colours in reversed(sizes):
    back.insert(0, dimage)                                                # the colours of this size get what is here
    dimage = upsample.backward(dimage, {}) if colours.shape[1] > 4 else None
print("gradient of each size's colours:", [float(dcolours[0, 0, 0, 0]) for dcolours in back])
assert [float(dcolours.max()) for dcolours in back] == [16.0, 4.0, 1.0]


# %%
def matrix(op, shape):
    """A, column by column: what each value of an image of that shape becomes."""
    size = int(np.prod(shape))
    return np.stack([op.forward(one.reshape(1, *shape))[0].ravel() for one in np.eye(size)], axis=1)


shuffle, copy = matrix(pixel_shuffle, (2, 2, 4)), matrix(upsample, (2, 2, 1))
assert (shuffle.T @ shuffle == np.eye(16)).all()
assert (copy.T @ copy == 4 * np.eye(4)).all()
with picture(11, 3) as drawn:
    before, after, matrix_axes, copy_axes = drawn.subplots(1, 4, width_ratios=[1.7, 1, 1, 0.6])
    numbers = np.arange(16.0).reshape(1, 2, 2, 4)
    stacked = np.concatenate([np.concatenate([numbers[0, :, :, c], np.full((2, 1), np.nan)], axis=1)
                              for c in range(4)], axis=1)
    for axes, table, title in [(before, stacked, "2 x 2 pixels, channels 0 to 3"),
                               (after, pixel_shuffle.forward(numbers)[0][0, :, :, 0], "shuffled: 4 x 4, one channel")]:
        axes.imshow(table, cmap="viridis", vmin=0, vmax=15)
        for (row, column), value in np.ndenumerate(table):
            axes.text(column, row, "" if np.isnan(value) else f"{value:.0f}", ha="center", va="center", color="white")
        axes.set_title(title, fontsize=9)
        axes.set_axis_off()
    matrix_axes.imshow(shuffle, cmap="Greys")
    matrix_axes.set_title("A of pixel shuffle", fontsize=9)
    copy_axes.imshow(copy, cmap="Greys")
    copy_axes.set_title("A of upsample", fontsize=9)

# %% [markdown]
# ## Exercise
#
# Write pixel shuffle and upsample, both passes, in `tutorials/exercises/12_moving_pixels.py`.
#
#     minihit learn check 12

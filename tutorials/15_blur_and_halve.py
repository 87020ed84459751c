# %% [markdown]
# # 15. Blur and halve
#
# To judge a picture as a whole, a discriminator makes it smaller, again and again. The obvious way, every second pixel,
# is wrong in the forward pass *and* in the backward pass, and the cure for both is the same small blur. You need
# chapters 0 to 3, 12 and 14.

# %%
import numpy as np

from minihit import gradcheck
from minihit.ops import average_downsample, blur_downsample, upsample
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# A row of pixels goes up and down, [1, 0, 1, 0, 1, 0]: at a distance, grey. Keep every second pixel. What is seen?
# White: [1, 1, 1]. Move the picture by one pixel: black. That a pattern which is too fine for the smaller picture turns
# up in it as something else is called *aliasing*. Now mix each pixel with its neighbours first, with weights that add
# up to one, and only then keep every second: grey, wherever the picture stands.

# %%
stripes = np.array([1.0, 0.0] * 6)
TAPS = np.array([1.0, 3.0, 3.0, 1.0]) / 8                                 # three times [1 1] / 2, one after the other


def blur_and_halve(row):
    """One row (W,), W even: y_i mixes x_{2i-1}, x_{2i}, x_{2i+1}, x_{2i+2}; zeros outside."""
    padded = np.pad(row, 1)
    return np.array([padded[2 * i:2 * i + 4] @ TAPS for i in range(len(row) // 2)])


print("every second pixel:", stripes[::2], "or, moved by one,", stripes[1::2])
print("blurred and halved:", blur_and_halve(stripes), "or, moved by one,", blur_and_halve(1.0 - stripes))
compare("inside the row all is grey", blur_and_halve(stripes)[1:-1], np.full(4, 0.5))

# %% [markdown]
# The weights [1 3 3 1] / 8, here called *taps*, take two steps: blur with a kernel of four, and keep every second, a
# *stride* of two. Both are linear, so all is one matrix, whose rows are the taps, each two pixels further to the right.
#
# ## The way back
#
# Whose taps did pixel x_j meet? Even pixels j = 2i: y_i's second tap, 3/8, and y_{i-1}'s fourth, 1/8. Odd pixels j = 2i
# + 1: y_i's third, 3/8, and y_{i+1}'s first, 1/8. So dx is: write dy to every second place with zeros between, and
# blur.
#
#     dx_2i    =  3/8 dy_i + 1/8 dy_{i-1}            dx_{2i+1}  =  3/8 dy_i + 1/8 dy_{i+1}
#
# Every pixel gets half a dy in all. Without the blur, even pixels get dy_i and odd ones *nothing*: whoever learns from
# this gradient learns every second pixel. In a picture that shows as a chessboard.

# %%
WIDTH = 12
A = np.stack([blur_and_halve(one) for one in np.eye(WIDTH)], axis=1)      # (6, 12)
dy = rng.standard_normal(WIDTH // 2)
spread = np.zeros(WIDTH)
for i in range(WIDTH // 2):                                               # the long way
    for tap in range(4):
        j = 2 * i + tap - 1
        if 0 <= j < WIDTH:
            spread[j] += TAPS[tap] * dy[i]
compare("A^T dy", A.T @ dy, spread)
compare("by nudges", spread, gradcheck.numerical_gradient(lambda x: (dy * blur_and_halve(x)).sum(), np.ones(WIDTH)))
zeros_between = np.zeros(WIDTH)
zeros_between[::2] = dy
compare("zeros between, then the taps", np.convolve(zeros_between, TAPS)[1:WIDTH + 1], spread)
print("what dy = 1 everywhere sends back:", A.T @ np.ones(WIDTH // 2))
assert (A.T @ np.ones(WIDTH // 2))[1:-1].tolist() == [0.5] * (WIDTH - 2)

# %% [markdown]
# ## In two dimensions
#
# The same along rows and along columns: 16 taps, the products of two each, which add up to one. `blur_downsample` takes
# (B, H, W, C) to half of both; each channel by itself. By loops:

# %%
x = rng.standard_normal((2, 6, 8, 3))
y, cache = blur_downsample.forward(x)
dy = rng.standard_normal(y.shape)
looped, dx = np.zeros(y.shape), np.zeros(x.shape)
for i, j, a, b in np.ndindex(*y.shape[1:3], 4, 4):
    row, column = 2 * i + a - 1, 2 * j + b - 1
    if 0 <= row < 6 and 0 <= column < 8:
        looped[:, i, j] += TAPS[a] * TAPS[b] * x[:, row, column]
        dx[:, row, column] += TAPS[a] * TAPS[b] * dy[:, i, j]
compare("y", y, looped)
compare("dx", blur_downsample.backward(dy, cache), dx)
left, right = (y * dy).sum(), (x * blur_downsample.backward(dy, cache)).sum()
compare("<A x, dy> and <x, A^T dy>, chapter 12", left, right)
along_rows = np.apply_along_axis(blur_and_halve, 2, np.apply_along_axis(blur_and_halve, 1, x))
compare("one axis after the other", along_rows, y)
for name, shape in {"even": (2, 6, 8, 3), "odd": (2, 5, 7, 3)}.items():   # an odd side is padded by two at its end
    (row,) = gradcheck.check_layer(blur_downsample, None, rng.standard_normal(shape), rng)
    print(f"  sides that are {name}: error {row.share:.0e} of the allowed")

# %% [markdown]
# ## The mean of four
#
# A plainer blur is the mean of each square of 2 x 2, `average_downsample`. Its backward gives each of the four a
# quarter: the upsampling of chapter 12, over four. It is cheap, and lets more of what is too fine through.

# %%
mean, cache = average_downsample.forward(x)
dmean = rng.standard_normal(mean.shape)
compare("the mean of four", mean, x.reshape(2, 3, 2, 4, 2, 3).mean(axis=(2, 4)))
compare("backward", average_downsample.backward(dmean, cache), upsample.forward(dmean)[0] / 4)


# %%
def response(filtered):
    """How much of a wave of each frequency is left after halving: its largest value, over all places."""
    at, kept = np.arange(256), []
    for frequency in np.linspace(0.0, 0.5, 51):                           # waves per pixel; 0.25 is the most that fits
        waves = [filtered(np.cos(2 * np.pi * frequency * at + phase)) for phase in np.linspace(0, np.pi, 16)]
        kept.append(max(abs(wave[4:-4]).max() for wave in waves))
    return np.array(kept)


ways = {"every second pixel": lambda row: row[::2], "mean of pairs": lambda row: (row[::2] + row[1::2]) / 2,
        "[1 3 3 1] / 8": blur_and_halve}
kept = {name: response(way) for name, way in ways.items()}
print("left of the finest stripes:", {name: round(float(row[-1]), 3) for name, row in kept.items()})
print("left at 3/8, which would turn up as 1/4:", {name: round(float(row[38]), 2) for name, row in kept.items()})
assert kept["[1 3 3 1] / 8"][38] < kept["mean of pairs"][38] < kept["every second pixel"][38]

lit = np.zeros((1, 12, 12, 1))
lit[0, 5, 5, 0] = 1.0
small, cache = blur_downsample.forward(lit)
lit_dy = np.zeros_like(small)
lit_dy[0, 3, 3, 0] = 1.0
with picture(12, 3) as drawn:
    waves, there, back, blurred, plain = drawn.subplots(1, 5, width_ratios=[1.5, 1, 1, 1, 1])
    for name, row in kept.items():
        waves.plot(np.linspace(0, 0.5, 51), row, label=name)
    waves.axvspan(0.25, 0.5, color="0.9")
    waves.set(title="what is left of a wave; grey: too fine", xlabel="waves per pixel")
    waves.legend(fontsize=7)
    unblurred = np.zeros((12, 12))
    unblurred[::2, ::2] = 1.0
    for axes, (title, table) in zip((there, back, blurred, plain), {
        "a lit pixel, halved": small[0, ..., 0],
        "a lit dy, sent back": blur_downsample.backward(lit_dy, cache)[0, ..., 0],
        "dy = 1, sent back": blur_downsample.backward(np.ones_like(small), cache)[0, ..., 0],
        "the same without the blur": unblurred,
    }.items(), strict=True):
        axes.imshow(table, cmap="viridis", vmin=0)
        axes.set_title(title, fontsize=9)
        axes.set_axis_off()
    waves.title.set_fontsize(9)

# %% [markdown]
# ## Exercise
#
# Write the backward pass of `blur_downsample` in `tutorials/exercises/15_blur_and_halve.py`. <A x, dy> = <x, A^T dy> is
# your friend, and the border your enemy.
#
#     minihit learn check 15

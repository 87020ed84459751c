# %% [markdown]
# # 14. Convolution
#
# The generator has none; the network that judges its pictures is made of them. A convolution looks at every pixel and
# its neighbours through the same small table of weights. It is linear, so chapter 12 says what its backward is: the
# transpose. Here is what that looks like. You need chapters 0 to 3, and 12.

# %%
import numpy as np

from minihit import gradcheck
from minihit.data.dataset import BuiltInFaces
from minihit.layers import conv2d as conv2d_layer
from minihit.ops import conv2d
from minihit.show.images import to_float
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# One row of pixels, x = [1, 2, 3], and a *kernel* k = [10, 1, 100]. Each output is 10 times its left neighbour, once
# itself and 100 times its right neighbour; outside there are zeros:
#
#     y = [1 + 200, 10 + 2 + 300, 20 + 3] = [201, 312, 23]
#
# How much does sum(dy * y) move with x_1, the 2? It is the right neighbour of y_0, so 100; it is y_1's own pixel, 1; it
# is the left neighbour of y_2, 10. So dx_1 = 100 dy_0 + 1 dy_1 + 10 dy_2: the kernel again, but *turned around*. Who is
# my right neighbour has me on its left.


# %%
def slide(x, k):
    """One row x (W,), a kernel (3,)."""
    padded = np.pad(x, 1)
    return np.array([padded[i:i + 3] @ k for i in range(len(x))])


x, k, dy = np.array([1.0, 2.0, 3.0]), np.array([10.0, 1.0, 100.0]), np.array([1.0, 2.0, 4.0])
print("y =", slide(x, k), " dx =", slide(dy, k[::-1]))
compare("dx is dy seen through the kernel turned around", slide(dy, k[::-1]), gradcheck.numerical_gradient(
    lambda x: (dy * slide(x, k)).sum(), x))

# %% [markdown]
# As a matrix on the row, the kernel stands in every row of A, each time one further to the right; in A^T the same
# numbers stand in every row in the opposite order.

# %%
WIDTH = 8
A = np.stack([slide(one, k) for one in np.eye(WIDTH)], axis=1)            # column i: what a lit pixel i becomes
backwards = np.stack([slide(one, k[::-1]) for one in np.eye(WIDTH)], axis=1)
compare("A^T", A.T, backwards)

# %% [markdown]
# ## With rows, columns and channels
#
# x is (B, H, W, C), the kernel weight (k, k, C, C'), k odd, here 3: for each of the 9 places around a pixel, a matrix
# that takes C channels to C'. (Signal processing turns the kernel around in the forward pass and calls that a
# convolution; networks don't, and call it so as well.)
#
#     y[h, w]  =  sum over i, j of  x[h + i - 1, w + j - 1] @ weight[i, j]
#
#     dx[h, w]       collects from every y that read it: y[h - i + 1, w - j + 1] through weight[i, j]
#     dweight[i, j]  was used at every pixel of every image: sum of x[h + i - 1, w + j - 1]^T dy[h, w]


# %%
def forward_by_loops(x, weight):
    (b, height, width, _), size = x.shape, len(weight)
    y, p = np.zeros((b, height, width, weight.shape[-1])), size // 2
    for h, w, i, j in np.ndindex(height, width, size, size):
        row, column = h + i - p, w + j - p
        if 0 <= row < height and 0 <= column < width:
            y[:, h, w] += x[:, row, column] @ weight[i, j]
    return y


def backward_by_loops(dy, x, weight):
    dx, dweight, size = np.zeros_like(x), np.zeros_like(weight), len(weight)
    for h, w, i, j in np.ndindex(*x.shape[1:3], size, size):
        row, column = h + i - size // 2, w + j - size // 2
        if 0 <= row < x.shape[1] and 0 <= column < x.shape[2]:
            dx[:, row, column] += dy[:, h, w] @ weight[i, j].T
            dweight[i, j] += x[:, row, column].T @ dy[:, h, w]
    return dx, dweight


x, weight = rng.standard_normal((2, 4, 5, 3)), rng.standard_normal((3, 3, 3, 2))
dy = rng.standard_normal((2, 4, 5, 2))
dx, dweight = backward_by_loops(dy, x, weight)
print("by loops:")
compare("dx", dx, gradcheck.numerical_gradient(lambda x: (dy * forward_by_loops(x, weight)).sum(), x))
compare("dweight", dweight, gradcheck.numerical_gradient(lambda w: (dy * forward_by_loops(x, w)).sum(), weight))

# %% [markdown]
# ## Nine products
#
# The sum over places (i, j) needs a loop of nine, the sum over pixels none: shift the whole map by (i - 1, j - 1), let
# zeros come in at the border, and multiply all pixels by weight[i, j] at once. The transposes:
#
#     dx       =  the convolution of dy with the kernel turned around, its channels exchanged: weight[::-1, ::-1]^T
#     dweight  =  for each place, (shifted x)^T dy, as linear's


# %%
def shifted(x, size):
    """(i, j, the map shifted so that the neighbour at (i, j) comes to each pixel)."""
    height, width = x.shape[1:3]
    padded = np.pad(x, ((0, 0), (size // 2,) * 2, (size // 2,) * 2, (0, 0)))
    return [(i, j, padded[:, i:i + height, j:j + width]) for i in range(size) for j in range(size)]


def convolve(x, weight):
    return sum(pixels @ weight[i, j] for i, j, pixels in shifted(x, len(weight)))


def rows(x):
    return x.reshape(-1, x.shape[-1])


print("by shifts:")
compare("y", convolve(x, weight), forward_by_loops(x, weight))
compare("dx", convolve(dy, weight[::-1, ::-1].swapaxes(2, 3)), dx)
by_places = np.stack([rows(pixels).T @ rows(dy) for _, _, pixels in shifted(x, 3)])       # (9, C, C')
compare("dweight", by_places.reshape(weight.shape), dweight)
for name, wrong in {"a kernel that is not turned": weight.swapaxes(2, 3),
                    "one turned around in rows alone": weight[::-1].swapaxes(2, 3)}.items():
    off = abs(convolve(dy, wrong) - dx).max()
    print(f"  dx with {name} is off by {off:.1f}, with the right shape")
    assert off > 0.1

# %% [markdown]
# ## One product
#
# Write the nine neighbours of each pixel side by side, (pixels, 9 C), and it *is* a linear layer with weight (9 C, C').
# This is how it is mostly computed. It needs nine times the memory, and one large product is quicker than nine small.

# %%
side_by_side = np.concatenate([rows(pixels) for _, _, pixels in shifted(x, 3)], axis=1)   # (B H W, 9 C)
compare("y as one product", side_by_side @ weight.reshape(-1, 2), rows(convolve(x, weight)))
compare("dweight as one product", (side_by_side.T @ rows(dy)).reshape(weight.shape), dweight)

# %% [markdown]
# ## The library
#
# `minihit.ops.conv2d` is the convolution, `minihit.layers.conv2d`, here `conv2d_layer`, has params with a bias as well.
# Their backward is in two halves that can be asked for apart, since the discriminator needs them at different times:
# `input_gradient` and `weight_gradient`.

# %%
y, cache = conv2d.forward(x, weight)
print("minihit.ops.conv2d:")
compare("y", y, convolve(x, weight))
compare("dx", conv2d.input_gradient(dy, cache), dx)
compare("dweight", conv2d.weight_gradient(dy, cache), dweight)
left, right = (y * dy).sum(), (x * conv2d.input_gradient(dy, cache)).sum()
compare("<A x, dy> and <x, A^T dy>, chapter 12", left, right)
params = gradcheck.perturb(conv2d_layer.init(rng, 3, 2), rng)
for row in gradcheck.check_layer(conv2d_layer, params, x, rng):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")

# %% [markdown]
# *Question.* What is a convolution with a kernel of 1 x 1? Each pixel through one matrix: the linear layer of chapter
# 1.

# %%
compare("1 x 1", convolve(x, weight[1:2, 1:2]), x @ weight[1, 1])

# %% [markdown]
# ## What kernels see
#
# A kernel answers where the picture looks like it. Left minus right finds upright edges. And its backward, fed with one
# lit output, paints the kernel at that place, as it is written: "make the picture look more so, and this output grows".
# Where dy is lit, dx shows what y wants to see. A network tells in this way what it looks for, chapter 16.

# %%
face = to_float(BuiltInFaces(32, 0).take(3, 1)).astype(np.float64).mean(axis=-1, keepdims=True)   # grey, (1, 32, 32, 1)
edge = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]).reshape(3, 3, 1, 1)
seen, cache = conv2d.forward(face, edge)
lit = np.zeros((1, 9, 9, 1))
lit[0, 4, 4, 0] = 1.0
forth, small_cache = conv2d.forward(lit, edge)
back = conv2d.input_gradient(lit, small_cache)
compare("a lit output paints the kernel as it is written", back[0, 3:6, 3:6, 0], edge[..., 0, 0])
compare("a lit input becomes the kernel turned around", forth[0, 3:6, 3:6, 0], edge[::-1, ::-1, 0, 0])
with picture(12, 2.7) as drawn:
    for axes, (title, table) in zip(drawn.subplots(1, 5), {
        "a face": face[0, ..., 0], "left minus right": seen[0, ..., 0],
        "lit input: what y becomes": forth[0, ..., 0], "lit dy: what dx becomes": back[0, ..., 0],
        "A of a row: kernel by kernel": A,
    }.items(), strict=True):
        limit = abs(table).max()
        axes.imshow(table, cmap="Greys_r" if title == "a face" else "RdBu", vmin=-limit, vmax=limit)
        axes.set_title(title, fontsize=9)
        axes.set_axis_off()

# %% [markdown]
# ## Exercise
#
# Write a convolution with bias, both passes, in `tutorials/exercises/14_convolution.py`. The kernel turned around and
# the border are where it goes wrong.
#
#     minihit learn check 14

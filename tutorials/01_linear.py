# %% [markdown]
# # 1. Linear
#
# Nearly all of a network's work, and nearly all of its parameters, are in layers of one kind: every output is a
# weighted sum of all inputs, plus a number of its own. Its backward pass has three gradients. Each is one line, and
# each line can be found twice: by looking at single numbers, and, quicker, by looking at shapes alone. You need
# chapter 0.

# %%
import numpy as np

from minihit import gradcheck
from minihit.layers import linear
from minihit.ops.column_sum import column_sum
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# Two inputs, three outputs. *weight* has a row for each input and a column for each output, *bias* an entry for each
# output:
#
#     x = [1, 2]      weight = [[1, 0,  2],      bias = [10, 20, 30]      y_j = sum_i x_i weight_ij + bias_j
#                               [3, -1, 1]]
#
# so y = [1 + 6 + 10, 0 - 2 + 20, 2 + 2 + 30] = [17, 18, 34]. Suppose that the loss rises by 1, 0 and 5 when y_0, y_1
# and y_2 rise by one: dy = [1, 0, 5]. What does it do when x_0 rises by one? Then y moves by row 0 of the weight,
# [1, 0, 2], and the loss by 1 * 1 + 0 * 0 + 5 * 2 = 11. And when weight_01 rises by one? Only y_1 moves, by x_0 = 1,
# and y_1 does not matter: 0.

# %%
x, dy = np.array([1.0, 2.0]), np.array([1.0, 0.0, 5.0])
weight, bias = np.array([[1.0, 0.0, 2.0], [3.0, -1.0, 1.0]]), np.array([10.0, 20.0, 30.0])


def loss(x, weight, bias):
    return (dy * (x @ weight + bias)).sum()


dx = gradcheck.numerical_gradient(lambda x: loss(x, weight, bias), x)
dweight = gradcheck.numerical_gradient(lambda weight: loss(x, weight, bias), weight)
print("y =", x @ weight + bias, " dx =", dx.round(6))
print("dweight =", dweight.round(6).tolist())
compare("the answers", np.array([dx[0], dweight[0, 1]]), np.array([11.0, 0.0]))

# %% [markdown]
# ## By index
#
# In y_j = sum_i x_i weight_ij + bias_j, look for each number's place on the right, and collect dy from every y_j on
# whose right side it stands:
#
#     x_i        stands in every y_j, times weight_ij         dx_i        =  sum_j dy_j weight_ij
#     weight_ij  stands in y_j alone, times x_i               dweight_ij  =  x_i dy_j
#     bias_j     stands in y_j alone, times 1                 dbias_j     =  dy_j
#
# A layer sees many x at once: the pixels of all images, each a row of the table x (rows, C), where C counts the
# *channels*, the numbers that one pixel carries. All rows use the same weight and bias. So these collect from all rows:
# their gradients are sums. That is a rule worth a name, *who is used many times adds up*, and chapter 3 is about it.


# %%
def backward_by_loops(dy, x, weight):
    """dy (rows, out), x (rows, in), weight (in, out)."""
    dx, dweight, dbias = np.zeros_like(x), np.zeros_like(weight), np.zeros(weight.shape[1])
    for row in range(len(x)):
        for j in range(weight.shape[1]):
            dbias[j] += dy[row, j]
            for i in range(weight.shape[0]):
                dx[row, i] += dy[row, j] * weight[i, j]
                dweight[i, j] += x[row, i] * dy[row, j]
    return dx, dweight, dbias


ROWS, IN, OUT = 4, 3, 2
x, dy = rng.standard_normal((ROWS, IN)), rng.standard_normal((ROWS, OUT))
weight, bias = rng.standard_normal((IN, OUT)), rng.standard_normal(OUT)
dx, dweight, dbias = backward_by_loops(dy, x, weight)
print("by loops:")
compare("dx", dx, gradcheck.numerical_gradient(lambda x: (dy * (x @ weight + bias)).sum(), x))
compare("dweight", dweight, gradcheck.numerical_gradient(lambda w: (dy * (x @ w + bias)).sum(), weight))
compare("dbias", dbias, gradcheck.numerical_gradient(lambda b: (dy * (x @ weight + b)).sum(), bias))

# %% [markdown]
# ## By shape
#
# Each loop is a matrix product. A sum over j of dy[row, j] weight[i, j] pairs row `row` of dy with row i of the weight:
# dy @ weight.T. A sum over rows of x[row, i] dy[row, j] pairs column i of x with column j of dy: x.T @ dy. In formulas
# W and b are short for weight and bias, and ^T says what .T says:
#
#     y = x W + b        dx = dy W^T        dW = x^T dy        db = sum of the rows of dy
#
# Nobody needs to remember this. dW must have the shape (in, out) of W, and there are only x (rows, in) and dy
# (rows, out) to make it of. Rows must vanish, so they are what is summed over: (in, rows) @ (rows, out). And dx (rows,
# in) from dy (rows, out) and W (in, out): `out` must vanish, (rows, out) @ (out, in). There is no other way to fit.

# %%
print("by products:")
compare("dx = dy W^T", dy @ weight.T, dx)
compare("dW = x^T dy", x.T @ dy, dweight)
compare("db = sum over rows", dy.sum(axis=0), dbias)


# %%
def rectangles(axes, shapes, title):
    """Draw matrices as rectangles of their shapes, left to right; shapes = {label: (rows, columns)}."""
    left = 0.0
    for label, shape in shapes.items():
        height, width = shape or (0, 0.6)                                 # a sign has no shape
        right, low, high = left + width, -height / 2, height / 2
        if shape:
            axes.fill([left, right, right, left], [low, low, high, high], facecolor="#cfe3f5", edgecolor="black")
        axes.text(left + width / 2, 0, label, ha="center", va="center", fontsize=12)
        left = right + 0.3
    axes.set(xlim=(-0.3, 12.5), ylim=(-3, 3), aspect="equal", title=title)
    axes.set_axis_off()


with picture(11, 2.6) as drawn:
    rows, c_in, c_out = 5, 3, 2
    left, middle, right = drawn.subplots(1, 3)
    rectangles(left, {"y": (rows, c_out), "=": (), "x": (rows, c_in), "@": (), "W": (c_in, c_out)},
               "forward: the inputs vanish")
    rectangles(middle, {"dx": (rows, c_in), "=": (), "dy": (rows, c_out), "@": (), "$W^T$": (c_out, c_in)},
               "dx: the outputs vanish")
    rectangles(right, {"dW": (c_in, c_out), "=": (), "$x^T$": (c_in, rows), "@": (), "dy": (rows, c_out)},
               "dW: the rows vanish")

# %% [markdown]
# ## The library's layer
#
# `minihit.layers.linear` has its parameters in a dict, *params* = {"weight", "bias"}, as all layers with parameters
# have, and its backward returns dx and a dict of gradients with the same keys:
#
#     y, cache  = linear.forward(params, x)
#     dx, grads = linear.backward(dy, cache)
#
# Such a dict, or one of such dicts, is called a *tree*, and an array in it a *leaf*. `check_layer` of chapter 0 checks
# x and every leaf. Each of its lines has a path, which says where the leaf is, a shape and a share.

# %%
params = {"weight": weight, "bias": bias}
y, cache = linear.forward(params, x)
dx_library, grads = linear.backward(dy, cache)
print("minihit.layers.linear:")
compare("y", y, x @ weight + bias)
compare("dx", dx_library, dx)
compare("dweight", grads["weight"], dweight)
compare("dbias", grads["bias"], dbias)
for row in gradcheck.check_layer(linear, params, x, rng):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")

# %% [markdown]
# ## More axes
#
# Images, and whatever layers make of them, are *maps* (B, H, W, C): B images of H rows and W columns of pixels with C
# channels. The B images that a step looks at together are a *batch*. For a linear layer all axes but the last are just
# rows, B * H * W of them; `reshape` says so and moves nothing. The output may have several axes, too. Attention, in
# chapters 7 and 8, has N *heads* of D numbers each, and the layer that makes them has weight (C, N, D) and bias (N, D).
# The layer that reads them has weight (N, D, C) and bias (C,). Nothing is new: axes in a row are one long axis.
#
# `np.einsum` names the axes by letters, those of each factor and behind the arrow those of the result; letters that do
# not come back there are summed over. The sum over all axes but the last, a bias's gradient, is used so often that it
# has a name in the library, `column_sum`. Each layer with params has an `init`: `linear.init(rng, inputs, outputs)`
# draws first values for them, with zeros for the bias; `gradcheck.perturb` moves all of them by random numbers, so that
# nothing is a zero that could hide a mistake.

# %%
B, H, W, C, N, D = 2, 3, 4, 6, 2, 3
x = rng.standard_normal((B, H, W, C))
heads = gradcheck.perturb(linear.init(rng, C, (N, D)), rng)
y, cache = linear.forward(heads, x)
dy = rng.standard_normal(y.shape)
dx, grads = linear.backward(dy, cache)
print("heads: x", x.shape, "weight", heads["weight"].shape, "-> y", y.shape)
compare("y", y, np.einsum("bhwc,cnd->bhwnd", x, heads["weight"]) + heads["bias"])
compare("dx", dx, np.einsum("bhwnd,cnd->bhwc", dy, heads["weight"]))
compare("dweight", grads["weight"], np.einsum("bhwc,bhwnd->cnd", x, dy))
compare("dbias", grads["bias"], np.einsum("bhwnd->nd", dy))
compare("column_sum is the sum over all axes but the last", column_sum(dy), dy.sum(axis=(0, 1, 2, 3)))
compare("dweight, with all axes but one made one", grads["weight"],
        (x.reshape(-1, C).T @ dy.reshape(-1, N * D)).reshape(C, N, D))
read = gradcheck.perturb(linear.init(rng, (N, D), C), rng)
compare("the layer that reads them", linear.forward(read, y)[0],
        (y.reshape(-1, N * D) @ read["weight"].reshape(N * D, C)).reshape(x.shape) + read["bias"])

# %% [markdown]
# In the letters of einsum dx and dweight are one rule: keep the letters, and let the one who is asked for change places
# with y.
#
#     bhwc,cnd->bhwnd      forward
#     bhwnd,cnd->bhwc      dx: y and x have changed places
#     bhwc,bhwnd->cnd      dweight: y and the weight have
#
# ## Two layers in a row
#
# Whoever reads y sends back dy. With two layers, what the first hands to the second, h, is the first's y and the
# second's x. So the second's dx is the first's dy, dh: read the forward lines upwards.

# %%
first, second = (gradcheck.perturb(linear.init(rng, *widths), rng) for widths in ((C, 5), (5, 2)))
h, first_cache = linear.forward(first, x)
y, second_cache = linear.forward(second, h)
dy = rng.standard_normal(y.shape)
dh, second_grads = linear.backward(dy, second_cache)
dx, first_grads = linear.backward(dh, first_cache)
print("two layers:")
compare("dx", dx, dy @ second["weight"].T @ first["weight"].T)
compare("the first bias", first_grads["bias"], gradcheck.numerical_gradient(
    lambda bias: (dy * linear.forward(second, linear.forward({**first, "bias": bias}, x)[0])[0]).sum(), first["bias"]))

# %% [markdown]
# *Question.* Two linear layers in a row with nothing between them: what can they do that one cannot? Nothing: one with
# weight W1 W2 does the same. That is why the next chapter puts something between them.

# %%
compare("one layer instead of two", y, x @ (first["weight"] @ second["weight"])
        + first["bias"] @ second["weight"] + second["bias"])

# %% [markdown]
# ## Exercise
#
# Write `forward` and `backward` of linear, for a weight (in, out) and for one with heads, in
# `tutorials/exercises/01_linear.py`. Two mistakes that almost everybody makes once: W for W^T, which fits where W is
# square, and a mean over the rows for their sum.
#
#     minihit learn check 01

# %% [markdown]
# # 3. Where gradients add
#
# Chapter 1 met the rule in passing: a bias that is used by all rows gets the sum of what they send back. Here it is the
# subject. Forgetting one of two places where a value is read is the most frequent mistake in hand-written gradients,
# since what is left has the right shape and often the right sign. You need chapters 0 to 2.

# %%
from types import SimpleNamespace

import numpy as np

from minihit import gradcheck
from minihit.layers import linear
from minihit.ops import gelu
from minihit.ops.add import add
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# y = x * x at x = 3, and dy = 1. The rule for a product is: each factor gets dy times the other. So the left factor
# gets 3, the right one gets 3. What is dx? Both factors are x. Nudge x, and both move; y moves by the sum, 3 + 3 = 6.

# %%
left, right = 3.0, 3.0
dleft, dright = 1.0 * right, 1.0 * left
dx = dleft + dright
print("dx =", dx)
compare("dx", dx, gradcheck.numerical_gradient(lambda x: x * x, np.array(3.0)))

# %% [markdown]
# The chain rule for a value that is read in several places is a sum over these places:
#
#     loss(a, b) with a = x and b = x          dloss/dx = dloss/da * 1 + dloss/db * 1 = da + db
#
# So before you write the gradient of a value, look for every line in which it is *read*. Take these three lines. Who
# reads h? Lines 2 and 3. Who reads x? Line 1, and line 3.
#
#     h = x * w              1
#     s = h * h              2
#     y = s + h * x          3


# %%
def lines(x, w):
    h = x * w
    s = h * h
    return s + h * x, h


x, w, dy = rng.standard_normal((3, 4))
y, h = lines(x, w)
ds = dy                                                                   # line 3
dh_from_3, dx_from_3 = dy * x, dy * h                                     # line 3
dh = dh_from_3 + ds * 2 * h                                               # line 2, where h is read twice
dx = dx_from_3 + dh * w                                                   # line 1
dw = dh * x                                                               # line 1
expected = gradcheck.numerical_gradient(lambda x: (dy * lines(x, w)[0]).sum(), x)
compare("dx, all places counted", dx, expected)
compare("dw", dw, gradcheck.numerical_gradient(lambda w: (dy * lines(x, w)[0]).sum(), w))
for name, part in {"without line 3": dh * w, "without line 1": dx_from_3}.items():
    print(f"dx {name} is off by {abs(part - expected).max():.2f}")
    assert abs(part - expected).max() > 0.01

# %% [markdown]
# ## Copies and sums
#
# NumPy copies without saying so: in x + bias, x (rows, C) and bias (C,), the bias is read by every row. This is called
# *broadcasting*, and its backward is a sum over the axes along which it copied. What about a sum? y = x.sum() reads
# every x once, with weight 1, so each gets dy: a copy. Copy and sum are each other's backward; and a mean is a sum over
# n, divided by n.
#
#     forward                            backward
#     y = x copied n times               dx = sum of the n parts of dy
#     y = sum of n values                dx = dy, copied n times
#     y = mean of n values               dx = dy / n, copied n times
#
# With all values in one long column, copying is a matrix A of ones and zeros, y = A x, and then dx = A^T dy, as for
# linear. The transpose of "write x_c to three places" is "collect what stands in three places".

# %%
A = np.vstack([np.eye(4)] * 3)                                            # (12, 4): three copies of four numbers
x, dy = rng.standard_normal(4), rng.standard_normal((3, 4))
compare("copying is A", (A @ x).reshape(3, 4), np.broadcast_to(x, (3, 4)))
looped = np.zeros(4)
for row in dy:                                                            # the long way: every copy sends its part back
    looped += row
compare("its backward is A^T", A.T @ dy.ravel(), looped)
compare("which is a sum", dy.sum(axis=0), looped)
summed, dsum = dy, x                                                      # now (3, 4) is summed, and (4,) comes back
compare("summing is A^T, and its backward A", (A @ dsum).reshape(3, 4), gradcheck.numerical_gradient(
    lambda summed: (dsum * (A.T @ summed.ravel())).sum(), summed))
compare("the mean of 4 values", np.full(4, 5.0 / 4), gradcheck.numerical_gradient(lambda x: 5.0 * x.mean(), x))

# %% [markdown]
# ## Position
#
# A generator that works on pixels alone cannot know where a pixel is. So HiT adds to a map x (B, H, W, C) of B images
# a parameter, *position* (1, H, W, C): a number for every place and channel, the same for all images, and learned as
# weights are. Forward copies it B times. Backward sums over the B images, and keeps the axis of length 1.
#
# *Question.* Which sum is the gradient of a bias (C,) that is added to the same map? Over B, H and W. The shape says
# it: whatever axis the array does not have, or has with length 1, is summed over.

# %%
B, H, W, C = 3, 2, 4, 5
x, dy = rng.standard_normal((2, B, H, W, C))
position, bias = rng.standard_normal((1, H, W, C)), rng.standard_normal(C)
compare("dposition", dy.sum(axis=0, keepdims=True), gradcheck.numerical_gradient(
    lambda position: (dy * (x + position)).sum(), position))
compare("dbias", dy.sum(axis=(0, 1, 2)), gradcheck.numerical_gradient(lambda bias: (dy * (x + bias)).sum(), bias))

# %% [markdown]
# ## A way around
#
# A *skip* is y = x + f(x): the layer f only adds to what passes by it. x is read twice, by f and by the plus sign, so
#
#     dx = dy + (what f sends back for dy)
#
# dy comes through unharmed, whatever f does: however many such layers are stacked, the gradient reaches the bottom.
# That is why deep networks have skips; chapter 11 measures it.
#
# Now both together: a layer that adds a position, and then runs a linear layer and GELU beside a skip.


# %%
def forward(params, x):
    cache = {}
    x = x + params["position"]
    h, cache["linear"] = linear.forward(params["linear"], x)
    h, cache["gelu"] = gelu.forward(h)
    return x + h, cache


def backward(dy, cache):
    dh = gelu.backward(dy, cache["gelu"])
    dh, dlinear = linear.backward(dh, cache["linear"])
    dx = dy + dh                                                          # the skip, and through the layers
    dposition = dx.sum(axis=0, keepdims=True)                             # every image read it
    return dx, {"linear": dlinear, "position": dposition}


params = gradcheck.perturb({"linear": linear.init(rng, C, C), "position": np.zeros((1, H, W, C))}, rng)
block = SimpleNamespace(forward=forward, backward=backward)
for row in gradcheck.check_layer(block, params, x, rng):
    print(" ", row.path, row.shape, f"error {row.share:.0e} of the allowed")


def without_skip(dy, cache):
    dx, grads = backward(dy, cache)
    return dx - dy, grads


try:
    gradcheck.check_layer(SimpleNamespace(forward=forward, backward=without_skip), params, x, rng)
except AssertionError as refusal:
    print("forgotten skip:", str(refusal).splitlines()[1])
else:
    raise AssertionError("a wrong gradient passed the check")

# %% [markdown]
# Where three layers or more read an array, as three will read x in chapter 7, the library adds what they send back with
# `add`, a sum of arrays of one shape. For two a plus sign will do.

# %%
parts = rng.standard_normal((3, B, H, W, C))
compare("add", add(*parts), parts[0] + parts[1] + parts[2])


# %%
PLACES = {"x": (0, 0), "f": (1.5, 1), "+": (3, 0), "y": (4.2, 0)}


def graph(axes, arrows, colour, title):
    """arrows: {(from, to): what travels along}."""
    for name, place in PLACES.items():
        axes.text(*place, name, fontsize=14, ha="center", va="center",
                  bbox={"boxstyle": "circle", "facecolor": "#cfe3f5"})
    for (start, end), words in arrows.items():
        (x0, y0), (x1, y1) = PLACES[start], PLACES[end]
        axes.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "-|>", "color": colour, "shrinkA": 16,
                                                          "shrinkB": 16})
        beside = "center" if y0 == y1 else "right" if x0 + x1 < 3 else "left"
        axes.text((x0 + x1) / 2, (y0 + y1) / 2 + 0.14, words, color=colour, ha=beside)
    axes.set(xlim=(-0.7, 4.9), ylim=(-0.7, 1.5), title=title)
    axes.set_axis_off()


with picture(12, 2.6) as drawn:
    there, back, copy, collect = drawn.subplots(1, 4, width_ratios=[2, 2, 0.8, 1.6])
    graph(there, {("x", "f"): "x", ("f", "+"): "f(x)", ("x", "+"): "x", ("+", "y"): "y"}, "black", "y = x + f(x)")
    graph(back, {("y", "+"): "dy", ("+", "f"): "dy", ("f", "x"): "from f", ("+", "x"): "dy"}, "crimson",
          "the way back: two arrows meet at x")
    back.text(0, -0.6, "dx = dy + from f", color="crimson", ha="center")
    copy.imshow(A, cmap="Greys", vmin=0, vmax=1.5)
    copy.set(title="A: copy 3 times", xlabel="from", ylabel="to", xticks=[0, 3])
    collect.imshow(A.T, cmap="Reds", vmin=0, vmax=1.5)
    collect.set(title="$A^T$: collect from 3 places", xlabel="from", ylabel="to")

# %% [markdown]
# ## Exercise
#
# Write a layer that adds a position, and one with a skip around linear and GELU, both passes, in
# `tutorials/exercises/03_where_gradients_add.py`.
#
#     minihit learn check 03

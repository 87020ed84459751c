# %% [markdown]
# # 0. Nudge a number
#
# minihit trains HiT (Zhao et al. 2021), a *generator*: a network that draws pictures out of random numbers. Beside it
# another network, the *discriminator*, learns to tell drawn pictures from real ones, and so the first one learns from
# the second.
#
# A *network* is a function with very many numbers of its own, its *parameters*. How badly it does is told by one more
# number, the *loss*. *Training* makes the loss smaller, in many steps: a *step* looks at some pictures, asks of every
# parameter which way the loss moves with it, and moves the parameter a little the other way. So many derivatives are
# needed, and every one in minihit was written down by a person. People err. This chapter is about the one judge that
# never does: nudge a number, look how much the result moves, divide. Everything that follows is checked in this way, so
# here is how far it can be trusted.
#
# You need NumPy and the chain rule, nothing else. A chapter is a script of *cells*: a line `# %%` begins one. Run it as
# it is, or cell by cell in an editor or in Jupyter. What a cell claims it also asserts, so that a chapter that ran to
# its end is a chapter whose claims hold. With the name of a .png file it also writes its picture there:
#
#     python tutorials/00_nudge_a_number.py [error.png]
#
# Lines that draw it are matplotlib; you may pass over them. All letters and words of the chapters stand at the end of
# this one.

# %%
from types import SimpleNamespace

import numpy as np

from minihit import gradcheck
from minihit.show.lesson import compare, picture

# %% [markdown]
# Three of these names are the library's, and two of the three are small: `compare(what, a, b)` prints by how much two
# arrays differ, and fails if that is more than rounding and nudges explain; `picture(width, height)` gives an empty
# matplotlib figure and puts it where it belongs. `gradcheck` is the subject.
#
# ## A question
#
# f(x) = x^3 at x = 2 has the value 8. If x becomes 2.001, what does f become, without computing it? The slope is
# 3 x^2 = 12, so f moves about 12 times as far as x did: 8.012.


# %%
def f(x):
    return x**3


print(f"f(2.001) = {f(2.001):.6f}, so the slope is about {(f(2.001) - f(2.0)) / 0.001:.3f}, and truly 12")
assert abs(f(2.001) - 8.012) < 1e-5

# %% [markdown]
# ## One side, two points, four points
#
# With h for the nudge, Taylor's series writes a smooth function near x in powers of h, with f and all its derivatives
# taken at x. It says what the division gives:
#
#     f(x + h)  =  f + h f' + h^2/2 f'' + h^3/6 f''' + h^4/24 f'''' + h^5/120 f''''' + ...
#
#     one side     (f(x + h) - f(x)) / h             =  f' + h/2 f'' + ...
#     two points   (f(x + h) - f(x - h)) / 2h        =  f' + h^2/6 f''' + h^4/120 f''''' + ...
#
# For two points the even powers of h cancel in the subtraction. Two points with the nudge 2h have four times the h^2 of
# two points with h, and sixteen times the h^4. So take four times two points with h, minus two points with 2h, and
# divide by three: of h^2 nothing is left, of h^4 (4 - 16) / 3 = -4 times h^4/120.
#
#     four points  (8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h  =  f' - h^4/30 f''''' + ...


# %%
def one_side(f, x, h):
    return (f(x + h) - f(x)) / h


def two_points(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def four_points(f, x, h):
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


def falls(difference):
    """How many times smaller the error for sin at 1 becomes when h is halved, from a tenth."""
    errors = [abs(difference(np.sin, 1.0, h) - np.cos(1.0)) for h in (0.1, 0.05)]
    return errors[0] / errors[1]


for difference, times in {one_side: 2, two_points: 4, four_points: 16}.items():
    print(f"{difference.__name__:<12} half the nudge makes the error {falls(difference):.1f} times smaller")
    assert abs(falls(difference) - times) < 0.1 * times

# %% [markdown]
# ## How small should h be?
#
# Not as small as possible. A computer keeps about 16 decimal digits of a number in *float64*, about 7 in *float32*. The
# two values that are subtracted are nearly equal, so most of these digits cancel, and what is left is divided by h. As
# h falls, the error of the formula falls, until that of rounding, about (a last digit) / h, takes over: a V.


# %%
def error(difference, dtype, h):
    """Of the slope of sin at 1; all numbers are of the dtype."""
    x, h = dtype(1.0), dtype(h)
    return abs(float(difference(np.sin, x, h)) - np.cos(1.0)) + 1e-17         # a logarithm's axis has no 0


STEPS = 10.0 ** np.arange(-12, 0.1, 0.25)                                 # (49,)
errors = {(difference.__name__, dtype.__name__): np.array([error(difference, dtype, h) for h in STEPS])
          for difference in (two_points, four_points) for dtype in (np.float32, np.float64)}
for (name, dtype), row in errors.items():
    print(f"{name:<12} {dtype}: at best {row.min():.0e}, with h = {STEPS[row.argmin()]:.0e}")
at = np.isclose(STEPS, 1e-5)                                              # where the library looks
print(f"four points with h = 1e-5: {errors['four_points', 'float64'][at][0]:.0e} in float64,"
      f" {errors['four_points', 'float32'][at][0]:.0e} in float32")
assert errors["four_points", "float64"][at][0] < 1e-9 < 1e-3 < errors["four_points", "float32"][at][0]
assert errors["two_points", "float64"].min() > errors["four_points", "float64"].min()

# %%
with picture(8, 4) as drawn:
    axes = drawn.subplots()
    for (name, dtype), row in errors.items():
        axes.loglog(STEPS, row, label=f"{name}, {dtype}", linestyle="-" if dtype == "float64" else "--")
    axes.axvline(1e-5, color="grey", linewidth=0.5)
    axes.set(xlabel="nudge h", ylabel="error of the slope of sin at 1", ylim=(1e-15, 1e3),
             title="long nudges bend, short ones drown in rounding")
    axes.legend()

# %% [markdown]
# So checks run in float64, where a gradient that is wrong by a tenth of a percent stands out a millionfold. In float32
# it would drown.
#
# ## Many numbers
#
# A network's loss is one number that depends on very many. Its *gradient* is an array of the same shape as what is
# nudged: entry by entry, how much the loss moves when that entry, and nothing else, is nudged. Here the loss is
# the sum of squares of six numbers, whose gradient is 2x. (`nudge=nudge` gives the lambda the nudge of this turn of the
# loop; without it Python would look for it later.)


# %%
def numerical_gradient(function, x, h=1e-5):
    """function returns a number; x is a float64 array of any shape."""
    gradient = np.empty_like(x)
    for index in np.ndindex(x.shape):                                     # all index tuples, (0, 0), (0, 1), ...
        nudge = np.zeros_like(x)
        nudge[index] = 1.0
        gradient[index] = four_points(lambda t, nudge=nudge: function(x + t * nudge), 0.0, h)
    return gradient


rng = np.random.default_rng(0)
x = rng.standard_normal((2, 3))
compare("the gradient of a sum of squares", numerical_gradient(lambda x: (x**2).sum(), x), 2 * x)
compare("the library's gradcheck.numerical_gradient",
        gradcheck.numerical_gradient(lambda x: (x**2).sum(), x), numerical_gradient(lambda x: (x**2).sum(), x))

# %% [markdown]
# ## A layer, and what a backward pass is
#
# Nudging costs four runs of the network for every number, and there are millions of them. So gradients are written by
# hand and only *checked* by nudges. The network is cut into *layers*, each a pair of functions:
#
#     y, cache = forward(x)          the output, and what backward will need
#     dx = backward(dy, cache)       dx is the gradient of the loss by x, given dy, its gradient by y
#
# A `d` before a name always means this: dx = dloss/dx, of the shape of x. A layer does not know the loss. It is handed
# dy, and the chain rule says that dy is all that it needs: the loss moves by sum(dy * (how y moves)).
#
# Take y = x / (the sum of all x). Nudging x_i moves the numerator of y_i, and the sum s below every y_j:
#
#     y_j = x_j / s         dy_j/dx_i = (1 if i is j, else 0) / s - x_j / s^2
#     dx_i = sum_j dy_j dy_j/dx_i = dy_i / s - sum_j dy_j x_j / s^2


# %%
def forward(x):
    total = x.sum()
    return x / total, {"x": x, "total": total}


def backward(dy, cache):
    x, total = cache["x"], cache["total"]
    return dy / total - (dy * x).sum() / total**2


# %% [markdown]
# ## Why dy must be random
#
# To check it we need a loss with a given dy. The simplest is sum(dy * y). But which dy? Here are two backward passes
# with a bug, a wrong power and a factor of 2 too much. With dy = ones the loss is sum(y) = 1 whatever x is, so its
# gradient is zero. The wrong power is seen by such a check; twice zero is still zero, and the factor is not.


# %%
def wrong_power(dy, cache):
    x, total = cache["x"], cache["total"]
    return dy / total - (dy * x).sum() / total


def wrong_factor(dy, cache):
    return 2 * backward(dy, cache)


x = 1.0 + rng.random(5)
y, cache = forward(x)
for name, dy in {"ones": np.ones(5), "random": rng.standard_normal(5)}.items():
    expected = gradcheck.numerical_gradient(lambda x, dy=dy: (dy * forward(x)[0]).sum(), x)
    compare(f"dy {name}: dx by hand", backward(dy, cache), expected)
    off = {wrong.__name__: abs(wrong(dy, cache) - expected).max() for wrong in (wrong_power, wrong_factor)}
    print(f"  dy {name}:", ", ".join(f"{wrong} is off by {by:.1g}" for wrong, by in off.items()))
    assert off["wrong_power"] > 0.01
    assert (off["wrong_factor"] > 0.01) == (name == "random")

# %% [markdown]
# A random dy has a part in every direction, so no bug can hide. For the same reason, when a layer has numbers of its
# own, check it with random ones, and not with zeros or ones.
#
# The library asks the question as you just did, of a whole layer: `gradcheck.check_layer`. A layer is anything with
# `forward` and `backward`: a module, or here two functions under one roof, a `SimpleNamespace`. `None` says that it has
# no numbers of its own. The check draws a dy, nudges x, and compares what backward says with what the nudges say, the
# *finite differences*. How large the error is beside the one that it allows, a millionth and what nudges err by, is
# called its *share*: above 1 the gradient is refused.
#
# The line printed for x is that of the entry with the largest share, here entry 1. An array of more than eight numbers
# is not nudged entry by entry, but all of it at once, along two directions drawn at random; the worse one is printed.

# %%
divide_by_sum = SimpleNamespace(forward=forward, backward=backward)
for row in gradcheck.check_layer(divide_by_sum, None, x, rng):
    print(row)
try:
    gradcheck.check_layer(SimpleNamespace(forward=forward, backward=wrong_factor), None, x, rng)
except AssertionError as refusal:
    print("refused, as it should be:", refusal)
else:
    raise AssertionError("a wrong gradient passed the check")

# %% [markdown]
# ## Letters and words
#
# Look things up here; in brackets is the chapter. Each word is explained again in the chapter that first uses it.
#
# | axis | of | size in the chapters |
# |---|---|---|
# | B | images of a *batch*, those that a step looks at together | 2 to 32 |
# | H, W | rows and columns of an image or map; a *pixel* is one place of it | 4 to 32 |
# | C | *channels*, the numbers that one pixel carries: 3 colours, later more | 2 to 64 |
# | G | windows of an image (9) | 4 |
# | P | pixels of a window (9) | 9 or 16 |
# | N | heads of attention, each with a question of its own (8) | 2 to 8 |
# | D | numbers of one head, C / N (8) | 2 to 8 |
# | T | latent tokens, the list that every pixel may ask (10) | 3 to 16 |
# | K, Q | keys that are asked, queries that ask (7) | 3 to 7 |
# | ... | any axes, or none: (..., C) is (rows, C) as well as (B, H, W, C) | |
#
# | word | meaning |
# |---|---|
# | loss | one number that says how badly a network does (0) |
# | parameters | the numbers of its own that a network learns (0) |
# | training, step | making the loss smaller; one move of all parameters (0) |
# | finite difference | a slope by nudges (0) |
# | dx, dweight ... | the gradient of the loss by x, by weight; of the same shape (0) |
# | forward, backward, cache | the two passes of a layer, and what the first keeps for the second (0) |
# | params, grads | a dict of a layer's parameters, and one with the same keys of their gradients (1) |
# | map | an array (B, H, W, C): images, or what a layer has made of them (1) |
# | op | a function without numbers of its own, forward and backward (2) |
# | tree, leaf | a dict of arrays, or of dicts of arrays; one of its arrays (1) |
# | share | in a check, the error over the error that is allowed: above 1 is wrong (0) |
# | | of attention, what softmax makes of a score, also called a probability (6); of a batch, a part's part (31) |
# | kink | a place where a slope jumps, and a nudge lies (2) |
# | broadcasting | NumPy's copying along axes that an array lacks, or has with length 1 (3) |
# | Jacobian | the table dy_j/dx_i of all pairs (4) |
# | norm | a layer that shifts and stretches to mean 0 and variance 1 (4, 5). Of an array: its length (22) |
# | evaluation | using a network as it is, without learning (5) |
# | score, query, key, value | of attention: how well a key fits a query; its value then has that weight (7) |
# | multi-query | all heads ask the same keys (8) |
# | block, grid | attention inside a window, and at one place of all windows (9) |
# | mask | an array of booleans: which entries count (2, 9) |
# | multiply-add | a multiplication and the addition after it, the unit of cost (9) |
# | token | a list entry that attention asks (10) |
# | skip | a way around a layer: y = x + layer(x) (3) |
# | stage | all that happens at one resolution of the generator (13) |
# | generator, discriminator | the network that draws, the one that tells drawn from real (13, 16, 17) |
# | logit | the discriminator's answer, any number: large for real (17) |
# | seed | dloss/dlogit, where the backward pass of the discriminator starts (17); also where randomness starts |
# | delta | the gradient at the output of a linear layer (18) |
# | tangent | how outputs move when inputs move in a given direction (19) |
# | draws | all that is random in a step, drawn beforehand (21) |
# | EMA | exponential moving average: mostly the old, a little of the new (22) |
# | strip | some rows of a map, taken through several layers at once (28) |
# | lane | a thread with its part of the batch (28, 31) |
# | micro-batch | the part of a batch that is computed at once (31) |
# | pass | all products of a network once: forward, or for one of the gradients (18, 28) |
# | launch | one operation on arrays, a message to a GPU (30) |
# | preset | a network with a name and all its sizes (9) |
# | plan | the sizes of one stage, worked out from a configuration (13) |
# | fold | to move a running average by what a batch had (5); to write heads below each other as queries (8) |
#
# ## Exercise
#
# Write `numerical_gradient` yourself, with four points, and find which of three given backward passes is wrong:
# `tutorials/exercises/00_nudge_a_number.py`. This tells whether it is right, and if not, what about it is wrong:
#
#     minihit learn check 00
#
# In its verdict the row called `y of the library` says whether what you return is what the library's function returns.
# Exercises with a layer, in the chapters to come, have a row below it for each gradient.

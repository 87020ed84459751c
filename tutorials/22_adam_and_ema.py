# %% [markdown]
# # 22. Adam, EMA
#
# All gradients are there. What is done with them is four lines of arithmetic on long arrays: a step whose length each
# number chooses for itself, a bound on what is too large, and an average that remembers. You need chapters 0 to 2, and
# 17 for the last picture.

# %%
import math

import numpy as np

from minihit import optim, tree
from minihit.layers import linear
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# The loss is x^2 / 2 + 100 y^2 / 2, a long valley, steep across and flat along. Its gradient is (x, 100 y). A step
# against the gradient, y - rate * 100 y, comes nearer to 0 only if the rate is below 2/100. With rate 0.01 y is at 0
# after one step. How far is x after a hundred? 0.99^100 of where it began, 37%. The steep direction dictates the pace
# of the flat one.


# %%
def gradient(at):
    return at * np.array([1.0, 100.0])


def loss(at):
    return (at**2 * [0.5, 50.0]).sum(axis=-1)


at = np.array([1.0, 1.0])
for _ in range(100):
    at = at - 0.01 * gradient(at)
print("after 100 plain steps:", at.round(4))
compare("x", at[0], 0.99**100)

# %% [markdown]
# ## Adam
#
# *Adam* divides each number's gradient by the size that it usually has, the root of a running mean of its square. Then
# steep and flat directions step alike, and the rate says how far a number moves in a step, about. In place of the
# gradient it takes a running mean, too. Both averages start with zero (Kingma & Ba 2015):
#
#     m  =  beta1 m + (1 - beta1) g              v  =  beta2 v + (1 - beta2) g^2
#
# Zero is wrong as a start. After t steps with a gradient that stays g, m is not g: the weights (1 - beta1) beta1^k of
# the last t gradients add up to 1 - beta1^t, so m = (1 - beta1^t) g. Dividing by that puts it right:
#
#     p  -=  rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + eps)
#
# Keras, in which HiT was trained, draws the corrections together and so has an eps that is corrected with them:
#
#     p  -=  rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + eps)
#
# In the library this is `optim.adam`, in place, and `optim.init_moments` makes the two zeros; by itself it takes
# `optim.BETA1` = 0 and `optim.BETA2` = 0.99.


# %%
def adam_by_loops(p, gradients, rate, beta1, beta2, eps=1e-7):
    """p and gradients are lists; every number by itself."""
    for i in range(len(p)):
        m = v = 0.0
        for t, g in enumerate(gradients, start=1):
            m = beta1 * m + (1 - beta1) * g[i]
            v = beta2 * v + (1 - beta2) * g[i] ** 2
            p[i] -= rate * math.sqrt(1 - beta2**t) / (1 - beta1**t) * m / (math.sqrt(v) + eps)
    return p


start, gradients = rng.standard_normal(5), rng.standard_normal((7, 5)) * [1e-3, 1.0, 1e3, 1.0, 1.0]
for beta1 in (0.0, 0.9):
    p, moments = start.copy(), optim.init_moments(start)
    for t, g in enumerate(gradients, start=1):
        optim.adam(p, g, moments, t, 0.01, beta1, 0.99)                   # in place, on the whole array
    compare(f"optim.adam, beta1 = {beta1}", p, np.array(adam_by_loops(list(start), gradients, 0.01, beta1, 0.99)))

# %% [markdown]
# *Question.* How long is the very first step? With t = 1 the corrections cancel all betas: rate * g / |g|, the rate
# itself, for a gradient of 0.001 as for one of 1000. Without the correction it is rate * (1 - beta1) / sqrt(1 - beta2):
# with beta1 = 0 and beta2 = 0.99, as HiT has them, ten times too long.

# %%
first, moments = np.zeros(5), optim.init_moments(np.zeros(5))
optim.adam(first, gradients[0], moments, 1, 0.01)
print("first step:", first)
compare("the rate, against each sign", first, -0.01 * np.sign(gradients[0]), rtol=1e-2)   # eps shows in the least
uncorrected = 0.01 * (1 - optim.BETA1) / math.sqrt(1 - optim.BETA2)
print(f"without the correction: {uncorrected:.2f}")
assert math.isclose(uncorrected, 0.1)

# %% [markdown]
# Why beta1 = 0, no running mean of the gradient? In a game the opponent moves: yesterday's gradient points to where the
# aim was, and such *momentum* carries the circles of chapter 17 outwards; the last cell tries it.
#
# ## Flat
#
# Adam does the same to all numbers. So all leaves of a network are views of *one* long array, a flat buffer:
# `tree.pack` lays them there, `tree.items` lists them with their paths. Then Adam is a few operations on it, whatever
# the network looks like, and the layers see the change, as they read the same memory.

# %%
params = {"first": linear.init(rng, 3, 4), "second": linear.init(rng, 4, 2)}
buffer, views = tree.pack(params, np)
print(f"{tree.size(params)} numbers in a buffer of {buffer.shape}; leaves:",
      {path: leaf.shape for path, leaf in tree.items(views)})
before = views["second"]["weight"].copy()
optim.adam(buffer, np.ones_like(buffer), optim.init_moments(buffer), 1, 0.01)
compare("a leaf moves with the buffer", views["second"]["weight"], before - np.float32(0.01), rtol=1e-4)
assert np.shares_memory(buffer, views["second"]["weight"])

# %% [markdown]
# ## Clip
#
# One bad batch can have a gradient a thousand times the usual. Its *norm* is its length, the root of the sum of all
# squares. Where it exceeds a bound, the whole gradient is scaled down to the bound; so its direction stays. (Clipping
# every value by itself would turn it.)

# %%
long, short = np.array([3.0, 4.0, 12.0]), np.array([0.3, 0.4, 0.0])       # lengths 13 and 0.5
compare("clip to 1", optim.clip(long, 1.0), long / 13.0)
compare("what is short stays", optim.clip(short, 1.0), short)

# %% [markdown]
# ## EMA
#
# The pictures are drawn by another generator than the one that is trained: by the *exponential moving average* of its
# numbers,
#
#     average  =  decay * average + (1 - decay) * values
#
# In the first ten steps it is a copy, since first values are not worth remembering. A value's weight falls by `decay`
# every step; half of it is gone after log(1/2) / log(decay) steps, 693 for 0.999.

# %%
values = rng.standard_normal((30, 4))
average = np.zeros(4)
for step, value in enumerate(values, start=1):
    optim.ema(average, value, step, decay=0.9)
weights = np.concatenate([np.zeros(9), [0.9**20], 0.1 * 0.9 ** np.arange(19, -1, -1)])   # of steps 1 to 30
compare("ema: the copy at step 10, then the average", average, weights @ values)
compare("the weights add up to one", weights.sum(), 1.0)
print(f"half is forgotten after {math.log(0.5) / math.log(0.999):.0f} steps with decay 0.999")

# %% [markdown]
# What is the good of it? The game of chapter 17 goes around its aim in circles, and the mean of a circle is its centre.
# No single generator is right, but their average is.


# %%
def walk(start, steps, rate, use_adam):
    """The way through the valley."""
    at, moments = np.array(start), optim.init_moments(np.array(start))
    way = [at.copy()]
    for t in range(1, steps + 1):
        if use_adam:
            optim.adam(at, gradient(at), moments, t, rate, 0.9, 0.99)
        else:
            at -= rate * gradient(at)
        way.append(at.copy())
    return np.array(way)


def game(steps=400, rate=0.2, decay=0.97, momentum=0.0):
    """Chapter 17's game without R1: (theta, psi) step by step, and their moving average."""
    at, average, mean, ways = np.array([1.0, 1.0]), np.zeros(2), np.zeros(2), []
    for t in range(1, steps + 1):
        slope = 0.5 + 0.5 * np.tanh(0.5 * at[0] * at[1] * np.array([-1.0, 1.0]))   # sigmoid(-u), sigmoid(u)
        mean = momentum * mean + (1.0 - momentum) * np.array([slope[0] * at[1], -slope[1] * at[0]])
        at = at + rate * mean
        optim.ema(average, at, t, decay)
        ways.append((at, average.copy()))
    return (np.array(way) for way in zip(*ways, strict=True))


ways = {"plain, rate 0.019": walk([-1.0, 0.8], 60, 0.019, False), "Adam, rate 0.05": walk([-1.0, 0.8], 60, 0.05, True)}
for name, way in ways.items():
    print(f"{name}: loss after 60 steps {loss(way[-1]):.4f}")
raw, averaged = game()
print(f"the game's last 100 steps: distance from the aim {np.hypot(*raw[-100:].T).mean():.2f}, of the moving average "
      f"{np.hypot(*averaged[-100:].T).mean():.2f}")
carried, _ = game(momentum=0.9)
print(f"with a running mean of the gradient, beta1 = 0.9: {np.hypot(*carried[-100:].T).mean():.2f}")
assert np.hypot(*carried[-100:].T).mean() > 1.5 * np.hypot(*raw[-100:].T).mean()
assert loss(ways["Adam, rate 0.05"][-1]) < loss(ways["plain, rate 0.019"][-1])
assert np.hypot(*averaged[-100:].T).mean() < 0.4 * np.hypot(*raw[-100:].T).mean()

# %%
with picture(10, 3.8) as drawn:
    valley, circle = drawn.subplots(1, 2)
    x, y = np.meshgrid(np.linspace(-1.2, 0.4, 60), np.linspace(-1, 1, 60))
    valley.contour(x, y, np.log10(loss(np.stack([x, y], axis=-1)) + 1e-3), 12, colors="0.8")
    for name, way in ways.items():
        valley.plot(*way.T, ".-", label=name, linewidth=1, markersize=4)
    valley.set(title="60 steps in a valley", xlabel="flat", ylabel="steep")
    valley.legend()
    circle.plot(*raw.T, color="0.6", linewidth=1, label="what is trained")
    circle.plot(*averaged.T, color="crimson", label="its moving average")
    circle.plot(0, 0, "k+")
    circle.set(title="the game of chapter 17", xlabel="theta", ylabel="psi")
    circle.legend()

# %% [markdown]
# ## Exercise
#
# Write Adam, the moving average and clipping, in `tutorials/exercises/22_adam_and_ema.py`.
#
#     minihit learn check 22

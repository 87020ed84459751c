# %% [markdown]
# # 3. The training step
#
# A GAN step needs the gradients of the generator's loss, of the discriminator's loss on real and on fake images, and of
# R1, a penalty on a gradient: a second derivative. A tape of operations takes six passes through the discriminator for
# the real images; written by hand it is four. The reason is one fact, *the discriminator treats each image alone and is
# piecewise linear*, and five steps from there. Read it beside `minihit/objectives/gan.py`.

# %%
from itertools import pairwise

import numpy as np

from minihit import gradcheck, tree
from minihit.models import discriminator
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit import generator
from minihit.models.hit.config import GeneratorConfig
from minihit.objectives import gan, losses, penalties
from minihit.objectives.gan_recipe import GanRecipe
from minihit.presets import GanPreset

rng = np.random.default_rng(0)
products = 0                                               # a pass through the network is one product per layer


def product(a, b):
    global products
    products += 1
    return a @ b


# %% [markdown]
# ## A discriminator in four lines
#
# Linear layers without biases, leaky ReLUs between them. Images are rows. A leaky ReLU multiplies by its slope at h, 1
# or 0.2, so with the slopes in hand the network is a product of matrices, a different one for each image.

# %%
B, DEPTH, COST = 6, 10, 10.0
SIDES = [7, *[4] * (DEPTH - 1), 1]
weights = [0.75 * rng.standard_normal(shape) for shape in pairwise(SIDES)]
real = rng.standard_normal((B, SIDES[0]))


def forward(weights, images):
    """logits (B,), the input of every layer, the slopes of every leaky ReLU."""
    xs, slopes = [images], []
    for weight in weights[:-1]:
        h = product(xs[-1], weight)
        slopes.append(np.where(h > 0, 1.0, 0.2))
        xs.append(h * slopes[-1])
    return product(xs[-1], weights[-1])[:, 0], xs, slopes


def backward(seeds, weights, slopes):
    """The gradient of sum_b seeds_b logit_b by the images, and by the output of every layer (deltas)."""
    deltas = [seeds[:, None]]
    for weight, slope in zip(weights[:0:-1], slopes[::-1], strict=True):
        deltas.insert(0, product(deltas[0], weight.T) * slope)
    return product(deltas[0], weights[0].T), deltas


def compare(what, by_hand, expected):
    print(f"  {what:<66} relative error {(abs(by_hand - expected) / abs(expected)).max():.0e}")
    np.testing.assert_allclose(by_hand, expected, rtol=1e-6, atol=1e-8)


def by_differences(loss, params):
    """The derivative of loss(params) along a random direction, and that direction."""
    flat, _ = tree.pack(params, np)
    direction = rng.standard_normal(flat.shape)
    slope = gradcheck.directional_derivative(lambda at: loss(tree.views(at, params)), flat, direction)
    return slope, tree.views(direction, params)


def inner(grads, direction):
    return sum(float(leaf.sum()) for _, leaf in tree.items(tree.map(np.multiply, grads, direction)))


def compare_weights(what, grads, loss):
    slope, direction = by_differences(loss, weights)
    compare(what, inner(grads, direction), slope)


# %% [markdown]
# ## One backward pass started with ones serves every loss
#
# logit_b depends on image b only. So a backward pass started with ones leaves in row b of every delta the gradient of
# logit_b itself, and a loss with dloss/dlogit_b = s_b has the deltas s_b delta_b: scale the rows, do not run again.
# Fakes have two losses, the generator's (by the images) and the discriminator's (by the weights). One pass is enough.

# %%
logits, xs, slopes = forward(weights, real)
unit, deltas = backward(np.ones(B), weights, slopes)       # unit (B, 7): each image's gradient of its own logit
moved = real.copy()
moved[0] += 1.0
changed = np.flatnonzero(forward(weights, moved)[0] != logits)
print("logits that change with image 0:", changed)
assert changed.tolist() == [0]

_, g_seeds = losses.generator_loss(logits)                 # of mean softplus(-logit), for the generator
compare("g_seeds_b unit_b, the image gradient of the generator's loss",
        g_seeds[:, None] * unit, backward(g_seeds, weights, slopes)[0])
_, d_seeds = losses.fake_loss(logits)                      # of mean softplus(logit), for the discriminator
compare_weights("sum_b d_seeds_b x_b delta_b, the weights' gradient of its loss",
                [(d_seeds[:, None] * x).T @ delta for x, delta in zip(xs, deltas, strict=True)],
                lambda weights: losses.fake_loss(forward(weights, real)[0])[0])

# %% [markdown]
# ## R1 in five steps
#
# R1 = COST * mean_b |g_b|^2, where g_b = dlogit_b/dimage_b. Wanted: its gradient by the weights.
#
# **1.** g_b is row b of `unit`: the backward pass above has left it already.
#
# **2.** The derivative of a square: dR1 = sum_b v_b . dg_b with v = 2 COST / B * g. So R1 has the same gradient by the
# weights as sum_b v_b . g_b, where v is *held fixed*.


# %%
def image_gradient(weights):
    return backward(np.ones(B), weights, forward(weights, real)[2])[0]


def r1(weights):
    return COST * (image_gradient(weights)**2).sum() / B


v = 2.0 * COST / B * unit
flat, _ = tree.pack(weights, np)
frozen = gradcheck.numerical_gradient(lambda at: (v * image_gradient(tree.views(at, weights))).sum(), flat)
compare_weights("2. sum_b v_b . g_b, v held fixed, has the gradient of R1", tree.views(frozen, weights), r1)

# %% [markdown]
# **3.** v_b . g_b is a gradient times a direction: how much logit_b moves when image b moves along v_b. That needs no
# gradient, only the *tangent*: run v forward through the same weights with the slopes of the forward pass. (A bias
# does not move; it has no place in a tangent, and its gradient of R1 is zero.)


# %%
def tangent(v, weights, slopes):
    """The tangent at the input of every layer; times the last weight it is that of the logits."""
    ts = [v]
    for weight, slope in zip(weights[:-1], slopes, strict=True):
        ts.append(product(ts[-1], weight) * slope)
    return ts


ts = tangent(v, weights, slopes)
t_logits = (ts[-1] @ weights[-1])[:, 0]
compare("3. tangent = v . g", t_logits, (v * unit).sum(axis=1))
compare("3. tangent = the logits' derivative along v", t_logits,
        gradcheck.directional_derivative(lambda images: forward(weights, images)[0], real, v))

# %% [markdown]
# **4.** The tangent is an ordinary network, fed with v instead of images. Its weight gradient is input times delta as
# always, and as it has the same weights and slopes behind every layer, its deltas are those that we have. The slopes
# themselves do not bend: they jump, at places where nobody stands.
#
# **5.** The loss wants s_b x_b times delta_b, the penalty t_b times delta_b. Add first: one product serves both.

# %%
compare_weights("4. sum_b t_b delta_b is the gradient of R1",
                [t.T @ delta for t, delta in zip(ts, deltas, strict=True)], r1)


def four_passes(weights):
    logits, xs, slopes = forward(weights, real)
    unit, deltas = backward(np.ones(B), weights, slopes)
    seeds = losses.real_loss(logits)[1][:, None]
    ts = tangent(2.0 * COST / B * unit, weights, slopes)
    return [product((seeds * x + t).T, delta) for x, t, delta in zip(xs, ts, deltas, strict=True)]


compare_weights("5. sum_b (s_b x_b + t_b) delta_b is that of the loss and R1", four_passes(weights),
                lambda weights: losses.real_loss(forward(weights, real)[0])[0] + r1(weights))

# %% [markdown]
# ## Four passes against six
#
# A tape records the forward and the backward pass and then walks back through both. Through the backward pass: two
# products a layer, one for delta and one for the weight. Through the forward pass: two more, for x and the weight.


# %%
def six_passes(weights):
    logits, xs, slopes = forward(weights, real)
    unit, deltas = backward(np.ones(B), weights, slopes)
    ddelta, grads = 2.0 * COST / B * unit, []
    for layer in range(DEPTH):                             # back through the backward pass, first layer first
        grads.append(product(ddelta.T, deltas[layer]))
        if layer < DEPTH - 1:
            ddelta = product(ddelta, weights[layer]) * slopes[layer]
    delta = losses.real_loss(logits)[1][:, None]
    for layer in reversed(range(DEPTH)):                   # back through the forward pass, last layer first
        grads[layer] = grads[layer] + product(xs[layer].T, delta)
        if layer > 0:
            delta = product(delta, weights[layer].T) * slopes[layer - 1]
    return grads


counts = {}
for passes in (four_passes, six_passes):
    before = products
    result = passes(weights)
    counts[passes.__name__] = products - before
    for ours, reference in zip(result, four_passes(weights), strict=True):
        np.testing.assert_allclose(ours, reference, rtol=1e-10)
print(f"products for {DEPTH} layers, the same gradients:", counts)
assert counts == {"four_passes": 4 * DEPTH - 1, "six_passes": 6 * DEPTH - 2}

# %% [markdown]
# ## The step, with the library's networks
#
# The real discriminator has convolutions, blurs and biases instead of matrices, linear all of them: nothing else
# changes. This is the whole step, and it is what `gan.gradients` does for every micro-batch.

# %%
config = GanPreset(GeneratorConfig(latent=3, channels=(8, 4), layers=(1, 1), heads=(2, 2), windows=(4, None), tokens=3),
                DiscriminatorConfig((4, 6, 5)), GanRecipe(batch=3, r1=COST))
g_params = gradcheck.perturb(generator.init(rng, config.generator), rng)
d_params = gradcheck.perturb(discriminator.init(rng, config.discriminator), rng)
averages = tree.map(np.float64, generator.init_averages(config.generator))
z, real = rng.standard_normal((3, 3)), rng.standard_normal((3, 16, 16, 3))

fake, g_cache = generator.forward(g_params, z, config.generator)
logits, cache = discriminator.forward(d_params, fake, config.discriminator)
unit, deltas = discriminator.logit_gradients(cache)
_, g_seeds = losses.generator_loss(logits)
_, d_seeds = losses.fake_loss(logits)
_, g_grads = generator.backward(g_seeds.reshape(-1, 1, 1, 1) * unit, g_cache)
fake_grads = discriminator.weight_gradient(deltas, cache, d_seeds)

logits, cache = discriminator.forward(d_params, real, config.discriminator)     # pass 1
unit, deltas = discriminator.logit_gradients(cache)                               # pass 2
_, seeds = losses.real_loss(logits)
_, v = penalties.r1(unit, COST)
_, t_cache = discriminator.tangent(v, cache)                                    # pass 3
real_grads = discriminator.weight_gradient(deltas, cache, seeds, t_cache)      # pass 4
d_grads = tree.add(fake_grads, real_grads)

networks = {"generator": {"params": g_params, "averages": averages}, "discriminator": {"params": d_params}}
grads, _, metrics = gan.gradients(networks, real, {"z": z}, config)
tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12), d_grads, grads["discriminator"])
tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12), g_grads, grads["generator"])
print("by hand = gan.gradients;", {name: round(float(value), 3) for name, value in metrics.items() if value})


# %% [markdown]
# And R1 of that discriminator, once more against finite differences of its definition. No bias takes part in it.


# %%
def r1(params, config):
    _, cache = discriminator.forward(params, real, config)
    return penalties.r1(discriminator.logit_gradients(cache)[0], COST)[0]


r1_grads = discriminator.weight_gradient(deltas, cache, 0.0 * seeds, t_cache)
slope, direction = by_differences(lambda params: r1(params, config.discriminator), d_params)
compare("R1 of the library's discriminator", inner(r1_grads, direction), slope)
assert all((leaf == 0.0).all() for path, leaf in tree.items(r1_grads) if path.endswith("bias"))

# %% [markdown]
# ## Minibatch stddev breaks it
#
# Minibatch stddev appends to each image a number that describes its whole group. Both halves of the fact are gone:
# logit_b now depends on other images, so rows cannot be scaled one by one, and a standard deviation bends, so the
# second derivative has a term of its own. `discriminator.loss_gradients` then runs one more backward pass and adds it.

# %%
stddev = DiscriminatorConfig((4, 6, 5), minibatch_stddev=True)
rng = np.random.default_rng(0)
params = gradcheck.perturb(discriminator.init(rng, stddev), rng)
real = rng.standard_normal((3, 16, 16, 3)) * np.reshape([0.2, 1.0, 3.0], (3, 1, 1, 1))   # contrasts that differ
logits, cache = discriminator.forward(params, real, stddev)
changed = discriminator.forward(params, real + np.eye(3)[0].reshape(3, 1, 1, 1), stddev)[0] != logits
print("logits that change with image 0:", np.flatnonzero(changed))
assert changed.all()

unit = discriminator.logit_gradients(cache)                  # of the sum of all logits: rows are mixed
_, seeds = losses.real_loss(logits)
_, v = penalties.r1(unit[0], COST)
t_cache = discriminator.tangent(v, cache)[1]
for what, loss, wrong, right in [
    ("the loss", lambda params: losses.real_loss(discriminator.forward(params, real, stddev)[0])[0],
     discriminator.weight_gradient(unit[1], cache, seeds), discriminator.loss_gradients(seeds, cache, unit)),
    ("R1", lambda params: r1(params, stddev),
     discriminator.weight_gradient(unit[1], cache, 0.0 * seeds, t_cache),
     discriminator.loss_gradients(0.0 * seeds, cache, unit, v)),
]:
    slope, direction = by_differences(loss, params)
    off = abs(inner(wrong, direction) / slope - 1.0)
    print(f"  {what}: scaled rows and a straight tangent are off by {off:.1%}")
    assert off > 0.001
    compare(f"{what}: discriminator.loss_gradients", inner(right, direction), slope)

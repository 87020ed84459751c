# %% [markdown]
# # 19. R1 without double backprop
#
# R1 is a penalty on a gradient, and to learn from it one needs the gradient of a gradient. A tape of operations walks
# back through its own way back, six passes through D for the real images. By hand it is four, because of two facts: D
# looks at one image at a time, and between its kinks it does not bend. Read it beside
# `minihit/models/discriminator/algebra.py`. You need chapters 0 to 3, and 12 to 18.

# %%
from itertools import pairwise

import numpy as np

from minihit import gradcheck, tree
from minihit.data.dataset import BuiltInFaces
from minihit.layers import conv2d, linear
from minihit.models import discriminator, hit
from minihit.models.discriminator.config import DiscriminatorConfig
from minihit.models.hit.config import GeneratorConfig
from minihit.objectives import gan, losses, penalties
from minihit.objectives.gan_recipe import GanRecipe
from minihit.ops import leaky_relu
from minihit.presets import GanPreset
from minihit.show.images import to_float
from minihit.show.lesson import compare, picture

rng = np.random.default_rng(0)

# %% [markdown]
# ## A question
#
# D(x) = w x for one-pixel images, as in chapter 17. Its gradient by the image is w, whatever x is; R1 = cost * w^2; and
# dR1/dw = 2 cost w. Now two layers with a leaky ReLU between them, D(x) = v leaky(w x). For x with w x > 0 the gradient
# by the image is v w, and R1 = cost * (v w)^2. So dR1/dw = 2 cost v w * v and dR1/dv = 2 cost v w * w. Every weight is
# in the gradient g = v w once. Were D a curve and no broken line, g would also depend on x through the slope, and there
# would be a third term.

# %%
v, w, x, cost = 0.5, 2.0, 1.5, 10.0


def r1_of_two(w, v):
    """By nudging the image, twice nested: the slow definition."""
    slope = gradcheck.directional_derivative(lambda x: v * np.where(w * x > 0, w * x, 0.2 * w * x), x, 1.0)
    return cost * slope**2


for name, by_hand, nudged in [("w", 2 * cost * v * w * v, gradcheck.directional_derivative(
        lambda w: r1_of_two(w, v), w, 1.0, 1e-3)), ("v", 2 * cost * v * w * w, gradcheck.directional_derivative(
        lambda v: r1_of_two(w, v), v, 1.0, 1e-3))]:
    compare(f"dR1/d{name}", by_hand, nudged)

# %% [markdown]
# ## The discriminator of chapter 18
#
# Linear layers without biases, leaky ReLUs between them; a pass through it costs a product for each layer, and we count
# them.

# %%
B, DEPTH, COST = 6, 10, 10.0
SIDES = [7, *[4] * (DEPTH - 1), 1]
weights = [0.75 * rng.standard_normal(shape) for shape in pairwise(SIDES)]
real = rng.standard_normal((B, SIDES[0]))
products = 0


def product(a, b):
    global products
    products += 1
    return a @ b


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


def flat(arrays, like):
    """All leaves in one long array, in the order of the leaves of `like`, a tree with the same keys."""
    return tree.gather(arrays, like, np.empty(tree.size(like)))


def by_nudges(loss):
    """The gradient of loss(weights) by all weights, as one long array."""
    numbers = flat(weights, weights)
    return gradcheck.numerical_gradient(lambda numbers: loss(tree.views(numbers, weights)), numbers, 1e-6)


# %% [markdown]
# ## R1 in five steps
#
# R1 = COST * mean_b |g_b|^2, where g_b = dlogit_b/dimage_b: `penalties.r1`. Wanted: its gradient by the weights.
#
# **1.** g_b is row b of the unit gradients, `unit`: the pass that starts with ones leaves it, and that pass is needed
# for the loss anyway.
#
# **2.** The derivative of a square: dR1 = sum_b v_b . dg_b with v = 2 COST / B * g. So R1 has the same gradient by the
# weights as sum_b v_b . g_b, where v is *held fixed*.


# %%
def image_gradient(weights):
    return backward(np.ones(B), weights, forward(weights, real)[2])[0]


def r1(weights):
    return COST * (image_gradient(weights)**2).sum() / B


logits, xs, slopes = forward(weights, real)
unit, deltas = backward(np.ones(B), weights, slopes)       # unit (B, 7): each image's gradient of its own logit
v = 2.0 * COST / B * unit
of_r1 = by_nudges(r1)
compare("2. sum_b v_b . g_b, v held fixed, has the gradient of R1",
        by_nudges(lambda weights: (v * image_gradient(weights)).sum()), of_r1, rtol=1e-5, atol=1e-6)
penalty, v_library = penalties.r1(unit.reshape(B, 1, 1, 7), COST)         # the library's is of images (B, H, W, C)
compare("penalties.r1 returns R1 and v", np.append(v_library.ravel(), penalty), np.append(v.ravel(), r1(weights)))

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
# always, chapter 1, and as it has the same weights and slopes behind every layer, its deltas are those that we have.
# The slopes themselves do not bend: they jump, at places where nobody stands.
#
# **5.** The loss wants s_b x_b times delta_b (chapter 18), the penalty t_b times delta_b. Add first: one product serves
# both.

# %%
compare("4. sum_b t_b delta_b is the gradient of R1",
        np.concatenate([(t.T @ delta).ravel() for t, delta in zip(ts, deltas, strict=True)]), of_r1, 1e-5, 1e-6)


def four_passes(weights):
    logits, xs, slopes = forward(weights, real)
    unit, deltas = backward(np.ones(B), weights, slopes)
    seeds = losses.real_loss(logits)[1][:, None]
    ts = tangent(2.0 * COST / B * unit, weights, slopes)
    return [product((seeds * x + t).T, delta) for x, t, delta in zip(xs, ts, deltas, strict=True)]


compare("5. sum_b (s_b x_b + t_b) delta_b is that of the loss and R1", flat(four_passes(weights), weights),
        by_nudges(lambda weights: losses.real_loss(forward(weights, real)[0])[0] + r1(weights)), 1e-5, 1e-6)

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
    compare(passes.__name__, flat(result, weights), flat(four_passes(weights), weights))
print(f"products for {DEPTH} layers, the same gradients:", counts)
assert counts == {"four_passes": 4 * DEPTH - 1, "six_passes": 6 * DEPTH - 2}

# %% [markdown]
# ## Tangents of layers
#
# Every layer of D has a third function, `tangent`: how y moves when x moves along t_x. A linear layer without its bias,
# the same for a convolution; leaky ReLU multiplies by its slopes, so that its tangent is its backward.

# %%
x, t_x = rng.standard_normal((2, 3, 4, 5, 6))
for name, layer, params, expected in [
    ("linear", linear, linear.init(rng, 6, 2), lambda params: t_x @ params["weight"]),
    ("conv2d", conv2d, conv2d.init(rng, 6, 2), lambda params: conv2d.forward({"weight": params["weight"]}, t_x)[0]),
]:
    params = gradcheck.perturb(params, rng)
    t_y, _ = layer.tangent(t_x, layer.forward(params, x)[1])
    compare(f"{name}.tangent", t_y, expected(params))
    compare(f"{name}.tangent by nudges", t_y, gradcheck.directional_derivative(
        lambda x, layer=layer, params=params: layer.forward(params, x)[0], x, t_x))
compare("leaky_relu.tangent", leaky_relu.tangent(t_x, leaky_relu.forward(x)[1]), t_x * np.where(x > 0, 1.0, 0.2))

# %% [markdown]
# ## The step, with the library's networks
#
# The real discriminator has convolutions, blurs and biases instead of matrices, linear all of them: nothing else
# changes. This is a whole step of a GAN, both networks' gradients at the same parameters. It is what `gan.gradients`
# does: three passes through D for the drawn images, four for the real ones. A *recipe*, `GanRecipe`, holds the numbers
# of a training, a preset, `GanPreset`, that and both networks.

# %%
preset = GanPreset(GeneratorConfig(latent=3, channels=(8, 4), layers=(1, 1), heads=(2, 2), windows=(4, None), tokens=3),
                   DiscriminatorConfig((4, 6, 5)), GanRecipe(batch=3, r1=COST))
g_params = gradcheck.perturb(hit.init(rng, preset.generator), rng)
d_params = gradcheck.perturb(discriminator.init(rng, preset.discriminator), rng)
averages = tree.map(np.float64, hit.init_averages(preset.generator))      # of batch norm, chapter 5
z, real = rng.standard_normal((3, 3)), rng.standard_normal((3, 16, 16, 3))

fake, g_cache = hit.forward(g_params, z, preset.generator)
logits, cache = discriminator.forward(d_params, fake, preset.discriminator)
unit, deltas = discriminator.logit_gradients(cache)
_, g_seeds = losses.generator_loss(logits)
_, d_seeds = losses.fake_loss(logits)
_, g_grads = hit.backward(g_seeds.reshape(-1, 1, 1, 1) * unit, g_cache)
fake_grads = discriminator.weight_gradient(deltas, cache, d_seeds)

logits, cache = discriminator.forward(d_params, real, preset.discriminator)      # pass 1
unit, deltas = discriminator.logit_gradients(cache)                               # pass 2
_, seeds = losses.real_loss(logits)
_, v = penalties.r1(unit, COST)
_, t_cache = discriminator.tangent(v, cache)                                      # pass 3
real_grads = discriminator.weight_gradient(deltas, cache, seeds, t_cache)        # pass 4
d_grads = tree.add(fake_grads, real_grads)

networks = {"generator": {"params": g_params, "averages": averages}, "discriminator": {"params": d_params}}
grads, _, metrics = gan.gradients(networks, real, {"z": z}, preset)
for name, ours, params in [("discriminator", d_grads, d_params), ("generator", g_grads, g_params)]:
    compare(f"gan.gradients, the {name}", flat(grads[name], params), flat(ours, params), 1e-9, 1e-11)
print({name: round(float(value), 3) for name, value in metrics.items() if value})


# %% [markdown]
# And R1 of that discriminator, once more against nudges of its definition: short ones, since where a leaky ReLU changes
# sides the gradient jumps, and R1 with it. No bias takes part in it (`tree.items` lists all leaves with their paths).


# %%
def r1_of(params):
    _, cache = discriminator.forward(params, real, preset.discriminator)
    return penalties.r1(discriminator.logit_gradients(cache)[0], COST)[0]


r1_grads = discriminator.weight_gradient(deltas, cache, 0.0 * seeds, t_cache)
numbers = flat(d_params, d_params)
direction = rng.standard_normal(numbers.shape)
slope = gradcheck.directional_derivative(lambda numbers: r1_of(tree.views(numbers, d_params)), numbers, direction,
                                         1e-7)
compare("R1 along a direction, over the slope", flat(r1_grads, d_params) @ direction / slope, 1.0, rtol=1e-5)
assert all((leaf == 0.0).all() for path, leaf in tree.items(r1_grads) if path.endswith("bias"))

# %% [markdown]
# ## What R1 does
#
# D learns to tell faces from grey noise, by plain steps, once without R1 and once with it. Without, its gradient at
# real images grows and grows: a cliff between real and drawn, which tells G nothing but "jump". With it the slope stays
# gentle.


# %%
def learn(cost, steps=100, rate=0.02):
    """The mean length of the gradient at real images and D's loss, step by step."""
    config, rng = DiscriminatorConfig((8, 12, 12)), np.random.default_rng(0)
    params = gradcheck.perturb(discriminator.init(rng, config), rng, 0.02)
    data, history = BuiltInFaces(16, 0), []
    for step in range(steps):
        real = to_float(data.take(8 * step, 8)).astype(np.float64)
        logits, fake_cache = discriminator.forward(params, 0.3 * rng.standard_normal(real.shape), config)
        fake_loss, fake_seeds = losses.fake_loss(logits)
        logits, cache = discriminator.forward(params, real, config)
        real_loss, seeds = losses.real_loss(logits)
        unit, deltas = discriminator.logit_gradients(cache)
        _, t_cache = discriminator.tangent(penalties.r1(unit, cost)[1], cache)
        grads = tree.add(discriminator.weight_gradient(deltas, cache, seeds, t_cache),
                         discriminator.backward(fake_seeds, fake_cache)[1])
        params = tree.map(lambda value, gradient: value - rate * gradient, params, grads)
        history.append((np.sqrt((unit**2).sum(axis=(1, 2, 3))).mean(), real_loss + fake_loss))
    return np.array(history)


found = {cost: learn(cost) for cost in (0.0, 1.0)}
for cost, history in found.items():
    lengths, last = history[:, 0], history[-1, 1]
    print(f"R1 cost {cost}: mean length of g {lengths[0]:.2f}, at most {lengths.max():.2f}; D's loss {last:.2f}")
assert found[1.0][:, 0].max() < 0.7 * found[0.0][:, 0].max()
with picture(9, 3.2) as drawn:
    left, right = drawn.subplots(1, 2)
    for cost, history in found.items():
        left.plot(history[:, 0], label=f"R1 cost {cost:.0f}")
        right.plot(history[:, 1], label=f"R1 cost {cost:.0f}")
    left.set(title="mean |dlogit/dimage| at real images", xlabel="step")
    right.set(title="D's loss", xlabel="step")
    left.legend()

# %% [markdown]
# ## Exercise
#
# Write the tangents of linear and of the convolution, and R1 with its gradient: `tutorials/exercises/19_r1.py`.
#
#     minihit learn check 19
